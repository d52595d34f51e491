r"""Patterns in the syntax of Python's ``re``, with its meaning, in time that grows with the text alone.

Python's parser reads a pattern; it is translated for RE2 (:mod:`dynmodel_pyramid.database.regex`). RE2's own ``\w``,
``\b``, ``$`` and folding of case differ from Python's. So all characters that the pattern can't tell apart become one
symbol, in the pattern and in each text; the symbols are chosen so that RE2's ``\b`` agrees. ``$`` before a last newline
is RE2's ``$`` before any newline: only the last newline of a text keeps that symbol.

Refused are back-references, look-around, conditionals, atomic groups and possessive quantifiers, which no engine runs
in linear time, and two mixtures: ``$`` within ``(?m:...)`` and outside, ``\b`` within ``(?a:...)`` and outside.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from dynmodel_pyramid.database import regex
from dynmodel_pyramid.fields.characters import EVERYTHING, Ranges, complement, escape, ignoring_case, merged
from dynmodel_pyramid.nesting import MAX_LEVELS

#: The most characters of a pattern; characters after all repetitions are written out; and groups in groups.
LONGEST, SIZE, DEPTH = 1000, 1000, 50
#: The most characters of a text, times the size of the pattern. RE2 needs about 4 ns for each.
WORK = 250_000_000
#: How many characters' symbols one pattern keeps.
_KEPT_SYMBOLS = 2000
_NEWLINE: Ranges = ((0x0A, 0x0A),)
_TYPE_FLAGS = re.ASCII | re.UNICODE | re.LOCALE
#: Whether ``\B`` matches the empty text; Python 3.14 changed that.
_B_TAKES_NOTHING = re.fullmatch(r"\B", "") is not None

_REFUSED = {
    op.GROUPREF: r"a back-reference such as \1 or (?P=name)",
    op.GROUPREF_EXISTS: "a conditional such as (?(1)...)",
    op.ASSERT: "look-ahead or look-behind such as (?=...) or (?<=...)",
    op.ASSERT_NOT: "look-ahead or look-behind such as (?!...) or (?<!...)",
    op.ATOMIC_GROUP: "an atomic group such as (?>...)",
    op.POSSESSIVE_REPEAT: "a possessive quantifier such as a*+",
}
_WANTED = "; it can't be run in linear time"
_ESCAPES = {op.CATEGORY_DIGIT: "d", op.CATEGORY_WORD: "w", op.CATEGORY_SPACE: "s"}
_OPPOSITES = {op.CATEGORY_NOT_DIGIT: "d", op.CATEGORY_NOT_WORD: "w", op.CATEGORY_NOT_SPACE: "s"}


@lru_cache(256)
def compiled(pattern: str) -> "Pattern":
    """:raises ValueError: it is not a regular expression, is too large, or has a part that is not linear"""
    return Pattern(pattern)


def parsed(pattern: str, longest: int = LONGEST) -> Any:
    """Python's tree of a pattern.

    :raises ValueError: it is not a regular expression, or too long
    """
    if len(pattern) > longest:
        raise ValueError(f"want a regular expression of at most {longest} characters, not {len(pattern)}")
    if pattern.count("(") > MAX_LEVELS:  # the parser calls itself twice for groups in groups
        raise ValueError(f"want groups in at most {DEPTH} groups, and at most {MAX_LEVELS} parentheses")
    try:
        return _parser.parse(pattern)
    except (re.error, OverflowError) as error:
        raise ValueError(f"is not a regular expression: {error}") from None


class Pattern:
    """One pattern, ready for texts; shared by all threads."""

    def __init__(self, pattern: str) -> None:
        tree = parsed(pattern)
        writer = _Writer()
        part = writer.sequence(tree, tree.state.flags, 0)
        #: The longest text that the pattern is applied to.
        self.longest = WORK // max(part.size, 1)
        self._takes_nothing = part.empty
        self._alphabet = _Alphabet(writer)
        sets = [self._alphabet.written(number) for number in range(len(writer.sets))]
        self._written = "".join(piece if isinstance(piece, str) else sets[piece] for piece in part.pieces)
        regex.check(self._written)

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text matches, as ``re.fullmatch`` says."""
        return regex.takes(self._written, self._alphabet.read(text)) if text else self._takes_nothing


