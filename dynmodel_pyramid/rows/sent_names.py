"""Documents with former names of fields: the name under which a field was sent, and which of several names counts."""

from collections.abc import Mapping
from typing import Any

from dynmodel_pyramid.definitions.problems import ProblemSink, escape, unescape
from dynmodel_pyramid.hints import Hint
from dynmodel_pyramid.rows.reading import RowReader
from dynmodel_pyramid.rows.repeating import Current, same_value


class SentNames:
    """Problems whose pointers name the keys that the client sent."""

    __slots__ = ("pointer", "problems", "sent")

    def __init__(self, problems: ProblemSink, pointer: str, sent: dict[str, str]) -> None:
        self.problems = problems
        self.pointer = pointer
        self.sent = sent

    @property
    def total(self) -> int:
        return self.problems.total

    def add(self, pointer: str, code: str, detail: str, hint: Hint | None = None) -> None:
        token, slash, below = pointer[len(self.pointer) + 1 :].partition("/")
        name = unescape(token)
        self.problems.add(f"{self.pointer}/{escape(self.sent.get(name, name))}{slash}{below}", code, detail, hint)


def renamed(
    reader: RowReader,
    names: Mapping[str, str],
    document: Any,
    pointer: str,
    problems: ProblemSink,
    current: Current | None = None,
) -> tuple[Any, ProblemSink]:
    """The document with present names only, and a collector of its faults, whose pointers name the keys that were sent.

    :param names: the former names that exist for the caller, and the present ones
    :param current: gives the row that is written; None for a new row
    """
    if not names or type(document) is not dict or names.keys().isdisjoint(document):
        return document, problems
    keys: dict[str, list[str]] = {}
    key: str
    for key in document:
        keys.setdefault(names.get(key, key), []).append(key)
    sent_names = SentNames(problems, pointer, {name: sent[0] for name, sent in keys.items()})
    for name, sent in keys.items():
        if len(sent) > 1:
            sent_names.sent[name] = _chosen(reader, name, sent, document, sent_names, current)
    return {name: document[sent_names.sent[name]] for name in keys}, sent_names


def _chosen(
    reader: RowReader,
    name: str,
    keys: list[str],
    document: dict[str, Any],
    sent_names: SentNames,
    current: Current | None,
) -> str:
    """The key that counts, of several for one field: the one whose value differs from the stored value.

    A client may read a row, change the value under the name that it knows, and send the row back with the old value
    under the other name.
    """
    distinct: list[str] = []
    for key in keys:
        if not any(same_value(reader, name, document[key], document[other]) for other in distinct):
            distinct.append(key)
    row = current() if current is not None and len(distinct) > 1 else None
    if row is not None and name in row:
        distinct = [key for key in distinct if not same_value(reader, name, document[key], row[name])]
    if len(distinct) > 1 and (current is None or row is not None):
        sent_names.sent[name] = distinct[1]
        detail = f"{distinct[0]} is the same field, and has another value; give one of the two"
        reader.add_fault(sent_names, sent_names.pointer, name, "conflicting_name", detail)
    return distinct[0]
