"""A reference model: random redefinitions of one table, the rules of each version, and what becomes of the values.

Every value tells the field that it belongs to. The texts of field 7 are ``f7:r:123``, its numbers 7,000,000 to
7,999,999, and every version's rules (pattern, choices, min, max) demand that. A value that was read or written under
another field's name or in another field's column therefore shows by itself.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

TEXTS = ("string", "text")
NUMBERS = ("integer", "number")
#: Few names, so that a name soon belongs to another field.
NAMES = tuple("abcdefghijklmn")
FEWEST, MOST = 4, 9
#: What the model foretells of a field's document.
COMPARED = ("id", "position", "type", "required", "index", "default")
RULES = ("pattern", "choices", "min", "max")
_numbers = itertools.count(1)

Document = dict[str, Any]
#: A row's values by the ids of fields.
Values = dict[int, Any]


# Values and rules

compiled = lru_cache(maxsize=None)(re.compile)


def rules(number: int, type_name: str, variant: str) -> Document:
    """The options of a field with that id; ``any`` takes all values that the field may ever have had."""
    digits = rf"{number}\d{{6}}(\.\d+)?"
    if type_name in TEXTS:
        tag = {"any": "[rsc]"}.get(variant, variant)
        made = {"pattern": rf"f{number}:{tag}:\d+|{digits}"}
        if variant == "c" and type_name == "string":
            made["choices"] = [f"f{number}:c:{choice}" for choice in range(1, 5)]
        return made
    start = number * 1_000_000
    low = start + 500_000 if variant == "s" else start
    high = start + 499_999 if variant == "r" else start + 999_999
    return {"min": low, "max": high}


def value_of(number: int, type_name: str, tag: str) -> Any:
    """A new value of a field; the rules of variant ``tag`` take it, and so do those of ``any``."""
    count = next(_numbers)
    if type_name in TEXTS:
        return f"f{number}:c:{count % 4 + 1}" if tag == "c" else f"f{number}:{tag}:{count}"
    value = number * 1_000_000 + count % 499_000 + (500_000 if tag == "s" else 0)
    return value + 0.5 if type_name == "number" and count % 5 == 0 else value


def belongs(number: int, type_name: str, value: Any) -> bool:
    """Whether a value that was read is one of this field's, and of the JSON type that its type has."""
    if type_name in TEXTS:
        return type(value) is str and compiled(rules(number, "text", "any")["pattern"]).fullmatch(value) is not None
    return type(value) is {"integer": int, "number": float}[type_name] and int(value) // 1_000_000 == number


def accepts(entry: Document, value: Any) -> bool:
    """Whether a field's rules take a value that isn't null."""
    if entry["type"] in TEXTS:
        if type(value) is not str or not compiled(entry["pattern"]).fullmatch(value):
            return False
        longest = entry.get("max_length")
        if longest is not None and len(value) > longest:
            return False
        return entry.get("choices") is None or value in entry["choices"]
    if type(value) not in (int, float) or (entry["type"] == "integer" and value != int(value)):
        return False
    return entry["min"] <= value <= entry["max"]


def stored(type_name: str, value: Any) -> Any:
    """A value as it is read back."""
    return float(value) if type_name == "number" and value is not None else value


