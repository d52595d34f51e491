"""Random requests of the identity at both faces; also such as name what it may not know."""

from random import Random
from typing import Any

import orjson

from tests.access.worlds.conditions import random_condition
from tests.access.worlds.tables import NEXT, RELATIONS, TABLES, THROUGH, TYPES, UNIQUE, as_json, value
from tests.soak.fuzzing.queries import CASTS, Queries, document, encoded
from tests.soak.fuzzing.wire import Request

#: Seldom the table that no grant names.
ASKED = ("Team", "Team", "Person", "Person", "Person", "Person", "Project", "Project", "Project", "Hidden")
IDS = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 41, 45, 77, NEXT]
_TEXTS = {
    "string": ["a", "b", "ab", "ann", "x,y", "t1", "p2", "z0"],
    "text": ["a", "b", "x"],
    "integer": ["0", "1", "2", "3"],
    "decimal": ["0", "1.50", "5", "100", "-2.25"],
    "number": ["0", "1.5", "3", "10"],
    "date": ["2020-01-01", "2024-02-29", "2025-12-31"],
    "json": ['{"k":"a"}', "[]", '"a"'],
    "tags": ["{a}", "{a,b}", "{}"],
    "link": ["1", "2", "3", "41", "45"],
    "links": ["1", "{1,2}"],
    "created_by": ["user:1", "user:2"],
    "created_time": ["2026-01-02T00:00:00Z"],
    "autonumber": ["1", "3", "62"],
}
_OPERATORS = {
    "string": ["eq", "neq", "gt", "lt", "like", "ilike", "match", "in", "is", "isdistinct", "fts", "eq(any)"],
    "text": ["eq", "neq", "gt", "like", "ilike", "match", "in", "is", "isdistinct", "fts", "plfts"],
    "json": ["cs", "cd", "is", "eq", "isdistinct"],
    "tags": ["cs", "cd", "ov", "eq", "is"],
    "links": ["cs", "ov", "is", "eq"],
}
UNSORTED = ("notes", "members", "labels")
_ORDERED = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "isdistinct", "eq(any)", "gt(all)"]
ACCEPTS = ["text/csv", "application/x-ndjson", "application/vnd.pgrst.object+json", "application/json",
           "application/vnd.pgrst.array+json;nulls=stripped", "application/problem+json",
           "application/vnd.pgrst.plan+json"]  # fmt: skip
PREFERENCES = ["count=exact", "count=planned", "count=estimated", "return=representation", "return=minimal",
               "tx=rollback", "handling=strict, max-affected=1", "return=representation, count=exact",
               "return=headers-only", "missing=default"]  # fmt: skip
OTHERS = ["/me/", "/table/", "/rest/", "/schema/", "/health/", "/trash/", "/access/", "/access/explain/?table=Person"
          "&action=read&row=1", "/audit/", "/token/", "/user/", "/field-type/", "/"]  # fmt: skip
BELOW = ["", "history/", "history/1/", "trash/", "quarantine/", "health/", "plan/", "rows/1/history/", "openapi/"]