class _Part(NamedTuple):
    """A translated part of a pattern: texts, and numbers of sets of characters."""

    pieces: list[str | int]
    #: How many characters it matches, after all repetitions are written out.
    size: int = 1
    #: Whether it may match the empty text.
    empty: bool = False


class _Writer:
    """Writes the tree of one pattern, and notes the sets of characters in it."""

    def __init__(self) -> None:
        self.sets: dict[Ranges, int] = {}
        #: Each kind of line end and of word that the pattern asks for: ``re.MULTILINE`` or 0, ``re.ASCII`` or 0.
        self.lines: set[int] = set()
        self.words: set[int] = set()

    def sequence(self, items: Any, flags: int, depth: int) -> _Part:
        if depth > DEPTH:
            raise ValueError(f"want groups in at most {DEPTH} groups")
        parts = [self.item(kind, value, flags, depth) for kind, value in items]
        return _sized([piece for part in parts for piece in part.pieces], parts, all(part.empty for part in parts))

    def item(self, kind: Any, value: Any, flags: int, depth: int) -> _Part:
        if kind in (op.LITERAL, op.NOT_LITERAL):
            return self.characters([(op.LITERAL, value)], kind is op.NOT_LITERAL, flags)
        if kind is op.ANY:
            return _Part([self.number(EVERYTHING if flags & re.DOTALL else complement(_NEWLINE))])
        if kind is op.IN:
            negated = value[0][0] is op.NEGATE
            return self.characters(value[1:] if negated else value, negated, flags)
        if kind is op.AT:
            return self.place(value, flags)
        if kind is op.BRANCH:
            parts = [self.sequence(branch, flags, depth + 1) for branch in value[1]]
            pieces = [piece for part in parts for piece in ("|", *part.pieces)]
            return _sized(["(?:", *pieces[1:], ")"], parts, any(part.empty for part in parts))
        if kind is op.SUBPATTERN:
            _, added, removed, inner = value
            flags = (flags & ~_TYPE_FLAGS if added & _TYPE_FLAGS else flags) | added
            part = self.sequence(inner, flags & ~removed, depth + 1)
            return part._replace(pieces=["(?:", *part.pieces, ")"])
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, inner = value
            return self.repeated(low, high, inner, flags, depth)
        raise ValueError(f"want no {_REFUSED.get(kind, str(kind)).removeprefix('a ').removeprefix('an ')}{_WANTED}")

    def repeated(self, low: int, high: Any, inner: Any, flags: int, depth: int) -> _Part:
        part = self.sequence(inner, flags, depth + 1)
        limited = high is not op.MAXREPEAT
        times = max(int(high) if limited else int(low), 1)
        if times * max(part.size, 1) > SIZE:
            raise _too_large()
        # A part that matches only the empty text counts as one character.
        counts = f"{{{low},{int(high) if limited else ''}}}"
        pieces = ["(?:", *part.pieces, ")", counts]
        return _Part(pieces, times * max(part.size, 1), part.empty or low == 0)

    def place(self, where: Any, flags: int) -> _Part:
        multiline = flags & re.MULTILINE
        if where is op.AT_BEGINNING and multiline:
            self.note(self.lines, re.MULTILINE, "$ and ^ within (?m:...), and $ outside")
            return _Part(["(?m:^)"], 0, True)
        if where in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return _Part([r"\A"], 0, True)
        if where is op.AT_END:
            self.note(self.lines, multiline, "$ and ^ within (?m:...), and $ outside")
            return _Part(["(?m:$)"], 0, True)
        if where is op.AT_END_STRING:
            return _Part([r"\z"], 0, True)
        self.note(self.words, flags & re.ASCII, r"\b within (?a:...) and outside")
        boundary = where is op.AT_BOUNDARY
        return _Part([r"\b" if boundary else r"\B"], 0, not boundary and _B_TAKES_NOTHING)

    @staticmethod
    def note(known: set[int], kind: int, mixture: str) -> None:
        known.add(int(kind))
        if len(known) > 1:
            raise ValueError(f"want no mixture of {mixture}")

    def characters(self, members: Iterable[tuple[Any, Any]], negated: bool, flags: int) -> _Part:
        return _Part([self.number(_ranges(tuple(members), negated, flags & (re.IGNORECASE | re.ASCII)))])

    def number(self, ranges: Ranges) -> int:
        return self.sets.setdefault(ranges, len(self.sets))


