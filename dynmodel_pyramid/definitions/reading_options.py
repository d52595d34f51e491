"""The further common options of a field: read from a document, and checked together with the field's type."""

import datetime
from collections.abc import Iterable
from typing import Any, Literal, Protocol

import colander

from dynmodel_pyramid.database.texts import folding_table
from dynmodel_pyramid.definitions.expressions import EXPRESSIONS, evaluate
from dynmodel_pyramid.definitions.model import Alias, FieldDefinition, Referrer
from dynmodel_pyramid.definitions.names import field_name_fault, name_key
from dynmodel_pyramid.definitions.problems import Problems, faults
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Reference, is_computed
from dynmodel_pyramid.fields.operators import ILIKE
from dynmodel_pyramid.fields.time_texts import parse_datetime

#: The most characters of a validation message, and of labels and descriptions.
LONGEST_MESSAGE, LONGEST_LABEL, LONGEST_DESCRIPTION = 500, 1000, 10_000


def labels(value: dict[str, Any], pointer: str, problems: Problems) -> tuple[str | None, str | None]:
    """``label`` and ``description``."""
    label = problems.text(value, "label", pointer, most=LONGEST_LABEL)
    return label, problems.text(value, "description", pointer, most=LONGEST_DESCRIPTION)


def read_options_of_all(
    value: dict[str, Any], old: FieldDefinition | None, pointer: str, problems: Problems
) -> dict[str, Any]:
    """The options as members of a :class:`FieldDefinition`."""
    flags = ("unique_ignore_case", "read_only", "write_only")
    return {
        **{name: problems.flag(value, name, pointer) for name in flags},
        "folding": _folding(value, old),
        "default_expression": _expression(value, pointer, problems),
        "aliases": _aliases(value.get("aliases"), old.aliases if old else (), f"{pointer}/aliases", problems),
        "message": _message(value, pointer, problems),
    }


def _folding(value: dict[str, Any], old: FieldDefinition | None) -> int:
    """A rule keeps the folding that it began with: rows may clash by another."""
    if value.get("unique_ignore_case") is not True:
        return 0
    return old.folding if old is not None and old.unique_ignore_case else folding_table.VERSION


def index_of(value: dict[str, Any], pointer: str, problems: Problems) -> bool | Literal["search"]:
    """The option ``index``."""
    index = value.get("index")
    if type(index) is str and index != "search":
        problems.add(f"{pointer}/index", "invalid_option", 'want true, false or "search"')
        return False
    return "search" if index == "search" else problems.flag(value, "index", pointer)


def _expression(value: dict[str, Any], pointer: str, problems: Problems) -> str | None:
    expression = value.get("default_expression")
    if expression is None:
        return None
    here = f"{pointer}/default_expression"
    if type(expression) is not str or expression not in EXPRESSIONS:
        code = "invalid_option" if type(expression) is str else "wrong_type"
        problems.add(here, code, f"want one of {', '.join(EXPRESSIONS)}")
        return None
    if value.get("default") is not None:
        problems.add(here, "invalid_option", "the field has a default already; give one of the two")
    return expression


def _message(value: dict[str, Any], pointer: str, problems: Problems) -> str | None:
    message = problems.text(value, "message", pointer, most=LONGEST_MESSAGE)
    if message == "":
        problems.add(f"{pointer}/message", "invalid_option", "want at least one character, or null")
    return message


def check_options_of_all(field: FieldDefinition, field_type: FieldType, pointer: str, problems: Problems) -> None:
    """Check the options together with the field's type."""
    if field.unique_ignore_case and ILIKE not in field_type.operators:
        problems.add(
            f"{pointer}/unique_ignore_case",
            "invalid_option",
            f"a field of type {field.type} has no upper case",
        )
    if field.index == "search" and ILIKE not in field_type.operators:
        problems.add(f"{pointer}/index", "invalid_option", f"a field of type {field.type} has no words to search")
    if field.default_expression is not None:
        try:
            if field_type.unsupported(field.options) is None:
                evaluate(field.default_expression, field_type.schema_node(field.options))
        except colander.Invalid as error:
            for _, code, message in faults(error):
                problems.add(f"{pointer}/default_expression", code, f"the field refuses its value: {message}")


#: The options of all types that a computed field can't have.
_OF_COLUMNS = ("default", "default_expression", "required", "unique", "index", "read_only")


class _Refuse(Protocol):
    def __call__(self, option: str, why: str, code: str = ..., /) -> None: ...


