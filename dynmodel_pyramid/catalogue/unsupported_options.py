"""Stored options that are not supported any more (:meth:`dynmodel_pyramid.fields.FieldType.unsupported`).

An earlier release may have accepted them. They are reported when the system tables are upgraded, and by ``health/``.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.errors import OptionUnsupported, PluginMissing
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.contract import FieldType, Unsupported, options_version

log = logging.getLogger(__name__)

#: How many definitions are read at once.
_PAGE = 500


def unsupported_option(field: FieldDefinition, field_types: FieldTypes) -> Unsupported | None:
    """The unsupported option of a field; None also if the options are not in the form of the installed type."""
    try:
        field_type = field_types[field.type]
        if type(field_type).unsupported is FieldType.unsupported:
            return None
        return field_type.unsupported(field.options) if field.options_version == options_version(field_type) else None
    except PluginMissing:  # the type or its library is missing
        return None


def refuse_unsupported(fields: Iterable[FieldDefinition], field_types: FieldTypes) -> None:
    """:raises OptionUnsupported: an option of one of the fields is not supported any more"""
    for field in fields:
        unsupported = unsupported_option(field, field_types)
        if unsupported is not None:
            raise OptionUnsupported(unsupported.option, unsupported.reason, unsupported.code, field.name)


def all_unsupported(catalogue: Catalogue) -> Iterator[tuple[TableDefinition, FieldDefinition, Unsupported]]:
    """The unsupported options of all live tables, in order of their ids."""
    last = 0
    while True:
        with catalogue.database.reading() as connection:
            page = catalogue.store.documents(connection, last, _PAGE)
        for _, document in page:
            # A process looks at all tables when it starts: definitions of 10,000 tables took more than 4 s to make.
            if not any(_is_doubtful(field, catalogue.field_types) for field in document["fields"]):
                continue
            definition = catalogue.upgraded(TableDefinition.from_stored(document))
            for field in definition.fields:
                unsupported = unsupported_option(field, catalogue.field_types)
                if unsupported is not None:
                    yield definition, field, unsupported
        if len(page) < _PAGE:
            return
        last = page[-1][0]


def _is_doubtful(stored: Mapping[str, Any], field_types: FieldTypes) -> bool:
    """Whether a stored field may have an unsupported option."""
    if stored["type"] not in field_types:
        return False
    field_type = field_types[stored["type"]]
    if type(field_type).unsupported is FieldType.unsupported:
        return False
    is_old = stored.get("options_version", 1) != options_version(field_type)
    return is_old or field_type.unsupported(stored["options"]) is not None


def report_unsupported(catalogue: Catalogue) -> list[str]:
    """A line for each field whose option is not supported; they are logged as warnings, too."""
    lines = [
        f"table {definition.model_name!r} ({definition.id}), field {field.name!r}: its {unsupported.option} is not "
        f"supported, so the field can be read but not written until the {unsupported.option} is changed: "
        f"{unsupported.reason}"
        for definition, field, unsupported in all_unsupported(catalogue)
    ]
    for line in lines:
        log.warning("%s", line)
    return lines
