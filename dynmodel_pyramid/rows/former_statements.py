"""Statements that a version of a table takes over from the version before, because they read rows in the same way.

Most changes of a definition (a label, a pattern, choices, a maximum) leave the statement that reads a row as it was. To
build the SQLAlchemy table and to compile it anew is most of the first request after a change. GET of one row of 20
fields on SQLite, in process, ms of processor time: 3.2 after a label and 3.3 after a pattern; 0.9 and 2.3 where it is
taken over; 0.2 when warm.
"""

from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.cache_key import NO_CACHE

from dynmodel_pyramid.catalogue.column_expressions import json_expression
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import same_json
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.rows.prepared import PreparedSelect

#: Of more fields with other options the whole statement is made anew: it takes hardly longer.
MOST_CHANGED = 4
_COLUMN = attrgetter("options_version", "required", "default_expression")


class FormerStatements:
    """Those of the whole table, by name, without reverse sides: what they read is up to the definition alone."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._is_alike: bool | None = None

    def get(self, name: str, dialect: sa.Dialect) -> PreparedSelect | None:
        """The former version's statement, if this version's were the same."""
        definition, statements = self._model.former.get(FormerStatements, (None, {}))
        if name not in statements:
            return None
        if self._is_alike is None:
            self._is_alike = reads_alike(self._model, definition, dialect)
        return statements[name] if self._is_alike else None

    def keep(self, name: str, statement: PreparedSelect) -> None:
        """Hand a statement on to the next version."""
        if not statement.refused:
            _, statements = self._model.handed_on.setdefault(FormerStatements, (self._model.definition, {}))
            statements[name] = statement


def reads_alike(model: Model, former: TableDefinition, dialect: sa.Dialect) -> bool:
    """Whether rows have been read by the same statements, into the same names, by a former version's definition."""
    definition = model.definition
    if _in_common(former) != _in_common(definition):
        return False
    pairs = list(zip(former.fields, definition.fields, strict=True))
    changed = [(before, after) for before, after in pairs if not _has_same_column(before, after)]
    if not changed:
        return True
    # A value that is made of other columns may depend on their types.
    if len(changed) > MOST_CHANGED or any(_is_made_of_others(model, field) for field in definition.fields):
        return False
    return all(_value(model, before, dialect) == _value(model, after, dialect) for before, after in changed)


def _in_common(definition: TableDefinition) -> Any:
    """What two versions must have in common besides the options of their fields."""
    named = [(each.id, each.name, each.column, each.type, each.write_only, each.aliases) for each in definition.fields]
    return definition.physical_name, definition.key, named


def _has_same_column(one: FieldDefinition, other: FieldDefinition) -> bool:
    """Whether the type is asked the same for both: labels, indexes and other rules are not its matter."""
    return (
        _COLUMN(one) == _COLUMN(other)
        and same_json(one.options, other.options)
        and same_json(one.default, other.default)
    )


def _is_made_of_others(model: Model, field: FieldDefinition) -> bool:
    field_type = model.field_types[field.type]
    return (
        type(field_type).read_expression is not FieldType.read_expression
        and field.name not in model.alone(field).table.c
    )


def _value(model: Model, field: FieldDefinition, dialect: sa.Dialect) -> Any:
    """The SQL of a field's value in JSON, and the types that make Python's values: equal ones read alike."""
    select = sa.select(json_expression(model.alone(field), field))
    compiled = select.compile(dialect=dialect)
    [column] = select.selected_columns
    binds = [(name, _kind(bind.type), bind.effective_value) for bind, name in compiled.bind_names.items()]
    return compiled.string, _kind(column.type), binds


def _kind(kind: sa.types.TypeEngine[Any]) -> Any:
    """Equal for types that convert values alike, by the key that SQLAlchemy's own cache of statements has for them."""
    if isinstance(kind, sa.types.ExternalType) and not kind.cache_ok:
        return object()
    return object() if (key := kind._static_cache_key) is NO_CACHE else key
