"""What distinguishes two definitions of one table, as a value. Pure: no database, no classes."""

import json
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition

Pair = tuple[FieldDefinition, FieldDefinition]


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes that concern the database; labels, positions and validation rules don't.

    Pairs are (before, after) of one field. A retyped field stands in ``retyped`` only, though its name, default and
    requiredness may have changed as well.
    """

    table_renamed: bool
    dropped: tuple[FieldDefinition, ...]
    added: tuple[FieldDefinition, ...]
    retyped: tuple[Pair, ...]
    renamed: tuple[Pair, ...]
    required: tuple[Pair, ...]
    defaults: tuple[Pair, ...]
    indexes_changed: bool

    @property
    def is_empty(self) -> bool:
        """Whether the database stays as it is: only the definition's row changes."""
        return not any(getattr(self, name) for name in self.__slots__)


def difference(before: TableDefinition, after: TableDefinition) -> Difference:
    pairs = [(before.by_id[field.id], field) for field in after.fields if field.id in before.by_id]
    retyped = tuple(pair for pair in pairs if pair[0].type != pair[1].type)
    kept = [pair for pair in pairs if pair[0].type == pair[1].type]
    return Difference(
        table_renamed=before.physical_name != after.physical_name,
        dropped=tuple(field for field in before.fields if field.id not in after.by_id),
        added=tuple(field for field in after.fields if field.id not in before.by_id),
        retyped=retyped,
        renamed=tuple(pair for pair in kept if pair[0].column != pair[1].column),
        required=tuple(pair for pair in kept if pair[0].required != pair[1].required),
        defaults=tuple(pair for pair in kept if not _same_json(pair[0].default, pair[1].default)),
        indexes_changed=_indexes(before) != _indexes(after),
    )


def _same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values; to Python 1 and true are equal."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _indexes(definition: TableDefinition) -> tuple:
    own = {
        (field.id, field.unique, field.unique_ignore_case, field.index)
        for field in definition.fields
        if field.is_unique or field.index
    }
    wide = {(index.id, index.unique, index.nulls_distinct, index.fields) for index in definition.indexes}
    return own, wide
