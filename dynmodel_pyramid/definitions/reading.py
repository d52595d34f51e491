"""A client's document -> a definition, given the definition before (None for a new table).

Every fault is collected with its JSON pointer; nothing is guessed and nothing ignored.
"""

from dataclasses import replace
from typing import Any

from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import LONGEST, model_name_fault, name_key
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.reading_fields import FieldsReader, Resolve, no_tables
from dynmodel_pyramid.definitions.reading_indexes import read_indexes
from dynmodel_pyramid.definitions.reading_options import labels
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid, PreconditionFailed, Problem
from dynmodel_pyramid.fields import FieldTypes

TABLE_KEYS = (
    "id", "model_name", "version", "label", "description", "key", "fields", "unique", "indexes", "linked_from",
)  # fmt: skip
KEY_TYPES = ("integer",)


def read_table(
    document: Any,
    before: TableDefinition | None,
    field_types: FieldTypes,
    *,
    table_prefix: str = "",
    resolve: Resolve = no_tables,
) -> TableDefinition:
    """The definition that a document asks for; its version is that of ``before`` (0 for a new table).

    :param resolve: the id of the table that an option names, by number or model name; None if there is none
    :raises Invalid: with every fault
    :raises PreconditionFailed: the document's ``version`` is not the current one
    :raises PluginMissing: a field's type that stays as it was is not installed
    """
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object that defines a table")])
    problems = Problems()
    problems.unknown_keys(document, TABLE_KEYS, "")
    _read_only(document, before, problems)
    model_name: Any = document.get("model_name", before.model_name if before else None)
    _check_model_name(model_name, table_prefix, problems)
    key = _key(document.get("key"), before, problems)
    start = before or TableDefinition(0, "", 0, "", ())
    fields_reader = FieldsReader(start, field_types, problems, _or_itself(resolve, start, model_name))
    fields, next_id = fields_reader.read(document.get("fields"))
    _refuse_taken_by_reverse(start, fields, problems)
    indexes, next_id = read_indexes(document, start, fields, next_id, field_types, problems)
    label, description = labels(document, "", problems)
    problems.raise_if_any()
    stays = before is not None and model_name == before.model_name
    return replace(
        start,
        model_name=model_name,
        physical_name=start.physical_name if stays else table_prefix + model_name,
        fields=tuple(fields),
        indexes=tuple(indexes),
        key=key,
        label=label,
        description=description,
        next_id=next_id,
    )


def _read_only(document: dict[str, Any], before: TableDefinition | None, problems: Problems) -> None:
    """``id`` and ``version`` may stand in the document, as GET gave them."""
    linked_from = document.get("linked_from")
    if linked_from is not None and linked_from != (table_document(before)["linked_from"] if before else []):
        problems.add("/linked_from", "read_only", "this follows from the links of other tables; leave it out")
    number, version = document.get("id"), document.get("version")
    if number is not None and (before is None or type(number) is not int or number != before.id):
        problems.add("/id", "read_only", "the table's id is given by the system and never changes")
    if version is None:
        return
    if type(version) is not int or before is None:
        problems.add("/version", "read_only", "the version is counted by the system")
    elif version != before.version:
        raise PreconditionFailed(
            f"the document is made from version {version}; the current version is {before.version}"
        )


def _or_itself(resolve: Resolve, start: TableDefinition, model_name: Any) -> Resolve:
    """A table may refer to itself by the name that it gets, even before it has an id."""

    def resolved(key: int | str) -> int | None:
        if type(key) is str and type(model_name) is str and name_key(key) == name_key(model_name):
            return start.id
        return resolve(key)

    return resolved


def _refuse_taken_by_reverse(start: TableDefinition, fields: list[FieldDefinition], problems: Problems) -> None:
    """The names of reverse sides and those of fields stand side by side in rows."""
    taken = {name_key(other.reverse): other for other in start.referrers if other.reverse is not None}
    for field in fields:
        other = taken.get(name_key(field.name))
        if other is not None and other.table_id != start.id:
            problems.add(
                f"/fields/{escape(field.name)}",
                "duplicate_name",
                f"the reverse side of {other.model_name}.{other.field} has this name",
            )


def _check_model_name(name: Any, table_prefix: str, problems: Problems) -> None:
    fault = model_name_fault(name)
    if fault:
        problems.add("/model_name", "required" if name is None else "invalid_name", fault)
    elif len((table_prefix + name).encode()) > LONGEST:
        room = LONGEST - len(table_prefix.encode())
        problems.add(
            "/model_name",
            "invalid_name",
            f"the model name must have at most {room} bytes of UTF-8: its table's name begins with {table_prefix}",
        )


def _key(key: Any, before: TableDefinition | None, problems: Problems) -> str:
    current = before.key if before else "integer"
    if key is None:
        return current
    if type(key) is not dict or set(key) != {"type"} or key["type"] not in KEY_TYPES:
        problems.add("/key", "invalid_option", 'want {"type": "integer"}')
    elif key["type"] != current and before is not None:
        problems.add("/key", "read_only", "the type of the key never changes")
    else:
        return str(key["type"])
    return current
