"""Where the statements of a change go: to the database, or, for a plan, into a list."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from dynmodel_pyramid.changes.comparison import Key

#: What a statement costs: nothing but metadata, a look at all rows, or writing all rows anew.
COSTS = ("metadata", "scan", "rewrite")


class Executed:
    """Runs statements on a connection."""

    is_real = True

    def __init__(self, connection: sa.Connection):
        self.connection = connection
        self.operations = Operations(MigrationContext.configure(connection))

    def run(self, statement: str | sa.Executable, parameters: Any = None) -> None:
        if isinstance(statement, str):
            self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        else:
            self.connection.execute(statement, parameters, execution_options={"compiled_cache": None})

    @contextmanager
    def serving(self, *keys: Key, cost: str = "metadata", lock: str | None = None) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    keys: tuple[Key, ...]
    cost: str
    lock: str | None


class Recorded:
    """Notes statements with the steps that they serve."""

    is_real = False

    def __init__(self, connection: sa.Connection):
        self.dialect = connection.dialect
        self.statements: list[Statement] = []
        self._serving: tuple = ((), "metadata", None)
        options = {"as_sql": True, "output_buffer": self}
        self.operations = Operations(MigrationContext.configure(dialect=self.dialect, opts=options))

    def run(self, statement: str | sa.Executable, parameters: Any = None) -> None:
        self._note(statement if isinstance(statement, str) else self._text(statement))

    @contextmanager
    def serving(self, *keys: Key, cost: str = "metadata", lock: str | None = None) -> Iterator[None]:
        outer, self._serving = self._serving, (keys, cost, lock)
        try:
            yield
        finally:
            self._serving = outer

    def of(self, keys: Iterable[Key]) -> list[Statement]:
        wanted = set(keys)
        return [statement for statement in self.statements if wanted.intersection(statement.keys)]

    # Alembic's output buffer

    def write(self, text: str) -> None:
        if text.strip():
            self._note(text)

    def flush(self) -> None:
        pass

    def _note(self, text: str) -> None:
        self.statements.append(Statement(text.strip().rstrip(";").strip(), *self._serving))

    def _text(self, statement: sa.Executable) -> str:
        if isinstance(statement, sa.schema.ExecutableDDLElement):
            return str(statement.compile(dialect=self.dialect))
        return literal_sql(statement, self.dialect)


def literal_sql(element: sa.ClauseElement, dialect: sa.Dialect) -> str:
    """SQL with its values written out: DDL takes no parameters, and people read plans."""
    text = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    # For drivers whose parameters begin with % the compiler doubles each one.
    return text.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else text
