"""A document of the whole schema -> its tables; then :func:`~.reading.read_table` reads each.

Numbers that differ between environments, such as ids, are allowed in the document of one table and refused here.
"""

from typing import Any

from dynmodel_pyramid.definitions.names import model_name_fault
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.schema_document import TABLE_KEYS
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields import FieldTypes, schema
from dynmodel_pyramid.fields.numerals import whole


def read_tables(
    document: Any, field_types: FieldTypes, problems: Problems, *, patch: bool = False
) -> dict[str, dict[str, Any] | None]:
    """Name of a table -> its document; None for a table that a patch drops. ``access`` is read elsewhere.

    :raises Invalid: there is no object of tables at all
    """
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", 'want an object such as {"tables": {}}')])
    problems.unknown_keys(document, ("tables", "access"), "")
    is_of_access = patch and "access" in document and "tables" not in document
    tables: Any = {} if is_of_access else document.get("tables")
    if type(tables) is not dict:
        code = "required" if tables is None else "wrong_type"
        problems.add("/tables", code, "want the tables: an object of model names and definitions")
        problems.raise_if_any()
    documents: dict[str, dict[str, Any] | None] = {}
    for name, value in tables.items():
        pointer = f"/tables/{escape(name)}"
        fault = model_name_fault(name)
        if fault:
            problems.add(pointer, "invalid_name", fault)
        elif value is None and patch:
            documents[name] = None
        elif type(value) is not dict:
            problems.add(pointer, "wrong_type", "want an object that defines the table")
        else:
            documents[name] = _checked(value, pointer, field_types, problems)
    return documents


def _checked(value: dict[str, Any], pointer: str, field_types: FieldTypes, problems: Problems) -> dict[str, Any]:
    problems.unknown_keys(value, TABLE_KEYS, pointer)
    former = value.get("renamed_from")
    if former is not None and type(former) is not str:
        problems.add(f"{pointer}/renamed_from", "wrong_type", "want the table's earlier name")
        value = {**value, "renamed_from": None}
    listed = value.get("fields")
    fields = list(listed.items()) if type(listed) is dict else list(enumerate(listed)) if type(listed) is list else []
    for key, field in fields:
        if type(field) is dict:
            _refuse_numbers(field, f"{pointer}/fields/{escape(key)}", field_types, problems)
    return value


def _refuse_numbers(field: dict[str, Any], pointer: str, field_types: FieldTypes, problems: Problems) -> None:
    for name, mend in (
        ("id", "name the field, and say renamed_from where its name changes"),
        ("position", "the fields stand in the order of the document"),
    ):
        if name in field:
            problems.add(f"{pointer}/{name}", "unknown_option", f"differs between environments: {mend}")
    kind = field.get("type")
    if type(kind) is not str or kind not in field_types:
        return
    for option in field_types[kind].options_schema().children:
        if isinstance(option.typ, schema.Table) and whole(field.get(option.name)) is not None:
            problems.add(
                f"{pointer}/{option.name}", "wrong_type", "numbers differ between environments: give the model name"
            )
