"""A backup of all tables, as of one moment."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.changes.whole_schema import WholeSchema
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Busy
from dynmodel_pyramid.exchange.backup import manifest, stored
from dynmodel_pyramid.exchange.backup.archives import Target
from dynmodel_pyramid.exchange.backup.manifest import Part, Sealed
from dynmodel_pyramid.exchange.exporting import ATTEMPTS, one_moment
from dynmodel_pyramid.fields.time_texts import write_datetime
from dynmodel_pyramid.rows.encoding import OPTIONS

#: Told the table's name and how many of its rows are written.
Watch = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Saved:
    tables: int
    rows: int


def save(catalogue: Catalogue, target: Target, watch: Watch = lambda name, rows: None) -> Saved:
    """Write all definitions, roles and rows. Others read and write meanwhile; changes of definitions wait.

    :raises Busy: definitions change again and again
    """
    schema = WholeSchema(catalogue)
    for number in range(ATTEMPTS):
        state, definitions, access = schema.current()
        document = schema.document(definitions, access=access)
        attempt = Attempt(catalogue, number)
        try:
            models = [attempt.model(definition.id) for definition in definitions]
            there = [model for model in models if model is not None]
            with one_moment(attempt) as connection:
                if catalogue.database.state(connection) != state:
                    raise Stale("definitions or roles have changed")
                return _save(connection, there, document, state, target, watch)
        except Stale:
            continue
    raise Busy(f"definitions or roles changed {ATTEMPTS} times")


def _save(
    connection: sa.Connection, models: list[Model], document: object, state: State, target: Target, watch: Watch
) -> Saved:
    parts = [_save_schema(document, target)]
    parts += [_save_rows(connection, model, f"rows/{model.definition.id}.ndjson", target, watch) for model in models]
    with target.file(manifest.NAME) as file:
        file.write(manifest.document(parts, write_datetime(now()), state.definitions))
    return Saved(len(models), sum(part.rows for part in parts))


def _save_schema(document: object, target: Target) -> Part:
    with target.file(manifest.SCHEMA) as file:
        sealed = Sealed(file)
        sealed.write(json.dumps(document, indent=1, ensure_ascii=False).encode())
    return sealed.part(manifest.SCHEMA)


def _save_rows(connection: sa.Connection, model: Model, name: str, target: Target, watch: Watch) -> Part:
    names, count, table = stored.names_of(model), 0, model.definition.model_name
    option = OPTIONS | orjson.OPT_APPEND_NEWLINE
    with target.file(name) as file:
        sealed = Sealed(file)
        for rows in stored.read(connection, model):
            sealed.write(b"".join([orjson.dumps(dict(zip(names, row, strict=True)), option=option) for row in rows]))
            count += len(rows)
            watch(table, count)
    return sealed.part(name, count, table)
