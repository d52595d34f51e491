"""Upserts (PostgREST, "Tables and Views": Upsert): rows are added, or update the existing rows that a uniqueness finds.

Existing rows are found and locked, then updated by their ids. The others are added with ON CONFLICT DO NOTHING; rows
that another transaction added in between are found in the next round. Unlike ON CONFLICT DO UPDATE this needs no values
for fields that stay as they are, and shows on both databases which rows were added.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.access.grants import Action
from dynmodel_pyramid.access.scope import Permit
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.definitions.store import insert_or_update, now
from dynmodel_pyramid.errors import Busy, Conflict
from dynmodel_pyramid.rows.entries import Columns, Entry, read_entries
from dynmodel_pyramid.rows.filtered import bound
from dynmodel_pyramid.rows.permits import first_presets
from dynmodel_pyramid.rows.repeating import refuse_changes
from dynmodel_pyramid.rows.service import Rows, by_field, rows_of
from dynmodel_pyramid.rows.targets import BY_ID, Target, find_rows, targets_of
from dynmodel_pyramid.rows.violations import Candidate, write_all
from dynmodel_pyramid.rows.written_rows import WrittenRows

_NEEDED: tuple[Action, ...] = ("create", "update")
#: The most rounds of finding and adding rows before the upsert fails as busy.
ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Upserted:
    """
    :param ids: the ids of the written rows, in the order of the documents
    :param inserted: the ids of new rows
    """

    ids: list[int]
    inserted: frozenset[int]


class Upsert:
    """One upsert, of valid rows.

    Made before the transaction begins, as :meth:`Rows.read` is called.

    :param on_conflict: the fields of the uniqueness by which existing rows are found; None for the id, with ``ignore``
        for each uniqueness
    :param ignore: leave existing rows as they are
    :param columns: read only these fields
    :param first: the number of the first document
    :param seen: the rows that the same request has written before
    :raises Malformed: the table has no such uniqueness, or no such column
    :raises Invalid: with every fault of the documents
    :raises Forbidden: the caller has no grant to add rows, or none to change any
    """

    def __init__(
        self,
        rows: Rows,
        documents: Sequence[Any],
        on_conflict: Sequence[str] | None = None,
        *,
        ignore: bool = False,
        columns: Columns | None = None,
        pointers: bool = True,
        first: int = 0,
        seen: WrittenRows | None = None,
    ) -> None:
        self.rows = rows
        self.ignore = ignore
        for action in _NEEDED[: 1 if ignore else None]:
            permits = rows.permits(action)
            if permits is not None:
                permits.refuse_none()
        self.targets = targets_of(rows.model, on_conflict, rows.scope.view, ignore=ignore)
        self._names = tuple(name for target in self.targets for name in target.names)
        self._seen = seen
        #: Which links are checked (:meth:`Links.refuse_missing_rows`).
        self._own: bool | None = None
        self._above = 0
        self.entries = read_entries(
            rows, documents, columns or Columns(rows), pointers=pointers, first=first, known_by=self._names
        )

    def run(
        self,
        connection: sa.Connection,
        entries: list[Entry] | None = None,
        *,
        above: int = 0,
        own_links: bool = True,
    ) -> Upserted:
        """Write the rows, all or none.

        :param entries: the entries of another upsert of the same request, instead of its own
        :param above: and ``own_links``: see :meth:`Rows.insert`
        :raises Invalid: two documents are the same row, or a new row lacks a required value
        :raises Conflict: the caller may not read an existing row
        :raises Forbidden: the caller may not add or change one of the rows
        :raises Busy: others kept writing the same rows
        """
        self.entries = self.entries if entries is None else entries
        self._find_linked(connection)
        self._own = None if own_links else False
        self._above = above
        inserted: set[int] = set()
        merged: dict[int, Entry] = {}
        waiting = self.entries
        for _ in range(ROUNDS):
            existing = self._hold(connection, self._find(connection, waiting))
            self._merge(existing, merged, inserted)
            absent = [entry for entry in waiting if entry.number not in existing]
            inserted |= self._insert(connection, absent)
            waiting = [entry for entry in absent if entry.row_id is None]
            if not waiting:
                break
        else:
            if len(self.targets) > 1:
                raise Conflict("another row has the same value that the system gives", code="unique_violation")
            raise Busy("other requests write the same rows")
        self._update(connection, list(merged.values()))
        ids = [entry.written_id for entry in self.entries if entry.row_id in inserted or entry.row_id in merged]
        return Upserted(list(dict.fromkeys(ids)), frozenset(inserted))

    # Finding

    def _find_linked(self, connection: sa.Connection) -> None:
        """Put ids in the place of keys in the entries' links."""
        values = [entry.values for entry in self.entries]
        others = [part for entry in self.entries for part in (entry.row, entry.assigned, entry.document)]
        self.rows.resolve(connection, values, [entry.pointer for entry in self.entries], copies=others)

    def _find(self, connection: sa.Connection, entries: Sequence[Entry]) -> dict[int, int]:
        """The ids of existing rows, by the entries' numbers."""
        existing: dict[int, int] = {}
        for target in self.targets:
            existing |= self._find_by(target, connection, [entry for entry in entries if entry.number not in existing])
        return existing

    def _find_by(self, target: Target, connection: sa.Connection, entries: Iterable[Entry]) -> dict[int, int]:
        key = self.rows.model.table.c.id
        entries = [entry for entry in entries if target.may_be_there(entry.row)]
        if target is BY_ID:
            there = set(
                self._scalars(connection, sa.select(key).where(self._among(entry.row["id"] for entry in entries)))
            )
            return {entry.number: entry.row["id"] for entry in entries if entry.row["id"] in there}
        wanted = [(entry.number, entry.row) for entry in entries]
        return find_rows(connection, self.rows.model.table, target, wanted, self.rows.options)

    def _among(self, ids: Iterable[int]) -> sa.ColumnElement[bool]:
        return self.rows.catalogue.database.dialect.among(self.rows.model.table.c.id, sorted(set(ids)))

    def _scalars(self, connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]]) -> Iterable[int]:
        return connection.scalars(statement, execution_options=self.rows.options)

    def _hold(self, connection: sa.Connection, existing: dict[int, int]) -> dict[int, int]:
        """Lock the found rows until the transaction ends; -> those that are still the ones that were found."""
        if self.ignore or not existing:
            return existing
        table = self.rows.model.table
        among = self._among(existing.values())
        list(self._scalars(connection, sa.select(table.c.id).where(among).order_by(table.c.id).with_for_update()))
        if not self.rows.catalogue.database.dialect.confirms_first:
            # Another transaction may have changed or deleted them before they were locked.
            existing = self._find(connection, [entry for entry in self.entries if entry.number in existing])
        if not self.rows.scopes.are_whole:
            self._refuse_unread(connection, set(existing.values()))
        return existing

    def _refuse_unread(self, connection: sa.Connection, ids: set[int]) -> None:
        """:raises Conflict: the caller may not read one of these rows, or not the values that it is known by there; so
        much a unique rule tells
        """
        view, by_name = self.rows.scope.view, self.rows.model.definition.by_name
        source = view.source()
        among = self.rows.catalogue.database.dialect.among(source.c.id, sorted(ids))
        shown = [view.shown(source, by_name[name]) for name in self._names if name in by_name]
        query = sa.select(source.c.id).where(among, *[condition for condition in shown if condition is not None])
        values = self.rows.scope.values
        if not ids <= set(connection.scalars(query, values, execution_options={"compiled_cache": None})):
            raise Conflict("another row has the same values", code="unique_violation")

    def _merge(self, existing: dict[int, int], merged: dict[int, Entry], inserted: set[int]) -> None:
        problems = Problems()
        seen = self._seen.among(existing.values()) if self._seen is not None and not self.ignore else ()
        for entry in self.entries:
            if entry.number in existing and entry.row_id is None:
                row_id = entry.row_id = existing[entry.number]
                if self.ignore:
                    continue
                if row_id in merged or row_id in inserted or row_id in seen:
                    problems.add(entry.pointer, "duplicate_item", "another document is the same row: send one of them")
                merged[row_id] = entry
        problems.raise_if_any()

    # Adding

    def _insert(self, connection: sa.Connection, entries: list[Entry]) -> set[int]:
        """Add the rows that still do not exist; their entries get the ids."""
        problems = Problems()
        for entry in entries:
            entry.faults_if_new.tell(problems)
        problems.raise_if_any()
        if not entries:
            return set()
        rows = self.rows
        dialect = rows.catalogue.database.dialect
        chosen = [entry.row["id"] for entry in entries if entry.row["id"] is not None]
        drawn = iter(
            dialect.reserve_ids(
                connection, rows.model.table, len(entries) - len(chosen), above=max([self._above, *chosen])
            )
        )
        ids = [next(drawn) if entry.row["id"] is None else entry.row["id"] for entry in entries]
        values = [entry.values for entry in entries]
        rows.announce(connection, "insert", ids, values, [entry.pointer for entry in entries])
        allowed = self._allowed_new(entries)
        if rows.links.are_checked:
            pointers = [entry.pointer for entry in entries]
            rows.links.refuse_missing_rows(connection, rows.scopes, values, pointers, ids, own=self._own)
        added = self._try_all(connection, entries, ids)
        while len(added) < len(entries):
            # If a row is not added, its drawn numbers would leave a gap, so the insert is repeated without the row.
            by_id = dict(zip(reversed(ids), reversed(entries), strict=True))
            ids = [row_id for row_id in dict.fromkeys(ids) if row_id in added]
            entries = [by_id[row_id] for row_id in ids]
            added = self._try_all(connection, entries, ids) if ids else set()
        for entry, row_id in zip(entries, ids, strict=True):
            entry.row_id = row_id
        self._check(connection, "create", {entry.written_id: allowed.get(entry.number, ()) for entry in entries})
        if ids:
            rows.report(connection, "insert", [(row_id, 1) for row_id in ids])
        return set(ids)

    def _allowed_new(self, entries: Iterable[Entry]) -> dict[int, Sequence[Permit]]:
        """The permits for new rows, by the entries' numbers; their presets are among the values then.

        Grants that set other values than the first ones are not tried here, unlike for rows that are only added.

        :raises Forbidden: there is none for a row
        """
        permits = self.rows.permits("create")
        allowed: dict[int, Sequence[Permit]] = {}
        if permits is not None:
            for entry in entries:
                missing = [name for name in self._required if entry.values.get(name) is None]
                able = permits.covering(entry.document, entry.values, missing)
                presets, allowed[entry.number] = first_presets(able)
                entry.values.update(presets)
        return allowed

    @property
    def _required(self) -> list[str]:
        return [field.name for field in self.rows.reader.fields if field.required]

    def _check(self, connection: sa.Connection, action: Action, allowed: Mapping[int, Sequence[Permit]]) -> None:
        """:raises Forbidden: no permit allows a written row as it is now"""
        permits = self.rows.permits(action)
        if permits is not None and permits.failing(connection, allowed):
            raise permits.refused_check()

    def _try_all(self, connection: sa.Connection, entries: Sequence[Entry], ids: Sequence[int]) -> set[int]:
        """As :meth:`_try`.

        :raises Violation: rows break other rules than those by which existing rows are found
        """
        added: set[int] = set()

        def write(places: Sequence[int]) -> None:
            added.update(self._try(connection, [entries[place] for place in places], [ids[place] for place in places]))

        candidates = partial(self._candidates, entries)
        write_all(connection, self.rows, candidates, len(ids), write)
        return added

    def _candidates(self, entries: Sequence[Entry]) -> list[Candidate]:
        """New rows for messages of the database's refusals."""
        knows_all = self.rows.permits("create") is None
        return [
            Candidate(
                entry.pointer,
                entry.values if entry.row["id"] is None else {**entry.values, "id": entry.row["id"]},
                None if knows_all else entry.named,
            )
            for entry in entries
        ]

    def _try(self, connection: sa.Connection, entries: Sequence[Entry], ids: Sequence[int]) -> set[int]:
        """Add the rows that do not exist; -> the ids of the new ones."""
        rows, table = self.rows, self.rows.model.table
        in_any_order = rows.catalogue.database.dialect.foreign_keys_deferred
        insert = insert_or_update(connection, table)
        if len(self.targets) > 1:
            insert = insert.on_conflict_do_nothing()
        elif not self.targets[0].system_values:
            # A new system value belongs to no row yet; if it does, that is a violation.
            insert = insert.on_conflict_do_nothing(index_elements=self.targets[0].columns(table))
        statement = insert.returning(table.c.id)
        with in_any_order(connection) if self._own is None and rows.links.refer_to_itself else nullcontext():
            with connection.begin_nested() as savepoint:
                stored = rows.made(connection, ids, by_field([entry.values for entry in entries]))
                parameters = rows_of(stored, table.c.keys())
                added = set(connection.scalars(statement, parameters, execution_options=rows.options))
                if len(added) < len(entries):
                    savepoint.rollback()
                else:
                    pairs = [(row_id, entry.values) for row_id, entry in zip(ids, entries, strict=True)]
                    rows.links.insert(connection, pairs, rows.options)
        return added

    # Writing over

    def _update(self, connection: sa.Connection, entries: list[Entry]) -> None:
        """Assign the documents' values: one statement for all documents with the same fields."""
        entries = [entry for entry in entries if entry.named or entry.assigned]
        if not entries:
            return
        self._refuse_changes(connection, entries)
        allowed = self._allowed_changes(connection, entries)
        rows, moment = self.rows, now()
        changed_ids, pointers = [entry.written_id for entry in entries], [entry.pointer for entry in entries]
        rows.announce(connection, "update", changed_ids, [entry.assigned for entry in entries], pointers)
        table = rows.model.table
        groups: dict[tuple[str, ...], list[Entry]] = {}
        for entry in entries:
            if entry.assigned:
                groups.setdefault(tuple(entry.assigned), []).append(entry)
        if rows.links.are_checked:
            changed = [entry for group in groups.values() for entry in group]
            pointers = [entry.pointer for entry in changed]
            sent = [
                {name: value for name, value in entry.assigned.items() if name not in entry.presets}
                for entry in changed
            ]
            named = frozenset[str]().union(*sent)
            held = rows.held_links(connection, [entry.written_id for entry in changed], named)
            rows.links.refuse_missing_rows(connection, rows.scopes, sent, pointers, own=self._own, held=held)
        system_values = rows.filler(connection, moment).of_changed_row(rows.given) if groups and rows.given else {}
        for names, group in groups.items():
            columns = [name for name in names if name in table.c]
            assigned: dict[sa.Column[Any], Any] = {table.c[name]: bound(table, name, None) for name in columns}
            assigned |= {table.c[name]: bound(table, name, value) for name, value in system_values.items()}
            assigned |= {table.c._version: table.c._version + 1, table.c._updated: moment}
            statement = sa.update(table).where(table.c.id == sa.bindparam("_row_id")).values(assigned)
            parameters = [
                {f"_set_{name}": value for name, value in system_values.items()}
                | {f"_set_{name}": entry.assigned[name] for name in columns}
                | {"_row_id": entry.row_id}
                for entry in group
            ]

            assign = partial(self._assign, connection, statement, parameters)
            write_all(connection, rows, partial(_changed, group), len(group), assign)
            rows.links.replace_all(connection, [(entry.written_id, entry.assigned) for entry in group], rows.options)
        self._check(connection, "update", allowed)
        ids = [entry.written_id for group in groups.values() for entry in group]
        if ids:
            versions = sa.select(table.c.id, table.c._version).where(self._among(ids)).order_by(table.c.id)
            written = connection.execute(versions, execution_options=rows.options)
            rows.report(connection, "update", [tuple(row) for row in written])

    def _assign(
        self,
        connection: sa.Connection,
        statement: sa.Update,
        parameters: Sequence[dict[str, Any]],
        places: Sequence[int],
    ) -> None:
        some = [parameters[place] for place in places]
        connection.execute(statement, some, execution_options=self.rows.options)

    def _allowed_changes(self, connection: sa.Connection, entries: Sequence[Entry]) -> dict[int, Sequence[Permit]]:
        """The permits for rows that are written over, by their ids; presets as in :meth:`_allowed_new`.

        :raises Forbidden: there is none for a row
        """
        permits = self.rows.permits("update")
        allowed: dict[int, Sequence[Permit]] = {}
        if permits is None:
            return allowed
        holding = permits.holding(connection, [entry.written_id for entry in entries], permits.permits)
        for entry in entries:
            able = permits.only(holding.get(entry.written_id, ()))
            presets, allowed[entry.written_id] = first_presets(able.covering(entry.assigned, entry.assigned))
            entry.assigned.update(presets)
            entry.presets = frozenset(presets)
        return allowed

    def _refuse_changes(self, connection: sa.Connection, entries: list[Entry]) -> None:
        """Note changes of values that a document may only repeat, the id among them."""
        reader, problems, rights = self.rows.reader, Problems(), self.rows.rights("update")
        comparing = {}
        for entry in entries:
            sent_id = entry.row["id"]
            if sent_id is not None and sent_id != entry.row_id:
                problems.add(f"{entry.pointer}/id", "read_only", "the id of a row never changes")
            if not reader.repeatable.isdisjoint(entry.named):
                comparing[entry.written_id] = entry
        for body in self.rows.encode(connection, list(comparing)) if comparing else ():
            current = orjson.loads(body)
            entry = comparing[current["id"]]
            sink = entry.told(problems)
            refuse_changes(reader, entry.document, partial(dict, current), sink, rights)
        problems.raise_if_any()


def _changed(entries: Sequence[Entry]) -> list[Candidate]:
    """Existing rows for messages of the database's refusals."""
    return [
        Candidate(entry.pointer, entry.assigned, entry.assigned.keys() - entry.presets, entry.row_id)
        for entry in entries
    ]
