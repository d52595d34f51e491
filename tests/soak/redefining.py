"""A reference model: redefinitions of one table, the rules of each version, and what becomes of the values.

Every value tells the field that it belongs to. The texts of field 7 are ``f7:r:123``, its numbers 7,000,000 to
7,999,999, and every version's rules (pattern, choices, min, max) demand that. A value that was read or written under
another field's name or in another field's column therefore shows by itself. :mod:`tests.soak.redefiner` makes up the
redefinitions.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

TEXTS = ("string", "text")
NUMBERS = ("integer", "number")
#: Few names, so that a name soon belongs to another field.
NAMES = tuple("abcdefghijklmn")
RULES = ("pattern", "choices", "min", "max", "min_length", "max_length")
#: What the model foretells of a field's document.
COMPARED = ("id", "position", "type", "required", "unique", "index", "default", *RULES)
#: Words of ``on_error`` with which a type mends values.
REPAIRS = {"string": ("truncate",), "text": ("truncate",), "integer": ("round", "truncate"), "number": ("round",)}
#: A string is no longer than that unless its field says so.
LONGEST_STRING = 255
_numbers = itertools.count(1)

Document = dict[str, Any]
#: A row's values by the ids of fields.
Values = dict[int, Any]
#: What the trash has of a row: ("dropped", field) -> value; ("was", field) -> (value before, what it may have become).
Kept = dict[tuple[str, int], Any]
#: What happens to a row.
Step = Callable[[Values, Kept], None]


# Values and rules

compiled = lru_cache(maxsize=None)(re.compile)


def is_distinct(number: int) -> bool:
    """Whether no two values of a field are ever equal, so that it may be unique: it has no default and no choices."""
    return number % 3 == 0


def rules(number: int, type_name: str, variant: str) -> Document:
    """The options of a field with that id; ``any`` takes all values that the field may ever have had."""
    digits = rf"{number}\d{{6}}(\.\d+)?"
    if type_name in TEXTS:
        tag = {"any": "[rsc]"}.get(variant, variant)
        longest = LONGEST_STRING if type_name == "string" else None
        made = {"pattern": rf"f{number}:{tag}:\d+|{digits}", "min_length": None, "max_length": longest}
        if type_name == "string":
            made["choices"] = None
        if variant == "c" and type_name == "string" and not is_distinct(number):
            made["choices"] = [f"f{number}:c:{choice}" for choice in range(1, 5)]
        return made
    start = number * 1_000_000
    low = start + 500_000 if variant == "s" else start
    high = start + 499_999 if variant == "r" else start + 999_999
    return {"min": low, "max": high, "choices": None}


def value_of(number: int, type_name: str, tag: str) -> Any:
    """A new value of a field; the rules of variant ``tag`` take it, and so do those of ``any``."""
    count = next(_numbers)
    if type_name in TEXTS:
        return f"f{number}:c:{count % 4 + 1}" if tag == "c" and not is_distinct(number) else f"f{number}:{tag}:{count}"
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
        shortest, longest = entry.get("min_length"), entry.get("max_length")
        if (shortest is not None and len(value) < shortest) or (longest is not None and len(value) > longest):
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


def carried(old: Document, new: Document, value: Any) -> tuple[bool, Any]:
    """What a change of type and rules makes of a value, and whether it could be kept."""
    if value is None:
        return True, None
    could, made = _converted(old["type"], new["type"], value)
    return (True, made) if could and accepts(new, made) else (False, None)


def _converted(source: str, target: str, value: Any) -> tuple[bool, Any]:
    if source == target:
        return True, value
    if target in TEXTS:
        if source == "integer":
            return True, str(value)
        return True, value if source in TEXTS else repr(value)
    if source in TEXTS:
        if target == "integer" and ":" not in value:
            return _converted("number", "integer", float(value))
        return (False, None) if ":" in value else (True, float(value))
    if target == "number":
        return True, float(value)
    return (True, int(value)) if value.is_integer() else (False, None)


def repaired(word: str, old: Document, new: Document, value: Any) -> tuple[bool, Any]:
    """What a word of ``on_error`` makes of a value that could not be kept, and whether that could be kept."""
    text, target = _text(value), new["type"]
    if text is None or word not in REPAIRS[target]:
        return False, None
    if target in TEXTS:
        made: Any = text[: new["max_length"]]
    elif ":" in text:
        return False, None
    else:
        number = float(text)
        made = number if target == "number" else int(number + 0.5 if word == "round" else number)
    return (True, made) if accepts(new, made) else (False, None)


def _stays(old: Document, new: Document, value: Any) -> bool:
    """Whether a value is kept with its text; to numbers 1 and 1.0 are the same."""
    could, made = carried(old, new, value)
    return could and (made == value if {old["type"], new["type"]} <= set(NUMBERS) else _text(made) == _text(value))


def _text(value: Any) -> str | None:
    return value if value is None or type(value) is str else repr(value)


def converts(old: Document, new: Document) -> bool:
    """Whether values are judged: the type or the rules differ."""
    return old["type"] != new["type"] or any(old.get(name) != new.get(name) for name in RULES)


@dataclass
class Redefinition:
    """What is sent, and what it makes of the definition and of the rows.

    ``words`` say what becomes of lost values by the fields' ids; fields that they lack have none to lose.
    """

    before: Document
    after: Document
    words: dict[int, str] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    #: The fields that a kind has been chosen for, by their ids.
    touched: set[int] = field(default_factory=set)
    method: str = "PUT"
    #: Below the table; empty for the table itself.
    path: str = ""
    #: Say by names which field is which, where that is possible.
    by_name: bool = False
    #: Send one word alone, where one field has a word.
    plain: bool = False
    #: What a POST has for a body; None for none.
    overrides: Document | None = None

    @property
    def on_error(self) -> str:
        named = {name: self.words[entry["id"]] for name, entry in self.after["fields"].items()
                 if entry["id"] in self.words}  # fmt: skip
        if self.plain and len(named) == 1:
            return next(iter(named.values()))
        return ",".join(f"{name}:{word}" for name, word in named.items()) or "fail"

    @property
    def body(self) -> Document | None:
        """A document to PUT or to PATCH with: old fields by id (or by name), new ones without."""
        if self.method == "POST":
            return self.overrides
        known = {entry["id"]: name for name, entry in self.before["fields"].items()}
        fields: Document = {}
        for name, entry in self.after["fields"].items():
            fields[name] = dict(entry)
            if entry["id"] not in known or self._is_by_name:
                del fields[name]["id"]
            if self._is_by_name and known.get(entry["id"], name) != name:
                fields[name]["renamed_from"] = known[entry["id"]]
        document = {name: value for name, value in self.after.items() if name not in ("id", "version")}
        if self.method == "PATCH":
            # A field that goes on under a new name need not be dropped by its old one, unless that takes another's.
            names = {entry["id"]: name for name, entry in self.after["fields"].items()}
            for name, entry in self.before["fields"].items():
                if name not in fields and names.get(entry["id"], name) in self.before["fields"]:
                    fields[name] = None
            return {"model_name": document["model_name"], "fields": fields}
        return {**document, "fields": fields}

    @property
    def _is_by_name(self) -> bool:
        """Names can't say that fields swap theirs."""
        names = {entry["id"]: name for name, entry in self.before["fields"].items()}
        renamed = [names[entry["id"]] for name, entry in self.after["fields"].items()
                   if names.get(entry["id"], name) != name]  # fmt: skip
        return self.by_name and not self.after["fields"].keys() & set(renamed)

    def _pairs(self) -> tuple[dict[int, Document], dict[int, Document]]:
        return tuple({entry["id"]: entry for entry in document["fields"].values()} for document in
                     (self.before, self.after))  # fmt: skip

    def steps(self) -> list[Step]:
        """What happens to the values of each row."""
        before, after = self._pairs()
        made: list[Step] = [] if self.is_revert else [_forget_conversions]
        made += [_dropping(number) for number in before.keys() - after.keys()]
        for number, entry in after.items():
            old, word = before.get(number), self.words.get(number, "fail")
            if old is None and self.method == "POST":
                made.append(_coming_back(number))
            elif old is None:
                made.append(_adding(number, entry))
            elif converts(old, entry):
                made.append(_converting(number, old, entry, word, undoes=self.is_revert))
            if entry["required"] and word == "default":
                made.append(_filling(number, entry))
        return made

    @property
    def is_revert(self) -> bool:
        return self.path.endswith("/revert/")

    def trashed(self, rows: Mapping[int, Values]) -> dict[int, dict[int, Any]]:
        """Field id -> the values by row that go to the trash, given the rows before."""
        before, after = self._pairs()
        gone = list(before.keys() - after.keys())
        for number, old in before.items():
            entry = after.get(number)
            if entry is not None and converts(old, entry):
                if not all(_stays(old, entry, values[number]) for values in rows.values()):
                    gone.append(number)
        return {number: {row_id: values[number] for row_id, values in rows.items()} for number in gone}

    def is_just_refusal(self, problem: Document) -> bool:
        """Whether a 409 is right: some field may lose nothing, and each sample is a value that it would lose, or that a
        repair does not mend.
        """
        if problem["code"] != "lossy_change":
            return False
        if "field" not in problem:  # rows that slipped in while rules were proven, and were mended since
            return any(map(_may_refuse, self.words.values())) and problem.get("count") == 0
        entry = self.after["fields"].get(problem["field"])
        if entry is None or not problem["count"]:
            return False
        word = self.words.get(entry["id"])
        if word is None or not _may_refuse(word):
            return False
        old = self._pairs()[0][entry["id"]]
        samples = [sample for sample in problem["samples"] if "value" in sample]
        if not samples:  # nulls of a field that becomes required
            return entry["required"] and not old["required"]
        values = [_from_text(old["type"], sample["value"]) for sample in samples]
        return not any(carried(old, entry, value)[0] or repaired(word, old, entry, value)[0] for value in values)

    def differences(self, document: Document) -> str | None:
        """What a document of the server says that the model doesn't."""
        mine, its = self.after, document
        for name in ("id", "model_name", "version"):
            if mine[name] != its[name]:
                return f"{name} is {its[name]}, want {mine[name]}"
        if list(mine["fields"]) != list(its["fields"]):
            return f"fields are {list(its['fields'])}, want {list(mine['fields'])}"
        for name, entry in mine["fields"].items():
            for key in COMPARED:
                if entry.get(key) != its["fields"][name].get(key):
                    return f"{name}/{key} is {its['fields'][name].get(key)}, want {entry.get(key)}"
        return None