class Version:
    """The document of one version, prepared for checks."""

    def __init__(self, document: Document):
        self.document = document
        self.number: int = document["version"]
        self.fields: dict[str, Document] = document["fields"]
        self.names = ("id", *self.fields)
        self.entries = [
            (name, entry["id"], entry["type"], entry["required"], entry["default"])
            for name, entry in self.fields.items()
        ]

    def faults(self, row: Mapping[str, Any], *, whole: bool) -> set[str]:
        """The names for which these rules refuse the row."""
        found = {name for name in row if name not in self.fields and name != "id"}
        for name, entry in self.fields.items():
            if name not in row:
                if whole and entry["required"] and entry["default"] is None:
                    found.add(name)
            elif row[name] is None:
                if entry["required"]:
                    found.add(name)
            elif not accepts(entry, row[name]):
                found.add(name)
        return found

    def misread(self, row: Any) -> str | None:
        """What is wrong with a row object that was answered under this version."""
        if type(row) is not dict or tuple(row) != self.names:
            return f"fields {list(row)}, want {list(self.names)}"
        for name, number, type_name, required, _ in self.entries:
            value = row[name]
            if value is None:
                if required:
                    return f"{name} is required and null in {row}"
            elif not belongs(number, type_name, value):
                return f"{name} (field {number}, {type_name}) holds {value!r}"
        return None

    def given(self, row: Mapping[str, Any], *, whole: bool) -> Values:
        """What an accepted document assigns, by ids."""
        values = {}
        for name, number, type_name, _, default in self.entries:
            if name in row:
                values[number] = stored(type_name, row[name])
            elif whole:
                values[number] = stored(type_name, default)
        return values

    def by_id(self, row: Mapping[str, Any]) -> Values:
        """The values of a row object that was answered."""
        return {number: row.get(name) for name, number, *_ in self.entries}

    def row(self, tags: Callable[[], str], *, names: Iterable[str] | None = None, good: bool = True) -> Document:
        """A document for a new row, or for a part of one; ``good``: as this version's rules want it."""
        made = {}
        for name in self.fields if names is None else names:
            entry = self.fields[name]
            tag = tags()
            value = value_of(entry["id"], entry["type"], tag)
            for other in "rsc" if good else "":
                if accepts(entry, value):
                    break
                value = value_of(entry["id"], entry["type"], other)
            made[name] = value
        return made


# Redefinitions


@dataclass
class Redefinition:
    """What is sent, and what it makes of the definition and of the rows."""

    before: Document
    after: Document
    on_error: str = "fail"
    kinds: list[str] = field(default_factory=list)
    #: Conversions that lose values leave the old column in the trash.
    retyped: list[tuple[Document, Document]] = field(default_factory=list)

    @property
    def body(self) -> Document:
        """A document to PUT: old fields by id, new ones without."""
        known = {entry["id"] for entry in self.before["fields"].values()}
        fields = {}
        for name, entry in self.after["fields"].items():
            fields[name] = dict(entry)
            if entry["id"] not in known:
                del fields[name]["id"]
        document = {name: value for name, value in self.after.items() if name not in ("id", "version")}
        return {**document, "fields": fields}

    def steps(self) -> list[Callable[[Values], None]]:
        """What happens to the values of each row."""
        before = {entry["id"]: entry for entry in self.before["fields"].values()}
        after = {entry["id"]: entry for entry in self.after["fields"].values()}
        made: list[Callable[[Values], None]] = []
        for number in before.keys() - after.keys():
            made.append(lambda values, number=number: values.pop(number))
        for number, entry in after.items():
            old, default = before.get(number), stored(entry["type"], entry["default"])
            if old is None:
                made.append(lambda values, number=number, default=default: values.__setitem__(number, default))
            elif old["type"] != entry["type"]:
                substitute = default if self.on_error == "default" else None

                def convert(values, number=number, old=old, entry=entry, substitute=substitute):
                    kept, value = carried(old, entry, values[number])
                    values[number] = value if kept else substitute

                made.append(convert)
            elif entry["required"] and not old["required"] and self.on_error == "default":

                def fill(values, number=number, default=default):
                    if values[number] is None:
                        values[number] = default

                made.append(fill)
        return made

    def trashed(self, rows: Mapping[int, Values]) -> dict[int, dict[int, Any]]:
        """Field id -> the values by row that go to the trash, given the rows before."""
        before = {entry["id"]: entry for entry in self.before["fields"].values()}
        after = {entry["id"]: entry for entry in self.after["fields"].values()}
        gone = list(before.keys() - after.keys())
        for number, old in before.items():
            entry = after.get(number)
            if entry is not None and entry["type"] != old["type"]:
                if not all(carried(old, entry, values[number])[0] for values in rows.values()):
                    gone.append(number)
        return {number: {row_id: values[number] for row_id, values in rows.items()} for number in gone}

    def differences(self, document: Document) -> str | None:
        """What a document of the server says that the model doesn't."""
        mine, its = self.after, document
        for name in ("id", "model_name", "version"):
            if mine[name] != its[name]:
                return f"{name} is {its[name]}, want {mine[name]}"
        if list(mine["fields"]) != list(its["fields"]):
            return f"fields are {list(its['fields'])}, want {list(mine['fields'])}"
        for name, entry in mine["fields"].items():
            for key in (*COMPARED, *RULES):
                if entry.get(key) != its["fields"][name].get(key):
                    return f"{name}/{key} is {its['fields'][name].get(key)}, want {entry.get(key)}"
        return None


