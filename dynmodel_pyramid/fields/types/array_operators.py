"""Operators of arrays of texts, and of lists of references, whose items are lines of a table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.operators import EQ, GT, GTE, IN, IS, IS_DISTINCT, LT, LTE, NEQ, Operator, bound
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.sql.json_text import write_json

_CONTAINS = ("cs", "contains all of")
_CONTAINED = ("cd", "is contained in")
_OVERLAPS = ("ov", "has an item in common with")

# Arrays of texts


def _json(items: list[Any]) -> sa.ColumnElement[Any]:
    return sa.literal(write_json(items), sa.Text())


def _array(left: sa.ColumnElement[Any], items: list[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A client's items as an array of the database."""
    return bound(left, items) if expressions_of(dialect).has_arrays else _json(items)


def _contains(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).array_contains(left, _array(left, right, dialect))


def _contained(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).array_is_contained(left, _array(left, right, dialect))


def _overlaps(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).array_overlaps(left, _array(left, right, dialect))


def _ordered(known: Operator, sign: str) -> Operator:
    def condition(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
        return expressions_of(dialect).array_compares(left, sign, _array(left, right, dialect))

    return replace(known, condition=condition, sorts=False)


#: The operators of arrays of texts (PostgreSQL manual, 9.19).
ARRAYS: tuple[Operator, ...] = (
    *operators.IDENTITY,
    *(_ordered(*pair) for pair in ((GT, ">"), (GTE, ">="), (LT, "<"), (LTE, "<="))),
    Operator(*_CONTAINS, _contains),
    Operator(*_CONTAINED, _contained),
    Operator(*_OVERLAPS, _overlaps),
)

# Lists of references: in SQL the field is no column but a query of the row's ids in order. It is never null.


def _ids(left: Any, condition: Callable[[sa.ColumnElement[int]], sa.ColumnElement[bool]]) -> sa.Exists:
    (value,) = left.selected_columns
    return sa.exists(left.order_by(None).where(condition(value)))


def _list(left: Any, dialect: str) -> sa.ColumnElement[Any]:
    return text_forms.json_array(left, dialect)


def _list_is(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return sa.false() if right == "null" else sa.true()


def _has_all(left: Any, right: Any, dialect: str) -> sa.ColumnElement[bool]:
    (value,) = left.selected_columns
    wanted = set(right)
    # An id stands in a list once.
    count = left.order_by(None).where(value.in_(wanted)).with_only_columns(sa.func.count())
    has_all: sa.ColumnElement[bool] = count.scalar_subquery() == len(wanted)
    return has_all


def _has_only(left: Any, right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return ~_ids(left, lambda value: value.not_in(right))


def _has_any(left: Any, right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return _ids(left, lambda value: value.in_(right))


#: The operators of lists of references.
LISTS: tuple[Operator, ...] = (
    replace(EQ, condition=lambda left, right, dialect: _list(left, dialect) == _json(right)),
    replace(NEQ, condition=lambda left, right, dialect: _list(left, dialect) != _json(right)),
    replace(IN, condition=lambda left, right, dialect: _list(left, dialect).in_([_json(ids) for ids in right])),
    replace(IS, condition=_list_is),
    replace(IS_DISTINCT, condition=lambda left, right, dialect: _list(left, dialect) != _json(right)),
    Operator(*_CONTAINS, _has_all),
    Operator(*_CONTAINED, _has_only),
    Operator(*_OVERLAPS, _has_any),
)
