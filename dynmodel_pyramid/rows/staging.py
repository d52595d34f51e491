"""New rows in a temporary table, from which one statement moves them to their real table.

A temporary table belongs to the connection, so others can read, write and change definitions while rows are validated
and staged. Locks are held only while one statement moves the rows; on SQLite that is the lock of all writers.
"""

import itertools
from collections.abc import Generator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.cascades import chunks
from dynmodel_pyramid.catalogue.list_tables import line_values
from dynmodel_pyramid.catalogue.system_values import fill_of
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS
from dynmodel_pyramid.database import Failure
from dynmodel_pyramid.database.dialect import refuse_unsafe_ids
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.fields import UNCHANGED, Reference
from dynmodel_pyramid.rows.links import unknown_text
from dynmodel_pyramid.rows.prepared import PreparedInsert
from dynmodel_pyramid.rows.service import NewRows, Rows
from dynmodel_pyramid.rows.staged_clashes import StagedClashes
from dynmodel_pyramid.rows.staged_keys import StagedKeys
from dynmodel_pyramid.rows.violations import OF_ROWS, Candidate, told
from dynmodel_pyramid.rows.written_rows import PART, id_parts
from dynmodel_pyramid.telemetry.measuring import wrote

_UNCACHED = {"compiled_cache": None}


class _Number(int):
    """A number that is not drawn yet."""


class _Staging:
    """The :class:`dynmodel_pyramid.fields.Write` of one field for rows that are staged."""

    is_insert = True

    def __init__(self, rows: Rows) -> None:
        self.author = rows.author
        self.moment = now()
        self.asked = False

    def number(self) -> int:
        self.asked = True
        return _Number()


