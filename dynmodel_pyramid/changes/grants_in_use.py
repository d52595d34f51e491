"""Roles that name what a change of definitions takes away: such a change is refused.

Conditions, presets and lists of fields name fields by their ids, so renames change nothing. What refuses a change:

* a field that any of them names is dropped;
* a field that a condition or a preset names gets another type, or, as a link, another target;
* a condition or preset of a table means nothing any more, or something else.

Grants of dropped tables sleep: they refuse nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import colander
import sqlalchemy as sa

from dynmodel_pyramid.access.condition_printing import is_readable
from dynmodel_pyramid.access.conditions import Condition, Placeholder
from dynmodel_pyramid.access.grants import ACTIONS, Access, Grant
from dynmodel_pyramid.access.store import load
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.errors import Conflict, DynmodelError

#: Definitions before and after, by the ids of their tables.
Changed = Mapping[int, tuple[TableDefinition | None, TableDefinition | None]]


def refuse_in_use(
    catalogue: Catalogue,
    connection: sa.Connection,
    changed: Changed,
    replaced: frozenset[str] | None = frozenset(),
) -> Access:
    """Refuse a change that takes away what some role names; -> the roles that were looked at.

    Call it first for a quick refusal. Under the lock of the state's row (``DefinitionStore.record``) no role changes:
    call it again there if one has changed meanwhile.

    :param replaced: the names of roles that are not looked at; None for all
    :raises Conflict: ``in_use_by_access``
    """
    _, access = load(connection, catalogue.database)
    if replaced is None:
        return access
    found = list(dict.fromkeys(_InUse(catalogue, connection, changed).grants(access, replaced)))
    if found:
        raise Conflict(
            f"grants name what the change takes away: {', '.join(found[:20])}",
            code="in_use_by_access",
            hint="change these grants first, or in the same document of /schema/, under access",
            grants=found[:100],
        )
    return access


@dataclass(frozen=True, slots=True)
class _Use:
    grant: Grant
    table_id: int


class _InUse:
    def __init__(self, catalogue: Catalogue, connection: sa.Connection, changed: Changed) -> None:
        self.catalogue = catalogue
        self.changed = changed
        self.before = Tables(catalogue, connection, {number: pair[0] for number, pair in changed.items()})
        self.after = Tables(catalogue, connection, {number: pair[1] for number, pair in changed.items()})

    def grants(self, access: Access, replaced: frozenset[str]) -> Iterator[str]:
        """The grants that the change breaks: ``clerk: Order.read``."""
        for name in sorted(access.roles.keys() - replaced):
            for table_id, of_table in access.roles[name].tables.items():
                if table_id is None:
                    continue
                for action in ACTIONS:
                    for grant in of_table.of(action):
                        if self._breaks(_Use(grant, table_id)):
                            model = self.before(table_id)
                            assert model is not None  # else its grants sleep
                            yield f"{name}: {model.definition.model_name}.{action}"

    def _breaks(self, use: _Use) -> bool:
        conditions = [condition for condition in (use.grant.rows, use.grant.check) if condition is not None]
        touched = {use.table_id, *(table_id for condition in conditions for table_id in condition.tables())}
        if touched.isdisjoint(self.changed):
            return False
        before, after = self.before(use.table_id), self.after(use.table_id)
        if before is None or after is None:
            return False
        return (
            self._breaks_fields(use, before, after)
            or self._breaks_preset(use, before, after)
            or any(self._breaks_condition(condition, before, after) for condition in conditions)
        )

    def _breaks_fields(self, use: _Use, before: Model, after: Model) -> bool:
        fields = use.grant.fields
        return any(
            number in before.definition.by_id and number not in after.definition.by_id
            for number in fields.named | fields.without
        )

    def _breaks_preset(self, use: _Use, before: Model, after: Model) -> bool:
        for number, value in use.grant.preset:
            if self._is_other(before.definition, after.definition, number):
                return True
            if not isinstance(value, Placeholder) and self._takes(before, number, value):
                if not self._takes(after, number, value):
                    return True
        return False

    def _takes(self, model: Model, number: int, value: object) -> bool:
        field = model.definition.by_id[number]
        if value is None:
            return not field.required
        try:
            model.field_types[field.type].schema_node(field.options).deserialize(value)
        except (colander.Invalid, DynmodelError):
            return False
        return True

    def _breaks_condition(self, condition: Condition, before: Model, after: Model) -> bool:
        for table_id, number in condition.names():
            old, new = self.changed.get(table_id, (None, None))
            if old is not None and (new is None or self._is_other(old, new, number)):
                return True
        rules = self.after.rules
        return not is_readable(condition, after, self.after, rules) and is_readable(
            condition, before, self.before, rules
        )

    def _is_other(self, old: TableDefinition, new: TableDefinition, number: int) -> bool:
        """Whether a field is gone, or has another type or target."""
        field_before, field = old.by_id.get(number), new.by_id.get(number)
        if field_before is None:
            return False
        return field is None or field.type != field_before.type or self._target(field) != self._target(field_before)

    def _target(self, field: FieldDefinition) -> int | None:
        reference = reference_of(field, self.catalogue.field_types)
        return None if reference is None else reference.table
