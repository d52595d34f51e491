"""Text forms of numbers in SQL, as Python writes and reads them, on both databases."""

import sqlalchemy as sa

from dynmodel_pyramid.fields.sql import text_forms

#: PostgreSQL and Python read it alike. It has no bounded repetitions, which would make PostgreSQL ten times as slow.
FLOAT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9][0-9]?)?$"
#: Numbers of that many characters and an exponent of two digits are within a float's range.
_LONGEST = 100
#: The validator refuses whole numbers of more digits if a float would lose some.
_WHOLE = 15


def float_text(number: sa.ColumnElement, dialect: str) -> sa.ColumnElement:
    """``repr`` of a float below 1e15; NULL for others.

    From 1e15 on, PostgreSQL writes an exponent, and other digits than Python where the shortest ones lie half-way
    between two floats.
    """
    if dialect == "sqlite":
        text = sa.func.dynmodel_float_text(number, type_=sa.Text())
    else:
        short = sa.cast(number, sa.Text())
        text = sa.case((short.bool_op("~")("[.e]"), short), else_=short + ".0")
    return sa.case((sa.func.abs(number) < sa.literal_column("1e15", sa.Float(53)), text))


def float_of(text: sa.ColumnElement, dialect: str) -> sa.ColumnElement:
    """The float that a text stands for; NULL for other texts, and for some floats that need many digits."""
    return text_forms.once(text, _float_of) if dialect == "sqlite" else _cast_float(text)


def _float_of(text: sa.ColumnElement) -> sa.ColumnElement:
    return sa.case((_is_short(text), sa.func.dynmodel_float(text, FLOAT, type_=sa.Float(53))))


def _cast_float(text: sa.ColumnElement) -> sa.ColumnElement:
    # Adding zero turns minus zero into zero.
    made = sa.cast(text, sa.Float(53)) + sa.literal_column("0.0", sa.Float(53))
    return sa.case((sa.and_(_is_short(text), text.bool_op("~")(FLOAT)), made))


def _is_short(text: sa.ColumnElement) -> sa.ColumnElement[bool]:
    """Whether the text is so short that it is certainly accepted."""
    length = sa.func.length(text, type_=sa.Integer())
    is_whole = sa.func.ltrim(text, "+-0123456789", type_=sa.Text()) == ""
    return sa.or_(length <= _WHOLE, sa.and_(length <= _LONGEST, sa.not_(is_whole)))


def decimal_text(precision: int, scale: int, *, sortable: bool):
    """The SQL text form of an exact decimal (:mod:`~.exact`).

    :param sortable: whether SQLite keeps it as text that sorts as the numbers do
    """

    def text_of(number: sa.ColumnElement, dialect: str) -> sa.ColumnElement:
        if dialect == "postgresql":
            return sa.cast(number, sa.Text())
        stored = sa.type_coerce(number, sa.Text() if sortable else sa.BigInteger())
        if not sortable:
            return _of_units(stored, scale)
        negative = sa.func.substr(stored, 1, 1) == "0"
        digits = sa.func.substr(stored, 2, type_=sa.Text())
        digits = sa.case((negative, sa.func.dynmodel_complement(digits)), else_=digits)
        whole = sa.func.ltrim(sa.func.substr(digits, 1, precision - scale), "0")
        made = sa.case((negative, "-"), else_="") + sa.case((whole == "", "0"), else_=whole)
        if scale:
            made = made + "." + sa.func.substr(digits, precision - scale + 1, type_=sa.Text())
        return sa.case((number.is_not(None), made))

    return text_of


def _of_units(units: sa.ColumnElement, scale: int) -> sa.ColumnElement:
    """The number for a count of smallest units, in SQLite's storage for numbers of at most 64 bits."""
    if not scale:
        return sa.cast(units, sa.Text())
    size, sign = sa.literal(10**scale, sa.BigInteger()), sa.case((units < 0, "-"), else_="")
    amount = sa.func.abs(units, type_=sa.BigInteger())
    text = sa.func.printf(f"%s%d.%0{scale}d", sign, amount // size, amount % size, type_=sa.Text())
    return sa.case((units.is_not(None), text))
