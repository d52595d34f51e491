"""The select list of one level: the values of its rows, with those of embedded relations.

Embedded rows are a statement of their own, with a select list made in the same way, so this module is above the
statements.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.queries.errors import QueryError, QueryTooComplex, clip
from dynmodel_pyramid.queries.grammar.syntax import Column, Embed, Field, RowCount, SelectItem, Star
from dynmodel_pyramid.queries.sql.aggregates import Aggregate
from dynmodel_pyramid.queries.sql.casts import cast
from dynmodel_pyramid.queries.sql.json_text import NULL, json_array, json_object, literal
from dynmodel_pyramid.queries.sql.ordering import keys_of
from dynmodel_pyramid.queries.sql.outputs import Output, every_output, of_subject, of_text, output_of, under
from dynmodel_pyramid.queries.sql.selection import Selection
from dynmodel_pyramid.queries.sql.statements import has_rows, select_rows

#: How often one field, or one place in it, may be selected at a level, under several names.
MOST_REPEATS = 20


def outputs_of(selection: Selection) -> list[Output | Aggregate]:
    """The values of a row, in order. Relations to one row are joined meanwhile.

    Call it once for a selection: it spends the query's budget.
    """
    items = list(_once_each(selection.items))
    outputs: list[Sequence[Output | Aggregate]] = [
        [] if isinstance(item, Star) else _item(selection, item) for item in items
    ]
    _refuse_repeats(items)
    names = [output.name for some in outputs for output in some]
    for name in names:
        if names.count(name) > 1:
            raise QueryError(f"{clip(name)} is selected twice", parameter="select", hint="rename one of them")
    stars = [number for number, item in enumerate(items) if isinstance(item, Star)]
    if stars:
        # An item that is selected by itself replaces the one of * with that name.
        every = [output for output in every_output(selection.names) if output.name not in names]
        for output in every:
            selection.around.budget.spend(output.shown)
        outputs[stars[0]] = every
    return [
        selection.around.shown(output) if isinstance(output, Output) else output for some in outputs for output in some
    ]


def _once_each(items: Sequence[SelectItem]) -> Iterator[SelectItem]:
    """The items, without those that are the same as an earlier one: an object has a name once."""
    seen = set()
    for item in items:
        if isinstance(item, Embed) or item not in seen:
            yield item
        seen.add(item)


def _refuse_repeats(items: Sequence[SelectItem]) -> None:
    """
    :raises QueryTooComplex: one value is selected so often that a short query makes a long answer
    """
    columns = Counter(item.column for item in items if isinstance(item, Field))
    for column, times in columns.most_common(1):
        if times > MOST_REPEATS:
            raise QueryTooComplex(
                f"{clip(column.name)} is selected {times} times, and {MOST_REPEATS} is the most",
                parameter="select",
                hint="select it once",
            )


def _item(selection: Selection, item: Field | RowCount | Embed) -> Sequence[Output | Aggregate]:
    if isinstance(item, Field) and _counts_rows(selection, item):
        item = RowCount(item.alias, item.cast)
    if isinstance(item, RowCount):
        return [Aggregate(item.alias or "count", "count", None, item.cast)]
    if isinstance(item, Field):
        output = _field(selection, item)
        selection.around.budget.spend(output.shown if isinstance(output, Output) else output.values.expression)
        return [output]
    return _arrays(selection, item) if selection.relation(item.key).many else _joined(selection, item)


def _counts_rows(selection: Selection, item: Field) -> bool:
    """Whether it is ``count`` of a table without such a field: ``count()``, as PostgREST's clients still write it."""
    return item.column == Column("count") and item.aggregate is None and not selection.names.has("count")


def _field(selection: Selection, item: Field) -> Output | Aggregate:
    column = item.column
    name = item.alias or item.aggregate or _name_of(column)
    if item.aggregate is None and item.cast is None and not column.path:
        return output_of(selection.names, column.name, name)
    subject = selection.names.subject(column, "select")
    if item.cast is not None:
        subject = cast(subject, item.cast)
    if item.aggregate is None:
        return of_subject(name, subject, frozenset() if item.cast else frozenset({("", column)}))
    aggregate = Aggregate(name, item.aggregate, subject, item.aggregate_cast)
    aggregate.check("select")
    return aggregate


def _name_of(column: Column) -> str:
    """The name as in PostgREST: a JSON path is named by its last key."""
    keys = [step for step in column.path if isinstance(step, str)]
    return keys[-1] if keys else column.name


# Relations of which a row has one at most


def _joined(selection: Selection, item: Embed) -> list[Output | Aggregate]:
    child = selection.child(item.key)
    child.conditions()  # before its own relations are joined, which they would use
    outputs = outputs_of(child)
    if item.spread or has_rows(outputs):
        selection.join(item.key, child)
        keys_of(child)  # so that a wrong order is refused; one row needs none
    if item.spread:
        return [
            replace(output, fields=under(item.key, [output])) if isinstance(output, Output) else output
            for output in outputs
        ]
    if _is_empty(item):
        return []
    if not has_rows(outputs):
        value = _rows(child, outputs, selection, item.key).correlate(selection.table).scalar_subquery()
        return [of_text(item.key, sa.type_coerce(value, sa.Text()))]
    there = child.table.c.id.is_not(None)
    row = _object(selection, outputs)
    shown, embedded = sa.case((there, row)), sa.case((there, row), else_=literal(NULL))
    return [of_text(item.key, shown, under(item.key, outputs), embedded)]


def _is_empty(item: Embed) -> bool:
    """Whether it embeds nothing but relations that are empty."""
    return all(isinstance(each, Embed) and _is_empty(each) for each in item.items)


# Relations of which a row may have several


def _arrays(selection: Selection, item: Embed) -> list[Output]:
    """The array of the embedded rows; for a spread relation, an array for each of its values."""
    child, around = selection.child(item.key), selection.around
    arrays = around.arrays
    outputs = outputs_of(child)
    has_arrays = around.arrays > arrays
    around.arrays += 1

    def array(name: str, only: int | None = None) -> Output:
        rows = _rows(child, outputs, selection, item.key, only).correlate(selection.table)
        text = around.budget.spend(json_array(rows, child.dialect, has_arrays=has_arrays))
        return of_text(name, text, embedded=text)

    if item.spread:
        return [array(output.name, number) for number, output in enumerate(outputs)]
    return [] if _is_empty(item) else [array(item.key)]


def _rows(
    child: Selection, outputs: list[Output | Aggregate], near: Selection, key: str, only: int | None = None
) -> sa.Select[*tuple[Any, ...]]:
    """The embedded rows: JSON texts of objects, or of the values of one output."""
    source, tie, order = near.reached(key, child)

    def shown(selected: Sequence[Output]) -> list[sa.ColumnElement[Any]]:
        text = _object(child, selected) if only is None else selected[only].text()
        return [text.label("value")]

    return select_rows(child, outputs, source, [tie], order, shown)


def _object(selection: Selection, outputs: Sequence[Output]) -> sa.ColumnElement[Any]:
    """The JSON text of an embedded row."""
    return json_object([(output.name, selection.around.budget.spend(output.text())) for output in outputs])