class _Asked(Queries):
    """Queries whose values are mostly those of rows."""

    table: str
    #: What the identity may know.
    known: dict[str, list[str]]

    def name(self) -> str:
        known = self.known[self.table]
        return self.draw.choice(["id", *known]) if known and self.draw.random() < 0.85 else super().name()

    def far_name(self, far: str) -> str:
        known = self.known[far]
        return self.draw.choice(["id", *known] if known and self.draw.random() < 0.85 else ["id", *TYPES[far]])

    def condition(self, column: str, nested: bool) -> str:
        draw = self.draw
        name = column.partition("->")[0]
        kind = TYPES[self.table].get("score" if name == "points" else name, "integer")
        kind = "string" if "->>" in column else kind
        if draw.random() < 0.15 or kind not in _TEXTS:
            return super().condition(column, nested)
        prefix = "not." if draw.random() < 0.3 else ""
        operator = draw.choice(_OPERATORS.get(kind, _ORDERED))
        text = draw.choice(_TEXTS[kind])
        if operator == "is":
            text = draw.choice(["null", "not_null"])
        elif operator in ("like", "ilike"):
            text = draw.choice(["a*", "*b*", "*"])
        elif operator == "match":
            text = draw.choice(["^a", "a|b", "("])
        elif operator == "in":
            text = "(" + ",".join(f'"{draw.choice(_TEXTS[kind])}"' for _ in range(draw.choice([1, 2]))) + ")"
        elif operator.endswith(")"):
            text = "{" + ",".join(f'"{draw.choice(_TEXTS[kind])}"' for _ in range(draw.choice([1, 2]))) + "}"
        if nested and operator != "in" and any(character in text for character in ',()"{}'):
            text = '"' + text.replace('"', '\\"') + '"'
        return f"{prefix}{operator}.{text}"

    def parameters(self) -> list[tuple[str, str]]:
        """Mostly a few parts that go together, so that the answer is a list."""
        draw = self.draw
        if draw.random() < 0.25:
            return super().parameters()
        found: list[tuple[str, str]] = []
        for _ in range(draw.choice([0, 1, 1, 2])):
            column = self.column()
            found.append((column, self.condition(column, False)))
        if draw.random() < 0.2:
            found.append((draw.choice(["or", "and", "not.or", "not.and"]), self.group()))
        pick = draw.random()
        relation = draw.choice(self.relations)
        far = RELATIONS[self.table][relation][0]
        if self.table in THROUGH and draw.random() < 0.4:
            relation = far = THROUGH[self.table]
        far_name = self.far_name(far)
        if pick < 0.2:
            found.append(("select", f"id,{relation}{draw.choice(['', '!inner', '!left'])}(id,{far_name})"))
            if draw.random() < 0.2:
                found[-1] = ("select", f"id,{relation}(count(),{far_name})")
            if draw.random() < 0.6:
                found.append((f"{relation}.{far_name}", _of(far, self, self.known).condition(far_name, False)))
        elif pick < 0.3:
            found.append(("select", f"{draw.choice(['id,', '*,'])}...{relation}(f:{far_name})"))
        elif pick < 0.4:
            found += [("select", f"id,{relation}()"), (relation, draw.choice(["is.null", "not.is.null"]))]
        elif pick < 0.6:
            name = self.name()
            aggregate = draw.choice([f"{name}.count()", f"{name}.max()", f"{name}.sum()", "count()", f"{name}.avg()"])
            by = draw.choice(["", f"{self.name()},"])
            found.append(("select", by + aggregate))
            if draw.random() < 0.3:
                found.append(
                    ("order", draw.choice([aggregate, by.strip(",") or aggregate]) + draw.choice(["", ".desc"]))
                )
            if draw.random() < 0.3:
                subject, value = draw.choice(["count()", aggregate]), draw.choice(["eq.1", "gt.1", "is.null", "lt.x"])
                found.append(("having", f"({draw.choice(['', 'not.'])}or({subject}.{value},{self.name()}.is.null))"))
        elif pick < 0.7:
            cast = f"{self.name()}::{draw.choice(CASTS)}"
            found.append(("select", f"id,{draw.choice(['notes->k', 'notes->>k', cast])}"))
        if draw.random() < 0.3 and not 0.4 <= pick < 0.6:
            term = f"{relation}({far_name})" if pick < 0.2 and draw.random() < 0.3 else self.name()
            found.append(("order", term + draw.choice(["", ".desc", ".desc.nullslast", ".nullsfirst"])))
        if draw.random() < 0.3:
            found.append(("limit", draw.choice(["1", "2", "3", "0"])))
            if self.cursors and draw.random() < 0.3:
                found.append((draw.choice(["_after", "_before"]), draw.choice(self.cursors)))
        return found


def _of(table: str, other: Queries, known: dict[str, list[str]]) -> _Asked:
    names = [*TYPES[table], "points"] if table == "Person" else list(TYPES[table])
    asked = _Asked(
        other.draw, {name: {"type": TYPES[table].get(name, "number")} for name in names}, list(RELATIONS[table]),
        other.cursors,
    )  # fmt: skip
    asked.table, asked.known = table, known
    return asked


