"""Tests that query values over HTTP: each operator, aggregate, order, cast and upsert, at both faces.

They are for all types, those of system values and computed values too. The answer must be the same by a query string,
in a group, by a document and under ``/rest/``, and on both databases.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import webtest

from dynmodel_pyramid.fields import FieldType, is_sortable
from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.queries.grammar.syntax import AGGREGATES
from dynmodel_pyramid.queries.sql.casts import CASTS
from dynmodel_pyramid.testing.cases import Case
from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.suite import Suite
from dynmodel_pyramid.testing.values import same_json

#: Operators that take the text of any value of the type. Others may refuse some texts, such as bad patterns.
_OF_VALUES = {"eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "isdistinct"}
#: Statuses that may be answered besides 200, at ``/table/`` and at ``/rest/``.
_REFUSALS = {
    "invalid_operand": ("22P02", "22007"),
    "unknown_cast": ("42704",),
    "unsupported_by_database": ("PGRST127",),
}
#: Leaves exact numbers as they are: texts at ``/table/``, numbers at ``/rest/``.
_LEAVES_NUMBERS = "numeric"
#: The first name of each kind of cast; what further names mean is a table, which is the same for all types.
_CASTS = [*{kind: name for name, kind in reversed(CASTS.items())}.values(), _LEAVES_NUMBERS]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


#: Gives the table of a case that is asked.
Asked = Callable[[webtest.TestApp, FieldType, Case], TableDriver]


class AskingConformance(Suite):
    """Part of both suites."""

    #: Whether clients write the values.
    is_written = True

    def filled(self, app: webtest.TestApp, the_type: FieldType, case: Case) -> TableDriver:
        """A table with some values of the type, and one row with null where the type allows it."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def asked(cls) -> Asked:
        """A function that gives the table of :meth:`filled`, made once: the tests below leave its rows as they are."""
        tables: dict[tuple[int, int], TableDriver] = {}

        def of(app: webtest.TestApp, the_type: FieldType, case: Case) -> TableDriver:
            key = (id(app), id(case))
            if key not in tables:
                tables[key] = cls().filled(app, the_type, case)
            return tables[key]

        return of

    def texts(self, the_type: FieldType, case: Case, table: TableDriver) -> list[str]:
        """The texts of two values that the table has, as they stand in a query string."""
        raise NotImplementedError

    # Conditions

    def test_every_operator_is_asked_at_both_faces(
        self, apps: dict[str, webtest.TestApp], asked: Asked, the_type: FieldType, case: Case
    ) -> None:
        tables = {database: asked(app, the_type, case) for database, app in apps.items()}
        texts = self.texts(the_type, case, tables["sqlite"])
        same = self.values_are_the_same_everywhere(tables)
        # Where a condition may stand, and what its quantifiers mean, does not depend on the options: the first case
        # asks for that. The faces translate conditions by the same code, and a write finds its rows by the statement
        # of a query, so one condition of an operator is enough of the other cases, and of writes.
        is_first = case is self.cases[0]
        for operator in the_type.operators:
            for number, (condition, document) in enumerate(_conditions(operator, texts, quantified=is_first)):
                answers = {
                    database: self._asked(
                        table,
                        operator,
                        condition,
                        document,
                        at_rest=is_first or number == 0,
                        thoroughly=is_first and number < 2,
                        writes=is_first and number == 0,
                    )
                    for database, table in tables.items()
                    if database in operator.dialects
                }
                if same and len(answers) == 2:
                    assert answers["sqlite"] == answers["postgresql"], condition

    def values_are_the_same_everywhere(self, tables: dict[str, TableDriver]) -> bool:
        """Whether the values don't depend on when the rows were made."""
        one, other = ([row["value"] for row in table.rows()] for table in tables.values())
        return same_json(one, other)

    def _asked(
        self,
        table: TableDriver,
        operator: Operator,
        condition: str,
        document: dict[str, Any],
        *,
        at_rest: bool,
        thoroughly: bool,
        writes: bool,
    ) -> Any:
        """The ids that a condition finds, or its error's code: the same at each place where a condition may stand."""
        raw = quote(condition, safe="")
        plain = self._ids(table, "GET", f"{table.path}rows/?select=id&order=id&value={raw}")
        assert isinstance(plain, list) or operator.name not in _OF_VALUES, f"{condition} is refused: {plain}"
        if at_rest:
            rest = self._ids(table, "GET", f"/rest/{table.model_name}?select=id&order=id&value={raw}")
            wanted = (plain,) if isinstance(plain, list) else _REFUSALS[plain]
            assert rest in wanted, f"{condition} at /rest/"
        if not thoroughly:
            return plain
        name, _, value = condition.partition(".")
        if name == "not":
            operator_name, _, value = value.partition(".")
            name = f"not.{operator_name}"
        nested = value if operator.many or operator.name == "is" else _quoted(value)
        grouped = quote(f"(value.{name}.{nested},id.lt.0)", safe="")
        asked = self._ids(table, "GET", f"{table.path}rows/?select=id&order=id&or={grouped}")
        assert asked == plain, f"{condition} in a group"
        asked = self._ids(table, "POST", f"{table.path}query/", {"select": "id", "order": "id", "where": document})
        assert asked == plain, f"{condition} in a document"
        if writes and isinstance(plain, list):
            self._write(table, condition, plain)
        return plain

    def _ids(self, table: TableDriver, method: str, path: str, document: Any = None) -> Any:
        answer = _send(table.app, method, path, document)
        if answer.status_int == 200:
            return [row["id"] for row in answer.json]
        code = answer.json["code"]
        assert code in _REFUSALS or any(code in codes for codes in _REFUSALS.values()), (
            f"{method} {path} is {answer.status}: {answer.text}"
        )
        return code

    def _write(self, table: TableDriver, condition: str, row_ids: list[int]) -> None:
        """A write by the same filter changes the same rows; it is undone."""
        raw = quote(condition, safe="")
        headers = {"Prefer": "tx=rollback, return=representation"}
        for path in (f"{table.path}rows/", f"/rest/{table.model_name}"):
            for method, document in (("PATCH", {"key": 9}), ("DELETE", None)):
                answer = _send(table.app, method, f"{path}?select=id&order=id&value={raw}", document, headers)
                assert answer.status_int == 200, f"{method} {path} {condition} is {answer.status}: {answer.text}"
                if answer.headers.get("Preference-Applied", "").find("tx=rollback") < 0:
                    raise AssertionError("tx=rollback was not honoured")
                assert [row["id"] for row in answer.json] == row_ids, f"{method} by {condition}"

    # Order, groups, aggregates, casts

    def test_every_order_is_asked_at_both_faces(
        self, app: webtest.TestApp, asked: Asked, the_type: FieldType, case: Case
    ) -> None:
        table = asked(app, the_type, case)
        for order in ("value", "value.desc", "value.nullsfirst", "value.desc.nullslast", "value,key.desc"):
            if not is_sortable(the_type):
                answer = app.get(f"{table.path}rows/?order={order}", status=400)
                assert answer.json["code"] == "not_sortable"
                app.get(f"/rest/{table.model_name}?order={order}", status=404)
                continue
            whole = [row["id"] for row in table.rows(f"?select=id,value&order={order}")]
            assert sorted(whole) == [row["id"] for row in table.rows()]
            assert [row["id"] for row in app.get(f"/rest/{table.model_name}?select=id&order={order}").json] == whole
            # Page by page, by cursors.
            seen, path = [], f"{table.path}rows/?select=id&limit=2&order={order}"
            while path:
                answer = app.get(path, status=200)
                seen += [row["id"] for row in answer.json]
                links = [part for part in answer.headers.get("Link", "").split(", ") if part.endswith('rel="next"')]
                path = links[0][1:].partition(">")[0] if links else ""
            assert seen == whole, f"order={order}, page by page"

    def test_every_aggregate_is_asked_at_both_faces(
        self, apps: dict[str, webtest.TestApp], asked: Asked, the_type: FieldType, case: Case
    ) -> None:
        tables = {database: asked(app, the_type, case) for database, app in apps.items()}
        same = self.values_are_the_same_everywhere(tables)
        for aggregate in AGGREGATES:
            answers: list[Any] = []
            for table in tables.values():
                select = f"made:value.{aggregate}()"
                one = _send(table.app, "GET", f"{table.path}rows/?select={select}")
                assert one.status_int in (200, 400), one.text
                other = _send(table.app, "GET", f"/rest/{table.model_name}?select={select}")
                assert other.status_int == one.status_int, f"{aggregate}() at /rest/"
                _send(table.app, "GET", f"{table.path}rows/?select=key,{select}::text")
                grouped = _send(table.app, "GET", f"{table.path}rows/?select=key,{select}&order=key")
                assert grouped.status_int == one.status_int
                if one.status_int == 400:
                    assert one.json["code"] == "invalid_parameter"
                    answers.append(None)
                    continue
                result = one.json[0]["made"]
                values = [row["value"] for row in table.rows()]
                if aggregate in ("min", "max"):
                    assert result is None or any(same_json(result, value) for value in values), (
                        f"{aggregate}() is {result!r}"
                    )
                if not the_type.exact_numbers:
                    assert same_json(other.json[0]["made"], result)
                answers.append(result)
            if is_sortable(the_type) and aggregate in ("min", "max", "count"):
                assert None not in answers or aggregate != "count", "what has an order has min() and max()"
            if same:
                assert same_json(answers[0], answers[1]), f"{aggregate}() differs: {answers!r:.200}"

    def test_every_cast_is_asked_at_both_faces(
        self, apps: dict[str, webtest.TestApp], asked: Asked, the_type: FieldType, case: Case
    ) -> None:
        tables = {database: asked(app, the_type, case) for database, app in apps.items()}
        same = self.values_are_the_same_everywhere(tables)
        for name in _CASTS:
            answers: list[Any] = []
            for table in tables.values():
                query = f"select=id,made:value::{quote(name)}&order=id"
                one = _send(table.app, "GET", f"{table.path}rows/?{query}")
                other = _send(table.app, "GET", f"/rest/{table.model_name}?{query}")
                if one.status_int != 200:
                    assert one.json["code"] == "unknown_cast", one.text
                    assert other.json["code"] in _REFUSALS["unknown_cast"], other.text
                    answers.append(None)
                    continue
                if not (the_type.exact_numbers and name == _LEAVES_NUMBERS):
                    assert same_json(other.json, one.json), f"::{name} at /rest/"
                answers.append([row["made"] for row in one.json])
            if same:
                assert same_json(answers[0], answers[1]), f"::{name} differs: {answers!r:.300}"

    def test_values_are_grouped_and_embedded(
        self, app: webtest.TestApp, asked: Asked, the_type: FieldType, case: Case
    ) -> None:
        table = asked(app, the_type, case)
        groups = table.rows("?select=value,n:count()")
        rows = table.rows("?select=id,value&order=id")
        assert sum(group["n"] for group in groups) == len(rows)
        for group in groups:
            assert any(same_json(group["value"], row["value"]) for row in rows), group
        fields = {"near": {"type": "link", "table": table.definition["id"]}}
        document = {"model_name": f"Near{table.model_name}", "fields": fields}
        path = app.post_json("/table/", document, status=201).headers["Location"]
        app.post_json(f"{path}rows/", [{"near": row["id"]} for row in rows], status=201)
        answer = _send(app, "GET", f"{path}rows/?select=near(id,value)&order=id")
        if answer.status_int != 200:
            assert answer.json["code"] == "unsupported_by_database", answer.text
            return
        assert same_json([row["near"] for row in answer.json], rows), "what is embedded is what a row shows"
        [text] = self.texts(the_type, case, table)[:1]
        answer = _send(app, "GET", f"{path}rows/?select=near!inner(id)&near.value=eq.{quote(text, safe='')}")
        assert answer.status_int == 200, answer.text

    # Upserts

    def test_upserts_are_taken_or_refused_at_both_faces(
        self, app: webtest.TestApp, the_type: FieldType, case: Case
    ) -> None:
        if not is_sortable(the_type):
            return
        document = self.document(case, unique=True)
        created = _send(app, "POST", "/table/", {"model_name": f"U{id(document)}", "fields": {"value": document}})
        assert created.status_int in (201, 409, 422), created.text
        if created.status_int != 201:
            return
        name, path = created.json["model_name"], created.headers["Location"]
        value = case.pairs[0][0] if case.pairs else None
        body = {} if value is None else {"value": value}
        headers = {"Prefer": "resolution=merge-duplicates, return=representation"}
        for target in (f"{path}rows/", f"/rest/{name}"):
            for _ in range(2):
                answer = _send(app, "POST", f"{target}?on_conflict=value", body, headers)
                assert answer.status_int < 500, f"{target}: {answer.status} {answer.text}"
                if case.pairs and self.is_written:
                    assert answer.status_int in (200, 201), answer.text
        rows = app.get(f"{path}rows/").json
        assert not (case.pairs and self.is_written) or len(rows) == 1, rows


