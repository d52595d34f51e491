"""Values that earlier conversions replaced come back, where nobody has written others since.

Such conversions may stand one behind the other. Of each row they are undone from the newest to the oldest, as long as
the value is what the conversion had made of the one that the trash keeps: what differs somebody has written.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.changes.table_change import Earlier
from dynmodel_pyramid.changes.values.column_values import Aside, Carried, Conversion, batches, in_python
from dynmodel_pyramid.changes.values.conversion import Convert, converter
from dynmodel_pyramid.definitions import FieldDefinition


class _Undoing:
    """One conversion that is to be undone."""

    def __init__(self, earlier: Earlier, generator: Generator):
        types = generator.field_types
        self.kept = earlier.kept
        forms = (earlier.kept.field, *earlier.since)
        self.to_text = types[forms[-1].type].text_form(forms[-1].options).to_text
        #: Each with what a value may have become that it could not carry over (``on_error=default``).
        self.steps: list[tuple[Convert, Any]] = [
            (converter(types, before, after), generator.default_value(after))
            for before, after in zip(forms, forms[1:], strict=False)
        ]
        self.is_spent = True

    def takes_back(self, kept: Any, current: Any) -> bool:
        """Whether ``current`` is what the conversion made of ``kept``."""
        return self._text(current) in self._became(kept, 0)

    def _text(self, value: Any) -> str | None:
        return None if value is None else self.to_text(value)

    def _became(self, value: Any, start: int) -> list[str | None]:
        for number, (convert, default) in enumerate(self.steps[start:], start + 1):
            if value is None:
                break
            value, reason = convert(value)
            if reason is not None:
                return [None, *(self._became(default, number) if default is not None else ())]
        return [self._text(value)]


def bring_back(
    connection: sa.Connection,
    carried: Carried,
    generator: Generator,
    earlier: Sequence[Earlier],
    columns: Sequence[sa.ColumnElement],
    aside: Aside,
    conversion: Callable[[FieldDefinition], Conversion],
) -> bool:
    """Put the values aside that come back, in the form that ``carried`` wants; -> whether there are any.

    :param earlier: the newest first; ``columns`` are their values
    :param conversion: how values of an earlier form become the wanted one
    """
    undoings = [_Undoing(each, generator) for each in earlier]
    ways = [conversion(each.kept.field) for each in earlier]
    condition = sa.or_(*(column.is_not(None) for column in columns))
    found = False
    for rows in batches(connection, aside.source, condition, carried.source, *columns):
        returned: list[list[tuple[int, Any]]] = [[] for _ in earlier]
        for row_id, current, *kept in rows:
            stage, value = _undone(undoings, current, kept)
            if stage and value is not None:
                returned[stage - 1].append((row_id, value))
        for undoing, way, values in zip(undoings, ways, returned, strict=True):
            lossy = carried.changed.count + carried.lost.count
            made, lost = in_python(values, carried, way)
            aside.put(made)
            if lost and way.keep_aside is not None:
                way.keep_aside(lost)
            carried.returned += len(values) - len(lost)
            undoing.is_spent &= carried.changed.count + carried.lost.count == lossy
            found |= bool(made)
    carried.spent += [undoing.kept for undoing in undoings if undoing.is_spent]
    return found


def _undone(undoings: Sequence[_Undoing], current: Any, kept: Sequence[Any]) -> tuple[int, Any]:
    """How many conversions could be undone, and the value before them."""
    stage = 0
    for number, (undoing, value) in enumerate(zip(undoings, kept, strict=True), 1):
        if stage == number - 1 and undoing.takes_back(value, current):
            stage, current = number, value
        elif value is not None:
            undoing.is_spent = False
    return stage, current
