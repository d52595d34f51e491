"""The row service for callers of whom not everything is allowed: what each grant allows, row by row."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.grants import Action
from dynmodel_pyramid.access.scope import Permit
from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.column_expressions import reverse_sides as sides_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.queries.sql.subjects import SYSTEM
from dynmodel_pyramid.queries.sql.views import ReverseSides
from dynmodel_pyramid.rows.links import Held
from dynmodel_pyramid.rows.permits import Permits, by_presets
from dynmodel_pyramid.rows.reading import Rights
from dynmodel_pyramid.rows.repeating import same_value
from dynmodel_pyramid.rows.service import NewRows, Rows
from dynmodel_pyramid.rows.violations import write_all


def row_service(catalogue: Catalogue, model: Model, scopes: Scopes, *, author: str | None = None) -> Rows:
    """The rows of a table, for one caller."""
    kind = Rows if scopes.scope(model).permits_of is None else PermittedRows
    return kind(catalogue, model, scopes, author=author)


@dataclass(frozen=True, slots=True)
class _Trial:
    """Values to write to a row, and the permits that may allow the row as it is then."""

    values: dict[str, Any]
    permits: tuple[Permit, ...]


class PermittedRows(Rows):
    """See the module."""

    def permits(self, action: Action) -> Permits:
        return Permits(self, action, self.scope.of(action) or ())

    def rights(self, action: Action) -> Rights:
        presets = frozenset(name for permit in self.scope.of(action) or () for name in permit.presets)
        filled = self.reader.required if self.catalogue.watches_wanted_rows else frozenset[str]()
        return Rights(lambda name: self.knows(name, action), presets | filled)

    def knows(self, name: str, action: Action) -> bool:
        if not super().knows(name, action):
            return False
        name = self.former_names.get(name, name)
        side = sides_of(self.model).get(name)
        if side is not None:
            return ReverseSides(self.models, self.scopes).exists(side)
        return name in SYSTEM or self.scope.knows(name, action)

    @property
    def former_names(self) -> Mapping[str, str]:
        names = self.reader.aliases.names
        return {former: name for former, name in names.items() if self.scope.exists(name)} if names else names

    # Adding

    def read(self, documents: Sequence[Any], *, pointers: bool, first: int = 0) -> NewRows:
        permits = self.permits("create")
        permits.refuse_none()
        return self._covered(super().read(documents, pointers=pointers, first=first), permits)

    def read_columns(
        self, columns: Mapping[str, Sequence[Any]], count: int, *, pointers: bool, first: int
    ) -> NewRows | None:
        permits = self.permits("create")
        permits.refuse_none()
        rows = super().read_columns(columns, count, pointers=pointers, first=first)
        return None if rows is None else self._covered(rows, permits)

    def _covered(self, rows: NewRows, permits: Permits) -> NewRows:
        """:raises Forbidden: no grant covers the fields of a row"""
        for values, sent in zip(rows.values, rows.sent, strict=True):
            # Whoever is told of the rows before they are written may give them what they lack.
            permits.covering(sent, values, () if self.catalogue.watches_wanted_rows else self.missing(values))
        return rows

    def refuse_missing(self, rows: Sequence[dict[str, Any]], pointers: Sequence[str]) -> None:
        """Nothing: what a row lacks, a grant may set."""

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Required fields without a value: a grant has to set them."""
        return [field.name for field in self.reader.fields if field.required and values.get(field.name) is None]

    def insert(self, connection: sa.Connection, rows: NewRows, *, above: int = 0, own_links: bool = True) -> list[int]:
        if not rows.values:
            return []
        permits = self.permits("create")
        ids = self.draw_ids(connection, rows.ids, above=above)
        self.resolve(connection, rows.values, rows.places, ids)
        self.announce(connection, "insert", ids, rows.values, rows.places)
        if self.links.are_checked:
            own = None if own_links else False
            self.links.refuse_missing_rows(connection, self.scopes, rows.values, rows.places, ids, own=own)
        trials = [
            (values, by_presets(permits.covering(sent, values, self.missing(values))))
            for values, sent in zip(rows.values, rows.sent, strict=True)
        ]
        if len(set(ids)) < len(ids):
            # The client gives an id twice: the database refuses it.
            return super().insert(connection, rows, above=above, own_links=own_links)
        pointers = dict(zip(ids, rows.places, strict=True))

        def write(places: Sequence[int]) -> None:
            waiting = {ids[place]: trials[place] for place in places}
            while waiting:
                waiting = self._insert_some(connection, permits, waiting, pointers)

        tries_once = all(len(permits) == 1 for _, permits in trials)
        undo = self.undoing(connection, rows, ids) if tries_once else None
        with self.in_any_order(connection) if own_links else nullcontext():
            write_all(connection, self, rows.candidates, len(ids), write, undo)
        self.report(connection, "insert", [(row_id, 1) for row_id in ids])
        return ids

    def _insert_some(
        self, connection: sa.Connection, permits: Permits, waiting: dict[int, Any], pointers: Mapping[int, str]
    ) -> dict[int, Any]:
        """Add the rows under the first permits that may allow each; -> those that these do not allow, with the others.

        :raises Forbidden: a row has no others
        """
        is_last = all(len(trials) == 1 for _, trials in waiting.values())
        savepoint = None if is_last else connection.begin_nested()
        stored = [dict(values) | dict(trials[0][0]) for values, trials in waiting.values()]
        self.store(connection, list(waiting), stored)
        failing = permits.failing(connection, {row_id: trials[0][1] for row_id, (_, trials) in waiting.items()})
        if not failing:
            if savepoint is not None:
                savepoint.commit()
            return {}
        refused = [row_id for row_id in failing if len(waiting[row_id][1]) == 1]
        if refused:
            raise permits.refused_check([pointers[row_id] for row_id in sorted(refused)])
        assert savepoint is not None  # as the failing rows have others
        savepoint.rollback()
        passing = {row_id: entry for row_id, entry in waiting.items() if row_id not in failing}
        if passing:
            self._insert_only(connection, permits, passing)
        return {row_id: (waiting[row_id][0], waiting[row_id][1][1:]) for row_id in waiting if row_id in failing}

    def _insert_only(self, connection: sa.Connection, permits: Permits, rows: dict[int, Any]) -> None:
        """Add rows that their first permits allow. A check that looks at other rows may have changed its mind."""
        self.store(connection, list(rows), [dict(values) | dict(trials[0][0]) for values, trials in rows.values()])
        if permits.failing(connection, {row_id: trials[0][1] for row_id, (_, trials) in rows.items()}):
            raise permits.refused_check()

    # Changing

    def replace(
        self, connection: sa.Connection, row_id: int, document: Any, versions: Sequence[int] | None = None
    ) -> int | None:
        return self._write(connection, row_id, document, versions, replaces=True)

    def assign(
        self, connection: sa.Connection, row_id: int, document: Any, versions: Sequence[int] | None = None
    ) -> int | None:
        return self._write(connection, row_id, document, versions, replaces=False)

    def _write(
        self, connection: sa.Connection, row_id: int, document: Any, versions: Sequence[int] | None, *, replaces: bool
    ) -> int | None:
        permits = self.permits("update")
        permits.refuse_none()
        current = self._current(connection, row_id, versions)
        row = current()
        if row is None:
            return None
        allowed = permits.holding(connection, [row_id], permits.permits).get(row_id, ())
        if not allowed:
            raise permits.refused()
        rights = self.rights("update")
        hidden = self._hidden(connection, [row_id])[row_id] if replaces or _has_null(document) else set()
        if replaces:
            writable = frozenset(name for permit in allowed for name in permit.names)
            kept = frozenset(name for name in self.reader.by_name if name not in writable or name in hidden)
            rights = Rights(rights.knows, rights.presets, kept)
            read = partial(self.reader.whole, rights=rights, moment=now(), replaces=True)
        else:
            read = partial(self.reader.part, rights=rights)
        document, values = self._read(connection, read, row_id, document, current)
        # PUT repeats what was read, so the null that a row shows for a hidden value leaves that value. PATCH sets null.
        repeatable = {name for name in values if name in document and name in row and (replaces or name not in hidden)}
        repeated = {name for name in repeatable if self._repeats(name, document, row)}
        changed = {name for name in values if name in document} - repeated
        trials = self._trials(permits, allowed, values, changed, repeated)
        for number, trial in enumerate(trials):
            savepoint = connection.begin_nested() if number + 1 < len(trials) else None
            preset_alone = trial.permits[0].presets.keys() - changed
            version = self._update(connection, row_id, trial.values, versions, preset_alone)
            if not permits.failing(connection, {row_id: trial.permits}):
                if savepoint is not None:
                    savepoint.commit()
                return version
            if savepoint is not None:
                savepoint.rollback()
        raise permits.refused_check()

    def held_links(self, connection: sa.Connection, ids: Sequence[int], names: Collection[str]) -> list[Held]:
        # Else a client could guess which rows a link that it may not read refers to.
        held = super().held_links(connection, ids, names)
        hidden = self._hidden(connection, ids) if any(held) else {}
        return [
            {name: frozenset() if name in hidden[row_id] else values for name, values in known.items()}
            for row_id, known in zip(ids, held, strict=True)
        ]

    def _repeats(self, name: str, document: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        return same_value(self.reader, name, document[name], row[name])

    @staticmethod
    def _trials(
        permits: Permits, allowed: Sequence[Permit], values: dict[str, Any], changed: set[str], repeated: set[str]
    ) -> list[_Trial]:
        covering = permits.only(allowed).covering(changed, values)
        trials: list[_Trial] = []
        for permit in covering:
            wanted = {name: value for name, value in values.items() if name in changed or name in permit.names}
            wanted = {name: value for name, value in wanted.items() if name not in repeated} | dict(permit.presets)
            if trials and trials[-1].values == wanted:
                trials[-1] = _Trial(wanted, (*trials[-1].permits, permit))
            else:
                trials.append(_Trial(wanted, (permit,)))
        return trials

    def _hidden(self, connection: sa.Connection, ids: Sequence[int]) -> dict[int, set[str]]:
        """For each row the fields whose values the caller may not read in it."""
        view = self.scope.view
        source = view.source()
        fields = self.model.definition.fields
        never = {field.name for field in fields if not view.may_read(field.name)}
        flags = {field.name: shown for field in fields if (shown := view.shown(source, field)) is not None}
        hidden = {row_id: never | flags.keys() for row_id in ids}
        if not flags:
            return hidden
        among = self.catalogue.database.dialect.among(source.c.id, list(ids))
        query = sa.select(source.c.id, *flags.values()).where(among)
        for row in connection.execute(query, self.scope.values, execution_options={"compiled_cache": None}):
            hidden[row[0]] = never | {name for name, is_shown in zip(flags, row[1:], strict=True) if not is_shown}
        return hidden

    # Deleting

    def delete(self, connection: sa.Connection, row_id: int, versions: Sequence[int] | None = None) -> bool:
        permits = self.permits("delete")
        permits.refuse_none()
        if self._current(connection, row_id, versions)() is None:
            return False
        if not permits.holding(connection, [row_id], permits.permits):
            raise permits.refused()
        return super().delete(connection, row_id, versions)


def _has_null(document: Any) -> bool:
    return type(document) is dict and None in document.values()
