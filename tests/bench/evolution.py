"""What changes of definitions cost, beside the bare SQL that an administrator would write for the same.

python -m tests.bench.evolution --database sqlite
python -m tests.bench.evolution --database postgresql --rows 100000 --only retype

Each step is made by the definition service, without HTTP, and by bare SQL on a copy of the table, in turns. Meanwhile
another process reads one row, and writes one (rolled back), every few milliseconds: their longest waits are told.
"""

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.tables.service import DefinitionService
from dynmodel_pyramid.testing.databases import database_settings
from tests.bench.evolution_steps import FIELDS, STEPS, VALUES, Copy, Document, Edit, Statements, Step
from tests.soak.meter import command

ROUNDS = 5
#: How many rows the table has that tells what SQLite's tables look like afterwards.
FEW = 200
KEPT = "CREATE TABLE kept (id BIGINT, value TEXT, kept_at TIMESTAMP)"


# Probes: another process, so that this one's Python doesn't hold them up


def probe(pipe, address: str) -> None:
    """Between a (reading, writing) pair of statements and None: run them; answer the longest seconds that each took."""
    while (task := pipe.recv()) is not False:
        connection, waits = plain_connection(address), [0.0, 0.0]
        pipe.send("ready")
        while not pipe.poll(0.003):
            for number, statements in enumerate(task):
                begun = time.perf_counter()
                try:
                    for statement in statements:
                        connection.execute(statement)
                except (sqlite3.Error, psycopg.Error):
                    pass  # the table's name has changed
                if number:
                    connection.execute("ROLLBACK")
                waits[number] = max(waits[number], time.perf_counter() - begun)
        pipe.recv()
        connection.close()
        pipe.send(waits)


def plain_connection(address: str) -> "sqlite3.Connection | psycopg.Connection":
    if address.startswith("postgresql"):
        return psycopg.connect(address, autocommit=True, prepare_threshold=None)
    connection = sqlite3.connect(address, isolation_level=None, timeout=300)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Prober:
    def __init__(self, address: str):
        self.pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=probe, args=(theirs, address), daemon=True)
        self.process.start()

    @contextmanager
    def watching(self, table: str) -> Iterator[list[float]]:
        waits: list[float] = []
        begin = "BEGIN" if table.count(".") else "BEGIN IMMEDIATE"
        read = [f"SELECT _version FROM {table} LIMIT 1"]
        write = [begin, f"UPDATE {table} SET _version = _version WHERE id = 1"]
        self.pipe.send((read, write))
        self.pipe.recv()
        time.sleep(0.02)
        try:
            yield waits
        finally:
            self.pipe.send(None)
            waits.extend(self.pipe.recv())

    def close(self) -> None:
        self.pipe.send(False)
        self.process.join()


# The tables


class Place:
    """An empty database with the service, and plain connections beside it."""

    def __init__(self, database: str, settings: dict[str, str]):
        self.database, self.schema = database, settings.get("dynmodel.schema")
        url = sa.make_url(settings["sqlalchemy.url"]).set(drivername=database)
        self.address = url.database if database == "sqlite" else url.render_as_string(hide_password=False)
        self.app = dynmodel_pyramid.main({}, **settings)
        self.service = DefinitionService(self.app.registry.dynmodel_catalogue)

    def change(self, edit: Edit, on_error: str = "fail") -> Callable[[], None]:
        """What makes the change."""
        document = self.document()
        edit(document)
        del document["version"]
        return lambda: self.service.change(1, lambda before: document, on_error=on_error)

    def restore(self, document: Document) -> None:
        """Put an earlier document; a field that is gone by now comes anew."""
        known = {entry["id"] for entry in self.document()["fields"].values()}
        fields = {
            name: {key: value for key, value in entry.items() if key != "id" or value in known}
            for name, entry in document["fields"].items()
        }
        document = {name: value for name, value in document.items() if name != "version"} | {"fields": fields}
        self.service.change(1, lambda before: document)

    def document(self) -> Document:
        with self.service.catalogue.database.reading() as connection:
            _, definition = self.service.store.by_id(connection, 1)
        document = table_document(definition)
        for entry in document["fields"].values():
            del entry["position"]
        return document

    def quoted(self, name: str) -> str:
        return f'"{name}"' if self.schema is None else f'"{self.schema}"."{name}"'

    def fill(self, name: str, rows: int, source: str | None = None) -> None:
        names = ", ".join(f'"{each}"' for each in FIELDS)
        select = f"SELECT id, {names} FROM {source}"
        if source is None:
            numbers = f"generate_series(1, {rows}) AS n"
            if self.database == "sqlite":
                steps = f"SELECT 1 AS n UNION ALL SELECT n + 1 FROM n WHERE n < {rows}"
                numbers = f"(WITH RECURSIVE n AS ({steps}) SELECT n FROM n)"
            select = f"SELECT n, {', '.join(VALUES[self.database])} FROM {numbers}"
        with self.connected() as connection:
            connection.execute(f"INSERT INTO {self.quoted(name)} (id, {names}) {select}")

    @contextmanager
    def connected(self) -> Iterator:
        connection = plain_connection(self.address)
        if self.schema is not None:
            connection.execute(f'SET search_path = "{self.schema}"')
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        self.app.registry.dynmodel_catalogue.database.close()


