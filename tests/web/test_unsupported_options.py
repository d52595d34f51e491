"""Stored patterns and JSON Schemas that an earlier release took, and that this one can't judge values by."""

import logging
import re
from types import SimpleNamespace

import pytest

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.unsupported_options import report_unsupported
from dynmodel_pyramid.fields import json_schemas, python_patterns, schema_costs
from dynmodel_pyramid.fields.registry import FieldTypes
from dynmodel_pyramid.scripts.upgrade import main
from tests.server_process import write_ini

REPEATED = r"(\w)\1"
FIELDS = {"code": {"type": "string", "pattern": REPEATED, "default": "aa"}, "note": "string", "number": "integer"}


def doubling(levels):
    """A schema that judges a number 2 to the power of ``levels`` times."""
    parts = {"s0": {"type": "integer"}}
    parts |= {f"s{n}": {"allOf": [{"$ref": f"#/$defs/s{n - 1}"}] * 2} for n in range(1, levels + 1)}
    return {"$defs": parts, "$ref": f"#/$defs/s{levels}"}


@pytest.fixture
def earlier(monkeypatch, fresh):
    """A function that runs another one as the release before would have."""

    def back_tracking(pattern):
        found = re.compile(pattern)
        return SimpleNamespace(longest=10**9, fullmatch=lambda text: found.fullmatch(text) is not None)

    def run(function, *arguments):
        with monkeypatch.context() as patched:
            patched.setattr(python_patterns, "compiled", back_tracking)
            patched.setattr(schema_costs, "MOST", 10**9)
            made = function(*arguments)
        json_schemas._compiled.cache_clear()
        fresh.catalogue._snapshot = None
        return made

    return run


@pytest.fixture
def path(fresh, earlier):
    """A table with a pattern of an earlier release, and a row."""

    def make():
        path = fresh.table(FIELDS)
        fresh.row(path, {"code": "bb", "note": "x"})
        return path

    return earlier(make)


def test_writes_of_the_field_are_refused_and_all_else_goes_on(fresh, path):
    assert fresh.get(f"{path}rows/1/")["code"] == "bb"
    assert fresh.get(f"{path}rows/?code=eq.bb")
    for method, where, document in (
        ("POST", "rows/", {"code": "cc"}),
        ("POST", "rows/", [{"note": "y"}, {"code": "cc"}]),
        ("PATCH", "rows/1/", {"code": "cc"}),
        ("PUT", "rows/1/", {"code": "bb", "note": "y"}),
    ):
        refused = fresh.send(method, path + where, document, status=409).json
        assert (refused["code"], refused["field"]) == ("pattern_unsupported", "code")
        assert "'code'" in refused["detail"] and "back-reference" in refused["detail"] and "pattern" in refused["hint"]
    assert fresh.row(path, {"note": "y", "number": 1})["code"] == "aa"
    assert fresh.send("PATCH", f"{path}rows/1/", {"note": "z"}, status=200).json["code"] == "bb"
    fresh.send("DELETE", f"{path}rows/1/", status=204)


def test_files_are_refused_with_the_field(fresh, path):
    answer = fresh.send("POST", f"{path}rows/", body=b"code,note\ncc,x\n", content_type="text/csv", status=409)
    assert answer.json["code"] == "pattern_unsupported"
    fresh.send("POST", f"{path}rows/", body=b"note\nx\n", content_type="text/csv", status=201)


def test_the_definition_can_be_changed_and_mended(fresh, path):
    fresh.send("PATCH", path, {"fields": {"more": "integer", "number": {"type": "string"}}}, status=200)
    (fault,) = fresh.send("PATCH", path, {"fields": {"code": {"pattern": r"(\d)\1"}}}, status=422).json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/fields/code/pattern", "invalid_option")
    assert "back-reference" in fault["detail"]
    fresh.send("PATCH", path, {"fields": {"code": {"pattern": "([a-z]){2}"}}}, status=200)
    assert fresh.row(path, {"code": "xy"})["code"] == "xy"
    assert fresh.get(f"{path}health/")["warnings"] == []


def test_no_way_leads_back_to_it(fresh, path):
    before = fresh.get(path)["version"]
    fresh.send("PATCH", path, {"fields": {"code": {"pattern": None}}}, status=200)
    refused = fresh.send("POST", f"{path}history/{before}/revert/", status=409).json
    assert (refused["code"], refused["field"]) == ("pattern_unsupported", "code")


def test_health_tells_of_it(fresh, path):
    (warning,) = fresh.get(f"{path}health/")["warnings"]
    assert (warning["kind"], warning["field"]) == ("pattern_unsupported", "code")
    assert "back-reference" in warning["detail"] and warning["hint"]


def test_a_schema_that_costs_too_much_is_treated_alike(fresh, earlier):
    def make():
        path = fresh.table({"value": {"type": "json", "schema": doubling(15)}, "note": "string"})
        fresh.row(path, {"value": 1})
        return path

    path = earlier(make)
    refused = fresh.send("POST", f"{path}rows/", {"value": 2}, status=409).json
    assert (refused["code"], refused["field"]) == ("schema_unsupported", "value")
    assert fresh.get(f"{path}rows/1/")["value"] == 1
    assert fresh.get("/rest/")["definitions"]
    fresh.row(path, {"note": "x"})
    fresh.send(
        "PATCH", path, {"fields": {"value": {"schema": {"$ref": None, "$defs": None, "type": "integer"}}}}, status=200
    )
    fresh.row(path, {"value": 2})


def test_they_are_found_at_the_start_and_by_the_script(fresh, path, settings, tmp_path, capsys, caplog):
    with caplog.at_level(logging.WARNING):
        lines = report_unsupported(Catalogue(fresh.catalogue.database, _types()))
    assert len(lines) == 1 and lines[0] in caplog.text
    assert "'code'" in lines[0] and "back-reference" in lines[0] and fresh.get(path)["model_name"] in lines[0]
    assert main([str(write_ini(tmp_path, settings, port=1))]) == 0
    assert f"Warning: {lines[0]}" in capsys.readouterr().out


def _types():
    types = FieldTypes()
    types.load_entry_points()
    return types
