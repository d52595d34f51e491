"""``on_error=round`` and ``truncate``, and words of plugins: plan and outcome, alike on both databases, and reverts."""

import pytest

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.types.numbers import Integer

FIELDS = {
    "price": {"type": "decimal", "scale": 4},
    "count": "number",
    "code": "string",
    "note": "text",
    "day": "datetime",
    "at": "text",
}
ROWS = [
    {"price": "1.2345", "count": 2.5, "code": "abcdef", "note": "19.995", "day": "2026-01-31T12:00:00Z"},
    {"price": "-1.2355", "count": -2.5, "code": "abc", "note": "1e2", "day": "2026-01-31T00:00:00Z"},
    {"price": "7", "count": 3.0, "code": None, "note": "-0.005", "at": "2026-01-31T12:00:00.123456789Z"},
]
AFTER = {
    "price": {"type": "decimal", "scale": 2},
    "count": "integer",
    "code": {"type": "string", "max_length": 3},
    "note": {"type": "decimal", "scale": 2},
    "day": "date",
    "at": "datetime",
}
ROUNDED = {"price": ["1.23", "-1.24", "7.00"], "count": [3, -3, 3], "note": ["20.00", "100.00", "-0.01"]}
TRUNCATED = {
    "price": ["1.23", "-1.23", "7.00"],
    "count": [2, -2, 3],
    "code": ["abc", "abc", None],
    "note": ["19.99", "100.00", "0.00"],
    "day": ["2026-01-31", "2026-01-31", None],
    "at": [None, None, "2026-01-31T12:00:00.123456Z"],
}
WORDS = [("round", ROUNDED), ("truncate", TRUNCATED)]


@pytest.fixture
def table(client):
    answer = client.app.post_json(
        "/table/", {"model_name": f"Repaired{next(client.numbers)}", "fields": FIELDS}, status=201
    )
    client.app.post_json(f"/table/{answer.json['id']}/rows/", ROWS, status=201)
    return f"/table/{answer.json['id']}/"


def values(client, table, name):
    return [row[name] for row in client.app.get(f"{table}rows/?order=id").json]


def planned(client, table, fields, on_error):
    plan = client.app.post_json(
        f"{table}plan/?on_error={on_error}", {"model_name": model(client, table), "fields": {**FIELDS, **fields}}
    )
    return plan.json


def model(client, table):
    return client.app.get(table).json["model_name"]


@pytest.mark.parametrize(("word", "wanted"), WORDS, ids=["round", "truncate"])
def test_plan_and_outcome(client, table, word, wanted):
    fields = {name: AFTER[name] for name in wanted}
    asked = ",".join(f"{name}:{word}" for name in wanted)
    before = client.app.get(f"{table}rows/?order=id").json
    plan = planned(client, table, fields, asked)
    assert plan["allowed"] and plan["version"] == 1
    client.app.patch_json(f"{table}?on_error={asked}", {"fields": fields}, status=200)
    after = client.app.get(f"{table}rows/?order=id").json
    assert {name: [row[name] for row in after] for name in wanted} == wanted
    steps = {step["field"]: step["values"] for step in plan["steps"] if "values" in step}
    for name in wanted:
        told = steps[name]
        differ = {row["id"] for row, other in zip(before, after, strict=True) if not same(row[name], other[name])}
        assert {sample["id"] for sample in told["repaired_samples"]} == differ, (name, told)
        assert told["repaired"] == len(differ) and told["lost"] == 0
        for sample in told["repaired_samples"]:
            assert sample["before"] and sample["after"] and sample["reason"]
    client.app.post(f"{table}history/1/revert/", status=200)
    assert client.app.get(f"{table}rows/?order=id").json == before


def same(one, other):
    try:
        return one == other or float(one) == float(other)
    except (TypeError, ValueError):
        return one is not None and other is not None and one.startswith(other) and one.endswith("T00:00:00Z")