@contextmanager
def place_with_table(database: str, rows: int, source: str | None = None, first: Edit | None = None) -> Iterator[Place]:
    """A place of its own with the table.

    :param source: where the rows are: a file of SQLite with the whole place, a table of PostgreSQL
    """
    with tempfile.TemporaryDirectory() as folder, database_settings(database, Path(folder)) as settings:
        if database == "sqlite" and source is not None:
            shutil.copyfile(source, sa.make_url(settings["sqlalchemy.url"]).database)
        place = Place(database, settings)
        try:
            if database == "postgresql" or source is None:
                place.service.create({"model_name": "Item", "fields": FIELDS})
                place.fill("Item", rows, source)
            if first is not None:
                place.change(first)()
            yield place
        finally:
            place.close()


def twin(place: Place, rows: int) -> str:
    """A copy for bare SQL, a file on SQLite, a table ``bare`` on PostgreSQL; -> where it is."""
    with place.connected() as connection:
        if place.database == "sqlite":
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            path = place.address + ".copy"
            shutil.copyfile(place.address, path)
            with open(path, "rb") as file:
                os.fsync(file.fileno())
            return path
        connection.execute('CREATE TABLE bare (LIKE "Item" INCLUDING ALL)')
    place.fill("bare", rows, place.quoted("Item"))
    with place.connected() as connection:
        for table in ('"Item"', "bare"):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
            connection.execute(f"VACUUM (ANALYZE) {table}")
        connection.execute("CHECKPOINT")
    return place.address


def copied(database: str, step: Step) -> list[str]:
    """SQLite's schema after the step, of a small table."""
    with place_with_table(database, FEW, None, step.first) as place:
        place.change(step.edit, step.on_error)()
        with place.connected() as connection:
            query = "SELECT sql FROM sqlite_master WHERE tbl_name = 'Item' AND sql IS NOT NULL ORDER BY type = 'index'"
            made = [sql for (sql,) in connection.execute(query)]
            columns = [row[1] for row in connection.execute("PRAGMA table_info('Item')")]
    copy = next(each for each in step.sqlite if isinstance(each, Copy))
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(copy.values.get(name, f'"{name}"') for name in columns)
    return [
        made[0].replace('"Item"', '"_new"', 1),
        f'INSERT INTO "_new" ({names}) SELECT {values} FROM {{t}}',
        "DROP TABLE {t}",
        'ALTER TABLE "_new" RENAME TO {t}',
        *made[1:],
    ]


# Measuring


@dataclass
class Measured:
    step: Step
    cost: str
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    #: Processor time of this process, in which the service works, and SQLite.
    cpu: list[float] = field(default_factory=list)
    waits: dict[str, list[float]] = field(default_factory=dict)

    def line(self) -> str:
        ours, bare = (min(each, default=0.0) * 1000 for each in (self.ours, self.bare))
        waits = [f"{wait * 1000:,.0f}" for who in ("ours", "bare") for wait in self.waits.get(who, (0.0, 0.0))]
        ratio = f"{ours / bare:.2f}"
        times = f"{ours:,.1f} | {bare:,.1f} | {ratio} | {ours - bare:+,.1f} | {min(self.cpu) * 1000:,.1f}"
        reader, writer, bare_reader, bare_writer = waits
        return f"| {self.step.name} | {self.cost} | {times} | {reader} / {bare_reader} | {writer} / {bare_writer} |"


