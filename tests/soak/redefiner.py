"""Makes up redefinitions of the table of :mod:`~.redefining`: every kind that there is, alone and together."""

import itertools
import random
from collections.abc import Mapping

from tests.soak.redefining import (
    LONGEST_STRING,
    NAMES,
    NUMBERS,
    REPAIRS,
    TEXTS,
    Document,
    Redefinition,
    accepts,
    converts,
    is_distinct,
    rules,
    value_of,
)

FEWEST, MOST = 4, 9
LOOSE = "any"
#: Conversions that lose nothing, whatever the values are.
LOSSLESS = {("string", "text"), ("text", "string"), ("integer", "number")}
TARGETS = {
    "string": ("text", "text", "integer"),
    "text": ("string", "string", "number"),
    "integer": ("number", "number", "string"),
    "number": ("integer", "integer", "text"),
}


def first_document(model_name: str, fields: int = 6) -> Document:
    """The definition to begin with, as it is to be sent."""
    types = itertools.cycle((*TEXTS, *NUMBERS))
    made = {}
    for number, type_name in zip(range(1, fields + 1), types, strict=False):
        made[NAMES[number - 1]] = {"type": type_name, **rules(number, type_name, LOOSE)}
    return {"model_name": model_name, "fields": made}


class Redefiner:
    """Makes redefinitions, each from the document of the version before."""

    KINDS = (
        ("pattern", 2),
        ("choices", 1),
        ("min", 1),
        ("max", 1),
        ("lengths", 2),
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
    #: Whether repairs are asked for that some values may be beyond, which refuses the change.
    may_be_refused = False

    def __init__(self, chance: random.Random, *, rename_table: bool = False):
        self.chance = chance
        self.next_id = 0
        self.kinds = [*self.KINDS, ("rename_table", 2)] if rename_table else list(self.KINDS)

    def next(self, before: Document, count: int = 1, *, first: str | None = None) -> Redefinition:
        """A redefinition that changes something, of ``count`` kinds at once; the first kind may be chosen."""
        # Of what was made only: a redefinition that was refused or killed has taken no ids.
        self.next_id = max(self.next_id, *(entry["id"] + 1 for entry in before["fields"].values()))
        while True:
            made = Redefinition(before, later(before))
            for number in range(count):
                names, weights = zip(*self.kinds, strict=True)
                kind = first if first and number == 0 else self.chance.choices(names, weights)[0]
                if getattr(self, kind)(made):
                    made.kinds.append(kind)
            place(made.after)
            if {**made.after, "version": 0} != {**before, "version": 0}:
                return made

    def _pick(self, made: Redefinition, test=lambda entry: True) -> tuple[str, Document] | None:
        """A field of before that no kind has been chosen for yet."""
        known = {entry["id"] for entry in made.before["fields"].values()}
        found = [
            (name, entry)
            for name, entry in made.after["fields"].items()
            if entry["id"] in known and entry["id"] not in made.touched and test(entry)
        ]
        if not found:
            return None
        chosen = self.chance.choice(found)
        made.touched.add(chosen[1]["id"])
        return chosen

    def _say(self, made: Redefinition, entry: Document, *, loses: bool = True, repairs: tuple[str, ...] = ()) -> None:
        """Say what becomes of lost values. Nulls are no way out for a required field, and repairs may make values equal
        that have to be distinct.

        :param repairs: words that mend the values
        """
        if is_distinct(entry["id"]):
            repairs = ()
        if not loses and self.chance.random() < 0.6:
            made.words[entry["id"]] = "fail"
        elif entry["required"]:
            made.words[entry["id"]] = self.chance.choice(("default", "quarantine", *repairs))
        else:
            made.words[entry["id"]] = self.chance.choice(("null", "default", "quarantine", *repairs))

    def _fits(self, entry: Document) -> bool:
        """Whether a field takes its own default, which is asked of every definition."""
        return entry["default"] is None or accepts(entry, entry["default"])

    # Rules: no DDL, but checks

    def _rule(self, made: Redefinition, variants: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
        chosen = self._pick(made, lambda entry: entry["type"] in kinds)
        if chosen is None:
            return False
        entry = chosen[1]
        variant = self.chance.choice((LOOSE, *variants))
        changed = {**entry, **rules(entry["id"], entry["type"], variant)}
        if not self._fits(changed) or not converts(entry, changed):
            return False
        entry.update(changed)
        self._say(made, entry, loses=variant != LOOSE)
        return True

    def pattern(self, made: Redefinition) -> bool:
        return self._rule(made, ("r", "s", "c"), ("text",))

    def choices(self, made: Redefinition) -> bool:
        return self._rule(made, ("c", "c", "r"), ("string",))

    def min(self, made: Redefinition) -> bool:
        return self._rule(made, ("s", "s"), NUMBERS)

    def max(self, made: Redefinition) -> bool:
        return self._rule(made, ("r", "r"), NUMBERS)

    def lengths(self, made: Redefinition) -> bool:
        """A length that some values may have passed, or have not reached."""
        chosen = self._pick(made, lambda entry: entry["type"] in TEXTS)
        if chosen is None:
            return False
        entry = chosen[1]
        usual = len(value_of(entry["id"], "text", "r"))
        low, high = self.chance.choice(((None, 40), (1, LONGEST_STRING), (usual, 60), (3, usual), (None, usual)))
        changed = {**entry, "min_length": low, "max_length": high}
        if not self._fits(changed) or not converts(entry, changed):
            return False
        entry.update(changed)
        self._say(made, entry, repairs=REPAIRS[entry["type"]] if self.may_be_refused else ())
        return True

    # Names and order

    def _rename(self, made: Redefinition, names: Mapping[str, str]) -> None:
        made.after["fields"] = {names.get(name, name): entry for name, entry in made.after["fields"].items()}

    def swap(self, made: Redefinition) -> bool:
        known = {entry["id"] for entry in made.before["fields"].values()}
        names = [name for name, entry in made.after["fields"].items() if entry["id"] in known]
        one, other = self.chance.sample(names, 2)
        self._rename(made, {one: other, other: one})
        return True

    def rename(self, made: Redefinition) -> bool:
        chosen, free = self._pick(made), self._free(made)
        if chosen is None or not free:
            return False
        self._rename(made, {chosen[0]: self.chance.choice(free)})
        return True

    def _free(self, made: Redefinition) -> list[str]:
        # A name that a field of this very redefinition gives up may not be that of a new field: it is matched by name.
        taken = made.after["fields"].keys() | made.before["fields"].keys()
        return [name for name in NAMES if name not in taken]

    def order(self, made: Redefinition) -> bool:
        """Another order of the fields: no DDL. New ones stay behind, see :meth:`add`."""
        known = {entry["id"] for entry in made.before["fields"].values()}
        fields = list(made.after["fields"].items())
        old = [item for item in fields if item[1]["id"] in known]
        self.chance.shuffle(old)
        made.after["fields"] = dict(old + [item for item in fields if item[1]["id"] not in known])
        return True

    def rename_table(self, made: Redefinition) -> bool:
        made.after["model_name"] = "Second" if made.after["model_name"] == "First" else "First"
        return True

    # Fields

    def add(self, made: Redefinition) -> bool:
        free = self._free(made)
        if len(made.after["fields"]) >= MOST or not free:
            return False
        used = [entry["id"] for entry in made.after["fields"].values()]
        number, type_name = max([self.next_id - 1, *used]) + 1, self.chance.choice((*TEXTS, *NUMBERS))
        default = None
        if not is_distinct(number) and self.chance.random() < 0.5:
            default = value_of(number, type_name, "r")
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
            **rules(number, type_name, LOOSE),
        }
        # Ids are given in the order of the document, so that a second new field stands behind the first.
        made.after["fields"][self.chance.choice(free)] = entry
        return True

    def drop(self, made: Redefinition) -> bool:
        if len(made.after["fields"]) <= FEWEST:
            return False
        chosen = self._pick(made)
        if chosen is None:
            return False
        del made.after["fields"][chosen[0]]
        return True

    def retype(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: not entry["required"] and entry["default"] is None)
        if chosen is None:
            return False
        name, old = chosen
        type_name = self.chance.choice(TARGETS[old["type"]])
        common = ("id", "position", "required", "unique", "index", "default", "label", "description")
        new = {key: old[key] for key in common if key in old}
        new.update(type=type_name, **rules(old["id"], type_name, LOOSE))
        if type_name in NUMBERS and new["index"] == "search":
            new["index"] = True
        made.after["fields"][name] = new
        every_time = (old["type"], type_name) == ("number", "integer")
        repairs = REPAIRS[type_name] if every_time or self.may_be_refused else ()
        self._say(made, new, loses=(old["type"], type_name) not in LOSSLESS, repairs=repairs)
        return True

    # Other options

    def require(self, made: Redefinition) -> bool:
        """Nulls take the default that the field is given."""
        chosen = self._pick(made, lambda entry: not entry["required"] and not is_distinct(entry["id"]))
        if chosen is None:
            return False
        entry = chosen[1]
        entry.update(rules(entry["id"], entry["type"], LOOSE))
        entry.update(required=True, default=entry["default"] or value_of(entry["id"], entry["type"], "r"))
        made.words[entry["id"]] = "default"
        return True

    def release(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: entry["required"])
        if chosen is None:
            return False
        chosen[1].update(required=False, default=None)
        return True

    def default(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: not entry["required"] and not is_distinct(entry["id"]))
        if chosen is None:
            return False
        entry = chosen[1]
        entry.update(rules(entry["id"], entry["type"], LOOSE))
        entry["default"] = None if entry["default"] else value_of(entry["id"], entry["type"], "s")
        self._say(made, entry, loses=False)
        return True

    def index(self, made: Redefinition) -> bool:
        chosen = self._pick(made)
        if chosen is None:
            return False
        chosen[1]["index"] = False if chosen[1]["index"] else "search" if chosen[1]["type"] == "string" else True
        return True


class EveryRedefiner(Redefiner):
    """With the kinds besides that take more than a PUT, or that rows may break for reasons of their own.

    :param each_once: begin with each kind once, in an order in which each can be done
    """

    KINDS = (*Redefiner.KINDS, ("unique", 2), ("strict", 2), ("revert", 3), ("restore", 2))
    FIRST = (
        "pattern", "choices", "min", "max", "lengths", "swap", "rename", "add", "order", "index", "unique", "require",
        "revert", "require", "release", "default", "strict", "drop", "restore", "drop", "revert", "retype", "revert",
        "retype", "add", "revert", "rename",
    )  # fmt: skip

    may_be_refused = True

    def __init__(self, chance: random.Random, *, each_once: bool = False):
        super().__init__(chance)
        self.to_do = list(self.FIRST) if each_once else []
        #: The last redefinition, while nothing else was made since.
        self.last: Redefinition | None = None
        #: Entries of fields in the trash, by (id, version that dropped them), with the names that they had.
        self.trash: dict[tuple[int, int], tuple[str, Document]] = {}

    def next(self, before: Document, count: int = 1, *, first: str | None = None) -> Redefinition:
        if self.to_do:
            made = self._alone(self.to_do[0], before) or super().next(before, 1, first=self.to_do[0])
        else:
            names, weights = zip(*self.kinds, strict=True)
            made = self._alone(self.chance.choices(names, weights)[0], before) or super().next(before, count)
        if made.method == "PUT":
            made.method = self.chance.choice(("PUT", "PUT", "PATCH"))
            made.by_name, made.plain = self.chance.random() < 0.4, self.chance.random() < 0.5
        return made

    def was_made(self, made: Redefinition) -> None:
        """Note what was done; ``made.after`` is the server's own document by now."""
        if self.to_do and self.to_do[0] in made.kinds:
            self.to_do.pop(0)
        left = {entry["id"] for entry in made.after["fields"].values()}
        for name, entry in made.before["fields"].items():
            if entry["id"] not in left:
                self.trash[entry["id"], made.after["version"]] = name, entry
        self.trash = {key: kept for key, kept in self.trash.items() if key[0] not in left}
        self.last = made

    def _alone(self, kind: str, before: Document) -> Redefinition | None:
        """A redefinition that is no document, and can't be together with others; None if it can't be made now."""
        make = {"revert": self._revert, "restore": self._restore}.get(kind)
        if make is None:
            return None
        self.next_id = max(self.next_id, *(entry["id"] + 1 for entry in before["fields"].values()))
        return make(before)

    def revert(self, made: Redefinition) -> bool:
        return False  # see _alone

    restore = revert

    def _revert(self, before: Document) -> Redefinition | None:
        """Back to the definition before the last change."""
        if self.last is None or self.last.method == "POST":
            return None
        then = self.last.before
        made = Redefinition(before, {**then, "version": before["version"] + 1}, kinds=["revert"], method="POST")
        made.path = f"history/{then['version']}/revert/"
        known = {entry["id"]: entry for entry in before["fields"].values()}
        for entry in made.after["fields"].values():
            old = known.get(entry["id"])
            if old is None and entry["required"]:
                made.words[entry["id"]] = "default"  # for the rows that came meanwhile
            elif old is not None and (converts(old, entry) or entry["required"] > old["required"]):
                made.words[entry["id"]] = "default" if entry["required"] else self.chance.choice(("null", "quarantine"))
        return made

    def _restore(self, before: Document) -> Redefinition | None:
        """A dropped field comes back, behind the others."""
        if not self.trash or len(before["fields"]) >= MOST:
            return None
        (number, version), (name, entry) = self.chance.choice(list(self.trash.items()))
        after = later(before)
        made = Redefinition(before, after, kinds=["restore"], method="POST", path=f"trash/{number}/{version}/restore/")
        entry = dict(entry)
        if name in after["fields"]:
            name = next(free for free in NAMES if free not in after["fields"])
            made.overrides = {"name": name}
        if entry["required"] and self.chance.random() < 0.5:
            made.overrides = {**(made.overrides or {}), "required": False}
            entry["required"] = False
        after["fields"][name] = entry
        if entry["required"]:
            made.words[number] = "default"
        place(after)
        return made

    def unique(self, made: Redefinition) -> bool:
        chosen = self._pick(made, lambda entry: is_distinct(entry["id"]))
        if chosen is None:
            return False
        chosen[1]["unique"] = not chosen[1]["unique"]
        return True

    def strict(self, made: Redefinition) -> bool:
        """A tighter rule that may lose nothing, or nothing beyond repair: it is refused, or in force. Large tables get
        it in two versions.
        """
        chosen = self._pick(made, lambda entry: entry["default"] is None)
        if chosen is None:
            return False
        entry = chosen[1]
        changed = {**entry, **rules(entry["id"], entry["type"], self.chance.choice((LOOSE, LOOSE, "r", "s")))}
        if entry["type"] in TEXTS:
            changed["max_length"] = self.chance.choice((50, 60, 70, 80))
        if not converts(entry, changed):
            return False
        entry.update(changed)
        repairs = () if is_distinct(entry["id"]) else REPAIRS[entry["type"]]
        made.words[entry["id"]] = self.chance.choice(("fail", "fail", *repairs))
        return True


def later(before: Document) -> Document:
    """A copy of a document, for the version that comes next."""
    fields = {name: dict(entry) for name, entry in before["fields"].items()}
    return {**before, "version": before["version"] + 1, "fields": fields}


def place(document: Document) -> None:
    for position, entry in enumerate(document["fields"].values(), start=1):
        entry["position"] = position
