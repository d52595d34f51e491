"""A parsed query -> its plan.

Most queries are of a frame, which all queries share that differ from it in filters, cursors and limits only. To
translate the frame is most of a translation: 20 fields take 0.8 ms, a condition 0.1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import json_expression, shown_sides
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.model import TableDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.types.numbers import Integer
from dynmodel_pyramid.queries.grammar.syntax import Field, Level, Query, SelectItem, Star
from dynmodel_pyramid.queries.sql import keysets
from dynmodel_pyramid.queries.sql.aggregates import Aggregate
from dynmodel_pyramid.queries.sql.filters import translated
from dynmodel_pyramid.queries.sql.groups import grouped, refuse_having
from dynmodel_pyramid.queries.sql.ordering import Key, keys_of
from dynmodel_pyramid.queries.sql.outputs import Output, labelled, put_off, selected
from dynmodel_pyramid.queries.sql.plans import Conditions, Frame, Plan
from dynmodel_pyramid.queries.sql.searching import RankedRows, search_of
from dynmodel_pyramid.queries.sql.select_list import outputs_of
from dynmodel_pyramid.queries.sql.selection import Selection, Surroundings
from dynmodel_pyramid.queries.sql.statements import has_rows
from dynmodel_pyramid.queries.sql.subjects import Subject, of_system, plain
from dynmodel_pyramid.queries.sql.views import Models, Views, WholeTable

#: The rows of the queried table -> a further condition on them.
Only = Callable[[sa.FromClause], sa.ColumnElement[bool]]


def plan(
    model: Model, query: Query, models: Models, views: Views, *, numbers: bool = False, only: Only | None = None
) -> Plan:
    """Translate a query.

    :param models: gives the models of far tables
    :param views: gives the caller's views of all tables
    :param numbers: whether exact numbers are JSON numbers, not strings
    :param only: the condition that only these rows are meant, also where they are grouped
    :raises Malformed: the query has an unknown name, or asks for something impossible
    :raises Conflict: this database can't run it
    """
    shared = None if only is not None else frame_query(query)
    if shared is None:
        return _whole(model, query, models, views, numbers, only)
    return framed(frame(model, shared, models, views, numbers=numbers), model, query, models, views, numbers=numbers)


def frame_query(query: Query) -> Query | None:
    """The query without its filters, limits and the place of its cursor: equal ones have the same frame. None: this one
    is whole in a plan of its own, because it is about other tables too, or groups, or searches.
    """
    root = query.root
    is_alone = query.levels in ((), (root,)) and not root.having and query.search is None
    if not is_alone or not all(map(_is_of_rows, query.select)):
        return None
    levels = (Level(order=root.order),) if root.order else ()
    return replace(query, levels=levels, after=query.after and "", before=query.before and "")


def _is_of_rows(item: SelectItem) -> bool:
    """Whether it surely is of rows of the table itself; ``count`` may be their number."""
    return isinstance(item, Star) or isinstance(item, Field) and not item.aggregate and item.column.name != "count"


def frame(model: Model, query: Query, models: Models, views: Views, *, numbers: bool) -> Frame:
    """Translate what :func:`frame_query` gives; the parameters and errors are those of :func:`plan`."""
    _refuse_writing(query)
    if _is_plain(model, query, views, numbers=numbers):
        return _plain(model)
    around = Surroundings(query, models, views, numbers)
    selection = Selection(around, around.names(model), query.select)
    outputs = _outputs_of(selection)
    assert has_rows(outputs)  # of fields
    keys = _with_id(selection, keys_of(selection))
    statement = _rows(selection, outputs, keys).order_by(*[key.clause() for key in keys])
    must_sort = not _is_indexed(keys[0], model.definition)
    return _frame(selection, outputs, statement, keys, must_sort=must_sort, is_shared=True)


def framed(frame: Frame, model: Model, query: Query, models: Models, views: Views, *, numbers: bool) -> Plan:
    """The plan of a query of this frame; the parameters and errors are those of :func:`plan`."""
    filters = query.root.filters
    if not filters:
        # It has no relative times either, so a cursor's moment is of no use.
        return Plan(frame, query, versions=frame.versions)
    moment = keysets.moment_of(query.after or query.before)
    around = Surroundings(query, models, views, numbers, moment=moment, budget=frame.budget.rest())
    condition = translated(filters, around.names(model, frame.table), lambda relation: None)
    versions = {**frame.versions, **_versions(around)}
    return Plan(frame, query, Conditions([condition]), versions, around.budget.spent, _moment(around))


def _whole(model: Model, query: Query, models: Models, views: Views, numbers: bool, only: Only | None) -> Plan:
    """A plan whose frame has all conditions."""
    _refuse_writing(query)
    around = Surroundings(query, models, views, numbers, moment=keysets.moment_of(query.after or query.before))
    names = around.names(model)
    selection = Selection(around, names, query.select)
    outputs = _outputs_of(selection)
    if query.search is not None and (query.after or query.before):
        raise Malformed("_search: its pages are by offset, not by cursors", code="invalid_cursor", parameter="_search")
    search = None if query.search is None else search_of(names, query.search)
    conditions = [*selection.conditions(), *([] if only is None else [only(names.table)])]
    found = [] if search is None else [search.found]
    ranked: RankedRows | None = None
    if has_rows(outputs):
        refuse_having(selection)
        keys = _with_id(selection, keys_of(selection))
        rows = _rows(selection, outputs, keys).where(*conditions)
        if search is not None:
            is_ordered = bool(query.root.order)
            ranked = RankedRows(search, rows, names.table.c.id, keys, is_ordered)
            keys = search.keys(keys, is_ordered=is_ordered)
        statement = rows.where(*found).order_by(*[key.clause() for key in keys])
    else:
        statement, keys = grouped(selection, outputs, names.table, [*conditions, *found], selected)
    is_grouped = not has_rows(outputs)
    must_sort = not is_grouped and search is None and not _is_indexed(keys[0], model.definition)
    frame = _frame(selection, outputs, statement, keys, is_grouped=is_grouped, must_sort=must_sort)
    return Plan(frame, query, versions=frame.versions, moment=_moment(around), ranked=ranked)


def _frame(
    selection: Selection,
    outputs: Sequence[Output | Aggregate],
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    **features: bool,
) -> Frame:
    # What is kept must not hold the selection, which holds the request.
    table, around = selection.table, selection.around
    names = tuple(output.name for output in outputs)
    table_id = selection.model.definition.id
    return Frame(names, lambda: (table, statement), keys, table_id, _versions(around), around.budget, **features)


def _refuse_writing(query: Query) -> None:
    for parameter, value in (("columns", query.columns), ("on_conflict", query.on_conflict)):
        if value is not None:
            raise Malformed(f"{parameter} is for writes", code="invalid_parameter", parameter=parameter)


def _outputs_of(selection: Selection) -> Sequence[Output | Aggregate]:
    outputs = outputs_of(selection)
    if not outputs:
        raise Malformed("select: nothing is selected", code="invalid_parameter", parameter="select")
    return outputs


def _rows(selection: Selection, outputs: Sequence[Output], keys: Sequence[Key]) -> sa.Select[*tuple[Any, ...]]:
    """The values of all rows, in no order."""
    # An index has the ids in order.
    shown = selected(outputs) if keys[0].name == "id" else selected(put_off(outputs, selection.dialect))
    return sa.select(*shown).select_from(selection.join_to(selection.table))


def _versions(around: Surroundings) -> Mapping[int, tuple[int, Any]]:
    return {table_id: (far.definition.version, around.views.view(far).key) for table_id, far in around.used.items()}


def _moment(around: Surroundings) -> Any:
    return around.clock.moment if around.clock is not None and around.clock.is_asked else None


def _is_plain(model: Model, query: Query, views: Views, *, numbers: bool) -> bool:
    """
    :param query: of a frame
    """
    if query != Query():
        return False
    fields = model.definition.fields
    has_numbers = numbers and any(model.field_types[field.type].exact_numbers for field in fields)
    return not has_numbers and views.view(model).key is None and not shown_sides(model)


def _plain(model: Model) -> Frame:
    fields = [field for field in model.definition.fields if not field.write_only]
    # Former names come after all current ones.
    named = [*[(field.name, field) for field in fields], *[(each.name, f) for f in fields for each in f.aliases]]

    def translate() -> tuple[sa.FromClause, sa.Select[*tuple[Any, ...]]]:
        table = WholeTable(model).source()
        values = [table.c.id, *[json_expression(model, field, table) for _, field in named]]
        return table, sa.select(*labelled(values)).select_from(table).order_by(table.c.id.asc())

    names = ("id", *[name for name, _ in named])
    by_id = Subject("id", sa.column("id"), *plain(Integer), model.dialect)
    keys = [Key(by_id, by_id.expression, False, False, "id", nullable=False)]
    return Frame(names, translate, keys, model.definition.id, is_plain=True, is_shared=True)


def _is_indexed(key: Key, definition: TableDefinition) -> bool:
    """Whether an index begins with this key, so that it has the rows nearly in order."""
    if key.name == "id":
        return True
    field = next((each for each in definition.fields if each.name == key.name), None)
    if field is None:
        return False
    return field.unique or field.index is True or any(index.fields[0][0] == field.id for index in definition.indexes)


def _with_id(selection: Selection, keys: list[Key]) -> list[Key]:
    """Add the id as the last key, so that pages never overlap."""
    if any(key.name == "id" for key in keys):
        return keys
    subject = of_system(selection.model, "id", selection.table)
    return [*keys, Key(subject, subject.expression, False, False, "id", nullable=False)]
