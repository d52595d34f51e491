"""Plans: they change nothing, and what they say is what happens."""

import re
from contextlib import contextmanager
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.changes.ddl import sqlite_renames

ROWS = [
    {"code": "1", "size": 1, "price": 1.5, "note": "x"},
    {"code": "2", "size": 2, "price": 2.0, "note": None},
    {"code": "many", "size": 2, "price": None, "note": "x"},
    {"code": "007", "size": None, "price": 3.25, "note": "long enough"},
    {"code": None, "size": 5, "price": 4.0, "note": ""},
]
FIELDS = {"code": "string", "size": "integer", "price": "number", "note": {"type": "text", "index": True}}

CHANGES = {
    "nothing": {},
    "rename": {"code": None, "number": {"type": "string", "renamed_from": "code"}},
    "swap": {"code": {"id": 4, "type": "text", "index": True}, "note": {"id": 1, "type": "string"}},
    "add": {"extra": {"type": "integer", "default": 7, "required": True}},
    "add required": {"extra": {"type": "integer", "required": True}},
    "add expression": {"extra": {"type": "string", "default_expression": "uuid"}},
    "drop": {"note": None},
    "drop required": {"price": None, "size": None},
    "retype, lossy": {"code": "integer"},
    "retype, by Python": {"price": "decimal"},
    "retype, in place": {"size": "string"},
    "retype to a list": {"code": "tags"},
    "retype twice": {"size": "number", "price": "string"},
    "required": {"note": {"type": "text", "required": True, "default": "-", "index": True}},
    "unique": {"size": {"type": "integer", "unique": True}},
    "retype and unique": {"size": {"type": "string", "unique": True}},
    "retype and required": {"code": {"type": "integer", "required": True, "default": 0}},
    "shorter": {"note": {"type": "text", "max_length": 3}},
    "longer": {"code": {"type": "string", "max_length": 300}},
    "default": {"size": {"type": "integer", "default": 3}},
    "indexes": {"note": "text", "size": {"type": "integer", "index": True}},
    "labels": {"code": {"type": "string", "label": "Code"}},
}


def document(change: dict) -> dict:
    fields = {name: field for name, field in {**FIELDS, **change}.items() if field is not None}
    return {"model_name": "Part", "fields": fields}


@pytest.fixture
def part(fresh) -> str:
    path = fresh.table(FIELDS, "Part")
    fresh.send("POST", f"{path}rows/", ROWS, status=201)
    return path


def plan(client, path: str, wanted: dict, on_error: str = "fail", status: int = 200) -> dict:
    before = client.stored()
    made = client.app.post_json(f"{path}plan/?on_error={on_error}", wanted, status=status).json
    assert client.stored() == before
    return made


@contextmanager
def statements(client):
    """The statements that change the user's tables."""
    found = []
    database = client.catalogue.database

    def note(connection, cursor, statement, parameters, context, executemany):
        if not re.match(r"(SELECT|SET|LOCK|PRAGMA|SAVEPOINT|RELEASE|ROLLBACK)\b", statement.strip()):
            # What fills the temporary tables, and the system's own tables, are no part of a plan.
            if "_dynmodel_" not in statement and "_aside_" not in statement.split("SET")[0].split("SELECT")[0]:
                if "sqlite_sequence" not in statement:
                    found.append(statement)

    def store(connection, renames, *arguments):
        stored(connection, renames, *arguments)
        found.extend(renames)  # SQLite makes the new texts by them elsewhere

    client.looks_after = False  # which makes temporary tables
    sa.event.listen(database.engine, "before_cursor_execute", note)
    stored = sqlite_renames._store
    try:
        with patch.object(sqlite_renames, "_store", store):
            yield found
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)
        client.looks_after = True


def alike(statement: str) -> str:
    """Numbers of the trash are given when the change is made; of values, which are parameters then, see the counts."""
    text = re.sub(r"_trash_\d+", "_trash_n", " ".join(statement.split()))
    if text.startswith("UPDATE"):
        text = text.partition("=")[0]
    if text.startswith("INSERT"):
        text = text.partition(" SELECT ")[0]
    return text.rstrip(";")


#: Of these changes values may be lost, so what is done with them matters.
LOSSY = (
    "add required",
    "required",
    "retype and unique",
    "retype, lossy",
    "retype and required",
    "retype to a list",
    "unique",
    "shorter",
)
ASKED = [(name, "fail") for name in CHANGES] + [
    (name, on_error) for name in LOSSY for on_error in ("null", "default", "quarantine")
]


