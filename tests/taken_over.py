"""Every table and statement that a version of a table takes over is compared with the one that it would make; and so
are the first statements of each structure that queries take over with other values, and plans of a frame.
"""

import re
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite_dialect
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.table_builder import DEFINITION, Model
from dynmodel_pyramid.queries.grammar.syntax import Query
from dynmodel_pyramid.queries.sql import planning
from dynmodel_pyramid.queries.sql.plans import Conditions, Frame, Plan
from dynmodel_pyramid.queries.sql.views import Models, Views
from dynmodel_pyramid.rows import querying
from dynmodel_pyramid.rows.former_statements import FormerStatements
from dynmodel_pyramid.rows.prepared import PreparedRow, PreparedSelect
from dynmodel_pyramid.rows.querying import Queried

_DIALECTS: dict[str, sa.Dialect] = {"sqlite": pysqlite_dialect(), "postgresql": psycopg_dialect()}
#: How often each statement was taken over in this process; and ``table``.
TAKEN_OVER: Counter[Any] = Counter()
#: How often each plan of a frame, and each statement that it takes over, is compared.
OFTEN = 3
_COMPARED: weakref.WeakKeyDictionary[Frame, Counter[Any]] = weakref.WeakKeyDictionary()
#: How many statements were taken over from other values.
SHARED: Counter[str] = Counter()


@contextmanager
def compared_statements() -> Iterator[None]:
    """While it is open, a table or statement that differs fails the request that would be answered by it."""
    statement, insert, made_table = FormerStatements.statement, FormerStatements.insert, Model._made_table
    made_of, framed = Queried._made, querying.framed

    def compared(former: FormerStatements, name: Any, dialect: sa.Dialect, make: Callable[[], Any]) -> PreparedSelect:
        given = statement(former, name, dialect, make)
        if given is former.taken(dialect).get(name):
            TAKEN_OVER[name] += 1
            made = PreparedSelect(make(), dialect)
            for one, other in zip(_parts(given), _parts(made), strict=True):
                assert one == other, f"{one} {other}"
        return given

    def compared_insert(
        former: FormerStatements, table: sa.Table, dialect: sa.Dialect, make: Callable[[], PreparedRow]
    ) -> PreparedRow:
        before = former.taken(dialect).get("insert")
        given = insert(former, table, dialect, make)
        if given is before:
            TAKEN_OVER["insert"] += 1
            for one, other in zip(_parts(given), _parts(make()), strict=True):
                assert one == other, f"{one} {other}"
        return given

    def compared_table(model: Model) -> sa.Table:
        table = made_table(model)
        if table.info[DEFINITION] is not model.definition:
            TAKEN_OVER["table"] += 1
            made = model._generator.table(model.definition)
            assert _parts_of_table(table) == _parts_of_table(made)
        return table

    def compared_made(
        results: Queried, name: Any, conditions: Conditions, make: Callable[[], Any], dialect: sa.Dialect
    ) -> PreparedSelect:
        is_known = results._shared.knows(name, conditions)
        given = made_of(results, name, conditions, make, dialect)
        if is_known:
            SHARED["statement"] += 1
            if _is_compared(results.plan.frame, name, conditions):
                made = PreparedSelect(make(), dialect)
                for one, other in zip(_parts(given), _parts(made), strict=True):
                    assert repr(one) == repr(other), f"{one}\n{other}"
        return given

    def compared_plan(frame: Frame, model: Model, query: Query, models: Models, views: Views, *, numbers: bool) -> Plan:
        given = framed(frame, model, query, models, views, numbers=numbers)
        if not _is_compared(frame, "plan", given.conditions):
            return given
        whole = planning._whole(model, query, models, views, numbers, None)
        assert (given.names, dict(given.versions)) == (whole.names, dict(whole.versions))
        assert given.moment == whole.moment
        assert given.frame.has_cursors == whole.frame.has_cursors
        assert given.frame.must_sort == whole.frame.must_sort
        dialect = _DIALECTS[model.dialect]
        for one, other in zip(_compiled(given, dialect), _compiled(whole, dialect), strict=True):
            assert one == other, f"{one}\n{other}"
        return given

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Queried, "_made", compared_made)
        patch.setattr(querying, "framed", compared_plan)
        patch.setattr(FormerStatements, "statement", compared)
        patch.setattr(FormerStatements, "insert", compared_insert)
        patch.setattr(Model, "_made_table", compared_table)
        yield


@contextmanager
def nothing_compared() -> Iterator[None]:
    """For tests of which code runs: no plan or statement that queries share is compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.taken_over.OFTEN", 0)
        yield


def _is_compared(frame: Frame, name: Any, conditions: Conditions) -> bool:
    """Whether it is one of the first of that structure; the others differ in values only."""
    if not OFTEN or conditions.structure is None:
        return bool(OFTEN)
    counted = _COMPARED.setdefault(frame, Counter())
    counted[name, conditions.structure[0]] += 1
    return counted[name, conditions.structure[0]] <= OFTEN


def _compiled(plan: Plan, dialect: sa.Dialect) -> Any:
    compiled = plan.statement.compile(dialect=dialect)
    values = {name: (repr(each.effective_value), str(each.type)) for each, name in compiled.bind_names.items()}
    return compiled.string, compiled.positiontup, values


def _parts(statement: PreparedSelect) -> Any:
    types = [(type(kind), kind._static_cache_key) for kind in statement._types]
    sql = re.sub(r" /\* \d+ \*/$", "", statement._sql)  # the number of a statement that adds a row
    return sql, sorted(statement._constants.items()), statement._order, sorted(statement._bind_processors), types


def _parts_of_table(table: sa.Table) -> Any:
    """What statements are made of: names, and all that a column has."""
    columns = [
        (each.key, each.name, each.name.quote if isinstance(each.name, quoted_name) else None, each.nullable)
        + (type(each.type), each.type._static_cache_key, each.info, _text(each.computed), _text(each.server_default))
        + (_text(each.default), each.primary_key)
        for each in table.columns
    ]
    return table.fullname, table.name, columns, sorted(str(each.name) for each in table.constraints)


def _text(part: Any) -> str | None:
    """A default or an expression, by its text; a function that makes a value, by its kind."""
    if part is None:
        return None
    value = getattr(part, "sqltext", getattr(part, "arg", part))
    return type(part).__name__ if callable(value) else f"{type(part).__name__} {value!s}"
