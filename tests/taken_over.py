"""Every table and statement that a version of a table takes over is compared with the one that it would make."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.table_builder import DEFINITION, Model
from dynmodel_pyramid.rows.former_statements import FormerStatements
from dynmodel_pyramid.rows.prepared import PreparedRow, PreparedSelect

#: How often each statement was taken over in this process; and ``table``.
TAKEN_OVER: Counter[Any] = Counter()


@contextmanager
def compared_statements() -> Iterator[None]:
    """While it is open, a table or statement that differs fails the request that would be answered by it."""
    statement, insert, made_table = FormerStatements.statement, FormerStatements.insert, Model._made_table

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

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FormerStatements, "statement", compared)
        patch.setattr(FormerStatements, "insert", compared_insert)
        patch.setattr(Model, "_made_table", compared_table)
        yield


def _parts(statement: PreparedSelect) -> Any:
    types = [(type(kind), kind._static_cache_key) for kind in statement._types]
    sql = re.sub(r" /\* \d+ \*/$", "", statement._sql)  # the number of a statement that adds a row
    return sql, statement._constants, statement._order, sorted(statement._bind_processors), types


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
