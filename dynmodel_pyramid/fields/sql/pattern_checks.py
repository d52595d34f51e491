"""Regular expressions of Python as regular expressions of PostgreSQL that match at least the same texts.

Python's ``fullmatch`` tries every way to match, so a text passes if and only if it is in the pattern's language:
whether quantifiers are lazy doesn't matter. PostgreSQL's engine has the same rule (manual, 9.7.3). Constructs that both
have are translated: literals, classes of characters, ``.``, groups, alternation, repetition, and anchors at the ends,
where they have no effect in ``fullmatch``. Not translated are word boundaries, look-around, references, possessive and
atomic groups, and the flags for ignoring case and for lines.

Two things become looser, and nothing becomes tighter. Digits, words and spaces beyond ASCII change with Python's
version of Unicode: unless the pattern says ``(?a)``, each escape matches all characters beyond ASCII. Repetitions
beyond PostgreSQL's maximum become unlimited.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import python_patterns
from dynmodel_pyramid.fields.sql.signatures import Checks, Context

#: PostgreSQL's DUPMAX.
_MOST_REPEATS = 255
#: The most characters after all repeats are written out.
_LARGEST = 500
#: The most groups in groups.
_DEEPEST = 30
#: The most arcs of PostgreSQL's automaton. It needs about 20 ms for them, once in each session. Ten times as many take
#: a thousand times as long; even more are refused.
MOST_ARCS = 20_000
#: The flags that can be translated; every pattern has re.UNICODE, and re.VERBOSE has no effect after parsing.
_FLAGS = re.UNICODE | re.ASCII | re.DOTALL | re.VERBOSE
_LAST_ASCII, _LAST_CHARACTER = 0x7F, 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_BEGINNINGS = (op.AT_BEGINNING, op.AT_BEGINNING_STRING)
_ENDS = (op.AT_END, op.AT_END_STRING)

_Ranges = list[tuple[int, int]]
#: The characters of the escapes within ASCII, in order.
_WITHIN_ASCII: dict[str, _Ranges] = {
    "DIGIT": [(0x30, 0x39)],
    "SPACE": [(0x09, 0x0D), (0x1C, 0x20)],
    "WORD": [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
}
#: The same under re.ASCII, which has fewer spaces.
_UNDER_ASCII = _WITHIN_ASCII | {"SPACE": [(0x09, 0x0D), (0x20, 0x20)]}


class _Untranslatable(Exception):
    """The pattern has no known equivalent in PostgreSQL."""


class _Part(NamedTuple):
    """A translated part of a pattern."""

    text: str
    #: How many characters it matches, after all repeats are written out.
    size: int = 1
    #: The most ways to go on between two characters, besides the first one.
    choices: int = 0
    #: Whether it may match the empty text.
    empty: bool = False


def checks(column: sa.ColumnElement[Any], pattern: str | None, context: Context) -> Checks:
    """The check ``pattern``, if the database has regular expressions."""
    if pattern is None or not expressions_of(context.dialect).has_regular_expressions:
        return {}
    translated = to_postgresql(pattern)
    return {} if translated is None else {"pattern": column.regexp_match(translated)}


@lru_cache(256)
def to_postgresql(pattern: str) -> str | None:
    """An advanced regular expression that matches all texts that ``re.fullmatch`` matches; or None.

    It matches no others, except texts with characters beyond ASCII or with very long repetitions.
    """
    try:
        tree = python_patterns.parsed(pattern, longest=len(pattern))
        if tree.state.flags & ~_FLAGS:
            return None
        writer = _Writer(tree.state.flags)
        part = writer.sequence(tree, first=True, last=True)
    except (_Untranslatable, ValueError):
        return None
    arcs = writer.arcs(part)
    return f"^(?:{part.text})$" if part.size <= _LARGEST and arcs <= MOST_ARCS else None


def arcs(pattern: str) -> int:
    """About how many arcs PostgreSQL's automaton has for an expression that Python and PostgreSQL read alike."""
    tree = _parser.parse(pattern)
    writer = _Writer(tree.state.flags, places=True)
    return writer.arcs(writer.sequence(tree))


