"""How long changes of definitions take, for the metrics."""

import time
from collections.abc import Sequence
from types import TracebackType

from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.telemetry.families import CHANGES
from dynmodel_pyramid.telemetry.measuring import observe


class timed_change:
    """A context that makes a change.

    :param is_of_access: whether it changes roles, if it changes no table
    """

    def __init__(self, *, is_of_access: bool = False) -> None:
        self._kind = "access" if is_of_access else "change"

    def __enter__(self) -> "timed_change":
        self._began = time.monotonic()
        return self

    def made(self, changes: Sequence[TableChange]) -> None:
        """Say what was changed."""
        if changes:
            self._kind = _kind(changes[0])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Stale):
            return  # the next attempt counts
        if error is not None:
            self._kind = "refused" if isinstance(error, DynmodelError) else "failed"
        observe(CHANGES, time.monotonic() - self._began, self._kind)


def _kind(change: TableChange) -> str:
    if change.restored:
        return "restore"
    if change.before is None:
        return "create"
    return "drop" if change.after is None else "change"
