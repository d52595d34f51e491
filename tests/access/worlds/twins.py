"""Rows that differ from others only where the identity may not see it."""

import datetime
from random import Random
from typing import Any

from tests.access.worlds.conditions import Atom, Condition, Group, Shown, everything, truth
from tests.access.worlds.grants import Roles, View
from tests.access.worlds.tables import RELATIONS, TABLES, TYPES, UNIQUE, State, copied, linked, random_row, value

#: Ids of rows that only one of two states has.
EXTRA = range(41, 50)


def twin(draw: Random, roles: Roles, state: State, tries: int = 24) -> tuple[State, int]:
    """Another state that looks the same to the identity, also after any of its writes; and in how many places the
    two differ.
    """
    told = _told(roles, state)
    other, changes = state, 0
    for number in range(tries):
        trial = _changed(draw, roles, other, number)
        if trial != other and _told(roles, trial) == told:
            other, changes = trial, changes + 1
    return other, changes


def are_twins(roles: Roles, one: State, other: State) -> bool:
    return bool(_told(roles, one) == _told(roles, other))


def look_alike(roles: Roles, one: State, other: State) -> bool:
    """Whether both look the same now."""
    return bool(View(roles, one).everything == View(roles, other).everything)


def _told(roles: Roles, state: State) -> Any:
    """What the identity sees, and what conditions of grants are about besides.

    A grant whose condition is about a hidden value tells of it: what it allows. So each part of each condition has to
    be the same.
    """
    view = View(roles, state)
    parts = [
        (row_id, _parts(condition, state, row_id, view.shown))
        for condition in roles.conditions()
        for row_id in view.rows[condition.table]
    ]
    return view.everything, parts


def _parts(condition: Condition, state: State, row_id: int, shown: Shown) -> Any:
    """The truth of each part of a condition for a row that may be read."""
    found: list[Any] = []

    def part(each: Any) -> None:
        if isinstance(each, Group):
            for item in each.items:
                part(item)
        elif isinstance(each, Atom):
            found.append(truth(Condition(condition.table, (each,)), state, row_id))
        else:
            found.append(_far(condition.table, each.relation, (), state, row_id, shown))

    for each in condition.filters:
        part(each)
    for relation, atoms in condition.relations:
        found.append(_far(condition.table, relation, atoms, state, row_id, shown))
    return found


def _far(table: str, relation: str, atoms: tuple[Atom, ...], state: State, row_id: int, shown: Shown) -> Any:
    far = RELATIONS[table][relation][0]
    return {
        (
            far_id if shown(far, far_id) else None,
            tuple(truth(Condition(far, (atom,)), state, far_id, everything) for atom in atoms),
        )
        for far_id in linked(state, table, state[table][row_id], row_id, relation)
    }


def _changed(draw: Random, roles: Roles, state: State, number: int) -> State:
    view = View(roles, state)
    state = copied(state)
    ids = {table: sorted(state[table]) for table in TABLES}
    table = draw.choice(["Person", *TABLES])
    hidden = [row_id for row_id in state[table] if row_id not in view.rows[table]]
    way = draw.choice(["masked", "masked", "masked", "value", "value", "row", "add", "delete"])
    if way == "masked":
        places = [
            (row_id, name)
            for row_id, fields in view.rows[table].items()
            for name in TYPES[table]
            if (name not in fields or name == "secret") and name != "made"
        ]
        if places:
            row_id, name = draw.choice(places)
            state[table][row_id][name] = _value(draw, table, name, ids, number)
    elif way == "add":
        row_id = draw.choice(EXTRA)
        if row_id not in state[table]:
            state[table][row_id] = random_row(draw, table, row_id, ids)
    elif not hidden:
        pass
    elif way == "delete":
        row_id = draw.choice(hidden)
        if not any(
            linked(state, table, state[table][row_id], row_id, name)
            for name, rest in RELATIONS[table].items()
            if not rest[2]
        ):
            del state[table][row_id]
    elif way == "value":
        row_id, name = draw.choice(hidden), draw.choice([name for name in TYPES[table] if name != "made"])
        state[table][row_id][name] = _value(draw, table, name, ids, number)
    else:
        row = state[table][draw.choice(hidden)]
        row["_version"] += 3
        row["_created"] -= datetime.timedelta(days=draw.choice([0, 40]))
        row["_updated"] += datetime.timedelta(days=1)
    return state


def _value(draw: Random, table: str, name: str, ids: dict[str, list[int]], number: int) -> Any:
    if name in UNIQUE[table]:
        return f"z{number}"
    if name == "number":
        return 60 + number
    return value(draw, table, name, ids)
