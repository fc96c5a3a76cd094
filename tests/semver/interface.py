"""Compares the public interface of a crate with that of an earlier release, both as rustdoc's JSON.

Every public item becomes a line: its path, and its signature as rustdoc has it, without what no caller sees (numbers of
items, names of arguments, private fields). What may not grow is part of its own line: the variants of an exhaustive
enum, the fields of a struct that anybody can build, the methods that an implementation of a trait must have. So the
later interface is compatible when it has all lines of the earlier one.

This is stricter than the language is (an argument that becomes more general is told as a change, for instance) and
asks nothing about behaviour. `cargo semver-checks` knows more of the language, and takes minutes to install; see
tests/long/semver.
"""

import copy
import json
import sys

# What is said elsewhere, or to nobody.
UNSEEN = {
    "id",
    "impls",
    "items",
    "fields",
    "has_body",
    "has_stripped_fields",
    "has_stripped_variants",
    "implementations",
    "provided_trait_methods",
    "variants",
}
# Traits of the compiler's own, which nobody can ask for.
INTERNAL = {"core::marker::Freeze", "core::marker::UnsafeUnpin"}


class Interface:
    def __init__(self, crate):
        self.index = crate["index"]
        self.paths = crate["paths"]
        self.names = {}
        self.lines = set()
        root = self.item(crate["root"])
        self.modules(root, root["name"])
        for key, path in list(self.names.items()):
            self.describe(self.index[key], path)

    def item(self, key):
        return self.index.get(str(key))

    def modules(self, module, path):
        """Names everything that can be reached from outside by the first path to it."""
        for key in module["inner"]["module"]["items"]:
            item = self.item(key)
            if item is None or item["visibility"] != "public":
                continue
            inner = item["inner"]
            if "use" in inner:
                target = self.item(inner["use"]["id"])
                name = f"{path}::{inner['use']['name']}"
                if target is None:
                    self.lines.add(f"{name} = {inner['use']['source']}")
                elif inner["use"]["is_glob"]:
                    self.modules(target, path)
                else:
                    self.reach(target, name)
            else:
                self.reach(item, f"{path}::{item['name']}")

    def reach(self, item, path):
        # An item may be reached twice, and each path to it is one that callers use.
        self.lines.add(f"{path} ({kind(item)})")
        if str(item["id"]) not in self.names:
            self.names[str(item["id"])] = path
            if "module" in item["inner"]:
                self.modules(item, path)

    def describe(self, item, path):
        inner = item["inner"][kind(item)]
        self.lines.add(f"{path}: {self.signature(item)}{self.closed(item)}")
        if kind(item) == "struct":
            for field in fields(inner["kind"]):
                self.member(field, path)
        elif kind(item) == "enum":
            for variant in inner["variants"]:
                self.member(variant, path)
                for field in fields(self.item(variant)["inner"]["variant"]["kind"]):
                    self.member(field, f"{path}::{self.item(variant)['name']}", "default")
        elif kind(item) == "trait":
            for member in inner["items"]:
                self.member(member, path, "default")
        for key in inner.get("impls", []) if isinstance(inner, dict) else []:
            self.implementation(self.item(key), path)

    def member(self, key, path, visibility="public"):
        item = self.item(key)
        if item is not None and (item["visibility"] in ("public", visibility) or kind(item) == "variant"):
            self.lines.add(f"{path}::{item['name']}: {self.signature(item)}{self.closed(item)}")

    def implementation(self, item, path):
        inner = item["inner"]["impl"]
        if inner["blanket_impl"] is not None or inner["is_negative"]:
            return
        if inner["trait"] is None:
            for member in inner["items"]:
                self.member(member, path)
        elif self.seen(inner["trait"])["path"] not in INTERNAL:
            self.lines.add(f"{path} is {self.text([inner['trait'], inner['for'], inner['generics']])}")

    def closed(self, item):
        """What makes a difference to callers when it grows."""
        inner = item["inner"][kind(item)]
        if "non_exhaustive" in json.dumps(item["attrs"]):
            return " non_exhaustive"
        if kind(item) == "enum":
            return f" of {[self.item(key)['name'] for key in inner['variants']]}"
        if kind(item) in ("struct", "variant"):
            members = [self.item(key) for key in fields(inner["kind"])]
            if "\"has_stripped_fields\": true" not in json.dumps(inner["kind"]) and None not in members:
                return f" of {[member['name'] for member in members]}"
        if kind(item) == "trait":
            members = [self.item(key) for key in inner["items"]]
            return f" with {sorted(member['name'] for member in members if not provided(member))}"
        return ""

    def signature(self, item):
        inner = item["inner"][kind(item)]
        # The value of a constant is no part of its type.
        return f"{kind(item)} {self.text(inner['type'] if kind(item) == 'constant' else inner)}"

    def text(self, value):
        return json.dumps(self.seen(value), sort_keys=True)

    def seen(self, value):
        """The same without what nobody sees, and with the paths that callers use."""
        if isinstance(value, list):
            # Numbers stand for fields, which have lines of their own.
            return [self.seen(each) for each in value if each is not None and not isinstance(each, int)]
        if not isinstance(value, dict):
            return value
        kept = {key: self.seen(each) for key, each in value.items() if key not in UNSEEN}
        if "path" in value and "id" in value:
            known = self.paths.get(str(value["id"]))
            kept["path"] = self.names.get(str(value["id"])) or ("::".join(known["path"]) if known else value["path"])
        if "is_c_variadic" in value:
            kept["inputs"] = [self.seen(of_type) for _name, of_type in value["inputs"]]
        return kept


