"""The differences between two sets of roles: what the second opens and closes."""

from collections.abc import Mapping
from typing import Any

from dynmodel_pyramid.access.document_writing import fields_of, grant_document
from dynmodel_pyramid.access.grants import ACTIONS, DEFINITIONS, Action, Grant, Role
from dynmodel_pyramid.access.store import EVERY_TABLE, same_grants
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.table_builder import Model


def differences(
    before: Mapping[str, Role], after: Mapping[str, Role], tables_before: Tables, tables: Tables
) -> list[dict[str, Any]]:
    """One object for each role, table and action that differs, in order of role and table.

    :param tables_before: the tables of the roles before; ``tables`` are those of the roles after
    """
    found: list[dict[str, Any]] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append({"role": name, "effect": "creates" if old is None else "deletes"})
        old, new = old or Role(name), new or Role(name)
        if old.definitions != new.definitions:
            more = DEFINITIONS.index(new.definitions) > DEFINITIONS.index(old.definitions)
            found.append(
                {
                    "role": name,
                    "definitions": {"before": old.definitions, "after": new.definitions},
                    "effect": "opens" if more else "closes",
                }
            )
        every = {*old.tables, *new.tables}
        for table_id in sorted(every, key=lambda number: -1 if number is None else number):
            found += _table(name, table_id, old, new, tables_before, tables)
    return found


def _table(
    role: str, table_id: int | None, old: Role, new: Role, tables_before: Tables, tables: Tables
) -> list[dict[str, Any]]:
    model_before = None if table_id is None else tables_before(table_id)
    model = None if table_id is None else tables(table_id)
    if table_id is not None and model is None and model_before is None:
        return []  # its grants sleep
    either = model or model_before
    found = []
    for action in ACTIONS:
        grants_before = _grants(old, table_id).of(action) if table_id is None or model_before is not None else ()
        grants = _grants(new, table_id).of(action) if table_id is None or model is not None else ()
        told_before = _told(grants_before, action, model_before, tables_before)
        told = _told(grants, action, model, tables)
        if same_grants(grants_before, grants):  # compared by ids, because fields may be renamed at once
            continue
        fields_before = fields_of(grants_before, action, model_before)
        fields = fields_of(grants, action, model)
        found.append(
            {
                "role": role,
                "table": EVERY_TABLE if either is None else either.definition.model_name,
                "action": action,
                "effect": "opens" if not told_before else "closes" if not told else "changes",
                "before": told_before,
                "after": told,
                "fields_opened": [name for name in fields if name not in fields_before],
                "fields_closed": [name for name in fields_before if name not in fields],
            }
        )
    return found


def _grants(role: Role, table_id: int | None) -> Any:
    return role.tables.get(None, _NOTHING) if table_id is None else role.on(table_id)


_NOTHING = Role("").on(0)


def _told(grants: tuple[Grant, ...], action: Action, model: Model | None, tables: Tables) -> list[dict[str, Any]]:
    return [grant_document(grant, action, model, tables) for grant in grants]
