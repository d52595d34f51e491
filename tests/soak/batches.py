"""Batches over two tables in opposite orders, and nested rows with shared keys: none is refused for others.

python -m tests.soak.batches --seconds 20 --database postgresql --clients 6
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

ROWS = 6
NAMES = [f"n{number}" for number in range(8)]


def make(app: webtest.TestApp) -> None:
    fields = {"name": {"type": "string", "unique": True}, "sum": {"type": "integer", "default": 0}}
    app.post_json("/table/", {"model_name": "Left", "fields": fields}, status=201)
    link = {"type": "link", "table": "Left", "reverse": "rights", "on_delete": "set_null"}
    app.post_json("/table/", {"model_name": "Right", "fields": {**fields, "left": link}}, status=201)
    for name in ("Left", "Right"):
        app.post_json(f"/table/{name}/rows/", [{"id": number} for number in range(1, ROWS + 1)], status=201)


def by_id(table: str) -> dict[str, Any]:
    return {"operation": "update", "table": table, "id": random.randint(1, ROWS), "row": {"sum": random.randint(0, 9)}}


def by_filter(table: str) -> dict[str, Any]:
    where = {"id": {"lte": random.randint(1, ROWS)}}
    return {"operation": "update", "table": table, "where": where, "row": {"sum": random.randint(0, 9)}}


def by_key(table: str) -> dict[str, Any]:
    row = {"name": random.choice(NAMES), "sum": 1}
    return {"operation": "upsert", "table": table, "row": row, "on_conflict": ["name"]}


def nested(table: str) -> dict[str, Any]:
    row = {"left": {"name": random.choice(NAMES), "sum": random.randint(0, 9)}}
    return {"operation": "insert", "table": "Right", "row": row, "nested": "write"}


def gone(table: str) -> dict[str, Any]:
    return {"operation": "delete", "table": table, "where": {"name": {"eq": random.choice(NAMES)}, "id": {"gt": ROWS}}}


def new_table(table: str) -> dict[str, Any]:
    fields = {"far": {"type": "link", "table": table, "on_delete": "cascade"}}
    return {"operation": "create_table", "definition": {"model_name": f"T{random.getrandbits(60)}", "fields": fields}}


def batch(kinds: Any) -> list[dict[str, Any]]:
    tables = random.choice((("Left", "Right"), ("Right", "Left")))
    return [random.choice(kinds)(table) for table in tables for _ in range(2)]


def play(
    wsgi: Any, seconds: float, clients: int, kinds: Any = (by_id, by_filter, by_key, nested)
) -> tuple[Counter[int], float]:
    """Play for a while; -> the statuses, and the longest time of an answer."""
    statuses: Counter[int] = Counter()
    longest = [0.0]
    end = time.monotonic() + seconds

    def run() -> None:
        app = webtest.TestApp(wsgi)
        while time.monotonic() < end:
            begun = time.monotonic()
            answer = app.post_json("/batch/", batch(kinds), expect_errors=True)
            statuses[answer.status_int] += 1
            if answer.status_int not in (200, 503):
                print(answer.text, file=sys.stderr)
            longest[0] = max(longest[0], time.monotonic() - begun)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, longest[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=DATABASES, default="postgresql")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=6)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_settings(chosen.database, Path(folder)) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        make(webtest.TestApp(wsgi))
        failed = 0
        for kinds in (
            (by_id,),
            (by_filter,),
            (by_key,),
            (nested,),
            (by_id, by_filter, by_key, nested, gone),
            (by_id, new_table),
        ):
            statuses, longest = play(wsgi, chosen.seconds / 6, chosen.clients, kinds)
            names = ", ".join(kind.__name__ for kind in kinds)
            print(f"{chosen.database}, {names}: {dict(statuses)}, longest {longest:.2f} s")
            failed += sum(count for status, count in statuses.items() if status != 200)
        wsgi.registry.dynmodel_catalogue.database.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
