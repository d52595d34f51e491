"""The values that a field will have, made before the table is touched.

What SQL can make is an expression over the table; what only Python can make stands in a temporary table, row by row,
and overrides the expression. So a plan makes and judges all values as the change itself does, and changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.changes.values.conversion import Convert
from dynmodel_pyramid.changes.values.violations import SAMPLES, Samples
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.store import TrashedField

#: Rows that are read, and values that are written, at once.
BATCH = 1000
UNCACHED = {"compiled_cache": None}


@dataclass(slots=True)
class Carried:
    """The values of a field after a change: ``expression`` over the table as it is now.

    ``before`` and ``source`` are what the values are made from; None for a field that is new.
    """

    after: FieldDefinition
    expression: sa.ColumnElement
    before: FieldDefinition | None = None
    source: sa.ColumnElement | None = None
    #: Values that are not null; how many of them have another text form afterwards; those that can't be carried over.
    values: int = 0
    changed: Samples = field(default_factory=Samples)
    lost: Samples = field(default_factory=Samples)
    #: How many nulls take the default.
    filled: int = 0
    #: How many values come back that earlier conversions had replaced, and what the trash needs to keep no longer.
    returned: int = 0
    spent: list[TrashedField] = field(default_factory=list)
    #: Whether ``source`` holds these very values already, in a column of the same type.
    is_same: bool = False
    #: The temporary table that overrides the expression, if there is one.
    aside: "Aside | None" = None

    @property
    def by_sql(self) -> bool:
        """Whether the expression needs the row's own columns only."""
        return self.aside is None

    @property
    def keeps_old(self) -> bool:
        """Whether the values that there were can't be told from the new ones."""
        return bool(self.changed.count or self.lost.count)

    def override(self, aside: "Aside") -> None:
        """Let the temporary table have its way in the rows that it has."""
        if self.aside is None:
            self.expression = aside.over(self.expression)
        self.aside, self.is_same = aside, False

    def rest_on(self, base: sa.ColumnElement) -> None:
        """Take this expression; a temporary table that overrides goes on to do so."""
        self.expression = base if self.aside is None else self.aside.over(base)


class Aside:
    """A temporary table of values by row; it goes with the transaction."""

    def __init__(self, connection: sa.Connection, table: sa.FromClause, field_id: int, kind: sa.types.TypeEngine):
        self.connection = connection
        self.source = table
        self.table = sa.Table(
            quoted_name(f"_aside_{field_id}", quote=True),
            sa.MetaData(),
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("value", kind),
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
        )
        connection.execute(sa.schema.CreateTable(self.table), execution_options=UNCACHED)

    def put(self, values: list[tuple[int, Any]]) -> None:
        """Add rows; None is a value."""
        if values:
            rows = [{"id": row_id, "value": value} for row_id, value in values]
            self.connection.execute(sa.insert(self.table), rows, execution_options=UNCACHED)

    def replace(self, values: list[tuple[int, Any]]) -> None:
        ids = [row_id for row_id, _ in values]
        self.connection.execute(sa.delete(self.table).where(self.table.c.id.in_(ids)), execution_options=UNCACHED)
        self.put(values)

    def has_row(self) -> sa.ColumnElement[bool]:
        mine = self.table.alias()
        return sa.exists().where(mine.c.id == self.source.c.id).correlate(self.source)

    def over(self, expression: sa.ColumnElement) -> sa.ColumnElement:
        """The expression, or this table's value in rows that it has."""
        mine = self.table.alias()
        own = sa.select(mine.c.value).where(mine.c.id == self.source.c.id).correlate(self.source).scalar_subquery()
        return sa.case((self.has_row(), own), else_=expression)

    def drop(self) -> None:
        self.connection.execute(sa.schema.DropTable(self.table), execution_options=UNCACHED)


@dataclass(slots=True)
class Conversion:
    """How the values of one column become another's: see :func:`convert_values`.

    :param expression: the new value in SQL, NULL where Python must judge; None where Python must judge all
    :param to_text: the text of an old value; ``new_to_text`` that of a new one
    :param sql_texts: makers of both in SQL; None where a type has none
    :param numbers: whether both are JSON numbers, so that 1 and 1.0 are the same
    :param same_storage: whether both columns are of one type, so that a value may be left as it is
    :param substitute: makes what a lost value becomes; None: null
    :param keep_aside: is told (id of the row, old value, its text, reason) of the lost values, in batches
    :param only: the rows that are concerned; the others have their values already
    """

    table: sa.FromClause
    source: sa.ColumnElement
    kind: sa.types.TypeEngine
    convert: Convert
    to_text: Callable[[Any], str]
    new_to_text: Callable[[Any], str]
    expression: sa.ColumnElement | None = None
    sql_texts: tuple[Callable[[sa.ColumnElement], sa.ColumnElement], ...] | None = None
    numbers: bool = False
    same_storage: bool = False
    substitute: Callable[[], Any] | None = None
    keep_aside: Callable[[list[tuple[int, Any, str, str]]], None] | None = None
    only: sa.ColumnElement[bool] = field(default_factory=sa.true)

    def is_same_text(self, old: str, new: str) -> bool:
        return old == new or (self.numbers and new in (f"{old}.0", old.removesuffix(".0")))

    def other_text(self, old: sa.ColumnElement, new: sa.ColumnElement) -> sa.ColumnElement[bool]:
        """:meth:`is_same_text` in SQL, negated."""
        differs = old.is_distinct_from(new)
        if self.numbers:
            differs = sa.and_(differs, old.concat(".0").is_distinct_from(new), new.concat(".0").is_distinct_from(old))
        return differs


