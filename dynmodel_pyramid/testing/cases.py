"""The cases of the conformance suite: options of a type, and values under these options."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import colander
from hypothesis.strategies import SearchStrategy

from dynmodel_pyramid.testing.values import same_json

#: A context for columns that no database sees.
CONTEXT = SimpleNamespace(dialect="sqlite")


@dataclass(frozen=True)
class Case:
    """Options, and values under these options.

    :param valid: JSON values that are accepted; a pair ``(value, answer)`` where the answer is another value
    :param invalid: pairs ``(value, code)``: JSON values that are refused, and the code of the problem
    :param texts: text form -> the answer for the value that it stands for
    :param strategy: a Hypothesis strategy of further valid values, in the form of ``valid``: values or pairs
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    valid: Sequence[Any] = ()
    invalid: Sequence[tuple[Any, str]] = ()
    texts: Mapping[str, Any] = field(default_factory=dict)
    strategy: SearchStrategy | None = None

    def __str__(self) -> str:
        return json.dumps(dict(self.options))[:40]

    @cached_property
    def pairs(self) -> list[tuple[Any, Any]]:
        """(value, answer) of each valid value."""
        return [value if type(value) is tuple else (value, value) for value in self.valid]

    @cached_property
    def distinct(self) -> list[tuple[Any, Any]]:
        """The pairs, each answer once."""
        pairs: list[tuple[Any, Any]] = []
        for pair in self.pairs:
            if not any(same_json(pair[1], other) for _, other in pairs):
                pairs.append(pair)
        return pairs


def outcome(node: colander.SchemaNode, value: Any) -> Any:
    """A validator's outcome for a value, comparable: the result or the messages."""
    try:
        return repr(node.deserialize(value))
    except colander.Invalid as error:
        return error.asdict()
