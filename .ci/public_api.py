#!/usr/bin/env python3
"""public_api.py RUSTDOC_JSON: prints the crate's public items and their impls, one per line.

The list does not depend on the compiler's version: it does not say in which private module the
standard library or a dependency defines an item.

The script knows only what the crate uses. For anything else, such as a public constant, it fails
with a `KeyError`. Then add the missing case.

Rustdoc's format is unstable. KNOWN are the versions of the format that the script was tested with.
For any other version the exit status is 3 if the script cannot read it, and 4 if it can. With
status 4, a line may be missing or wrong.
"""
import json
import re
import sys

KNOWN = {57}
# The auto traits that are listed. Users notice when one of them is missing.
AUTO = {"Send", "Sync", "Unpin"}
# The document's entry for each path, by its number.
paths = {}


def commas(parts):
    return ", ".join(parts)


def angle(parts):
    return f"<{commas(parts)}>" if parts else ""


def one(tagged):
    """Returns the tag of a tagged union and its value. A tag without a value is a plain string."""
    if isinstance(tagged, str):
        return tagged, None
    ((kind, value),) = tagged.items()
    return kind, value


def path(p):
    """Returns a path with its arguments.

    Names of dependencies have the name of the crate in front. Names of std's modules `io` and `fmt`
    have the module in front, because other modules have the same names.
    """
    known = paths.get(str(p["id"]))
    name = re.sub(r"^(\$?crate::(\w+::)*|(super::)+)", "", p["path"])
    if known and known["crate_id"]:
        crate, *modules = known["path"]
        name = known["path"][-1]
        if crate not in ("std", "core", "alloc"):
            name = f"{crate}::{name}"
        elif modules[0] in ("io", "fmt"):
            name = f"{modules[0]}::{name}"
    return name + arguments(p["args"])


def arguments(args):
    if not args:
        return ""
    kind, a = one(args)
    if kind == "parenthesized":
        return f"({commas(map(type_, a['inputs']))}){returns(a['output'])}"
    return angle([argument(x) for x in a["args"]] + [constraint(x) for x in a["constraints"]])


def argument(a):
    kind, v = one(a)
    return {"lifetime": lambda: v, "type": lambda: type_(v), "const": lambda: v["expr"]}[kind]()


def constraint(c):
    kind, v = one(c["binding"])
    name = c["name"] + arguments(c["args"])
    return f"{name} = {type_(v['type'])}" if kind == "equality" else f"{name}: {bounds(v)}"


def type_(t):
    kind, v = one(t)
    if kind == "resolved_path":
        return path(v)
    if kind in ("generic", "primitive"):
        return v
    if kind == "borrowed_ref":
        lifetime = v["lifetime"] + " " if v["lifetime"] else ""
        return f"&{lifetime}{'mut ' if v['is_mutable'] else ''}{type_(v['type'])}"
    if kind == "tuple":
        return f"({commas(map(type_, v))}{',' if len(v) == 1 else ''})"
    if kind == "slice":
        return f"[{type_(v)}]"
    if kind == "array":
        return f"[{type_(v['type'])}; {v['len']}]"
    if kind == "impl_trait":
        return f"impl {bounds(v)}"
    if kind == "dyn_trait":
        traits = [for_(t["generic_params"]) + path(t["trait"]) for t in v["traits"]]
        return "dyn " + " + ".join(traits + ([v["lifetime"]] if v["lifetime"] else []))
    if kind == "qualified_path":
        own = type_(v["self_type"])
        return (f"<{own} as {path(v['trait'])}>" if v["trait"] else own) + f"::{v['name']}"
    raise KeyError(kind)


def returns(output):
    return f" -> {type_(output)}" if output else ""


def for_(params):
    return f"for{angle(map(param, params))} " if params else ""


def bound(b):
    kind, v = one(b)
    if kind == "outlives":
        return v
    modifier = {"none": "", "maybe": "?"}[v["modifier"]]
    return modifier + for_(v["generic_params"]) + path(v["trait"])


def bounds(bs):
    return " + ".join(map(bound, bs))


def colon(bs):
    return f": {bounds(bs)}" if bs else ""


def param(p):
    kind, v = one(p["kind"])
    if kind == "lifetime":
        return p["name"] + (f": {' + '.join(v['outlives'])}" if v["outlives"] else "")
    if kind == "type":
        default = f" = {type_(v['default'])}" if v["default"] else ""
        return p["name"] + colon(v["bounds"]) + default
    default = f" = {v['default']}" if v["default"] else ""
    return f"const {p['name']}: {type_(v['type'])}{default}"


def generics(g):
    """Returns the parameters in angle brackets.

    Those of an `impl Trait` among a function's arguments are left out.
    """
    shown = [p for p in g["params"] if not (one(p["kind"])[1] or {}).get("is_synthetic")]
    return angle([param(p) for p in shown])


def where(g, order=list):
    predicates = order(map(predicate, g["where_predicates"]))
    return f" where {commas(predicates)}" if predicates else ""


def declared(name, g, middle=""):
    """Returns a name with its parameters, what follows them, and the where clause."""
    return f"{name}{generics(g)}{middle}{where(g)}"


def predicate(p):
    v = p["bound_predicate"]
    return for_(v["generic_params"]) + type_(v["type"]) + colon(v["bounds"])


def header(h):
    if h["abi"] != "Rust":
        raise KeyError("abi")
    return "".join(f"{word} " for word in ("const", "async", "unsafe") if h[f"is_{word}"])