def test_values_that_were_written_later_stay_when_the_change_is_undone(client, table):
    client.app.patch_json(f"{table}?on_error=round", {"fields": {"price": AFTER["price"]}}, status=200)
    first = client.app.get(f"{table}rows/?order=id").json[0]
    client.app.patch_json(f"{table}rows/{first['id']}/", {"price": "5.55"}, status=200)
    client.app.post(f"{table}history/1/revert/", status=200)
    assert values(client, table, "price") == ["5.5500", "-1.2355", "7.0000"]


def test_one_word_is_for_one_field(client, table):
    fields = {name: AFTER[name] for name in ("price", "count")}
    answer = client.app.patch_json(f"{table}?on_error=round", {"fields": fields}, status=409).json
    assert (answer["code"], answer["on_error"]) == ("on_error_by_field", "price:round,count:round")
    assert values(client, table, "price")[0] == "1.2345"
    plan = planned(client, table, fields, "round")
    assert not plan["allowed"] and "on_error_by_field" in str(plan["steps"])
    # Fields that lose nothing, or whose types have no such word, are not loosened.
    client.app.patch_json(f"{table}?on_error=round", {"fields": {"price": AFTER["price"], "at": "string"}}, status=200)


def test_what_no_repair_mends_is_refused(client, table):
    client.app.post_json(f"{table}rows/", {"note": "1e999", "count": 1e300}, status=201)
    for name in ("note", "count"):
        fields = {name: AFTER[name]}
        answer = client.app.patch_json(f"{table}?on_error={name}:round", {"fields": fields}, status=409).json
        assert (answer["code"], answer["count"]) == ("lossy_change", 1)
        assert "default or quarantine or truncate" in answer["hint"]
        step = next(step for step in planned(client, table, fields, f"{name}:round")["steps"] if step.get("values"))
        assert step["values"]["lost"] == 1 and step["values"]["repaired"] == 2 and step["refused"]


@pytest.mark.parametrize(
    ("asked", "fields", "hint"),
    [
        ("code:round", {"code": AFTER["code"]}, "the type string takes fail, null, default, quarantine, truncate"),
        ("round", {"code": AFTER["code"]}, "the type string takes fail, null, default, quarantine, truncate"),
        ("day:round", {"day": "date"}, "the type date takes fail, null, default, quarantine, truncate"),
        ("note:round", {"note": "boolean"}, "the type boolean takes fail, null, default, quarantine"),
        ("rounded", {"price": AFTER["price"]}, "want one of fail, null, default, quarantine, round, truncate, or one"),
        ("price:rounded", {"price": AFTER["price"]}, "want one of fail, null, default, quarantine, round, truncate"),
    ],
)
def test_a_word_that_the_type_does_not_offer(client, table, asked, fields, hint):
    whole = {"model_name": model(client, table), "fields": {**FIELDS, **fields}}
    for address, send in ((table, client.app.put_json), (f"{table}plan/", client.app.post_json)):
        answer = send(f"{address}?on_error={asked}", whole, status=400).json
        assert answer["code"] == "invalid_parameter" and answer["hint"].startswith(hint), answer


def test_a_document_of_the_schema(client, table):
    name = model(client, table)
    document = {"tables": {name: {"fields": {**FIELDS, "price": AFTER["price"]}}}}
    client.app.put_json(f"/schema/?others=keep&on_error={name}.price:truncate", document, status=200)
    assert values(client, table, "price") == TRUNCATED["price"]


def test_the_list_of_types_has_their_words(client):
    told = {known["name"]: known["repairs"] for known in client.app.get("/field-type/").json}
    assert (told["decimal"], told["string"], told["boolean"]) == (["round", "truncate"], ["truncate"], [])


@pytest.mark.parametrize("repairs", [{"null": str}, {"Round": str}, {"clamp": "no function"}, ["round"]])
def test_repairs_of_a_plugin_have_names_of_their_own(repairs):
    with pytest.raises(ConfigurationProblem, match="repair"):
        FieldTypes().register("bad", type("Bad", (Integer,), {"repairs": repairs}))
