"""Hypothesis strategies of the built-in types' JSON values, and drawing values from a strategy.

The strategies themselves stand in the modules :data:`MODULES`, each of which has a dictionary ``STRATEGIES``: name of a
type -> strategy, or -> (options, strategy). A strategy gives values, or pairs (value, answer) as a case does. None: the
type's values cannot be invented, because they are system values or ids of rows.
"""

import importlib
from functools import cache
from itertools import cycle, islice
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

MODULES = ("strategies_text", "strategies_numeric", "strategies_structured")
_BATCH = 10


@cache
def known() -> dict[str, tuple[dict[str, Any], st.SearchStrategy | None]]:
    """Name of a type -> (options, strategy of the values that are valid under them)."""
    entries = {}
    for module in (f"{__package__}.{name}" for name in MODULES):
        entries.update(importlib.import_module(module).STRATEGIES)
    return {name: entry if isinstance(entry, tuple) else ({}, entry) for name, entry in entries.items()}


def values(type_name: str) -> tuple[dict[str, Any], st.SearchStrategy | None]:
    """(options, strategy) of a built-in type; None of one whose values nobody makes up.

    :raises LookupError: naming the type
    """
    try:
        return known()[type_name]
    except KeyError:
        raise LookupError(
            f"no strategy gives values of the type {type_name!r}: "
            f"add one to STRATEGIES in one of the modules {', '.join(MODULES)} of {__package__}"
        ) from None


def drawn(strategy: st.SearchStrategy, number: int) -> list[tuple[Any, Any]]:
    """That many pairs (value, answer) drawn from a strategy; they repeat if it has too few.

    Nothing is shrunk: a test sends them in arrays, and names the value that fails.
    """
    values: list[Any] = []

    # Lists of ten: Hypothesis bounds the size of one example.
    @settings(
        max_examples=-(-number // _BATCH),
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(strategy, min_size=_BATCH, max_size=_BATCH))
    def draw(batch: list[Any]) -> None:
        values.extend(batch)

    draw()
    pairs = [value if type(value) is tuple else (value, value) for value in values]
    return list(islice(cycle(pairs), number))
