"""``/openapi.json`` of many tables: time, bytes, and the peak of memory of the process that makes it.

    python -m tests.bench.openapi [--tables 100 10000] [--database sqlite postgresql]

Memory is the highest resident size while the answer is made, beyond that before it: psutil asks each 20 ms.
"""

import argparse
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

MIB = 2**20
FIELDS = {
    "name": {"type": "string", "required": True, "description": "How it is called"},
    "price": {"type": "decimal", "precision": 12, "scale": 2},
    "amount": {"type": "integer", "min": 0},
    "available": "boolean",
    "day": "date",
    "moment": "datetime",
    "kind": {"type": "choice", "choices": ["a", "b", "c"]},
    "tags": "tags",
    "extra": "json",
    "next": {"type": "link", "table": "Table0"},
}


class Peak:
    """The highest resident size of this process while it is entered, beyond that before."""

    def __enter__(self):
        self._process, self._stopped = psutil.Process(), threading.Event()
        self._before = self._highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._stopped.wait(0.02):
            self._highest = max(self._highest, self._process.memory_info().rss)

    def __exit__(self, *error):
        self._stopped.set()
        self._thread.join()

    @property
    def size(self):
        return self._highest - self._before


def define(app, first, last):
    """Tables, by copies of the first one's definition: only that one is made in the database.

    A description is made of definitions alone. Requests for 10,000 tables take more than 20 minutes.
    """
    if not first:
        app.post_json("/table/", {"model_name": "Table0", "fields": FIELDS}, status=201)
        first = 1
    catalogue = app.app.registry.dynmodel_catalogue
    store = catalogue.store
    for start in range(first, last, 100):
        with catalogue.database.writer.begin() as connection:
            _, original = store.by_name(connection, "Table0")
            copies = [
                copy(original, number, store.reserve(connection)) for number in range(start, min(start + 100, last))
            ]
            for each in copies:
                store.update(connection, each)
            store.record(connection, [(None, each) for each in copies])


def copy(original, number, table_id):
    """The definition of another table, whose link leads to itself, too."""
    name = f"Table{number}"
    referrers = tuple(replace(side, table_id=table_id, model_name=name) for side in original.referrers)
    fields = tuple(
        replace(field, options={**field.options, "table": table_id}) if field.type == "link" else field
        for field in original.fields
    )
    return replace(original, id=table_id, model_name=name, fields=fields, referrers=referrers)


def measure(app, count, name):
    with Peak() as peak:
        begun, used, headers = time.perf_counter(), time.process_time(), {}
        request = webtest.TestRequest.blank("/openapi.json")
        parts = app.app(request.environ, lambda status, sent: headers.update(sent))
        size = sum(map(len, parts))
        parts.close()
        seconds, used = time.perf_counter() - begun, time.process_time() - used
    begun = time.perf_counter()
    app.get("/openapi.json", headers={"If-None-Match": headers["ETag"]}, status=304)
    again = time.perf_counter() - begun
    print(
        f"{name:12} {count:6} tables {seconds:7.2f} s, {used:6.2f} of CPU: {1000 * used / count:5.2f} ms a table"
        f" {size / MIB:7.1f} MiB {size / count / 1024:5.1f} KiB a table"
        f" peak +{peak.size / MIB:5.1f} MiB  304 in {1000 * again:.1f} ms"
    )
    return used / count, size / count, peak.size


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=list(DATABASES))
    options = parser.parse_args()
    for name in options.database:
        with tempfile.TemporaryDirectory() as folder, database_settings(name, Path(folder)) as settings:
            wsgi = dynmodel_pyramid.main({}, **{**settings, "dynmodel.max_tables": "20000"})
            app, made, found = webtest.TestApp(wsgi), 0, []
            for count in sorted(options.tables):
                define(app, made, count)
                made = count
                found.append(measure(app, count, name))
            ratios = ", ".join(f"{last / first:.2f}" for first, last in zip(found[0], found[-1], strict=True))
            print(f"{name:12} the most tables to the fewest: CPU and bytes a table, peak in all: {ratios}")
            wsgi.registry.dynmodel_catalogue.database.close()


if __name__ == "__main__":
    main()
