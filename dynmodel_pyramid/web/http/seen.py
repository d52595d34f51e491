"""Definitions as the caller of an attempt may see them: tables without a grant, and fields that no grant shows or
writes, do not exist.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.hints import MOST_CANDIDATES, nearest
from dynmodel_pyramid.queries.sql.views import ReverseSides
from dynmodel_pyramid.web.http.tree import sees_all

#: How many definitions are in memory at a time: those of wide tables take much more memory than their JSON.
CHUNK = 50
_OF_FAR_TABLE = {"table", "reverse", "reverse_limit", "key"}


def seen(attempt: RequestAttempt, model: Model) -> TableDefinition | None:
    """The definition of a table; None if it does not exist for the caller."""
    definition = model.definition
    if sees_all(attempt):
        return definition
    scope = attempt.scopes.scope(model)
    if not scope.has_grants:
        return None
    sides = ReverseSides(attempt.model, attempt.scopes)
    fields = tuple(
        _without_unseen_table(attempt, model, field) for field in definition.fields if scope.exists(field.name)
    )
    known = {field.id for field in fields}
    return replace(
        definition,
        fields=fields,
        display=definition.display if definition.display in known else None,
        indexes=tuple(index for index in definition.indexes if all(number in known for number, _ in index.fields)),
        referrers=tuple(side for side in definition.referrers if sides.exists(side)),
    )


def seen_document(attempt: RequestAttempt, definition: TableDefinition) -> dict[str, Any]:
    """The document of a definition that the caller may see: of the fields that it may read one stands for a row."""
    model = None if sees_all(attempt) else attempt.model(definition.id)
    if model is None:
        return table_document(definition)
    return table_document(definition, attempt.scopes.scope(model).view.may_read)


def _without_unseen_table(attempt: RequestAttempt, model: Model, field: FieldDefinition) -> FieldDefinition:
    """A link to a table that does not exist for the caller names neither the table nor its reverse side there."""
    reference = reference_of(field, model.field_types)
    if reference is None:
        return field
    far = attempt.model(reference.table)
    if far is not None and attempt.scopes.scope(far).has_grants:
        is_known = reference.key is None or attempt.scopes.scope(far).exists(reference.key)
        return field if is_known else replace(field, options={**field.options, "key": None})
    return replace(field, options={**field.options, **dict.fromkeys(_OF_FAR_TABLE & field.options.keys())})


def near_tables(attempt: RequestAttempt, name: str, most: int = 3) -> list[str]:
    """The model names most like a name, of tables that exist for the caller (:func:`~dynmodel_pyramid.hints.nearest`).

    More are compared than are named, because the caller may not see the nearest ones.
    """
    with attempt.database.reading() as connection:
        keys = attempt.catalogue.store.name_keys(connection, MOST_CANDIDATES)
    found: list[str] = []
    for key in nearest(name, keys, most=most + 20):
        model = attempt.model(key)
        if model is not None and len(found) < most and (sees_all(attempt) or attempt.scopes.scope(model).has_grants):
            found.append(model.definition.model_name)
    return found


def each_seen(attempt: RequestAttempt) -> Iterator[tuple[State, TableDefinition]]:
    """All definitions that the caller may see, in order of id, with the state that they belong to.

    :raises Stale: definitions have changed meanwhile
    """
    state: State | None = None
    offset = 0
    while True:
        now, definitions = attempt.definitions(CHUNK, offset)
        if state is not None and now.stamp != state.stamp:
            raise Stale("definitions changed while they were listed")
        state = now
        for definition in definitions:
            if sees_all(attempt):
                yield state, definition
                continue
            model = attempt.model(definition.id)
            shown = None if model is None else seen(attempt, model)
            if shown is not None:
                yield state, shown
        if len(definitions) < CHUNK:
            return
        offset += CHUNK
