"""Differences that docs/rest.md lists, by the beginnings of its table's rows."""

import re
from collections.abc import Callable

from tests.clients.postgrest_spec.haskell import Pair
from tests.soak.fuzzing.wire import Answer

Judge = Callable[[Pair, Answer, list[str], str], bool]


def _every(*patterns: str) -> Judge:
    """All differences are of these kinds."""
    return lambda pair, answer, found, database: all(
        any(re.match(pattern, each) for pattern in patterns) for each in found
    )


def _code(code: str) -> Judge:
    return lambda pair, answer, found, database: f'"code": "{code}"'.encode() in answer.body


def _sent(pattern: str) -> Judge:
    return lambda pair, answer, found, database: bool(
        re.search(pattern, f"{pair.method} {pair.target} {dict(pair.headers).get('Prefer', '')}")
    )


def _both(*judges: Judge) -> Judge:
    return lambda *told: all(judge(*told) for judge in judges)


#: the beginning of a row of docs/rest.md -> whether it tells of the differences of a pair
ROWS: dict[str, Judge] = {
    "The id of a row never changes": _code("428C9"),
    "`Location` is": _every("Location: '.*id=eq"),
    "PATCH and DELETE without a condition": _code("21000"),
    "The total of `count=planned`": _both(_sent("count=(planned|estimated)"), _every("Content-Range", "status: 20")),
    "`Prefer: timezone=` is ignored": _sent("timezone="),
    "`PUT` finds its row by `id`": _both(_sent("^PUT"), _code("PGRST105")),
    "`fts`, `plfts`, `phfts` and `wfts` without a language": _both(_sent(r"\bw?(pl|ph)?fts\."), _every("body")),
    "Several ways through one join table": _both(_code("PGRST201"), _every("error's hint")),
    "Other languages of searches": _both(_code("PGRST127"), _sent(r"fts\(\w+\)")),
    "Messages of PostgreSQL's codes": _every(r"error's (message|details|hint): .*\((2|4)"),
    "`details` and `hint` say more": _every("error's (details|hint): ['\"\\[].* instead of None"),
    "`details` of `PGRST100`": _both(_code("PGRST100"), _every("error's (details|hint)")),
    "`->>` of an array or object": _both(_sent("->>"), _every(r"body: .*\[1, 2, 3\].* instead of")),
    "`resolution=` is applied": _both(_sent("resolution="), _every("Preference-Applied: 'resolution=")),
    "What stands behind the end": _both(_code("PGRST100"), _sent(r"\)\)&select|\)' |\)\)\)&")),
    "Aggregates in spreads of many rows": _both(_sent(r"\.\.\."), _every("status: 200 instead of 400", "body")),
}


def documented(pair: Pair, answer: Answer, found: list[str], database: str) -> str | None:
    """The row of docs/rest.md, by its beginning, that tells of all differences; None if none does."""
    return next((row for row, judge in ROWS.items() if judge(pair, answer, found, database)), None)
