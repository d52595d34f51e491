"""How exact decimals are stored: as NUMERIC if it is exact, else as scaled integers or sortable digits.

SQLite has no exact decimal: its NUMERIC affinity makes floats (Datatypes In SQLite, 3). Up to 18 digits are kept as the
whole number of the smallest unit (19.90 with scale 2 as 1990), which has the same order; more digits as text of a fixed
length that sorts as the numbers do. Both are declared with precision and scale, as on PostgreSQL, so that a change of
these converts the values. No float is used anywhere.
"""

import decimal
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.columns import Lines

#: How many digits a 64-bit integer always holds.
INTEGER_DIGITS = 18
MAX_PRECISION = 100
#: More characters than any value has; bounds the time for hostile texts.
LONGEST = 300

_PLAIN = re.compile(r"(-?)(\d+)(?:\.(\d+))?", re.ASCII)
#: What most clients write; and what else is read.
_USUAL = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NINES = str.maketrans("0123456789", "9876543210")


def plain_digits(text: str) -> str:
    """The digits of a number that may have a plus sign, needless zeros or an exponent, with a point if there is one.

    :raises ValueError: saying what is wanted
    """
    text = text.strip()
    if _USUAL.fullmatch(text):
        return text
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        raise ValueError("want a decimal number such as 19.90")
    sign, number = ("-", text[1:]) if text[0] == "-" else ("", text)
    # Exact: neither the constructor nor the format "f" uses the decimal context.
    return sign + f"{Decimal(number):f}"


def plain_percentage(text: str) -> str:
    """The same; the sign % may follow."""
    return plain_digits(text.strip().removesuffix("%"))


def exact(text: str, precision: int, scale: int) -> Decimal:
    """The number that plain digits say, with exactly ``scale`` digits after the point; minus zero becomes zero.

    :raises ValueError: the text is not such a number
    :raises OverflowError: it has more digits than allowed, other than zeros
    """
    match = _PLAIN.fullmatch(text) if len(text) <= LONGEST else None
    if not match:
        raise ValueError("want a decimal number such as 19.90")
    sign, whole, fraction = match[1], match[2].lstrip("0"), (match[3] or "").rstrip("0")
    if len(fraction) > scale:
        raise OverflowError(f"want at most {scale} digits after the point")
    if len(whole) > precision - scale:
        raise OverflowError(f"want at most {precision - scale} digits before the point")
    sign = sign if whole or fraction else ""
    # The constructor is exact in any decimal context of the thread, and so is the format "f".
    return Decimal(f"{sign}{whole or '0'}.{fraction:0<{scale}}")


def exact_reader(precision: int, scale: int) -> Callable[[list[str]], list[Decimal] | None]:
    """A function that gives for many texts what :func:`plain_digits` and :func:`exact` give for each; None if it is
    not certain that they take all of them.
    """
    whole = rf"-?\d{{1,{precision - scale}}}" if precision > scale else "-?0"
    usual = Lines(rf"{whole}\.\d{{{scale}}}" if scale else whole, re.ASCII)
    shorter = Lines(rf"{whole}(?:\.\d{{1,{scale}}})?", re.ASCII) if scale else usual
    unit = Decimal(1).scaleb(-scale)
    zero = Decimal(0).scaleb(-scale)

    def read(texts: list[str]) -> list[Decimal] | None:
        # Exact: the patterns leave no digit to be rounded.
        if usual.match(texts):
            numbers = list(map(Decimal, texts))
        elif shorter.match(texts):
            context = decimal.Context(prec=MAX_PRECISION)
            numbers = [number.quantize(unit, context=context) for number in map(Decimal, texts)]
        else:
            return None
        return [number or zero for number in numbers] if any("-0" in text for text in texts) else numbers

    return read


def from_units(units: int, scale: int) -> str:
    """The text of a number of smallest units: 1990 with scale 2 is ``19.90``."""
    if not scale:
        return str(units)
    digits = f"{abs(units):0{scale + 1}}"
    return f"{'-' if units < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def to_sortable(units: int, precision: int) -> str:
    """Text of a fixed length that sorts as the numbers do: negative ones begin with 0 and have nines' complements."""
    digits = f"{abs(units):0{precision}}"
    return "0" + digits.translate(_NINES) if units < 0 else "1" + digits


def from_sortable(text: str) -> int:
    return -int(text[1:].translate(_NINES)) if text[0] == "0" else int(text[1:])


