"""JSON values and texts, by field type: good ones, and such as no type expects."""

import json
import random
from typing import Any

from dynmodel_pyramid.testing.values import HOSTILE, nested

#: Good values of each type that clients write, under the options of :data:`NEEDED`.
GOOD: dict[str, list[Any]] = {
    "string": ["", "a", "Ä ß", "x" * 200, "null", "1", "a,b", 'q"q', "it's", "50%", "*", "(a)", "{a}", "\\", "é"],
    "text": ["", "line\nline", "x" * 3000, "\t", "--", "a;b"],
    "number": [0, -0.0, 1, 1.5, -2.25, 1e300, 5e-324, 1e21, 2**53],
    "integer": [0, 1, -1, 2**53, 2**63 - 1, -(2**63)],
    "boolean": [True, False],
    "date": ["2026-01-31", "0001-01-01", "9999-12-31", "2024-02-29"],
    "datetime": ["2026-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "2026-01-31T12:00:00.123456+05:30"],
    "time": ["00:00:00", "23:59:59.999999", "12:30:00"],
    "duration": ["PT1S", "P1D", "PT0.000001S", "P7DT12H"],
    "json": [{}, [], {"a": [1, "x", None, True, {"b": 0.5}]}, "x", 1, 1.5, True, {"a": {"b": 1}}, [1, [2, [3]]]],
    "decimal": ["0.00", "19.99", "-1.50", "9999999999.99"],
    "percent": ["0.00", "12.50", "100.00"],
    "currency": ["0.00", "19.99", "-1.50"],
    "rating": [1, 2, 5],
    "email": ["ann@example.org", "a.b+c@example.net"],
    "url": ["http://example.org/", "https://example.org/a?b=c#d"],
    "slug": ["a", "a-b-1"],
    "phone": ["+493012345678", "+12025550123"],
    "colour": ["#00ff80", "#ABCDEF"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000"],
    "ip_address": ["127.0.0.1", "::1", "::ffff:1.2.3.4"],
    "choice": ["a", "B", "it's 50 %"],
    "multi_choice": [[], ["a"], ["a", "B"]],
    "tags": [[], ["a"], ["a", "b,c", "{d}"]],
    "integer_range": ["[1,5)", "empty", "(,)", "[1,)"],
    "date_range": ["[2026-01-01,2026-02-01)", "empty", "(,)"],
    "datetime_range": ["[2026-01-01T00:00:00Z,2026-02-01T00:00:00Z)", "(,)"],
    "point": [{"longitude": 13.4, "latitude": 52.5}, {"longitude": -180, "latitude": 90}],
    "link": [1, 2],
    "links": [[], [1], [2, 1]],
    "autonumber": [1, 2],
    "created_time": ["2026-01-31T12:00:00Z"],
    "updated_time": ["2026-01-31T12:00:00Z"],
    "created_by": ["ann"],
    "updated_by": ["ann"],
}
#: Options without which a type can't be defined, or is of little use.
NEEDED: dict[str, dict[str, Any]] = {
    "choice": {"choices": [{"key": key, "label": None, "colour": None} for key in ("a", "B", "it's 50 %")]},
    "multi_choice": {"choices": [{"key": key, "label": None, "colour": None} for key in ("a", "B", "it's 50 %")]},
}
ODD_TEXTS = [
    "", " ", "\0", "\ud800", "\udfff", "\u2028", "\ufeff", "İ", "e\u0301", "١", "NaN", "Infinity", "-0", "1e400",
    "9" * 30, "9" * 5000, "-" * 50, "(" * 40, "{" * 40, '"', '"' * 7, "\\", "'", "%", "*", ".", ",", ":", "::", "->",
    "->>", "!", "...", "null", "true", "{}", "{a,b}", "()", "(a)", "not.", "is.null", "eq.1", "2026-13-45", "a\r\nb",
    "🙂", "x" * 70, "\x7f", "\x85", "\xa0", "@@", "..", "%00", "id", "_version", "select", "order", "rows", "rpc",
]  # fmt: skip
_PIECES = ["not.", "or", "and", "eq", ".", ",", "(", ")", "{", "}", '"', "\\", "->", "::text", "*", "()", "!", "[", "]"]


def value(draw: random.Random, kind: str | None = None) -> Any:
    """Mostly a good value of the type."""
    pick = draw.random()
    if kind in GOOD and pick < 0.75:
        return draw.choice(GOOD[kind])
    if pick < 0.8:
        return None
    if pick < 0.87:
        return draw.choice(GOOD[draw.choice(list(GOOD))])
    if pick < 0.96:
        return draw.choice(HOSTILE)
    return draw.choice([odd_text(draw), nested(draw.choice([3, 99, 101, 120])), {odd_text(draw): value(draw)}])


def odd_text(draw: random.Random) -> str:
    if draw.random() < 0.7:
        return draw.choice(ODD_TEXTS)
    return "".join(chr(draw.choice([draw.randrange(128), draw.randrange(0x3000)])) for _ in range(draw.randrange(9)))


def text_of(draw: random.Random, kind: str | None) -> str:
    """A value as it may stand in a query string or in a line of CSV."""
    if draw.random() < 0.15:
        return odd_text(draw)
    made = value(draw, kind)
    if isinstance(made, list) and all(isinstance(item, str) for item in made):
        return "{" + ",".join(made) + "}"
    return made if isinstance(made, str) else json.dumps(made)


def broken(draw: random.Random, text: str) -> str:
    """The text with some characters added, taken away or doubled."""
    for _ in range(draw.randint(1, 3)):
        at = draw.randint(0, len(text))
        gone = draw.choice([0, 0, 1, 2, 5])
        put = draw.choice(["", draw.choice(_PIECES), draw.choice(ODD_TEXTS)[:20], text[at : at + 8]])
        text = text[:at] + put + text[at + gone :]
    return text
