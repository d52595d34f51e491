"""JSON as text, in one form."""

import json
from typing import Any

from dynmodel_pyramid.fields.numerals import parse_float
from dynmodel_pyramid.nesting import is_deep

#: The most keys of one object, in a row or a value; also the most values of a CSV record.
MAX_KEYS = 10_000


class _TooManyKeys(ValueError):
    """Shown to the client, unlike other errors."""


def write_json(value: Any) -> str:
    # JSONB has its own order of keys; the text must be the same on both databases.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_json(text: str) -> Any:
    """
    :raises ValueError: it is not JSON (RFC 8259), nested too deeply, or an object has a key twice or too many keys
    """
    if is_deep(text):
        raise ValueError("want JSON that is nested less deeply")
    try:
        return _decode(text)
    except _TooManyKeys:
        raise
    except ValueError:
        raise ValueError("want JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        raise _TooManyKeys(f"an object has more than {MAX_KEYS} keys")
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice")
    return document


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(parse_float=parse_float, parse_constant=_constant, object_pairs_hook=_object).decode
