"""Field types: the plugin contract, its registry and the built-in types.

A field type is a class that derives from :class:`FieldType` and is registered under the entry-point group
``dynmodel_pyramid.field_types``; the entry point's name is the type's name. The built-in types come in by the same
door (see ``setup.py``). ``docs/field-types.md`` is the guide for authors.

``contract``         the base class :class:`FieldType` and its values
``registry``         the installed types
``schema``           strict colander types for validators and options
``columns``          many values of a field judged at once
``operators``        the operators of queries
``types``            the built-in types
``sql``              SQL that types share
``json``             the type ``json``, for imports by authors of plugins
``choices``          the option ``choices``
``numerals``         numbers as JSON and text write them
``time_texts``       days, times of day and points in time as texts; ``relative_times`` has ``now-7d``
``python_patterns``  Python's regular expressions in linear time; ``characters`` has its sets of characters
``json_schemas``     JSON Schema as a rule; ``schema_costs`` bounds its cost
``pages``            what the page for people shows of a type
``extras``           libraries that only some types need
"""

from dynmodel_pyramid.fields.contract import (
    UNCHANGED,
    Checks,
    Context,
    FieldInvalid,
    FieldType,
    Options,
    Reference,
    SqlForm,
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
    "Checks",
    "Context",
    "FieldInvalid",
    "FieldType",
    "FieldTypes",
    "Options",
    "Reference",
    "SqlForm",
    "TextForm",
    "Unsupported",
    "Write",
    "byte_order",
    "is_sortable",
]
