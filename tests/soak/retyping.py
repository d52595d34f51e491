"""The table of ``tests.soak.crash_retypes``: its changes, and what its values are."""

from collections.abc import Callable
from typing import Any

Document = dict[str, Any]

NAME = "Item"
FIELDS = {
    "code": {"type": "string", "index": True},
    "count": {"type": "integer", "max": 1_000_000},
    "price": {"type": "number"},
    "note": {"type": "string", "max_length": 50},
}
#: Of the codes each hundredth is no number.
CODE = "CASE WHEN id % 100 = 0 THEN 'c' || id ELSE '' || id END"
#: The values of a field by its type.
VALUES = {
    ("code", "string"): CODE,
    ("code", "integer"): "CASE WHEN id % 100 <> 0 THEN id END",
    ("count", "integer"): "id * 3",
    ("count", "string"): "'' || id * 3",
    ("price", "number"): "id + 0.5",
    ("price", "string"): "'' || id || '.5'",
    ("note", "string"): "'note ' || id",
    ("note", "text"): "'note ' || id",
}


# Changes


def _retype(name: str, kind: str, **options: Any) -> Callable[[Document], Document]:
    def change(entry: Document) -> Document:
        return {"id": entry["id"], "type": kind, **options}

    return lambda fields: {**fields, name: change(fields[name])}


def _set(name: str, **options: Any) -> Callable[[Document], Document]:
    return lambda fields: {**fields, name: {**fields[name], **options}}


def changes(fields: Document) -> dict[str, Callable[[Document], Document]]:
    """The changes that these fields are ready for."""
    found = {}
    if fields["code"]["type"] == "string":
        found["string to integer, 1 % quarantined"] = _retype("code", "integer", index=True)
    else:
        found["integer to string with nulls"] = _retype("code", "string", index=True)
    if fields["count"]["type"] == "integer":
        found["integer to string"] = _retype("count", "string")
        tighter = fields["count"]["max"] > 500_000
        found["tighter max" if tighter else "looser max"] = _set("count", max=400_000 if tighter else 1_000_000)
    else:
        found["string to integer"] = _retype("count", "integer", max=1_000_000)
    if fields["price"]["type"] == "number":
        found["number to string"] = _retype("price", "string")
    else:
        found["string to number"] = _retype("price", "number")
    required = fields["note"]["required"]
    found["lift required" if required else "set required"] = _set("note", required=not required)
    if not required:
        text = fields["note"]["type"] == "text"
        found["text to string" if text else "string to text"] = _retype("note", "string" if text else "text")
    return found


def in_python(name: str, kind: str, row_id: int) -> Any:
    if name == "note":
        return f"note {row_id}"
    if name == "code" and row_id % 100 == 0:
        return f"c{row_id}" if kind == "string" else None
    number = {"code": row_id, "count": row_id * 3, "price": row_id + 0.5}[name]
    return str(number) if kind == "string" else number
