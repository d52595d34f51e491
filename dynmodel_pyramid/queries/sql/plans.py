"""A translated query over a table: the statements of its pages with their embedded rows, and that of the count."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import json_expression, shown_sides
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.model import TableDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.time_texts import write_datetime
from dynmodel_pyramid.fields.types.numbers import Integer
from dynmodel_pyramid.queries.grammar.syntax import Level, Query
from dynmodel_pyramid.queries.sql import keysets
from dynmodel_pyramid.queries.sql.groups import grouped, refuse_having
from dynmodel_pyramid.queries.sql.ordering import Key, keys_of
from dynmodel_pyramid.queries.sql.outputs import labelled, put_off, selected
from dynmodel_pyramid.queries.sql.searching import RankedRows, search_of
from dynmodel_pyramid.queries.sql.select_list import outputs_of
from dynmodel_pyramid.queries.sql.selection import Selection, Surroundings
from dynmodel_pyramid.queries.sql.statements import cut, has_rows
from dynmodel_pyramid.queries.sql.subjects import Subject, of_system, plain
from dynmodel_pyramid.queries.sql.views import Models, Views, WholeTable

#: The parameters of a page's statement.
LIMIT, OFFSET = sa.bindparam("_limit", type_=sa.BigInteger()), sa.bindparam("_offset", type_=sa.BigInteger())


class Shape(NamedTuple):
    """What tells the statements of a plan's pages apart.

    :param is_limited: whether it has the parameter :data:`LIMIT`
    :param skips: whether it has the parameter :data:`OFFSET`
    :param with_keys: whether the values of the rows' keys follow their own
    :param nulls: False leaves out the rows of :attr:`Plan.nulls_follow`, so that an index can be used
    :param whole: number all ids in their order, and find the page by the numbers
    :param ids_first: find the page's ids first, and make the other values of these rows only; for rows, not groups
    :param looked_up: the same, by a join in the order of the ids; if :attr:`Plan.is_of_one_table`
    """

    is_limited: bool
    skips: bool
    with_keys: bool = False
    nulls: bool = True
    whole: bool = False
    ids_first: bool = False
    looked_up: bool = False


@dataclass(frozen=True)
class Plan:
    """A translated query, of one version of each of its tables.

    :param names: the names of a row's values
    :param translate: makes :attr:`table` and :attr:`statement`
    :param keys: the keys of the order, the id last, or what tells groups apart
    :param is_grouped: whether its rows are groups
    :param versions: the versions of the far tables that it uses, by their ids, and the keys of the caller's views of
        them
    :param moment: at which its relative times were evaluated; None: it has none, so it holds for any moment
    :param ranked: its rows by ranks, if it searches rows
    :param must_sort: whether no index has the rows in order
    :param weight: elements of SQL, about half a kilobyte each
    :param is_plain: whether it is of all rows of the table itself, whole, by their ids: then its statements are up to
        the definition alone, and it is translated when one of them is made
    """

    query: Query
    names: tuple[str, ...]
    translate: Callable[[], tuple[sa.FromClause, sa.Select[*tuple[Any, ...]]]]
    keys: Sequence[Key]
    table_id: int
    versions: Mapping[int, tuple[int, Any]] = field(default_factory=dict)
    weight: int = 0
    is_grouped: bool = False
    moment: datetime.datetime | None = None
    ranked: RankedRows | None = None
    must_sort: bool = False
    is_plain: bool = False

    @cached_property
    def _translated(self) -> tuple[sa.FromClause, sa.Select[*tuple[Any, ...]]]:
        return self.translate()

    @property
    def table(self) -> sa.FromClause:
        """The view of the queried table, from which it selects."""
        return self._translated[0]

    @property
    def statement(self) -> sa.Select[*tuple[Any, ...]]:
        """It selects all rows, without limits and without a cursor's bounds."""
        return self._translated[1]

    @property
    def limit(self) -> int | None:
        return self.query.root.limit

    @property
    def offset(self) -> int:
        return self.query.root.offset

    @property
    def has_cursors(self) -> bool:
        """Whether a page can continue after another one."""
        return bool(self.keys) and all(key.name for key in self.keys)

    @property
    def _backwards(self) -> bool:
        return self.query.before is not None

    @cached_property
    def nulls_follow(self) -> bool:
        """Whether the query's cursor stands at rows with a first key, and rows without one come at the end.

        :raises Malformed: the cursor does not belong to this order
        """
        values = self._cursor_values
        if values is None or self.is_grouped:  # all groups are made anyway
            return False
        return keysets.nulls_follow(self.keys, values, backwards=self._backwards)

    @cached_property
    def _cursor_values(self) -> list[Any] | None:
        cursor = self.query.before if self._backwards else self.query.after
        if cursor is None:
            return None
        parameter = "_before" if self._backwards else "_after"
        if not self.has_cursors:
            raise Malformed(
                "a cursor needs an order by fields of the table itself", code="invalid_cursor", parameter=parameter
            )
        if self._backwards and cursor == keysets.END:
            return None
        return keysets.read(cursor, self.keys, self.table_id, parameter)

    def page(self, shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        """The rows of a page; for one before a cursor, they come in reverse.

        :raises Malformed: the query's cursor does not belong to this order
        """
        statement, values = self.statement, self._cursor_values
        if values is not None:
            bound = keysets.beyond(self.keys, values, backwards=self._backwards, nulls=shape.nulls)
            statement = statement.where(bound)
        if self._backwards:
            statement = statement.order_by(None).order_by(*[key.clause(backwards=True) for key in self.keys])
        if shape.is_limited and (shape.whole or shape.ids_first or shape.looked_up):
            make = self._numbered if shape.whole else self._found if shape.ids_first else self._looked_up
            page = make(statement, shape)
        else:
            page = _cut(statement, shape)
        return page.add_columns(*self._key_places[1]) if shape.with_keys else page

    @property
    def _row_id(self) -> sa.ColumnElement[Any]:
        row_id: sa.ColumnElement[Any] = self.table.c.id
        return row_id

    def _found(self, statement: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        # In a FROM clause of its own, so that its tables are not taken for those of the statement around it.
        ids = _cut(statement.with_only_columns(self._row_id.label("_id")), shape).subquery("_found")
        return statement.where(self._row_id.in_(sa.select(ids.c._id)))

    @cached_property
    def is_of_one_table(self) -> bool:
        """Whether it selects rows of the table itself, without joins."""
        return self.is_plain or isinstance(self.table, sa.Table) and self.statement.get_final_froms() == [self.table]

    def _looked_up(self, statement: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        row_id = self._row_id
        ids = _cut(statement.with_only_columns(row_id.label("_id")), shape).subquery("_found")
        # The left side of an outer join is always read first; a subquery with a limit keeps its order.
        return sa.select(*statement.selected_columns).select_from(ids.outerjoin(self.table, row_id == ids.c._id))

    def _numbered(self, statement: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        row_id = self._row_id
        order = [key.clause(backwards=self._backwards) for key in self.keys]
        number = sa.func.row_number().over(order_by=order).label("_number")
        ids = statement.order_by(None).with_only_columns(row_id.label("_id"), number).subquery("_sorted")
        among = sa.select(ids.c._id).where(ids.c._number > OFFSET, ids.c._number <= OFFSET + LIMIT)
        # All of them: a limit keeps the order in a statement around this one.
        return statement.where(row_id.in_(among)).limit(LIMIT)

    def counted(self, most: int | None = None) -> sa.Select[*tuple[Any, ...]]:
        """The number of all rows, but never more than ``most``."""
        rows = self.statement.order_by(None)
        rows = rows if not self.keys else rows.with_only_columns(sa.literal_column("1"), maintain_column_froms=True)
        return sa.select(sa.func.count()).select_from(cut(rows, most, 0).subquery())

    @cached_property
    def _key_places(self) -> tuple[list[int], list[sa.ColumnElement[Any]]]:
        """Where the keys' values are in a row with keys, and the columns of those that are not shown anyway.

        Each column of 100 rows costs 12 us.
        """
        if self.is_plain:
            return [0], []
        shown = [getattr(label, "element", None) for label in self.statement.selected_columns]
        places: list[int] = []
        added: list[sa.ColumnElement[Any]] = []
        for key in self.keys:
            found = next((place for place, column in enumerate(shown) if column is key.expression), None)
            if found is None:
                found = len(shown) + len(added)
                added.append(key.expression)
            places.append(found)
        return places, added

    @cached_property
    def _write_cursor(self) -> Callable[[Sequence[Any]], str | None]:
        moment = None if self.moment is None else write_datetime(self.moment)
        return keysets.writer(self.keys, self.table_id, moment)

    def cursor(self, row: Sequence[Any]) -> str | None:
        """The cursor after (or before) this row with keys; None if it would be too long."""
        return self._write_cursor([row[place] for place in self._key_places[0]])


def _cut(rows: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
    rows = rows.limit(LIMIT) if shape.is_limited else rows
    return rows.offset(OFFSET) if shape.skips else rows


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
    for parameter, value in (("columns", query.columns), ("on_conflict", query.on_conflict)):
        if value is not None:
            raise Malformed(f"{parameter} is for writes", code="invalid_parameter", parameter=parameter)
    if only is None and _is_plain(model, query, views, numbers=numbers):
        return _plain(model, query)
    return _plan(model, query, models, views, numbers, only)


def _plan(model: Model, query: Query, models: Models, views: Views, numbers: bool, only: Only | None) -> Plan:
    around = Surroundings(query, models, views, numbers, moment=keysets.moment_of(query.after or query.before))
    names = around.names(model)
    selection = Selection(around, names, query.select)
    outputs = outputs_of(selection)
    if not outputs:
        raise Malformed("select: nothing is selected", code="invalid_parameter", parameter="select")
    if query.search is not None and (query.after or query.before):
        raise Malformed("_search: its pages are by offset, not by cursors", code="invalid_cursor", parameter="_search")
    search = None if query.search is None else search_of(names, query.search)
    conditions = [*selection.conditions(), *([] if only is None else [only(names.table)])]
    found = [] if search is None else [search.found]
    ranked: RankedRows | None = None
    if has_rows(outputs):
        refuse_having(selection)
        keys = _with_id(selection, keys_of(selection))
        # An index has the ids in order.
        shown = selected(outputs) if keys[0].name == "id" else selected(put_off(outputs, model.dialect))
        rows = sa.select(*shown).select_from(selection.join_to(names.table)).where(*conditions)
        if search is not None:
            is_ordered = bool(query.root.order)
            ranked = RankedRows(search, rows, names.table.c.id, keys, is_ordered)
            keys = search.keys(keys, is_ordered=is_ordered)
        statement = rows.where(*found).order_by(*[key.clause() for key in keys])
    else:
        statement, keys = grouped(selection, outputs, names.table, [*conditions, *found], selected)
    versions = {table_id: (far.definition.version, views.view(far).key) for table_id, far in around.used.items()}
    moment = around.clock.moment if around.clock is not None and around.clock.is_asked else None
    return Plan(
        query,
        tuple(output.name for output in outputs),
        lambda: (names.table, statement),
        keys,
        model.definition.id,
        versions,
        around.budget.spent,
        not has_rows(outputs),
        moment,
        ranked,
        has_rows(outputs) and search is None and not _is_indexed(keys[0], model.definition),
    )


def _is_plain(model: Model, query: Query, views: Views, *, numbers: bool) -> bool:
    only_cut = (Level(limit=query.root.limit, offset=query.root.offset),)
    if query.levels not in ((), only_cut) or replace(query, levels=()) != Query():
        return False
    fields = model.definition.fields
    has_numbers = numbers and any(model.field_types[field.type].exact_numbers for field in fields)
    return not has_numbers and views.view(model).key is None and not shown_sides(model)


def _plain(model: Model, query: Query) -> Plan:
    fields = [field for field in model.definition.fields if not field.write_only]
    # Former names come after all current ones.
    named = [*[(field.name, field) for field in fields], *[(each.name, f) for f in fields for each in f.aliases]]

    def translate() -> tuple[sa.FromClause, sa.Select[*tuple[Any, ...]]]:
        table = WholeTable(model).source()
        values = [table.c.id, *[json_expression(model, field, table) for _, field in named]]
        return table, sa.select(*labelled(values)).select_from(table).order_by(table.c.id)

    names = ("id", *[name for name, _ in named])
    by_id = Subject("id", sa.column("id"), *plain(Integer), model.dialect)
    keys = [Key(by_id, by_id.expression, False, False, "id", nullable=False)]
    return Plan(query, names, translate, keys, model.definition.id, weight=len(names), is_plain=True)


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
