"""Random roles, and what they let an identity read."""

from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from tests.access.worlds.conditions import (
    Condition,
    Placeholder,
    binds,
    has_type,
    random_condition,
    truth,
    writable_names,
)
from tests.access.worlds.tables import GIVEN, SIDES, TABLES, TYPES, State, as_json

#: The roles that the identity has, and one that it has not.
ROLES = ("one", "two")
OTHER = "other"
ACTIONS = ("read", "create", "update", "delete")


@dataclass(frozen=True)
class Grant:
    """
    :param fields: as in a document; None if it is absent
    :param check: None if it is absent, True for anything
    """

    table: str
    fields: tuple[str, ...] | None = None
    rows: Condition | None = None
    check: Condition | bool | None = None
    preset: tuple[tuple[str, Any], ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.fields is not None:
            found["fields"] = list(self.fields)
        if self.rows is not None:
            found["rows"] = self.rows.text
        if self.check is not None:
            found["check"] = self.check if isinstance(self.check, bool) else self.check.text
        if self.preset:
            found["preset"] = {
                name: str(value) if isinstance(value, Placeholder) else as_json(value) for name, value in self.preset
            }
        return found

    def names(self, writes: bool) -> frozenset[str]:
        """The fields that may be read, or written."""
        fields = ("*",) if self.fields is None else self.fields
        found = set()
        if "*" in fields:
            found |= {name for name in TYPES[self.table] if f"-{name}" not in fields}
        found |= {name for name in fields if name != "*" and not name.startswith("-")}
        return frozenset(found - GIVEN[self.table] if writes else found)

    @property
    def holds(self) -> bool:
        """Whether all its placeholders have values."""
        check = self.check if isinstance(self.check, Condition) else None
        presets = [
            has_type(value.value, TYPES[self.table][name])
            for name, value in self.preset
            if isinstance(value, Placeholder)
        ]
        return binds(self.rows) and binds(check) and all(presets)

    @property
    def presets(self) -> dict[str, Any]:
        return {name: value.value if isinstance(value, Placeholder) else value for name, value in self.preset}

    def checked(self, action: str) -> Condition | None:
        if self.check is True:
            return None
        if isinstance(self.check, Condition):
            return self.check
        return self.rows if action == "update" else None


@dataclass
class Roles:
    """Role -> table -> action -> grants."""

    grants: dict[str, dict[str, dict[str, list[Grant]]]] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        return {
            "roles": {
                role: {
                    "tables": {
                        table: {action: [grant.document for grant in grants] for action, grants in actions.items()}
                        for table, actions in tables.items()
                    }
                }
                for role, tables in self.grants.items()
            }
        }

    def of(self, table: str, action: str) -> list[Grant]:
        """The identity's grants, in the order in which they are tried."""
        found: list[Grant] = []
        for role in sorted([*ROLES, "everyone", "authenticated"]):
            found += self.grants.get(role, {}).get(table, {}).get(action, [])
        return found

    def knows(self, table: str) -> bool:
        return any(self.of(table, action) for action in ACTIONS)

    def conditions(self) -> list[Condition]:
        """All conditions of the identity's grants."""
        grants = [grant for table in TABLES for action in ACTIONS for grant in self.of(table, action)]
        found = [each for grant in grants for each in (grant.rows, grant.check) if isinstance(each, Condition)]
        return list(dict.fromkeys(found))


class View:
    """What the identity may read of the rows as they are."""

    def __init__(self, roles: Roles, state: State) -> None:
        self.state = state
        self.rows: dict[str, dict[int, frozenset[str]]] = {}
        self.fields: dict[str, frozenset[str]] = {}
        for table in TABLES:
            grants = [grant for grant in roles.of(table, "read") if grant.holds]
            self.fields[table] = frozenset[str]().union(*[grant.names(writes=False) for grant in grants])
            self.rows[table] = {}
            for row_id in sorted(state[table]):
                holding = [g.names(writes=False) for g in grants if g.rows is None or truth(g.rows, state, row_id)]
                if holding:
                    self.rows[table][row_id] = frozenset({"id", "_version", "_created", "_updated"}.union(*holding))

    def shown(self, table: str, row_id: int) -> frozenset[str] | None:
        return self.rows[table].get(row_id)

    def document(self, table: str, row_id: int) -> dict[str, Any]:
        """A row as an answer shows it."""
        row, fields = self.state[table][row_id], self.rows[table][row_id]
        found: dict[str, Any] = {"id": row_id}
        for name in TYPES[table]:
            if name in self.fields[table] and name != "secret":
                value = row["_created"] if name == "made" else row[name]
                found[name] = as_json(value) if name in fields else None
        for side, (far, link, _, many) in SIDES[table].items():
            if link in self.fields[far]:
                found[side] = [
                    other
                    for other, far_fields in sorted(self.rows[far].items())
                    if link in far_fields and row_id in _ids(self.state[far][other][link], many)
                ]
        if table == "Person" and "score" in found:
            found["points"] = found["score"]
        return found

    def documents(self, table: str) -> list[dict[str, Any]]:
        return [self.document(table, row_id) for row_id in sorted(self.rows[table])]

    @property
    def everything(self) -> Any:
        """All that may be seen, to be compared."""
        return [
            (table, self.fields[table], row_id, fields, self.document(table, row_id), *[
                self.state[table][row_id][name] for name in ("_version", "_created", "_updated")
            ])
            for table in TABLES
            for row_id, fields in self.rows[table].items()
        ]  # fmt: skip


def _ids(value: Any, many: bool) -> list[int]:
    return list(value or ()) if many else [] if value is None else [value]


# Random ones

_PRESETS: dict[str, list[tuple[str, Any]]] = {
    "Team": [("city", "x"), ("rank", Placeholder("user.claims.level")), ("city", None), ("name", "given")],
    "Person": [("name", Placeholder("user.name")), ("score", 3.0), ("team", 1), ("labels", ["a"]), ("score", None),
               ("score", Placeholder("user.claims.nothing")), ("secret", "given"), ("name", "b")],
    "Project": [("status", "a"), ("title", Placeholder("user.name")), ("lead", 1), ("members", [1]), ("status", "b")],
    "Seat": [("note", "a"), ("team", 1)],
    "Hidden": [],
}  # fmt: skip


@cache
def _readable(table: str) -> tuple[str, ...]:
    return tuple(name for name in TYPES[table] if name != "secret")


def _fields(draw: Random, names: tuple[str, ...]) -> tuple[str, ...] | None:
    pick = draw.random()
    if pick < 0.3:
        return None
    some = tuple(sorted(draw.sample(names, draw.choice([1, 2, min(3, len(names))]))))
    if pick < 0.65:
        return ("*", *[f"-{name}" for name in some])
    return some if pick < 0.97 else ()


def random_grant(draw: Random, table: str, action: str) -> Grant:
    rows = random_condition(draw, table) if action != "create" and draw.random() < 0.7 else None
    if action == "delete":
        return Grant(table, rows=rows)
    if action == "read":
        return Grant(table, _fields(draw, _readable(table)), rows)
    check: Condition | bool | None = None
    pick = draw.random()
    if pick < 0.4:
        check = random_condition(draw, table)
    elif pick < 0.6:
        check = True
    preset = ()
    if _PRESETS[table] and draw.random() < 0.3:
        preset = tuple(dict(draw.sample(_PRESETS[table], draw.choice([1, 1, 2]))).items())
    fields = _fields(draw, tuple(writable_names(table)))
    if action == "create" and fields and draw.random() < 0.2:
        fields = (*fields, "id")
    return Grant(table, fields, rows, check, preset)


def random_roles(draw: Random) -> Roles:
    found: dict[str, Any] = {role: {} for role in (*ROLES, "everyone", "authenticated", OTHER)}
    for table in ("Team", "Person", "Project", "Seat"):
        for action in ACTIONS:
            for role in (*ROLES, "everyone", "authenticated", OTHER):
                chance = {"one": 0.7, "two": 0.45, OTHER: 0.5}.get(role, 0.1)
                if draw.random() < chance * (1.0 if action == "read" else 0.8):
                    count = draw.choice([1, 1, 2])
                    found[role].setdefault(table, {})[action] = [
                        random_grant(draw, table, action) for _ in range(count)
                    ]
    return Roles(found)