class Requests:
    """
    :param known: the fields of each table that the identity may know
    :param cursors: of answers so far
    """

    def __init__(self, draw: Random, known: dict[str, list[str]], cursors: list[str]) -> None:
        self.draw, self.known, self.cursors = draw, known, cursors
        self.asked = [table for table in ASKED if known[table]] or list(ASKED)

    def request(self) -> Request:
        draw = self.draw
        self.table = draw.choice(self.asked if draw.random() < 0.9 else ASKED)
        self.queries = _of(self.table, Queries(draw, {}, [], self.cursors), self.known)
        ways = [self.rows, self.query, self.row, self.write_row, self.add, self.upsert, self.write_found, self.other]
        found: Request = draw.choices(ways, [34, 10, 6, 18, 12, 8, 12, 6])[0]()
        headers = dict(found.headers)
        if draw.random() < 0.12:
            headers["Accept"] = draw.choice(ACCEPTS)
        if draw.random() < 0.3:
            more = draw.choice(PREFERENCES)
            headers["Prefer"] = f"{headers['Prefer']}, {more}" if "Prefer" in headers else more
        if draw.random() < 0.1 and found.method in ("GET", "HEAD"):
            headers["Range"] = draw.choice(["0-1", "1-", "0-0", "5-9"])
        return Request(found.method, found.target, headers, found.body)

    def whole(self, table: str) -> Request:
        """All rows of a table."""
        path = self.draw.choice([f"/table/{table}/rows/", f"/rest/{table}"])
        kind = self.draw.choice(["application/json", "text/csv"])
        return Request("GET", path, {"Accept": kind, "Prefer": f"count={self.draw.choice(['exact', 'planned'])}"})

    def base(self) -> str:
        draw = self.draw
        if draw.random() < 0.45:
            return f"/rest/{self.table}"
        key = self.table if draw.random() < 0.5 else str(TABLES.index(self.table) + 1)
        return f"/table/{key}/rows/"

    def with_query(self, path: str) -> str:
        text = self.queries.text()
        return f"{path}?{text}" if text else path

    def rows(self) -> Request:
        draw = self.draw
        method = "HEAD" if draw.random() < 0.12 else "GET"
        if draw.random() < 0.5:
            return Request(method, self.with_query(self.base()))
        # What is seldom refused.
        known = ["id", *[name for name in self.known[self.table] if name != "secret"]]
        parts = []
        if draw.random() < 0.6:
            parts.append(self.found())
        if draw.random() < 0.3:
            parts.append(f"select={','.join(dict.fromkeys(draw.choice(known) for _ in range(2)))}")
        if draw.random() < 0.4:
            parts.append(f"order={draw.choice([name for name in known if name not in UNSORTED])}")
        path = self.base()
        return Request(method, f"{path}?{'&'.join(parts)}" if parts else path)

    def found(self) -> str:
        """A filter that is seldom refused."""
        names = [name for name in self.known[self.table] if name != "secret"] or list(TYPES[self.table])
        parts = [encoded(self.draw, part) for part in random_condition(self.draw, self.table, names).text.split("&")]
        return "&".join(part.replace("%3D", "=", 1) for part in parts)

    def query(self) -> Request:
        body = orjson.dumps(_storable(document(self.queries)))
        return Request("POST", f"/table/{self.table}/query/", {"Content-Type": "application/json"}, body)

    def row(self) -> Request:
        path = f"/table/{self.table}/rows/{self.draw.choice(IDS)}/"
        headers = {"If-None-Match": "*"} if self.draw.random() < 0.1 else {}
        return Request("HEAD" if self.draw.random() < 0.2 else "GET", path, headers)

    def write_row(self) -> Request:
        draw = self.draw
        row_id = draw.choice(IDS)
        path = f"/table/{self.table}/rows/{row_id}/"
        method = draw.choice(["PUT", "PATCH", "PATCH", "DELETE"])
        headers = {}
        if draw.random() < 0.2:
            headers["If-Match"] = draw.choice(['"1-1"', '"1-2"', '"2-1"', "*", '"9-9"'])
        if method == "DELETE":
            return Request(method, path, headers)
        found = self.document()
        if draw.random() < 0.2:
            path = f"/rest/{self.table}?id=eq.{row_id}"
            found = {**found, "id": row_id}
        return self._json(method, path, found, headers)

    def document(self) -> dict[str, Any]:
        draw = self.draw
        ids = {table: [1, 2, 3, 4, 41, 77] for table in TABLES}
        found: dict[str, Any] = {}
        names = self.known[self.table] if draw.random() < 0.8 and self.known[self.table] else list(TYPES[self.table])
        for _ in range(draw.choice([0, 1, 1, 2, 3])):
            name = draw.choice(names)
            if name in UNIQUE[self.table]:
                found[name] = draw.choice(["u1", "u2", "z0", f"{self.table[0].lower()}{draw.choice([1, 2, 3])}"])
            elif name in ("number", "made", "owner"):
                if draw.random() < 0.1:
                    found[name] = draw.choice([1, None, "user:1"])
            else:
                found[name] = as_json(value(draw, self.table, name, ids))
        if self.table == "Person" and draw.random() < 0.05:
            found["points"] = draw.choice([1.5, 3.0])
        if self.table == "Team" and draw.random() < 0.5:
            found.setdefault("name", draw.choice(["u1", "u2", "u3", "u4"]))
        if draw.random() < 0.04:
            found[draw.choice(["nothing", "people", "staff", "shadows", "_version", "rank"])] = 1
        return found

    @staticmethod
    def _json(method: str, path: str, found: Any, headers: dict[str, str]) -> Request:
        return Request(method, path, {"Content-Type": "application/json", **headers}, orjson.dumps(found))

    def documents(self) -> list[dict[str, Any]]:
        """Rows with the same keys, mostly."""
        first = self.document()
        found = [first]
        for _ in range(self.draw.choice([1, 1, 2])):
            other = self.document()
            found.append({name: other.get(name, each) for name, each in first.items()})
        for name in UNIQUE[self.table]:
            for number, row in enumerate(found):
                if name in row and self.draw.random() < 0.9:
                    row[name] = f"{row[name]}{number or ''}"
        return found

    def add(self) -> Request:
        draw = self.draw
        base, pick = self.base(), draw.random()
        if draw.random() < 0.15:
            base += f"?select={draw.choice(['*', 'id', 'id,' + self.queries.name()])}"
        if pick < 0.5:
            found = self.document()
            if draw.random() < 0.15:
                found["id"] = draw.choice([1, 2, 41, 50, 300])
            return self._json("POST", base, found, {})
        rows = self.documents()
        if pick < 0.8:
            return self._json("POST", base, rows, {})
        if pick < 0.9:
            return Request("POST", base, {"Content-Type": "application/x-ndjson"}, b"\n".join(map(orjson.dumps, rows)))
        names = list(rows[0])
        lines = [",".join(names), *[",".join(_cell(row[name]) for name in names) for row in rows]]
        return Request("POST", base, {"Content-Type": "text/csv"}, "\n".join(lines).encode())

    def upsert(self) -> Request:
        draw = self.draw
        base = self.base()
        rows = self.documents()
        if UNIQUE[self.table] and draw.random() < 0.4:
            base += f"?on_conflict={draw.choice([*UNIQUE[self.table], self.queries.name()])}"
        else:
            for row in rows:
                row["id"] = draw.choice([*IDS, 50, 51])
        how = draw.choice(["merge-duplicates", "merge-duplicates", "ignore-duplicates"])
        return self._json("POST", base, rows if draw.random() < 0.6 else rows[0], {"Prefer": f"resolution={how}"})

    def write_found(self) -> Request:
        draw = self.draw
        if draw.random() < 0.5:
            path = f"{self.base()}?{self.found()}"
        else:
            path = self.with_query(self.base())
        if draw.random() < 0.4:
            return Request("DELETE", path)
        return self._json("PATCH", path, self.document(), {})

    def other(self) -> Request:
        draw = self.draw
        if draw.random() < 0.5:
            return Request("GET", draw.choice(OTHERS))
        method = draw.choice(["GET", "GET", "GET", "DELETE", "POST"])
        return Request(method, f"/table/{self.table}/{draw.choice(BELOW)}")


def _cell(found: Any) -> str:
    if found is None:
        return ""
    text = found if isinstance(found, str) else orjson.dumps(found).decode()
    return '"' + text.replace('"', '""') + '"'


def _storable(found: Any) -> Any:
    """The document without what orjson does not write."""
    if isinstance(found, dict):
        return {_storable(name): _storable(each) for name, each in found.items()}
    if isinstance(found, list):
        return [_storable(each) for each in found]
    if isinstance(found, str):
        return found.encode("utf-8", "replace").decode()
    if isinstance(found, int) and not isinstance(found, bool) and not -(2**63) <= found < 2**63:
        return 5
    return found
