"""Operators of JSON (PostgreSQL manual, 9.16): jsonb's own on PostgreSQL, functions with jsonb's rules on SQLite."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.fields.operators import EQ, GT, GTE, IN, IS, IS_DISTINCT, LT, LTE, NEQ, Operator
from dynmodel_pyramid.fields.sql.json_text import write_json

_JSONB = postgresql.JSONB(none_as_null=True)


def _text(left: sa.ColumnElement) -> sa.ColumnElement:
    """The JSON text on SQLite."""
    return sa.type_coerce(left, sa.Text())


def _pair(left, value, dialect):
    """Two expressions that are equal where the JSON values are."""
    # As text: the parameter's type would encode a value as JSON once more.
    wanted = sa.literal(write_json(value), sa.Text())
    if dialect == "postgresql":
        return sa.type_coerce(left, _JSONB), sa.cast(wanted, _JSONB)
    return tuple(sa.func.dynmodel_json(each, type_=sa.Text()) for each in (_text(left), wanted))


def _eq(left, right, dialect):
    one, other = _pair(left, right, dialect)
    return one == other


def _neq(left, right, dialect):
    one, other = _pair(left, right, dialect)
    return one != other


def _in(left, right, dialect):
    return _pair(left, None, dialect)[0].in_([_pair(left, each, dialect)[1] for each in right]) if right else sa.false()


def _is_distinct(left, right, dialect):
    one, other = _pair(left, right, dialect)
    return one.is_distinct_from(other)


def _contains(left, right, dialect):
    wanted = sa.literal(write_json(right), sa.Text())
    if dialect == "postgresql":
        return sa.type_coerce(left, _JSONB).bool_op("@>")(sa.cast(wanted, _JSONB))
    return sa.func.dynmodel_json_contains(_text(left), wanted, type_=sa.Integer()) == sa.literal_column("1")


def _contained(left, right, dialect):
    wanted = sa.literal(write_json(right), sa.Text())
    if dialect == "postgresql":
        return sa.type_coerce(left, _JSONB).bool_op("<@")(sa.cast(wanted, _JSONB))
    return sa.func.dynmodel_json_contains(wanted, _text(left), type_=sa.Integer()) == sa.literal_column("1")


def _a_number(text: str, read):
    value = read(text)
    if type(value) not in (int, float):
        raise ValueError("want a number: of JSON values numbers alone are greater or less than others")
    return value


def _ordered(known: Operator, sign: str) -> Operator:
    def condition(left, right, dialect):
        wanted = sa.literal(write_json(right), sa.Text())
        if dialect == "sqlite":
            return sa.func.dynmodel_json_number(_text(left), wanted, type_=sa.Integer()).bool_op(sign)(
                sa.literal_column("0")
            )
        # CASE keeps the database from casting other values than numbers (PostgreSQL manual, 4.2.14).
        number = sa.case((sa.func.jsonb_typeof(left) == "number", sa.cast(sa.cast(left, sa.Text()), sa.Numeric())))
        return number.bool_op(sign)(sa.cast(wanted, sa.Numeric()))

    return replace(known, condition=condition, read=_a_number)


#: The operators of JSON types. Types whose columns have several texts for one value need at least these.
EQUALITY = (
    replace(EQ, condition=_eq),
    replace(NEQ, condition=_neq),
    replace(IN, condition=_in),
    IS,
    replace(IS_DISTINCT, condition=_is_distinct),
)
DOCUMENTS = (
    *EQUALITY,
    Operator("cs", "contains", _contains),
    Operator("cd", "is contained in", _contained),
)
#: The operators of the value at a JSON path: numbers have an order, other values none.
PARTS = (*DOCUMENTS, *(_ordered(*each) for each in ((GT, ">"), (GTE, ">="), (LT, "<"), (LTE, "<="))))