@pytest.mark.parametrize("name, on_error", ASKED)
def test_plan_and_outcome_are_the_same(fresh, part, name, on_error):
    wanted = document(CHANGES[name])
    planned = plan(fresh, part, wanted, on_error)
    assert planned["version"] == 1 and planned["table"] == 1
    with statements(fresh) as run:
        answer = fresh.send("PUT", f"{part}?on_error={on_error}", wanted)
    refused = [refusal for step in planned["steps"] for refusal in step["refused"]]
    assert planned["allowed"] is (not refused)
    if refused:
        assert name in LOSSY
        assert answer.status_int == 409, answer.text
        told = [(each["detail"], each["count"], each["samples"]) for each in refused]
        assert (answer.json["detail"], answer.json["count"], answer.json["samples"]) in told
        return
    assert answer.status_int == 200, answer.text
    assert planned["next_version"] == answer.json["version"]
    assert [alike(each) for each in planned["statements"]] == [alike(each) for each in run]
    assert_values(fresh, planned, part)


def assert_values(client, planned: dict, path: str) -> None:
    """What the plan counted is there."""
    rows = client.get(f"{path}rows/")
    kept = client.stored()["_dynmodel_quarantine"]
    for step in planned["steps"]:
        values = step.get("values", {})
        if step["kind"] not in ("retype_field", "change_options"):
            continue
        there = [row[step["field"]] for row in rows if row[step["field"]] is not None]
        asked_null = len(rows) - values["total"]
        assert len(there) in (values["converted"], values["converted"] + values["lost"], len(rows) - asked_null
                              + values["filled"], values["converted"] + values["filled"])  # fmt: skip
        assert len(kept) in (0, values["lost"])


def test_steps_tell_what_they_cost(fresh, part):
    planned = plan(fresh, part, document({"size": "string", "extra": "integer", "note": None, "code": "string"}))
    by_kind = {step["kind"]: step for step in planned["steps"]}
    assert by_kind["add_field"]["cost"] == "metadata" or planned["locks"][0]["mode"] == "RESERVED"
    assert by_kind["retype_field"]["cost"] == "rewrite"
    assert by_kind["retype_field"]["rows_written"] == planned["rows"] == 5
    values = by_kind["retype_field"]["values"]
    assert (values["total"], values["converted"], values["changed"], values["lost"]) == (4, 4, 0, 0)
    assert all(step["statements"] for step in planned["steps"])
    named = {number for step in planned["steps"] for number in step["statements"]}
    assert named <= set(range(len(planned["statements"])))
    assert "".join(planned["statements"]).count("CREATE TABLE") <= 1


def test_lost_values_are_told_with_samples(fresh, part):
    planned = plan(fresh, part, document({"code": "integer"}))
    (step,) = planned["steps"]
    assert planned["allowed"] is False
    assert step["values"]["lost"] == 1
    (sample,) = step["values"]["lost_samples"]
    assert (sample["id"], sample["value"]) == (3, "many") and sample["reason"]
    assert step["values"]["changed_samples"] == [{"id": 4, "before": "007", "after": "7"}]
    assert step["refused"][0]["count"] == 1
    assert plan(fresh, part, document({"code": "integer"}), "quarantine")["allowed"] is True


def test_values_that_may_not_be_told_are_not(fresh):
    path = fresh.table({"code": {"type": "string", "write_only": True}}, "Secret")
    fresh.row(path, {"code": "hush"})
    planned = fresh.app.post_json(f"{path}plan/", {"model_name": "Secret", "fields": {"code": "integer"}})
    assert planned.json["steps"][0]["values"]["lost"] == 1
    assert "hush" not in planned.text


def test_a_merge_patch_is_planned_as_well(fresh, part):
    patch = fresh.send(
        "POST", f"{part}plan/", {"label": "Parts"}, status=200, content_type="application/merge-patch+json"
    )
    assert [step["kind"] for step in patch.json["steps"]] == ["relabel_table"]
    assert patch.json["steps"][0]["cost"] == "none"


def test_a_plan_is_refused_as_the_change_is(fresh, part):
    fresh.table({}, "Other")
    wrong = {"fields": {"a": "nothing"}}
    for wanted, status, code in ((wrong, 422, "validation"), ({"model_name": "Other"}, 409, "name_taken")):
        told = [
            fresh.refused(method, path, {**document({}), **wanted}, status=status, code=code)
            for method, path in (("POST", f"{part}plan/"), ("PUT", part))
        ]
        assert told[0].json["detail"] == told[1].json["detail"]
    fresh.refused("POST", f"{part}plan/", document({}), status=412, code="precondition_failed", if_match='"9"')
    fresh.refused("POST", f"{part}plan/?on_error=x", document({}), status=400, code="invalid_parameter")


def test_nobody_waits_for_a_plan(fresh, part):
    """A writer's open transaction doesn't keep a plan from being made, nor a plan others from writing."""
    with fresh.catalogue.database.writer.connect() as connection, connection.begin():
        schema = fresh.catalogue.database.dialect.schema
        table = sa.table("Part", sa.column("size"), schema=schema)
        connection.execute(sa.update(table).values(size=9))
        assert plan_only(fresh, part)["steps"][0]["values"]["lost"] == 1


def plan_only(client, path: str) -> dict:
    return client.app.post_json(f"{path}plan/", document({"code": "integer"})).json
