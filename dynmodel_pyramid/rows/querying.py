"""Queries over the rows of a table: cached plans, pages, streams and counts."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.grammar.syntax import Query
from dynmodel_pyramid.queries.sql.keysets import END
from dynmodel_pyramid.queries.sql.planning import frame, frame_query, framed, plan
from dynmodel_pyramid.queries.sql.plans import LIMIT, OFFSET, Conditions, Frame, Plan, Shape
from dynmodel_pyramid.queries.sql.searching import RankedRows
from dynmodel_pyramid.rows.former_statements import FormerStatements
from dynmodel_pyramid.rows.kept_plans import COUNT, KeptPlan, KeptPlans, SharedStatements
from dynmodel_pyramid.rows.prepared import Fetched, PreparedSelect, written
from dynmodel_pyramid.rows.reads import CHUNK, RowReads

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


class Queried:
    """The results of a query over the rows of one version of a table, as a caller may see them."""

    def __init__(self, rows: RowReads, kept: KeptPlan) -> None:
        self.rows = rows
        self.plan = kept.plan
        self._statements = kept.statements
        self._shared = SharedStatements(_plans(rows), kept.plan.frame, keeps=not kept.is_long)
        self._values = rows.scopes.values(rows.model, tuple(kept.plan.versions))

    def is_current(self) -> bool:
        """Whether the far tables, and the caller's views of them, are those that the plan was made for."""
        return _are_current(self.rows, self.plan.versions)

    def page(self, connection: sa.Connection, limit: int, offset: int, *, cursors: bool = True) -> PageOfRows:
        """At most ``limit`` rows, in memory.

        :param cursors: whether the page has cursors
        """
        plan, width = self.plan, len(self.plan.names)
        continues = cursors and plan.frame.has_cursors and limit > 0
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
        shape = self._shape(limit, offset, with_keys=with_keys, nulls=nulls)
        again = shape in self._statements or self._shared.knows(shape, self.plan.bounds(nulls=nulls))
        if again and self._may_look_up:
            # This statement takes less time, but longer to make: 4.4 ms instead of 2.6, so it is made for the second
            # time.
            shape = shape._replace(looked_up=True)
        return self._statement(connection, shape).fetch(connection, self._given(limit, offset), often=again)

    def _given(self, limit: int | None, offset: int) -> Mapping[str, Any]:
        return {**self._values, LIMIT.key: limit, OFFSET.key: offset}

    def _statement(self, connection: sa.Connection, shape: Shape) -> PreparedSelect:
        plan, known = self.plan, self._statements
        if shape not in known:
            if plan.is_plain:
                former = self.rows.model.once(FormerStatements, FormerStatements)
                known[shape] = former.statement(shape, connection.dialect, lambda: plan.page(shape))
            else:
                bounds = plan.bounds(nulls=shape.nulls)
                known[shape] = self._made(shape, bounds, lambda: plan.page(shape), connection.dialect)
        return known[shape]

    def _made(
        self, name: Shape | str, conditions: Conditions, make: Callable[[], Any], dialect: sa.Dialect
    ) -> PreparedSelect:
        """A statement of the plan, taken over from another plan of its frame if possible.

        :param conditions: those of the statement
        """
        found = self._shared.find(name, conditions)
        if found is None:
            found = PreparedSelect(make(), dialect, replaceable=self._shared.values_of(conditions))
            self._shared.keep(name, conditions, found, self.plan.weight)
        return found

    def _shape(self, limit: int | None, offset: int, *, with_keys: bool = False, nulls: bool = True) -> Shape:
        """The one that is fastest on this database; for a page that is read often see :attr:`_may_look_up`."""
        dialect, plan = self.rows.catalogue.database.dialect, self.plan
        is_far = dialect.ids_first_from is not None and offset >= dialect.ids_first_from
        whole = offset >= DEEP and plan.frame.must_sort and dialect.sorts_parts_slowly
        with_keys = with_keys and not plan.frame.is_plain  # its key, the id, is shown
        return Shape(limit is not None, offset > 0, with_keys, nulls, whole, is_far and self._has_ids)

    @property
    def _has_ids(self) -> bool:
        return not self.plan.is_grouped and self.plan.ranked is None

    @property
    def _may_look_up(self) -> bool:
        """Whether a page's rows may be looked up, which takes longer where they are read one by one."""
        return self.rows.catalogue.database.dialect.looks_up_pages and self._has_ids and self.plan.frame.is_of_one_table

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
        statement = self._statement(connection, self._shape(limit, offset))
        dialect = self.rows.catalogue.database.dialect
        return statement.parts(connection, dialect, size, self._given(limit, offset), records)

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
        plan, known = self.plan, self._statements
        if COUNT not in known:
            known[COUNT] = self._made(COUNT, plan.conditions, plan.counted, connection.dialect)
        return known[COUNT](connection, self._values)[0][0]

    def explain(
        self, connection: sa.Connection, limit: int | None, offset: int, form: str, options: Collection[str]
    ) -> Any:
        """The database's plan for a page; see :meth:`Dialect.explain`."""
        looked_up = limit is not None and limit <= CHUNK and self._may_look_up
        page = self.plan.page(self._shape(limit, offset)._replace(looked_up=looked_up))
        sql, parameters = written(page, connection.dialect, self._given(limit, offset))
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
        return Queried(rows, KeptPlan(_plan(rows, read, numbers, keeps=False), is_long=True))
    known = _plans(rows)
    asked = (key, text, rows.scope.view.key, rows.scopes.group)
    kept = known.get(asked)
    if kept is not None:
        cached = Queried(rows, kept)
        if cached.is_current():
            return cached
    kept = KeptPlan(_plan(rows, read, numbers))
    # What a person types is seldom typed twice.
    if kept.plan.moment is None and kept.plan.query.search is None:
        known.keep(asked, kept, kept.plan.frame.weight + kept.plan.weight)
    return Queried(rows, kept)


def _plans(rows: RowReads) -> KeptPlans:
    return rows.model.once("plans", lambda model: KeptPlans())


def _plan(rows: RowReads, read: Callable[[Rules], Query], numbers: bool, *, keeps: bool = True) -> Plan:
    query = read(rules_of(rows.catalogue))
    shared = frame_query(query)
    if shared is None:
        return plan(rows.model, query, rows.models, rows.scopes, numbers=numbers)
    return framed(_frame(rows, shared, numbers, keeps), rows.model, query, rows.models, rows.scopes, numbers=numbers)


def _frame(rows: RowReads, shared: Query, numbers: bool, keeps: bool) -> Frame:
    """The frame of all queries that share this one, from the table's cache if possible.

    :param keeps: whether one that is made is kept there
    """
    known = _plans(rows)
    key = (numbers, shared, rows.scope.view.key, rows.scopes.group)
    found: Frame | None = known.get(key)
    if found is None or not _are_current(rows, found.versions):
        found = frame(rows.model, shared, rows.models, rows.scopes, numbers=numbers)
        if keeps:
            known.keep(key, found, found.weight)
    return found


def _are_current(rows: RowReads, versions: Mapping[int, tuple[int, Any]]) -> bool:
    """Whether far tables, and the caller's views of them, have these versions. The call counts as their use by the
    request.
    """
    for table_id, made_for in versions.items():
        far = rows.models(table_id)
        if far is None or (far.definition.version, rows.scopes.view(far).key) != made_for:
            return False
    return True
