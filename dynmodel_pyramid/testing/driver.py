"""Tables of one field, driven over HTTP, for the conformance suite."""

import itertools
from typing import Any

import webtest
from pyramid.config import Configurator

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.testing.values import same_json

_numbers = itertools.count(1)


def make_application(settings: dict[str, str], field_types: dict[str, type[FieldType]]):
    """The WSGI application with further field types, as a host application would register them."""
    with Configurator(settings=settings) as config:
        config.include("pyramid_tm")
        config.include("dynmodel_pyramid")
        for name, cls in field_types.items():
            config.add_field_type(name, cls)
    return config.make_wsgi_app()


class TableDriver:
    """A table of the fields ``key`` (an integer) and ``value`` (of the type under test).

    Its methods assert what holds for every answer, and return the answer's JSON.
    """

    def __init__(self, app: webtest.TestApp, field: dict[str, Any] | None, **table: Any):
        self.app = app
        self.model_name = f"Conformance{next(_numbers)}"
        self.fields: dict[str, Any] = {"key": "integer"}
        if field is not None:
            self.fields["value"] = field
        answer = app.post_json("/table/", {"model_name": self.model_name, "fields": self.fields, **table}, status=201)
        self.path = answer.headers["Location"]
        self.definition = answer.json

    @property
    def catalogue(self) -> Catalogue:
        return self.app.app.registry.dynmodel_catalogue

    def define(self, fields: dict[str, Any], status: int = 200, query: str = "") -> dict:
        """PUT the definition with these fields."""
        document = {"model_name": self.model_name, "fields": fields}
        answer = self.app.put_json(self.path + query, document, status=status)
        if status == 200:
            self.fields, self.definition = fields, answer.json
        return answer.json

    def add(self, row: Any, status: int = 201) -> Any:
        return self.app.post_json(f"{self.path}rows/", row, status=status).json

    def add_value(self, value: Any) -> dict:
        return self.add({"value": value})

    def change(self, row_id: int, row: dict[str, Any]) -> dict:
        return self.app.patch_json(f"{self.path}rows/{row_id}/", row, status=200).json

    def replace(self, row_id: int, row: dict[str, Any]) -> dict:
        return self.app.put_json(f"{self.path}rows/{row_id}/", row, status=200).json

    def row(self, row_id: int) -> dict:
        return self.app.get(f"{self.path}rows/{row_id}/", status=200).json

    def rows(self, query: str = "") -> list[dict]:
        return self.app.get(f"{self.path}rows/{query}", status=200).json

    def round_trip(self, pairs: list[tuple[Any, Any]]) -> None:
        """POST values in one array; the answer, and a GET of the list, must have exactly their answers."""
        rows = self.add([{"value": value} for value, _ in pairs])
        for row, (value, answer) in zip(rows, pairs, strict=True):
            assert same_json(row["value"], answer), f"{value!r:.200} was answered {row['value']!r:.200}"
        last = {row["id"]: row["value"] for row in self.rows()[-len(pairs) :]}
        for row, (value, answer) in zip(rows, pairs, strict=True):
            assert same_json(last[row["id"]], answer), f"{value!r:.200} was read back as {last[row['id']]!r:.200}"

    def refuse(self, row: dict[str, Any], pointer: str = "/value") -> list[dict]:
        """POST a row that must be refused; -> its problems, all of which point at the field."""
        return self._problems(row, self.add(row, status=422), pointer)

    def try_value(self, value: Any) -> dict | None:
        """POST a value that the type may accept or refuse; -> the row, None if it was refused."""
        answer = self.app.post_json(f"{self.path}rows/", {"value": value}, status="*")
        assert answer.status_int in (201, 422), f"{value!r:.80} was answered {answer.status}: {answer.text[:300]}"
        if answer.status_int == 201:
            return answer.json
        self._problems({"value": value}, answer.json, "/value")
        return None

    @staticmethod
    def _problems(row: dict[str, Any], answer: dict[str, Any], pointer: str) -> list[dict]:
        problems = answer["errors"]
        assert problems, f"{row} is refused without a word"
        for problem in problems:
            assert problem["pointer"] == pointer or problem["pointer"].startswith(f"{pointer}/"), problem
            assert problem["code"] and problem["detail"], problem
        return problems
