"""JSON as text, in one form."""

import json
from typing import Any

from dynmodel_pyramid.fields.numerals import parse_float


def write_json(value) -> str:
    # JSONB has an order of keys of its own; the text is to be the same on both databases.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_json(text: str):
    """
    :raises ValueError: it is no JSON (RFC 8259), or a key stands twice in one object
    """
    try:
        return _decode(text)
    except (ValueError, RecursionError):
        raise ValueError("want JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice")
    return document


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(parse_float=parse_float, parse_constant=_constant, object_pairs_hook=_object).decode