@lru_cache(64)
def _ranges(members: tuple[tuple[Any, Any], ...], negated: bool, flags: int) -> Ranges:
    ranges: list[tuple[int, int]] = []
    escapes: list[tuple[int, int]] = []
    for kind, value in members:
        if kind is op.LITERAL:
            ranges.append((value, value))
        elif kind is op.RANGE:
            ranges.append(value)
        elif value in _ESCAPES:
            escapes += escape(_ESCAPES[value], bool(flags & re.ASCII))
        else:
            escapes += complement(escape(_OPPOSITES[value], bool(flags & re.ASCII)))
    if flags & re.IGNORECASE:
        included = ignoring_case(merged(ranges), merged(escapes), bool(flags & re.ASCII))
    else:
        included = merged([*ranges, *escapes])
    return complement(included) if negated else included


def _sized(pieces: list[str | int], parts: Iterable[_Part], empty: bool) -> _Part:
    size = sum(part.size for part in parts)
    if size > SIZE:
        raise _too_large()
    return _Part(pieces, size, empty)


def _too_large() -> ValueError:
    return ValueError(f"want a smaller one: of at most {SIZE} characters once all repetitions are written out")


class _Alphabet(dict[int, str]):
    """Code point -> symbol: one symbol for all characters that a pattern can't tell apart."""

    def __init__(self, writer: _Writer) -> None:
        super().__init__()
        universe = dict(writer.sets)
        if writer.lines:
            universe.setdefault(_NEWLINE, len(universe))
        words = escape("w", int(re.ASCII) in writer.words) if writer.words else None
        number = None if words is None else universe.setdefault(words, len(universe))
        self._starts, self._signatures = _partition(universe)
        self._symbols = self._chosen(number)
        #: The symbol of all newlines but the last, if ``$`` may stand before the last one.
        self._inner = chr(0x100 + len(self._symbols)) if writer.lines == {0} else None

    def _signature(self, code: int) -> int:
        return self._signatures[bisect_right(self._starts, code) - 1]

    def _chosen(self, words: int | None) -> dict[int, str]:
        """The symbol of each signature: one of its own characters if one is in ASCII, else an unused one."""
        symbols: dict[int, str] = {}
        for code in range(0x80):
            symbols.setdefault(self._signature(code), chr(code))
        taken = set(symbols.values())
        letters = (chr(code) for low, high in escape("w", True) for code in range(low, high + 1))
        free = (letter for letter in letters if letter not in taken)
        for signature in self._signatures:
            if signature in symbols:
                continue
            # RE2's \b knows only the word characters of ASCII.
            is_word = words is not None and signature >> words & 1
            symbol = next(free, None) if is_word else chr(0x100 + len(symbols))
            if symbol is None:
                raise ValueError(r"want fewer different letters in a pattern with \b")
            symbols[signature] = symbol
        return symbols

    def __missing__(self, code: int) -> str:
        symbol = self._inner if code == 0x0A and self._inner else self._symbols[self._signature(code)]
        if len(self) < _KEPT_SYMBOLS:
            self[code] = symbol
        return symbol

    def read(self, text: str) -> str:
        """A text in symbols; it must not be empty."""
        if self._inner and text[-1] == "\n":
            return text[:-1].translate(self) + "\n"
        return text.translate(self)

    def written(self, number: int) -> str:
        """The symbols of one of the sets, as RE2 reads them."""
        symbols = [ord(symbol) for signature, symbol in self._symbols.items() if signature >> number & 1]
        if self._inner and self._signature(0x0A) >> number & 1:
            symbols.append(ord(self._inner))
        ranges = merged((symbol, symbol) for symbol in symbols)
        members = "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" if low < high else rf"\x{{{low:x}}}" for low, high in ranges)
        return f"[{members}]" if members else r"[^\x{0}-\x{10ffff}]"


def _partition(universe: dict[Ranges, int]) -> tuple[list[int], list[int]]:
    """The first code point of each part in the partition by these sets, and the sets that contain it (as bits)."""
    edges = [
        (edge, 1 << number) for ranges, number in universe.items() for pair in ranges for edge in (pair[0], pair[1] + 1)
    ]
    starts, signatures = [0], [0]
    for edge, bit in sorted(edges):
        if edge > starts[-1]:
            starts.append(edge)
            signatures.append(signatures[-1])
        signatures[-1] ^= bit
    return starts, signatures
