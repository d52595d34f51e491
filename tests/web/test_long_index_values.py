"""Values that PostgreSQL's indexes do not take, and SQLite's do: the plan tells, the change and later writes refuse."""

import random
import string

import pytest


def letters(count: int, seed: int = 0) -> str:
    """Text that can't be compressed."""
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=count))


#: Values of rows 1 to 5; those of rows 2 and 4 do not fit: the others are short, or can be compressed.
VALUES = ["short", letters(4000), "again and again " * 1000, letters(20_000), letters(2500)]
RULES = {
    "unique": ({"note": {"type": "text", "unique": True}}, {}),
    "index": ({"note": {"type": "text", "index": True}}, {}),
    "ignoring case": ({"note": {"type": "text", "unique": True, "unique_ignore_case": True}}, {}),
    "several": ({"note": "text"}, {"unique": [{"fields": ["size", "note"]}]}),
    "index of several": ({"note": "text"}, {"indexes": [{"fields": ["size", "note"]}]}),
    "converted": ({"note": {"type": "string", "max_length": 30_000, "index": True}}, {}),
}


@pytest.fixture
def refuses(database) -> bool:
    return database == "postgresql"


@pytest.fixture
def path(fresh) -> str:
    path = fresh.table({"size": "integer", "note": "text"}, "Thing")
    fresh.send("POST", f"{path}rows/", [{"size": 1, "note": value} for value in VALUES], status=201)
    return path


@pytest.mark.parametrize("rule", RULES)
def test_a_plan_and_the_change_tell_the_rows(fresh, path, refuses, rule):
    fields, rules = RULES[rule]
    wanted = {"model_name": "Thing", "fields": {"size": "integer", **fields}, **rules}
    planned = fresh.app.post_json(f"{path}plan/", wanted).json
    assert planned["allowed"] is not refuses
    changed = fresh.app.put_json(path, wanted, status="*")
    if not refuses:
        assert changed.status_int == 200
        return
    (refused,) = [each for step in planned["steps"] for each in step["refused"]]
    assert (changed.status_int, changed.json["code"]) == (409, "lossy_change")
    for name in ("code", "detail", "count", "samples", "hint"):
        assert changed.json[name] == refused[name]
    assert (refused["count"], refused["samples"]) == (2, [{"id": 2}, {"id": 4}])
    assert "note" in refused["detail"]
    # What can be compressed, or is just short enough, is taken.
    for number in (2, 4):
        fresh.send("DELETE", f"{path}rows/{number}/", status=204)
    assert fresh.app.post_json(f"{path}plan/", wanted).json["allowed"]
    fresh.app.put_json(path, wanted, status=200)


def test_a_default_that_is_too_long(fresh, path, refuses):
    fields = {"note": "text", "more": {"type": "text", "default": letters(4000), "index": True}}
    wanted = {"model_name": "Thing", "fields": {"size": "integer", **fields}}
    planned = fresh.app.post_json(f"{path}plan/", wanted).json
    changed = fresh.app.put_json(path, wanted, status="*")
    assert planned["allowed"] is not refuses
    assert changed.status_int == (409 if refuses else 200)
    if refuses:
        assert (changed.json["fields"], changed.json["count"]) == (["more"], 5)


@pytest.mark.parametrize("length", [4000, 20_000])
@pytest.mark.parametrize("rule", ["unique", "index", "ignoring case", "several", "index of several"])
def test_rows_that_come_later_are_refused_by_name(fresh, refuses, rule, length):
    fields, rules = RULES[rule]
    path = fresh.table({"size": "integer", **fields}, "Thing", **rules)
    fresh.row(path, {"note": "short"})
    document = {"size": 1, "note": letters(length)}
    writes = [
        ("POST", f"{path}rows/", document),
        ("POST", f"{path}rows/", [document, *({"size": 2, "note": str(number)} for number in range(30))]),
        ("PATCH", f"{path}rows/1/", document),
        ("PUT", f"{path}rows/1/", document),
        ("POST", "/rest/Thing", document),
        ("PATCH", "/rest/Thing?id=eq.1", document),
    ]
    for method, address, body in writes if refuses else writes[:1]:
        answer = getattr(fresh.app, f"{method.lower()}_json")(address, body, status="*")
        if not refuses:
            assert answer.status_int == 201
            continue
        told = answer.json
        if address.startswith("/rest/"):
            assert (answer.status_int, told["code"]) == (400, "22000")
            assert "note" in told["message"]
        else:
            assert (answer.status_int, told["code"]) == (422, "validation")
            assert "note" in told["detail"] and "shorten" in told["hint"]
    assert len(fresh.app.get(f"{path}rows/").json) == (1 if refuses else 2)
