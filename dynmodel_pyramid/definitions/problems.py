"""Faults in a client's document, each with its JSON pointer (RFC 6901), and readers of simple values."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import colander

from dynmodel_pyramid.errors import Faulty, Invalid, Problem, Violation
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.hints import Hint, hint

#: How the codes end of what the database refuses.
VIOLATED = "_violation"
#: Characters of a name in a pointer.
_LONGEST_TOKEN = 200


def escape(name: object) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3). Of a name that is longer than any field's it has the
    beginning: a client may send names of megabytes.
    """
    text = str(name)
    if len(text) > _LONGEST_TOKEN:
        text = text[:_LONGEST_TOKEN] + "…"
    return text.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """The name in a token of a JSON pointer."""
    return token.replace("~1", "/").replace("~0", "~")


def faults(error: colander.Invalid, code: str = "invalid") -> Iterator[tuple[str, str, str]]:
    """(pointer below the value, code, message) of each fault that a validator found; ``code`` for faults without a
    code.
    """
    for path in error.paths():
        for step in path:
            # colander leaves the exceptions in a reference cycle, and their frames keep the request and its body alive.
            step.__traceback__ = None
        below = "".join(f"/{escape(step.node.name)}" for step in path[1:] if step.node.name)
        messages = [str(message) for step in path for message in step.messages()]
        own = next((step.code for step in reversed(path) if hasattr(step, "code")), code)
        yield below, own, "; ".join(messages)


@contextmanager
def faults_at(pointer: str) -> Iterator[None]:
    """Faults of a document that stands at this place."""
    try:
        yield
    except Faulty as error:
        raise error.below(pointer) from error.__cause__


class ProblemSink(Protocol):
    """What takes faults: :class:`Problems`, or what gives their pointers another form."""

    @property
    def total(self) -> int:
        """How many there were."""

    def add(self, pointer: str, code: str, detail: str, hint: Hint | None = None) -> None: ...


class Problems:
    """At most ``Invalid.MAX_PROBLEMS`` problems, and the number of all."""

    __slots__ = ("found", "total")

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.total = 0

    def add(self, pointer: str, code: str, detail: str, hint: Hint | None = None) -> None:
        self.put(Problem(pointer, code, detail, hint))

    def put(self, problem: Problem) -> None:
        self.total += 1
        if len(self.found) < Invalid.MAX_PROBLEMS:
            self.found.append(problem)

    def include(self, error: Faulty) -> None:
        """Add the problems of another collection."""
        self.total += error.total
        self.found += error.problems[: Invalid.MAX_PROBLEMS - len(self.found)]

    def raise_if_any(self) -> None:
        """
        :raises Violation: only rules of the database are broken
        :raises Invalid: there are other faults
        """
        if self.total:
            raise self.error()

    def error(self) -> Faulty:
        """The error with all these problems."""
        broken = all(problem.code.endswith(VIOLATED) for problem in self.found)
        return (Violation if broken else Invalid)(self.found, self.total)

    def text(self, holder: Mapping[str, Any], name: str, pointer: str, *, most: int) -> str | None:
        """An optional string of an object, of limited length; null and a missing key are None."""
        value = holder.get(name)
        if value is None:
            return None
        if type(value) is not str:
            self.add(f"{pointer}/{name}", "wrong_type", "want a string or null")
        elif UNSTORABLE.search(value):
            self.add(f"{pointer}/{name}", "unstorable_text", "NUL and lone surrogates can't be stored")
        elif len(value) > most:
            self.add(f"{pointer}/{name}", "too_long", f"want at most {most} characters")
        else:
            return value
        return None

    def flag(self, holder: Mapping[str, Any], name: str, pointer: str, *, default: bool = False) -> bool:
        """An optional boolean of an object."""
        value = holder.get(name)
        if value is None:
            return default
        if type(value) is not bool:
            self.add(f"{pointer}/{name}", "wrong_type", "want true or false")
        return value is True

    def unknown_keys(self, holder: Mapping[str, Any], known: Iterable[str], pointer: str) -> None:
        """Refuse the keys of an object that nobody knows, each by name."""
        for key in holder:
            if key not in known:
                detail = f"unknown key; known are {', '.join(known)}"
                self.add(f"{pointer}/{escape(key)}", "unknown_key", detail, hint(key, lambda: known))
