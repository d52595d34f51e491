"""Which common options go together with a field's type: what needs no more than the field itself to be judged."""

from typing import Protocol

from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.definitions.names import field_name_fault
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Reference, is_computed


class _Refuse(Protocol):
    def __call__(self, option: str, why: str, code: str = ..., /) -> None: ...


def check_rules(
    field: FieldDefinition, old: FieldDefinition | None, field_type: FieldType, pointer: str, problems: Problems
) -> None:
    """Note every option that the type of a field rules out."""

    def refuse(option: str, why: str, code: str = "invalid_option") -> None:
        problems.add(f"{pointer}/{option}", code, why)

    given: tuple[str, ...] = ()
    reference = field_type.reference(field.options)
    if reference is not None:
        _check_reference(field, reference, refuse)
        before = field_type.reference(old.options) if old is not None and old.type == field.type else None
        if before is not None and before.table != reference.table:
            refuse("table", "the table that a field links to never changes; make a new field", "read_only")
        given = ("default", "default_expression")
    elif field_type.fill is not None:
        given = ("default", "default_expression", "required", "read_only")
    elif is_computed(field_type, field.options):
        given = ("default", "default_expression", "required", "unique", "index", "read_only")
    for option in given:
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
