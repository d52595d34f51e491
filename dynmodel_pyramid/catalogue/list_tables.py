"""Tables that keep lists of references (:class:`Reference` with ``many``): one line for each id in a list.

==============  ======================================================================================================
``row_id``      the row whose value the list is; its lines go with it
``value``       the id that is referred to
``position``    its place in the list, 0 for the first
==============  ======================================================================================================

They are named by ids (:func:`link_table`), so that renames do not affect them. In conversions and in the trash a list
is a JSON array.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.definitions.model import Referrer, link_table
from dynmodel_pyramid.fields.sql.text_forms import json_array
from dynmodel_pyramid.fields.types.json import FRAGMENT

#: The service does all this itself, because each changed row must be reported (:mod:`~.cascades`). These rules are for
#: users who delete by SQL. NO ACTION is checked at the end of a statement, so rows that refer to one another can be
#: deleted together.
ON_DELETE_SQL = {"restrict": "NO ACTION", "set_null": "SET NULL", "cascade": "CASCADE", "remove": "CASCADE"}


def referred_to(name: str, schema: str | None) -> sa.Column[Any]:
    """The id of a table in the database, for a foreign key in DDL."""
    table = sa.Table(quoted_name(name, quote=True), sa.MetaData(schema=schema), sa.Column("id", sa.BigInteger))
    return table.c.id


def lines(name: str, metadata: sa.MetaData, *constraints: sa.ForeignKeyConstraint) -> sa.Table:
    """The table of lists with that name."""
    return sa.Table(
        quoted_name(name, quote=True),
        metadata,
        sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False),
        *constraints,
        sqlite_with_rowid=False,
    )


def lines_of(table_id: int, field_id: int, schema: str | None) -> sa.Table:
    """The lines of a field's lists, for queries."""
    return lines(link_table(table_id, field_id), sa.MetaData(schema=schema))


# Reading


def ids_of(table: sa.FromClause, lines_: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    """The ids in a row's list, in order; ``table`` is the row's, or a view of it."""
    ids = sa.select(lines_.c.value).where(lines_.c.row_id == table.c.id).order_by(lines_.c.position)
    return ids.correlate(table)


def list_of(table: sa.FromClause, lines_: sa.Table, dialect: str) -> sa.ColumnElement[Any]:
    """A row's list as the text of a JSON array; ``table`` is the row's."""
    return json_array(ids_of(table, lines_), dialect)


def referring_ids(
    table: sa.FromClause, referrer: Referrer, schema: str | None, rows: sa.FromClause | None = None
) -> sa.Select[*tuple[Any, ...]]:
    """The ids of the rows that refer to a row in this way, ascending; ``table`` is the row's.

    :param rows: only these rows (``row_id``), with the ids that they refer to (``value``); None for all
    """
    if rows is not None:
        ids = sa.select(rows.c.row_id).where(rows.c.value == table.c.id).order_by(rows.c.row_id)
    elif referrer.many:
        far = lines_of(referrer.table_id, referrer.field_id, schema)
        ids = sa.select(far.c.row_id).where(far.c.value == table.c.id).order_by(far.c.row_id)
    else:
        # An alias: a table may refer to itself.
        column = sa.Column[int](quoted_name(referrer.column, quote=True), key="_far")
        name = quoted_name(referrer.table, quote=True)
        near = sa.Table(name, sa.MetaData(schema=schema), sa.Column("id"), column).alias("_far")
        ids = sa.select(near.c.id).where(near.c._far == table.c.id).order_by(near.c.id)
    return ids.correlate(table)


def reverse_of(
    table: sa.FromClause,
    referrer: Referrer,
    schema: str | None,
    dialect: str,
    rows: sa.FromClause | None = None,
    most: int = 0,
) -> sa.ColumnElement[Any]:
    """The ids of :func:`referring_ids` as the text of a JSON array, or of an object if there are more than ``most``."""
    ids = referring_ids(table, referrer, schema, rows)
    if not most:
        return json_array(ids, dialect)
    ids = ids.order_by(None)
    (key,) = ids.selected_columns
    first = json_array(ids.order_by(expressions_of(dialect).sorted_apart(key)).limit(most), dialect)
    more = ids.offset(most).limit(1).scalar_subquery().is_not(None)
    cut = sa.literal('{"first":', sa.Text()).concat(first).concat(sa.literal(',"more":true}', sa.Text()))
    return sa.case((more, cut), else_=first)


def as_json(expression: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The text of a JSON array as a part of an answer."""
    return sa.type_coerce(expression, FRAGMENT)


# Writing


def line_values(row_id: int, values: Iterable[int]) -> list[dict[str, int]]:
    return [{"row_id": row_id, "value": value, "position": position} for position, value in enumerate(values)]