def convert_values(
    connection: sa.Connection, carried: Carried, how: Conversion, make_aside: Callable[[], Aside]
) -> None:
    """Find what each value becomes, count, and settle ``carried.expression``."""
    source = how.source
    if how.expression is not None and how.sql_texts is not None:
        seen = _seen(how)
        left = _survey(connection, carried, how, seen)
        # Where SQL has no text to compare Python has to say whether the value changes.
        undecided = sa.and_(seen.c.old.is_not(None), ~_is_decided(seen))
        base, to_do = how.expression, streamed(connection, seen, undecided, seen.c.old)
    else:
        count = sa.select(sa.func.count(source)).select_from(how.table).where(how.only)
        left = carried.values = connection.scalar(count, execution_options=UNCACHED)
        base = source if how.same_storage else sa.cast(sa.null(), how.kind)
        to_do = streamed(connection, how.table, sa.and_(how.only, source.is_not(None)), source)
        carried.is_same = how.same_storage
    carried.rest_on(base)
    if not left:
        return
    aside, overridden = make_aside(), False
    with closing(to_do):
        for rows in to_do:
            made, lost = in_python(rows, carried, how)
            if made:
                aside.put(made)
                overridden = True
            if lost and how.keep_aside is not None:
                how.keep_aside(lost)
    carried.is_same &= not carried.lost.count
    if overridden:
        carried.override(aside)


def _seen(how: Conversion) -> sa.FromClause:
    """Values before and after, with their texts: one within the other, for texts that are made of the expressions
    themselves would multiply, and be nested too deeply for SQLite's parser. OFFSET keeps both databases from putting
    the expressions in place of the columns, which would compute them several times for each row.
    """
    pairs = sa.select(how.table.c.id, how.source.label("old"), how.expression.label("new")).where(how.only)
    pairs = pairs.offset(0).subquery()
    old_text, new_text = (make(value) for make, value in zip(how.sql_texts, (pairs.c.old, pairs.c.new), strict=True))
    return sa.select(*pairs.c, old_text.label("old_text"), new_text.label("new_text")).offset(0).subquery()


def _is_decided(seen: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(seen.c.new.is_not(None), seen.c.new_text.is_not(None))


def _survey(connection: sa.Connection, carried: Carried, how: Conversion, seen: sa.FromClause) -> int:
    """Count what SQL does, in one scan; -> how many values are left to Python."""

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    differs = sa.and_(_is_decided(seen), how.other_text(seen.c.old_text, seen.c.new_text))
    columns = [sa.func.count(seen.c.old), number(_is_decided(seen)), number(differs)]
    if how.same_storage:
        columns.append(number(seen.c.new.is_distinct_from(seen.c.old)))
    counts = connection.execute(sa.select(*columns).select_from(seen), execution_options=UNCACHED).one()
    carried.values, converted, carried.changed.count = counts[:3]
    carried.is_same = how.same_storage and counts[3] == 0
    if carried.changed.count:
        query = sa.select(seen.c.id, seen.c.old_text, seen.c.new_text).where(differs).order_by(seen.c.id)
        query = query.limit(SAMPLES)
        for row_id, before, after in connection.execute(query, execution_options=UNCACHED):
            carried.changed.tell(row_id, before=before, after=after)
    return carried.values - converted


def in_python(rows: list, carried: Carried, how: Conversion) -> tuple[list, list]:
    """-> the values to put aside, and (id, old value, its text, reason) of the lost ones."""
    made, lost = [], []
    for row_id, value in rows:
        converted, reason = how.convert(value)
        text = how.to_text(value)
        if reason is not None:
            carried.lost.add(row_id, value=text, reason=reason)
            lost.append((row_id, value, text, reason))
            if how.substitute is not None or how.expression is None:
                made.append((row_id, how.substitute() if how.substitute is not None else None))
            continue
        new_text = how.new_to_text(converted)
        if not how.is_same_text(text, new_text):
            carried.changed.add(row_id, before=text, after=new_text)
        is_same = how.expression is None and how.same_storage and type(converted) is type(value) and converted == value
        if not is_same or new_text != text:
            made.append((row_id, converted))
    return made, lost


def streamed(
    connection: sa.Connection, table: sa.FromClause, condition: sa.ColumnElement[bool], *columns: sa.ColumnElement
) -> Iterator[list]:
    """As :func:`batches`, of one query that sees nothing of what is done meanwhile: what it asks is costly."""
    query = sa.select(table.c.id, *columns).where(condition).order_by(table.c.id)
    result = connection.execute(query, execution_options={**UNCACHED, "yield_per": BATCH})
    try:
        yield from result.partitions()
    finally:
        result.close()


def batches(
    connection: sa.Connection, table: sa.FromClause, condition: sa.ColumnElement[bool], *columns: sa.ColumnElement
) -> Iterator[list]:
    """(id, ...) of the rows of which the condition holds, in order of id, some at a time."""
    last = None
    while True:
        query = sa.select(table.c.id, *columns).where(condition).order_by(table.c.id).limit(BATCH)
        if last is not None:
            query = query.where(table.c.id > last)
        rows = connection.execute(query, execution_options=UNCACHED).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
