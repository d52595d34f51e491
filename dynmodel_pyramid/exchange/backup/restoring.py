"""A backup -> tables, roles and rows of a database, in one transaction."""

from collections.abc import Callable
from itertools import islice

import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import console_scopes
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.changes.executor import Begun
from dynmodel_pyramid.changes.whole_schema import KEEP, WholeSchema
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.errors import Conflict, Malformed
from dynmodel_pyramid.exchange.backup import manifest
from dynmodel_pyramid.exchange.backup.archives import Source
from dynmodel_pyramid.exchange.backup.manifest import Part
from dynmodel_pyramid.exchange.backup.saving import Saved, Watch
from dynmodel_pyramid.exchange.backup.stored import RestoredRows
from dynmodel_pyramid.rows.reads import CHUNK


def restore(
    catalogue: Catalogue,
    source: Source,
    *,
    beside_others: bool = False,
    watch: Watch = lambda name, rows: None,
) -> Saved:
    """Make the tables of a backup, with their rows: all or nothing.

    :param beside_others: also if the database has tables; they and its roles stay, and those of the backup are left out
    :raises Conflict: the database has tables, or tables of these names
    :raises Malformed: the backup is damaged
    """
    parts = manifest.read(source)
    document = manifest.schema_of(source)
    if type(document) is not dict or type(document.get("tables")) is not dict:
        raise Malformed(f"{manifest.SCHEMA} is damaged")
    if {part.table for part in parts[1:]} != document["tables"].keys():
        raise Malformed(f"manifest.json and {manifest.SCHEMA} name different tables")
    schema = WholeSchema(catalogue)
    _, current, _ = schema.current()
    if current:
        if not beside_others:
            raise Conflict("the database has tables", hint="restore into an empty one, or say --beside-others")
        names = {name_key(definition.model_name) for definition in current}
        taken = sorted(name for name in document["tables"] if name_key(name) in names)
        if taken:
            raise Conflict(f"the database has tables of the backup's names: {', '.join(taken)[:200]}")
        document.pop("access", None)

    def fill(connection: sa.Connection, begun: Begun) -> None:
        definitions = {change.new.model_name: change.new for change in begun.logged if change.after is not None}
        models = {name: catalogue.model(definition) for name, definition in definitions.items()}
        by_id = {model.definition.id: model for model in models.values()}
        dialect = catalogue.database.dialect
        dialect.unbound_statements(connection)
        with dialect.foreign_keys_deferred(connection):
            restored = [
                _restore(connection, catalogue, models[str(part.table)], by_id.get, source, part, watch)
                for part in parts[1:]
            ]
            for rows in restored:
                rows.refuse_dangling(connection)

    schema.apply(document, KEEP, between=fill)
    return Saved(len(parts) - 1, sum(part.rows for part in parts))


def _restore(
    connection: sa.Connection,
    catalogue: Catalogue,
    model: Model,
    by_id: Callable[[int], Model | None],
    source: Source,
    part: Part,
    watch: Watch,
) -> RestoredRows:
    rows = RestoredRows(catalogue, model, console_scopes(lambda key: by_id(key) if type(key) is int else None))
    count = 0
    with manifest.opened(source, part.file) as file:
        documents = manifest.lines(file, max(part.bytes, 1))
        while some := list(islice(documents, CHUNK)):
            rows.restore(connection, some, count)
            count += len(some)
            watch(str(part.table), count)
    if count != part.rows:
        raise Malformed(f"{part.file} has {count} rows, and manifest.json says {part.rows}")
    rows.finish(connection)
    return rows
