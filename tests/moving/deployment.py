"""A deployment that has something of everything, made over HTTP, and all that can be seen of one."""

import json
import re
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.testing.strategies import drawn
from tests.every_type import written_types
from tests.web.client import NOTHING, Client

#: Values that the drawn ones may lack.
EDGES = {
    "of_number": [-0.0, 5e-324, 1.7976931348623157e308, 0.1, -1e22, 1e16],
    "of_integer": [-(2**63), 2**63 - 1, 0],
    "of_datetime": ["0001-01-01T00:00:00.000001Z", "9999-12-31T23:59:59.999999Z", "2026-03-29T02:30:00+01:00"],
    "of_date": ["0001-01-01", "9999-12-31"],
    "of_text": ["\\.", "\\N", "a\tb\r\nc\\", "", "%s %(x)s", "'\"", "\u2028\U0001f680"],
    "of_json": [{"zz": 1, "a": [1.0, 1e300, None, "\\u0000"], "": {"b": {}}}, [], "", 0, False, 12345678901234567],
    "of_tags": [["a,b", 'c"d', "{}", "NULL", "\\"]],
}
#: Addresses that show all that is stored, as their readers see it.
FACES = (
    *("/schema/", "/access/", "/user/", "/token/", "/trash/", "/table/"),
    *("/table/{}/rows/?limit=1000", "/table/{}/history/", "/table/{}/trash/", "/table/{}/quarantine/"),
    *("/table/{}/view/", "/table/{}/rows/?limit=1000&order=id.desc", "/rest/{}?limit=1000"),
)


def make(client: Client, rows: int = 12) -> None:
    """All types, links of both kinds, trash of every kind, quarantine, history, access, answers, views."""
    _every_type(client, rows)
    _linked(client, rows)
    _changed(client, rows)
    _access(client)


def _every_type(client: Client, rows: int) -> None:
    types = written_types()
    fields = {f"of_{name}": {"type": name, **options} for name, (options, _) in types.items()}
    fields["no"] = {"type": "autonumber", "index": True}
    fields |= {name: name for name in ("created_time", "updated_time", "created_by", "updated_by")}
    path = client.table(fields, "Every %s (type)")
    values = {f"of_{name}": [pair[0] for pair in drawn(strategy, rows)] for name, (_, strategy) in types.items()}
    for name, edges in EDGES.items():
        values[name][: len(edges)] = edges[:rows]
    sent = [{name: values[name][number] for name in values} for number in range(rows)]
    client.app.post_json(f"{path}rows/", [*sent, {}])


def _linked(client: Client, rows: int) -> None:
    client.table({"title": {"type": "string", "unique_ignore_case": True, "required": True}}, "Author")
    fields = {
        "title": {"type": "string", "max_length": 90, "index": "search"},
        "author": {"type": "link", "table": "Author", "reverse": "books", "on_delete": "cascade"},
        "parent": {"type": "link", "table": "Book", "on_delete": "set_null"},
        "readers": {"type": "links", "table": "Author", "reverse": "read"},
        "others": {"type": "links", "table": "Book"},
        "price": {"type": "decimal", "precision": 30, "scale": 4, "min": "0", "default": "1.5"},
    }
    client.table(fields, "Book", unique=[{"fields": ["title", "author"]}], indexes=[{"fields": ["price", "title"]}])
    client.row("/table/Author/", [{"title": f"Ä {number}"} for number in range(10)])
    books = [
        {
            "title": f"Book {number} of Zoë",
            "author": 1 + number % 10,
            "parent": 1 + number // 2 if number else None,
            "readers": [1 + number % 10, 1 + (number + 3) % 10],
            "others": [number, 1] if number > 1 else [],
            "price": f"{number}.2500",
        }
        for number in range(rows)
    ]
    client.row("/table/Book/", books)
    client.send("DELETE", "/table/Book/rows/3/", status=204)
    client.row("/table/Author/", {"id": 77, "title": "The last number"})
    client.send("DELETE", "/table/Author/rows/77/", status=204)


def _changed(client: Client, rows: int) -> None:
    """Conversions with losses, dropped fields and lists, dropped tables, purged ones."""
    fields = {"a": "string", "b": "text", "gone": "json", "list": {"type": "links", "table": "Author"}, "n": "integer"}
    path = client.table(fields, "Changed")
    client.row(
        path, [{"a": str(n) if n % 3 else f"x{n}", "gone": {"n": n}, "list": [1, 2], "n": n} for n in range(rows)]
    )
    client.send("PATCH", f"{path}?on_error=a:quarantine", {"fields": {"a": "integer"}}, status=200)
    client.send("PATCH", path, {"fields": {"gone": None, "list": None, "n": None, "m": {"id": 5}}}, status=200)
    client.send("PATCH", path, {"fields": {"b": {"index": "search"}}}, status=200)
    for name in ("Gone", "Purged"):
        fields = {
            "name": {"type": "string", "required": True, "unique": True, "max_length": 50},
            "author": {"type": "link", "table": "Author", "reverse": None},
            "liked": {"type": "links", "table": "Author"},
            "text": {"type": "text", "index": "search"},
            "lost": "integer",
        }
        gone = client.table(fields, name)
        client.row(
            gone, [{"name": f"{n}", "author": 1, "liked": [2, 1], "text": "words here", "lost": n} for n in range(9)]
        )
        client.send("PATCH", gone, {"fields": {"lost": None}}, status=200)
        client.send("DELETE", gone, status=204)
    number = client.get("/trash/")[-1]["number"]
    client.send("DELETE", f"/trash/{number}/", status=204)