def _send(
    app: webtest.TestApp, method: str, path: str, document: Any = None, headers: dict[str, Any] | None = None
) -> webtest.TestResponse:
    body = b"" if document is None else json.dumps(document).encode()
    sent = {**({} if document is None else {"Content-Type": "application/json"}), **(headers or {})}
    answer = app.request(path, method=method, body=body, headers=sent, expect_errors=True)
    assert answer.status_int < 500, f"{method} {path} is {answer.status}: {answer.text[:300]}"
    return answer


def _conditions(operator: Operator, texts: list[str], *, quantified: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each form of an operator, in a query string and in a document."""
    name = operator.name
    modified = f"{name}({min(operator.languages - operator.stems or operator.languages)})"
    if name == "is":
        for word in ("null", "not_null"):
            yield f"is.{word}", {"value": {"is": word}}
            yield f"not.is.{word}", {"value": {"not.is": word}}
        return
    if operator.many:
        listed = f"({','.join(map(_quoted, texts))})"
        for form in (name, f"not.{name}", *([modified] if operator.searches else [])):
            yield f"{form}.{listed}", {"value": {form: texts}}
            yield f"{form}.()", {"value": {form: []}}
        return
    first, *others = texts
    for prefix in ("", "not."):
        yield f"{prefix}{name}.{first}", {"value": {f"{prefix}{name}": first}}
        if quantified and operator.quantified:
            every = "{" + ",".join(map(_quoted, texts)) + "}"
            for quantifier in ("any", "all"):
                form = f"{prefix}{name}({quantifier})"
                yield f"{form}.{every}", {"value": {form: texts}}
    if operator.searches:
        yield f"{modified}.{first}", {"value": {modified: first}}
    for text in others:
        yield f"{name}.{text}", {"value": {name: text}}
