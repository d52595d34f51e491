"""Writes to all rows that a filter finds (PostgREST, "Tables and Views": Update, Delete).

The rows are first found and locked, in order; then they are written by their ids, many in one statement. So exactly the
found rows are reported, and limit and order mean the same as in a query.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.access.scope import Permit
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.fields.numerals import whole
from dynmodel_pyramid.queries.grammar.syntax import Column, Field, Level, Query
from dynmodel_pyramid.queries.sql.planning import plan
from dynmodel_pyramid.queries.sql.statements import cut
from dynmodel_pyramid.rows.permits import Permits, by_presets
from dynmodel_pyramid.rows.repeating import refuse_changes
from dynmodel_pyramid.rows.sent_names import renamed
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.violations import Candidate, telling

#: How many rows one statement writes, and how many are read at a time to compare their values.
BATCH = 10_000
#: A document of at most so many characters may be assigned to any number of rows.
LONG = 1000


class Filtered:
    """The rows that a query finds, to be written.

    Made before the transaction begins, so that all tables that the query names are known to the caller's attempt.

    :param level: the query's level for the table's own rows: filters, and maybe order, limit and offset
    :param most: refuse to write more rows than that
    :raises Malformed: there is no filter (``missing_filter``), or the query has an unknown name
    """

    def __init__(self, rows: Rows, level: Level, *, most: int | None = None) -> None:
        if not level.filters:
            raise Malformed(
                "no filter says which rows are meant",
                code="missing_filter",
                hint="name them, as in ?id=in.(1,2); all rows have an id: ?id=gt.0",
            )
        self.rows = rows
        self.most = most
        query = Query((Field(Column("id")),), (replace(level, path=()),))
        id_plan = plan(rows.model, query, rows.models, rows.scopes)
        page = cut(id_plan.statement, level.limit, level.offset)
        ids = page.with_only_columns(id_plan.table.c.id, maintain_column_froms=True)
        self._found = ids.with_for_update(of=id_plan.table)
        self._values = rows.scopes.values(rows.model, tuple(id_plan.versions))

    def ids(self, connection: sa.Connection) -> list[int]:
        """The ids of the found rows, in the query's order; nobody else can write the rows until the transaction ends.

        :raises Malformed: they are more than ``most`` (``too_many_affected``)
        """
        database = self.rows.catalogue.database
        database.dialect.bound_statements(connection, database.settings.statement_timeout)
        ids = list(connection.scalars(self._found, self._values, execution_options={"compiled_cache": None}))
        database.dialect.unbound_statements(connection)
        if self.most is not None and len(ids) > self.most:
            raise Malformed(
                f"{len(ids)} rows are found, and at most {self.most} were to be written",
                code="too_many_affected",
                hint="nothing was changed; filter more narrowly, or allow more: Prefer: max-affected=N",
                count=len(ids),
            )
        return ids

    def update(self, connection: sa.Connection, document: Any) -> list[int]:
        """Assign the fields that the document names, to each row as :meth:`Rows.assign` does; -> the rows' ids.

        Rows that the caller may not change are passed over.

        :raises Invalid: with every fault of the document
        :raises TooLarge: a long value for many rows
        :raises Forbidden: no grant is for these fields, or allows a row as it would be
        """
        permits = self.rows.permits("update")
        if permits is not None:
            permits.refuse_none()
        ids = self.ids(connection)
        self._refuse_too_much(document, len(ids))
        values = self._read(connection, document, ids)
        if not values or not ids:
            return ids
        if permits is None:
            self._assign(connection, values, ids)
            return ids
        allowed = permits.holding(connection, ids, permits.covering(values.keys(), values))
        self._assign_some(connection, permits, values, allowed)
        return list(allowed)

    def _assign_some(
        self,
        connection: sa.Connection,
        permits: Permits,
        values: dict[str, Any],
        allowed: Mapping[int, Sequence[Permit]],
    ) -> None:
        """Assign values as grants allow it: those that set further values themselves are tried one after another."""
        waiting = {row_id: by_presets(row_permits) for row_id, row_permits in allowed.items()}
        while waiting:
            presets = next(iter(waiting.values()))[0][0]
            now_tried = {row_id: trials for row_id, trials in waiting.items() if trials[0][0] == presets}
            savepoint = connection.begin_nested() if any(len(trials) > 1 for trials in now_tried.values()) else None
            self._assign(connection, values | dict(presets), list(now_tried), presets.keys() - values.keys())
            failing = permits.failing(connection, {row_id: trials[0][1] for row_id, trials in now_tried.items()})
            if any(len(now_tried[row_id]) == 1 for row_id in failing):
                raise permits.refused_check()
            if failing and savepoint is not None:
                savepoint.rollback()
                for row_id in failing:
                    waiting[row_id] = waiting[row_id][1:]
                continue
            if savepoint is not None:
                savepoint.commit()
            for row_id in now_tried:
                del waiting[row_id]

    def _assign(
        self, connection: sa.Connection, values: dict[str, Any], ids: Sequence[int], presets: Collection[str] = ()
    ) -> None:
        for filled, some in self._announced(connection, values, ids):
            self._assign_alike(connection, filled, some, presets)

    def _announced(
        self, connection: sa.Connection, values: dict[str, Any], ids: Sequence[int]
    ) -> Iterator[tuple[dict[str, Any], Sequence[int]]]:
        """The values for rows, which may differ once somebody was told of the rows."""
        if not self.rows.catalogue.watches_wanted_rows:
            yield values, ids
            return
        for part in batches(ids):
            copies = [dict(values) for _ in part]
            self.rows.announce(connection, "update", part, copies, [""] * len(part))
            alike: dict[str, tuple[dict[str, Any], list[int]]] = {}
            for row_id, filled in zip(part, copies, strict=True):
                alike.setdefault(repr(filled), (filled, []))[1].append(row_id)
            yield from alike.values()

    def _assign_alike(
        self, connection: sa.Connection, values: dict[str, Any], ids: Sequence[int], presets: Collection[str]
    ) -> None:
        rows = self.rows
        if rows.links.are_checked:
            sent = {name: value for name, value in values.items() if name not in presets}
            # An id is new unless each of the rows holds it.
            held = rows.held_links(connection, ids, sent)
            common = {name: frozenset.intersection(*[each[name] for each in held]) for name in held[0]} if held else {}
            rows.links.refuse_missing_rows(connection, rows.scopes, [sent], [""], held=[common])
        table, moment = rows.model.table, now()
        columns = {name: value for name, value in values.items() if name in table.c}
        if rows.given:
            columns |= rows.filler(connection, moment).of_changed_row(rows.given)
        assigned: dict[sa.Column[Any], Any] = {
            table.c[name]: bound(table, name, value) for name, value in columns.items()
        }
        assigned |= {table.c._version: table.c._version + 1, table.c._updated: moment}
        statement = sa.update(table).values(assigned)
        for part in batches(ids):
            with telling(rows, lambda: Candidate("", values, values.keys() - set(presets))):
                self._write(connection, "update", statement, part)
            rows.links.replace_all(connection, [(row_id, values) for row_id in part], rows.options)

    def delete(self, connection: sa.Connection, before: Callable[[list[int]], None] | None = None) -> list[int]:
        """Delete the rows, and apply ``on_delete`` to the rows that refer to them; -> the ids.

        Rows that the caller may not delete are passed over.

        :param before: called with the ids while the rows still exist
        :raises Conflict: a row that stays refers to one of them and its field restricts that
        """
        rows, permits = self.rows, self.rows.permits("delete")
        if permits is not None:
            permits.refuse_none()
        ids = self.ids(connection)
        if permits is not None:
            ids = list(permits.holding(connection, ids, permits.permits))
        if before is not None:
            before(ids)
        if rows.model.definition.referrers:
            rows.cascade(connection).delete(rows.model, ids)
            return ids
        table = rows.model.table
        for part in batches(ids):
            rows.announce_deletion(connection, part)
            self._write(connection, "delete", sa.delete(table), part)
        return ids

    def _refuse_too_much(self, document: Any, count: int) -> None:
        """Refuse a long value for many rows as if the body had it once for each row.

        :raises TooLarge: that body would be too long
        """
        size, most = len(str(document)), self.rows.catalogue.database.settings.max_body_size
        if size > LONG and size * count > most:
            raise TooLarge(
                f"{count} rows would get {size} characters each, which is more than {most} together",
                hint="filter more narrowly, or send a shorter value",
            )

    def _write(
        self, connection: sa.Connection, operation: str, statement: sa.Update | sa.Delete, ids: Sequence[int]
    ) -> None:
        table = self.rows.model.table
        condition = self.rows.catalogue.database.dialect.among(table.c.id, ids)
        returning = statement.where(condition).returning(table.c.id, table.c._version)
        written = connection.execute(returning, execution_options=self.rows.options)
        self.rows.report(connection, operation, sorted(tuple(row) for row in written))

    def _read(self, connection: sa.Connection, document: Any, ids: list[int]) -> dict[str, Any]:
        """The values to write, without values that the document only repeats."""
        rows, reader, problems = self.rows, self.rows.reader, Problems()
        # Which of two names for a field counts depends on the row, so it can be decided only for a single row.
        alone = cache(partial(next, self._documents(connection, ids))) if len(ids) == 1 else None
        document, sink = renamed(reader, rows.former_names, document, "", problems, alone)
        document = rows.with_keys(document, "", sink)
        rights = rows.rights("update")
        values = reader.part(document, "", sink, rights)
        if not problems.total:
            rows.resolve(connection, [values], [""], copies=[document])
        named = document if type(document) is dict else {}
        if not reader.repeatable.isdisjoint(named):
            for current in self._documents(connection, ids):
                refuse_changes(reader, document, partial(dict, current), sink, rights)
                if problems.total:
                    break
            values = {name: value for name, value in values.items() if name not in reader.repeatable}
        sent_id = named.get("id")
        if sent_id is not None and any(whole(sent_id) != row_id for row_id in ids):
            problems.add("/id", "read_only", "the id of a row never changes")
        problems.raise_if_any()
        return values

    def _documents(self, connection: sa.Connection, ids: list[int]) -> Iterator[dict[str, Any]]:
        return map(orjson.loads, self.rows.encode(connection, ids))


def bound(table: sa.Table, name: str, value: Any) -> sa.BindParameter[Any]:
    """A value to assign. A parameter with the column's name would clash with those of conditions."""
    return sa.bindparam(f"_set_{name}", value, type_=table.c[name].type)


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
