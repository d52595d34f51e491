"""Functions that SQLite lacks, registered on each connection. They are pure functions of texts and numbers.

``database/expressions/sqlite.py`` makes conditions with them.
"""

import functools
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import orjson

from dynmodel_pyramid.database import regex
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND, Deadline
from dynmodel_pyramid.database.texts import folding, functions
from dynmodel_pyramid.database.texts.word_queries import Query, document, holds, parts_of
from dynmodel_pyramid.database.texts.word_query_reading import read_query
from dynmodel_pyramid.database.texts.words import SEARCHED, words
from dynmodel_pyramid.nesting import loads

#: Parsed constants, because each is used for every row. Fewer long ones are kept.
_KEPT, _KEPT_LONG = 64, 4


def register(dbapi: sqlite3.Connection, deadline: Deadline) -> None:
    for name, count, function in (
        ("dynmodel_match", 2, partial(match, deadline=deadline)),
        (functions.FOLD, 1, fold),
        (functions.FOLD_ACCENTS, 1, fold_accents),
        (functions.SEARCH, 3, partial(search, deadline=deadline)),
        ("dynmodel_float_text", 1, float_text),
        ("dynmodel_json_float", 1, json_float),
        ("dynmodel_float", 2, float_of),
        ("dynmodel_complement", 1, complement),
        ("dynmodel_rounded", 1, rounded),
        ("dynmodel_sortable", 3, sortable),
        ("dynmodel_json", 1, canonical),
        ("dynmodel_json_contains", 2, partial(contains, deadline=deadline)),
        ("dynmodel_json_path", 3, at_path),
        ("dynmodel_json_number", 2, compare_numbers),
        ("dynmodel_json_of", 1, json_of),
        ("dynmodel_json_texts", 1, json_texts),
        ("dynmodel_json_size", 1, size),
        ("dynmodel_array_order", 2, array_order),
    ):
        dbapi.create_function(name, count, deadline.bounded(function), deterministic=True)


# Regular expressions

#: Texts up to this length are searched without asking the clock.
_LONG = 10_000
#: A text's characters times the pattern's instructions that RE2 handles in a second at its slowest.
_STEPS = 100_000_000


def match(pattern: str, text: str | None, deadline: Deadline = UNBOUND) -> int | None:
    """Whether a part of the text matches; in time that grows with the text and with the pattern, each alone (RE2)."""
    if text is None:
        return None
    if len(text) > _LONG:
        deadline.check(len(text) * regex.instructions(pattern) / _STEPS)
    return int(regex.finds(pattern, text))


# Texts without case and accents


def fold(text: str | None) -> str | None:
    return None if text is None else folding.fold(text)


def fold_accents(text: str | None) -> str | None:
    return None if text is None else folding.fold_accents(text)


# Words

#: Characters of a text whose words are found in a second at the slowest.
_CHARACTERS = 2_000_000


@functools.lru_cache(_KEPT)
def _read_query(text: str) -> tuple[Query, frozenset[str]]:
    query = read_query(text)
    return query, parts_of(query)


def search(query: str, text: str | None, accents: int, deadline: Deadline = UNBOUND) -> int | None:
    """Whether a text has the words that a query asks for; an empty query finds nothing."""
    if text is None:
        return None
    if not query:
        return 0
    text = text[:SEARCHED]
    deadline.check(len(text) / _CHARACTERS)
    folded = folding.fold_accents(text) if accents else folding.fold(text)
    wanted, parts = _read_query(query)
    if not all(map(folded.__contains__, parts)):
        return 0
    return int(holds(wanted, document(words(folded)), deadline.check))


# Numbers

_NINES = str.maketrans("0123456789", "9876543210")


def float_text(number: float | None) -> str | None:
    return None if number is None else repr(float(number))


def json_float(number: float | None) -> str | None:
    """The JSON text of a float, as the encoder of rows writes it."""
    return None if number is None else orjson.dumps(float(number)).decode()


def float_of(text: str | None, pattern: str) -> float | None:
    """The float that a text stands for, if it matches. SQLite's own conversion may be wrong in the last digit."""
    return float(text) + 0.0 if text is not None and re.fullmatch(pattern, text) else None


def rounded(digits: str | None) -> str | None:
    """The whole number next to a decimal number, half away from zero."""
    return None if digits is None else f"{Decimal(digits).to_integral_value(ROUND_HALF_UP):f}"


def complement(digits: str | None) -> str | None:
    return None if digits is None else digits.translate(_NINES)


def sortable(number: str | None, digits: int, scale: int) -> str | None:
    """An exact number as text of a fixed length that sorts as the numbers do (``fields/sql/exact.py``)."""
    if number is None:
        return None
    whole, _, fraction = number.partition(".")
    units = int(f"{whole}{fraction:0<{scale}}")
    written = f"{abs(units):0{digits}}"
    return "0" + written.translate(_NINES) if units < 0 else "1" + written


# JSON, as PostgreSQL's jsonb has it (manual, 8.14): numbers are exact, the order of keys is not kept


#: Those of PostgreSQL's numeric before the point, and the least exponent (manual, 8.1.2).
_DIGITS, _LEAST_EXPONENT = 131_072, -16_383
#: The escape of NUL, which jsonb refuses: after an even number of backslashes.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _number(text: str) -> Decimal:
    return Decimal(text)


def _load(text: str) -> Any:
    return json.loads(text, parse_int=_number, parse_float=_number)


_load_short = functools.lru_cache(_KEPT)(_load)
_load_long = functools.lru_cache(_KEPT_LONG)(_load)


