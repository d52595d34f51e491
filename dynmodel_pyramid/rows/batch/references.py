"""References of an operation to results of earlier ones: ``{"$ref": "/0/id"}``, a JSON pointer (RFC 6901).

An object with this one key is a reference wherever a value may stand. ``{"$literal": value}`` stands for the value as
it is, so that every document can be written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.definitions.problems import ProblemSink, escape, unescape
from dynmodel_pyramid.queries.errors import clip

REFERENCE = "$ref"
LITERAL = "$literal"


@dataclass(frozen=True, slots=True)
class Reference:
    """
    :param pointer: where it stands
    :param tokens: the unescaped tokens of the pointer to the value
    """

    pointer: str
    tokens: tuple[str, ...]

    @property
    def operation(self) -> int:
        """The number of the operation to whose result it refers."""
        return int(self.tokens[0])

    @property
    def below(self) -> tuple[str, ...]:
        """The place within that result."""
        return self.tokens[1:]

    @property
    def text(self) -> str:
        return "".join(f"/{escape(token)}" for token in self.tokens)


def has_marks(value: Any) -> bool:
    """Whether a document has a reference or a literal."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is dict:
            if _is(item, REFERENCE) or _is(item, LITERAL):
                return True
            waiting.extend(item.values())
        elif type(item) is list:
            waiting.extend(item)
    return False


def references_in(value: Any, pointer: str, number: int, problems: ProblemSink) -> Iterator[Reference]:
    """The references in an operation's document.

    :param number: of the operation: it may refer to earlier ones only
    """
    waiting = [(value, pointer)]
    while waiting:
        item, place = waiting.pop()
        if _is(item, REFERENCE):
            reference = _read(item[REFERENCE], place, number, problems)
            if reference is not None:
                yield reference
        elif type(item) is dict and not _is(item, LITERAL):
            waiting += [(member, f"{place}/{escape(name)}") for name, member in item.items() if _may_hold(member)]
        elif type(item) is list:
            waiting += [(member, f"{place}/{place_}") for place_, member in enumerate(item) if _may_hold(member)]


def replaced(value: Any, find: Callable[[tuple[str, ...], str], Any], pointer: str = "") -> Any:
    """A document with values in the place of its references, and literals as they are.

    :param find: gives the value that a reference with these tokens, at this place, stands for
    """
    if _is(value, REFERENCE):
        return find(_tokens(value[REFERENCE]) or (), pointer)
    if _is(value, LITERAL):
        return value[LITERAL]
    if type(value) is dict:
        return {
            name: replaced(member, find, f"{pointer}/{escape(name)}") if _may_hold(member) else member
            for name, member in value.items()
        }
    if type(value) is list:
        return [
            replaced(member, find, f"{pointer}/{place}") if _may_hold(member) else member
            for place, member in enumerate(value)
        ]
    return value


def _is(value: Any, key: str) -> bool:
    return type(value) is dict and len(value) == 1 and key in value


def _may_hold(value: Any) -> bool:
    return type(value) is dict or type(value) is list


def _tokens(text: Any) -> tuple[str, ...] | None:
    """The tokens of a pointer that begins with an operation's number; None if it is none."""
    if type(text) is not str or not text.startswith("/"):
        return None
    tokens = tuple(map(unescape, text[1:].split("/")))
    first = tokens[0]
    is_number = first.isascii() and first.isdigit() and len(first) <= 9 and (first == "0" or first[0] != "0")
    return tokens if is_number else None


def _read(text: Any, pointer: str, number: int, problems: ProblemSink) -> Reference | None:
    tokens = _tokens(text)
    if tokens is None:
        detail = 'want a JSON pointer to the result of an earlier operation, such as "/0/id"'
        problems.add(
            pointer, "unknown_reference", detail, lambda: f'an object that is no reference: {{"{LITERAL}": {{...}}}}'
        )
        return None
    if int(tokens[0]) >= number:
        problems.add(pointer, "unknown_reference", f"{clip(text)} is of no earlier operation")
        return None
    return Reference(pointer, tokens)
