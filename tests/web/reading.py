"""The ways in which a value reaches a field, for the test that all of them read it alike.

A way takes many values at once and gives the outcome of each: what is stored, as JSON, or the codes it is refused with.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import webtest

from dynmodel_pyramid.testing.values import same_json

CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"
#: /rest/ tells every fault with its code to who asks for problem documents.
PROBLEMS = {"Accept": "application/json, application/problem+json"}


@dataclass(frozen=True)
class Outcome:
    """What became of a value: the JSON that is stored, or why it was refused."""

    stored: Any = None
    codes: frozenset[str] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and self.codes == other.codes and same_json(self.stored, other.stored)

    @property
    def is_refused(self) -> bool:
        return bool(self.codes)

    def roughly(self) -> "Outcome":
        """With one code for what is no value of the type: a text is of another form, a JSON value of another type."""
        same = {"invalid_format": "no_value", "wrong_type": "no_value"}
        return Outcome(self.stored, frozenset(same.get(code, code) for code in self.codes))


#: Sends some values, given with their numbers.
Send = Callable[[Mapping[int, str]], webtest.TestResponse]


def sift(values: list[str], send: Send, pointer: str) -> tuple[dict[int, Outcome], dict[int, str]]:
    """Send all values, and again those that were not refused; -> the refusals, and the values that were taken.

    :param pointer: of the errors: a pattern with the place of a value among those that were sent
    """
    refused: dict[int, Outcome] = {}
    while True:
        left = {number: value for number, value in enumerate(values) if number not in refused}
        if not left:
            return refused, left
        answer = send(left)
        if answer.status_int in (200, 201):
            return refused, left
        assert answer.status_int == 422, (answer.status, answer.text[:500], left)
        codes: dict[int, set[str]] = {}
        for error in answer.json["errors"]:
            match = re.match(pointer, error["pointer"])
            assert match, error
            codes.setdefault(list(left)[int(match[1])], set()).add(error["code"])
        assert codes
        refused |= {number: Outcome(codes=frozenset(found)) for number, found in codes.items()}


class Ways:
    """All ways into one field of one table; ``key`` is unique.

    :param field: the document of the field
    """

    def __init__(self, app: webtest.TestApp, name: str, field: Mapping[str, Any]):
        self.app = app
        self.name = name
        self.field = dict(field)
        fields = {"key": {"type": "string", "unique": True}, "value": self.field}
        self.path = self.define(name, fields).headers["Location"]
        self._keys = 0
        self._known: dict[str, dict[str, Outcome]] = {}

    def define(self, name: str, fields: Mapping[str, Any], status: int | None = 201) -> webtest.TestResponse:
        return self.app.post_json("/table/", {"model_name": name, "fields": fields}, status=status or "*")

    def request(self, method: str, path: str, body: str = "", **headers: str) -> webtest.TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body.encode("utf-8", "surrogatepass")
        answer = self.app.request(path, method=method, body=content, headers=sent, expect_errors=True)
        assert answer.status_int < 500, (method, path, body[:300], answer.text[:300])
        return answer

    def _new_keys(self, count: int) -> list[str]:
        self._keys += count
        return [f"k{number}" for number in range(self._keys - count, self._keys)]

    def values_of(self, keys: list[str]) -> dict[str, Any]:
        """What rows hold, by their keys."""
        rows = self.app.get(f"{self.path}rows/?key=in.({','.join(keys)})").json if keys else []
        return {row["key"]: row["value"] for row in rows}

    def _many(self, values: list[str], send: Callable[[list[tuple[str, str]]], webtest.TestResponse]) -> list[Outcome]:
        """The outcomes of values that one request writes, each under a key of its own."""
        keys = self._new_keys(len(values))
        pointer = r"/(\d+)/value(?:/|\Z)"
        refused, left = sift(values, lambda some: send([(keys[number], some[number]) for number in some]), pointer)
        stored = self.values_of([keys[number] for number in left])
        return [refused.get(number) or Outcome(stored[keys[number]]) for number in range(len(values))]

    def _once(
        self, way: str, values: list[str], send: Callable[[list[tuple[str, str]]], webtest.TestResponse]
    ) -> list[Outcome]:
        """The outcomes of a way that other ways are compared with: each value is sent once."""
        known = self._known.setdefault(way, {})
        new = [value for value in dict.fromkeys(values) if value not in known]
        if new:
            known |= zip(new, self._many(new, send), strict=True)
        return [known[value] for value in values]

    # JSON

    def post(self, values: list[str]) -> list[Outcome]:
        return self._once(
            "post", values, lambda rows: self.request("POST", f"{self.path}rows/", _array(rows), Content_Type=JSON)
        )

    def ndjson(self, values: list[str]) -> list[Outcome]:
        def send(rows):
            body = "\n".join(_object(*row) for row in rows)
            return self.request("POST", f"{self.path}rows/", body, Content_Type=NDJSON)

        return self._many(values, send)

    def upsert(self, values: list[str]) -> list[Outcome]:
        def send(rows):
            headers = {"Content_Type": JSON, "Prefer": "resolution=merge-duplicates"}
            return self.request("POST", f"{self.path}rows/?on_conflict=key", _array(rows), **headers)

        return self._many(values, send)

    def merge(self, values: list[str]) -> list[Outcome]:
        """An upsert over rows that are there."""
        keys = self._new_keys(len(values))
        self.app.post_json(f"{self.path}rows/", [{"key": key} for key in keys], status=201)

        def send(some):
            headers = {"Content_Type": JSON, "Prefer": "resolution=merge-duplicates"}
            body = _array([(keys[number], some[number]) for number in some])
            return self.request("POST", f"{self.path}rows/?on_conflict=key", body, **headers)

        refused, left = sift(values, send, r"/(\d+)/value(?:/|\Z)")
        stored = self.values_of([keys[number] for number in left])
        return [refused.get(number) or Outcome(stored[keys[number]]) for number in range(len(values))]

    def put(self, values: list[str]) -> list[Outcome]:
        return self._each(values, "PUT")

    def patch(self, values: list[str]) -> list[Outcome]:
        return self._each(values, "PATCH")

    def patch_by_filter(self, values: list[str]) -> list[Outcome]:
        return self._each(values, "PATCH", by_filter=True)

    def _each(self, values: list[str], method: str, *, by_filter: bool = False) -> list[Outcome]:
        """The outcomes of values that each change a row of its own."""
        keys = self._new_keys(len(values))
        rows = self.app.post_json(f"{self.path}rows/", [{"key": key} for key in keys], status=201).json
        refused: dict[str, Outcome] = {}
        for key, row, value in zip(keys, rows, values, strict=True):
            where = f"{self.path}rows/?key=eq.{key}" if by_filter else f"{self.path}rows/{row['id']}"
            body = f'{{"value": {value}}}' if by_filter else _object(key, value)
            answer = self.request(method, where, body, Content_Type=JSON)
            assert answer.status_int in (200, 204, 422), answer.text
            if answer.status_int == 422:
                assert all("/value" in error["pointer"] for error in answer.json["errors"])
                refused[key] = Outcome(codes=frozenset(error["code"] for error in answer.json["errors"]))
        stored = self.values_of(keys)
        return [refused.get(key) or Outcome(stored[key]) for key in keys]

    def default(self, values: list[str]) -> list[Outcome]:
        """Each value is the default of a field of its own."""
        return self._in_definition(values, lambda value: f'"default": {value}', "default")

    def bounds(self, values: list[str]) -> list[Outcome]:
        """Each value is both bounds of a field of its own, in which it is then the only value."""
        return self._in_definition(values, lambda value: f'"min": {value}, "max": {value}, "default": {value}', "\\w+")

    def _in_definition(self, values: list[str], options: Callable[[str], str], pointer: str) -> list[Outcome]:
        common = json.dumps(self.field)[:-1]
        name = f"{self.name}D{self._new_keys(1)[0]}"

        def send(some):
            fields = ", ".join(f'"f{number}": {common}, {options(value)}}}' for number, value in some.items())
            return self.request(
                "POST", "/table/", f'{{"model_name": "{name}", "fields": {{{fields}}}}}', Content_Type=JSON
            )

        def numbered(some):
            # Pointers name the fields, which keep their numbers: they are made places among those that were sent.
            answer = _Answer(send(some))
            for error in answer.json.get("errors", ()):
                number = int(re.match(r"/fields/f(\d+)/", error["pointer"])[1])
                error["pointer"] = error["pointer"].replace(f"f{number}", f"f{list(some).index(number)}", 1)
            return answer

        refused, left = sift(values, numbered, rf"/fields/f(\d+)/{pointer}(?:/|\Z)")
        if not left:
            return [refused[number] for number in range(len(values))]
        path = next(
            f"/table/{table['id']}/" for table in self.app.get("/table/?limit=1000").json if table["model_name"] == name
        )
        row = self.app.post_json(f"{path}rows/", {}, status=201).json
        self.app.delete(path)
        return [refused.get(number) or Outcome(row[f"f{number}"]) for number in range(len(values))]

    def rest(self, values: list[str]) -> list[Outcome]:
        def send(rows):
            return self.request("POST", f"/rest/{self.name}", _array(rows), Content_Type=JSON, **PROBLEMS)

        return self._many(values, send)

    # Text

    def csv(self, texts: list[str]) -> list[Outcome]:
        return self._once(
            "csv", texts, lambda rows: self.request("POST", f"{self.path}rows/", _csv(rows), Content_Type=CSV)
        )

    def rest_csv(self, texts: list[str]) -> list[Outcome]:
        def send(rows):
            return self.request("POST", f"/rest/{self.name}", _csv(rows), Content_Type=CSV, **PROBLEMS)

        return self._many(texts, send)

    def rest_text(self, texts: list[str]) -> list[Outcome]:
        return self.rest([json.dumps(text) for text in texts])

    def converted(self, texts: list[str]) -> list[Outcome]:
        """Texts of a text field that becomes one of this type; what is refused becomes null."""
        name = f"{self.name}C{self._new_keys(1)[0]}"
        path = self.define(name, {"value": "text"}).headers["Location"]
        self.app.post_json(f"{path}rows/", [{"value": text} for text in texts], status=201)
        self.app.put_json(f"{path}?on_error=null", {"model_name": name, "fields": {"value": self.field}}, status=200)
        values = [row["value"] for row in self.app.get(f"{path}rows/?order=id&limit=1000").json]
        self.app.delete(path)
        return [Outcome(codes=frozenset({"no_value"})) if value is None else Outcome(value) for value in values]

    # Back again

    def found_by(self, text: str) -> list[set[str]]:
        """The keys of the rows whose value is equal to a text: at both faces, and by a query document."""
        asked = f"value=eq.{quote(text, safe='')}&select=key"
        where = {"select": ["key"], "where": {"value": {"eq": text}}}
        answers = [
            self.app.get(f"{self.path}rows/?{asked}"),
            self.app.get(f"/rest/{self.name}?{asked}"),
            self.app.post_json(f"{self.path}query/", where),
        ]
        return [{row["key"] for row in answer.json} for answer in answers]


class _Answer:
    """An answer whose errors can be changed."""

    def __init__(self, answer: webtest.TestResponse):
        self.status_int, self.status, self.text = answer.status_int, answer.status, answer.text
        self.json = answer.json


def _object(key: str, value: str) -> str:
    return f'{{"key": "{key}", "value": {value}}}'


def _array(rows: list[tuple[str, str]]) -> str:
    return f"[{', '.join(_object(*row) for row in rows)}]"


def _csv(rows: list[tuple[str, str]]) -> str:
    lines = (f'{key},"{text.replace(chr(34), chr(34) * 2)}"' for key, text in rows)
    return "\r\n".join(["key,value", *lines]) + "\r\n"


def by_javascript(value: Any) -> Any:
    """A JSON value as JavaScript and Go write it that have read it: floats of less than 1e21 have no exponent."""
    if type(value) is list:
        return [by_javascript(item) for item in value]
    if type(value) is dict:
        return {key: by_javascript(item) for key, item in value.items()}
    if type(value) is float and value.is_integer() and abs(value) < 1e21:
        return int(Decimal(repr(value)))
    return value
