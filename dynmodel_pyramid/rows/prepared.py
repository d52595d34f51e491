"""Statements compiled once for a version of a table, and run by the driver's cursor with SQLAlchemy's type processors.

CPU time compared with ``Connection.execute`` and its compiled cache: one row of 20 columns 30 us less, a page of 100
rows 200 us less, an insert of 5,000 rows 0.8 times as much (by PostgreSQL's COPY 0.6 times). Statements that SQLAlchemy
must render each time go through ``Connection.execute``.
"""

import itertools
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from copy import copy
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Dialect
from dynmodel_pyramid.database.cursors import added, fetched, raw_cursor
from dynmodel_pyramid.database.identifiers import without_parameters
from dynmodel_pyramid.rows.copying import copied_lines, driver_dump
from dynmodel_pyramid.rows.documents import Processors, documents
from dynmodel_pyramid.telemetry.measuring import read

#: From this many rows on, values are processed by columns. A row of 20 columns takes 0.6 us by values, 3.9 by columns.
FEW = 20
#: Of the statements that add a row.
_NUMBERS = itertools.count(1)


class Records(list[Sequence[Any]]):
    """Rows of one value each: the text of a record, as PostgreSQL writes it (its manual, "Composite Type Input and
    Output Syntax"). For writers that make no Python values: 20 values cost 3 us as a tuple, 0.2 as a record.
    """


