#!/usr/bin/env python3
"""links.py HTML-DIRECTORY MARKDOWN...: fails when a link leads to no file or to no place in it.

Links to other sites are not followed. In Markdown, anchors are those that GitHub makes of headings.
"""

import os
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote


class Page(HTMLParser):
    """The places in a page of HTML, and what it links to."""

    def __init__(self, text):
        super().__init__()
        self.places, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.update(value for key in ("id", "name") if (value := attributes.get(key)))
        link = attributes.get("href") if tag == "a" else attributes.get("src") if tag == "img" else None
        if link is not None:
            self.links.append(link)


def html(path):
    with open(path, encoding="utf-8") as file:
        return Page(file.read())


def markdown(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    page = Page("")
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*)", text, flags=re.M):
        kept = "".join(c for c in heading.strip().lower() if c.isalnum() or c in "-_ ")
        page.places.add(kept.replace(" ", "-"))
    text = re.sub(r"(`+).*?\1", "``", text)
    page.links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)$", text, flags=re.M)
    # A reference without a definition is plain text, and leads nowhere.
    defined = {name.lower() for name in re.findall(r"^\[([^\]]+)\]: ", text, flags=re.M)}
    for name in re.findall(r"\]\[([^\]]+)\]", text):
        if name.lower() not in defined:
            page.links.append(f"undefined reference {name}")
    return page


def main():
    directory, pages = sys.argv[1], {}
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".html"):
                path = os.path.join(folder, name)
                pages[os.path.normpath(path)] = html(path)
    documented = len(pages)
    for path in sys.argv[2:]:
        pages[os.path.normpath(path)] = markdown(path)
    checked, dead = 0, []
    for path, page in sorted(pages.items()):
        for link in page.links:
            # Other sites; and paths in the documentation of foreign traits' methods, shown here too, which rustdoc leaves as they
            # are, and one relative link of tracing's. (Of unresolved paths of ours it warns itself.)
            foreign = r"\w+(::\w+)+|dispatcher#setting-the-default-subscriber"
            if re.match(r"[a-z][a-z+.-]*:", link) or re.fullmatch(foreign, link):
                continue
            checked += 1
            to, _, place = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(path), unquote(to))) if to else path
            # The lines of a source are not places in its page.
            lines = re.fullmatch(r"[0-9-]+", place)
            known = target not in pages or not place or lines or {place, unquote(place)} & pages[target].places
            if not os.path.exists(target) or not known:
                dead.append(f"{path}: {link}")
    print("\n".join(dead) or f"{checked} links in {documented} pages and {len(pages) - documented} files, none dead")
    if dead or not documented or checked < 100:
        sys.exit(1)


main()
