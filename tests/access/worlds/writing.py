"""Which writes of an identity are allowed, and what the tables hold afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.access.worlds.conditions import ID, Condition, truth
from tests.access.worlds.grants import Grant, Roles, View
from tests.access.worlds.tables import (
    GIVEN,
    MOMENT,
    NEXT,
    ON_DELETE,
    RELATIONS,
    TABLES,
    TYPES,
    UNIQUE,
    State,
    copied,
)

REQUIRED = {"Team": ("name",), "Person": (), "Project": (), "Seat": (), "Hidden": ()}
_SYSTEM = ("_version", "_updated")


@dataclass(frozen=True)
class Outcome:
    """
    :param statuses: each of them is right
    :param state: what the tables hold then; None: as before
    :param rows: the ids of the written rows
    """

    statuses: frozenset[int]
    state: State | None = None
    rows: tuple[int, ...] = ()
    #: Whether the documentation does not decide it.
    doubtful: bool = False


def refused(*statuses: int) -> Outcome:
    return Outcome(frozenset(statuses))


def default(table: str, name: str) -> Any:
    return [] if TYPES[table][name] == "links" else None


def _links(table: str, name: str, value: Any) -> set[int]:
    kind = TYPES[table][name]
    if kind == "links":
        return set(value or ())
    return {value} if kind == "link" and value is not None else set()


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


class Writer:
    """The identity's writes, tried on a state that stays as it is."""

    def __init__(self, roles: Roles, state: State, table: str) -> None:
        self.roles, self.state, self.table = roles, state, table
        self.view = View(roles, state)

    def held(self, action: str) -> list[Grant]:
        return [grant for grant in self.roles.of(self.table, action) if grant.holds]

    def _holding(self, action: str, row_id: int) -> list[Grant]:
        return [g for g in self.held(action) if g.rows is None or truth(g.rows, self.state, row_id)]

    def _known(self, action: str) -> set[str]:
        known = set(self.view.fields[self.table])
        for grant in self.held(action):
            known |= grant.names(writes=True) | set(grant.presets)
        return known

    def _covers(self, grant: Grant, document: dict[str, Any], names: set[str], whole: bool) -> bool:
        presets = grant.presets
        for name in names:
            if name in presets:
                if not _same(document[name], presets[name]):
                    return False
            elif name not in grant.names(writes=True):
                return False
        missing = [name for name in REQUIRED[self.table] if whole and document.get(name) is None]
        return all(presets.get(name) is not None for name in missing)

    def _passes(self, grant: Grant, action: str, state: State, row_id: int) -> bool:
        check = grant.checked(action)
        return check is None or truth(check, state, row_id) is True

    def _is_taken(self, state: State, row_id: int) -> bool:
        row = state[self.table][row_id]
        return any(
            row[name] is not None and other[name] == row[name]
            for name in UNIQUE[self.table]
            for other_id, other in state[self.table].items()
            if other_id != row_id
        )

    def _unseen_links(self, document: dict[str, Any], row_id: int | None = None) -> bool:
        """Whether it adds a link to a row that the identity may not read.

        :param row_id: the row whose links may be repeated, as far as they are shown: else one could guess them
        """
        row: dict[str, Any] = {} if row_id is None else self.state[self.table][row_id]
        shown = () if row_id is None else self.view.shown(self.table, row_id) or ()
        return any(
            _links(self.table, name, value)
            - _links(self.table, name, row[name] if name in shown else None)
            - set(self.view.rows[RELATIONS[self.table][name][0]])
            for name, value in document.items()
            if TYPES[self.table].get(name) in ("link", "links")
        )

    def change(self, row_id: int, document: dict[str, Any], *, replaces: bool) -> Outcome:
        """PATCH or PUT of one row."""
        if not self.roles.knows(self.table):
            return refused(404)
        if not self.held("update"):
            return refused(403)
        shown = self.view.shown(self.table, row_id)
        if shown is None:
            return refused(404)
        shown -= {"secret"}
        holding = self._holding("update", row_id)
        if not holding:
            return refused(403)
        if not set(document) <= self._known("update"):
            return refused(422)
        row = self.state[self.table][row_id]
        changed = {name for name in document if name not in shown or not _same(document[name], row[name])}
        if replaces:
            # The null that a row shows for a value that may not be read.
            masked = self.view.fields[self.table] - shown - {"secret"}
            changed -= {name for name in masked if name in document and document[name] is None}
        faults = set()
        if any(name in REQUIRED[self.table] and document[name] is None for name in document):
            faults.add(422)
        if self._unseen_links(document, row_id):
            faults.add(422)
        writable = set[str]().union(*[grant.names(writes=True) for grant in holding])
        # A preset may give it; under a grant without one, it is missing below.
        preset = {name for grant in self.held("update") for name, value in grant.presets.items() if value is not None}
        if replaces and any(name in shown & writable - document.keys() - preset for name in REQUIRED[self.table]):
            faults.add(422)
        outcomes = []
        for grant in holding:
            if not self._covers(grant, document, changed, whole=False):
                continue
            values = {name: document[name] for name in changed} | grant.presets
            if replaces:
                for name in TYPES[self.table]:
                    gone = name not in document and name in shown and name in writable
                    if gone and name in grant.names(writes=True) and name != "secret" and name not in grant.presets:
                        values[name] = default(self.table, name)
            if any(values.get(name, "") is None for name in REQUIRED[self.table]):
                faults.add(422)
                continue
            state = copied(self.state)
            state[self.table][row_id] |= values
            outcomes.append((grant, state))
        if faults:
            return refused(403, 422)
        for grant, state in outcomes:
            if self._is_taken(state, row_id):
                return refused(409, 403)
            if self._passes(grant, "update", state, row_id):
                return Outcome(frozenset({200, 204}), state, (row_id,))
        return refused(403)

    def add(self, document: dict[str, Any]) -> Outcome:
        """POST of one row."""
        if not self.roles.knows(self.table):
            return refused(404)
        held = self.held("create")
        if not held:
            return refused(403)
        if not set(document) <= self._known("create"):
            return refused(422)
        presets = {name for grant in held for name in grant.presets}
        faults = set()
        for name in REQUIRED[self.table]:
            if document.get(name) is None and (name in document or name not in presets):
                faults.add(422)
        if self._unseen_links(document):
            faults.add(422)
        outcomes = []
        for grant in held:
            if not self._covers(grant, document, set(document), whole=True):
                continue
            values = document | grant.presets
            state = copied(self.state)
            state[self.table][NEXT] = self.new_row(values)
            outcomes.append((grant, state))
        if faults:
            return refused(403, 422)
        for grant, state in outcomes:
            if self._is_taken(state, NEXT):
                return refused(409, 403)
            if self._passes(grant, "create", state, NEXT):
                return Outcome(frozenset({201}), state, (NEXT,))
        return refused(403)

    def new_row(self, values: dict[str, Any]) -> dict[str, Any]:
        row = {name: default(self.table, name) for name in TYPES[self.table] if name != "made"} | values
        if self.table == "Person":
            row |= {"number": NEXT, "owner": ID}
        return row | {"_version": 1, "_created": MOMENT, "_updated": MOMENT}

    def delete(self, row_id: int) -> Outcome:
        if not self.roles.knows(self.table):
            return refused(404)
        if not self.held("delete"):
            return refused(403)
        if self.view.shown(self.table, row_id) is None:
            return refused(404)
        if not self._holding("delete", row_id):
            return refused(403)
        return Outcome(frozenset({204}), without(self.state, self.table, [row_id]), (row_id,))

    def found(self, condition: Condition) -> list[int]:
        """The rows that a filter finds."""
        rows = self.view.rows[self.table]
        return [number for number in rows if truth(condition, self.state, number, self.view.shown) is True]

    def knows(self, condition: Condition) -> bool:
        names = {atom.name.partition("->>")[0] for atom in condition.atoms()}
        return names - {"id"} <= self.view.fields[self.table]

    def change_found(self, condition: Condition, document: dict[str, Any]) -> Outcome:
        """PATCH of all rows that a filter finds; for checks that look at no other rows."""
        if not self.roles.knows(self.table):
            return refused(404)
        if not self.held("update"):
            return refused(403, 400) if not self.knows(condition) else refused(403)
        if not self.knows(condition):
            return refused(400)
        if not set(document) <= self._known("update"):
            return refused(422)
        faults = set()
        if any(name in REQUIRED[self.table] and document[name] is None for name in document):
            faults.add(422)
        state, tried = copied(self.state), copied(self.state)
        if not any(self._covers(grant, document, set(document), whole=False) for grant in self.held("update")):
            faults.add(403)
        written = []
        found, doubtful = self.found(condition), False
        for row_id in found:
            covering = [
                grant
                for grant in self._holding("update", row_id)
                if self._covers(grant, document, set(document), whole=False)
            ]
            if not covering:
                continue
            for grant in covering:
                values = document | grant.presets
                if self._unseen_links(document, row_id):
                    faults.add(422)
                # An id that each of the rows holds already may be repeated or not.
                doubtful |= self._unseen_links(document)
                trial = copied(self.state)
                trial[self.table][row_id] |= values
                tried[self.table][row_id] |= values
                if self._passes(grant, "update", trial, row_id):
                    state[self.table][row_id] |= values
                    written.append(row_id)
                    break
            else:
                faults.add(403)
        if faults:
            # Whether values clash, the database says; which it is told first is not promised.
            clash = (409,) if any(self._is_taken(tried, row_id) for row_id in found) else ()
            return refused(403, 422, *clash) if found else refused(200, 403, 422)
        if doubtful:
            return Outcome(frozenset({200, 403, 422, 409}), None, doubtful=True)
        if any(self._is_taken(state, row_id) for row_id in written):
            return refused(409)
        return Outcome(frozenset({200}), state, tuple(written))

    def delete_found(self, condition: Condition) -> Outcome:
        if not self.roles.knows(self.table):
            return refused(404)
        if not self.held("delete"):
            return refused(403, 400) if not self.knows(condition) else refused(403)
        if not self.knows(condition):
            return refused(400)
        ids = [number for number in self.found(condition) if self._holding("delete", number)]
        return Outcome(frozenset({204}), without(self.state, self.table, ids), tuple(ids))


