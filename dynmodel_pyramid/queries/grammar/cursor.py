"""A text with a place in it, and readers for all parts of the grammar: names, quoted texts, JSON paths."""

import re
from dataclasses import replace
from typing import NoReturn

from dynmodel_pyramid.queries.errors import QueryError
from dynmodel_pyramid.queries.grammar.rules import Guard
from dynmodel_pyramid.queries.grammar.syntax import AGGREGATES, Column

# Letters, digits, ``_ $`` and blanks, as in PostgREST, and all characters beyond ASCII: an identifier may have
# combining marks, which are not letters. A dash stands between others and does not begin an arrow.
_RUN = r"[0-9A-Za-z_$ \x80-\U0010ffff]+"
_NAME = re.compile(rf"[ \t]*({_RUN}(?:-(?!>){_RUN})*)")
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORD = re.compile(r"[0-9A-Za-z_$ \x80-\U0010ffff]+")
_BLANKS = re.compile(r"[ \t]*")
_INDEX = re.compile(r"-?[0-9]+(?=[ \t]*(?:->|::|[.,)]|\Z))")
_KEY = re.compile(r"[^(\-:.,>)]+(?:-(?!>)[^(\-:.,>)]+)*")
#: After a field.
AGGREGATE = re.compile(rf"\.({'|'.join(AGGREGATES)})\(\)")
_DIGITS = re.compile(r"-?[0-9]*")
#: PostgreSQL's operators take an index as a 4-byte integer (manual, 9.16).
LARGEST_INDEX = 2**31 - 1


def unescape(text: str) -> str:
    """A backslash stands for the character after it."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def unquoted(text: str) -> str:
    """The name for which a text in double quotes stands; another text stands for itself."""
    match = _QUOTED.fullmatch(text)
    return text if match is None or not match[1] else unescape(match[1])


class Cursor:
    """Reads ``text`` from left to right.

    ``parameter``, ``part`` and ``base`` are for errors: where the text comes from, and the place of its first character
    there.
    """

    __slots__ = ("base", "guard", "parameter", "part", "position", "text")

    def __init__(self, text: str, parameter: str, guard: Guard, part: str = "value", base: int = 0) -> None:
        self.base = base
        self.text = text
        self.parameter = parameter
        self.guard = guard
        self.part = part
        self.position = 0

    def fault(self, expected: str, *, at: int | None = None, hint: str | None = None) -> NoReturn:
        """:raises QueryError: saying that ``expected`` is wanted at this place"""
        at = self.position if at is None else at
        actual = repr(self.text[at]) if at < len(self.text) else "the end"
        raise QueryError(
            f"want {expected}, not {actual}",
            parameter=self.parameter,
            part=self.part,
            position=self.base + at + 1,
            expected=expected,
            hint=hint,
        )

    def count(self) -> None:
        self.guard.count(self.parameter, self.part)

    def count_value(self) -> None:
        """Count one more value of a list."""
        self.guard.count_values(1, self.parameter, self.part)

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def next_is(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def take(self, text: str) -> bool:
        """Move over ``text`` if it comes next."""
        if self.text.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move over a match of the pattern at this place."""
        match = pattern.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
        return match

    def taken(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """As :meth:`match`, of a pattern that matches nothing, too."""
        match = self.match(pattern)
        assert match is not None
        return match

    def skip_blanks(self) -> None:
        if self.text[self.position : self.position + 1] in (" ", "\t"):
            self.match(_BLANKS)

    def rest(self) -> str:
        start, self.position = self.position, len(self.text)
        return self.text[start:]

    def expect_end(self, expected: str, *, hint: str | None = None) -> None:
        if self.position < len(self.text):
            self.fault(expected, hint=hint)

    def quoted(self) -> str | None:
        """A text in double quotes that begins here; None if it has no end."""
        match = self.match(_QUOTED)
        return None if match is None else unescape(match[1])

    def name(self, expected: str) -> tuple[str, bool]:
        """A name, and whether it stood in quotes: then it is not a word of the grammar."""
        match = self.match(_NAME)
        if match is not None:
            name = match[1].strip()
            if not name:
                self.fault(expected)
            return name, False
        self.skip_blanks()
        if not self.next_is('"'):
            self.fault(expected)
        start = self.position
        name = self.quoted()
        if name is None:
            self.fault("a closing quote", at=len(self.text))
        if not name:
            self.fault(expected, at=start)
        self.skip_blanks()
        return name, True

    def word(self, expected: str) -> str:
        """The name of a type or of a language."""
        start = self.position
        match = self.match(_WORD)
        word = "" if match is None else match[0].strip()
        if not word:
            self.fault(expected, at=start)
        return word

    def column(self) -> Column:
        """A field with its JSON path."""
        return self.json_path(self.name("the name of a field")[0])

    def measure(self) -> Column:
        """A field with its JSON path, ``count()``, or another aggregate: ``price.sum()``."""
        name, quoted = self.name("the name of a field, or an aggregate")
        if name == "count" and not quoted and self.take("()"):
            return Column("", aggregate="count")
        column = self.json_path(name)
        match = self.match(AGGREGATE)
        return column if match is None else replace(column, aggregate=match[1])

    def json_path(self, name: str) -> Column:
        """The column of that name, with a JSON path if one begins here."""
        if not self.next_is("->"):
            return Column(name)
        path: list[str | int] = []
        as_text = False
        while self.next_is("->"):
            if as_text:
                self.fault("the end of the path", hint="->> yields text, so it is the last arrow")
            self.position += 2
            as_text = self.take(">")
            path.append(self._step())
            self.count()
            self.guard.nest(len(path), self.parameter, self.part)
        return Column(name, tuple(path), as_text)

    def _step(self) -> str | int:
        start = self.position
        match = self.match(_INDEX)
        if match is not None:
            # int() of thousands of digits is slow and may be refused.
            if len(match[0]) > 11 or abs(int(match[0])) > LARGEST_INDEX:
                self.fault(f"an index of at most {LARGEST_INDEX}", at=start)
            return int(match[0])
        if self.next_is('"'):
            key = self.quoted()
            if key is None:
                self.fault("a closing quote", at=len(self.text))
            return key
        if self.next_is("-"):
            self.match(_DIGITS)
            self.fault("an index or a key")
        match = self.match(_KEY)
        key = "" if match is None else match[0].strip(" \t")
        if not key:
            self.fault("an index or a key", at=start)
        return key
