"""SQLite's file read in place (``dynmodel.sqlite_mmap_size``) against copies of its pages.

    python -m tests.bench.in_place [--rows 100000] [--rounds 300]

In process: processor time of requests for a table that is larger than a connection's cache, with and without, in turns.
"""

import argparse
import itertools
import json
import random
import tempfile
import time
from statistics import median, quantiles

import webtest

from dynmodel_pyramid import main as make_application

FIELDS = {
    **{f"s{number}": "string" for number in range(1, 9)},
    **{f"n{number}": "integer" for number in range(1, 5)},
    **{f"f{number}": "number" for number in range(1, 4)},
    **{f"b{number}": "boolean" for number in range(1, 6)},
}
BATCH = 10_000


def make_row(number: int, choose: random.Random) -> dict:
    values = {
        "string": f"word {number}",
        "integer": choose.randrange(10),
        "number": choose.random(),
        "boolean": bool(number % 2),
    }
    return {name: values[kind] for name, kind in FIELDS.items()} | {"n2": choose.randrange(1_000_000)}


def fill(client: webtest.TestApp, rows: int, choose: random.Random) -> str:
    """Make a table with an index and rows; -> its path."""
    indexes = [{"fields": [{"field": "n1"}, {"field": "n2"}]}]
    made = client.post_json("/table/", {"model_name": "Bench", "fields": FIELDS, "indexes": indexes})
    path = f"/table/{made.json['id']}/rows/"
    for start in range(0, rows, BATCH):
        lines = "\n".join(json.dumps(make_row(start + number, choose)) for number in range(min(BATCH, rows - start)))
        client.post(path, lines, content_type="application/x-ndjson")
    return path


def cases(path: str, rows: int, choose: random.Random) -> dict[str, list[str]]:
    ids = [choose.randrange(1, rows + 1) for _ in range(300)]
    return {
        "one row by its id": [f"{path}?id=eq.{number}" for number in ids],
        "the first page": [f"{path}?limit=100"],
        "a page from anywhere": [f"{path}?limit=100&id=gt.{number}&order=id" for number in ids],
        "filter by an index, values in turns": [
            f"{path}?n1=eq.{number % 10}&n2=gt.{number * 1_000_000 // rows}&order=n2&limit=100" for number in ids
        ],
        "filter without an index": [f"{path}?s1=eq.word%20{number}&limit=100" for number in ids],
        f"the page from offset {rows * 9 // 10}": [f"{path}?offset={rows * 9 // 10}&limit=100"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=300)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clients = {}
        for name, more in {"in place": {}, "copies": {"dynmodel.sqlite_mmap_size": "0"}}.items():
            settings = {"sqlalchemy.url": f"sqlite:///{folder}/data.sqlite", "dynmodel.access": "open", **more}
            clients[name] = webtest.TestApp(make_application({}, **settings), {"REMOTE_ADDR": "127.0.0.1"})
        choose = random.Random(1)
        path = fill(clients["copies"], arguments.rows, choose)
        for case, urls in cases(path, arguments.rows, choose).items():
            taken: dict[str, list[float]] = {name: [] for name in clients}
            for number, url in enumerate(itertools.islice(itertools.cycle(urls), arguments.rounds)):
                for name in sorted(clients, reverse=bool(number % 2)):
                    started = time.process_time()
                    clients[name].get(url)
                    taken[name].append(time.process_time() - started)
            ratio = median(taken["in place"]) / median(taken["copies"])
            told = ", ".join(
                f"{name} {median(each) * 1e3:.2f} ms (a quarter below {quantiles(each)[0] * 1e3:.2f})"
                for name, each in taken.items()
            )
            print(f"{case}: {told}, {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
