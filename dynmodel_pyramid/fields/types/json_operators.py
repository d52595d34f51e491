"""Operators of JSON (PostgreSQL manual, 9.16): jsonb's own there, on SQLite functions that know jsonb's rules."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.fields.operators import EQ, GT, GTE, IN, IS, IS_DISTINCT, LT, LTE, NEQ, Operator, ReadValue
from dynmodel_pyramid.fields.sql.json_text import write_json

_JSONB = postgresql.JSONB(none_as_null=True)


def _text(left: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The JSON text on SQLite."""
    return sa.type_coerce(left, sa.Text())


def _pair(left: sa.ColumnElement[Any], value: Any, dialect: str) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """Two expressions that are equal where the JSON values are."""
    # As text: a value of its own would be made JSON once more by the parameter's type.
    wanted = sa.literal(write_json(value), sa.Text())
    if dialect == "postgresql":
        return sa.type_coerce(left, _JSONB), sa.cast(wanted, _JSONB)
    return sa.func.dynmodel_json(_text(left), type_=sa.Text()), sa.func.dynmodel_json(wanted, type_=sa.Text())


def _eq(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    one, other = _pair(left, right, dialect)
    return one == other


def _neq(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    one, other = _pair(left, right, dialect)
    return one != other


def _in(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return _pair(left, None, dialect)[0].in_([_pair(left, each, dialect)[1] for each in right]) if right else sa.false()


def _is_distinct(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    one, other = _pair(left, right, dialect)
    return one.is_distinct_from(other)


def _contains(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    wanted = sa.literal(write_json(right), sa.Text())
    if dialect == "postgresql":
        return sa.type_coerce(left, _JSONB).bool_op("@>")(sa.cast(wanted, _JSONB))
    return sa.func.dynmodel_json_contains(_text(left), wanted, type_=sa.Integer()) == sa.literal_column("1")


def _contained(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    wanted = sa.literal(write_json(right), sa.Text())
    if dialect == "postgresql":
        return sa.type_coerce(left, _JSONB).bool_op("<@")(sa.cast(wanted, _JSONB))
    return sa.func.dynmodel_json_contains(wanted, _text(left), type_=sa.Integer()) == sa.literal_column("1")


def _a_number(text: str, read: ReadValue) -> Any:
    value = read(text)
    if type(value) not in (int, float):
        raise ValueError("want a number: of JSON values numbers alone are greater or less than others")
    return value


def _ordered(known: Operator, sign: str) -> Operator:
    def condition(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
        wanted = sa.literal(write_json(right), sa.Text())
        if dialect == "sqlite":
            return sa.func.dynmodel_json_number(_text(left), wanted, type_=sa.Integer()).bool_op(sign)(
                sa.literal_column("0")
            )
        # CASE keeps the database from casting what is no number (PostgreSQL manual, 4.2.14).
        number = sa.case((sa.func.jsonb_typeof(left) == "number", sa.cast(sa.cast(left, sa.Text()), sa.Numeric())))
        return number.bool_op(sign)(sa.cast(wanted, sa.Numeric()))

    return replace(known, condition=condition, read=_a_number)


#: What types of JSON take, and at least those whose columns have several texts for one value.
EQUALITY: tuple[Operator, ...] = (
    replace(EQ, condition=_eq),
    replace(NEQ, condition=_neq),
    replace(IN, condition=_in),
    IS,
    replace(IS_DISTINCT, condition=_is_distinct),
)
DOCUMENTS: tuple[Operator, ...] = (
    *EQUALITY,
    Operator("cs", "contains", _contains),
    Operator("cd", "is contained in", _contained),
)
#: What the value at a JSON path takes: numbers have an order, other values none.
PARTS = (*DOCUMENTS, *(_ordered(*each) for each in ((GT, ">"), (GTE, ">="), (LT, "<"), (LTE, "<="))))
