#!/usr/bin/env python3
"""public_api.py RUSTDOC_JSON: the crate's public items, impls included, one per line.

The list is the same from one compiler to the next: it does not say in which private module the standard library or a dependency
defines a thing. Rustdoc's format is unstable; KNOWN are the versions that this was tried with. Status 3: of another version, and
could not be read. Status 4: of another version, and could be; but a line may be missing or mean something else.
"""
import json
import re
import sys

KNOWN = {57}
# Of the traits that the compiler implements by itself, those that users feel the lack of.
AUTO = {"Send", "Sync", "Unpin"}
# What the document knows of each name, by number.
paths = {}


def commas(parts):
    return ", ".join(parts)


def angle(parts):
    return f"<{commas(parts)}>" if parts else ""


def path(p):
    """A name with its arguments. Of a dependency's, the crate too, of std's the module where names in use recur."""
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


def one(tagged):
    """The one entry of a tagged union; a tag with nothing to it is a plain string."""
    if isinstance(tagged, str):
        return tagged, None
    ((kind, value),) = tagged.items()
    return kind, value


def argument(a):
    kind, v = one(a)
    return {"lifetime": lambda: v, "type": lambda: type_(v), "const": lambda: v["expr"], "infer": lambda: "_"}[kind]()


def constraint(c):
    kind, v = one(c["binding"])
    name = c["name"] + arguments(c["args"])
    return f"{name} = {term(v)}" if kind == "equality" else f"{name}: {bounds(v)}"


def term(t):
    kind, v = one(t)
    return type_(v) if kind == "type" else v["expr"]


def type_(t):
    kind, v = one(t)
    if kind == "resolved_path":
        return path(v)
    if kind in ("generic", "primitive"):
        return {"never": "!"}.get(v, v)
    if kind == "borrowed_ref":
        lifetime = v["lifetime"] + " " if v["lifetime"] else ""
        return f"&{lifetime}{'mut ' if v['is_mutable'] else ''}{type_(v['type'])}"
    if kind == "raw_pointer":
        return f"*{'mut' if v['is_mutable'] else 'const'} {type_(v['type'])}"
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
        return f"<{own} as {path(v['trait'])}>::{v['name']}" if v["trait"] else f"{own}::{v['name']}"
    if kind == "function_pointer":
        inputs = commas(type_(t) for _, t in v["sig"]["inputs"])
        return f"{for_(v['generic_params'])}{header(v['header'])}fn({inputs}){returns(v['sig']['output'])}"
    raise KeyError(kind)


def returns(output):
    return f" -> {type_(output)}" if output else ""


def for_(params):
    return f"for{angle(map(param, params))} " if params else ""


def bound(b):
    kind, v = one(b)
    if kind == "trait_bound":
        return {"none": "", "maybe": "?", "maybe_const": "[const] "}[v["modifier"]] + for_(v["generic_params"]) + path(v["trait"])
    return v if kind == "outlives" else f"use{angle([x if isinstance(x, str) else one(x)[1] for x in v])}"


def bounds(bs):
    return " + ".join(map(bound, bs))


def colon(bs):
    return f": {bounds(bs)}" if bs else ""


def param(p):
    kind, v = one(p["kind"])
    if kind == "lifetime":
        return p["name"] + (f": {' + '.join(v['outlives'])}" if v["outlives"] else "")
    if kind == "type":
        return p["name"] + colon(v["bounds"]) + (f" = {type_(v['default'])}" if v["default"] else "")
    return f"const {p['name']}: {type_(v['type'])}" + (f" = {v['default']}" if v["default"] else "")


def generics(g):
    """What stands in angle brackets; `impl Trait` in an argument's place stands in the arguments."""
    return angle([param(p) for p in g["params"] if not (one(p["kind"])[1] or {}).get("is_synthetic")])


def where(g, order=list):
    return f" where {commas(order(map(predicate, g['where_predicates'])))}" if g["where_predicates"] else ""


def predicate(p):
    kind, v = one(p)
    if kind == "bound_predicate":
        return for_(v["generic_params"]) + type_(v["type"]) + colon(v["bounds"])
    if kind == "lifetime_predicate":
        return f"{v['lifetime']}: {' + '.join(v['outlives'])}"
    return f"{type_(v['lhs'])} = {term(v['rhs'])}"


def header(h):
    abi, _ = one(h["abi"])
    words = {"const ": h["is_const"], "async ": h["is_async"], "unsafe ": h["is_unsafe"], f'extern "{abi}" ': abi != "Rust"}
    return "".join(word for word, said in words.items() if said)


