"""All built-in types whose values clients write, for tests and measurements that take them together.

Left out are types whose values the system gives, and those whose entry among the strategies is None: their values are
ids of rows. What options a type needs, its strategy says (:mod:`dynmodel_pyramid.testing.strategies`).
"""

from typing import Any

from hypothesis.strategies import SearchStrategy

from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.testing import strategies
from dynmodel_pyramid.testing.suite import is_system_value
from tests.document_types import installed


def written_types() -> dict[str, tuple[dict[str, Any], SearchStrategy]]:
    """Name -> (options, strategy).

    :raises LookupError: a type has no strategy
    """
    found = {}
    for known in installed():
        if known.field_type.fill is not None or strategies.known().get(known.name, ({}, ...))[1] is None:
            continue
        options, strategy = strategies.values(known.name)
        if not is_system_value(known.field_type, read_options(known.field_type, dict(options))):
            found[known.name] = (options, strategy)
    return found
