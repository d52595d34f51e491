"""A translated query over a table: the statements of its pages with their embedded rows, and that of the count."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.time_texts import write_datetime
from dynmodel_pyramid.queries.grammar.syntax import Query
from dynmodel_pyramid.queries.sql import keysets
from dynmodel_pyramid.queries.sql.budget import Budget
from dynmodel_pyramid.queries.sql.ordering import Key
from dynmodel_pyramid.queries.sql.searching import RankedRows
from dynmodel_pyramid.queries.sql.statements import cut

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
    :param looked_up: the same, by a join in the order of the ids; if :attr:`Frame.is_of_one_table`
    """

    is_limited: bool
    skips: bool
    with_keys: bool = False
    nulls: bool = True
    whole: bool = False
    ids_first: bool = False
    looked_up: bool = False


@dataclass(frozen=True, eq=False)
class Frame:
    """What queries have in common that differ in their filters, cursors and limits only: rows, their values and order.

    :param names: the names of a row's values
    :param translate: makes :attr:`table` and :attr:`rows`
    :param keys: the keys of the order, the id last, or what tells groups apart
    :param is_grouped: whether its rows are groups
    :param versions: the versions of the far tables that it uses, by their ids, and the keys of the caller's views of
        them
    :param budget: of which it has spent some
    :param must_sort: whether no index has the rows in order
    :param is_plain: whether its rows are the table's own, whole, by their ids: then it is up to the definition alone,
        and it is translated when a statement is made of it
    :param is_shared: whether plans of other queries have it; else it has all conditions of its plan
    """

    names: tuple[str, ...]
    translate: Callable[[], tuple[sa.FromClause, sa.Select[*tuple[Any, ...]]]]
    keys: Sequence[Key]
    table_id: int
    versions: Mapping[int, tuple[int, Any]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    is_grouped: bool = False
    must_sort: bool = False
    is_plain: bool = False
    is_shared: bool = False

    @cached_property
    def _translated(self) -> tuple[sa.FromClause, sa.Select[*tuple[Any, ...]]]:
        return self.translate()

    @property
    def table(self) -> sa.FromClause:
        """The view of the queried table, from which it selects."""
        return self._translated[0]

    @property
    def rows(self) -> sa.Select[*tuple[Any, ...]]:
        """It selects all rows, without the conditions of a plan and without limits."""
        return self._translated[1]

    @property
    def weight(self) -> int:
        """Elements of SQL, about half a kilobyte each."""
        return max(self.budget.spent, len(self.names))

    @property
    def has_cursors(self) -> bool:
        """Whether a page can continue after another one."""
        return bool(self.keys) and all(key.name for key in self.keys)

    @cached_property
    def has_known_types(self) -> bool:
        """Whether SQLAlchemy may know its types again; for others it would warn ("ExternalType.cache_ok")."""
        types = [column.type for column in self.table.c]
        return all(each.cache_ok for each in types if isinstance(each, sa.types.ExternalType))

    @cached_property
    def is_of_one_table(self) -> bool:
        """Whether it selects rows of the table itself, without joins."""
        return self.is_plain or isinstance(self.table, sa.Table) and self.rows.get_final_froms() == [self.table]

    @cached_property
    def key_places(self) -> tuple[list[int], list[sa.ColumnElement[Any]]]:
        """Where the keys' values are in a row with keys, and the columns of those that are not shown anyway.

        Each column of 100 rows costs 12 us.
        """
        if self.is_plain:
            return [0], []
        shown = [getattr(label, "element", None) for label in self.rows.selected_columns]
        places: list[int] = []
        added: list[sa.ColumnElement[Any]] = []
        for key in self.keys:
            found = next((place for place, column in enumerate(shown) if column is key.expression), None)
            if found is None:
                found = len(shown) + len(added)
                added.append(key.expression)
            places.append(found)
        return places, added


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions on the rows of a frame, all of which must hold."""

    clauses: Sequence[sa.ColumnElement[bool]] = ()

    @cached_property
    def structure(self) -> tuple[Any, Sequence[sa.BindParameter[Any]]] | None:
        """What they are without their values, and the parameters that have these; None: nobody knows.

        It is what SQLAlchemy's own cache of statements goes by ("SQL Compilation Caching").
        """
        if not self.clauses:
            return (), ()
        key = (self.clauses[0] if len(self.clauses) == 1 else sa.and_(*self.clauses))._generate_cache_key()
        return None if key is None else (key.key, key.bindparams)


@dataclass(frozen=True)
class Plan:
    """A translated query, of one version of each of its tables.

    :param conditions: further ones on the rows of its frame
    :param versions: those of the frame, and of the far tables that the conditions use
    :param weight: elements of SQL, without those of the frame
    :param moment: at which its relative times were evaluated; None: it has none, so it holds for any moment
    :param ranked: its rows by ranks, if it searches rows
    """

    frame: Frame
    query: Query
    conditions: Conditions = field(default_factory=Conditions)
    versions: Mapping[int, tuple[int, Any]] = field(default_factory=dict)
    weight: int = 0
    moment: datetime.datetime | None = None
    ranked: RankedRows | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a row's values."""
        return self.frame.names

    @property
    def table(self) -> sa.FromClause:
        """The view of the queried table, from which it selects."""
        return self.frame.table

    @property
    def is_grouped(self) -> bool:
        """Whether its rows are groups."""
        return self.frame.is_grouped

    @cached_property
    def statement(self) -> sa.Select[*tuple[Any, ...]]:
        """It selects all rows, without limits and without a cursor's bounds."""
        return self.frame.rows.where(*self.conditions.clauses)

    @property
    def limit(self) -> int | None:
        return self.query.root.limit

    @property
    def offset(self) -> int:
        return self.query.root.offset

    @property
    def is_plain(self) -> bool:
        """Whether it is of all rows of a plain frame, so that its statements are up to the definition alone."""
        return self.frame.is_plain and not self.conditions.clauses

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
        return keysets.nulls_follow(self.frame.keys, values, backwards=self._backwards)

    @cached_property
    def _cursor_values(self) -> list[Any] | None:
        cursor = self.query.before if self._backwards else self.query.after
        if cursor is None:
            return None
        parameter = "_before" if self._backwards else "_after"
        if not self.frame.has_cursors:
            raise Malformed(
                "a cursor needs an order by fields of the table itself", code="invalid_cursor", parameter=parameter
            )
        if self._backwards and cursor == keysets.END:
            return None
        return keysets.read(cursor, self.frame.keys, self.frame.table_id, parameter)

    def bounds(self, *, nulls: bool) -> Conditions:
        """The conditions on the rows of a page, the cursor's included.

        :param nulls: see :class:`Shape`
        :raises Malformed: the query's cursor does not belong to this order
        """
        if self._cursor_values is None:
            return self.conditions
        return self._bounds if nulls else self._bounds_without_nulls

    @cached_property
    def _bounds(self) -> Conditions:
        return self._bounded(nulls=True)

    @cached_property
    def _bounds_without_nulls(self) -> Conditions:
        return self._bounded(nulls=False)

    def _bounded(self, *, nulls: bool) -> Conditions:
        values = self._cursor_values or []
        beyond = keysets.beyond(self.frame.keys, values, backwards=self._backwards, nulls=nulls)
        return Conditions([*self.conditions.clauses, beyond])

    def page(self, shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        """The rows of a page; for one before a cursor, they come in reverse.

        :raises Malformed: the query's cursor does not belong to this order
        """
        statement = self.frame.rows.where(*self.bounds(nulls=shape.nulls).clauses)
        if self._backwards:
            statement = statement.order_by(None).order_by(*[key.clause(backwards=True) for key in self.frame.keys])
        if shape.is_limited and (shape.whole or shape.ids_first or shape.looked_up):
            make = self._numbered if shape.whole else self._found if shape.ids_first else self._looked_up
            page = make(statement, shape)
        else:
            page = _cut(statement, shape)
        return page.add_columns(*self.frame.key_places[1]) if shape.with_keys else page

    @property
    def _row_id(self) -> sa.ColumnElement[Any]:
        row_id: sa.ColumnElement[Any] = self.table.c.id
        return row_id

    def _found(self, statement: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        # In a FROM clause of its own, so that its tables are not taken for those of the statement around it.
        ids = _cut(statement.with_only_columns(self._row_id.label("_id")), shape).subquery("_found")
        return statement.where(self._row_id.in_(sa.select(ids.c._id)))

    def _looked_up(self, statement: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        row_id = self._row_id
        ids = _cut(statement.with_only_columns(row_id.label("_id")), shape).subquery("_found")
        # The left side of an outer join is always read first; a subquery with a limit keeps its order.
        return sa.select(*statement.selected_columns).select_from(ids.outerjoin(self.table, row_id == ids.c._id))

    def _numbered(self, statement: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
        row_id = self._row_id
        order = [key.clause(backwards=self._backwards) for key in self.frame.keys]
        number = sa.func.row_number().over(order_by=order).label("_number")
        ids = statement.order_by(None).with_only_columns(row_id.label("_id"), number).subquery("_sorted")
        among = sa.select(ids.c._id).where(ids.c._number > OFFSET, ids.c._number <= OFFSET + LIMIT)
        # All of them: a limit keeps the order in a statement around this one.
        return statement.where(row_id.in_(among)).limit(LIMIT)

    def counted(self, most: int | None = None) -> sa.Select[*tuple[Any, ...]]:
        """The number of all rows, but never more than ``most``."""
        rows = self.statement.order_by(None)
        one: sa.ColumnElement[int] = sa.literal_column("1")
        rows = rows if not self.frame.keys else rows.with_only_columns(one, maintain_column_froms=True)
        return sa.select(sa.func.count()).select_from(cut(rows, most, 0).subquery())

    @cached_property
    def _write_cursor(self) -> Callable[[Sequence[Any]], str | None]:
        moment = None if self.moment is None else write_datetime(self.moment)
        return keysets.writer(self.frame.keys, self.frame.table_id, moment)

    def cursor(self, row: Sequence[Any]) -> str | None:
        """The cursor after (or before) this row with keys; None if it would be too long."""
        return self._write_cursor([row[place] for place in self.frame.key_places[0]])


def _cut(rows: sa.Select[*tuple[Any, ...]], shape: Shape) -> sa.Select[*tuple[Any, ...]]:
    rows = rows.limit(LIMIT) if shape.is_limited else rows
    return rows.offset(OFFSET) if shape.skips else rows
