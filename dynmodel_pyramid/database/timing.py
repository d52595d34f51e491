"""How long the database works for the request that runs here (:mod:`dynmodel_pyramid.telemetry.measuring`).

Statements of the driver's cursors are timed in :mod:`~.cursors`, those that SQLAlchemy runs and commits by the engine's
dialect: SQLAlchemy's events around cursors cost 4 us a statement, this 0.3. Nothing is timed where no request is
recorded.
"""

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.telemetry.measuring import CURRENT


class timed:
    """A context in which the database works."""

    __slots__ = ("_began", "_record", "_statement")

    def __init__(self, statement: str = "") -> None:
        self._statement = statement

    def __enter__(self) -> None:
        self._record = CURRENT.get()
        if self._record is not None:
            self._began = monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._record is not None:
            self._record.queried(monotonic() - self._began, self._statement)


def time_statements(engine: sa.Engine) -> None:
    """Time what SQLAlchemy runs on an engine."""
    dialect: Any = engine.dialect
    for name in ("do_execute", "do_executemany", "do_execute_no_params"):
        setattr(dialect, name, _timed_statement(getattr(dialect, name)))
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        with timed():
            commit(connection)

    dialect.do_commit = do_commit


def _timed_statement(run: Callable[..., None]) -> Callable[..., None]:
    def timed_run(cursor: Any, statement: str, *arguments: Any) -> None:
        record = CURRENT.get()
        if record is None:
            run(cursor, statement, *arguments)
            return
        began = monotonic()
        try:
            run(cursor, statement, *arguments)
        finally:
            record.queried(monotonic() - began, statement)

    return timed_run
