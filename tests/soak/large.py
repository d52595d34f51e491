"""A large deployment for long runs: rows of many types, links, lists of links, an index of each kind; and its sums."""

import datetime
import decimal
import hashlib
import random
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.exchange.built_in import NDJSON_FORMAT
from dynmodel_pyramid.exchange.exporting import export_rows
from dynmodel_pyramid.rows.prepared import PreparedInsert

FIELDS = {
    "name": {"type": "string", "required": True, "max_length": 80, "index": True},
    "code": {"type": "string", "unique": True},
    "note": "text",
    "amount": {"type": "integer", "min": 0},
    "weight": "number",
    "price": {"type": "decimal", "precision": 12, "scale": 2},
    "is_open": "boolean",
    "moment": {"type": "datetime", "index": True},
    "day": "date",
    "extra": "json",
    "labels": {"type": "tags"},
    "mark": "uuid",
    "parent": {"type": "link", "table": "Thing", "on_delete": "set_null"},
    "seen": {"type": "links", "table": "Thing"},
}
_WORDS = "alpha Beta gamma Änderung delta straße epsilon zeta eta theta iota kappa lambda".split()
_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_PART = 5000


@contextmanager
def application(settings: dict[str, str]) -> Iterator[webtest.TestApp]:
    wsgi = dynmodel_pyramid.main({}, **settings)
    try:
        yield webtest.TestApp(wsgi)
    finally:
        wsgi.registry.dynmodel_catalogue.database.close()


def make(settings: dict[str, str], rows: int, seed: int = 1) -> None:
    """The table ``Thing``, its rows written past the service, one of ten with a list; a dropped field and table."""
    with application(settings) as app:
        app.post_json("/table/", {"model_name": "Thing", "fields": FIELDS | {"gone": "string"}})
        app.post_json("/table/", {"model_name": "Dropped", "fields": {"a": "string"}})
        app.post_json("/table/2/rows/", [{"a": "b"}] * 100)
        app.delete("/table/2/")
        catalogue = app.app.registry.dynmodel_catalogue
        with catalogue.database.reading() as connection:
            _, definition = catalogue.store.by_id(connection, 1)
        table = catalogue.generator.table(definition)
        lists = lines_of(1, definition.by_name["seen"].id, catalogue.database.dialect.schema)
        chance = random.Random(seed)
        with catalogue.database.changing() as connection:
            insert = PreparedInsert(table, connection.dialect)
            insert_lists = PreparedInsert(lists, connection.dialect)
            for first in range(1, rows + 1, _PART):
                ids = range(first, min(first + _PART, rows + 1))
                insert.add_columns(connection, _columns([_row(number, chance) for number in ids]))
            for first in range(10, rows + 1, 10 * _PART):
                ids = range(first, min(first + 10 * _PART, rows + 1), 10)
                parts = [{"row_id": n, "value": 1 + (n + k) % rows, "position": k} for n in ids for k in range(2)]
                if parts:
                    insert_lists(connection, parts)
            catalogue.database.dialect.count_from(connection, table, rows)
        app.patch_json("/table/1/", {"fields": {"gone": None}})


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _row(number: int, chance: random.Random) -> dict[str, Any]:
    words = chance.choices(_WORDS, k=6)
    moment = _BEGIN + datetime.timedelta(microseconds=chance.randrange(10**15))
    return {
        "id": number,
        "_version": 1 + number % 3,
        "_created": _BEGIN,
        "_updated": moment,
        "name": " ".join(words[:3]),
        "code": f"C{number}",
        "note": None if number % 5 == 0 else " ".join(words * 3),
        "amount": chance.randrange(2**40),
        "weight": chance.random() * 10 ** chance.randrange(-5, 15),
        "price": decimal.Decimal(chance.randrange(10**9)) / 100,
        "is_open": number % 2 == 0,
        "moment": moment,
        "day": moment.date(),
        "extra": {"b": number, "a": [1.5, words[0], None, True]},
        "labels": words[:2],
        "mark": uuid.UUID(int=chance.getrandbits(128)),
        "parent": 1 + number // 2 if number > 2 else None,
        "gone": words[5],
    }


class _Hashing:
    """A file that keeps the sum of what is written."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sum.update(data)
        self.size += len(data)
        return len(data)


def sums(settings: dict[str, str], tables: Iterable[int] | None = None) -> dict[str, Any]:
    """What can be read of a deployment: sums of all rows as clients get them, in the order of ids; history and trash.

    It goes another way than a move: by the service's queries and its encoder.
    """
    with application(settings) as app:
        catalogue: Catalogue = app.app.registry.dynmodel_catalogue
        found: dict[str, Any] = {}
        for table in app.get("/table/").json if tables is None else [{"id": number} for number in tables]:
            file: Any = _Hashing()
            rows = export_rows(catalogue, str(table["id"]), "order=id", NDJSON_FORMAT, file)
            found[f"rows of {table['id']}"] = (rows, file.size, file.sum.hexdigest())
            for face in ("", "history/", "trash/"):
                found[f"{table['id']}/{face}"] = app.get(f"/table/{table['id']}/{face}").text
        found["trash"] = app.get("/trash/").text
        with catalogue.database.reading() as connection:
            lines = catalogue.database.system.trash
            for row in connection.execute(sa.select(lines)).all():
                if row.table_id == 1:
                    name = catalogue.store.physical_name(connection, 1)
                    found[f"trash {row.id}"] = _kept(
                        connection, name, row.physical_name, catalogue.database.dialect.schema
                    )
        return found


def _kept(connection: sa.Connection, table: str, column: str, schema: str | None) -> str:
    """The sum of texts in the trash."""
    name, value = sa.sql.quoted_name(table, quote=True), sa.column(sa.sql.quoted_name(column, quote=True))
    query = sa.select(value).select_from(sa.table(name, sa.column("id"), schema=schema)).order_by(sa.column("id"))
    total = hashlib.sha256()
    for (text,) in connection.execution_options(yield_per=_PART).execute(query):
        total.update(repr(text).encode())
    return total.hexdigest()