class StagedRows:
    """The new rows of one request; made before its transaction begins.

    ``_n`` is the row's number in the request; ``_k`` counts the rows without an id from the client.

    :param connection: used only for this until the rows are moved, and not in a transaction yet
    """

    @staticmethod
    def takes(rows: Rows) -> bool:
        """Whether rows of this table can be staged; else they are kept in a file (:class:`~.imports.Kept`)."""
        permits = rows.scope.of("create")
        if rows.catalogue.watches_wanted_rows:
            return False
        if permits is not None and (len(permits) > 1 or rows.links.refer_to_itself):
            return False
        return rows.model.once(StagedRows, lambda model: _numbered(rows) is not None and not _insert_of(rows).refused)

    def __init__(self, rows: Rows, connection: sa.Connection) -> None:
        self.rows = rows
        self.connection = connection
        self._numbered = frozenset(_numbered(rows) or ())
        #: The one grant that allows all rows; None if everything is allowed.
        self._permit = next(iter(rows.scope.of("create") or ()), None)
        self._constant = [field for field in rows.given if field.name not in self._numbered]
        dialect = rows.catalogue.database.dialect
        metadata = sa.MetaData(schema=dialect.temporary_schema)
        columns = [
            column for column in rows.model.table.columns if column.key not in {"id", *SYSTEM_COLUMNS, *self._numbered}
        ]
        # Columns are named by numbers, so that no field's name clashes with the staging table's own columns.
        self._columns = {column.key: f"_{number}" for number, column in enumerate(columns)}
        self._table = sa.Table(
            "_staged_rows",
            metadata,
            sa.Column("_n", sa.Integer, primary_key=dialect.has_free_keys),
            sa.Column("_k", sa.Integer),
            sa.Column("id", sa.BigInteger),
            *[sa.Column(self._columns[column.key], column.type, key=column.key) for column in columns],
        )
        self._lines = {
            name: sa.Table(
                f"_staged_lines_{number}",
                metadata,
                sa.Column("_n", sa.Integer),
                *[sa.Column(column, sa.BigInteger) for column in ("row_id", "value", "position")],
            )
            for number, name in enumerate(rows.links.lists)
        }
        #: The drawn ids, if they are not a range.
        self._drawn = sa.Table(
            "_staged_ids", metadata, sa.Column("_k", sa.Integer, primary_key=True), sa.Column("id", sa.BigInteger)
        )
        self._keys = StagedKeys(rows, connection, self._table, self._lines)
        self._insert = PreparedInsert(self._table, connection.dialect)
        self._count = self._without_id = self._greatest_id = 0
        #: The expression of each row's id, and the FROM clause that it needs.
        self._id: sa.ColumnElement[int] = self._table.c.id
        self._source: sa.FromClause = self._table
        #: Counts the rows that are added from 0.
        self._ordinal: sa.ColumnElement[int] = self._table.c._n
        with connection.begin():
            metadata.create_all(connection, checkfirst=False)

    # Staging

    def add(self, rows: NewRows) -> None:
        """Stage valid rows; the rows are changed by it."""
        if rows.columns is not None:
            self._add_columns(rows.columns, rows.ids)
            return
        staged = []
        for values, row_id in zip(rows.values, rows.ids, strict=True):
            row = values
            row["_n"], row["_k"], row["id"] = self._count, self._without_id, row_id
            if self._permit is not None:
                row.update(self._permit.presets)
            for field in self._constant:
                value = self._fill(field)
                row[field.name] = None if value is UNCHANGED else value
            self._count += 1
            if row_id is None:
                self._without_id += 1
            else:
                self._greatest_id = max(self._greatest_id, row_id)
            staged.append(row)
        # Each part has its own transaction: none is open, not even to read, while the next part is validated.
        with self.connection.begin():
            self._keys.add(staged)
            self._insert(self.connection, staged)
            for name, table in self._lines.items():
                lines = [{"_n": row["_n"], **line} for row in staged for line in line_values(0, row.get(name) or ())]
                if lines:
                    self.connection.execute(sa.insert(table), lines, execution_options=_UNCACHED)

    def _add_columns(self, columns: dict[str, list[Any]], ids: list[int | None]) -> None:
        """The same for rows without keys in their links, by columns."""
        count = len(ids)
        numbers, given = range(self._count, self._count + count), [row_id for row_id in ids if row_id is not None]
        without_id = itertools.accumulate(ids[:-1], lambda k, row_id: k + (row_id is None), initial=self._without_id)
        staged: dict[str, Sequence[Any]] = {**columns, "_n": list(numbers), "_k": list(without_id), "id": ids}
        if self._permit is not None:
            staged |= {name: [value] * count for name, value in self._permit.presets.items()}
        for field in self._constant:
            values = [self._fill(field) for _ in numbers]
            staged[field.name] = [None if value is UNCHANGED else value for value in values]
        self._count += count
        self._without_id += count - len(given)
        self._greatest_id = max([self._greatest_id, *given])
        with self.connection.begin():
            self._insert.add_columns(self.connection, staged)
            for name, table in self._lines.items():
                lists = zip(numbers, staged.get(name) or (), strict=False)
                lines = [{"_n": number, **line} for number, value in lists for line in line_values(0, value or ())]
                if lines:
                    self.connection.execute(sa.insert(table), lines, execution_options=_UNCACHED)

    def _fill(self, field: FieldDefinition) -> Any:
        write = _Staging(self.rows)
        value = fill_of(field, self.rows.model.field_types)(field.options, write)
        if write.asked:
            raise TypeError(f"the type {field.type} asks for a number for some rows, and for others not")
        return value

    # Moving

    def move(self) -> int:
        """Add the rows, in the connection's current transaction; -> how many.

        :raises Invalid: a linked row does not exist
        :raises Forbidden: the caller's grant does not allow a row as it is now
        """
        rows, connection = self.rows, self.connection
        database = rows.catalogue.database
        self._draw_ids()
        self._keys.resolve(self._id, self._source)
        self._refuse_missing_rows(own=False)
        self._refuse_unknown()
        # Rows of one request may refer to one another, in any order.
        in_any_order = database.dialect.foreign_keys_deferred
        with in_any_order(connection) if rows.links.refer_to_itself else nullcontext():
            self._insert_staged()
            self._refuse_missing_rows(own=True)
            for name, lines in self._lines.items():
                self._run(self._lines_statement(rows.links.lists[name], lines))
        self._refuse_unallowed()
        if rows.catalogue.is_reported:
            for ids in self.ids():
                rows.report(connection, "insert", [(row_id, 1) for row_id in ids])
        else:
            wrote("insert", self._count)
        return self._count

    def _run(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        return self.connection.execute(statement, values, execution_options=_UNCACHED)

    def _insert_staged(self) -> None:
        """
        :raises Violation: the database refuses rows
        :raises Invalid: a row has a value beyond what it can store
        """
        try:
            with self.connection.begin_nested():
                self._run(self._statement(self._count))
        except sa.exc.DBAPIError as error:
            failure = self.rows.catalogue.database.failure(error)
            if failure.kind == "unique":
                sent = None if self._permit is None else ()
                StagedClashes(self.rows, self.connection, self._table, sent).refuse()
            if failure.kind in OF_ROWS:
                self._refuse_first(failure)
            raise

    def _refuse_first(self, failure: Failure) -> None:
        """Refuse the first row that the database does not take for another reason than a unique value. It is found by
        halves, each of which is written if it can be.
        """
        begin, end = 0, self._count
        while end - begin > 1:
            middle = (begin + end) // 2
            failed = self._failure(begin, middle)
            failure = failed or failure
            begin, end = (begin, middle) if failed else (middle, end)
        problems = Problems()
        problems.put(told(self.rows, failure, Candidate(f"/{begin}", {})))
        raise problems.error()

    def _failure(self, begin: int, end: int) -> Failure | None:
        """Write rows; -> why they can't be written, None if they are."""
        number = self._table.c._n
        try:
            with self.connection.begin_nested():
                self._run(self._statement(self._count, number >= begin, number < end))
        except sa.exc.DBAPIError as error:
            return self.rows.catalogue.database.failure(error)
        return None

    def _refuse_unallowed(self) -> None:
        permits = self.rows.permits("create")
        if permits is None or self._permit is None or self._permit.check is None:
            return
        table = self.rows.model.table
        moved = sa.select(self._id).select_from(self._source)
        passes = sa.func.coalesce(self._permit.check(table), sa.false())
        if self._run(sa.select(table.c.id).where(table.c.id.in_(moved), sa.not_(passes)).limit(1)).first() is not None:
            raise permits.refused_check()

    def _draw_ids(self) -> None:
        """All drawn ids are above all ids that the client gives."""
        dialect, table, drawn = self.rows.catalogue.database.dialect, self._table, self._drawn
        how = {"count": self._without_id, "above": self._greatest_id}
        first = dialect.reserve_range(self.connection, self.rows.model.table, **how)
        if first is not None:
            refuse_unsafe_ids(first + self._without_id - 1)
            self._id = sa.func.coalesce(table.c.id, first + table.c._k)
            return
        dialect.draw_ids_into(self.connection, self.rows.model.table, drawn, **how)
        refuse_unsafe_ids(self._run(sa.select(sa.func.max(drawn.c.id))).scalar() or 0)
        self._id = sa.func.coalesce(table.c.id, drawn.c.id)
        self._source = table.outerjoin(drawn, drawn.c._k == table.c._k)

    def _statement(self, count: int, *which: sa.ColumnElement[bool]) -> sa.Insert:
        rows, moment = self.rows, now()
        table = rows.model.table
        values: dict[str, Any] = {"id": self._id, "_version": sa.literal(1)}
        values |= {name: sa.literal(moment, table.c[name].type) for name in ("_created", "_updated")}
        # As they are stored: no type makes anything of them on the way.
        values |= {name: sa.type_coerce(self._table.c[name], sa.types.NullType()) for name in self._columns}
        for field in rows.given:
            if field.name in self._numbered:
                draw = rows.catalogue.store.draw_numbers
                first = draw(self.connection, rows.model.definition.id, field.id, count)
                values[field.name] = first + self._ordinal
        query = sa.select(*values.values()).select_from(self._source).where(*which)
        if self._source is not self._table:  # which is read in the order in which its rows were added
            query = query.order_by(self._table.c._n)
        return sa.insert(table).from_select([table.c[name] for name in values], query, include_defaults=False)

    def _lines_statement(self, table: sa.Table, lines: sa.Table) -> sa.Insert:
        source = self._source.join(lines, lines.c._n == self._table.c._n)
        query = sa.select(self._id, lines.c.value, lines.c.position).select_from(source)
        return sa.insert(table).from_select(["row_id", "value", "position"], query)

    def _refuse_missing_rows(self, *, own: bool) -> None:
        links, problems = self.rows.links, Problems()
        fields = [link for link in links.fields if own == (link[1].table == links.table_id)]
        total = 0
        for field, reference in fields:
            _, joined, missing = self._missing(field, reference)
            total += self._run(
                sa.select(sa.func.count()).select_from(joined).where(*missing), self._far_values(reference)
            ).scalar_one()
        if not total:
            return
        # In the order in which they are reported when parts are written one by one.
        found = [
            line for place, (field, reference) in enumerate(fields) for line in self._found(place, field, reference)
        ]
        for _, _, pointer, detail in sorted(found, key=lambda line: line[:2])[: Invalid.MAX_PROBLEMS]:
            problems.add(pointer, "unknown_row", detail)
        problems.total = total
        problems.raise_if_any()

    def _refuse_unknown(self) -> None:
        """Refuse values that name nothing outside of users' tables."""
        problems = Problems()
        for field, existing in self.rows.links.named:
            column = self._table.c[field.name]
            wanted = set(self._run(sa.select(column).distinct().where(column.is_not(None))).scalars())
            unknown = wanted - existing(self.connection, self.rows.links.schema, wanted)
            for part in chunks(sorted(unknown)):
                query = sa.select(self._table.c._n, column).where(column.in_(part)).order_by(self._table.c._n)
                for number, value in self._run(query):
                    problems.add(f"/{number}/{escape(field.name)}", "unknown_value", unknown_text(field, value))
        problems.raise_if_any()

    def _missing(
        self, field: FieldDefinition, reference: Reference
    ) -> tuple[sa.Table, sa.FromClause, list[sa.ColumnElement[bool]]]:
        """The place of a field's staged links, the same with the far rows, and the conditions that find links to
        missing rows.
        """
        source = self._lines[field.name] if reference.many else self._table
        value = _value(source, field, reference)
        far = self.rows.models(reference.table)
        if far is None:
            return source, source, [value.is_not(None)]
        # A preset links to any row that is there.
        is_preset = self._permit is not None and field.name in self._permit.presets
        rows = far.table if is_preset else self.rows.scopes.view(far).source()
        # No EXISTS: Citus refuses subqueries over its tables that refer to temporary ones, and makes this join.
        return source, source.outerjoin(rows, rows.c.id == value), [value.is_not(None), rows.c.id.is_(None)]

    def _far_values(self, reference: Reference) -> Mapping[str, Any]:
        """The values of the parameters of the caller's view of a far table."""
        far = self.rows.models(reference.table)
        return {} if far is None else self.rows.scopes.values(far)

    def _found(
        self, place: int, field: FieldDefinition, reference: Reference
    ) -> Generator[tuple[int, int, str, str], None, None]:
        """The first links of a field to missing rows: the number of the part, the field's place, pointer and detail."""
        source, joined, missing = self._missing(field, reference)
        position = source.c.position if reference.many else sa.null()
        query = sa.select(source.c._n, _value(source, field, reference), position)
        query = query.select_from(joined).where(*missing)
        query = query.order_by(source.c._n, *[position] * reference.many).limit(Invalid.MAX_PROBLEMS)
        for number, row_id, item in self._run(query, self._far_values(reference)):
            below = "" if item is None else f"/{item}"
            detail = field.message or f"there is no row {row_id} in the table that is linked to"
            yield number // PART, place, f"/{number}/{escape(field.name)}{below}", detail

    def ids(self) -> Generator[Sequence[int]]:
        """The ids of the moved rows, in the order of the documents, in parts."""
        return id_parts(self.connection, sa.select(self._id).select_from(self._source).order_by(self._table.c._n))


def _value(source: sa.Table, field: FieldDefinition, reference: Reference) -> sa.ColumnElement[Any]:
    return source.c.value if reference.many else source.c[field.name]


def _insert_of(rows: Rows) -> PreparedInsert:
    dialect = rows.catalogue.database.engine.dialect
    return rows.model.once("insert", lambda model: PreparedInsert(model.table, dialect))


def _numbered(rows: Rows) -> list[str] | None:
    """The fields whose value is the number that is drawn for a row; None if a type converts such a number."""
    names = []
    for field in rows.given:
        write = _Staging(rows)
        value = fill_of(field, rows.model.field_types)(field.options, write)
        if isinstance(value, _Number):
            names.append(field.name)
        elif write.asked:
            return None
    return names
