"""Operators of JSON, by the rules of jsonb (PostgreSQL manual, 9.16)."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.operators import (
    EQ,
    FTS,
    GT,
    GTE,
    IN,
    IS,
    IS_DISTINCT,
    LT,
    LTE,
    NEQ,
    PHFTS,
    PLFTS,
    WFTS,
    Operator,
    ReadValue,
)
from dynmodel_pyramid.fields.sql.json_text import write_json
from dynmodel_pyramid.fields.sql.patterns import Manner
from dynmodel_pyramid.fields.sql.search import SIMPLE


def _text(value: Any) -> sa.ColumnElement[Any]:
    return sa.literal(write_json(value), sa.Text())


def _pair(left: sa.ColumnElement[Any], value: Any, dialect: str) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """Two expressions that are equal where the JSON values are."""
    expressions = expressions_of(dialect)
    return expressions.json_value(left), expressions.json_constant(_text(value))


def _eq(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    one, other = _pair(left, right, dialect)
    return one == other


def _neq(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    one, other = _pair(left, right, dialect)
    return one != other


def _in(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    expressions = expressions_of(dialect)
    wanted = [expressions.json_constant(_text(value)) for value in right]
    return expressions.json_value(left).in_(wanted) if right else sa.false()


def _is_distinct(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    one, other = _pair(left, right, dialect)
    return one.is_distinct_from(other)


def _contains(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).json_contains(left, _text(right))


def _contained(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return expressions_of(dialect).json_is_contained(left, _text(right))


def _a_number(text: str, read: ReadValue) -> Any:
    value = read(text)
    if type(value) not in (int, float):
        raise ValueError("want a number: of JSON values numbers alone are greater or less than others")
    return value


def _ordered(known: Operator, sign: str) -> Operator:
    def condition(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
        return expressions_of(dialect).json_compares(left, sign, _text(right))

    return replace(known, condition=condition, read=_a_number)


def _searching(known: Operator) -> Operator:
    """Text search in all texts of a document (PostgreSQL manual, 12.3.1: to_tsvector of jsonb)."""

    def condition(left: sa.ColumnElement[Any], right: Any, dialect: str, manner: Manner) -> sa.ColumnElement[bool]:
        language, _ = right
        has_stems = language is not None and language != SIMPLE
        searched = left if has_stems else expressions_of(dialect).json_texts(left)
        return known.condition(searched, right, dialect, manner)

    return replace(known, condition=condition)


#: The operators of JSON types. Types whose columns have several texts for one value need at least these.
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
    *map(_searching, (FTS, PLFTS, PHFTS, WFTS)),
)
#: The operators of the value at a JSON path: numbers have an order, other values none.
PARTS = (*DOCUMENTS, *(_ordered(*pair) for pair in ((GT, ">"), (GTE, ">="), (LT, "<"), (LTE, "<="))))
