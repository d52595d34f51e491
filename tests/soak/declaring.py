"""Kinds of changes of a definition that leave all values as they are: on SQLite they should touch no row.

The crash soak (:mod:`tests.soak.crash_declarations`) kills them, ``tests.bench.declarations`` measures them.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import find

from dynmodel_pyramid.testing.databases import database_settings
from tests.bench.evolution_places import Place
from tests.every_type import written_types

Document = dict[str, Any]
Edit = Callable[[Document], None]

NAME = "Item"
TABLE = 2
#: A field with rules that kinds lift and set; ``far`` links to rows of another table.
FIELDS: Document = {
    "title": {"type": "string", "max_length": 40, "required": True},
    "count": {"type": "integer", "min": 0, "max": 5000, "default": 1},
    "price": {"type": "number"},
    "code": {"type": "string", "choices": ["a", "b", "c"]},
    "day": {"type": "date", "default": "2020-01-01"},
    "far": {"type": "link", "table": "Far"},
    "body": {"type": "text", "required": True},
}
#: The values of row ``n``, by column.
VALUES = {
    "title": "'Title of row ' || n",
    "count": "n % 1000",
    "price": "n / 4.0",
    "code": "substr('abc', 1 + n % 3, 1)",
    "day": "date('2000-01-01', (n % 9000) || ' days')",
    "far": "1 + n % 3",
    "body": "'A somewhat longer text of the row with the number ' || n",
}


@dataclass(frozen=True)
class Kind:
    """
    :param looks: whether all rows must be looked at, for a rule that they may break or for an index
    :param writes: whether rows must be written
    """

    name: str
    edit: Edit
    first: Edit | None = None
    looks: bool = False
    writes: bool = False


def put(name: str, **what: Any) -> Edit:
    """Give a field other options, or add it."""

    def edit(document: Document) -> None:
        document["fields"][name] = {**document["fields"].get(name, {}), **what}

    return edit


def drop(name: str) -> Edit:
    return lambda document: document["fields"].pop(name)


def rename(old: str, new: str) -> Edit:
    def edit(document: Document) -> None:
        document["fields"] = {new if name == old else name: entry for name, entry in document["fields"].items()}

    return edit


def both(*edits: Edit) -> Edit:
    def edit(document: Document) -> None:
        for each in edits:
            each(document)

    return edit


KINDS = (
    Kind("relabel", lambda document: document.update(label="Another")),
    Kind("add a field", put("extra", type="integer")),
    Kind("add a field with a default", put("extra", type="integer", default=7)),
    Kind("add a required field with a default", put("extra", type="string", default="it's", required=True)),
    Kind("add a link", put("near", type="link", table="Far"), looks=True),
    Kind("drop a field", drop("price")),
    Kind("drop a required field", drop("title")),
    Kind("drop a field with a default and rules", drop("count")),
    Kind("drop a link", drop("far")),
    Kind("rename a field", rename("price", "cost")),
    Kind("rename and lift required", both(rename("title", "name"), put("name", required=False))),
    Kind("set required", put("price", required=True), looks=True),
    Kind("lift required", put("title", required=False)),
    Kind("set a default", put("price", default=1.5)),
    Kind("change a default", put("count", default=9)),
    Kind("lift a default", put("day", default=None)),
    Kind("set max", put("price", max=1e9), looks=True),
    Kind("max tighter", put("count", max=1000), looks=True),
    Kind("max looser", put("count", max=9000)),
    Kind("lift max", put("count", max=None)),
    Kind("max_length looser", put("title", max_length=60)),
    Kind("more choices", put("code", choices=["a", "b", "c", "d"])),
    Kind("lift choices", put("code", choices=None)),
    Kind("set null when the far row goes", put("far", on_delete="set_null")),
    Kind("set unique", put("body", unique=True), looks=True),
    Kind("lift unique", put("body", unique=False), put("body", unique=True)),
    Kind("many at once", both(drop("code"), rename("price", "cost"), put("count", default=None, max=None),
                              put("extra", type="date", default="2000-02-29", required=True))),
    Kind("default of a field that was added later", put("extra", default=8), put("extra", type="integer", default=7),
         writes=True),
    Kind("drop a field that was added later with a default", drop("extra"), put("extra", type="integer", default=7),
         writes=True),
)  # fmt: skip


def added_types() -> list[Kind]:
    """A field of each type, without a default, with one, and required."""
    kinds = []
    for name, (options, strategy) in sorted(written_types().items()):
        default = find(strategy, lambda value: value is not None)
        entry = {"type": name, **options}
        kinds += [
            Kind(f"add {name}", put("extra", **entry)),
            Kind(f"add {name} with a default", put("extra", **entry, default=default)),
            Kind(f"add {name}, required", put("extra", **entry, default=default, required=True)),
        ]
    return kinds


@contextmanager
def filled(rows: int) -> Iterator[Place]:
    """A database of its own with the table, which has the id 2."""
    with tempfile.TemporaryDirectory() as folder, database_settings("sqlite", Path(folder)) as settings:
        place = Place("sqlite", settings, table_id=TABLE)
        try:
            far = place.service.create({"model_name": "Far", "fields": {"a": "string"}}).definition
            place.service.create({"model_name": NAME, "fields": FIELDS})
            numbers = f"WITH RECURSIVE n AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM n WHERE n < {rows})"
            with place.connected() as connection:
                connection.execute(f'INSERT INTO "{far.physical_name}" (id) VALUES (1), (2), (3)')
                names, values = (", ".join(each) for each in (VALUES, VALUES.values()))
                connection.execute(f'INSERT INTO "{NAME}" (id, {names}) {numbers} SELECT n, {values} FROM n')
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            yield place
        finally:
            place.close()
