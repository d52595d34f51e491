"""Conditions: their text, and whether they hold, by the three-valued logic of SQL."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.access.worlds.tables import GIVEN, POOLS, RELATIONS, TYPES, State, as_json, linked

#: The identity's name, e-mail and claims; its id is that of the first user.
NAME, EMAIL, ID = "ann", "ann@example.org", "user:1"
CLAIMS: dict[str, Any] = {"teams": [1, 2], "level": 3, "none": None, "text": "x", "empty": [], "deep": {"rank": 2}}


@dataclass(frozen=True)
class Placeholder:
    name: str

    def __str__(self) -> str:
        return "{" + self.name + "}"

    @property
    def value(self) -> Any:
        return _value_of(self.name)


def _value_of(name: str) -> Any:
    """None if it is absent."""
    if name == "today":
        return datetime.datetime.now(datetime.UTC).date()
    if name == "now":
        return datetime.datetime.now(datetime.UTC)
    _, part, *path = name.split(".")
    if part != "claims":
        return {"id": ID, "name": NAME, "email": EMAIL}[part]
    found: Any = CLAIMS
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


@dataclass(frozen=True)
class Atom:
    """``name`` may have a JSON path."""

    name: str
    operator: str
    value: Any
    negated: bool = False


@dataclass(frozen=True)
class Has:
    """Whether there is a far row."""

    relation: str
    negated: bool = False


@dataclass(frozen=True)
class Group:
    word: str
    items: tuple[Any, ...]
    negated: bool = False


@dataclass(frozen=True)
class Condition:
    """
    :param relations: of a relation the filters, which one far row has to pass
    """

    table: str
    filters: tuple[Any, ...]
    relations: tuple[tuple[str, tuple[Atom, ...]], ...] = ()

    @property
    def text(self) -> str:
        parts = [_top(each) for each in self.filters]
        parts += [f"{relation}.{_top(atom)}" for relation, atoms in self.relations for atom in atoms]
        return "&".join(parts)

    def atoms(self) -> Iterator[Atom]:
        yield from _atoms(self.filters)

    def tested(self) -> set[str]:
        return {each.relation for each in _leaves(self.filters) if isinstance(each, Has)}


def _leaves(items: tuple[Any, ...]) -> Iterator[Any]:
    for each in items:
        if isinstance(each, Group):
            yield from _leaves(each.items)
        else:
            yield each


def _atoms(items: tuple[Any, ...]) -> Iterator[Atom]:
    return (each for each in _leaves(items) if isinstance(each, Atom))


def _operand(atom: Atom, nested: bool) -> str:
    def one(value: Any) -> str:
        text = str(as_json(value))
        return f'"{text}"' if nested and (not text or "," in text) else text

    if isinstance(atom.value, Placeholder):
        return str(atom.value)
    if atom.operator == "in":
        return "(" + ",".join(f'"{as_json(value)}"' for value in atom.value) + ")"
    if atom.operator == "cs":
        return "{" + ",".join(atom.value) + "}"
    return one(atom.value)


def _top(each: Any) -> str:
    prefix = "not." if each.negated else ""
    if isinstance(each, Group):
        return f"{prefix}{each.word}=({','.join(map(_nested, each.items))})"
    if isinstance(each, Has):
        return _has(each, "=")
    return f"{each.name}={prefix}{each.operator}.{_operand(each, False)}"


def _has(each: Has, sign: str) -> str:
    return f"{each.relation}{sign}{'' if each.negated else 'not.'}is.null"


def _nested(each: Any) -> str:
    prefix = "not." if each.negated else ""
    if isinstance(each, Group):
        return f"{prefix}{each.word}({','.join(map(_nested, each.items))})"
    if isinstance(each, Has):
        return _has(each, ".")
    return f"{each.name}.{prefix}{each.operator}.{_operand(each, True)}"


# Whether they hold

#: (table, id) -> the fields that are shown; None: the row is not readable.
Shown = Callable[[str, int], frozenset[str] | None]


def everything(table: str, row_id: int) -> frozenset[str]:
    return frozenset({*TYPES[table], "id", "_version", "_created", "_updated"})


def truth(
    condition: Condition, state: State, row_id: int, shown: Shown = everything, row: dict[str, Any] | None = None
) -> bool | None:
    """Whether a condition holds for a row; None: unknown.

    :param shown: what may be seen; other values are unknown
    """
    table = condition.table
    row = state[table][row_id] if row is None else row
    relations = dict(condition.relations)

    def has(relation: str) -> bool:
        far, link, own, _ = RELATIONS[table][relation]
        if own and link not in (shown(table, row_id) or ()):
            return False
        for far_id in linked(state, table, row, row_id, relation):
            fields = shown(far, far_id)
            if fields is None or (not own and link not in fields):
                continue
            if all(_atom(atom, state[far][far_id], far_id, fields) for atom in relations.get(relation, ())):
                return True
        return False

    def of(each: Any) -> bool | None:
        if isinstance(each, Group):
            found = [of(item) for item in each.items]
            if each.word == "and":
                answer = False if False in found else None if None in found else True
            else:
                answer = True if True in found else None if None in found else False
            return _negated(answer, each.negated)
        if isinstance(each, Has):
            return has(each.relation) != each.negated
        return _atom(each, row, row_id, shown(table, row_id) or frozenset())

    tested = condition.tested()
    parts = [of(each) for each in condition.filters]
    parts += [has(relation) for relation in relations if relation not in tested]
    return False if False in parts else None if None in parts else True


def _negated(answer: bool | None, negated: bool) -> bool | None:
    return answer if not negated or answer is None else not answer


def _atom(atom: Atom, row: dict[str, Any], row_id: int, fields: frozenset[str]) -> bool | None:
    name, arrow, key = atom.name.partition("->>")
    if name == "id":
        value: Any = row_id
    elif name not in fields:
        return None
    elif name == "made":
        value = row["_created"]
    else:
        value = row[name]
    if arrow:
        value = value.get(key) if isinstance(value, dict) else None
        value = None if value is None else str(value)
    operand = atom.value.value if isinstance(atom.value, Placeholder) else atom.value
    return _negated(_compared(value, atom.operator, operand), atom.negated)


def _compared(value: Any, operator: str, operand: Any) -> bool | None:
    if operator == "is":
        return (value is None) == (operand == "null")
    if operator == "isdistinct":
        return value is None or value != operand
    if value is None:
        return None
    match operator:
        case "eq":
            return bool(value == operand)
        case "neq":
            return bool(value != operand)
        case "gt":
            return bool(value > operand)
        case "gte":
            return bool(value >= operand)
        case "lt":
            return bool(value < operand)
        case "lte":
            return bool(value <= operand)
        case "in":
            return value in operand
        case "like":
            return bool(value.startswith(operand[:-1]))
        case "cs":
            return set(operand) <= set(value)
    raise AssertionError(operator)


def binds(condition: Condition | None) -> bool:
    """Whether all placeholders have values of the right type."""
    if condition is None:
        return True
    pairs = [(condition.table, atom) for atom in condition.atoms()]
    for relation, atoms in condition.relations:
        pairs += [(RELATIONS[condition.table][relation][0], atom) for atom in atoms]
    return all(_binds(table, atom) for table, atom in pairs if isinstance(atom.value, Placeholder))


def _binds(table: str, atom: Atom) -> bool:
    value = atom.value.value
    values = value if atom.operator == "in" else [value]
    if not isinstance(values, list) or not values:
        return False
    return all(has_type(each, TYPES[table][atom.name]) for each in values)


def has_type(value: Any, kind: str) -> bool:
    if value is None or value == "":
        return False
    if kind in ("integer", "link"):
        return type(value) is int
    if kind == "number":
        return type(value) in (int, float)
    if kind in ("string", "text", "created_by"):
        return type(value) is str
    if kind == "date":
        return isinstance(value, datetime.date)
    return kind == "created_time" and isinstance(value, datetime.datetime)


# Random ones

_ORDERED = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "isdistinct"]
_EQUAL = ["eq", "neq", "in", "is", "isdistinct"]
OPERATORS = {
    "string": [*_EQUAL, "like"], "text": [*_EQUAL, "like"], "integer": _ORDERED, "decimal": _ORDERED,
    "number": _ORDERED, "date": _ORDERED, "tags": ["cs", "is"], "link": _EQUAL, "created_by": _EQUAL,
}  # fmt: skip
PLACEHOLDERS = {
    "Team": [("rank", "gte", "user.claims.level"), ("rank", "eq", "user.claims.nothing"),
             ("city", "neq", "user.claims.none"), ("rank", "in", "user.claims.teams"),
             ("rank", "lt", "user.claims.deep.rank")],
    "Person": [("owner", "eq", "user.id"), ("team", "in", "user.claims.teams"), ("score", "lte", "user.claims.level"),
               ("name", "eq", "user.name"), ("score", "eq", "user.claims.text"), ("born", "lt", "today"),
               ("made", "lt", "now"), ("team", "in", "user.claims.empty"), ("owner", "isdistinct", "user.id")],
    "Project": [("title", "neq", "user.name"), ("lead", "in", "user.claims.teams"),
                ("status", "eq", "user.claims.text")],
    "Seat": [("note", "neq", "user.name"), ("team", "in", "user.claims.teams")],
    "Hidden": [("text", "eq", "user.name")],
}  # fmt: skip


def random_atom(draw: Random, table: str, names: list[str] | None = None) -> Atom:
    if names is None and draw.random() < 0.3:
        name, operator, placeholder = draw.choice(PLACEHOLDERS[table])
        return Atom(name, operator, Placeholder(placeholder), draw.random() < 0.15)
    allowed = [name for name, kind in TYPES[table].items() if kind in OPERATORS and name != "secret"]
    name = draw.choice([each for each in names or allowed if each in allowed] or allowed)
    if name == "notes" or (table == "Person" and names is None and draw.random() < 0.06):
        return Atom("notes->>k", draw.choice(["eq", "neq"]), draw.choice(["a", "b"]), draw.random() < 0.2)
    kind = TYPES[table][name]
    operator = draw.choice([*OPERATORS[kind], "is"])
    negated = draw.random() < 0.25

    def one() -> Any:
        if kind == "link":
            return draw.choice([1, 2, 3, 4, 5])
        if name in ("code",) or (table == "Team" and name == "name"):
            return f"{table[0].lower()}{draw.choice([1, 2, 3, 4])}"
        return draw.choice([each for each in POOLS[kind] if each is not None])

    if operator == "is":
        return Atom(name, "is", draw.choice(["null", "not_null"]), negated)
    if operator == "in":
        return Atom(name, "in", tuple(one() for _ in range(draw.choice([1, 2, 3]))), negated)
    if operator == "like":
        return Atom(name, "like", draw.choice(["a*", "*", "b*"]), negated)
    if operator == "cs":
        return Atom(name, "cs", (draw.choice(["a", "b"]),), negated)
    return Atom(name, operator, one(), negated)


def random_condition(draw: Random, table: str, names: list[str] | None = None) -> Condition:
    """:param names: only of these fields, and without placeholders"""
    filters: list[Any] = []
    relations: list[tuple[str, tuple[Atom, ...]]] = []
    pick = draw.random()
    if pick < 0.7:
        filters += [random_atom(draw, table, names) for _ in range(draw.choice([1, 1, 2]))]
    if pick > 0.6 and draw.random() < 0.7:
        items: list[Any] = [random_atom(draw, table, names) for _ in range(draw.choice([1, 2, 3]))]
        if draw.random() < 0.3:
            items.append(Group(draw.choice(["and", "or"]), (random_atom(draw, table, names),), draw.random() < 0.5))
        sides = [name for name, rest in RELATIONS[table].items() if not rest[2] and rest[0] != "Hidden"]
        if names is None and sides and draw.random() < 0.4:
            items.append(Has(draw.choice(sides), draw.random() < 0.4))
        filters.append(Group(draw.choice(["or", "or", "and"]), tuple(items), draw.random() < 0.25))
    # ``is.null`` of a link with filters would test the filtered relation, not the link's value.
    taken = {atom.name for atom in _atoms(tuple(filters)) if atom.operator == "is"}
    names_of = [name for name, rest in RELATIONS[table].items() if rest[0] != "Hidden" and name not in taken]
    if names is None and names_of and draw.random() < 0.25:
        relation = draw.choice(names_of)
        far = RELATIONS[table][relation][0]
        relations.append((relation, tuple(random_atom(draw, far) for _ in range(draw.choice([1, 1, 2])))))
    if not filters and not relations:
        filters.append(random_atom(draw, table, names))
    return Condition(table, tuple(filters), tuple(relations))


def writable_names(table: str) -> list[str]:
    return [name for name in TYPES[table] if name not in GIVEN[table]]
