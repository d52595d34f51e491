"""The option ``choices``: the only values that a field takes."""

import colander

from dynmodel_pyramid.fields import schema


def choices_option(kind: colander.SchemaType, description: str) -> colander.SchemaNode:
    return schema.option(schema.List(kind), "choices", description=description)


def check_choices(node, options) -> None:
    """Check the option; a part of the validator of the options' mapping."""
    choices = options.get("choices")
    if choices is not None and (not choices or len(set(choices)) != len(choices)):
        raise schema.at_option(node, "choices", "want at least one value, each once")


def each_of(*validators):
    """A validator that runs several, until the first error. (``colander.All`` loses the error's code.)"""

    def check(node, value):
        for validator in validators:
            validator(node, value)

    return check


def one_of(choices):
    """A validator that accepts these choices only."""
    allowed = frozenset(choices)
    shown = ", ".join(map(str, choices[:20])) + (", ..." if len(choices) > 20 else "")

    def check(node, value):
        if value not in allowed:
            raise schema.invalid(node, f"want one of {shown}", "not_a_choice", value)

    return check
