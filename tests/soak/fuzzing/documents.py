"""Documents: definitions with every type and option, rows, queries; good, and broken in places."""

import json
import random
from typing import Any

from tests.soak.fuzzing.values import GOOD, NEEDED, broken, odd_text, value

NAMES = ["a", "b", "c", "name", "price", "owner", "data", "kids", "select", "order", "Ä", "ß", "x" * 63, "from"]
MODELS = ["One", "Two", "Three", "four", "Fünf", "Order", "user", "T" * 63]
COMMON = {
    "required": [True, False],
    "unique": [True, False],
    "index": [True, False, "search"],
    "label": [None, "Label", "\0", ""],
    "description": [None, "text"],
    "default_expression": ["now", "today", "uuid", "nothing", None],
    "unique_ignore_case": [True],
    "read_only": [True],
    "write_only": [True],
    "aliases": [["former"], [{"name": "old"}], ["a"], "x"],
    "message": ["Ours", None],
    "position": [1, 2, 0, -1, 10**10],
    "id": [1, 2, 3, 99, -1, "1"],
    "renamed_from": ["a", "b", "nothing", None],
    "name": ["a", "b"],
}
OWN: dict[str, list[Any]] = {
    "min": [0, 1, -5, "2020-01-01", "0.5", 10**20],
    "max": [10, 1, 1000, "2030-01-01", "99.5", 5],
    "choices": [["a", "b"], [1, 2], [], ["a", "a"], [{"key": "a", "label": None, "colour": None}]],
    "min_length": [0, 1, 5, -1],
    "max_length": [1, 10, 255, 0, 10**9],
    "pattern": ["[a-z]+", "^a", "(", "(a+)+b", "\\d{3}", "(?i)a", "a{1,100}", "\\p{L}", ""],
    "precision": [1, 18, 30, 1000, 1001],
    "scale": [0, 2, 30],
    "timezone": ["Europe/Berlin", "UTC", "Nowhere/None", "/etc/passwd"],
    "table": [1, 2, 3, "One", "Two", "none", 2**70, "\0", "\ud800", None, True],
    "on_delete": ["restrict", "set_null", "cascade", "remove", "no"],
    "reverse": ["rows_of", "kids", "a", "id", None, "\0"],
    "schema": [{"type": "object"}, {"type": "nothing"}, True, False, [], {"$ref": "#"}, {"allOf": [{"$ref": "#"}]}],
    "currency": ["EUR", "JPY", "???", None],
    "region": ["DE", "US", "XX", None],
    "version": [4, 6, 5, None],
    "schemes": [["https"], [], ["a b"]],
    "alpha": [True, False],
    "lowercase": [True],
    "min_items": [0, 1, 3],
    "max_items": [1, 3, 100000],
}
#: What a type has of them is mostly asked for.
_WIDE = [*COMMON, *OWN]


def field(draw: random.Random, tables: list[Any]) -> Any:
    """A field of a definition, as a client may write it."""
    kind = draw.choice(list(GOOD)) if draw.random() < 0.95 else draw.choice(["nothing", None, 1, "", "\0"])
    if draw.random() < 0.25 and kind not in NEEDED and kind not in ("link", "links"):
        return kind
    made: dict[str, Any] = {"type": kind, **NEEDED.get(kind, {})}
    if kind in ("link", "links"):
        made["table"] = draw.choice(tables) if tables and draw.random() < 0.9 else draw.choice(OWN["table"])
        if draw.random() < 0.5:
            made["reverse"] = f"r{draw.randrange(1000)}"
        if draw.random() < 0.4:
            made["on_delete"] = draw.choice(OWN["on_delete"])
    for option in draw.sample(_WIDE, draw.choice([0, 0, 1, 1, 2])):
        values = COMMON.get(option) or OWN[option]
        made[option] = draw.choice(values) if draw.random() < 0.95 else value(draw)
    if draw.random() < 0.25 and isinstance(kind, str):
        made["default"] = value(draw, kind)
    return made


def definition(draw: random.Random, tables: list[Any], current: dict | None = None) -> Any:
    """A whole definition; of a table that is there, mostly with what it has, and something changed."""
    if draw.random() < 0.03:
        return value(draw)
    if current is not None and draw.random() < 0.8:
        made = {key: current[key] for key in ("model_name", "fields", "unique", "indexes") if key in current}
        fields = dict(made["fields"])
        for _ in range(draw.choice([0, 1, 1, 2])):
            _change(draw, fields, tables)
        made["fields"] = fields
    else:
        count = draw.choice([1, 2, 3, 5])
        fields = {_name(draw): field(draw, tables) for _ in range(count)}
        made = {"model_name": draw.choice(MODELS) + draw.choice(["", str(draw.randrange(100))]), "fields": fields}
    if draw.random() < 0.1:
        made["fields"] = [
            {"name": name, **(each if isinstance(each, dict) else {"type": each})} for name, each in fields.items()
        ]
    if draw.random() < 0.2 and fields:
        names = draw.sample(list(fields), min(len(fields), draw.choice([1, 2, 2, 3])))
        made[draw.choice(["unique", "indexes"])] = draw.choice(
            [[{"fields": names}], [{"name": "rule", "fields": names, "nulls_distinct": draw.random() < 0.5}], [names]]
        )
    if draw.random() < 0.1:
        made[draw.choice(["label", "description", "version", "id", "key", "display", "x", "renamed_from"])] = value(
            draw
        )
    return made


