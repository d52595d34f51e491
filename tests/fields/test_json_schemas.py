"""The option ``schema`` of json fields."""

import importlib

import pytest

from dynmodel_pyramid.testing.driver import TableDriver

ADDRESS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"lines": {"type": "array", "items": {"type": "string", "maxLength": 10}}, "a/b": {"minimum": 1}},
    "required": ["lines"],
}


def test_faults_point_into_the_value(app):
    table = TableDriver(app, {"type": "json", "schema": ADDRESS})
    assert table.definition["fields"]["value"]["schema"] == ADDRESS
    good = {"lines": ["Here"], "a/b": 2}
    assert table.add_value(good)["value"] == good
    faults = table.refuse({"value": {"lines": ["x", 1, "y" * 11], "a/b": 0}})
    assert {(fault["pointer"], fault["code"]) for fault in faults} == {
        ("/value/lines/1", "schema_mismatch"),
        ("/value/lines/2", "schema_mismatch"),
        ("/value/a~1b", "schema_mismatch"),
    }
    (fault,) = table.refuse({"value": {}})
    assert (fault["pointer"], fault["code"]) == ("/value", "schema_mismatch")
    assert '"lines"' in fault["detail"]


def test_values_are_named_by_place_and_not_repeated(app):
    table = TableDriver(app, {"type": "json", "schema": {"items": {"type": "integer"}}})
    faults = table.refuse({"value": ["secret"] * 1000})
    assert len(faults) == 20 and "secret" not in str(faults)


def test_a_default_must_conform(app):
    fields = {"value": {"type": "json", "schema": {"items": {"type": "integer"}}, "default": [1, "x"]}}
    (fault,) = app.post_json("/table/", {"model_name": "Bad", "fields": fields}, status=422).json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/fields/value/default/1", "schema_mismatch")


@pytest.mark.parametrize(
    ("schema", "code"),
    (
        ({"type": "whole"}, "invalid_option"),
        ({"properties": {"a": {"minLength": -1}}}, "invalid_option"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "invalid_option"),
        ({"$ref": "file:///etc/hostname"}, "invalid_option"),
        ({"$id": "http://127.0.0.1:9/", "properties": {"a": {"$ref": "other.json"}}}, "invalid_option"),
        ({"$ref": "#/$defs/nowhere"}, "invalid_option"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "invalid_option"),
        ({"pattern": "(?=a)b"}, "invalid_option"),
        ({"pattern": "("}, "invalid_option"),
        ({"pattern": "((a{1000}){1000}){100}"}, "invalid_option"),
        ({"const": "\0"}, "unstorable_text"),
        ([], "wrong_type"),
        ("string", "wrong_type"),
    ),
)
def test_bad_schemas_are_refused(app, schema, code):
    fields = {"value": {"type": "json", "schema": schema}}
    (fault,) = app.post_json("/table/", {"model_name": "Bad", "fields": fields}, status=422).json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/fields/value/schema", code)


def test_rows_that_are_there_must_conform(app):
    table = TableDriver(app, "json")
    row = table.add_value("x")
    fields = {"value": {"type": "json", "schema": {"type": "integer"}}}
    refused = table.app.put_json(table.path, {"model_name": table.model_name, "fields": fields}, status=409).json
    assert (refused["code"], refused["count"]) == ("lossy_change", 1)
    assert table.row(1) == row
    table.app.put_json(table.path + "?on_error=null", {"model_name": table.model_name, "fields": fields})
    assert table.row(1)["value"] is None
    assert table.refuse({"value": "x"})[0]["code"] == "schema_mismatch"
    table.define({"key": "integer", "value": "json"})
    assert table.add_value("x")["value"] == "x"


def test_without_the_library_json_works_and_a_schema_names_the_extra(app, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    table = TableDriver(app, "json")
    assert table.add_value([1])["value"] == [1]
    (fault,) = table.define({"value": {"type": "json", "schema": {}}}, status=422)["errors"]
    assert fault["code"] == "extra_missing" and "dynmodel_pyramid[jsonschema]" in fault["detail"]
