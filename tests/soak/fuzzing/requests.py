"""Requests to every resource of the tree: methods, paths, headers, media types and bodies."""

import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.soak.fuzzing import documents
from tests.soak.fuzzing.queries import Queries, document, encoded
from tests.soak.fuzzing.values import odd_text, text_of, value
from tests.soak.fuzzing.wire import Request, packed

METHODS = ["GET", "GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"]
JSON_TYPES = ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
MEDIA_TYPES = [
    *JSON_TYPES, "text/csv", "text/csv; header=absent", "application/x-ndjson", "application/vnd.pgrst.object+json",
    "application/json; charset=latin-1", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
    "multipart/form-data; boundary=x", "", "x", "application/json;", "text/csv; charset=nothing", "*/*", "\xff",
]  # fmt: skip
ACCEPTS = [
    "application/json", "*/*", "text/csv", "application/x-ndjson", "application/vnd.pgrst.object+json",
    "application/vnd.pgrst.array+json;nulls=stripped", "application/problem+json", "text/html", "application/xml",
    "application/vnd.pgrst.plan+json", "application/json;q=0", "text/csv;q=0.5, */*;q=0.1", "", ",", "a/b/c", "\xe4",
    "application/openapi+json",
]  # fmt: skip
PREFERENCES = [
    "return=representation", "return=minimal", "return=headers-only", "count=exact", "count=planned", "tx=rollback",
    "count=estimated", "resolution=merge-duplicates", "resolution=ignore-duplicates", "missing=default",
    "max-affected=1", "max-affected=0", "handling=strict", "handling=lenient", "handling=strict, max-affected=2",
    "x=y", "", ",,", "=", "return", "max-affected=" + "9" * 30, "timezone=Europe/Berlin",
]  # fmt: skip
HEADERS: dict[str, list[str]] = {
    "Accept": ACCEPTS,
    "Prefer": PREFERENCES,
    "If-Match": ['"1"', '"2"', "*", 'W/"1"', '"', "x", '"1", "2"', "", '"1-1"', "\xff"],
    "If-None-Match": ['"1"', "*", 'W/"1"', '"', "", '"1-1", "2-1"'],
    "If-Unmodified-Since": ["Sat, 29 Oct 1994 19:43:31 GMT", "x"],
    "Range": ["0-1", "0-", "5-1", "-1", "items=0-4", "bytes=0-1", "x", "0-99999999999999999999", "1-1000", ""],
    "Range-Unit": ["items", "bytes"],
    "Accept-Profile": ["public", "other", "", "\xe4"],
    "Content-Profile": ["public", "other"],
    "Content-Encoding": ["identity", "gzip", "br", "", "x, y"],
    "Accept-Encoding": ["gzip", "identity;q=0", "*;q=0"],
    "Accept-Language": ["de"],
    "X-Request-Id": ["abc", "a b", "x" * 100, "\xe4"],
    "Origin": ["http://example.org", "null", "x"],
    "Access-Control-Request-Method": ["PATCH", "BREW", ""],
    "X-HTTP-Method-Override": ["DELETE"],
    "X-Forwarded-Host": ["evil.example"],
    "X-Vhm-Root": ["/table"],
    "Authorization": ["Bearer x", "Basic !!!", ""],
    "Cookie": ["a=b", "\xff"],
    "Host": ["", "x:y", "a b", "localhost:99999"],
    "Expect": ["100-continue"],
    "Transfer-Encoding": ["chunked"],
}


class World:
    """What the generator knows of the service: its tables as they were read last."""

    def __init__(self):
        self.tables: list[dict[str, Any]] = []
        self.cursors: list[str] = []
        #: The operators of each type.
        self.operators: dict[str, list[str]] = {}

    def relations(self, table: dict[str, Any]) -> list[str]:
        """Names under which rows of others may be embedded in those of a table."""
        names = [name for name, each in table["fields"].items() if each["type"] in ("link", "links")]
        for other in self.tables:
            for each in other["fields"].values():
                if each["type"] in ("link", "links"):
                    names.append(other["model_name"])
                    if each.get("reverse"):
                        names.append(each["reverse"])
        return sorted(set(names))


