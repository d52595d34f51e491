"""Field types: the plugin contract, its registry and the built-in types.

A field type is a class that derives from :class:`FieldType` and is registered under the entry-point group
``dynmodel_pyramid.field_types``; the entry point's name is the type's name. The built-in types come in by the same
door (see ``setup.py``). ``docs/field-types.md`` is the guide for authors.
"""

from dynmodel_pyramid.fields.contract import (
    UNCHANGED,
    Context,
    FieldInvalid,
    FieldType,
    Reference,
    TextForm,
    Unsupported,
    Write,
    is_sortable,
)
from dynmodel_pyramid.fields.registry import GROUP, FieldTypes
from dynmodel_pyramid.fields.types.text import byte_order

__all__ = [
    "GROUP",
    "UNCHANGED",
    "Context",
    "FieldInvalid",
    "FieldType",
    "FieldTypes",
    "Reference",
    "TextForm",
    "Unsupported",
    "Write",
    "byte_order",
    "is_sortable",
]