HEAD = """\
| step | bare SQL is | service, ms | bare SQL, ms | ratio | more, ms | CPU, ms | a reader waited | a writer waited |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


class Pair:
    """The table of the service and its copy for bare SQL, each with a prober."""

    def __init__(self, place: Place, rows: int, stack: ExitStack):
        self.place = place
        address = twin(place, rows)
        self.connection = plain_connection(address)
        stack.callback(self.connection.close)
        if place.schema is not None:
            self.connection.execute(f'SET search_path = "{place.schema}"')
        self.connection.execute(KEPT)
        self.bare = '"Item"' if place.schema is None else "bare"
        self.probers = {"ours": Prober(place.address), "bare": Prober(address)}
        for prober in self.probers.values():
            stack.callback(prober.close)

    def watching(self, who: str) -> AbstractContextManager[list[float]]:
        name = "bare" if who == "bare" and self.place.schema is not None else "Item"
        return self.probers[who].watching(self.place.quoted(name))

    def run(self, statements: Statements) -> None:
        self.connection.execute("BEGIN" if self.place.schema else "BEGIN IMMEDIATE")
        for statement in statements:
            self.connection.execute(statement.replace("{t}", self.bare))
        self.connection.execute("COMMIT")

    def both(self, made: Measured, statements: Statements, turn: int, *, watched: bool, timed: bool) -> None:
        """Make the step once, by the service and by bare SQL."""
        change = self.place.change(made.step.edit, made.step.on_error)
        works = {"ours": change, "bare": lambda: self.run(statements)}
        for who in ("ours", "bare")[:: 1 if turn % 2 else -1]:
            with self.watching(who) if watched else nullcontext([]) as waits:
                cpu, begun = time.process_time(), time.perf_counter()
                works[who]()
                seconds = time.perf_counter() - begun
                if who == "ours":
                    made.cpu.append(time.process_time() - cpu)
            if watched:
                made.waits[who] = waits
            if timed:
                getattr(made, who).append(seconds)


def measure_once(step: Step, database: str, rows: int, source: str, turn: int) -> Measured:
    """With tables of its own."""
    cost, statements, _ = step.on(database)
    made = Measured(step, cost)
    parts = [copied(database, step) if isinstance(part, Copy) else [part] for part in statements]
    with place_with_table(database, rows, source, step.first) as place, ExitStack() as stack:
        Pair(place, rows, stack).both(made, [each for part in parts for each in part], turn, watched=True, timed=True)
    return made


def measure_repeated(step: Step, pair: Pair, database: str) -> Measured:
    cost, statements, undo = step.on(database)
    made, former = Measured(step, cost), pair.place.document()
    if step.first is not None:
        pair.place.change(step.first)()
        pair.run(undo)
    begin = pair.place.document()
    # The times of short steps are taken without probes, their waits in a last round.
    for number in range(ROUNDS + 1):
        last = number == ROUNDS
        pair.both(made, statements, number, watched=last, timed=not last)
        if not last:
            pair.place.restore(begin)
            pair.run(undo)
    pair.place.restore(former)
    if step.first is None:
        pair.run(undo)
    return made


def main() -> None:
    parser = command("Measure what changes of definitions cost, beside bare SQL.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="only the steps whose names hold this")
    options = parser.parse_args()
    print(f"{options.database}, {options.rows:,} rows of {len(FIELDS)} fields\n\n{HEAD}", flush=True)
    with place_with_table(options.database, options.rows) as place:
        source = place.quoted("Item")
        if options.database == "sqlite":
            source = twin(place, options.rows)
        steps = [step for step in STEPS if options.only in step.name]
        repeated = [step for step in steps if step.on(options.database)[2]]
        with place_with_table(options.database, options.rows, source) as shared, ExitStack() as stack:
            pair = Pair(shared, options.rows, stack) if repeated else None
            for step in repeated:
                print(measure_repeated(step, pair, options.database).line(), flush=True)
        for turn, step in enumerate(step for step in steps if step not in repeated):
            print(measure_once(step, options.database, options.rows, source, turn).line(), flush=True)


if __name__ == "__main__":
    main()