class Requests:
    """A source of requests; each is made by a generator of its own, so that its number and the seed name it."""

    def __init__(self, world: World, seed: int):
        self.world, self.seed = world, seed

    def number(self, number: int) -> Request:
        return _Maker(self.world, random.Random(f"{self.seed}:{number}")).request()


class _Maker:
    def __init__(self, world: World, draw: random.Random):
        self.world, self.draw = world, draw
        self.table = draw.choice(world.tables) if world.tables else None

    @property
    def models(self) -> list[Any]:
        return [each["model_name"] for each in self.world.tables] + [each["id"] for each in self.world.tables]

    def request(self) -> Request:
        kinds: list[tuple[int, Callable[[], Request]]] = [
            (22, self.rows), (10, self.row), (8, self.query), (26, self.rest), (9, self.change), (2, self.create),
            (3, self.plan), (4, self.history), (4, self.quarantine), (3, self.trash), (3, self.table_trash),
            (3, self.schema), (4, self.others), (3, self.odd_path), (1, self.drop),
        ]  # fmt: skip
        make = self.draw.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]
        return self.spoilt(make())

    def spoilt(self, request: Request) -> Request:
        """With further headers, and sometimes another method, media type or body than make sense."""
        draw = self.draw
        headers = dict(request.headers)
        for _ in range(draw.choice([0, 0, 0, 1, 1, 2])):
            name = draw.choice(["Accept", "Prefer", "Prefer", *HEADERS])
            headers[name] = draw.choice(HEADERS[name])
        method, body = request.method, request.body
        if draw.random() < 0.05:
            method = draw.choice(METHODS)
        if draw.random() < 0.04:
            headers["Content-Type"] = draw.choice(MEDIA_TYPES)
        if draw.random() < 0.03:
            body = draw.choice([None, b"", b"{}", b"[]", b"null", b"\xff", documents.as_bytes(draw, value(draw))])
        made = Request(method, request.target, headers, body)
        return packed(made) if body and draw.random() < 0.01 else made

    # Paths

    def base(self) -> str:
        if self.table is None or self.draw.random() < 0.03:
            return self.draw.choice(["/table/0", "/table/99", "/table/Nothing", f"/table/{2**63}", "/table/01"])
        key = self.table["id"] if self.draw.random() < 0.8 else self.table["model_name"]
        return f"/table/{quote(str(key), safe='')}"

    def slash(self) -> str:
        return self.draw.choice(["/", "/", ""])

    def queries(self) -> Queries:
        table = self.table or {"fields": {}}
        relations = self.world.relations(table) if self.table else []
        return Queries(self.draw, table["fields"], relations, self.world.cursors, self.world.operators)

    def with_query(self, path: str, chance: float) -> str:
        if self.draw.random() > chance:
            return path
        text = self.queries().text()
        return f"{path}?{text}" if text else path

    def json(self, method: str, target: str, made: Any) -> Request:
        kind = "application/merge-patch+json" if method == "PATCH" and self.draw.random() < 0.3 else "application/json"
        return Request(method, target, {"Content-Type": kind}, documents.as_bytes(self.draw, made))

    # Rows

    def documents(self) -> Any:
        draw = self.draw
        if draw.random() < 0.5:
            return documents.row(draw, self.table)
        return [documents.row(draw, self.table) for _ in range(draw.choice([0, 1, 2, 5, 20]))]

    def csv(self) -> bytes:
        draw = self.draw
        fields = list((self.table or {"fields": {}})["fields"].items())
        chosen = draw.sample(fields, min(len(fields), draw.choice([1, 2, 3])))
        names = [name for name, _ in chosen] + draw.choice([[], [], ["id"], [odd_text(draw)]])
        lines = [names]
        for _ in range(draw.choice([0, 1, 2, 5])):
            lines.append([text_of(draw, each.get("type")) for _, each in chosen] + ["1"] * (len(names) - len(chosen)))
        end = draw.choice(["\r\n", "\n", "\n", "\r"])
        return end.join(",".join(self._cell(text) for text in line) for line in lines).encode("utf-8", "surrogatepass")

    def _cell(self, text: str) -> str:
        if self.draw.random() < 0.05:
            return text
        return '"' + text.replace('"', '""') + '"' if any(each in text for each in ',"\r\n') else text

    def body_of_rows(self, method: str, target: str) -> Request:
        draw = self.draw
        pick = draw.random()
        if pick < 0.12:
            return Request(method, target, {"Content-Type": "text/csv"}, self.csv())
        if pick < 0.24:
            lines = [documents.as_bytes(draw, documents.row(draw, self.table)) for _ in range(draw.choice([0, 1, 3]))]
            return Request(method, target, {"Content-Type": "application/x-ndjson"}, b"\n".join(lines))
        return self.json(method, target, self.documents())

    def rows(self) -> Request:
        path = f"{self.base()}/{self.draw.choice(['rows', 'rows', 'row'])}{self.slash()}"
        method = self.draw.choice(["GET", "GET", "GET", "POST", "POST", "PATCH", "DELETE", "PUT", "HEAD"])
        return self._rows(method, path)

    def _rows(self, method: str, path: str) -> Request:
        draw = self.draw
        if method in ("GET", "HEAD"):
            return Request(method, self.with_query(path, 0.9))
        if method == "DELETE":
            return Request(method, self.with_query(path, 0.9))
        if method == "PATCH":
            return self.json(method, self.with_query(path, 0.9), documents.row(draw, self.table))
        target = path
        if draw.random() < 0.3:
            names = ",".join(self.queries().name() for _ in range(draw.choice([1, 2])))
            target += f"?{draw.choice(['on_conflict', 'columns', 'select'])}={encoded(draw, names)}"
        made = self.body_of_rows(method, target)
        if draw.random() < 0.3:
            made.headers["Prefer"] = draw.choice(PREFERENCES)
        return made

    def row(self) -> Request:
        number = self.draw.choice([1, 2, 3, 4, 5, 0, "01", "x", 2**63, "9" * 30, "-1", "1.0"])
        path = f"{self.base()}/rows/{number}{self.slash()}"
        method = self.draw.choice(["GET", "PUT", "PATCH", "DELETE", "HEAD"])
        if method in ("PUT", "PATCH"):
            return self.json(method, path, documents.row(self.draw, self.table))
        return Request(method, self.with_query(path, 0.1))

    def query(self) -> Request:
        return self.json("POST", f"{self.base()}/query{self.slash()}", document(self.queries()))

    def rest(self) -> Request:
        draw = self.draw
        if self.table is None or draw.random() < 0.06:
            return Request(draw.choice(METHODS), draw.choice(["/rest/", "/rest", "/rest/nothing", "/rest/rpc/f"]))
        path = f"/rest/{quote(self.table['model_name'], safe='')}{self.slash()}"
        method = draw.choice(["GET", "GET", "GET", "POST", "POST", "PATCH", "DELETE", "PUT", "HEAD"])
        if method == "PUT":
            number = draw.choice([1, 2, 7])
            return self.json(method, f"{path}?id=eq.{number}", {**_object(self.documents()), "id": number})
        return self._rows(method, path)

    # Definitions

    def on_error(self) -> str:
        return self.draw.choice(["", "", "?on_error=null", "?on_error=default", "?on_error=quarantine", "?on_error=x"])

    def create(self) -> Request:
        return self.json("POST", f"/table{self.slash()}", documents.definition(self.draw, self.models))

    def change(self) -> Request:
        draw = self.draw
        method = draw.choice(["PUT", "PUT", "PATCH", "GET"])
        target = f"{self.base()}{self.slash()}"
        if method == "GET":
            return Request(method, target)
        if method == "PUT":
            return self.json(method, target + self.on_error(), documents.definition(draw, self.models, self.table))
        return self.json(method, target + self.on_error(), documents.patch(draw, self.models, self.table))

    def plan(self) -> Request:
        made = documents.definition(self.draw, self.models, self.table)
        return self.json("POST", f"{self.base()}/plan{self.slash()}{self.on_error()}", made)

    def drop(self) -> Request:
        return Request("DELETE", f"{self.base()}/")

    def history(self) -> Request:
        draw = self.draw
        one, other = (draw.choice([1, 1, 2, 3, 5, 99, "x"]) for _ in range(2))
        below = draw.choice(["", "", f"/{one}", f"/{one}/diff/{other}", f"/{one}/revert", f"/{one}/diff"])
        method = "POST" if below.endswith("revert") else "GET"
        query = draw.choice(["", "", "?limit=2", "?limit=1&offset=1", "?limit=x", "?before=3", "?limit=0"])
        target = f"{self.base()}/history{below}{self.slash()}"
        return Request(method, target + (self.on_error() if method == "POST" else query))

    def quarantine(self) -> Request:
        draw = self.draw
        below = draw.choice(["", "", "/1", "/2", "/1/restore", "/2/restore", "/x"])
        target = f"{self.base()}/quarantine{below}{self.slash()}"
        if below.endswith("restore"):
            made = self.json(
                "POST", target + draw.choice(["", "?overwrite=true", "?overwrite=x"]), {"value": value(draw)}
            )
            return made if draw.random() < 0.6 else Request("POST", made.target)
        query = draw.choice(["", "?limit=1", f"?field={encoded(draw, self.queries().name())}"])
        return Request(draw.choice(["GET", "GET", "DELETE"]), target + query)

    def trash(self) -> Request:
        return self._trash(f"{self.base()}/trash")

    def table_trash(self) -> Request:
        return self._trash("/trash")

    def _trash(self, path: str) -> Request:
        draw = self.draw
        below = draw.choice(["", "", "/1", "/2", "/3", "/1/restore", "/2/restore", "/3/restore", "/x"])
        target = f"{path}{below}{self.slash()}"
        if below.endswith("restore"):
            bodies = [{}, {"name": "a"}, {"name": "back"}, {"model_name": "Back"}, {"required": False}, value(draw)]
            made = self.json("POST", target + self.on_error(), draw.choice(bodies))
            return made if draw.random() < 0.5 else Request("POST", made.target)
        method = draw.choice(["GET", "GET", "DELETE"]) if below else "GET"
        return Request(method, target + draw.choice(["", "?limit=1", "?offset=1"]))

    def schema(self) -> Request:
        draw = self.draw
        method = draw.choice(["GET", "GET", "POST", "PUT"])
        if method == "GET":
            return Request(method, f"/schema{self.slash()}")
        target = f"/schema{'/plan' if method == 'POST' or draw.random() < 0.5 else ''}{self.slash()}"
        tables = [
            {key: each[key] for key in ("id", "model_name", "fields", "unique", "indexes") if key in each}
            for each in self.world.tables
        ]
        if tables and draw.random() < 0.7:
            at = draw.randrange(len(tables))
            tables[at] = documents.definition(draw, self.models, tables[at])
        if draw.random() < 0.3:
            tables.append(documents.definition(draw, self.models))
        made = {"tables": tables} if draw.random() < 0.9 else draw.choice([tables, {}, value(draw)])
        return self.json(method, target + draw.choice(["", "?drop=true", self.on_error()]), made)

    # The rest of the tree

    def others(self) -> Request:
        draw = self.draw
        paths = [
            "/",
            "/field-type/",
            "/field-type/string",
            "/field-type/nothing",
            "/live",
            "/ready",
            "/table/",
            "/rest/",
        ]
        if self.table is not None:
            paths += [f"{self.base()}/health/"]
        query = draw.choice(["", "", "?limit=1", "?x=y", "?limit=2&offset=1"])
        return Request(draw.choice(["GET", "GET", "GET", *METHODS]), draw.choice(paths) + query)

    def odd_path(self) -> Request:
        draw = self.draw
        segments = ["table", "1", "rows", "rest", "One", "%00", "%ff", "..", ".", "%2F", "@@", "*", "%F0%9F%99%82", "",
                    "history", "trash", "quarantine", "row", "query", "a" * 300, "%ED%A0%80", "live"]  # fmt: skip
        path = "/" + "/".join(draw.choice(segments) for _ in range(draw.choice([1, 2, 3, 5])))
        query = draw.choice(["", "", "?%ff=1", "?a", "?=", "?&&&", "?a=%zz", "?" + "a=1&" * 400])
        return Request(draw.choice(METHODS), path + query)


def _object(made: Any) -> dict[str, Any]:
    return made if isinstance(made, dict) else {}
