"""The rules of fields, applied to values that a session is about to write.

Objects hold values as columns store them, validators take them as JSON. A value's text form converts the one into the
other, as when a field changes its type. So a flush refuses the same values as a request, with the same codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.stored_values import stored_form
from dynmodel_pyramid.catalogue.table_builder import DEFINITION, attribute_names
from dynmodel_pyramid.database.dialect import LARGEST_GIVEN_ID
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.problems import Problems, escape, faults
from dynmodel_pyramid.fields import FieldTypes, TextForm

_JUDGES = "dynmodel_judges"


@dataclass(frozen=True, slots=True)
class _Judge:
    """Applies the rules of one field."""

    field: FieldDefinition
    attribute: str
    node: colander.SchemaNode
    form: TextForm

    def stored(self, value: Any) -> Any:
        """The value that a request would store for this value.

        :raises colander.Invalid: the field refuses it
        :raises ValueError: it is not a value of the field
        """
        return stored_form(self.form, self.node, self.field.type, value)


def check_values(rows: Iterable[Any], field_types: FieldTypes, *, new: bool) -> None:
    """Check new and changed values, and bring each to the form in which requests store it.

    Links are checked by their foreign keys, because the flush itself may set them.

    :raises Invalid: with every fault; pointers name the field, details the row
    """
    problems = Problems()
    for row in rows:
        state, where = sa.inspect(row), f"in a new {type(row).__name__}" if new else f"in {row!r}"
        if new:
            _check_id(row, where, problems)
        for judge in _judges_of(type(row).__table__, field_types):
            added = state.attrs[judge.attribute].history.added
            value = added[0] if added else None
            if value is None:
                if _must_not_be_null(judge.field, is_set=bool(added), new=new):
                    problems.add(f"/{escape(judge.field.name)}", "required", f"is required ({where})")
            elif not isinstance(value, sa.ClauseElement) and not hasattr(value, "__clause_element__"):
                _check(row, judge, value, where, problems)
    problems.raise_if_any()


def _check(row: Any, judge: _Judge, value: Any, where: str, problems: Problems) -> None:
    pointer, own = f"/{escape(judge.field.name)}", judge.field.message
    try:
        stored = judge.stored(value)
    except colander.Invalid as error:
        for below, code, message in faults(error):
            problems.add(pointer + below, code, f"{own or message} ({where})")
    except ValueError as error:
        problems.add(pointer, "wrong_type", f"{own or error} ({where})")
    else:
        if type(stored) is not type(value) or stored != value:
            setattr(row, judge.attribute, stored)


def _must_not_be_null(field: FieldDefinition, *, is_set: bool, new: bool) -> bool:
    if not field.required:
        return False
    return field.default is None and field.default_expression is None if new else is_set


def _check_id(row: Any, where: str, problems: Problems) -> None:
    if row.id is None:
        return
    if type(row.id) is not int:
        problems.add("/id", "wrong_type", f"want a whole number ({where})")
    elif not 1 <= row.id <= LARGEST_GIVEN_ID:
        problems.add("/id", "out_of_range", f"want an id of at most {LARGEST_GIVEN_ID} ({where})")


def _judges_of(table: sa.Table, field_types: FieldTypes) -> list[_Judge]:
    """Made once for each version of a table."""
    if _JUDGES not in table.info:
        table.info[_JUDGES] = list(_make_judges(table, table.info[DEFINITION], field_types))
    return table.info[_JUDGES]


def _make_judges(table: sa.Table, definition: TableDefinition, field_types: FieldTypes) -> Iterable[_Judge]:
    names = attribute_names(definition)
    for field in definition.fields:
        field_type = field_types[field.type]
        is_written = field.name in table.c and field_type.fill is None and table.c[field.name].computed is None
        if is_written and field_type.reference(field.options) is None:
            node, form = field_type.schema_node(field.options), field_type.text_form(field.options)
            yield _Judge(field, names[field.name], node, form)