class Fetched(Sequence[Sequence[Any]]):
    """Rows of a statement. Their values are made of the driver's when they are asked for: JSON makes documents at once.

    :param width: how many of a row's values are shown; None: all
    """

    def __init__(self, rows: Sequence[Sequence[Any]], processors: Processors = (), width: int | None = None) -> None:
        self._rows, self._processors, self._width = rows, processors, width
        self._values: Sequence[Sequence[Any]] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        return self._shown()[place]

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return iter(self._shown())

    def _shown(self) -> Sequence[Sequence[Any]]:
        if self._values is None:
            values, width = processed(self._rows, self._processors), self._width
            is_whole = width is None or not values or len(values[0]) == width
            self._values = values if is_whole else [row[:width] for row in values]
        return self._values

    def documents(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """The shown values by these names."""
        return documents(names, self._rows, self._processors)

    def whole_row(self, place: int) -> Sequence[Any]:
        """All values of a row."""
        return _processed_row(self._rows[place], self._processors)

    def page(self, limit: int, width: int, *, backwards: bool) -> "Fetched":
        """The first ``limit`` rows, with that many values shown; ``backwards``: in reverse."""
        rows = self._rows if len(self._rows) <= limit else self._rows[:limit]
        return Fetched(rows[::-1] if backwards else rows, self._processors, width)


class PreparedSelect:
    """A SELECT whose parameters are named by ``bindparam``. Its other values are constants.

    :param insert: an INSERT in its place: the columns whose values are parameters, and those that it returns
    :param replaceable: constants of the statement whose values :meth:`with_values` replaces
    """

    def __init__(
        self,
        statement: Any,
        dialect: sa.Dialect,
        insert: tuple[Sequence[str], Sequence[sa.ColumnElement[Any]]] | None = None,
        replaceable: Sequence[sa.BindParameter[Any]] = (),
    ) -> None:
        names, columns = (None, statement.selected_columns) if insert is None else insert
        compiled = statement.compile(dialect=dialect, column_keys=names)
        #: Whether parts of the statement (lists of IN) are rendered when the values are known.
        self.refused = bool(compiled.post_compile_params or compiled.literal_execute_params)
        # It holds the table, which the text of it may outlive (rows/former_statements.py).
        self._statement: Any = statement if self.refused else None
        self._sql = compiled.string
        self._constants = {
            name: _bound(parameter, parameter.effective_value, dialect)
            for parameter, name in compiled.bind_names.items()
            if not parameter.required
        }
        #: Those of parameters whose values need one.
        self._bind_processors = {
            name: process
            for parameter, name in compiled.bind_names.items()
            if parameter.required and (process := parameter.type.dialect_impl(dialect).bind_processor(dialect))
        }
        self._replaceable = [compiled.bind_names.get(parameter) for parameter in replaceable]
        self._order = compiled.positiontup
        self._escaped = compiled.escaped_bind_names
        self._types = [column.type.dialect_impl(dialect) for column in columns]
        self._dialect = dialect
        self._processors: Processors | None = None
        self._as_records: tuple[str, Sequence[str | None]] | None = None

    @property
    def takes_values(self) -> bool:
        """Whether :meth:`with_values` can replace all values that it was to replace."""
        return not self.refused and None not in self._replaceable

    def without_values(self) -> "PreparedSelect":
        """The same statement without them, to be kept for :meth:`with_values`: they may be long, or somebody's own."""
        other = copy(self)
        other._constants = {name: value for name, value in self._constants.items() if name not in self._replaceable}
        return other

    def with_values(self, values: Sequence[sa.BindParameter[Any]]) -> "PreparedSelect":
        """The same statement with these in the places of its replaceable constants; :attr:`takes_values` must hold.

        Compiling takes 0.5 ms for 20 columns, this 0.02.
        """
        replaced = zip(self._replaceable, values, strict=True)
        constants = {
            name: _bound(parameter, parameter.effective_value, self._dialect)
            for name, parameter in replaced
            if name is not None and not parameter.required
        }
        other = copy(self)
        other._constants = {**self._constants, **constants}
        return other

    def planned_rows(self, connection: sa.Connection, dialect: Dialect) -> int | None:
        """How many rows the database's planner expects; None if it gives no estimate."""
        return None if self.refused else dialect.planned_rows(connection, self._sql, self._given({}))

    def _given(self, parameters: Mapping[str, Any]) -> Any:
        values = {**self._constants, **parameters}
        for name, process in self._bind_processors.items():
            values[name] = process(values[name])
        return _placed(values, self._order, self._escaped)

    def __call__(self, connection: sa.Connection, parameters: Mapping[str, Any] = {}) -> Sequence[Sequence[Any]]:
        """All rows."""
        if self.refused:
            return self._executed(connection, parameters)
        description, rows = fetched(connection, self._sql, self._given(parameters))
        return processed(rows, self._processors_of(description))

    def fetch(self, connection: sa.Connection, parameters: Mapping[str, Any] = {}, *, often: bool = False) -> Fetched:
        """All rows of a statement with a limit; their values are made when they are asked for.

        :param often: whether it is run again and again, so that a faster statement around it is worth its while
        """
        if self.refused:
            return Fetched(self._executed(connection, parameters))
        description, rows = fetched(connection, self._sql, self._given(parameters), len(self._types) * often)
        return Fetched(rows, self._processors_of(description))

    def _executed(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        return connection.execute(self._statement, parameters, execution_options={"compiled_cache": None}).all()

    def parts(
        self,
        connection: sa.Connection,
        dialect: Dialect,
        size: int,
        parameters: Mapping[str, Any],
        records: Sequence[str] | None = None,
    ) -> Generator[Sequence[Sequence[Any]]]:
        """All rows in parts of ``size``, while they are read; only the first part may be empty.

        :param records: the kinds of values (:meth:`Dialect.as_records`); if they are the columns', the parts may be
            :class:`Records`
        """
        if self.refused:
            options = {"compiled_cache": None, "stream_results": True, "yield_per": size}
            with connection.execute(self._statement, parameters, execution_options=options) as result:
                yield from result.partitions(size)
            return
        given = self._given(parameters)
        sql = None if records is None else self._records(connection, dialect, given, records)
        parts = dialect.stream(connection, self._sql if sql is None else sql, given, size)
        with closing(parts):
            for number, (description, rows) in enumerate(parts):
                read(len(rows))
                if rows or not number:
                    yield Fetched(rows, self._processors_of(description)) if sql is None else Records(rows)

    def _records(self, connection: sa.Connection, dialect: Dialect, given: Any, kinds: Sequence[str]) -> str | None:
        """The statement that gives records of these kinds of values, if it gives the values that this one does."""
        if self._as_records is None:
            described = dialect.as_records(connection, self._sql, given)
            is_plain = described is not None and not self._prepare(described[1])
            self._as_records = (described[0], described[2]) if described is not None and is_plain else ("", ())
        sql, own = self._as_records
        return sql if list(own) == list(kinds) else None

    def _processors_of(self, description: Sequence[Any]) -> Processors:
        if self._processors is None:
            self._processors = self._prepare(description)
        return self._processors

    def _prepare(self, description: Sequence[Any]) -> Processors:
        processors = [
            kind.result_processor(self._dialect, column[1])
            for kind, column in zip(self._types, description, strict=True)
        ]
        return [(number, processor) for number, processor in enumerate(processors) if processor is not None]


def _placed(values: dict[str, Any], order: Sequence[str] | None, escaped: Mapping[str, str]) -> Any:
    """Values by names in the form that the driver takes.

    :param order: the names in the order of their places, where these have no names
    :param escaped: the names that have another form in the statement
    """
    if order is not None:
        return [values[name] for name in order]
    return {escaped.get(name, name): value for name, value in values.items()} if escaped else values


def _bound(parameter: sa.BindParameter[Any], value: Any, dialect: sa.Dialect) -> Any:
    process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    return value if process is None else process(value)


def written(
    statement: sa.Select[*tuple[Any, ...]], dialect: sa.Dialect, parameters: Mapping[str, Any] = {}
) -> tuple[str, Any]:
    """A statement in the driver's form, with lists of IN expanded, and its parameters."""
    compiled = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state(dict(parameters))
    values = {}
    for name, value in state.parameters.items():
        if name in compiled.binds:
            values[name] = _bound(compiled.binds[name], value, dialect)
        else:
            process = state.processors.get(name)
            values[name] = value if process is None else process(value)
    return state.statement, _placed(values, state.positiontup, compiled.escaped_bind_names)


def _of_column(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """What makes the driver's values of a column's values; None: they are. A type may have a ``column_bind_processor``
    for that: it takes less time than its ``bind_processor`` for each value.
    """
    by_column = getattr(kind, "column_bind_processor", None)
    if by_column is not None:
        return by_column(dialect)
    process = kind.bind_processor(dialect)
    if process is None:
        return None
    if not isinstance(kind, sa.Boolean):
        return lambda values: list(map(process, values))
    is_native = dialect.supports_native_boolean

    def booleans(values: Sequence[Any]) -> Sequence[Any]:
        types = {*map(type, values)}
        if types == {bool}:
            # sqlite3 takes 380 ns more for a boolean than for a number; making numbers of them takes 8.
            return values if is_native else bytes(values)
        # Drivers take both as they are; the processor refuses all other values.
        return values if types <= {bool, type(None)} else list(map(process, values))

    return booleans


def processed(rows: Sequence[Sequence[Any]], processors: Processors) -> Sequence[Sequence[Any]]:
    """The values of the driver's."""
    if not processors or not rows:
        return rows
    if len(rows) < FEW:
        return [_processed_row(row, processors) for row in rows]
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for number, process in processors:
        columns[number] = list(map(process, columns[number]))
    return list(zip(*columns, strict=True))


def _processed_row(row: Sequence[Any], processors: Processors) -> Sequence[Any]:
    values = list(row)
    for number, process in processors:
        values[number] = process(values[number])
    return values


class PreparedRow(PreparedSelect):
    """Adds one row to a table, whose database draws its id, and gives values of it.

    :param columns: the values, which are expressions over the table (:meth:`Dialect.returned`)
    """

    def __init__(self, table: sa.Table, columns: Sequence[sa.ColumnElement[Any] | None], dialect: sa.Dialect) -> None:
        written = [column for column in table.columns if column.computed is None and column.key != "id"]
        names, known = [column.key for column in written], [column for column in columns if column is not None]
        super().__init__(sa.insert(table).returning(*known), dialect, (names, known))
        self.refused = self.refused or wraps_parameters(written) or len(known) < len(columns)
        # Each table has a text of its own, as a column that is not returned may have another type in the next one.
        self._sql += f" /* {next(_NUMBERS)} */"
        # Versions of a table may share it; whoever waits for its end must not keep it.
        self._table = weakref.ref(table)

    def is_of(self, table: sa.Table) -> bool:
        """Whether it adds to this table, not to one of another version."""
        return self._table() is table

    def __call__(self, connection: sa.Connection, parameters: Mapping[str, Any] = {}) -> Sequence[Sequence[Any]]:
        """The values of the row."""
        description, rows = added(connection, self._sql, self._given(parameters))
        return processed(rows, self._processors_of(description))


def wraps_parameters(columns: Iterable[sa.Column[Any]]) -> bool:
    """Whether a type of these columns wraps its parameter in SQL, so that SQLAlchemy has to build the statement."""
    return any(column.type.bind_expression(sa.bindparam(None, type_=column.type)) is not None for column in columns)


class PreparedInsert:
    """Adds rows to a table; on PostgreSQL by COPY if there are many.

    All columns have values, except those that the database computes.
    """

    #: From this many rows on, COPY is faster.
    COPY_FROM = 20

    def __init__(self, table: sa.Table, dialect: sa.Dialect) -> None:
        written = [column for column in table.columns if column.computed is None]
        self._names = [column.key for column in written]
        types = [column.type.dialect_impl(dialect) for column in written]
        processors = enumerate(_of_column(kind, dialect) for kind in types)
        self._processors = [(place, process) for place, process in processors if process is not None]
        compiled = sa.insert(table).compile(dialect=dialect, column_keys=self._names)
        self._sql = compiled.string
        self._places = [compiled.escaped_bind_names.get(name, name) for name in self._names]
        self._table = table
        self.refused = wraps_parameters(written)
        prepare = dialect.identifier_preparer
        columns = ", ".join(prepare.quote(column.name) for column in written)
        copy = without_parameters(f"COPY {prepare.format_table(table)} ({columns}) FROM STDIN", dialect)
        self._copy = None if compiled.positiontup else copy

    def __call__(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        self.add_columns(connection, {name: [row[name] for row in rows] for name in self._names})

    def add_columns(self, connection: sa.Connection, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows by their columns; all have the same length, and names that are not the table's are ignored."""
        bound = [columns[name] for name in self._names]
        for place, process in self._processors:
            bound[place] = process(bound[place])
        with raw_cursor(connection) as cursor:
            if self._copy is None:
                cursor.executemany(self._sql, zip(*bound, strict=True))
            elif len(bound[0]) < self.COPY_FROM:
                lines = zip(*bound, strict=True)
                cursor.executemany(self._sql, [dict(zip(self._places, line, strict=True)) for line in lines])
            else:
                copied = copied_lines(bound, driver_dump(cursor))
                with cursor.copy(self._copy) as copy:
                    copy.write(copied)
