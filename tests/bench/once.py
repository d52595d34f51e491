"""The cost of an Idempotency-Key: a write with a key against the same write without one.

python -m tests.bench.once --database sqlite --rounds 20

Seconds of a request (wall clock) and CPU of this process, alternating in one run: medians of the ratios of neighbours.
Statements are counted: a write without a key must have none of ``_dynmodel_answer``.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import time
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

REQUESTS = 20
ROW = {f"f{number}": "some text" for number in range(8)}
#: What is sent -> the body, and further headers.
SENT = {
    "one row": (json.dumps(ROW).encode(), {}),
    "100 rows": (json.dumps([ROW] * 100).encode(), {}),
    "5,000 rows, no rows in the answer": (json.dumps([ROW] * 5000).encode(), {"HTTP_PREFER": "return=minimal"}),
}
_keys = itertools.count()


def post(app, body: bytes, headers: dict[str, str], requests: int) -> tuple[float, float]:
    """Seconds of the clock and of the CPU, for a request."""
    base = webtest.TestRequest.blank("/table/1/rows/", method="POST").environ | headers
    base |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1"}
    statuses: set[str] = set()
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(requests):
        environ = {**base, "wsgi.input": BytesIO(body)}
        if "HTTP_IDEMPOTENCY_KEY" in base:
            environ["HTTP_IDEMPOTENCY_KEY"] = f"key-{next(_keys)}"
        answer = app(environ, lambda status, *ignored: statuses.add(status))
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
    assert statuses == {"201 Created"}, statuses
    return (time.perf_counter() - begun) / requests, (time.process_time() - cpu) / requests


def statements(app, body: bytes, headers: dict[str, str]) -> list[str]:
    """The statements of a request, but those of the driver's own cursors."""
    engine, found = app.registry.dynmodel_catalogue.database.engine, []

    def note(connection, cursor, statement, *ignored):
        found.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    post(app, body, headers, 1)
    sa.event.remove(engine, "before_cursor_execute", note)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    key = {"HTTP_IDEMPOTENCY_KEY": ""}
    with tempfile.TemporaryDirectory() as folder, database_settings(given.database, Path(folder)) as settings:
        app = dynmodel_pyramid.main({}, **settings)
        document = {"model_name": "T", "fields": dict.fromkeys(ROW, "string")}
        webtest.TestApp(app).post_json("/table/", document)
        for name, (body, headers) in SENT.items():
            requests = max(1, REQUESTS // (1 + len(body) // 10_000))
            bare, with_key = (statements(app, body, headers | more) for more in ({}, key))
            assert not any("_dynmodel_answer" in statement for statement in bare)
            more = len(with_key) - len(bare)
            ratios = []
            for _ in range(given.rounds):
                (wall, cpu), (keyed_wall, keyed_cpu) = (post(app, body, headers | more, requests) for more in ({}, key))
                ratios.append((keyed_wall / wall, keyed_cpu / cpu, wall))
            wall, cpu, seconds = (statistics.median(column) for column in zip(*ratios, strict=True))
            print(
                f"{given.database}, {name}: {seconds * 1000:.2f} ms; with a key {wall:.2f} times as long, "
                f"{cpu:.2f} times the CPU, {more} more statements"
            )
        app.registry.dynmodel_catalogue.database.close()


if __name__ == "__main__":
    main()
