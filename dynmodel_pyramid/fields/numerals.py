"""Numbers as JSON and text write them, and the digits that a 64-bit float keeps.

All readers of JSON use :func:`parse_float`, so that a field type can refuse a number whose digits are lost. RFC 8259,
section 6, lets parsers round in silence.
"""

import math
import re
from decimal import Decimal, InvalidOperation

#: Texts up to this length lose no digits, unless they have an exponent: 15 digits and a point (IEEE 754: DBL_DIG).
DIGITS_KEPT = 16
#: A float written with that many digits is read back equal (DBL_DECIMAL_DIG); fewer are often enough.
_DIGITS = 17
#: No float has more digits when all of them are written out (1,075 behind the point, and a sign).
_LONGEST = 1100
#: ``float`` also accepts underscores, digits of other scripts and nan, which are not numbers for clients.
NUMBER = re.compile(r"[+-]?(?:\d+(\.\d*)?|(\.\d+))([eE][+-]?\d+)?", re.ASCII)
#: ``1,5`` and ``1,500``; the second may be both.
_GROUPS = re.compile(r"[+-]?\d{1,3}(?:[., ']\d{3}){2,9}(?:[.,]\d{1,9})?", re.ASCII)
_COMMA = re.compile(r"([+-]?\d{1,20}),(\d{1,20})", re.ASCII)
#: From here on a float may stand for several whole numbers.
UNSURE = 2**53


class Rounded(float):
    """The nearest float of a number that no float equals.

    :ivar text: the number as it was written
    """

    __slots__ = ("text",)
    text: str


def whole(value: object) -> int | None:
    """The whole number that a value of JSON is: ``1`` and ``1.0`` are (RFC 8259, section 6); None: it is none."""
    if type(value) is float and value.is_integer() and abs(value) < UNSURE:
        return int(value)
    return value if type(value) is int else None


def parse_float(text: str) -> float:
    """The float that a number with a fraction or an exponent stands for: :class:`Rounded` where digits are lost.

    Nothing is lost if the text is one of the ways to write the float: the shortest one, all digits, or up to 17 of
    them, the last one rounded. Numbers that are too large become infinite, as with ``float``.
    """
    value = float(text)
    if len(text) <= DIGITS_KEPT and "e" not in text and "E" not in text:
        return value
    if repr(value) == text or math.isinf(value) or _is_written(value, text):
        return value
    rounded = Rounded(value)
    rounded.text = text
    return rounded


def _is_written(value: float, text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    try:
        written = Decimal(text)
    except InvalidOperation:  # the exponent is too large even for a decimal
        return False
    # The constructor and comparisons are exact in any decimal context of the thread.
    if written == value or written == Decimal(repr(value)):
        return True
    digits = len("".join(map(str, written.as_tuple().digits)).strip("0"))
    return value != 0 and digits <= _DIGITS and written == Decimal(f"{value:.{digits - 1}e}")


def decimal_comma(text: str) -> str | None:
    """The hint for a number with commas, which half of the world writes; None for any other text."""
    if _GROUPS.fullmatch(text.strip()):
        return "write no marks between thousands"
    match = _COMMA.fullmatch(text.strip())
    if match is None:
        return None
    return f"write the decimal point: {match[1]}.{match[2]}" if len(match[2]) != 3 else "write no comma in a number"


def float_of_whole(value: int, *, as_written: bool = False) -> float | None:
    """The float that equals a whole number, or that is written out as this number; None if there is none.

    JavaScript and Go write floats of less than 1e21 as whole numbers: the shortest digits, and then zeros.

    :param as_written: whether it must be that form, so that an answer with it has the same digits
    """
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if Decimal(repr(number)) == value or (number == value and not as_written) else None