def carried(old: Document, new: Document, value: Any) -> tuple[bool, Any]:
    """What a conversion makes of a value, and whether it could be kept."""
    source, target = old["type"], new["type"]
    if value is None:
        return True, None
    if target in TEXTS:
        if source == "integer":
            return True, str(value)
        return True, value if source in TEXTS else repr(value)
    if source in TEXTS:
        if target == "integer":
            return (True, int(value)) if value.isdigit() else (False, None)
        return (False, None) if ":" in value else (True, float(value))
    if target == "number":
        return True, float(value)
    return (True, int(value)) if value.is_integer() else (False, None)


def first_document(model_name: str, fields: int = 6) -> Document:
    """The definition to begin with, as it is to be sent."""
    types = itertools.cycle((*TEXTS, *NUMBERS))
    made = {}
    for number, type_name in zip(range(1, fields + 1), types, strict=False):
        made[NAMES[number - 1]] = {"type": type_name, **rules(number, type_name, "any")}
    return {"model_name": model_name, "fields": made}


class Redefiner:
    """Makes redefinitions, each from the document of the version before."""

    KINDS = (
        ("rule", 5),
        ("swap", 4),
        ("rename", 2),
        ("add", 3),
        ("drop", 3),
        ("retype", 4),
        ("require", 2),
        ("release", 2),
        ("default", 1),
        ("order", 2),
        ("index", 1),
    )

    def __init__(self, chance: random.Random, *, rename_table: bool = False):
        self.chance = chance
        self.next_id = 0
        self.kinds = [*self.KINDS, ("rename_table", 2)] if rename_table else list(self.KINDS)

    def next(self, before: Document, count: int = 1, *, first: str | None = None) -> Redefinition:
        """A redefinition that changes something, of ``count`` kinds at once; the first kind may be chosen."""
        # Of what was made only: a redefinition that was refused or killed has taken no ids.
        self.next_id = max(self.next_id, *(entry["id"] + 1 for entry in before["fields"].values()))
        while True:
            after = {**before, "version": before["version"] + 1}
            after["fields"] = {name: dict(entry) for name, entry in before["fields"].items()}
            made = Redefinition(before, after)
            for number in range(count):
                names, weights = zip(*self.kinds, strict=True)
                kind = first if first and number == 0 else self.chance.choices(names, weights)[0]
                if getattr(self, kind)(made):
                    made.kinds.append(kind)
            for position, entry in enumerate(after["fields"].values(), start=1):
                entry["position"] = position
            if {**after, "version": 0} != {**before, "version": 0}:
                return made

    def _pick(self, made: Redefinition, test=lambda entry: True) -> tuple[str, Document] | None:
        known = {entry["id"] for entry in made.before["fields"].values()}
        touched = {new["id"] for _, new in made.retyped}
        found = [
            (name, entry)
            for name, entry in made.after["fields"].items()
            if entry["id"] in known and entry["id"] not in touched and test(entry)
        ]
        return self.chance.choice(found) if found else None

    def _rename(self, made: Redefinition, names: Mapping[str, str]) -> None:
        made.after["fields"] = {names.get(name, name): entry for name, entry in made.after["fields"].items()}

    def rule(self, made: Redefinition) -> bool:
        """Rules alone: no DDL."""
        chosen = self._pick(made, lambda entry: entry["default"] is None)
        if chosen is None:
            return False
        entry = chosen[1]
        for name in RULES:
            if name in entry:
                entry[name] = None
        entry.update(rules(entry["id"], entry["type"], self.chance.choice(("any", "r", "s", "c"))))
        return True

    def swap(self, made: Redefinition) -> bool:
        one, other = self.chance.sample(list(made.after["fields"]), 2)
        self._rename(made, {one: other, other: one})
        return True

    def rename(self, made: Redefinition) -> bool:
        chosen = self._pick(made)
        free = self._free(made)
        if chosen is None or not free:
            return False
        self._rename(made, {chosen[0]: self.chance.choice(free)})
        return True

    def _free(self, made: Redefinition) -> list[str]:
        # A name that a field of this very redefinition gives up may not be that of a new field: it is matched by name.
        taken = made.after["fields"].keys() | made.before["fields"].keys()
        return [name for name in NAMES if name not in taken]

    def add(self, made: Redefinition) -> bool:
        free = self._free(made)
        if len(made.after["fields"]) >= MOST or not free:
            return False
        used = [entry["id"] for entry in made.after["fields"].values()]
        number, type_name = max([self.next_id - 1, *used]) + 1, self.chance.choice((*TEXTS, *NUMBERS))
        default = value_of(number, type_name, "r") if self.chance.random() < 0.5 else None
        entry = {
            "id": number,
            "type": type_name,
            "required": default is not None and self.chance.random() < 0.5,
            "unique": False,
            "index": False,
            "default": default,
            "default_expression": None,
            "unique_ignore_case": False,
            "read_only": False,
            "write_only": False,
            "aliases": [],
            "message": None,
            "label": None,
            "description": None,
            **rules(number, type_name, "any"),
        }
        # Ids are given in the order of the document, so that a second new field stands behind the first.
        made.after["fields"][self.chance.choice(free)] = entry
        return True

    def drop(self, made: Redefinition) -> bool:
        chosen = self._pick(made)
        if len(made.after["fields"]) <= FEWEST or chosen is None:
            return False
        del made.after["fields"][chosen[0]]
        return True

    def retype(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: not entry["required"] and entry["default"] is None)
        if chosen is None:
            return False
        name, old = chosen
        targets = {
            "string": ("text", "text", "integer"),
            "text": ("string", "string", "number"),
            "integer": ("number", "number", "string"),
            "number": ("integer", "integer", "text"),
        }
        type_name = self.chance.choice(targets[old["type"]])
        common = ("id", "position", "required", "unique", "index", "default", "label", "description")
        new = {key: old[key] for key in common if key in old}
        new.update(type=type_name, **rules(old["id"], type_name, "any"))
        made.after["fields"][name] = new
        made.retyped.append((old, new))
        if made.on_error == "fail" and (old["type"], type_name) not in {
            ("string", "text"),
            ("text", "string"),
            ("integer", "number"),
        }:
            made.on_error = "null"
        return True

    def require(self, made: Redefinition) -> bool:
        """Nulls take the default that the field is given."""
        chosen = self._pick(made, lambda entry: not entry["required"])
        if chosen is None or made.retyped or made.on_error != "fail":
            return False
        entry = chosen[1]
        entry.update({name: None for name in RULES if name in entry})
        entry.update(rules(entry["id"], entry["type"], "any"))
        entry.update(required=True, default=entry["default"] or value_of(entry["id"], entry["type"], "r"))
        made.on_error = "default"
        return True

    def release(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: entry["required"])
        if chosen is None:
            return False
        chosen[1].update(required=False, default=None)
        return True

    def default(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: not entry["required"])
        if chosen is None:
            return False
        entry = chosen[1]
        entry.update({name: None for name in RULES if name in entry})
        entry.update(rules(entry["id"], entry["type"], "any"))
        entry["default"] = None if entry["default"] else value_of(entry["id"], entry["type"], "s")
        return True

    def order(self, made: Redefinition) -> bool:
        """Another order of the fields: no DDL. New ones stay behind, see :meth:`add`."""
        known = {entry["id"] for entry in made.before["fields"].values()}
        fields = list(made.after["fields"].items())
        old = [item for item in fields if item[1]["id"] in known]
        self.chance.shuffle(old)
        made.after["fields"] = dict(old + [item for item in fields if item[1]["id"] not in known])
        return True

    def index(self, made: Redefinition) -> bool:
        chosen = self._pick(made)
        if chosen is None:
            return False
        chosen[1]["index"] = not chosen[1]["index"]
        return True

    def rename_table(self, made: Redefinition) -> bool:
        made.after["model_name"] = "Second" if made.after["model_name"] == "First" else "First"
        return True
