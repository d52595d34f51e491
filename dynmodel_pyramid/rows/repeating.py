"""Values that the writer of a row may repeat but not change, compared with the current row."""

from collections.abc import Callable, Mapping
from typing import Any

import colander

from dynmodel_pyramid.definitions.problems import ProblemSink
from dynmodel_pyramid.fields.schema import MAX_DEPTH
from dynmodel_pyramid.rows.reading import Rights, RowReader

#: Reads the row as its JSON answer shows it; None if there is none.
Current = Callable[[], Mapping[str, Any] | None]


def refuse_changes(reader: RowReader, document: Any, current: Current, problems: ProblemSink, rights: Rights) -> None:
    """Note each field of ``reader.repeatable`` that a document gives another value than the row has.

    Fields that ``rights`` hides are unknown, which the reader notes. The row is read only if the document names such a
    field. A value that no answer shows can't be repeated either, else a client that may not read it could guess it.
    """
    sent = document if type(document) is dict else {}
    named = [name for name in sent if name in reader.repeatable and not rights.hides(name)]
    row = current() if named else None
    if row is None:
        return
    for name in named:
        if name not in row or not same_value(reader, name, document[name], row[name]):
            reader.add_fault(problems, "", name, "read_only", "never changes: leave it out, or repeat its value")


def same_value(reader: RowReader, name: str, one: Any, other: Any) -> bool:
    """Whether two JSON values of a field are equal, as JSON or in their stored form."""
    if same_json(one, other):
        return True
    entry = reader.by_name.get(name)
    if entry is None or one is None or other is None:
        return False
    try:
        return same_json(entry.node.deserialize(one), entry.node.deserialize(other))
    except colander.Invalid:
        return False


def same_json(one: Any, other: Any, depth: int = 0) -> bool:
    """Equality of JSON values: 1 equals 1.0 (RFC 8259, section 6), and not true, as in Python.

    Values that are too deep to be stored count as different: the client's values are not validated yet.
    """
    if depth > MAX_DEPTH:
        return False
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same_json(*pair, depth + 1) for pair in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key], depth + 1) for key in one)
    return one == other
