"""Every statement that a version of a table takes over is compared with the one that it would make."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.rows.former_statements import FormerStatements
from dynmodel_pyramid.rows.prepared import PreparedSelect

#: How often each statement was taken over in this process.
TAKEN_OVER: Counter[Any] = Counter()


@contextmanager
def compared_statements() -> Iterator[None]:
    """While it is open, a statement that differs fails the request that would be answered by it."""
    statement = FormerStatements.statement

    def compared(former: FormerStatements, name: Any, dialect: sa.Dialect, make: Callable[[], Any]) -> PreparedSelect:
        given = statement(former, name, dialect, make)
        if given is former.taken(dialect).get(name):
            TAKEN_OVER[name] += 1
            made = PreparedSelect(make(), dialect)
            for one, other in zip(_parts(given), _parts(made), strict=True):
                assert one == other, f"{one} {other}"
        return given

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FormerStatements, "statement", compared)
        yield


def _parts(statement: PreparedSelect) -> Any:
    types = [(type(kind), kind._static_cache_key) for kind in statement._types]
    return statement._sql, statement._constants, statement._order, sorted(statement._bind_processors), types
