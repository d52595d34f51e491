"""Differences that docs/rest.md lists."""

from tests.clients.postgrest_spec.haskell import Pair
from tests.soak.fuzzing.wire import Answer


def documented(pair: Pair, answer: Answer, found: list[str], database: str) -> str | None:
    """The row of docs/rest.md, by its beginning, that tells of all differences; None if none does."""
    return None
