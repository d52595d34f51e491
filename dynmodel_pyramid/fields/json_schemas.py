"""JSON Schema (2020-12) as a rule for json values. It is checked when it is defined, compiled once, and fetches
nothing.

Patterns are run by an engine of linear time, which knows neither look-around nor back-references; ``format`` is an
annotation (JSON Schema Validation 2020-12, 7.2.1). The cost of a schema is known before it is used
(:mod:`~.schema_costs`): one that costs too much is refused, and so is a value that is too large for its schema.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import colander
import orjson

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Unsupported
from dynmodel_pyramid.fields.extras import require
from dynmodel_pyramid.fields.schema_costs import Costs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The most faults that are reported for one value, and the length of a message.
FAULTS, LONGEST = 20, 300
#: The most that checking one value may cost: keywords (about 10 ns each), and characters in patterns (9 ns each).
MOST_KEYWORDS, MOST_CHARACTERS = 50_000_000, 60_000_000
#: Up to this cost all faults are looked for, and the faults in each alternative: one takes about 10 microseconds.
TELLING = 5_000
#: Bytes of a compiled pattern, of all patterns of a schema, and of one state of the engine.
_LARGEST_PATTERN, _ALL_PATTERNS, _STATE = 1 << 22, 1 << 23, 72
_ALTERNATIVES = ("anyOf", "oneOf")


class _Compiled(NamedTuple):
    validator: Any
    costs: Costs
    has_alternatives: bool


def compiled(document: dict[str, Any] | bool) -> _Compiled:
    """A validator, and its costs.

    :raises ValueError: the document is not a JSON Schema, refers to something outside itself, or costs too much
    :raises dynmodel_pyramid.errors.ExtraMissing: the library is not installed
    """
    return _compiled(require("jsonschema_rs", "jsonschema"), orjson.dumps(document))


@lru_cache(64)
def _compiled(library: Any, text: bytes) -> _Compiled:
    document = orjson.loads(text)
    costs = Costs(document, lambda pattern: _pattern_size(library, pattern))
    if costs.pattern_sizes * _STATE > _ALL_PATTERNS:
        raise ValueError("want smaller patterns in the schema, or fewer")
    # Values are left out of messages: the client knows them, logs should not.
    validator = _validator(library, document, _LARGEST_PATTERN)
    return _Compiled(validator, costs, any(f'"{keyword}":'.encode() in text for keyword in _ALTERNATIVES))


def _validator(library: Any, document: Any, largest_pattern: int) -> Any:
    return library.Draft202012Validator(
        document,
        offline=True,
        pattern_options=library.RegexOptions(size_limit=largest_pattern),
        mask="the value",
        validate_formats=False,
    )


@lru_cache(256)
def _pattern_size(library: Any, pattern: str) -> int:
    """About how many states a pattern has, by the smallest memory limit with which the engine compiles it.

    :raises ValueError: it is not a pattern, or too large
    """
    bound = 1024
    while bound < _LARGEST_PATTERN:
        bound *= 2
        try:
            _validator(library, {"pattern": pattern}, bound)
        except ValueError:
            continue
        return max(bound // _STATE, 1)
    raise ValueError(
        f"the pattern {pattern[:50]!r} is none, too large, or holds look-around or back-references, "
        "which can't be run in linear time"
    )


class JsonSchema(schema.Json):
    """The option: a JSON Schema, an object or a boolean."""

    json_schema = {"type": ["object", "boolean", "null"]}

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        document = super().deserialize(node, cstruct)
        if document is colander.null:
            return document
        if type(document) not in (dict, bool):
            raise schema.invalid(node, f"want an object, not {schema.json_type(document)}", "wrong_type")
        dialect = document.get("$schema", DIALECT) if type(document) is dict else DIALECT
        if dialect not in (DIALECT, f"{DIALECT}#"):
            raise schema.invalid(node, f"want $schema to be {DIALECT}", "invalid_option")
        return document


def unsupported(document: Any) -> Unsupported | None:
    """The reason why a document can't be used as a schema."""
    try:
        compiled(document)
    except ValueError as error:
        place = "".join(f"/{step}" for step in getattr(error, "instance_path", ()))[:LONGEST]
        message = getattr(error, "message", str(error))[:LONGEST]
        return Unsupported("schema", f"at {place}: {message}" if place else message, "schema_unsupported")
    return None


def node_for(document: Any) -> colander.SchemaNode:
    """A validator of values; every fault points at its place in the value.

    Its attribute ``brief`` is a faster validator that reports a single fault, for when many values are refused.
    """
    fault = unsupported(document)
    brief = colander.SchemaNode(schema.Json(), validator=_conforms(document, fault, briefly=True))
    return colander.SchemaNode(schema.Json(), validator=_conforms(document, fault), brief=brief)


def _conforms(document: Any, fault: Unsupported | None, *, briefly: bool = False) -> schema.Validator:
    library, text = require("jsonschema_rs", "jsonschema"), orjson.dumps(document)

    def check(node: colander.SchemaNode, value: Any) -> None:
        if fault is not None:
            raise fault.error()
        rules = _compiled(library, text)
        keywords, characters = rules.costs.of(value)
        if keywords > MOST_KEYWORDS or characters > MOST_CHARACTERS:
            message = "the value is too large for the schema, whose parts would be compared with its parts too often"
            raise schema.invalid(node, message, "too_complex")
        if not rules.validator.is_valid(value):
            raise _told(node, rules, value, 0 if briefly else keywords)

    return check


def _told(node: colander.SchemaNode, rules: _Compiled, value: Any, keywords: int) -> colander.Invalid:
    """The faults of a value, as many as can be found in little time."""
    if 0 < keywords <= TELLING:
        faults = list(islice(rules.validator.iter_errors(value), FAULTS))
    elif rules.has_alternatives:
        return schema.invalid(node, "the value breaks the schema", "schema_mismatch")
    else:
        faults = list(_first(rules.validator, value))
    whole = colander.Invalid(node)
    for fault in faults:
        *outer, last = fault.instance_path or [""]
        error = schema.invalid(schema.Place(last), fault.message[:LONGEST], "schema_mismatch")
        for name in reversed(outer):
            around = colander.Invalid(schema.Place(name))
            around.add(error)
            error = around
        whole.add(error)
    return whole


def _first(validator: Any, value: Any) -> Iterator[Any]:
    try:
        validator.validate(value)
    except ValueError as error:
        yield error
