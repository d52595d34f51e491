"""Restores and purges tables in the trash."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.changes.ddl.schema_editor import SchemaEditor
from dynmodel_pyramid.changes.loosening import Loosening
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.values import row_checks
from dynmodel_pyramid.changes.values.column_values import ColumnValues, SideTable
from dynmodel_pyramid.changes.values.staging import Staging, StagingRequest
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.definitions.store import LIST_PREFIX, TrashedField


def restore_table(editor: SchemaEditor, change: TableChange, loosening: Loosening) -> Loosening:
    """Restore a table under its name, with its foreign keys; -> what is loosened so far.

    Rows that it refers to may have been deleted: such values follow ``on_error``. A field of ``before`` that ``after``
    lacks goes to the table's own trash.

    :raises Conflict: values refer to deleted rows; the database has a table of that name
    """
    before, after = change.old, change.new
    editor.refuse_too_many_names(after)
    editor.refuse_taken(after)
    request = StagingRequest(
        before, editor.far_rows(before), change.on_error, editor.context.moment, quarantine=editor.quarantine(after)
    )
    staging = Staging(editor.connection, editor.generator, request)
    links = [field for field in after.fields if editor.generator.reference(field) is not None]
    staged = [staging.values_of(field, converts=True) for field in links]
    all_values = [values for values in staged if values is not None]
    left = [field for field in before.fields if field.id not in after.by_id]
    loosening = editor.check_lost(after, all_values, change.on_error, loosening, left)
    for values in all_values:
        if values.after.required and values.lost.count:
            editor.violations.add(row_checks.nulls(editor.connection, staging.table, values))
    editor.context.hold_off_readers()
    for values in all_values:
        if values.side_table is not None:
            _write(editor, before, staging.table, values, values.side_table)
    staging.close()
    editor.leave_behind(before, after)
    still_there = replace(after, physical_name=before.physical_name)
    editor.restore_foreign_keys(still_there, before)
    for field, reference in editor.lists(after):
        editor.list_tables(still_there).remake(still_there, field, reference)
    # References to the table follow.
    editor.rename_table(before.physical_name, after.physical_name)
    return loosening


def _write(
    editor: SchemaEditor, before: TableDefinition, table: sa.Table, values: ColumnValues, side_table: SideTable
) -> None:
    """Write the changed values; there are no foreign keys yet."""
    if not editor.is_list(values.after):
        change = sa.update(table).where(side_table.has_row()).values({values.old_values: values.expression})
        editor.runner.run(change)
    else:
        lines = lines_of(before.id, values.after.id, editor.schema)
        editor.runner.run(sa.delete(lines).where(lines.c.row_id.in_(sa.select(side_table.table.c.id))))


def purge_table(editor: SchemaEditor, definition: TableDefinition, trashed: list[TrashedField]) -> None:
    """Destroy a table in the trash, with its lists, trash and sequence.

    :param trashed: the fields in its own trash
    """
    # Where an index of words is a table of its own, it does not go with the table.
    editor.drop_indexes(definition, ())
    # By their names, because the types of fields may be missing.
    names = [link_table(definition.id, field.id) for field in definition.fields]
    names += [field.column for field in trashed if field.column.startswith(LIST_PREFIX)]
    for name in (*names, definition.physical_name):
        table = sa.Table(quoted_name(name, quote=True), sa.MetaData(schema=editor.schema))
        editor.runner.run(sa.schema.DropTable(table, if_exists=True))
    editor.drop_sequence(definition)
