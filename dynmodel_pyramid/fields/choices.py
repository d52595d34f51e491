"""The option ``choices``: the only values that a field takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import colander

from dynmodel_pyramid.fields import schema


def choices_option(kind: colander.SchemaType, description: str) -> colander.SchemaNode:
    return schema.option(schema.List(kind), "choices", description=description)


def check_choices(node: colander.SchemaNode, options: Mapping[str, Any]) -> None:
    """Check the option; a part of the validator of the options' mapping."""
    choices = options.get("choices")
    if choices is not None and (not choices or len(set(choices)) != len(choices)):
        raise schema.at_option(node, "choices", "want at least one value, each once")


def each_of(*validators: schema.Validator) -> schema.Validator:
    """A validator that runs several, until the first error. (``colander.All`` loses the error's code.)"""

    def check(node: colander.SchemaNode, value: Any) -> None:
        for validator in validators:
            validator(node, value)

    return check


def one_of(choices: Sequence[str]) -> schema.Validator:
    """A validator that accepts these choices only."""
    allowed = frozenset(choices)
    shown = ", ".join(map(str, choices[:20])) + (", ..." if len(choices) > 20 else "")

    def check(node: colander.SchemaNode, value: Any) -> None:
        if value not in allowed:
            raise schema.invalid(node, f"want one of {shown}", "not_a_choice", value)

    return check
