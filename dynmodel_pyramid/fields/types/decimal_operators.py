"""The operators of exact decimals: the usual ones, which also compare with numbers of more digits than a field stores.

Such a number lies between two that can be stored, so no value equals it, and the lower one decides what is less.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.operators import Condition, Operator, ReadValue, bound
from dynmodel_pyramid.fields.sql.exact import from_units, plain_percentage


@dataclass(frozen=True, slots=True)
class Between:
    """A number that is none of the field's, because it has too many digits after the point."""

    number: Fraction


def _read(text: str, read: ReadValue) -> Any:
    """:raises colander.Invalid: it is no decimal number, or has too many digits before the point"""
    try:
        return read(text)
    except colander.Invalid:
        if text.rstrip().endswith("%"):
            read("0%")
        try:
            whole, point, _ = plain_percentage(text).partition(".")
        except ValueError:
            whole, point = "", ""
        if not point:
            raise
        read(whole)
        return Between(Fraction(plain_percentage(text)))


def _below(left: sa.ColumnElement[Any], right: Between) -> sa.ColumnElement[bool]:
    """Whether the field's value is less; null is null."""
    units = math.floor(right.number * 10**left.type.scale)  # type: ignore[attr-defined] # ExactDecimal has it
    if units <= -(10**left.type.precision):  # type: ignore[attr-defined]
        return left != left
    return left <= bound(left, Decimal(from_units(units, left.type.scale)))  # type: ignore[attr-defined]


def _above(left: sa.ColumnElement[Any], right: Between) -> sa.ColumnElement[bool]:
    return sa.not_(_below(left, right))


def _never(left: sa.ColumnElement[Any], right: Between) -> sa.ColumnElement[bool]:
    return left != left


def _always(left: sa.ColumnElement[Any], right: Between) -> sa.ColumnElement[bool]:
    return left == left


def _or(condition: Condition, of_between: Callable[..., sa.ColumnElement[bool]]) -> Condition:
    def compared(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
        return of_between(left, right) if isinstance(right, Between) else condition(left, right, dialect)

    return compared


def _in(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    values = right if isinstance(right, sa.BindParameter) else [v for v in right if not isinstance(v, Between)]
    return operators.IN.condition(left, values, dialect)


_MADE: dict[str, Callable[..., sa.ColumnElement[bool]]] = {
    "eq": _never,
    "neq": _always,
    "isdistinct": lambda left, right: sa.true(),
    "gt": _above,
    "gte": _above,
    "lt": _below,
    "lte": _below,
}


def _finer(operator: Operator) -> Operator:
    if operator is operators.IS:
        return operator
    condition = _in if operator.many else _or(operator.condition, _MADE[operator.name])
    return replace(operator, condition=condition, read=_read)


DECIMALS: tuple[Operator, ...] = tuple(map(_finer, operators.ORDERED))