def storable_bound(bound: Decimal | None, precision: int, scale: int, *, least: bool) -> Decimal | None:
    """The nearest number within a bound that such a column can hold; None if it excludes nothing, or everything.

    :param least: whether it is the lower bound, else it is the upper one
    """
    if bound is None:
        return None
    exactly = Fraction(bound) * 10**scale
    units = math.ceil(exactly) if least else math.floor(exactly)
    return Decimal(from_units(units, scale)) if abs(units) < 10**precision else None


class _Declared(sa.types.UserDefinedType[Any]):
    """The column's type on SQLite; the words INT and TEXT in it decide its affinity (Datatypes In SQLite, 3.1)."""

    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        self.precision, self.scale = precision, scale

    def get_col_spec(self, **options: Any) -> str:
        kind = "INTEGER" if self.precision <= INTEGER_DIGITS else "TEXT"
        return f"{kind}_DECIMAL({self.precision},{self.scale})"


class ExactDecimal(sa.TypeDecorator[Any]):
    """``decimal.Decimal`` in Python, exact on both databases.

    Numbers with more digits than the column are refused on both; PostgreSQL by itself would round them. On SQLite the
    column holds the smallest unit: compare and sort it, but do arithmetic in Python.
    """

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.precision, self.scale = precision, scale

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if expressions_of(dialect.name).has_exact_numbers:
            return dialect.type_descriptor(sa.Numeric(self.precision, self.scale))
        return _Declared(self.precision, self.scale)

    def checked(self, value: Decimal | int) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise ValueError(f"want a decimal.Decimal, not {type(value).__name__}")
        if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) > LONGEST:
            raise ValueError("want fewer digits")
        return exact(f"{Decimal(value):f}", self.precision, self.scale)

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        if expressions_of(dialect.name).has_exact_numbers:
            return lambda value: None if value is None else self.checked(value)
        sortable = self.precision > INTEGER_DIGITS

        def store(value: Any) -> str | int | None:
            if value is None:
                return None
            units = int(f"{self.checked(value):f}".replace(".", ""))
            return to_sortable(units, self.precision) if sortable else units

        return store

    def column_bind_processor(self, dialect: sa.Dialect) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """The same for the values of a column."""
        process, is_exact = self.bind_processor(dialect), expressions_of(dialect.name).has_exact_numbers
        whole = rf"\d{{1,{self.precision - self.scale}}}" if self.precision > self.scale else "0"
        usual = Lines(rf"-?{whole}\.\d{{{self.scale}}}" if self.scale else rf"-?{whole}", re.ASCII)

        def store(values: Sequence[Any]) -> Sequence[Any]:
            given = [value for value in values if value is not None]
            if not given or self.precision > INTEGER_DIGITS or {*map(type, given)} != {Decimal}:
                return list(map(process, values))
            texts = list(map(str, given))
            if not usual.match(texts) or any(text.startswith("-0") for text in texts):  # which may be minus zero
                return list(map(process, values))
            if is_exact:
                return values
            units = map(int, "\n".join(texts).replace(".", "").split("\n"))
            return [None if value is None else next(units) for value in values]

        return store

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        store = self.bind_processor(dialect)
        if expressions_of(dialect.name).has_exact_numbers:
            return lambda value: f"{store(value):f}"
        return lambda value: repr(store(value))  # an integer, or digits in quotes

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if expressions_of(dialect.name).has_exact_numbers:
            return None
        text = DecimalText(self.precision, self.scale).reader()
        return lambda value: None if value is None else Decimal(text(value))


class DecimalText(sa.types.UserDefinedType[Any]):
    """The same column read for JSON: text with exactly ``scale`` digits after the point, on PostgreSQL cast to it."""

    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        self.precision, self.scale = precision, scale

    def get_col_spec(self, **options: Any) -> str:
        return "TEXT"

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return None if expressions_of(dialect.name).has_exact_numbers else self.reader()

    def reader(self) -> Callable[[Any], Any]:
        """What makes the text of a value as SQLite stores it."""
        scale = self.scale
        if self.precision > INTEGER_DIGITS:
            return lambda value: None if value is None else from_units(from_sortable(value), scale)
        if not scale:
            return lambda value: None if value is None else str(value)

        def read(value: Any) -> str | None:
            if value is None:
                return None
            text = str(value)
            # Most numbers need no more than the point.
            return f"{text[:-scale]}.{text[-scale:]}" if len(text) > scale + 1 else from_units(value, scale)

        return read