def _may_refuse(word: str) -> bool:
    return word not in ("null", "default", "quarantine")


def _from_text(type_name: str, text: str) -> Any:
    return text if type_name in TEXTS else int(text) if type_name == "integer" else float(text)


# Steps


def _forget_conversions(values: Values, kept: Kept) -> None:
    """Only the last change is ever undone here."""
    for key in [key for key in kept if key[0] == "was"]:
        del kept[key]


def _dropping(number: int) -> Step:
    def step(values: Values, kept: Kept) -> None:
        kept["dropped", number] = values.pop(number)

    return step


def _coming_back(number: int) -> Step:
    """Rows that came meanwhile have no value."""

    def step(values: Values, kept: Kept) -> None:
        values[number] = kept.pop(("dropped", number), None)

    return step


def _adding(number: int, entry: Document) -> Step:
    def step(values: Values, kept: Kept) -> None:
        values[number] = stored(entry["type"], entry["default"])

    return step


def _filling(number: int, entry: Document) -> Step:
    def step(values: Values, kept: Kept) -> None:
        if values[number] is None:
            values[number] = stored(entry["type"], entry["default"])

    return step


def _converting(number: int, old: Document, entry: Document, word: str, *, undoes: bool) -> Step:
    """:param undoes: whether a value comes back that the last change replaced, where nobody has written another"""
    default = stored(entry["type"], entry["default"])
    takes_default = word == "default" or (word == "quarantine" and entry["required"])

    def step(values: Values, kept: Kept) -> None:
        current = values[number]
        was, became = kept.pop(("was", number), (None, ()))
        if undoes and was is not None and current in became:
            values[number] = was
            return
        could, made = carried(old, entry, current)
        if could:
            values[number], became = made, (made,)
        else:
            is_mended, mended = repaired(word, old, entry, current)
            values[number] = mended if is_mended else default if takes_default else None
            # A revert does not know the word.
            every = [repaired(other, old, entry, current)[1] for other in REPAIRS[entry["type"]]]
            became = (None, default, *every)
        kept["was", number] = current, became

    return step
