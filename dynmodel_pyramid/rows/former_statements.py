"""Statements that a version of a table takes over from the version before, because they read rows in the same way.

Most changes of a definition (a label, a pattern, choices, a maximum) leave the statements that read a row, and lists of
all rows, as they were. To build the SQLAlchemy table and to compile them anew is most of the first request after a
change. GET of one row of 20 fields on SQLite, in process, ms of processor time: 3.2 after a label and 3.3 after a
pattern; 0.9 and 2.3 where it is taken over; 0.2 when warm. GET of 100 rows after a label: 4.0; 1.8; 0.5.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import json_expression
from dynmodel_pyramid.catalogue.former_tables import MOST_CHANGED, changed_fields, kind
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.rows.prepared import PreparedRow, PreparedSelect

#: The name of the statement that adds a row.
_INSERT = "insert"


class FormerStatements:
    """Those of the whole table, by name, without reverse sides: what they read is up to the definition alone.

    There is one of a model (:meth:`Model.once`). Each statement is made once for a version, and handed on to the next.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._taken: dict[Any, PreparedSelect] | None = None

    def statement(self, name: Any, dialect: sa.Dialect, make: Callable[[], Any]) -> PreparedSelect:
        """The former version's statement of that name, if this version's were the same, else the one that is made."""
        known = self._known(dialect)
        if name in known:
            return known[name]
        statement = PreparedSelect(make(), dialect)
        if not statement.refused:
            known[name] = statement
        return statement

    def insert(self, table: sa.Table, dialect: sa.Dialect, make: Callable[[], PreparedRow]) -> PreparedRow:
        """The same of the statement that adds a row to the table; it is another one if the table is."""
        known = self._known(dialect)
        found = known.get(_INSERT)
        if isinstance(found, PreparedRow) and found.is_of(table):
            return found
        statement = make()
        if not statement.refused:
            known[_INSERT] = statement
        return statement

    def _known(self, dialect: sa.Dialect) -> dict[Any, PreparedSelect]:
        """What is handed on to the next version."""
        own = self._model.definition, self.taken(dialect).copy()
        known: dict[Any, PreparedSelect] = self._model.handed_on.setdefault(FormerStatements, own)[1]
        return known

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
    changed = changed_fields(former, definition)
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


def _is_made_of_others(model: Model, field: FieldDefinition) -> bool:
    field_type = model.field_types[field.type]
    return (
        type(field_type).read_expression is not FieldType.read_expression
        and field.name not in model.alone(field).table.c
    )


def _value(model: Model, field: FieldDefinition, dialect: sa.Dialect) -> Any:
    """The SQL of a field's value in JSON, and the types that make Python's values: equal ones read alike."""
    field_type = type(model.field_types[field.type])
    shows_column = (
        field_type.json_expression is FieldType.json_expression
        and field_type.read_expression is FieldType.read_expression
    )
    if shows_column and (plain := model.column(field)) is not None:
        return kind(plain.type)
    select = sa.select(json_expression(model.alone(field), field))
    compiled = select.compile(dialect=dialect)
    [column] = select.selected_columns
    binds = [(name, kind(bind.type), bind.effective_value) for bind, name in compiled.bind_names.items()]
    return compiled.string, kind(column.type), binds
