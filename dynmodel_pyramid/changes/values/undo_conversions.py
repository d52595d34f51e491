"""Undoes conversions: restores the values that they replaced, if these were not overwritten since.

Several conversions may have followed one another. In each row they are undone from the newest to the oldest, as long as
the value is the converted form of the value in the trash. A different value was written later.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.changes.table_change import Earlier
from dynmodel_pyramid.changes.values.column_values import ColumnValues, SideTable, batches
from dynmodel_pyramid.changes.values.conversion import Conversion, Convert, converter, in_python, repairer
from dynmodel_pyramid.changes.values.far_keys import FarKeys
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields import FieldTypes


class _Undoing:
    """One conversion to undo."""

    def __init__(self, earlier: Earlier, generator: Generator, far_key: FarKeys) -> None:
        types = generator.field_types
        self.kept = earlier.kept
        forms = (earlier.kept.field, *earlier.since)
        self.to_text = types[forms[-1].type].text_form(forms[-1].options).to_text
        #: Each with what may have become of values that it could not convert: the default, or a repair.
        self.conversions: list[tuple[Convert, Any, list[Convert]]] = [
            (
                converter(types, before, after, far_key),
                generator.default_value(after),
                _repairers(types, before, after, far_key),
            )
            for before, after in zip(forms, forms[1:], strict=False)
        ]

    def takes_back(self, old: Any, current: Any) -> bool:
        """Whether ``current`` is the conversion's result for ``old``."""
        return self._text(current) in self._became(old, 0)

    def _text(self, value: Any) -> str | None:
        return None if value is None else self.to_text(value)

    def _became(self, value: Any, start: int) -> list[str | None]:
        for number, (convert, default, repairs) in enumerate(self.conversions[start:], start + 1):
            if value is None:
                break
            before = value
            value, reason = convert(before)
            if reason is not None:
                instead = {None, default, *(repair(before)[0] for repair in repairs)} - {None}
                return [None, *(text for other in instead for text in self._became(other, number))]
        return [self._text(value)]


def _repairers(types: FieldTypes, before: FieldDefinition, after: FieldDefinition, far_key: FarKeys) -> list[Convert]:
    every = (repairer(types, before, after, word, far_key) for word in types[after.type].repairs)
    return [repair for repair in every if repair is not None]


def undo_conversions(
    connection: sa.Connection,
    values: ColumnValues,
    generator: Generator,
    earlier: Sequence[Earlier],
    columns: Sequence[sa.ColumnElement[Any]],
    side_table: SideTable,
    conversion: Callable[[FieldDefinition], Conversion],
    far_key: FarKeys,
) -> ColumnValues:
    """Put restored values into the side table; -> the field's values, overridden if any were restored.

    :param earlier: the newest first; ``columns`` are their values
    :param conversion: makes the conversion from an earlier form to the wanted one
    :param far_key: gives the keys of links
    """
    undoings = [_Undoing(entry, generator, far_key) for entry in earlier]
    conversions = [conversion(entry.kept.field) for entry in earlier]
    condition = sa.or_(*(column.is_not(None) for column in columns))
    still_needed: set[int] = set()
    is_overridden = False
    for rows in batches(connection, side_table.source, condition, values.old_values, *columns):
        returned: list[list[tuple[int, Any]]] = [[] for _ in earlier]
        for row_id, current, *trashed in rows:
            stage, value = _undone(undoings, current, trashed)
            still_needed.update(place for place, old in enumerate(trashed) if place >= stage and old is not None)
            if stage and value is not None:
                returned[stage - 1].append((row_id, value))
        for place, (way, old_values) in enumerate(zip(conversions, returned, strict=True)):
            batch = in_python(old_values, way)
            side_table.put(batch.values)
            way.keep(batch.lost)
            values = batch.added_to(values)
            values = replace(values, returned=values.returned + len(old_values) - len(batch.lost))
            if batch.changed or batch.lost:
                still_needed.add(place)
            is_overridden |= bool(batch.values)
    spent = tuple(undoing.kept for place, undoing in enumerate(undoings) if place not in still_needed)
    values = replace(values, spent=(*values.spent, *spent))
    return values.overridden_by(side_table) if is_overridden else values


def _undone(undoings: Sequence[_Undoing], current: Any, trashed: Sequence[Any]) -> tuple[int, Any]:
    """How many conversions could be undone, and the value before them."""
    for stage, (undoing, value) in enumerate(zip(undoings, trashed, strict=True)):
        if not undoing.takes_back(value, current):
            return stage, current
        current = value
    return len(undoings), current
