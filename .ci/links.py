#!/usr/bin/env python3
"""links.py HTML-DIRECTORY MARKDOWN...: fails if the target of a link does not exist.

Checks the files and the places in them, but not other sites. In Markdown, the places are the
anchors that GitHub makes of headings.
"""

import os
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote


class Page(HTMLParser):
    """The places in an HTML page, and its links."""

    def __init__(self, text):
        super().__init__()
        self.places, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.update(value for key in ("id", "name") if (value := attributes.get(key)))
        link = attributes.get({"a": "href", "img": "src"}.get(tag))
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
    definitions = re.findall(r"^\[([^\]]+)\]: (\S+)$", text, flags=re.M)
    page.links = re.findall(r"\]\(([^)\s]+)\)", text) + [link for _, link in definitions]
    # A reference without a definition is plain text.
    defined = {name.lower() for name, _ in definitions}
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
            # The pages also show documentation of foreign traits. It contains paths that rustdoc
            # does not resolve, and a relative link of tracing. For our own paths, rustdoc warns.
            foreign = r"\w+(::\w+)+|dispatcher#setting-the-default-subscriber"
            if re.match(r"[a-z][a-z+.-]*:", link) or re.fullmatch(foreign, link):
                continue
            checked += 1
            to, _, place = link.partition("#")
            folder = os.path.dirname(path)
            target = os.path.normpath(os.path.join(folder, unquote(to))) if to else path
            known = os.path.exists(target)
            # The line numbers of a source file are not places in its page.
            if known and target in pages and place and not re.fullmatch(r"[0-9-]+", place):
                known = {place, unquote(place)} & pages[target].places
            if not known:
                dead.append(f"{path}: {link}")
    files = len(pages) - documented
    print("\n".join(dead) or f"{checked} links in {documented} pages and {files} files, none dead")
    if dead or not documented or checked < 100:
        sys.exit(1)


main()