def _access(client: Client) -> None:
    client.send("PUT", "/access/role/clerk/", {"label": "Ü", "tables": {"Book": {"read": True}}}, status=None)
    client.send("POST", "/user/", {"name": "Ann", "roles": ["clerk"], "password": "a long password"}, status=201)
    client.send("POST", "/token/", {"name": "of a program", "roles": ["clerk"]}, status=201)
    client.send("POST", "/table/Book/view/", {"name": "Dear", "query": "price=gt.3&select=title,price"}, status=201)
    client.send("POST", "/table/Author/rows/", {"title": "Once"}, status=201, idempotency_key="0123456789abcdef")


def seen(client: Client) -> dict[str, Any]:
    """All answers of :data:`FACES`."""
    tables = client.get("/table/")
    answers = {}
    for face in FACES:
        for path in [face.format(_part(face, table)) for table in tables] if "{}" in face else [face]:
            answer = client.app.get(path, expect_errors=True)
            answers[path] = (answer.status_int, re.sub('"request_id":"[^"]*"', "", answer.text))
    return answers


def _part(face: str, table: dict[str, Any]) -> Any:
    from urllib.parse import quote

    return quote(table["model_name"], safe="") if face.startswith("/rest/") else table["id"]


def stamps(client: Client) -> tuple[Any, ...]:
    database = client.catalogue.database
    with database.reading() as connection:
        return tuple(connection.execute(sa.select(database.system.state)).one())


def system_rows(client: Client) -> dict[str, Any]:
    """All rows of system tables but the stamps, in one form for all databases."""
    database = client.catalogue.database
    found = {}
    with database.reading() as connection:
        for table in database.system.metadata.sorted_tables:
            if table is not database.system.state:
                rows = [json.dumps([_plain(value) for value in row]) for row in connection.execute(sa.select(table))]
                found[table.name] = sorted(rows)
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.replace(tzinfo=None).isoformat()
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value


def use(client: Client) -> list[tuple[int, str]]:
    """Answers to requests that need what answers do not show: trash, history, counters, rules, indexes, secrets."""
    changed = next(table["id"] for table in client.get("/table/") if table["model_name"] == "Changed")
    gone = client.get("/trash/")[0]["number"]
    trash = client.get(f"/table/{changed}/trash/")
    requests: list[tuple[Any, ...]] = [
        ("POST", "/table/Author/rows/", {"title": "After the last number"}),
        ("POST", "/table/Author/rows/", {"title": "ä 3"}),
        ("POST", "/table/Author/rows/", {"title": "Once"}, {"idempotency_key": "0123456789abcdef"}),
        ("POST", "/table/Book/rows/", {"title": "Book 1 of Zoë", "author": 2}),
        ("POST", "/table/Book/rows/", {"title": "x", "author": 999}),
        ("POST", "/table/Book/rows/", {"title": "x", "price": "-1"}),
        ("GET", "/table/Book/rows/?title=fts.zo%C3%AB&limit=3&select=id,title"),
        ("POST", "/table/Every%20%25s%20%28type%29/rows/", {}),
        ("POST", f"/trash/{gone}/restore/"),
        ("GET", "/table/Gone/rows/"),
        ("POST", "/table/Gone/rows/", {"name": "new", "liked": [2]}),
        ("POST", "/table/Gone/rows/", {"name": "1"}),
        ("GET", "/table/Gone/rows/?text=fts.words&select=id"),
        *(
            ("POST", f"/table/{changed}/trash/{field['number']}/restore/")
            for field in trash
            if not field.get("version")
        ),
        ("GET", f"/table/{changed}/rows/"),
        ("POST", f"/table/{changed}/history/1/revert/"),
        ("GET", f"/table/{changed}/rows/"),
        ("POST", "/table/", {"model_name": "Next", "fields": {"a": "string"}}),
        ("POST", "/user/", {"name": "Next", "roles": []}),
        ("GET", "/table/"),
        ("GET", f"/table/{changed}/trash/"),
        ("DELETE", "/table/Author/rows/1/"),
        ("GET", "/table/Book/rows/?select=id,readers,others&limit=9"),
        ("POST", "/session/", {"name": "Ann", "password": "a long password"}, {"origin": "http://localhost"}),
    ]
    answers = []
    for method, path, *rest in requests:
        document, headers = (*rest, NOTHING)[0], rest[1] if len(rest) > 1 else {}
        answer = client.send(method, path, document, **headers)
        text = re.sub(r'"20\d\d-[^"]*Z"|"request_id": *"[^"]*"', '""', answer.text)
        answers.append((answer.status_int, f"{method} {path}: {text}"))
    return answers