def function(f, name):
    inputs = commas(f"{n}: {type_(t)}" for n, t in f["sig"]["inputs"])
    inputs = re.sub(r"^self: (&('\w+ )?(mut )?)?Self\b", lambda m: (m[1] or "") + "self", inputs)
    rest = f"({inputs}){returns(f['sig']['output'])}"
    return f"{header(f['header'])}fn {declared(name, f['generics'], rest)}"


class Crate:
    def __init__(self, document):
        self.index = document["index"]
        self.lines = set()
        root = self.item(document["root"])
        self.module(root, root["name"])
        for item in self.index.values():
            kind, v = one(item["inner"])
            if kind == "impl" and item["crate_id"] == root["crate_id"] and not v["blanket_impl"]:
                self.implementation(v)

    def item(self, number):
        return self.index[str(number)]

    def add(self, line):
        self.lines.add(re.sub(r"\s+", " ", line))

    def module(self, module, name):
        for number in one(module["inner"])[1]["items"]:
            self.public(self.item(number), name)

    def public(self, item, parent):
        kind, v = one(item["inner"])
        if kind == "use":
            target = self.item(v["id"])
            if v["is_glob"] or target["crate_id"] != item["crate_id"]:
                raise KeyError("a glob, or an item of another crate")
            self.public({**target, "name": v["name"]}, parent)
            return
        name = f"{parent}::{item['name']}"
        marks = "#[non_exhaustive] " if "non_exhaustive" in map(str, item["attrs"]) else ""
        if kind == "module":
            # The guide is pages of documentation, which no build of the crate has.
            if item["name"] != "guide":
                self.add(f"pub mod {name}")
                self.module(item, name)
        elif kind == "macro":
            for arm in v.partition("{")[2].split("=> { ... };")[:-1]:
                self.add(f"macro {name}! {arm.strip()}")
        elif kind == "function":
            self.add(f"pub {function(v, name)}")
        elif kind == "type_alias":
            self.add(f"pub type {declared(name, v['generics'], ' = ' + type_(v['type']))}")
        elif kind == "struct":
            end = {"plain": "", "tuple": " (tuple)", "unit": " (unit)"}[one(v["kind"])[0]]
            self.add(f"{marks}pub struct {declared(name, v['generics'])}{end}")
            self.fields(v["kind"], name, "pub ")
        elif kind == "enum":
            self.add(f"{marks}pub enum {declared(name, v['generics'])}")
            for variant in map(self.item, v["variants"]):
                kind, full = variant["inner"]["variant"]["kind"], f"{name}::{variant['name']}"
                end = {"plain": "", "tuple": " (tuple)", "struct": " {}"}[one(kind)[0]]
                self.add(f"variant {full}{end}")
                self.fields(kind, full, "")
        elif kind == "trait":
            unsafe = "unsafe " if v["is_unsafe"] else ""
            dyn = "" if v["is_dyn_compatible"] else " (not dyn compatible)"
            self.add(f"{unsafe}trait {declared(name, v['generics'], colon(v['bounds']))}{dyn}")
            for number in v["items"]:
                self.associated(self.item(number), f"{name}::")
        else:
            raise KeyError(kind)

    def fields(self, kind, name, visibility):
        """Adds the public fields of a struct or variant of that kind."""
        numbers = one(kind)[1] or []
        if isinstance(numbers, dict):
            numbers = numbers["fields"]
        for field in [self.item(number) for number in numbers if number is not None]:
            type_of = type_(field["inner"]["struct_field"])
            self.add(f"{visibility}field {name}::{field['name']}: {type_of}")

    def associated(self, item, prefix, given=False):
        """Adds an item of a trait or of an impl. In an impl, all items are given.

        A trait's line says which of its methods are provided.
        """
        kind, v = one(item["inner"])
        name = prefix + item["name"]
        if kind == "function":
            self.add(function(v, name) + ("" if given or not v["has_body"] else " (provided)"))
        elif kind == "assoc_type":
            default = f" = {type_(v['type'])}" if v["type"] else ""
            self.add(f"type {declared(name, v['generics'], colon(v['bounds']) + default)}")
        else:
            raise KeyError(kind)

    def implementation(self, v):
        of, trait = type_(v["for"]), v["trait"] and path(v["trait"])
        if trait == "StructuralPartialEq" or v["is_synthetic"] and trait not in AUTO:
            return
        if trait:
            unsafe = "unsafe " if v["is_unsafe"] else ""
            negative = "!" if v["is_negative"] else ""
            bounds_ = where(v["generics"], sorted if v["is_synthetic"] else list)
            # This is pin-project's way to say "where the pinned fields are `Unpin`".
            bounds_ = " where ..." if "PinnedFieldsOf" in bounds_ else bounds_
            self.add(f"{unsafe}impl{generics(v['generics'])} {negative}{trait} for {of}{bounds_}")
        for item in map(self.item, v["items"]):
            if trait is None:
                # The bounds of the impl decide which types have the method.
                self.associated(item, f"[{declared('impl', v['generics'])}] {of}::", given=True)
            elif "assoc_type" in item["inner"]:
                self.associated(item, f"<{of} as {trait}>::", given=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    version = document["format_version"]
    try:
        paths.update(document["paths"])
        lines = Crate(document).lines
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if version in KNOWN:
            raise
        print(f"rustdoc's format {version} cannot be read: {error!r}", file=sys.stderr)
        sys.exit(3)
    print("\n".join(sorted(lines)))
    sys.exit(0 if version in KNOWN else 4)


main()
