"""Statements that a version of a table takes over from the version before, because they read rows in the same way.

Most changes of a definition (a label, a pattern, choices, a maximum) leave the statements that read a row, and lists of
all rows, as they were. To build the SQLAlchemy table and to compile them anew is most of the first request after a
change. GET of one row of 20 fields on SQLite, in process, ms of processor time: 3.2 after a label and 3.3 after a
pattern; 0.9 and 2.3 where it is taken over; 0.2 when warm. GET of 100 rows after a label: 4.0; 1.8; 0.5.
"""

from collections.abc import Callable
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
    """Those of the whole table, by name, without reverse sides: what they read is up to the definition alone.

    There is one of a model (:meth:`Model.once`). Each statement is made once for a version, and handed on to the next.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._taken: dict[Any, PreparedSelect] | None = None

    def statement(self, name: Any, dialect: sa.Dialect, make: Callable[[], Any]) -> PreparedSelect:
        """The former version's statement of that name, if this version's were the same, else the one that is made."""
        taken = self.taken(dialect)
        _, known = self._model.handed_on.setdefault(FormerStatements, (self._model.definition, taken.copy()))
        if name in known:
            found: PreparedSelect = known[name]
            return found
        statement = PreparedSelect(make(), dialect)
        if not statement.refused:
            known[name] = statement
        return statement

    def taken(self, dialect: sa.Dialect) -> dict[Any, PreparedSelect]:
        """The former version's statements; none if it read in another way."""
        if self._taken is None:
            definition, statements = self._model.former.get(FormerStatements, (None, {}))
            self._taken = statements if statements and reads_alike(self._model, definition, dialect) else {}
        return self._taken


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
    kind = type(model.field_types[field.type])
    shows_column = (
        kind.json_expression is FieldType.json_expression and kind.read_expression is FieldType.read_expression
    )
    if shows_column and (own := model.column(field)) is not None:
        return _kind(own.type)
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
