"""The tables that ``tests.bench.evolution`` measures: the service's, a copy for bare SQL, and who waits for them."""

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.changes.revert import reverting
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.testing.databases import database_settings
from tests.bench.evolution_steps import FIELDS, VALUES, Document, Edit

# Probes: another process, so that this one's Python doesn't hold them up


def probe(pipe, address: str) -> None:
    """Between a (reading, writing) pair of statements and None: run them; answer the longest seconds that each took."""
    while (task := pipe.recv()) is not False:
        waits, done = [0.0, 0.0], Event()
        # Each in a thread of its own: a reader goes on while a writer waits.
        threads = [
            Thread(target=_probe, args=(address, task[number], bool(number), waits, done))
            for number in range(len(task))
        ]
        for thread in threads:
            thread.start()
        pipe.send("ready")
        pipe.recv()
        done.set()
        for thread in threads:
            thread.join()
        pipe.send(waits)


def _probe(address: str, statements: list[str], writes: bool, waits: list[float], done: Event) -> None:
    with closing(plain_connection(address)) as connection:
        while not done.wait(0.003):
            begun = time.perf_counter()
            try:
                for statement in statements:
                    connection.execute(statement)
            except (sqlite3.Error, psycopg.Error):
                pass  # the table's name has changed
            if writes:
                connection.execute("ROLLBACK")
            waits[writes] = max(waits[writes], time.perf_counter() - begun)


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
        time.sleep(0.05)
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

    def __init__(self, database: str, settings: dict[str, str], table_id: int = 1):
        self.settings, self.table_id = settings, table_id
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
        return lambda: self.service.change(self.table_id, lambda before: document, on_error=on_error)

    def restore(self, document: Document) -> None:
        """Put an earlier document; a field that is gone by now comes anew."""
        known = {entry["id"] for entry in self.document()["fields"].values()}
        fields = {
            name: {key: value for key, value in entry.items() if key != "id" or value in known}
            for name, entry in document["fields"].items()
        }
        document = {name: value for name, value in document.items() if name != "version"} | {"fields": fields}
        self.service.change(self.table_id, lambda before: document)

    def revert(self, version: int) -> None:
        """Put an earlier definition with its data, which may be in the trash."""
        changes = reverting(self.service, self.table_id, version)
        self.service.execute(self.table_id, changes, on_error="fail", author=None)

    def definition(self) -> TableDefinition:
        with self.service.catalogue.database.reading() as connection:
            _, definition = self.service.store.by_id(connection, self.table_id)
        return definition

    def document(self) -> Document:
        document = table_document(self.definition())
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
