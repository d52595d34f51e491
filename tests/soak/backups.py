"""A backup of a large deployment under load, restored elsewhere: every value is equal.

python -m tests.soak.backups --database sqlite --rows 1000000

The rows of one table stay; threads write those of two others by a server process, while ``dynmodel-backup`` runs. The
backup is restored into another database; every value of what stays is equal, and the two other tables have the rows of
one moment: whole transactions, in the order of their commits. It prints the times and sizes, and exits with 1 if
anything differs. It needs pg_dump for PostgreSQL.
"""

import argparse
import resource
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import requests
import sqlalchemy as sa

from dynmodel_pyramid.scripts.backup import backup, restore
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import Server, write_ini
from tests.soak import large
from tests.soak.equal import differing


class Writer(threading.Thread):
    """Adds pairs of rows, each in a transaction, until it is told to stop."""

    def __init__(self, url: str, table: str) -> None:
        super().__init__()
        self._address = f"{url}/table/{table}/rows/"
        self.is_over = threading.Event()
        self.pairs = 0
        self.faults: list[str] = []

    def run(self) -> None:
        with requests.Session() as session:
            while not self.is_over.is_set():
                numbers = (2 * self.pairs, 2 * self.pairs + 1)
                answer = session.post(self._address, json=[{"number": number} for number in numbers], timeout=60)
                if answer.status_code == 201:
                    self.pairs += 1
                elif answer.status_code != 503:
                    self.faults.append(answer.text[:300])


def elsewhere(stack: ExitStack, database: str, settings: dict[str, str]) -> dict[str, str]:
    """Another database; on PostgreSQL one of the same schema, which an archive keeps."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if "dynmodel.schema" not in settings:
        return stack.enter_context(database_settings(database, folder))
    name = f"{settings['dynmodel.schema']}_other"
    url = sa.make_url(settings["sqlalchemy.url"])
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')

    def drop() -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    stack.callback(drop)
    return {**settings, "sqlalchemy.url": url.set(database=name).render_as_string(hide_password=False)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--rows", type=int, default=20_000)
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = stack.enter_context(database_settings(args.database, folder))
        large.make(settings, args.rows)
        server = Server(settings, folder)
        server.start()
        stack.callback(server.stop)
        faults: list[str] = []
        writers = []
        for name in ("One", "Other"):
            definition = {"model_name": name, "fields": {"number": {"type": "integer", "required": True}}}
            assert requests.post(f"{server.url}/table/", json=definition, timeout=60).status_code == 201
            writers.append(Writer(server.url, name))
        for writer in writers:
            writer.start()
        file = folder / "saved"
        begin = time.monotonic()
        before = [writer.pairs for writer in writers]
        status = backup([str(write_ini(folder, settings, port=1)), str(file), "--quiet"])
        saved = time.monotonic() - begin
        after = [writer.pairs + 1 for writer in writers]
        for writer in writers:
            writer.is_over.set()
            writer.join()
            faults += writer.faults
        other = elsewhere(stack, args.database, settings)
        begin = time.monotonic()
        status = status or restore([str(write_ini(folder, other, port=1)), str(file), "--quiet"])
        restored = time.monotonic() - begin
        if status:
            return 1
        server.stop()
        begin = time.monotonic()
        faults += differing(settings, other, ("One", "Other", "_dynmodel_state", "sqlite_sequence"))
        compared = time.monotonic() - begin
        with large.application(other) as app:
            for name, low, high in zip(("One", "Other"), before, after, strict=True):
                rows = app.get(
                    f"/table/{name}/rows/?select=number&order=id", headers={"Accept": "application/x-ndjson"}
                )
                numbers = [int("".join(filter(str.isdigit, line))) for line in rows.text.splitlines()]
                if numbers != list(range(len(numbers))) or len(numbers) % 2 or not 2 * low <= len(numbers) <= 2 * high:
                    faults.append(f"{name} has {len(numbers)} rows, and {low} to {high} pairs were written")
        writes = sum(high - low for low, high in zip(before, after, strict=True))
        print(
            f"{args.database}: {args.rows:,} rows saved in {saved:.1f} s, {file.stat().st_size / 1e6:,.0f} MB;"
            f" restored in {restored:.1f} s, compared in {compared:.1f} s; {writes:,} transactions committed meanwhile;"
            f" {len(faults)} differences; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"
        )
    for fault in faults[:10]:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
