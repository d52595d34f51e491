"""Values that the writer of a row may repeat but not change, compared with the row as it is."""

from collections.abc import Callable, Mapping
from typing import Any

import colander

from dynmodel_pyramid.definitions.problems import ProblemSink
from dynmodel_pyramid.fields.schema import MAX_DEPTH
from dynmodel_pyramid.rows.reading import RowReader

#: Reads the row as its JSON answer shows it; None if there is none.
Current = Callable[[], Mapping[str, Any] | None]


def refuse_changes(reader: RowReader, document: Any, current: Current, problems: ProblemSink) -> None:
    """Note each field of ``reader.repeatable`` that a document gives another value than the row has.

    The row is read only where the document names such a field. A value that no answer shows can't be repeated either:
    who may not read it could else find it by trying.
    """
    named = [name for name in document if name in reader.repeatable] if type(document) is dict else []
    row = current() if named else None
    if row is None:
        return
    for name in named:
        if name not in row or not same_value(reader, name, document[name], row[name]):
            reader.add_fault(problems, "", name, "read_only", "never changes: leave it out, or repeat its value")


def same_value(reader: RowReader, name: str, one: Any, other: Any) -> bool:
    """Whether two JSON values of a field are the same, as JSON or as what is stored of them."""
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
    """Equality of JSON values: 1 is 1.0 (RFC 8259, section 6) and is not true, as it is to Python.

    Values deeper than any that is stored count as different: nobody has judged a client's values yet.
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
