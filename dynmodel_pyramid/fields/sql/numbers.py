"""Text forms of numbers in SQL, as Python writes and reads them, on both databases."""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.sql.signatures import SqlForm

#: PostgreSQL's and Python's regular expressions read it alike. It bounds no repetitions, which would make PostgreSQL's
#: ten times as slow.
FLOAT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9][0-9]?)?$"
#: So many characters and an exponent of two digits are within a float's range.
_LONGEST = 100
#: The validator refuses whole numbers of more digits where a float would lose some.
_WHOLE = 15


def float_text(number: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``repr`` of a float of less than 1e15; NULL for others.

    From there on PostgreSQL writes an exponent, and other digits than Python where the shortest ones lie half-way
    between two floats.
    """
    text: sa.ColumnElement[str]
    if dialect == "sqlite":
        text = sa.func.dynmodel_float_text(number, type_=sa.Text())
    else:
        short = sa.cast(number, sa.Text())
        text = sa.case((short.bool_op("~")("[.e]"), short), else_=short + ".0")
    return sa.case((sa.func.abs(number) < sa.literal_column("1e15", sa.Float(53)), text))


def float_of(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The float that a text is; NULL for all that is none, and for some that need many digits."""
    return text_forms.once(text, _float_of) if dialect == "sqlite" else _cast_float(text)


def _float_of(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.case((_is_short(text), sa.func.dynmodel_float(text, FLOAT, type_=sa.Float(53))))


def _cast_float(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    # Adding zero makes zero of minus zero.
    made = sa.cast(text, sa.Float(53)) + sa.literal_column("0.0", sa.Float(53))
    return sa.case((sa.and_(_is_short(text), text.bool_op("~")(FLOAT)), made))


def _is_short(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether the form of a text tells that it is taken."""
    length = sa.func.length(text, type_=sa.Integer())
    is_whole = sa.func.ltrim(text, "+-0123456789", type_=sa.Text()) == ""
    return sa.or_(length <= _WHOLE, sa.and_(length <= _LONGEST, sa.not_(is_whole)))


def decimal_text(precision: int, scale: int, *, sortable: bool) -> SqlForm:
    """The SQL text form of an exact decimal (:mod:`~.exact`).

    :param sortable: whether SQLite keeps it as text that sorts as the numbers do
    """

    def text_of(number: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        if dialect == "postgresql":
            return sa.cast(number, sa.Text())
        stored = sa.type_coerce(number, sa.Text() if sortable else sa.BigInteger())
        if not sortable:
            return _of_units(stored, scale)
        negative = sa.func.substr(stored, 1, 1) == "0"
        written = sa.func.substr(stored, 2, type_=sa.Text())
        digits = sa.case((negative, sa.func.dynmodel_complement(written)), else_=written)
        whole = sa.func.ltrim(sa.func.substr(digits, 1, precision - scale), "0")
        made = sa.case((negative, "-"), else_="") + sa.case((whole == "", "0"), else_=whole)
        if scale:
            made = made + "." + sa.func.substr(digits, precision - scale + 1, type_=sa.Text())
        return sa.case((number.is_not(None), made))

    return text_of


def _of_units(units: sa.ColumnElement[Any], scale: int) -> sa.ColumnElement[Any]:
    """The number of so many smallest units, as SQLite keeps those that 64 bits hold."""
    if not scale:
        return sa.cast(units, sa.Text())
    size, sign = sa.literal(10**scale, sa.BigInteger()), sa.case((units < 0, "-"), else_="")
    amount = sa.func.abs(units, type_=sa.BigInteger())
    text = sa.func.printf(f"%s%d.%0{scale}d", sign, amount // size, amount % size, type_=sa.Text())
    return sa.case((units.is_not(None), text))