def function(f, name):
    inputs = commas(f"{n}: {type_(t)}" for n, t in f["sig"]["inputs"])
    inputs = re.sub(r"^self: (&('\w+ )?(mut )?)?Self\b", lambda m: (m[1] or "") + "self", inputs)
    return f"{header(f['header'])}fn {name}{generics(f['generics'])}({inputs}){returns(f['sig']['output'])}{where(f['generics'])}"


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
            target = self.index.get(str(v["id"]))
            if target is None or target["crate_id"] != item["crate_id"]:
                self.add(f"pub use {parent}::{v['name']} = {v['source']}{'::*' if v['is_glob'] else ''}")
            elif v["is_glob"]:
                self.module(target, parent)
            else:
                self.public({**target, "name": v["name"]}, parent)
            return
        name = f"{parent}::{item['name']}"
        marks = "#[non_exhaustive] " if "non_exhaustive" in map(str, item["attrs"]) else ""
        if kind == "module" and item["name"] == "guide":
            return  # Pages of the documentation, which no build of the crate has.
        if kind == "module":
            self.add(f"pub mod {name}")
            self.module(item, name)
        elif kind == "macro":
            # Arms that only the macro itself calls begin with @.
            for arm in v.partition("{")[2].split("=> { ... };")[:-1]:
                if not arm.strip().startswith("(@"):
                    self.add(f"macro {name}! {arm.strip()}")
        elif kind == "function":
            self.add(f"pub {function(v, name)}")
        elif kind == "constant":
            self.add(f"pub const {name}: {type_(v['type'])}")
        elif kind == "static":
            self.add(f"pub static {'mut ' if v['is_mutable'] else ''}{name}: {type_(v['type'])}")
        elif kind == "type_alias":
            self.add(f"pub type {name}{generics(v['generics'])} = {type_(v['type'])}{where(v['generics'])}")
        elif kind in ("struct", "union"):
            shape = ""
            if kind == "struct":
                shape, fields = one(v["kind"])
                fields = {"unit": [], "tuple": fields}[shape] if shape in ("unit", "tuple") else fields["fields"]
            else:
                fields = v["fields"]
            closed = " (tuple)" if shape == "tuple" else " (unit)" if shape == "unit" else ""
            self.add(f"{marks}pub {kind} {name}{generics(v['generics'])}{where(v['generics'])}{closed}")
            self.fields(fields, name, "pub ")
        elif kind == "enum":
            self.add(f"{marks}pub enum {name}{generics(v['generics'])}{where(v['generics'])}")
            for number in v["variants"]:
                variant = self.item(number)
                shape, fields = one(one(variant["inner"])[1]["kind"])
                self.add(f"variant {name}::{variant['name']}" + {"plain": "", "tuple": " (tuple)", "struct": " {}"}[shape])
                self.fields((fields or {}).get("fields", []) if shape == "struct" else fields or [], f"{name}::{variant['name']}", "")
        elif kind == "trait":
            unsafe = "unsafe " if v["is_unsafe"] else ""
            dyn = "" if v["is_dyn_compatible"] else " (not dyn compatible)"
            self.add(f"{unsafe}trait {name}{generics(v['generics'])}{colon(v['bounds'])}{where(v['generics'])}{dyn}")
            for number in v["items"]:
                self.associated(self.item(number), f"{name}::")
        else:
            raise KeyError(kind)

    def fields(self, numbers, name, visibility):
        for number in numbers:
            field = number is not None and self.item(number)
            if field:
                self.add(f"{visibility}field {name}::{field['name']}: {type_(one(field['inner'])[1])}")

    def associated(self, item, prefix, given=False):
        """A trait's item, or where it is given an impl's; a trait says which of its own have a default."""
        kind, v = one(item["inner"])
        name = prefix + item["name"]
        if kind == "function":
            self.add(function(v, name) + ("" if given or not v["has_body"] else " (provided)"))
        elif kind == "assoc_type":
            default = f" = {type_(v['type'])}" if v["type"] else ""
            self.add(f"type {name}{generics(v['generics'])}{colon(v['bounds'])}{default}{where(v['generics'])}")
        elif kind == "assoc_const":
            self.add(f"const {name}: {type_(v['type'])}" + (" (provided)" if v["value"] and not given else ""))
        else:
            raise KeyError(kind)

    def implementation(self, v):
        of, trait = type_(v["for"]), v["trait"] and path(v["trait"])
        if trait == "StructuralPartialEq" or v["is_synthetic"] and trait not in AUTO:
            return
        unsafe = "unsafe " if v["is_unsafe"] else ""
        order = sorted if v["is_synthetic"] else list
        if trait:
            negative = "!" if v["is_negative"] else ""
            bounds_ = where(v["generics"], order)
            # pin-project's own way to say "where the pinned fields are".
            bounds_ = " where ..." if "PinnedFieldsOf" in bounds_ else bounds_
            self.add(f"{unsafe}impl{generics(v['generics'])} {negative}{trait} for {of}{bounds_}")
        for number in v["items"]:
            item = self.item(number)
            if trait is None:
                # Of a method, all that leads to it: which types have it depends on the impl's own bounds.
                self.associated(item, f"[impl{generics(v['generics'])}{where(v['generics'])}] {of}::", given=True)
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
