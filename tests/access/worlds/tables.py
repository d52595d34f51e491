"""The tables, their rows as values, and random rows."""

import datetime
from decimal import Decimal
from random import Random
from typing import Any

#: Table -> id -> values by name; besides those of fields ``_version``, ``_created`` and ``_updated``.
State = dict[str, dict[int, dict[str, Any]]]

MOMENT = datetime.datetime(2026, 6, 1, 12, 0, 0, 250_000, datetime.UTC)
DEFINITIONS: dict[str, dict[str, Any]] = {
    "Team": {
        "name": {"type": "string", "unique": True, "required": True},
        "rank": "integer",
        "city": {"type": "text", "index": "search"},
    },
    "Person": {
        "name": {"type": "string", "index": "search"},
        "team": {"type": "link", "table": "Team", "reverse": "people", "on_delete": "set_null"},
        "boss": {"type": "link", "table": "Person", "reverse": "staff", "on_delete": "set_null"},
        "salary": {"type": "decimal", "precision": 10, "scale": 2},
        "born": "date",
        "notes": "json",
        "labels": "tags",
        "secret": {"type": "string", "write_only": True},
        "number": "autonumber",
        "owner": "created_by",
        "made": "created_time",
        "code": {"type": "string", "unique": True},
        "score": {"type": "number", "aliases": ["points"]},
    },
    "Project": {
        "title": {"type": "string", "index": "search", "ignore_accents": True},
        "lead": {"type": "link", "table": "Person", "reverse": "leads", "on_delete": "cascade"},
        "budget": {"type": "decimal", "precision": 10, "scale": 2},
        "status": "string",
        "parent": {"type": "link", "table": "Project", "reverse": "children", "on_delete": "set_null"},
        "members": {"type": "links", "table": "Person", "reverse": "projects", "on_delete": "remove"},
    },
    # A join table.
    "Seat": {
        "team": {"type": "link", "table": "Team", "reverse": "seats", "on_delete": "cascade"},
        "project": {"type": "link", "table": "Project", "reverse": "seats", "on_delete": "set_null"},
        "note": "string",
    },
    "Hidden": {
        "text": "string",
        "person": {"type": "link", "table": "Person", "reverse": "shadows", "on_delete": "set_null"},
    },
}
TABLES = tuple(DEFINITIONS)
#: Table -> field -> type.
TYPES: dict[str, dict[str, str]] = {
    table: {name: each if isinstance(each, str) else each["type"] for name, each in fields.items()}
    for table, fields in DEFINITIONS.items()
}
#: Fields whose values the system makes.
GIVEN = {"Team": set(), "Person": {"number", "owner", "made"}, "Project": set(), "Seat": set(), "Hidden": set()}
ALIASES = {"Person": {"points": "score"}}
UNIQUE = {"Team": ("name",), "Person": ("code",), "Project": (), "Seat": (), "Hidden": ()}
#: Table -> the table to which the join table leads.
THROUGH = {"Team": "Project", "Project": "Team"}
#: Table -> name of a relation -> (far table, the link, whether it is the near table's, whether it is a list).
RELATIONS: dict[str, dict[str, tuple[str, str, bool, bool]]] = {table: {} for table in TABLES}
for _table, _fields in DEFINITIONS.items():
    for _name, _each in _fields.items():
        if not isinstance(_each, str) and _each["type"] in ("link", "links"):
            _many = _each["type"] == "links"
            RELATIONS[_table][_name] = (_each["table"], _name, True, _many)
            RELATIONS[_each["table"]][_each["reverse"]] = (_table, _name, False, _many)
SIDES = {table: {name: rest for name, rest in RELATIONS[table].items() if not rest[2]} for table in TABLES}
ON_DELETE = {
    (table, name): each["on_delete"]
    for table, fields in DEFINITIONS.items()
    for name, each in fields.items()
    if isinstance(each, dict) and "on_delete" in each
}
#: The next id of each table, and the next number of an autonumber field.
NEXT = 100

POOLS: dict[str, list[Any]] = {
    "string": ["a", "b", "ab", "B", "ann", "", "x,y"],
    "text": ["a", "b", "", "x"],
    "integer": [0, 1, 2, 3, 4, -1],
    "decimal": [Decimal("0.00"), Decimal("1.50"), Decimal("5.00"), Decimal("100.00"), Decimal("-2.25")],
    "number": [0.0, 1.5, 3.0, 10.0],
    "date": [datetime.date(2020, 1, 1), datetime.date(2024, 2, 29), datetime.date(2025, 12, 31)],
    "json": [{"k": "a"}, {"k": "b", "n": [1, 2]}, [], "a", 1, {"k": 5}],
    "tags": [[], ["a"], ["a", "b"], ["b"]],
    "created_by": ["user:1", "user:2", None],
}


def value(draw: Random, table: str, name: str, ids: dict[str, list[int]]) -> Any:
    """A value of a field that clients write, not of a unique one.

    :param ids: the rows of each table, to link to
    """
    kind = TYPES[table][name]
    if kind == "link":
        far = ids[RELATIONS[table][name][0]]
        return draw.choice([None, *far]) if far else None
    if kind == "links":
        far = ids[RELATIONS[table][name][0]]
        return sorted(draw.sample(far, min(len(far), draw.choice([0, 1, 2, 3]))))[:: draw.choice([1, -1])]
    if draw.random() < 0.15:
        return None
    return draw.choice(POOLS[kind])


def as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, datetime.datetime):
        text = value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
        return text
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def random_row(draw: Random, table: str, row_id: int, ids: dict[str, list[int]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, kind in TYPES[table].items():
        if kind == "autonumber":
            row[name] = row_id
        elif kind == "created_time":
            continue
        elif name in UNIQUE[table]:
            row[name] = f"{table[0].lower()}{row_id}"
        elif kind == "created_by":
            row[name] = draw.choice(POOLS[kind])
        else:
            row[name] = value(draw, table, name, ids)
    day = draw.choice([1, 2, 3])
    row["_version"] = draw.choice([1, 1, 2, 5])
    row["_created"] = datetime.datetime(2026, 1, day, 1, 2, 3, 500_000, datetime.UTC)
    row["_updated"] = datetime.datetime(2026, 2, day, 1, 2, 3, 500_000, datetime.UTC)
    return row


def random_state(draw: Random) -> State:
    sizes = {"Team": draw.choice([2, 3, 4]), "Person": draw.choice([3, 5, 7]), "Project": draw.choice([2, 4]),
             "Seat": draw.choice([3, 5]), "Hidden": 2}  # fmt: skip
    ids = {table: list(range(1, size + 1)) for table, size in sizes.items()}
    return {table: {row_id: random_row(draw, table, row_id, ids) for row_id in ids[table]} for table in TABLES}


def copied(state: State) -> State:
    return {table: {row_id: dict(row) for row_id, row in rows.items()} for table, rows in state.items()}


def linked(state: State, table: str, row: dict[str, Any], row_id: int, relation: str) -> list[int]:
    """The ids of the far rows of a relation."""
    far, link, own, many = RELATIONS[table][relation]
    if own:
        found = row[link]
        return list(found or ()) if many else [] if found is None else [found]
    if many:
        return [number for number, other in sorted(state[far].items()) if row_id in (other[link] or ())]
    return [number for number, other in sorted(state[far].items()) if other[link] == row_id]
