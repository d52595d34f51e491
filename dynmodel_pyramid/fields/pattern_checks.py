"""Regular expressions of Python as regular expressions of PostgreSQL, where the two mean the same.

Python's ``fullmatch`` tries every way to match, so a text passes if and only if it is in the pattern's language:
whether quantifiers are lazy doesn't matter. PostgreSQL's engine asks for the same (manual, 9.7.3). Translated is what
both write: literals, classes of characters, ``.``, groups, alternation, repetition, and anchors at the ends, where
``fullmatch`` makes them idle. Not translated are the escapes for digits, words and spaces, whose members change with
Python's version of Unicode (with ``(?a)`` they don't, and are), word boundaries, look-around, references, possessive
and atomic groups, and flags that fold case or look at lines.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import sqlalchemy as sa

#: PostgreSQL's DUPMAX.
_MOST_REPEATS = 255
#: Characters after all repeats are written out, and groups in groups: PostgreSQL refuses what is too complex.
_LARGEST, _DEEPEST = 500, 30
#: Meanings of flags that are known here; re.UNICODE is every pattern's, re.VERBOSE is done with after parsing.
_FLAGS = re.UNICODE | re.ASCII | re.DOTALL | re.VERBOSE
_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
#: Ranges of what the escapes mean under re.ASCII, in order.
_ASCII = {
    "DIGIT": [(0x30, 0x39)],
    "SPACE": [(0x09, 0x0D), (0x20, 0x20)],
    "WORD": [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
}
_BEGINNINGS = (op.AT_BEGINNING, op.AT_BEGINNING_STRING)
_ENDS = (op.AT_END, op.AT_END_STRING)


class _Untranslatable(Exception):
    """The pattern has no equal in PostgreSQL, or none that is known."""


def checks(column: sa.ColumnElement, pattern: str | None, context) -> Mapping[str, sa.ColumnElement[bool]]:
    """The check ``pattern``. SQLite has no regular expressions of its own."""
    if pattern is None or context.dialect != "postgresql":
        return {}
    translated = to_postgresql(pattern)
    return {} if translated is None else {"pattern": column.regexp_match(translated)}


@lru_cache(256)
def to_postgresql(pattern: str) -> str | None:
    """An advanced regular expression that finds something in exactly the texts that ``re.fullmatch`` takes; or None."""
    try:
        tree = _parser.parse(pattern)
        if tree.state.flags & ~_FLAGS:
            return None
        writer = _Writer(tree.state.flags)
        text = writer.sequence(tree, first=True, last=True)
    except (_Untranslatable, RecursionError):
        return None
    return f"^(?:{text})$"


class _Writer:
    """Writes the tree of one pattern; ``size`` counts characters with their repeats."""

    def __init__(self, flags: int):
        self.flags = flags
        self.size = 0
        self.depth = 0

    def sequence(self, items: Any, first: bool = False, last: bool = False) -> str:
        """:param first: whether nothing of the text can come before it; ``last`` likewise"""
        items = list(items)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Untranslatable
        while first and items and items[0][0] is op.AT and items[0][1] in _BEGINNINGS:
            del items[0]
        while last and items and items[-1][0] is op.AT and items[-1][1] in _ENDS:
            del items[-1]
        end = len(items) - 1
        made = [self.item(*item, first and not n, last and n == end) for n, item in enumerate(items)]
        self.depth -= 1
        return "".join(made)

    def item(self, kind: Any, value: Any, first: bool, last: bool) -> str:
        self.size += 1
        if self.size > _LARGEST:
            raise _Untranslatable
        if kind is op.LITERAL:
            return _character(value)
        if kind is op.NOT_LITERAL:
            return f"[^{_character(value)}]"
        if kind is op.ANY:
            return "." if self.flags & re.DOTALL else f"[^{_character(0x0A)}]"
        if kind is op.IN:
            return self.characters(value)
        if kind is op.BRANCH:
            return f"(?:{'|'.join(self.sequence(branch, first, last) for branch in value[1])})"
        if kind is op.SUBPATTERN:
            _, added, removed, inner = value
            if added or removed:
                raise _Untranslatable
            return f"(?:{self.sequence(inner, first, last)})"
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self.repeated(*value)
        raise _Untranslatable

    def repeated(self, low: int, high: Any, inner: Any) -> str:
        unbounded = high is op.MAXREPEAT
        if max(low, 0 if unbounded else high) > _MOST_REPEATS:
            raise _Untranslatable
        before = self.size
        text = self.sequence(inner)
        self.size += (self.size - before) * (low + 1 if unbounded else high)
        if self.size > _LARGEST:
            raise _Untranslatable
        return f"(?:{text}){{{low},{'' if unbounded else high}}}"

    def characters(self, members: list) -> str:
        """A class, given by its members; the first may say that it stands for all others."""
        negated = members[0][0] is op.NEGATE
        found = []
        for kind, value in members[1:] if negated else members:
            if kind is op.LITERAL:
                found.append((value, value))
            elif kind is op.RANGE:
                found.append(value)
            elif kind is op.CATEGORY and self.flags & re.ASCII:
                found += _category(str(value))
            else:
                raise _Untranslatable
        # No text holds NUL.
        found = [(max(low, 1), high) for low, high in found if high]
        if not found:
            raise _Untranslatable
        written = [_character(low) if low == high else f"{_character(low)}-{_character(high)}" for low, high in found]
        return f"[{'^' if negated else ''}{''.join(written)}]"


def _category(name: str) -> list[tuple[int, int]]:
    """The ranges of ``CATEGORY_DIGIT`` and its like, ``CATEGORY_NOT_DIGIT`` and its like."""
    kind = name.removeprefix("CATEGORY_")
    ranges = _ASCII[kind.removeprefix("NOT_")]
    if not kind.startswith("NOT_"):
        return ranges
    edges = [0, *(edge for low, high in ranges for edge in (low - 1, high + 1)), _LAST_CHARACTER]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _character(code: int) -> str:
    """One character, in a class or outside."""
    if code == 0 or code in _SURROGATES:
        raise _Untranslatable
    character = chr(code)
    if code < 0x80 and character.isalnum():
        return character
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
