"""Queries over the rows of a table: cached plans, pages, streams and counts."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.grammar.syntax import Query
from dynmodel_pyramid.queries.sql.keysets import END
from dynmodel_pyramid.queries.sql.plans import Plan, plan
from dynmodel_pyramid.queries.sql.searching import RankedRows
from dynmodel_pyramid.rows.prepared import Fetched, PreparedSelect, written
from dynmodel_pyramid.rows.reads import CHUNK, RowReads

#: The most elements of SQL in the cached plans of one version of a table; about 5 MB. A plan of a page with filters and
#: order has about thirty. The key is the text of the query.
PLANS_WEIGH = 10_000
#: The most plans that it keeps.
PLANS = 64
#: Rows that a page skips from which on all rows are sorted, where sorting a part is slow.
DEEP = 100_000
#: The most characters of a query whose plan is kept.
LONGEST_KEPT = 2000
#: A planner's guess of fewer rows is not used: counting so few rows is cheap.
WORTH_GUESSING = 1000
#: ``bounded`` counts no more rows than :data:`BOUND`.
BOUNDED = "bounded"
COUNTS = ("exact", "planned", "estimated", BOUNDED)
BOUND = 10_000


def rules_of(catalogue: Catalogue) -> Rules:
    """The limits in the settings, and the operators of all installed types."""
    settings = catalogue.database.settings
    return Rules(
        operators=catalogue.field_types.operators,
        spellings=catalogue.field_types.spellings,
        expressions=settings.max_expressions,
        nesting=settings.max_nesting,
        embedding=settings.max_embedding,
        values=settings.max_values,
        size=settings.max_query_size,
    )


@dataclass(frozen=True, slots=True)
class PageOfRows:
    """
    :param rows: the values, in the order of ``plan.names``
    :param next: the cursor after the last row, if there are more rows; ``prev``: before the first row
    :param skipped: if there are more rows, but the last one's values are too long for a cursor: the offset at which the
        query continues
    """

    rows: Sequence[Sequence[Any]]
    next: str | None = None
    prev: str | None = None
    skipped: int | None = None


class Kept:
    """A plan with the statements of its last page and of its count, because mostly the same page is read again."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        #: With whether it was read again.
        self.last: tuple[tuple[Any, ...], PreparedSelect, bool] | None = None
        self.count: PreparedSelect | None = None
        #: The last stream: its limit and offset, and the statement.
        self.stream: tuple[tuple[Any, ...], PreparedSelect] | None = None


class KeptPlans:
    """The cached plans of one version of a table; the least recently used ones are dropped."""

    def __init__(self) -> None:
        self._plans: OrderedDict[Any, Kept] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Any) -> Kept | None:
        with self._lock:
            kept = self._plans.get(key)
            if kept is not None:
                self._plans.move_to_end(key)
            return kept

    def keep(self, key: Any, kept: Kept) -> None:
        if kept.plan.weight > PLANS_WEIGH // 4:
            return
        with self._lock:
            replaced = self._plans.pop(key, None)
            self._weight += kept.plan.weight - (replaced.plan.weight if replaced else 0)
            self._plans[key] = kept
            while self._weight > PLANS_WEIGH or len(self._plans) > PLANS:
                self._weight -= self._plans.popitem(last=False)[1].plan.weight


