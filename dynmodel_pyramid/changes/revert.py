"""Reverts a definition to an earlier version, as a new version, with the data that the trash still has."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.unsupported_options import refuse_unsupported
from dynmodel_pyramid.changes.history import TableHistory, Version
from dynmodel_pyramid.changes.planner import Definitions, MakeChanges
from dynmodel_pyramid.changes.service import DefinitionService, no_precondition
from dynmodel_pyramid.changes.table_change import Earlier, TableChange
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import same_json
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import Conflict

#: A field in the trash, with the version that brought it there.
_Kept = tuple[int, TrashedField]


def reverting(
    service: DefinitionService,
    table_id: int,
    version: int,
    *,
    precondition: Callable[[TableDefinition], None] = no_precondition,
) -> MakeChanges:
    """Makes the change to the definition of an earlier version, for :meth:`DefinitionService.execute` and for plans.

    Fields are restored from the trash with their ids and data; purged ones are empty. Values that conversions replaced
    since are restored if they were not overwritten.

    :raises NotFound: the table has no such version
    :raises Conflict: it links to dropped tables, has a name that a link to it took meanwhile, or an unsupported option
    """

    def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
        before = locked[table_id]
        precondition(before)
        past = TableHistory(service.catalogue, connection, table_id).since(version)
        after = _as_then(past[0].definition, before, service.catalogue)
        _refuse_gone_tables(after, before, service.catalogue, resolve)
        _refuse_taken_names(after)
        refuse_unsupported(
            (field for field in after.fields if before.by_id.get(field.id) != field), service.catalogue.field_types
        )
        trashed = _kept_since(service.catalogue, connection, before, version)
        returning, earlier = _coming_back(before, after, past, trashed, service.catalogue)
        return [TableChange(before, after, returning, earlier=earlier)]

    return make_changes


def _as_then(then: TableDefinition, before: TableDefinition, catalogue: Catalogue) -> TableDefinition:
    """The earlier definition, with the present referrers and counters."""
    prefix = catalogue.database.settings.table_prefix
    renamed = then.model_name != before.model_name
    return replace(
        then,
        version=before.version,
        physical_name=prefix + then.model_name if renamed else before.physical_name,
        next_id=max(then.next_id, before.next_id),
        referrers=before.referrers,
    )


def _refuse_gone_tables(
    after: TableDefinition, before: TableDefinition, catalogue: Catalogue, resolve: Resolve
) -> None:
    for field in after.fields:
        reference = reference_of(field, catalogue.field_types)
        if reference is not None and reference.table != before.id and resolve(reference.table) is None:
            raise Conflict(
                f"the field {field.name!r} linked to the table {reference.table}, which is gone",
                hint="restore that table first, or change the definition by PUT",
                field=field.name,
            )


def _refuse_taken_names(after: TableDefinition) -> None:
    """Refuse fields whose names reverse sides have taken meanwhile; both are members of rows."""
    taken = {
        name_key(referrer.reverse): referrer
        for referrer in after.referrers
        if referrer.reverse is not None and referrer.table_id != after.id
    }
    for field in after.fields:
        for name in (field.name, *(alias.name for alias in field.aliases)):
            other = taken.get(name_key(name))
            if other is not None:
                raise Conflict(
                    f"{name!r} of the field {field.name!r} has become the name of the reverse side of "
                    f"{other.model_name}.{other.field}",
                    hint="give the reverse side another name first",
                    field=field.name,
                )


def _kept_since(
    catalogue: Catalogue, connection: sa.Connection, before: TableDefinition, version: int
) -> dict[int, list[_Kept]]:
    """The values that went to the trash after a version, by the fields' ids, the newest first."""
    trash = catalogue.store.system.trash.c
    query = sa.select(trash.id, trash.physical_name, trash.document, trash.dropped_version).where(
        trash.table_id == before.id, trash.dropped_version > version
    )
    trashed: dict[int, list[_Kept]] = {}
    for number, column, document, dropped_version in connection.execute(query.order_by(trash.id.desc())):
        field = FieldDefinition.from_stored(document)
        (field,) = catalogue.upgraded(replace(before, fields=(field,))).fields
        trashed.setdefault(field.id, []).append((dropped_version, TrashedField(number, before.id, column, field)))
    return trashed


def _coming_back(
    before: TableDefinition,
    after: TableDefinition,
    past: list[Version],
    trashed: dict[int, list[_Kept]],
    catalogue: Catalogue,
) -> tuple[dict[int, TrashedField], dict[int, tuple[Earlier, ...]]]:
    """The places in the trash of dropped fields' values, and of values that conversions replaced."""
    returning: dict[int, TrashedField] = {}
    earlier: dict[int, tuple[Earlier, ...]] = {}
    for field in after.fields:
        entries = trashed.get(field.id, [])
        current = before.by_id.get(field.id)
        if current is None:
            if not entries or not _was_dropped(field.id, entries[0][0], past):
                continue
            (_, dropped), *entries = entries
            returning[field.id] = dropped
            current = dropped.field
        if all(reference_of(form, catalogue.field_types) is not None for form in (current, field)):
            continue  # the ids of rows stay what they are
        chain = tuple(_chain(field.id, entries, past, catalogue))
        if chain:
            earlier[field.id] = chain
    return returning, earlier


def _was_dropped(field_id: int, version: int, past: Iterable[Version]) -> bool:
    """Whether a field has been missing since a version: then the trash has all of its values."""
    return all(field_id not in later.definition.by_id for later in past if later.number >= version)


def _chain(field_id: int, entries: list[_Kept], past: list[Version], catalogue: Catalogue) -> Iterable[Earlier]:
    """The conversions that can be undone, the newest first; they end at a missing type."""
    until = past[-1].number + 1
    for version, trashed in entries:
        forms = _forms(field_id, [since for since in past if version <= since.number < until])
        if not forms or any(form.type not in catalogue.field_types for form in (trashed.field, *forms)):
            return
        yield Earlier(trashed, tuple(forms))
        until = version


def _forms(field_id: int, versions: Iterable[Version]) -> list[FieldDefinition]:
    """The types and options that a field had, one after the other."""
    forms: list[FieldDefinition] = []
    for version in versions:
        field = version.definition.by_id.get(field_id)
        if field is None:
            continue
        if not forms or forms[-1].type != field.type or not same_json(dict(forms[-1].options), dict(field.options)):
            forms.append(field)
    return forms
