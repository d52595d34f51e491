"""Tables that come back from the trash, and what leaves it for good."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.changes.ddl.schema_editor import Evolution
from dynmodel_pyramid.changes.on_error import Words
from dynmodel_pyramid.changes.values import row_checks
from dynmodel_pyramid.changes.values.column_values import Carried
from dynmodel_pyramid.changes.values.staging import Preparation
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField


def restore_table(evolution: Evolution, before: TableDefinition, after: TableDefinition, on_error: Words) -> None:
    """Bring a table back under its name, with its foreign keys.

    Meanwhile rows that it refers to may have gone: such values follow ``on_error``. A field of ``before`` that
    ``after`` lacks goes to the table's own trash.

    :raises Conflict: values refer to rows that are gone; the database has a table of that name
    """
    evolution.made_anew = frozenset()
    evolution.refuse_too_many_names(after)
    evolution.refuse_taken(after)
    values = Preparation(
        evolution.connection,
        evolution.generator,
        before,
        evolution.far_rows(before),
        on_error=on_error,
        moment=evolution.moment,
        returning={},
        keep_aside=evolution.keep_aside(after),
    )
    carried = [values.of(field, True) for field in after.fields if evolution.generator.reference(field) is not None]
    left = [field for field in before.fields if field.id not in after.by_id]
    evolution.judge_lost(after, carried, on_error, left)
    for made in carried:
        found = None
        if made.after.required and made.lost.count:
            found = row_checks.nulls(evolution.connection, values.table, made)
        if found is not None:
            evolution.findings.add(found)
    evolution.before_ddl()
    for made in carried:
        if made.aside is not None:
            _write(evolution, values, made)
    values.close()
    evolution.leave_behind(before, after)
    still_there = replace(after, physical_name=before.physical_name)
    evolution.restore_foreign_keys(still_there)
    for field, reference in evolution.lists(after):
        evolution.list_tables(still_there).remake(still_there, field, reference)
    # What refers to the table follows.
    evolution.rename_table(before.physical_name, after.physical_name)


def _write(evolution: Evolution, values: Preparation, made: Carried) -> None:
    """Write the values that changed; nothing refers to anything yet."""
    if not evolution.is_list(made.after):
        change = sa.update(values.table).where(made.aside.has_row()).values({made.source: made.expression})
    else:
        lines = lines_of(values.before.id, made.after.id, evolution.schema)
        change = sa.delete(lines).where(lines.c.row_id.in_(sa.select(made.aside.table.c.id)))
    evolution.ddl.run(change)


def purge_table(evolution: Evolution, definition: TableDefinition, trashed: list[TrashedField]) -> None:
    """Destroy a table in the trash with all that belongs to it.

    :param trashed: the fields in its own trash
    """
    # By their names: the types of fields may be gone.
    names = [link_table(definition.id, field.id) for field in definition.fields]
    names += [kept.column for kept in trashed if kept.column.startswith(LIST_PREFIX)]
    for name in (*names, definition.physical_name):
        table = sa.Table(quoted_name(name, quote=True), sa.MetaData(schema=evolution.schema))
        evolution.ddl.run(sa.schema.DropTable(table, if_exists=True))
    evolution.drop_sequence(definition)
