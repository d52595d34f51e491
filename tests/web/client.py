"""A client for tests of the HTTP contract: what holds for every answer is checked at every answer."""

import itertools
import json
import re
from typing import Any

import sqlalchemy as sa
import webtest

from dynmodel_pyramid.database.identifiers import quote_identifier
from tests.promises import assert_promises

NOTHING = object()
PROBLEM = {"type", "title", "status", "detail", "code", "hint", "request_id"}
#: What must never be in an answer: our insides.
INSIDES = ("Traceback", "sqlalchemy", "psycopg", "sqlite3", "_dynmodel", "site-packages", ".py")

EVERY_TYPE = {
    "name": "string",
    "body": "text",
    "price": "number",
    "amount": "integer",
    "available": "boolean",
    "day": "date",
    "moment": "datetime",
    "extra": "json",
}
EVERY_VALUE = {
    "name": "Änderung \U0001f680 שלום",
    "body": "line\nline\t\u2028",
    "price": 19.99,
    "amount": -(2**63),
    "available": True,
    "day": "2026-01-31",
    "moment": "2026-01-31T12:00:00.123456Z",
    "extra": {"a": [1, "x", None, True, {"b": 0.5}]},
}


class Client:
    """Wraps a WebTest application. Documents go as JSON; ``body`` goes as it is."""

    def __init__(self, app: webtest.TestApp):
        self.app = app
        self.catalogue = app.app.registry.dynmodel_catalogue
        self.numbers = itertools.count(1)
        self._stored: dict[str, list] | None = None
        #: Whether each change of a definition is looked after (tests/promises.py).
        self.looks_after = True

    def send(
        self,
        method: str,
        path: str,
        document: Any = NOTHING,
        *,
        status: int | None = None,
        body: bytes | None = None,
        **headers: str,
    ) -> webtest.TestResponse:
        """One request; headers by keyword: ``if_match='"1"'``."""
        sent = {name.replace("_", "-").title(): value for name, value in headers.items() if value is not None}
        if document is not NOTHING:
            body = json.dumps(document).encode()
        if body is not None and "content_type" not in headers:
            sent["Content-Type"] = "application/json"
        keywords = {} if body is None else {"body": body}
        answer = self.app.request(path, method=method, headers=sent, expect_errors=True, **keywords)
        if answer.status_int < 400 and method not in ("GET", "HEAD", "OPTIONS"):
            self._stored = None
        self.check(method, path, answer, sent=path + repr(document) + repr(body))
        if status is not None:
            assert answer.status_int == status, (method, path, answer.status, answer.text[:500])
        if answer.status_int < 300 and method not in ("GET", "HEAD", "OPTIONS"):
            self._look_after(path)
        return answer

    def _look_after(self, path: str) -> None:
        """After a change of a table: what its definition promises is there. New tables are looked after at the end."""
        changed = re.match(r"/(?:table/(\d+)/?(?:$|\?|history|trash)|schema/|trash/)", path)
        if changed is not None and self.looks_after:
            assert_promises(self.catalogue, int(changed[1]) if changed[1] else None)

    def get(self, path: str, **keywords) -> Any:
        """The JSON document at a path."""
        return self.send("GET", path, status=200, **keywords).json

    @staticmethod
    def check(method: str, path: str, answer: webtest.TestResponse, sent: str) -> None:
        """What is true of every answer."""
        assert answer.status_int < 500, (method, path, answer.text[:500])
        for inside in INSIDES:
            assert inside not in answer.text or inside in sent, (method, path, answer.text[:500])
        if method == "HEAD" or answer.status_int in (204, 304):
            assert answer.body == b""
            return
        if answer.status_int < 400:
            return
        assert answer.content_type == "application/problem+json"
        assert PROBLEM <= set(answer.json)
        assert answer.json["status"] == answer.status_int
        assert answer.json["detail"]
        assert answer.headers["X-Request-Id"] == answer.json["request_id"]
        if answer.json["code"] == "validation":
            assert 1 <= len(answer.json["errors"]) <= 100
            assert answer.json["error_count"] >= len(answer.json["errors"])
            for error in answer.json["errors"]:
                assert set(error) - {"hint"} == {"pointer", "code", "detail"}
                assert error["pointer"] == "" or error["pointer"].startswith("/")

    def table(self, fields: Any, name: str | None = None, **further: Any) -> str:
        """Create a table; -> its canonical path, ``/table/1/``."""
        name = name or f"Table{next(self.numbers)}"
        document = {"model_name": name, "fields": fields, **further}
        return self.send("POST", "/table/", document, status=201).headers["Location"]

    def row(self, table: str, document: Any) -> dict[str, Any]:
        return self.send("POST", f"{table}rows/", document, status=201).json

    # What is stored

    def stored(self) -> dict[str, list]:
        """Every row of every table in the database, those of the system included, in any order that stays the same.

        It is asked before and after most refusals: on PostgreSQL one statement, not one a table.
        """
        database = self.catalogue.database
        schema = database.dialect.schema
        names = sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")
        if schema is not None:
            names = sa.text("SELECT tablename FROM pg_tables WHERE schemaname = :schema").bindparams(schema=schema)
        with database.reading() as connection:
            content: dict[str, list] = {name: [] for name in sorted(connection.scalars(names))}
            cursor = connection.connection.cursor()
            if schema is None:
                for name, rows in content.items():
                    rows += sorted(map(repr, cursor.execute(f"SELECT * FROM {quote_identifier(name)}")))
                return content
            names = list(content)
            parts = [f"SELECT {n}, t::text FROM {quote_identifier(name, schema)} t" for n, name in enumerate(names)]
            for number, row in sorted(cursor.execute("\nUNION ALL ".join(parts)).fetchall()):
                content[names[number]].append(row)
        return content

    def refused(
        self, method: str, path: str, document: Any = NOTHING, *, status: int, code: str, **keywords
    ) -> webtest.TestResponse:
        """The request is refused with this status and code, and nothing is changed by it.

        ``code`` is the problem's, or that of one of its errors: ``code`` or ``pointer code``.
        """
        before = self._stored or self.stored()
        answer = self.send(method, path, document, **keywords)
        assert answer.status_int == status, (method, path, document, answer.status, answer.text[:500])
        told = [answer.json["code"]] if method != "HEAD" and answer.body else []
        told += [error["code"] for error in answer.json["errors"]] if "validation" in told else []
        told += [f"{error['pointer']} {error['code']}" for error in answer.json["errors"]] if len(told) > 1 else []
        assert code in told, (method, path, told)
        self._stored = self.stored()
        assert self._stored == before, (method, path)
        return answer


def admin_token(wsgi) -> str:
    """The secret of a new token of an administrator."""
    accounts = wsgi.registry.dynmodel_tenant.accounts
    with accounts.database.writer.begin() as connection:
        return accounts.tokens.create(connection, name="test", roles=("admin",))[1]
