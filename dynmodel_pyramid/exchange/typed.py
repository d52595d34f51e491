"""Values with types of their own -> the JSON values of a field: of typed files, and of PostgREST's lenient JSON.

A text that is not a value of the field is read by the field's text form. Other values become a text if the field wants
one. What fits nothing stays as it is: the validator refuses it, with its own message.
"""

import datetime
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import colander
import orjson

from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Options, TextForm
from dynmodel_pyramid.fields.numerals import parse_float

_UNCHANGED = TextForm().from_text


class Digits(str):
    """A number of JSON as it was written, with all its digits."""


def exactly(text: bytes) -> Any:
    """A JSON text -> a document whose numbers are :class:`Digits`."""
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def exact_json(value: Any) -> bytes:
    """The JSON text of a document with :class:`Digits`."""
    return orjson.dumps(
        value, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=lambda number: orjson.Fragment(str(number))
    )


@dataclass(frozen=True, slots=True)
class Typer:
    """Types the values of one field.

    :param read: gives the typed value
    :param kept: values of these types are what ``read`` would make of them
    """

    read: Callable[[Any], Any]
    kept: frozenset[type] = frozenset()


def typer_of(
    field_type: FieldType, options: Options, node: colander.SchemaNode, accepts: Callable[[Any], bool]
) -> Typer:
    """The typer of values, some of which may be texts.

    :param accepts: a cheap test, true only for values that the validator ``node`` accepts
    """
    deserialize, from_text = node.deserialize, field_type.text_form(options).from_text
    kinds: tuple[type, ...] | None = getattr(node.typ, "types", None)
    is_text = kinds == (str,)
    # colander's errors cost more than all the rest. So a text is not tried as a value if no value is a text, nor if
    # every value is one: then its text form reads it as well. Nor is a number, if every value is a text.
    tries_texts, tries_numbers = (kinds is None or str in kinds) and not is_text, not is_text

    def is_valid(plain: Any) -> bool:
        try:
            deserialize(plain)
        except colander.Invalid:
            return False
        return True

    def typed(value: Any) -> Any:
        kind = type(value)
        if kind is str:
            text = plain = value
            tried = tries_texts
        elif value is None:
            return None
        elif kind is Digits or kind is Decimal:
            text, plain, tried = _number_text(value), parse_float(str(value)), tries_numbers
        elif kind in _TIMES:
            return _time(value)
        elif kind is float and not math.isfinite(value):
            text, plain, tried = str(value), str(value), tries_texts
        else:
            text, plain, tried = None, value if kind is int or kind is bool else plain_value(value), True
        if tried and (accepts(plain) or is_valid(plain)):
            return plain
        if kind is float and value.is_integer() and tries_numbers and is_valid(int(value)):
            return int(value)
        try:
            return from_text(json_text(plain) if text is None else text)
        except ValueError:
            return plain  # the validator will refuse it, with its own message

    def _time(value: Any) -> Any:
        """A moment without an offset is in the field's ``timezone``, else in UTC."""
        text = value.isoformat()
        ways = [text]
        if isinstance(value, datetime.datetime):
            ways += [f"{text}Z"] * (value.tzinfo is None)
        elif isinstance(value, datetime.date):
            ways += [f"{text}T00:00:00Z"]
        for way in ways:
            try:
                read = from_text(way)
            except ValueError:
                continue
            if is_valid(read):
                return read
        return text

    kept = {kind for kind in kinds or () if kind in (int, bool)} | {type(None)}
    return Typer(typed, frozenset(kept | ({str} if is_text and from_text is _UNCHANGED else set())))


def is_number(field_type: FieldType, options: Options) -> bool:
    """Whether the values of a field are numbers, so that their texts may have a decimal comma."""
    return field_type.exact_numbers or field_type.json_schema(options).get("type") in ("number", "integer")


_TIMES = (datetime.datetime, datetime.date, datetime.time)


def _number_text(value: Any) -> str:
    return f"{value:f}" if type(value) is Decimal else str(value)


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain_value(value: Any) -> Any:
    """A JSON value, at any depth: with its numbers as floats, its times as texts."""
    kind = type(value)
    if kind is Digits or kind is Decimal:
        return parse_float(str(value))
    if kind is dict:
        return {name: plain_value(item) for name, item in value.items()}
    if kind in _TIMES:
        return value.isoformat()
    return [plain_value(item) for item in value] if kind is list else value