def kind(item):
    return next(iter(item["inner"]))


def fields(of_kind):
    """The fields of a struct or variant; `None` stands for one that is private."""
    if not isinstance(of_kind, dict):
        return []
    if "tuple" in of_kind:
        return of_kind["tuple"]
    return next(iter(of_kind.values()))["fields"]


def provided(member):
    inner = member["inner"][kind(member)]
    return bool(inner.get("has_body") or inner.get("value") or inner.get("type"))


def gone(release, now):
    return sorted(Interface(release).lines - Interface(now).lines)


def control(now):
    """Changes that must be noticed, and ones that must not, each made to what rustdoc says of today's crate."""

    def named(crate, name, of_kind):
        return next(item for item in crate["index"].values() if item["name"] == name and kind(item) == of_kind)

    def hide_function(crate):
        for item in crate["index"].values():
            if kind(item) == "use" and item["inner"]["use"]["name"] == "sqlite_version":
                item["visibility"] = "crate"

    def change_answer(crate):
        named(crate, "sqlite_version", "function")["inner"]["function"]["sig"]["output"] = {"primitive": "u8"}

    def hide_method(crate):
        named(crate, "for_client", "function")["visibility"] = "crate"

    def hide_field(crate):
        named(crate, "redirect_url", "struct_field")["visibility"] = "crate"

    def add_variant(crate):
        named(crate, "Subject", "enum")["inner"]["enum"]["variants"].append(named(crate, "Host", "variant")["id"])

    def ask_for_more(crate):
        clock = named(crate, "Clock", "trait")["inner"]["trait"]
        clock["items"].append(named(crate, "for_client", "function")["id"])
        named(crate, "for_client", "function")["inner"]["function"]["has_body"] = False

    def lose_a_trait(crate):
        for key in list(named(crate, "Issued", "struct")["inner"]["struct"]["impls"]):
            if (crate["index"][str(key)]["inner"]["impl"]["trait"] or {}).get("path") == "Clone":
                named(crate, "Issued", "struct")["inner"]["struct"]["impls"].remove(key)

    def add_function(crate):
        added = copy.deepcopy(named(crate, "sqlite_version", "function"))
        added["id"], added["name"], added["visibility"] = "added", "added", "public"
        crate["index"]["added"] = added
        crate["index"][str(crate["root"])]["inner"]["module"]["items"].append("added")

    def rename_argument(crate):
        inputs = named(crate, "for_client", "function")["inner"]["function"]["sig"]["inputs"]
        inputs[0][0] = "renamed"

    breaking = [hide_function, change_answer, hide_method, hide_field, add_variant, ask_for_more, lose_a_trait]
    for change, wanted in [(each, True) for each in breaking] + [(add_function, False), (rename_argument, False)]:
        changed = copy.deepcopy(now)
        change(changed)
        if changed == now:
            sys.exit(f"control: {change.__name__} changed nothing")
        if bool(gone(now, changed)) != wanted:
            sys.exit(f"control: {change.__name__} was {'not noticed' if wanted else 'taken for a break'}")
    print(f"control: {len(breaking)} breaks were noticed, and 2 changes that break nothing were let through")


def main(release, now):
    with open(release) as before, open(now) as after:
        before, after = json.load(before), json.load(after)
    control(after)
    lost = gone(before, after)
    for line in lost:
        print(f"not as it was: {line}")
    counts = [len(Interface(crate).lines) for crate in (before, after)]
    print(f"{counts[0]} lines of the release, {counts[1]} now, {len(lost)} lost or changed")
    sys.exit(1 if lost else 0)


main(*sys.argv[1:])
