"""Casts: ``price::text`` (PostgREST, "Casting Columns"), by the text forms that field types have in SQL.

A value is converted by its text form, as when a field's type is changed. So casts are the same on both databases, and a
plugin's type can be cast if it has text forms in SQL. A value that can't be converted becomes null; in PostgREST it
ends the query.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.sql.signatures import SqlForm
from dynmodel_pyramid.fields.types.boolean import Boolean
from dynmodel_pyramid.fields.types.decimals import Decimal
from dynmodel_pyramid.fields.types.json import Json
from dynmodel_pyramid.fields.types.numbers import Integer, Number
from dynmodel_pyramid.fields.types.temporal import Date, DateTime
from dynmodel_pyramid.fields.types.text import Text, byte_order
from dynmodel_pyramid.queries.sql.subjects import BuiltIn, Subject, plain

#: Names of PostgreSQL (manual, table 8.1) -> the type of the values.
CASTS: dict[str, BuiltIn] = {
    "text": Text,
    "varchar": Text,
    "character varying": Text,
    "integer": Integer,
    "int": Integer,
    "int4": Integer,
    "bigint": Integer,
    "int8": Integer,
    "smallint": Integer,
    "int2": Integer,
    "double precision": Number,
    "float8": Number,
    "real": Number,
    "float4": Number,
    "numeric": Number,
    "decimal": Number,
    "boolean": Boolean,
    "bool": Boolean,
    "date": Date,
    "timestamptz": DateTime,
    "timestamp with time zone": DateTime,
    "json": Json,
    "jsonb": Json,
}
#: Casts that leave values of these types as they are.
_SAME: dict[str, type[FieldType] | tuple[type[FieldType], ...]] = {
    "numeric": (Decimal, Integer),
    "decimal": (Decimal, Integer),
    "json": Json,
    "jsonb": Json,
}


def cast(subject: Subject, name: str, *, is_number: bool = False) -> Subject:
    """The subject cast by ``::name``. Numbers are rounded to whole ones, half away from zero; texts are not.

    :param is_number: whether a subject of text has the digits of numbers
    :raises Malformed: there is no such cast, or the subject's type can't be cast
    """
    called = " ".join(name.lower().split())
    kind = CASTS.get(called)
    if kind is None:
        shown = name if len(name) <= 50 else f"{name[:50]}..."
        raise Malformed(f"there is no cast to {shown}", code="unknown_cast", hint=f"there are {', '.join(CASTS)}")
    if isinstance(subject.field_type, _SAME.get(called, ())):
        return replace(subject, name=f"{subject.name}::{name}")
    to_text = _json_text if isinstance(subject.field_type, Json) else _text_form(subject)
    if to_text is None or not isinstance(subject.expression, sa.ColumnElement):
        raise Malformed(f"{subject.name} can't be cast: its type has no text in SQL", code="unknown_cast")
    dialect = subject.dialect
    text = to_text(subject.expression, dialect)
    text = sa.type_coerce(expressions_of(dialect).by_bytes(text), byte_order())
    rows = sa.select(subject.expression).columns_clause_froms
    if kind is Text and isinstance(subject.field_type, Number):
        text = _once(text, rows, _without_point)
    if kind is Integer and (is_number or isinstance(subject.field_type, (Number, Decimal))):
        text = _once(text, rows, lambda value: expressions_of(dialect).rounded(value))
    if kind in _PREPARED:
        text = _once(text, rows, lambda value: _PREPARED[kind](value, dialect))
    target, options = plain(kind)
    from_text = _read_json if kind is Json else target.text_form(options).sql_from_text
    column = target.column(options, subject)
    assert from_text is not None and column is not None  # the types of CASTS have both
    converted = _once(text, rows, lambda value: from_text(value, dialect))
    converted = sa.type_coerce(converted, column.type)
    return subject.made(f"{subject.name}::{name}", converted, kind)


def _text_form(subject: Subject) -> SqlForm | None:
    return subject.field_type.text_form(subject.options).sql_to_text


def _json_text(value: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """As jsonb is written."""
    return sa.cast(expressions_of(dialect).json_part(value, (), as_text=False), sa.Text())


def _read_json(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    return expressions_of(dialect).json_of(text)


def _without_point(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A float's text as PostgreSQL writes it: ``7`` for ``7.0``."""
    whole = sa.func.substr(number, 1, sa.func.length(number) - 2, type_=number.type)
    return sa.case((number.like("%.0"), whole), else_=number)


def _once(
    value: sa.ColumnElement[Any],
    rows: Sequence[sa.FromClause],
    use: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]],
) -> sa.ColumnElement[Any]:
    """``use(value)`` in a subquery that computes the value once. Otherwise nested casts would multiply it."""
    inner = sa.select(value.label("value")).correlate(*rows).subquery()
    return sa.select(use(inner.c.value)).scalar_subquery()


def _day(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The day in UTC of a point in time. (A date field itself accepts only midnights.)"""
    return sa.case((text_forms.is_moment(text, dialect), sa.func.substr(text, 1, 10)), else_=text)


def _midnight(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    return sa.case((text_forms.day(text, dialect).is_not(None), text + "T00:00:00Z"), else_=text)


#: Applied to texts before the type reads them.
_PREPARED = {Date: _day, DateTime: _midnight}
