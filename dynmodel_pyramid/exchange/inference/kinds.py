"""The types that the texts of a column may have. Each kind is asked about every text until it refuses one."""

import datetime
import math
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

import colander

from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.numerals import Rounded, parse_float
from dynmodel_pyramid.fields.sql.exact import INTEGER_DIGITS, MAX_PRECISION
from dynmodel_pyramid.fields.time_texts import UTC, parse_date, parse_datetime

#: A field's type and its options, as a definition has them.
Found = dict[str, Any]

_INT64 = 2**63
#: Digits that a 64-bit float always keeps (IEEE 754: DBL_DIG).
_FLOAT_DIGITS = 15
#: Numbers with so many digits behind the point are no versions.
_MEASURED = 3
#: No zeros in front: they are part of a code. An exponent without a sign is one of a program's if it is large: ``1e5``
#: may be a code, too, and no program writes that number so.
_NUMERAL = re.compile(
    r"-?(?P<whole>0|[1-9]\d*)?(?:\.(?P<fraction>\d+))?(?P<exponent>[eE][+-]\d+|(?<=\d)e(?:1[6-9]|[2-9]\d|[12]\d\d))?",
    re.ASCII,
)
#: Numbers that need no closer look: a sign counts as a digit.
_USUAL_INTEGER = re.compile(r"-?[1-9]\d{0,15}|0", re.ASCII)
_USUAL_FLOAT = re.compile(r"-?(?:0|[1-9]\d{0,15})\.\d{1,20}", re.ASCII)
_DAY = re.compile(r"\d{4}(?:-\d\d-\d\d|/\d{1,2}/\d{1,2})", re.ASCII)
_MOMENT = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d\d.*", re.ASCII | re.IGNORECASE)
_OFFSET = re.compile(r".*(?:Z|UTC|[+-]\d\d(?::?\d\d)?)", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class Kind:
    """A type, or a family of types, that the texts of a column may have."""

    #: What people call it; None: a column that is almost of this kind is no news.
    name: str | None = None

    def takes(self, text: str) -> bool:
        """Whether the column may still have it with this text; it is not asked again after it has said no."""
        raise NotImplementedError

    def takes_all(self, texts: Collection[str]) -> bool:
        """:meth:`takes` of each of them; there is at least one."""
        return all(map(self.takes, texts))

    def found(self) -> Found | None:
        """The type, once all texts were seen; None if no type of the family holds all of them."""
        raise NotImplementedError

    def is_one(self, text: str) -> bool:
        """Whether this text alone is of the kind, for one that is named and has refused another text."""
        return self.takes(text)

    #: Why :meth:`found` gives none, for the client.
    note: str | None = None


class Words(Kind):
    """``true`` and ``false``, in any case. Yes and no, t and f are as often codes of something else."""

    def takes(self, text: str) -> bool:
        return text.strip().lower() in ("true", "false")

    def found(self) -> Found:
        return {"type": "boolean"}


class Numerals(Kind):
    """Numbers: ``integer``, else ``number``, else ``decimal`` where a float would lose digits.

    Zeros at the end of a fraction are digits, too: prices, all with equally many digits, are decimal numbers, and so
    are measured values, all with :data:`_MEASURED` digits or more. ``1.1`` beside ``1.10`` is neither, for these may be
    versions.

    :param rewrite: writes a number of the file with a decimal point, or raises ValueError
    """

    name = "number"

    def __init__(self, rewrite: Callable[[str], str] | None = None) -> None:
        self._rewrite = rewrite
        self.whole = self.least = self.most = 0
        self.fractions = self.exponents = self.padded = self.trailing = False
        self.are_floats = self.are_integers = True

    def takes_all(self, texts: Collection[str]) -> bool:
        if self._rewrite is None and all(map(_USUAL_INTEGER.fullmatch, texts)):
            self.whole = max(self.whole, max(map(len, texts)))
            return True
        if self._rewrite is None and all(map(_USUAL_FLOAT.fullmatch, texts)):
            # What a program writes for a float says all its digits.
            usual = [text for text in texts if repr(float(text)) == text]
            self._note(usual)
            texts = set(texts).difference(usual) if len(usual) < len(texts) else ()
        return all(map(self.takes, texts))

    def _note(self, texts: Collection[str]) -> None:
        """:meth:`takes` of floats as programs write them, without an exponent."""
        if texts:
            points = [text.index(".") for text in texts]
            sizes = [len(text) - point - 1 for text, point in zip(texts, points, strict=True)]
            self.whole = max(self.whole, max(points))
            self.least = min(sizes) if not self.fractions else min(self.least, *sizes)
            self.most = max(self.most, *sizes)
            self.trailing = self.trailing or any(text.endswith("0") for text in texts)
            self.fractions, self.are_integers = True, False

    def takes(self, text: str) -> bool:
        text = text.strip()
        if self._rewrite is not None:
            try:
                text = self._rewrite(text)
            except ValueError:
                return False
        match = _NUMERAL.fullmatch(text)
        if match is None:
            return False
        whole, fraction, exponent = match.groups()
        if whole is None and fraction is None:
            return False
        digits = len(whole or "") + len(fraction or "")
        if digits > MAX_PRECISION:
            return False
        self.whole = max(self.whole, len(whole or ""))
        if fraction is not None:
            size = len(fraction)
            self.least = size if not self.fractions else min(self.least, size)
            self.most = max(self.most, size)
            self.fractions = True
            if fraction[-1] == "0":
                self.trailing = True
                self.padded = self.padded or size > 1
        if exponent is not None:
            self.exponents = True
        if self.are_integers:
            is_integer = fraction is None and exponent is None and text != "-0"
            self.are_integers = is_integer and (digits < 19 or -_INT64 <= int(text) < _INT64)
        if self.are_floats and (digits > _FLOAT_DIGITS or exponent is not None):
            self.are_floats = _is_float(text)
        return True

    def found(self) -> Found | None:
        if self.are_integers:
            return {"type": "integer"}
        if self.are_floats and not self.padded and (self.fractions or self.exponents):
            return {"type": "number"}
        precision = self.whole + self.most
        if self.exponents or not self.fractions or precision > MAX_PRECISION:
            self.note = "numbers with more digits than a number keeps; they stay texts"
            return None
        if self.trailing and self.least != self.most and self.least < _MEASURED:
            self.note = "numbers with zeros at the end, not all with equally many digits; they stay texts"
            return None
        return {"type": "decimal", "precision": max(precision, INTEGER_DIGITS), "scale": self.most}


class Days(Kind):
    """Days with the year first; in other orders day and month can't be told apart."""

    name = "date"

    def takes(self, text: str) -> bool:
        text = text.strip()
        return _DAY.fullmatch(text) is not None and _is_read(parse_date, text)

    def found(self) -> Found:
        return {"type": "date"}


class Moments(Kind):
    """Dates with a time of day. Without an offset they are a type only if the client says whose local time they are.

    :param zone: the time zone of texts without an offset, by its IANA name
    """

    name = "datetime"

    def __init__(self, zone: datetime.tzinfo | None = None, name: str | None = None) -> None:
        self._zone, self._name = zone, name
        self.are_local = self.have_offsets = False

    def takes(self, text: str) -> bool:
        text = text.strip()
        if _MOMENT.fullmatch(text) is None:
            return False
        is_local = _OFFSET.fullmatch(text[11:]) is None
        if not _is_read(lambda one: parse_datetime(one, (self._zone or UTC) if is_local else None), text):
            return False
        self.are_local, self.have_offsets = self.are_local or is_local, self.have_offsets or not is_local
        return True

    def found(self) -> Found | None:
        if not self.are_local:
            return {"type": "datetime"}
        if self._name is None:
            self.note = "times without an offset; say timezone= and whose local time they are for datetime"
            return None
        return {"type": "datetime", "timezone": self._name}


class Clocks(Kind):
    """Times of day with seconds; ``12:30`` may be minutes and seconds."""

    def takes(self, text: str) -> bool:
        return _CLOCK.fullmatch(text.strip()) is not None

    def found(self) -> Found:
        return {"type": "time"}


class Uuids(Kind):
    def takes(self, text: str) -> bool:
        return _UUID.fullmatch(text.strip()) is not None

    def found(self) -> Found:
        return {"type": "uuid"}


class Structures(Kind):
    """Objects and arrays in JSON, as CSV of this service writes them.

    :param types: those that are tried, from the narrowest to ``json``
    """

    def __init__(self, types: Mapping[str, tuple[FieldType, Options]]) -> None:
        self._left = {name: of_values(*type_) for name, type_ in types.items()}
        self._forms = {name: type_[0].text_form(type_[1]) for name, type_ in types.items()}

    def takes(self, text: str) -> bool:
        if text.lstrip()[:1] not in ("[", "{"):
            return False
        for name in list(self._left):
            try:
                taken = self._left[name](self._forms[name].from_text(text))
            except (ValueError, DynmodelError):
                taken = False
            if not taken:
                del self._left[name]
        return bool(self._left)

    def found(self) -> Found:
        return {"type": next(iter(self._left))}


def of_values(field_type: FieldType, options: Options) -> Callable[[Any], bool]:
    """Whether a JSON value is one of a type."""
    node = field_type.schema_node(options)

    def is_value(value: Any) -> bool:
        try:
            node.deserialize(value)
        except (colander.Invalid, ValueError, DynmodelError):
            return False
        return True

    return is_value


def _is_float(text: str) -> bool:
    """Whether a float has all digits of a number, or is written with these 17."""
    value = parse_float(text)
    if math.isinf(value) or type(value) is Rounded:
        return False
    return "." in text or Decimal(text) == Decimal(repr(value))


def _is_read(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except (ValueError, OverflowError):
        return False
    return True
