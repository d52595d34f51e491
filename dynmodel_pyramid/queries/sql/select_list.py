"""The select list of one level: the values of its rows, with those of embedded relations.

Embedded rows are a statement of their own, with a select list made in the same way, so this module is above the
statements.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.queries.errors import QueryError, clip
from dynmodel_pyramid.queries.grammar.syntax import Column, Embed, Field, RowCount, Star
from dynmodel_pyramid.queries.sql.aggregates import Aggregate
from dynmodel_pyramid.queries.sql.casts import cast
from dynmodel_pyramid.queries.sql.json_text import NULL, json_array, json_object, literal
from dynmodel_pyramid.queries.sql.outputs import Output, every_output, of_subject, of_text, output_of
from dynmodel_pyramid.queries.sql.selection import Selection
from dynmodel_pyramid.queries.sql.statements import has_rows, select_rows


def outputs_of(selection: Selection) -> list[Output | Aggregate]:
    """The values of a row, in order. Relations to one row are joined meanwhile.

    Call it once for a selection: it spends the query's budget.
    """
    outputs: list[Sequence[Output | Aggregate]] = [
        [] if isinstance(item, Star) else _item(selection, item) for item in selection.items
    ]
    names = [output.name for some in outputs for output in some]
    for name in names:
        if names.count(name) > 1:
            raise QueryError(f"{clip(name)} is selected twice", parameter="select", hint="rename one of them")
    stars = [number for number, item in enumerate(selection.items) if isinstance(item, Star)]
    if stars:
        # An item that is selected by itself replaces the one of * with that name.
        every = [output for output in every_output(selection.names) if output.name not in names]
        for output in every:
            selection.around.budget.spend(output.shown)
        outputs[stars[0]] = every
    return [
        selection.around.shown(output) if isinstance(output, Output) else output for some in outputs for output in some
    ]


def _item(selection: Selection, item: Field | RowCount | Embed) -> Sequence[Output | Aggregate]:
    if isinstance(item, RowCount):
        return [Aggregate(item.alias or "count", "count", None, item.cast)]
    if isinstance(item, Field):
        output = _field(selection, item)
        selection.around.budget.spend(output.shown if isinstance(output, Output) else output.values.expression)
        return [output]
    return _arrays(selection, item) if selection.relation(item.key).many else _joined(selection, item)


def _field(selection: Selection, item: Field) -> Output | Aggregate:
    column = item.column
    name = item.alias or item.aggregate or _name_of(column)
    if item.aggregate is None and item.cast is None and not column.path:
        return output_of(selection.names, column.name, name)
    subject = selection.names.subject(column, "select")
    if item.cast is not None:
        subject = cast(subject, item.cast)
    if item.aggregate is None:
        return of_subject(name, subject, None if item.cast else column)
    aggregate = Aggregate(name, item.aggregate, subject, item.aggregate_cast)
    aggregate.check("select")
    return aggregate


def _name_of(column: Column) -> str:
    """The name as in PostgREST: a JSON path is named by its last key."""
    keys = [step for step in column.path if isinstance(step, str)]
    return keys[-1] if keys else column.name


# Relations of which a row has one at most


def _joined(selection: Selection, item: Embed) -> list[Output | Aggregate]:
    child = selection.join(item.key)
    outputs = outputs_of(child)
    if item.spread:
        return [replace(output, column=None) if isinstance(output, Output) else output for output in outputs]
    if not has_rows(outputs):
        raise QueryError(
            f"{clip(item.key)} has one row at most: there is nothing to add up",
            parameter="select",
            hint=f"spread it, and its values are added up here: ...{clip(item.relation)}(...)",
        )
    there = child.table.c.id.is_not(None)
    if not item.items:
        return []
    row = _object(selection, outputs)
    return [of_text(item.key, sa.case((there, row)), None, sa.case((there, row), else_=literal(NULL)))]


# Relations of which a row may have several


def _arrays(selection: Selection, item: Embed) -> list[Output]:
    """The array of the embedded rows; for a spread relation, an array for each of its values."""
    child = selection.child(item.key)
    if not item.items and not item.spread:
        return []
    outputs = outputs_of(child)

    def array(name: str, only: int | None = None) -> Output:
        text = _array(child, outputs, selection, item.key, only)
        return of_text(name, text, None, text)

    if not item.spread:
        return [array(item.key)]
    return [array(output.name, number) for number, output in enumerate(outputs)]


def _array(
    child: Selection, outputs: list[Output | Aggregate], near: Selection, key: str, only: int | None
) -> sa.ColumnElement[Any]:
    """The rows as the text of a JSON array: of objects, or of the values of one output."""
    source, tie, order = near.reached(key, child)

    def shown(selected: Sequence[Output]) -> list[sa.ColumnElement[Any]]:
        text = _object(child, selected) if only is None else selected[only].text()
        return [text.label("value")]

    rows = select_rows(child, outputs, source, [tie], order, shown)
    return child.around.budget.spend(json_array(rows.correlate(near.table), child.dialect))


def _object(selection: Selection, outputs: Sequence[Output]) -> sa.ColumnElement[Any]:
    """The JSON text of an embedded row."""
    return json_object([(output.name, selection.around.budget.spend(output.text())) for output in outputs])
