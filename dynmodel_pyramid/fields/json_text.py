"""JSON as text, in one form."""

import json


def write_json(value) -> str:
    # JSONB has an order of keys of its own; the text is to be the same on both databases.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_json(text: str):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("want JSON") from None
