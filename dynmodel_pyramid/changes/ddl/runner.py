"""The context of a schema editor, and the runner of its statements, which go to the database or into a plan."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.database.identifiers import without_parameters
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.compare import Key
from dynmodel_pyramid.definitions.store import DefinitionStore, now

#: The cost of a statement: metadata only, a scan of all rows, or a rewrite of all rows.
COSTS = ("metadata", "scan", "rewrite")


@dataclass(frozen=True, slots=True)
class EditorContext:
    """The transaction, as a schema editor knows it.

    :param is_plan: whether statements and violations are only noted
    :param moment: the moment for ``default_expression``, in all rows and fields
    :param new_tables: physical names of tables that are not stored yet, by id; a plan stores none
    :param free_names: names of tables that a plan may treat as unused: the change would have moved the table
    :param may_put_off: whether rules may be put off, to be proven later, if the rows allow it; for plans
    :param upgraded: brings the options of a stored definition to today's form
    :param hold_off_readers: called, once or more often, before the first statement that readers must not see
    """

    connection: sa.Connection
    generator: Generator
    store: DefinitionStore
    is_plan: bool = False
    moment: datetime.datetime = field(default_factory=now)
    new_tables: Mapping[int, str] = field(default_factory=dict)
    free_names: frozenset[str] = frozenset()
    may_put_off: bool = False
    upgraded: Callable[[TableDefinition], TableDefinition] = lambda definition: definition
    hold_off_readers: Callable[[], None] = lambda: None


class Runner:
    """Runs statements on a connection."""

    is_real = True

    def __init__(self, connection: sa.Connection) -> None:
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


class Recorder:
    """Notes statements, with the keys of their operations."""

    is_real = False

    def __init__(self, connection: sa.Connection) -> None:
        self.dialect = connection.dialect
        self.statements: list[Statement] = []
        self._serving: tuple[Any, ...] = ((), "metadata", None)
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

    # The methods of Alembic's output buffer

    def write(self, text: str) -> None:
        if text.strip():
            self._note(without_parameters(text, self.dialect))

    def flush(self) -> None:
        pass

    def _note(self, text: str) -> None:
        self.statements.append(Statement(text.strip().rstrip(";").strip(), *self._serving))

    def _text(self, statement: sa.Executable) -> str:
        if isinstance(statement, sa.schema.ExecutableDDLElement):
            return without_parameters(str(statement.compile(dialect=self.dialect)), self.dialect)
        assert isinstance(statement, sa.ClauseElement)
        return literal_sql(statement, self.dialect)


def literal_sql(element: sa.ClauseElement, dialect: sa.Dialect, *, of_one_table: bool = False) -> str:
    """SQL with its values written out: DDL takes no parameters, and people read plans.

    :param of_one_table: columns stand without their table, for a part of a statement that knows only one
    """
    options = {"literal_binds": True, "include_table": not of_one_table}
    return without_parameters(str(element.compile(dialect=dialect, compile_kwargs=options)), dialect)