def check_rules(
    field: FieldDefinition, old: FieldDefinition | None, field_type: FieldType, pointer: str, problems: Problems
) -> None:
    """Note every option that the type of a field rules out."""

    def refuse(option: str, why: str, code: str = "invalid_option") -> None:
        problems.add(f"{pointer}/{option}", code, why)

    ruled_out: tuple[str, ...] = ()
    reference = field_type.reference(field.options)
    if reference is not None:
        _check_reference(field, reference, refuse)
        before = field_type.reference(old.options) if old is not None and old.type == field.type else None
        if before is not None and before.table != reference.table:
            refuse("table", "the table that a field links to never changes; make a new field", "read_only")
        ruled_out = ("default", "default_expression")
    elif field_type.fill is not None:
        ruled_out = ("default", "default_expression", "required", "read_only")
    elif any(getattr(field, option) for option in _OF_COLUMNS) and is_computed(field_type, field.options):
        ruled_out = _OF_COLUMNS
    for option in ruled_out:
        if getattr(field, option):
            refuse(option, f"a field of type {field.type} can't have it")


def _check_reference(field: FieldDefinition, reference: Reference, refuse: _Refuse) -> None:
    if reference.on_delete == "set_null" and field.required:
        refuse("on_delete", "the field is required, so it can't be set to null")
    fault = None if reference.reverse is None else field_name_fault(reference.reverse)
    if fault:
        refuse("reverse", fault, "invalid_name")
    if reference.reverse is not None and field.write_only:
        refuse("reverse", "the field is write_only, and the far table's rows would tell its values")
    if reference.many:
        for option in ("required", "unique", "index"):
            if getattr(field, option):
                refuse(option, "a list can't have it: it may be empty, and its ids are unique and indexed anyway")


# Aliases


def alias_names(value: dict[str, Any]) -> list[str]:
    """The names of the aliases in a field's document, even if other parts of them are faulty."""
    aliases = value.get("aliases")
    listed = aliases if type(aliases) is list else []
    names = [item.get("name") if type(item) is dict else item for item in listed]
    return [name for name in names if type(name) is str]


def _aliases(listed: Any, known: tuple[Alias, ...], pointer: str, problems: Problems) -> tuple[Alias, ...]:
    if listed is None:
        return ()
    if type(listed) is not list:
        problems.add(pointer, "wrong_type", "want an array of former names")
        return ()
    moments = {alias.name: alias.deprecated_at for alias in known}
    today = datetime.datetime.now(datetime.UTC)
    aliases = []
    for number, item in enumerate(listed):
        here = f"{pointer}/{number}"
        if type(item) is dict:
            problems.unknown_keys(item, ("name", "deprecated_at"), here)
        else:
            item = {"name": item}
        fault = field_name_fault(item.get("name"))
        if fault:
            problems.add(here, "invalid_name", fault)
            continue
        name = item["name"]
        moment = _deprecated_at(item.get("deprecated_at"), moments.get(name), here, problems)
        aliases.append(Alias(name, moment or moments.get(name) or _seconds(today)))
    return tuple(aliases)


def _deprecated_at(value: Any, known: str | None, pointer: str, problems: Problems) -> str | None:
    """The moment that a document gives for an alias. The moment of an existing alias never changes."""
    if value is None:
        return None
    try:
        moment = _seconds(parse_datetime(value)) if type(value) is str else None
    except ValueError:
        moment = None
    if moment is None:
        problems.add(f"{pointer}/deprecated_at", "invalid_format", "want a datetime such as 2026-01-31T12:00:00Z")
    elif known is not None and moment != known:
        problems.add(f"{pointer}/deprecated_at", "read_only", f"the name is an alias since {known}; leave this out")
    return moment


def _seconds(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def check_aliases(
    fields: Iterable[tuple[str, FieldDefinition]], table_id: int, referrers: Iterable[Referrer], problems: Problems
) -> None:
    """Refuse aliases that clash with fields, with one another, or with reverse sides: all stand side by side in rows.

    :param fields: pairs of a field and its pointer
    """
    fields = list(fields)
    taken = {name_key(field.name): f"the field {field.name}" for _, field in fields}
    for other in referrers:
        if other.reverse is not None and other.table_id != table_id:
            taken.setdefault(name_key(other.reverse), f"the reverse side of {other.model_name}.{other.field}")
    for pointer, field in fields:
        for number, alias in enumerate(field.aliases):
            holder = taken.setdefault(name_key(alias.name), f"{pointer}/aliases/{number}")
            if holder != f"{pointer}/aliases/{number}":
                problems.add(
                    f"{pointer}/aliases/{number}",
                    "duplicate_name",
                    f"{holder} has this name (upper and lower case count the same)",
                )
