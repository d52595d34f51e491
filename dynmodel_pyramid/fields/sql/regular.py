r"""Regular expressions with one meaning on both databases: the subset that all engines have, in linear time.

The subset: characters, ``.``, sets ``[a-z]`` and ``[^...]`` with classes such as ``[:alpha:]``, ``\d \w \s`` and their
opposites, ``^`` and ``$`` for the ends of the text, groups, ``|``, and the quantifiers ``* + ? {m} {m,} {m,n}``.
Classes are of ASCII. A text matches if any part of it does. Back-references and look-around are refused: engines that
have them may take exponential time, and differ.

A pattern is read into sets of characters and then written in a form that PostgreSQL's engine (manual, 9.7.3, "advanced
regular expressions") and RE2 (:mod:`dynmodel_pyramid.database.regex`, for SQLite) read alike.
"""

import re
from collections.abc import Iterable

from dynmodel_pyramid.database.texts.folding import VARIANTS
from dynmodel_pyramid.fields.sql import pattern_checks

#: The most characters of a pattern, groups in groups, and atoms when all repetitions are written out.
LONGEST, DEPTH, SIZE = 1000, 20, 1000
#: PostgreSQL's DUPMAX.
REPEATS = 255
#: The most arcs of its automaton. The time grows with their square: that many take half a second.
ARCS = 250_000

Ranges = tuple[tuple[int, int], ...]
_SURROGATES = (0xD800, 0xDFFF)


def _of(*pairs: str) -> Ranges:
    return tuple((ord(pair[0]), ord(pair[-1])) for pair in pairs)


CLASSES: dict[str, Ranges] = {
    "alpha": _of("AZ", "az"),
    "digit": _of("09"),
    "alnum": _of("09", "AZ", "az"),
    "upper": _of("AZ"),
    "lower": _of("az"),
    "space": _of("\t\r", " "),
    "blank": _of("\t", " "),
    "punct": _of("!/", ":@", "[`", "{~"),
    "xdigit": _of("09", "AF", "af"),
}
_ESCAPES: dict[str, Ranges] = {"d": CLASSES["digit"], "s": CLASSES["space"], "w": _of("09", "AZ", "__", "az")}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_COUNTS = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}", re.ASCII)


