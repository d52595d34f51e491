"""JSON Schema (2020-12) as a rule for json values: checked when it is defined, compiled once, never fetching anything.

Patterns are run by an engine of linear time, which knows neither look-around nor back-references; ``format`` is an
annotation (JSON Schema Validation 2020-12, 7.2.1).
"""

from itertools import islice

import colander

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.extras import require

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: How many faults of one value are told, and how long a message may be.
FAULTS, LONGEST = 20, 300


def compiled(document):
    """A validator.

    :raises ValueError: the document is no JSON Schema, or refers to what is not in it
    :raises dynmodel_pyramid.errors.ExtraMissing: the library is not installed
    """
    library = require("jsonschema_rs", "jsonschema")
    # Values are left out of messages: the client knows them, logs should not.
    return library.Draft202012Validator(
        document, offline=True, pattern_options=library.RegexOptions(), mask="the value", validate_formats=False
    )


class JsonSchema(schema.Json):
    """The option: a JSON Schema, an object or a boolean."""

    json_schema = {"type": ["object", "boolean", "null"]}

    def deserialize(self, node, cstruct):
        document = super().deserialize(node, cstruct)
        if document is colander.null:
            return document
        if type(document) not in (dict, bool):
            raise schema.invalid(node, f"want an object, not {schema.json_type(document)}", "wrong_type")
        dialect = document.get("$schema", DIALECT) if type(document) is dict else DIALECT
        if dialect not in (DIALECT, f"{DIALECT}#"):
            raise schema.invalid(node, f"want $schema to be {DIALECT}", "invalid_option")
        try:
            compiled(document)
        except ValueError as error:
            place = "".join(f"/{step}" for step in getattr(error, "instance_path", ()))
            message = getattr(error, "message", str(error))
            if not place:
                raise schema.invalid(node, message[:LONGEST], "invalid_option") from None
            raise schema.invalid(node, f"at {place[:LONGEST]}: {message[:LONGEST]}", "invalid_option") from None
        return document


def conforms_to(document):
    """A validator of values; every fault points at its place in the value."""
    rules = compiled(document)

    def check(node, value):
        if rules.is_valid(value):
            return
        whole = colander.Invalid(node)
        for fault in islice(rules.iter_errors(value), FAULTS):
            *outer, last = fault.instance_path or [""]
            error = schema.invalid(schema.Place(last), fault.message[:LONGEST], "schema_mismatch")
            for name in reversed(outer):
                around = colander.Invalid(schema.Place(name))
                around.add(error)
                error = around
            whole.add(error)
        raise whole

    return check