class _Writer:
    """Writes the tree of one pattern.

    :param places: allow anchors inside the pattern, for callers that need only its size
    """

    def __init__(self, flags: int, *, places: bool = False) -> None:
        self.flags = flags
        self.places = places
        self.depth = 0
        self.ranges: set[tuple[int, int]] = set()
        self.has_classes = False

    def arcs(self, part: _Part) -> int:
        return part.size * (1 + part.choices) * self.width()

    def width(self) -> int:
        """Arcs of one character: PostgreSQL divides a class by all characters that the pattern tells apart."""
        return 1 + len(self.ranges) if self.has_classes else 1

    def sequence(self, items: Any, first: bool = False, last: bool = False) -> _Part:
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
        parts = [self.item(kind, value, first and not n, last and n == end) for n, (kind, value) in enumerate(items)]
        self.depth -= 1
        text = "".join(part.text for part in parts)
        return _Part(text, _sum("size", parts), _sum("choices", parts), all(part.empty for part in parts))

    def item(self, kind: Any, value: Any, first: bool, last: bool) -> _Part:
        if kind is op.LITERAL:
            self.ranges.add((value, value))
            return _Part(_character(value))
        if kind is op.NOT_LITERAL:
            return self.characters([(value, value)], negated=True)
        if kind is op.ANY:
            return self.any()
        if kind is op.IN:
            negated = value[0][0] is op.NEGATE
            return self.characters(self.members(value[1:] if negated else value, negated), negated)
        if kind is op.BRANCH:
            parts = [self.sequence(branch, first, last) for branch in value[1]]
            text = f"(?:{'|'.join(part.text for part in parts)})"
            choices = _sum("choices", parts) + len(parts) - 1
            return _Part(text, 1 + _sum("size", parts), choices, any(part.empty for part in parts))
        if kind is op.SUBPATTERN and not (value[1] or value[2]):
            part = self.sequence(value[3], first, last)
            return part._replace(text=f"(?:{part.text})", size=1 + part.size)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self.repeated(*value)
        if kind is op.AT and self.places:
            return _Part("", empty=True)
        raise _Untranslatable

    def repeated(self, low: int, high: Any, inner: Any) -> _Part:
        limited = high <= _MOST_REPEATS
        low = min(low, _MOST_REPEATS)
        times = high if limited else low + 1
        part = self.sequence(inner)
        # If a repeat may be empty, any later one can be next; else only the rest of it, or the one after it.
        choices = times * (part.choices + 1) if part.empty else 2 * part.choices + 1
        text = f"(?:{part.text}){{{low},{high if limited else ''}}}"
        return _Part(text, 1 + times * part.size, choices, part.empty or low == 0)

    def any(self) -> _Part:
        if not self.flags & re.DOTALL:
            return self.characters([(0x0A, 0x0A)], negated=True)
        self.has_classes = True
        return _Part(".")

    def members(self, members: Iterable[tuple[Any, Any]], negated: bool) -> _Ranges:
        """The ranges of a class; for a negated class, only those that certainly belong to it."""
        ranges: _Ranges = []
        for kind, value in members:
            if kind is op.LITERAL:
                ranges.append((value, value))
            elif kind is op.RANGE:
                ranges.append(value)
            elif kind is op.CATEGORY:
                ranges += _category(str(value), bool(self.flags & re.ASCII), negated)
            else:
                raise _Untranslatable
        return ranges

    def characters(self, ranges: _Ranges, negated: bool) -> _Part:
        """A class: one of the characters, or any but these."""
        # No text holds NUL.
        ranges = [(max(low, 1), high) for low, high in ranges if high]
        if not ranges:
            raise _Untranslatable
        self.has_classes = True
        self.ranges.update(ranges)
        written = [_character(low) if low == high else f"{_character(low)}-{_character(high)}" for low, high in ranges]
        return _Part(f"[{'^' if negated else ''}{''.join(written)}]")


def _sum(name: str, parts: list[_Part]) -> int:
    return sum(getattr(part, name) for part in parts)


def _category(name: str, under_ascii: bool, certain: bool) -> _Ranges:
    """The ranges of ``CATEGORY_DIGIT`` and its like, ``CATEGORY_NOT_DIGIT`` and its like.

    :param certain: leave out characters that may or may not have the property; else they are included
    """
    kind = name.removeprefix("CATEGORY_")
    ranges = (_UNDER_ASCII if under_ascii else _WITHIN_ASCII)[kind.removeprefix("NOT_")]
    if kind.startswith("NOT_"):
        last = _LAST_CHARACTER if under_ascii else _LAST_ASCII
        edges = [0, *(edge for low, high in ranges for edge in (low - 1, high + 1)), last]
        ranges = list(zip(edges[::2], edges[1::2], strict=True))
    return ranges if under_ascii or certain else [*ranges, (_LAST_ASCII + 1, _LAST_CHARACTER)]


def _character(code: int) -> str:
    """One character, in a class or outside."""
    if code == 0 or code in _SURROGATES:
        raise _Untranslatable
    character = chr(code)
    if code < 0x80 and character.isalnum():
        return character
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