def without(state: State, table: str, ids: list[int]) -> State:
    """The state after the deletion of rows."""
    state = copied(state)
    gone = [(table, row_id) for row_id in ids]
    while gone:
        name, row_id = gone.pop()
        if state[name].pop(row_id, None) is None:
            continue
        for far, link, own, many in RELATIONS[name].values():
            if own:
                continue
            for other_id, other in list(state[far].items()):
                if row_id not in _links(far, link, other[link]):
                    continue
                if ON_DELETE[far, link] == "cascade":
                    gone.append((far, other_id))
                elif many:
                    other[link] = [number for number in other[link] if number != row_id]
                else:
                    other[link] = None
    return state


def plain(state: State) -> Any:
    """A state without versions and times of changes, which cascades change as well."""
    return {
        table: {row_id: {k: v for k, v in row.items() if k not in _SYSTEM} for row_id, row in rows.items()}
        for table, rows in state.items()
    }


# A slow check of any request


def beyond(roles: Roles, before: State, after: State) -> Iterator[str]:
    """What a request of the identity changed beyond its grants."""
    view = View(roles, before)
    new = {(table, row_id) for table in TABLES for row_id in after[table] if row_id not in before[table]}
    gone = {(table, row_id) for table in TABLES for row_id in before[table] if row_id not in after[table]}
    for table, row_id in gone:
        may = any(g.rows is None or truth(g.rows, before, row_id) for g in roles.of(table, "delete") if g.holds)
        if not (may and view.shown(table, row_id)) and not _is_cascade(table, before[table][row_id], gone):
            yield f"{table} {row_id} is deleted"
    for table, row_id in new:
        if not any(_adds(g, after, row_id, view, new) for g in roles.of(table, "create") if g.holds):
            yield f"{table} {row_id} is added: {after[table][row_id]}"
    for table in TABLES:
        for row_id, row in after[table].items():
            old = before[table].get(row_id)
            if old is None or old == row:
                continue
            names = {name for name in row if name not in _SYSTEM and row[name] != old[name]}
            released = {name for name in names if _is_released(table, name, old, row, gone)}
            if released and names == released:
                continue
            holding = [
                g for g in roles.of(table, "update") if g.holds and (g.rows is None or truth(g.rows, before, row_id))
            ]
            if view.shown(table, row_id) is None or not any(
                _changes(g, old, after, row_id, names - released, view, new) for g in holding
            ):
                yield f"{table} {row_id} is changed: {sorted(names)} {old} -> {row}"