def _load_constant(text: str) -> Any:
    return (_load_short if len(text) <= _LONG else _load_long)(text)


def canonical(text: str | None) -> str | None:
    """A text that is the same for equal values."""
    return None if text is None else _write(_load(text), plain=False)


def as_jsonb(value: Any) -> str:
    """A JSON value as jsonb writes it, so that answers are the same on both databases."""
    return _write(value, plain=True)


def _write(value: Any, *, plain: bool) -> str:
    """JSON text; ``plain`` as jsonb is written: digits as they were, spaces, shorter keys first."""
    if type(value) is dict:
        # jsonb has them in order of their length in bytes.
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_quoted(key)}: {_write(value[key], plain=plain)}" for key in keys) + "}"
    if type(value) is list:
        return "[" + ", ".join(_write(item, plain=plain) for item in value) + "]"
    if isinstance(value, float):
        value = Decimal(float.__repr__(value))
    if type(value) is Decimal:
        # Zero has no sign; "f" writes no exponent. jsonb keeps trailing zeros after the point, but they mean nothing.
        value = abs(value) if not value else value
        text = f"{value:f}"
        return text if plain or "." not in text else text.rstrip("0").rstrip(".")
    return _quoted(value) if type(value) is str else json.dumps(value)


def _quoted(text: str) -> str:
    # jsonb escapes the characters that JSON requires; DEL is not one of them.
    return json.dumps(text, ensure_ascii=False)


def contains(text: str | None, wanted: str | None, deadline: Deadline = UNBOUND) -> int | None:
    """Whether the first JSON value contains the second (PostgreSQL manual, 8.14.3)."""
    if text is None or wanted is None:
        return None
    one, other = _load(text), _load_constant(wanted)
    if type(one) is list and not isinstance(other, list | dict):
        return int(_kind_of(other) in _scalars(one))  # an array contains a primitive value, but only at the top level
    return int(_contains(one, other, deadline.check))


def _contains(one: Any, other: Any, check: Callable[[], None]) -> bool:
    check()  # each nested array is compared with each
    if type(one) is dict and type(other) is dict:
        return all(key in one and _contains(one[key], value, check) for key, value in other.items())
    if type(one) is list and type(other) is list:
        scalars = _scalars(one)
        nested = [item for item in one if isinstance(item, list | dict)]
        return all(
            any(_contains(item, value, check) for item in nested)
            if isinstance(value, list | dict)
            else _kind_of(value) in scalars
            for value in other
        )
    return type(one) is type(other) and one == other


def _kind_of(value: Any) -> tuple[type, Any]:
    return type(value), value


def _scalars(items: list[Any]) -> set[tuple[type, Any]]:
    """The items that are neither arrays nor objects, with their types: true equals 1 in Python, but not in JSON."""
    return {_kind_of(item) for item in items if not isinstance(item, list | dict)}


def at_path(text: str | None, steps: str, as_text: int) -> str | None:
    """The value that ``->`` finds by keys and indexes; with ``as_text`` the last arrow is ``->>``."""
    value = None if text is None else _load(text)
    for step in _load_steps(steps) if text is not None else ():
        if type(value) is dict and type(step) is str and step in value:
            value = value[step]
        elif type(value) is list and type(step) is int and -len(value) <= step < len(value):
            value = value[step]
        elif isinstance(value, dict | list) or step not in (0, -1):
            return None
        # PostgreSQL treats a scalar as an array of one item.
    if text is None or (as_text and value is None):
        return None
    return value if as_text and type(value) is str else _write(value, plain=True)


_load_steps = functools.lru_cache(_KEPT)(json.loads)


def compare_numbers(text: str | None, other: str) -> int | None:
    """-1, 0 or 1 as a JSON number is less than, equal to or greater than another; None for other values."""
    value = None if text is None else _load(text)
    if type(value) is not Decimal:
        return None
    wanted = _load_constant(other)
    return (value > wanted) - (value < wanted)


def json_texts(text: str | None) -> str | None:
    """All texts in a JSON value, in lines; keys are not among them."""
    return None if text is None else "\n".join(_texts(_load(text)))


def _texts(value: Any) -> Iterator[str]:
    if type(value) is str:
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if type(value) is dict else value:
            yield from _texts(item)


def json_of(text: str | None) -> str | None:
    """A JSON text as jsonb is written; None for texts that jsonb does not take."""
    if text is None or _NUL.search(text):
        return None
    try:
        value = loads(text, parse_int=_storable, parse_float=_storable, parse_constant=_no_constant)
        written = _write(value, plain=True)
        written.encode()
    except ValueError:  # lone surrogates are one, too
        return None
    return written


def _storable(text: str) -> Decimal:
    number = Decimal(text)
    if not _LEAST_EXPONENT <= number.adjusted() < _DIGITS:
        raise ValueError(text)
    return number


def _no_constant(text: str) -> Decimal:
    raise ValueError(text)  # NaN and the like, which the module takes


def size(text: str | None) -> int | float | None:
    """The sort key of a JSON number; None for other values."""
    value = None if text is None else _load(text)
    if type(value) is not Decimal:
        return None
    whole = value == value.to_integral_value() and abs(value) < 2**63
    return int(value) if whole else float(value)


# Arrays of texts, which are JSON


def array_order(text: str | None, other: str | None) -> int | None:
    """Below 0 if the first array comes before the second, 0 if they are equal. Characters have the order of bytes."""
    if text is None or other is None:
        return None
    one, two = _load(text), _load_constant(other)
    return (one > two) - (one < two)