def translated(pattern: str, *, ignore_case: bool = False) -> str:
    """The pattern as both engines read it.

    :raises ValueError: saying what is wanted, and where
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"want a regular expression of at most {LONGEST} characters")
    reader = _Reader(pattern, ignore_case)
    text, _ = reader.branches(0)
    if reader.place < len(pattern):
        raise reader.fault("a ( for this )")
    if pattern_checks.arcs(text) > ARCS:
        raise ValueError("want a simpler regular expression: with fewer choices within repetitions")
    return text


#: Between the branches of a choice RE2 takes such a class for its letter in any case, and so for the Kelvin sign or the
#: long s as well. A class that is repeated once it leaves alone.
_FOLDED = ("[Kk]", "[Ss]")


class _Reader:
    """Reads one pattern; its methods give (text, size): the translation and the atoms in it, repetitions counted."""

    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.pattern, self.ignore_case, self.place = pattern, ignore_case, 0

    def fault(self, wanted: str) -> ValueError:
        return ValueError(f"at character {self.place + 1} of the regular expression: want {wanted}")

    def peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def take(self, text: str) -> bool:
        is_next = self.pattern.startswith(text, self.place)
        self.place += len(text) if is_next else 0
        return is_next

    def branches(self, depth: int) -> tuple[str, int]:
        if depth > DEPTH:
            raise self.fault(f"groups in at most {DEPTH} groups")
        branches = [self.branch(depth)]
        while self.take("|"):
            branches.append(self.branch(depth))
        return "|".join(text for text, _ in branches), sum(size for _, size in branches)

    def branch(self, depth: int) -> tuple[str, int]:
        parts, total = [], 0
        while (character := self.peek()) and character not in "|)":
            if character in "^$":
                self.place += 1
                parts.append(character)
                continue
            text, size = self.quantified(*self.atom(depth))
            total += size
            if total > SIZE:
                raise self.fault(f"repetitions of at most {SIZE} characters in all")
            parts.append(text)
        return "".join(parts), total

    def atom(self, depth: int) -> tuple[str, int]:
        character = self.peek()
        if character in "*+?{":
            raise self.fault(f"something to repeat before {character}, or \\{character}")
        if self.take("("):
            if not self.take("?:") and self.peek() in ("?", "*"):
                raise self.fault("a plain group ( or (?: here")
            text, size = self.branches(depth + 1)
            if not self.take(")"):
                raise self.fault("a ) for each (")
            return f"(?:{text})", max(size, 1)
        if self.take("["):
            return self.bracket(), 1
        self.place += 1
        if character == ".":
            return ".", 1
        if character != "\\":
            return self.written(_single(character)), 1
        ranges, negated = self.escape()
        return self.written(ranges, negated), 1

    def escape(self) -> tuple[Ranges, bool]:
        """Read the escape after a backslash: (characters, whether it is negated)."""
        character = self.peek()
        if character.lower() in _ESCAPES:
            self.place += 1
            return _ESCAPES[character.lower()], character.isupper()
        if character in _CONTROLS and character:
            self.place += 1
            return _single(_CONTROLS[character]), False
        if not character or (character.isascii() and character.isalnum()):
            raise self.fault("one of d D s S w W n t r f v, or a character that is no letter or digit, after \\")
        self.place += 1
        return _single(character), False

    def bracket(self) -> str:
        negated, first = self.take("^"), True
        ranges: list[tuple[int, int]] = []
        while first or self.peek() != "]":
            if not self.peek():
                raise self.fault("a ] for each [")
            first = False
            if self.take("["):
                ranges += self.named_class()
                continue
            low = self.member()
            if self.peek() == "-" and self.pattern[self.place + 1 : self.place + 2] not in ("]", ""):
                self.place += 1
                if self.peek() == "[":
                    raise self.fault("a character after -, or \\[")
                high = self.member()
                if len(low) != 1 or len(high) != 1 or low[0][0] != low[0][1] or high[0][0] < low[0][0]:
                    raise self.fault("a range from a lower character to a higher one")
                low = ((low[0][0], high[0][1]),)
            ranges += low
        self.place += 1
        return self.written(tuple(ranges), negated)

    def named_class(self) -> Ranges:
        for name, ranges in CLASSES.items():
            if self.take(f":{name}:]"):
                return ranges
        raise self.fault(f"one of {' '.join(f'[:{name}:]' for name in CLASSES)}, or \\[")

    def member(self) -> Ranges:
        if not self.take("\\"):
            self.place += 1
            return _single(self.pattern[self.place - 1])
        ranges, negated = self.escape()
        if negated:
            raise self.fault("no \\D, \\S or \\W in brackets")
        return ranges

    def quantified(self, text: str, size: int) -> tuple[str, int]:
        if self.take("*") or self.take("+") or self.take("?"):
            text += self.pattern[self.place - 1]
        elif self.peek() == "{":
            counts = _COUNTS.match(self.pattern, self.place)
            low = int(counts[1]) if counts else REPEATS + 1
            high = int(counts[3]) if counts and counts[3] else low
            if counts is None or not low <= high <= REPEATS:
                raise self.fault(f"a quantifier such as {{2}}, {{2,}} or {{2,5}}, at most {REPEATS}, or \\{{")
            self.place = counts.end()
            text, size = text + counts[0], size * max(high, 1)
        else:
            return text, size
        self.take("?")  # laziness does not change whether there is a match
        if self.peek() and self.peek() in "*+?{":
            raise self.fault("one quantifier only")
        return text, size

    def written(self, ranges: Ranges, negated: bool = False) -> str:
        taken = _merged(_with_other_case(ranges) if self.ignore_case else ranges)
        if not negated and len(taken) == 1 and taken[0][0] == taken[0][1]:
            return _character(taken[0][0])
        parts = (_character(low) if low == high else f"{_character(low)}-{_character(high)}" for low, high in taken)
        text = f"[{'^' if negated else ''}{''.join(parts)}]"
        return f"(?:{text}{{1}})" if text in _FOLDED else text


def _single(character: str) -> Ranges:
    return ((ord(character), ord(character)),)


def _character(code: int) -> str:
    character = chr(code)
    return (
        f"\\{character}" if character.isascii() and character.isprintable() and not character.isalnum() else character
    )


def _with_other_case(ranges: Ranges) -> list[tuple[int, int]]:
    """The ranges, with all letters that fold as theirs do."""
    every_case = list(ranges)
    for low, high in ranges:
        if high - low < len(VARIANTS):
            letters = [code for code in range(low, high + 1) if code in VARIANTS]
        else:
            letters = [code for code in VARIANTS if low <= code <= high]
        every_case += [(code, code) for letter in letters for code in VARIANTS[letter]]
    return every_case


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    disjoint: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if disjoint and low <= disjoint[-1][1] + 1:
            disjoint[-1] = (disjoint[-1][0], max(high, disjoint[-1][1]))
        else:
            disjoint.append((low, high))
    return disjoint