def _is_cascade(table: str, row: dict[str, Any], gone: set[tuple[str, int]]) -> bool:
    return any(
        near == table and how == "cascade" and (RELATIONS[table][link][0], row[link]) in gone
        for (near, link), how in ON_DELETE.items()
    )


def _is_released(table: str, name: str, old: dict[str, Any], row: dict[str, Any], gone: set[tuple[str, int]]) -> bool:
    if TYPES[table].get(name) == "link":
        return row[name] is None and (RELATIONS[table][name][0], old[name]) in gone
    if TYPES[table].get(name) == "links":
        far = RELATIONS[table][name][0]
        return bool(row[name] == [number for number in old[name] if (far, number) not in gone])
    return False


def _may_link(table: str, name: str, old: Any, value: Any, view: View, new: set[tuple[str, int]]) -> bool:
    far = RELATIONS[table][name][0]
    added = _links(table, name, value) - _links(table, name, old)
    return all(number in view.rows[far] or (far, number) in new for number in added)


def _adds(grant: Grant, after: State, row_id: int, view: View, new: set[tuple[str, int]]) -> bool:
    table = grant.table
    row = after[table][row_id]
    allowed = grant.names(writes=True)
    if not NEXT <= row_id < NEXT + 100 and "id" not in allowed:
        return False
    for name in TYPES[table]:
        if name in GIVEN[table]:
            continue
        if name in grant.presets:
            if not _same(row[name], grant.presets[name]):
                return False
        elif row[name] != default(table, name) and name not in allowed:
            return False
        is_link = TYPES[table][name] in ("link", "links") and name not in grant.presets
        if is_link and not _may_link(table, name, None, row[name], view, new):
            return False
    if table == "Person" and (row["owner"] != ID or row["number"] < NEXT):
        return False
    if row["_created"] != MOMENT:
        return False
    check = grant.checked("create")
    return check is None or truth(check, after, row_id) is True


def _changes(
    grant: Grant, old: dict[str, Any], after: State, row_id: int, names: set[str], view: View,
    new: set[tuple[str, int]],
) -> bool:  # fmt: skip
    table, row = grant.table, after[grant.table][row_id]
    if not names <= grant.names(writes=True) | set(grant.presets):
        return False
    if any(not _same(row[name], value) for name, value in grant.presets.items()):
        return False
    if row["_version"] == old["_version"]:
        return False
    for name in names:
        is_link = TYPES[table].get(name) in ("link", "links") and name not in grant.presets
        if is_link and not _may_link(table, name, old[name], row[name], view, new):
            return False
    check = grant.checked("update")
    return check is None or truth(check, after, row_id) is True