def _name(draw: random.Random) -> str:
    return draw.choice(NAMES) if draw.random() < 0.95 else odd_text(draw)


def _change(draw: random.Random, fields: dict[str, Any], tables: list[Any]) -> None:
    names = list(fields)
    way = draw.randrange(6)
    if way == 0 or not names:
        fields[_name(draw)] = field(draw, tables)
    elif way == 1:
        del fields[draw.choice(names)]
    elif way == 2:
        fields[draw.choice(names)] = field(draw, tables)
    elif way == 3:
        old = draw.choice(names)
        fields[_name(draw)] = fields.pop(old)
    elif way == 4 and isinstance(fields[old := draw.choice(names)], dict):
        option = draw.choice(_WIDE)
        fields[old] = {**fields[old], option: draw.choice(COMMON.get(option) or OWN[option])}
    elif len(names) > 1:
        one, other = draw.sample(names, 2)
        fields[one], fields[other] = fields[other], fields[one]


def sound_tables(known: list[dict]) -> list[dict]:
    """Definitions that nothing is wrong with: every type, links and lists to another table and to the same one."""
    taken = {each["model_name"].casefold() for each in known}
    kinds = [kind for kind in GOOD if kind not in ("link", "links")]
    parts = [kinds[0::3], kinds[1::3], kinds[2::3]]
    made: list[dict] = []
    for name, part in zip(["One", "Two", "Three"], parts, strict=True):
        fields = {f"f_{kind}": {"type": kind, **NEEDED.get(kind, {})} for kind in part}
        made.append({"model_name": name, "fields": fields})
    links = {
        "a": {"type": "link", "table": "One", "reverse": "kids"},
        "b": {"type": "links", "table": "Two"},
        "c": "string",
    }
    made.append({"model_name": "Order", "fields": links})
    tree = {"name": {"type": "string", "unique": True}, "data": "json", "price": {"type": "decimal", "default": "1.00"}}
    made.append(
        {"model_name": "Tree", "fields": {**tree, "from": {"type": "link", "table": "Tree", "reverse": "below"}}}
    )
    return [each for each in made if each["model_name"].casefold() not in taken]


def patch(draw: random.Random, tables: list[Any], current: dict | None) -> Any:
    names = list(current["fields"]) if current else NAMES
    fields = {
        (draw.choice(names) if names and draw.random() < 0.6 else _name(draw)): draw.choice(
            [None, field(draw, tables), {"required": True}, {"unique": True}, {"type": "text"}, {"renamed_from": "a"}]
        )
        for _ in range(draw.choice([1, 1, 2]))
    }
    return draw.choice([{"fields": fields}, {"fields": fields}, {"model_name": draw.choice(MODELS)}, value(draw)])


def row(draw: random.Random, current: dict | None) -> Any:
    """A document of a row."""
    if draw.random() < 0.03:
        return value(draw)
    made: dict[str, Any] = {}
    for name, each in (current or {"fields": {}})["fields"].items():
        if draw.random() < 0.7 and _written(each):
            made[name] = value(draw, each.get("type"))
    if draw.random() < 0.15:
        made["id"] = draw.choice([1, 2, 3, 2**53, 2**63, -1, "1", None, True, 1.0])
    if draw.random() < 0.05:
        made[odd_text(draw)] = value(draw)
    return made


def _written(each: dict) -> bool:
    kind = each.get("type", "")
    return kind not in ("autonumber",) and not kind.startswith(("created_", "updated_"))


def as_bytes(draw: random.Random, document: Any) -> bytes:
    """JSON text; sometimes with what ``json.dumps`` never writes."""
    text = json.dumps(document, ensure_ascii=draw.random() < 0.7)
    if draw.random() < 0.06:
        text = broken(draw, text)
    if draw.random() < 0.01:
        text = draw.choice(["[" * 100_000, '{"a":' * 5000, "1" * 5000, "NaN", '{"a":1,"a":2}', "\ufeff{}", "[1,]", "-"])
    raw = text.encode("utf-8", "surrogatepass")
    if draw.random() < 0.01:
        raw = draw.choice([text.encode("utf-16", "surrogatepass"), raw + b"\xff", raw + b"\0", b"\x80" + raw, raw[:-1]])
    return raw
