"""Every statement that a version of a table takes over is compared with the one that it would make."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.rows.encoding import RowEncoder
from dynmodel_pyramid.rows.prepared import PreparedSelect

#: How often each statement was taken over in this process.
TAKEN_OVER: Counter[str] = Counter()


@contextmanager
def compared_statements() -> Iterator[None]:
    """While it is open, a statement that differs fails the request that would be answered by it."""
    prepare = RowEncoder._prepare

    def compared(encoder: RowEncoder, name: str, dialect: sa.Dialect) -> PreparedSelect:
        taken = prepare(encoder, name, dialect)
        if not encoder.shows_others and taken is encoder._former.get(name, dialect):
            TAKEN_OVER[name] += 1
            made = PreparedSelect(encoder._one() if name == "one" else encoder._between(), dialect)
            for one, other in zip(_parts(taken), _parts(made), strict=True):
                assert one == other, f"{one} {other}"
        return taken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RowEncoder, "_prepare", compared)
        yield


def _parts(statement: PreparedSelect) -> Any:
    types = [(type(kind), kind._static_cache_key) for kind in statement._types]
    return statement._sql, statement._constants, statement._order, sorted(statement._bind_processors), types