class Queried:
    """The results of a query over the rows of one version of a table, as a caller may see them."""

    def __init__(self, rows: RowReads, kept: Kept) -> None:
        self.rows = rows
        self.plan = kept.plan
        self._kept = kept
        self._values = rows.scopes.values(rows.model, tuple(kept.plan.versions))

    def is_current(self) -> bool:
        """Whether the far tables, and the caller's views of them, are those that the plan was made for. The call counts
        as their use by the request.
        """
        rows = self.rows
        for table_id, made_for in self.plan.versions.items():
            far = rows.models(table_id)
            if far is None or (far.definition.version, rows.scopes.view(far).key) != made_for:
                return False
        return True

    def page(self, connection: sa.Connection, limit: int, offset: int, *, cursors: bool = True) -> PageOfRows:
        """At most ``limit`` rows, in memory.

        :param cursors: whether the page has cursors
        """
        plan, width = self.plan, len(self.plan.names)
        continues = cursors and plan.has_cursors and limit > 0
        fetched = self._found(connection, limit + 1 if continues else limit, offset, continues)
        more = len(fetched) > limit
        backwards = plan.query.before is not None
        rows = fetched.page(limit, width, backwards=backwards)
        if not continues or not rows:
            return PageOfRows(rows)
        came_from = plan.query.after is not None or offset > 0
        has_next = not (plan.query.before == END and not offset) if backwards else more
        has_previous = more if backwards else came_from
        following = plan.cursor(rows.whole_row(-1)) if has_next else None
        previous = plan.cursor(rows.whole_row(0)) if has_previous else None
        is_cut = more and (previous if backwards else following) is None
        return PageOfRows(rows, following, previous, offset + limit if is_cut else None)

    def _found(self, connection: sa.Connection, limit: int, offset: int, with_keys: bool) -> Fetched:
        ranked = self.plan.ranked
        if ranked is not None and ranked.search.is_indexed and not offset:
            return Fetched(self._best(connection, ranked, limit))
        if self.plan.nulls_follow:
            # Mostly the page ends before the rows without a value begin; then an index finds its first row.
            rows = self._run(connection, limit, offset, with_keys, nulls=False)
            if len(rows) == limit:
                return rows
        return self._run(connection, limit, offset, with_keys)

    def _best(self, connection: sa.Connection, ranked: RankedRows, limit: int) -> Sequence[Sequence[Any]]:
        """The best rows of a search, rank by rank: mostly the first ranks are enough, and no rows are sorted."""
        rows: dict[int, Sequence[Any]] = {}
        for statement in ranked.best(limit):
            if len(rows) < limit:
                # All rows of better ranks are there already, and come again.
                for row in PreparedSelect(statement, connection.dialect)(connection, self._values):
                    rows.setdefault(row[-1], row[:-1])
        return list(rows.values())[:limit]

    def _run(self, connection: sa.Connection, limit: int, offset: int, with_keys: bool, nulls: bool = True) -> Fetched:
        key = (limit, offset, with_keys, nulls)
        last = self._kept.last
        again = last is not None and last[0] == key
        if last is None or not again or not last[2]:
            # The statement that takes less time takes longer to make: 4.4 ms instead of 2.6, so it is made for the
            # second time.
            statement = self._page(limit, offset, looked_up=again, with_keys=with_keys, nulls=nulls)
            last = self._kept.last = (key, PreparedSelect(statement, connection.dialect), again)
        return last[1].fetch(connection, self._values, often=last[2])

    def _page(
        self, limit: int | None, offset: int, *, looked_up: bool = False, **how: bool
    ) -> sa.Select[*tuple[Any, ...]]:
        """:meth:`Plan.page`, in the way that is fastest on this database.

        :param looked_up: whether its rows may be looked up, which takes longer where they are read one by one
        """
        dialect, plan = self.rows.catalogue.database.dialect, self.plan
        has_ids = not plan.is_grouped and plan.ranked is None
        is_far = dialect.ids_first_from is not None and offset >= dialect.ids_first_from
        whole = offset >= DEEP and plan.must_sort and dialect.sorts_parts_slowly
        looked_up = looked_up and dialect.looks_up_pages and has_ids and plan.is_of_one_table
        return plan.page(limit, offset, **how, whole=whole, ids_first=has_ids and is_far, looked_up=looked_up)

    def parts(
        self,
        connection: sa.Connection,
        limit: int | None,
        offset: int,
        records: Sequence[str] | None = None,
        size: int = CHUNK,
    ) -> Generator[Sequence[Sequence[Any]]]:
        """The rows' values, in the order of ``plan.names``, at most ``CHUNK`` rows in memory.

        :param records: see :meth:`PreparedSelect.parts`
        :param size: rows of a part
        """
        last = self._kept.stream
        if last is None or last[0] != (limit, offset):
            statement = PreparedSelect(self._page(limit, offset), connection.dialect)
            last = self._kept.stream = ((limit, offset), statement)
        return last[1].parts(connection, self.rows.catalogue.database.dialect, size, self._values, records)

    def guess(self, connection: sa.Connection, how: str) -> int | None:
        """How many rows the database's planner expects; None if it gives no estimate, or counting is as good.

        A guess would tell of rows that a caller may not see, so views are counted.

        :param how: ``planned``, or ``estimated``: only a large guess
        """
        if not self.rows.scopes.are_whole:
            return None
        dialect = self.rows.catalogue.database.dialect
        guess = PreparedSelect(self.plan.statement, connection.dialect).planned_rows(connection, dialect)
        return None if guess is None or (how != "planned" and guess < WORTH_GUESSING) else guess

    def count(self, connection: sa.Connection, most: int | None = None) -> int:
        """The number of all rows, but never more than ``most``."""
        if most is not None:
            return connection.scalar(self.plan.counted(most), self._values, execution_options={"compiled_cache": None})
        kept = self._kept
        kept.count = kept.count or PreparedSelect(self.plan.counted(), connection.dialect)
        return kept.count(connection, self._values)[0][0]

    def explain(
        self, connection: sa.Connection, limit: int | None, offset: int, form: str, options: Collection[str]
    ) -> Any:
        """The database's plan for a page; see :meth:`Dialect.explain`."""
        looked_up = limit is not None and limit <= CHUNK
        page = self._page(limit, offset, looked_up=looked_up)
        sql, parameters = written(page, connection.dialect, self._values)
        return self.rows.catalogue.database.dialect.explain(connection, sql, parameters, form, options)

    def refuse_too_many(self, connection: sa.Connection, limit: int | None, most: int) -> None:
        """
        :raises Malformed: the answer would have more than ``most`` rows (0: any number)
        """
        if not most or (limit is not None and limit <= most):
            return
        if self.count(connection, most + 1) > most:
            raise Malformed(
                f"the answer has more than {most} rows, which is the most that this server gives at a time",
                code="too_many_rows",
                hint=f"ask for pages: limit={most}",
            )


def queried(
    rows: RowReads, key: str, text: str | bytes, read: Callable[[Rules], Query], *, numbers: bool = False
) -> Queried:
    """The plan of a query, from the table's cache if possible.

    :param key: distinguishes kinds of texts and of answers
    :param read: parses the text
    :param numbers: whether exact numbers are JSON numbers, not strings
    :raises Forbidden: the caller has no grant to read the table
    """
    rows.refuse_no_reading()
    if len(text) > LONGEST_KEPT:
        return Queried(rows, Kept(_plan(rows, read, numbers)))
    known = rows.model.once("plans", lambda model: KeptPlans())
    asked = (key, text, rows.scope.view.key, rows.scopes.group)
    kept = known.get(asked)
    if kept is not None:
        cached = Queried(rows, kept)
        if cached.is_current():
            return cached
    kept = Kept(_plan(rows, read, numbers))
    # What a person types is seldom typed twice.
    if kept.plan.moment is None and kept.plan.query.search is None:
        known.keep(asked, kept)
    return Queried(rows, kept)


def _plan(rows: RowReads, read: Callable[[Rules], Query], numbers: bool) -> Plan:
    query = read(rules_of(rows.catalogue))
    return plan(rows.model, query, rows.models, rows.scopes, numbers=numbers)
