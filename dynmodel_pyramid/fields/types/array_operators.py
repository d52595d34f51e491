"""Operators of arrays of texts, and of lists of references, whose items are lines of a table."""

from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.operators import EQ, IN, IS, IS_DISTINCT, NEQ, Operator, bound
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.sql.json_text import write_json

_CONTAINS = ("cs", "contains all of")
_CONTAINED = ("cd", "is contained in")
_OVERLAPS = ("ov", "has an item in common with")

# Arrays of texts


def _json(items: list) -> sa.ColumnElement:
    return sa.literal(write_json(items), sa.Text())


def _array(left, items: list, dialect: str) -> sa.ColumnElement:
    """A client's items as an array of the database."""
    return bound(left, items) if expressions_of(dialect).has_arrays else _json(items)


def _contains(left, right, dialect):
    return expressions_of(dialect).array_contains(left, _array(left, right, dialect))


def _contained(left, right, dialect):
    return expressions_of(dialect).array_is_contained(left, _array(left, right, dialect))


def _overlaps(left, right, dialect):
    return expressions_of(dialect).array_overlaps(left, _array(left, right, dialect))


#: The operators of arrays of texts (PostgreSQL manual, 9.19).
ARRAYS = (
    *operators.IDENTITY,
    Operator(*_CONTAINS, _contains),
    Operator(*_CONTAINED, _contained),
    Operator(*_OVERLAPS, _overlaps),
)

# Lists of references: in SQL the field is a query of the row's ids in order. It is never null.


def _ids(left: sa.Select, condition=None) -> sa.Exists:
    (value,) = left.selected_columns
    rows = left.order_by(None)
    return sa.exists(rows if condition is None else rows.where(condition(value)))


def _list(left: sa.Select, dialect: str) -> sa.ColumnElement:
    return text_forms.json_array(left, dialect)


def _list_is(left, right, dialect):
    return sa.false() if right == "null" else sa.true()


def _has_all(left, right, dialect):
    (value,) = left.selected_columns
    wanted = set(right)
    # An id stands in a list once.
    found = left.order_by(None).where(value.in_(wanted)).with_only_columns(sa.func.count())
    return found.scalar_subquery() == len(wanted)


def _has_only(left, right, dialect):
    return ~_ids(left, lambda value: value.not_in(right))


def _has_any(left, right, dialect):
    return _ids(left, lambda value: value.in_(right))


#: The operators of lists of references.
LISTS = (
    replace(EQ, condition=lambda left, right, dialect: _list(left, dialect) == _json(right)),
    replace(NEQ, condition=lambda left, right, dialect: _list(left, dialect) != _json(right)),
    replace(IN, condition=lambda left, right, dialect: _list(left, dialect).in_([_json(ids) for ids in right])),
    replace(IS, condition=_list_is),
    replace(IS_DISTINCT, condition=lambda left, right, dialect: _list(left, dialect) != _json(right)),
    Operator(*_CONTAINS, _has_all),
    Operator(*_CONTAINED, _has_only),
    Operator(*_OVERLAPS, _has_any),
)
