"""The findings of one table."""

from collections.abc import Iterator

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.health import Health, health_now
from dynmodel_pyramid.database.findings import Finding
from dynmodel_pyramid.database.things import NOT_VALID
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.errors import PluginMissing

#: Values in the quarantine of a table from which on they are told.
MANY_QUARANTINED = 10_000


def findings(catalogue: Catalogue, table_id: int) -> list[Finding]:
    """None if it was dropped meanwhile."""
    result = health_now(catalogue, table_id)
    if result is None:
        return []
    definition, health = result
    return [
        *_missing_types(catalogue, definition),
        *_findings(definition, health),
        *_dangling(catalogue, definition, health),
    ]


def _missing_types(catalogue: Catalogue, definition: TableDefinition) -> Iterator[Finding]:
    for field in definition.fields:
        try:
            catalogue.generator.plain_column(field)
        except PluginMissing as error:
            yield Finding(
                "error",
                "field_type_missing",
                f"the field {field.name}: {error.detail}; rows can be neither read nor written",
                f"the table {definition.model_name} ({definition.id})",
                f"{error.hint}; or drop the field. If an application adds the type, name its own INI file",
                definition.id,
            )


def _dangling(catalogue: Catalogue, definition: TableDefinition, health: Health) -> Iterator[Finding]:
    """Links to rows that are gone, where the database itself does not prevent them."""
    database, references = catalogue.database, map(catalogue.generator.reference, definition.fields)
    lists = [
        link_table(definition.id, field.id)
        for field, reference in zip(definition.fields, references, strict=True)
        if reference is not None and reference.many
    ]
    missing = {each.name for each in health.broken if each.kind == "table" and each.found is None}
    where, seconds = f"the table {definition.model_name} ({definition.id})", database.settings.statement_timeout
    try:
        with database.reading() as connection:
            database.dialect.bound_statements(connection, seconds)
            there = {definition.physical_name, *lists} - missing
            count = sum(database.dialect.dangling(connection, name) for name in there)
    except sa.exc.DBAPIError as error:
        if database.failure(error).kind != "timeout":
            raise
        yield Finding(
            "note",
            "links_unchecked",
            f"whether its links lead to rows takes longer to look at than {seconds:g} seconds",
            where,
            "run PRAGMA foreign_key_check, or set dynmodel.statement_timeout higher for dynmodel-doctor",
            definition.id,
        )
        return
    if count:
        yield Finding(
            "error",
            "dangling_links",
            f"{count} links lead to rows that are not there",
            where,
            "other programs must write with PRAGMA foreign_keys = ON; PRAGMA foreign_key_check lists the rows",
            definition.id,
        )


def _findings(definition: TableDefinition, health: Health) -> Iterator[Finding]:
    where, number = f"the table {definition.model_name} ({definition.id})", definition.id
    for broken in health.broken:
        is_unproven = broken.promised is not None and broken.found == broken.promised + NOT_VALID
        severity, code = ("warning", "unproven_rule") if is_unproven else ("error", "differs")
        yield Finding(severity, code, broken.detail, where, broken.hint, number)
    if health.pending:
        yield Finding(
            "warning",
            "unproven_rule",
            f"rules hold for what is written, but are not proven for all rows yet: {', '.join(health.pending)}",
            where,
            f'PATCH /table/{number}/ with {{"description": "..."}}, or any other change: it proves them first',
            number,
        )
    for warning in health.warnings:
        yield Finding("warning", warning["kind"], warning["detail"], where, warning["hint"] or "", number)
    if health.quarantined > MANY_QUARANTINED:
        yield Finding(
            "note",
            "many_quarantined",
            f"{health.quarantined:,} values are in the quarantine",
            where,
            f"correct them (POST /table/{number}/quarantine/) or purge them (DELETE /table/{number}/quarantine/)",
            number,
        )
