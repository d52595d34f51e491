"""``on_error`` by field: at every place that takes it, and what one word for a whole change is for."""

import pytest

FIELDS = {"a": "string", "b": "integer", "c": {"type": "string", "default": "-"}}
ROWS = [{"a": "1", "b": 1, "c": "x"}, {"a": "many", "b": 9, "c": "xyz"}, {"a": None, "b": None, "c": "y"}]
#: What loses a value of each field.
A, B, C = "integer", {"type": "integer", "max": 5}, {"type": "string", "default": "-", "max_length": 2}


@pytest.fixture
def path(fresh) -> str:
    path = fresh.table(FIELDS, "T")
    fresh.send("POST", f"{path}rows/", ROWS, status=201)
    return path


def second_row(client, path: str) -> tuple:
    row = client.get(f"{path}rows/2/")
    return tuple(row[name] for name in "abc")


def test_each_field_has_its_own_word(fresh, path):
    change = {"fields": {"a": A, "b": B, "c": C}}
    query = "?on_error=a:quarantine,b:null,c:default"
    planned = fresh.send(
        "POST", f"{path}plan/{query}", change, status=200, content_type="application/merge-patch+json"
    ).json
    assert planned["allowed"] is True
    fresh.send("PATCH", f"{path}{query}", change, status=200)
    assert second_row(fresh, path) == (None, None, "-")
    assert [(line["field"], line["value"]) for line in fresh.get(f"{path}quarantine/")] == [("a", "many")]


def test_a_field_that_is_not_named_keeps_fail(fresh, path):
    change = {"fields": {"a": A, "b": B}}
    for query in ("a:null", "a:null,b:fail", "a:quarantine"):
        answer = fresh.refused("PATCH", f"{path}?on_error={query}", change, status=409, code="lossy_change")
        assert answer.json["field"] == "b"
        assert "on_error=b:null" in answer.json["hint"]
    fresh.refused("PATCH", f"{path}?on_error=a:fail,b:null", change, status=409, code="lossy_change")


@pytest.mark.parametrize("word", ["null", "default", "quarantine"])
def test_one_word_is_for_one_field(fresh, path, word):
    change = {"fields": {"a": A, "b": B, "c": C}}
    merge = {"content_type": "application/merge-patch+json"}
    planned = fresh.send("POST", f"{path}plan/?on_error={word}", change, status=200, **merge).json
    assert planned["allowed"] is False
    (told,) = [refusal for step in planned["steps"] for refusal in step["refused"]]
    answer = fresh.refused("PATCH", f"{path}?on_error={word}", change, status=409, code="on_error_by_field").json
    assert {name: answer[name] for name in told} == told
    assert sorted(answer["fields"]) == ["a", "b", "c"]
    assert sorted(answer["on_error"].split(",")) == [f"{name}:{word}" for name in "abc"]
    assert answer["on_error"] in answer["hint"]
    assert {(sample["field"], sample["id"]) for sample in answer["samples"]} == {("a", 2), ("b", 2), ("c", 2)}
    fresh.send("PATCH", f"{path}?on_error={answer['on_error']}", change, status=200)
    # Of one field it is enough.
    fresh.send("PATCH", f"{path}?on_error={word}", {"fields": {"b": {"max": 0}}}, status=200)


def test_a_retype_does_not_loosen_a_rule_of_another_field(fresh, path):
    change = {"fields": {"a": A, "b": B}}
    fresh.refused("PATCH", f"{path}?on_error=null", change, status=409, code="on_error_by_field")
    assert second_row(fresh, path) == ("many", 9, "xyz")


def test_default_fills_several_fields_but_not_beside_lost_values(fresh, path):
    required = {name: {"required": True, "default": value} for name, value in (("a", "-"), ("b", 0))}
    loses = {"fields": {**required, "c": C}}
    fresh.refused("PATCH", f"{path}?on_error=default", loses, status=409, code="on_error_by_field")
    fresh.send("PATCH", f"{path}?on_error=default", {"fields": required}, status=200)
    assert fresh.get(f"{path}rows/3/") == {"id": 3, "a": "-", "b": 0, "c": "y"}


def test_names_after_and_before_the_change(fresh, path):
    renamed = {"fields": {"n": {"renamed_from": "a", "type": "integer"}}}
    for name in ("n", "a"):
        planned = fresh.send(
            "POST",
            f"{path}plan/?on_error={name}:null",
            renamed,
            status=200,
            content_type="application/merge-patch+json",
        )
        assert planned.json["allowed"] is True
    fresh.refused("PATCH", f"{path}?on_error=n:null,a:null", renamed, status=400, code="invalid_parameter")
    # Of names that are swapped the new ones are meant.
    swap = {"fields": {"a": {"id": 2, "max": 5}, "b": {"id": 1}}}
    fresh.refused("PATCH", f"{path}?on_error=b:null", swap, status=409, code="lossy_change")
    fresh.send("PATCH", f"{path}?on_error=a:null", swap, status=200)
    assert second_row(fresh, path) == (None, "many", "xyz")


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("nothing", "invalid_parameter", "nothing"),
        ("", "invalid_parameter", "empty"),
        ("a:nothing", "invalid_parameter", "nothing"),
        ("a:", "invalid_parameter", "''"),
        ("a:null,", "invalid_parameter", "a:null,"),
        (":null", "invalid_parameter", ":null"),
        ("null,a:null", "invalid_parameter", "null,a:null"),
        ("a:null,null", "invalid_parameter", "null"),
        ("a:null,a:default", "invalid_parameter", "twice"),
        ("zz:null", "unknown_field", "zz"),
        ("A:null", "unknown_field", "A"),
        ("c:null", "unknown_field", "c"),  # which the change drops
        ("Else.a:null", "invalid_parameter", "Else"),
        ('"a" :null', "invalid_parameter", '"a"'),
    ],
)
def test_what_is_not_understood_is_refused_by_name(fresh, path, text, code, named):
    for method, below, document in (
        ("PUT", "", {"model_name": "T", "fields": {"a": "string", "b": "integer"}}),
        ("PATCH", "", {"fields": {"c": None}}),
        ("POST", "plan/", {"model_name": "T", "fields": {"a": "string", "b": "integer"}}),
    ):
        answer = fresh.refused(method, f"{path}{below}?on_error={text}", document, status=400, code=code)
        assert named in answer.json["detail"], answer.text


def test_quoted_names_and_the_own_tables_name(fresh, path):
    for text in ('"a":null', "T.a:null", '"T"."a":null', '"\\a":null'):
        fresh.send("POST", f"{path}plan/?on_error={text}", {"fields": {**FIELDS, "a": A}}, status=200)


def test_reverts(fresh, path):
    fresh.send("PATCH", path, {"fields": {"a": {"max_length": 200}, "b": "string"}}, status=200)
    fresh.send("PATCH", path, {"fields": {"a": {"max_length": 300}}}, status=200)
    fresh.send("PATCH", f"{path}rows/1/", {"a": "x" * 280, "b": "two"}, status=200)
    revert = f"{path}history/2/revert/"
    fresh.refused("POST", f"{path}history/1/revert/?on_error=null", status=409, code="on_error_by_field")
    fresh.refused("POST", f"{revert}?on_error=zz:null", status=400, code="unknown_field")
    fresh.refused("POST", f"{revert}?on_error=b:null", status=409, code="lossy_change")
    fresh.send("POST", f"{path}history/1/revert/?on_error=a:null,b:quarantine", status=200)
    assert fresh.get(f"{path}rows/1/")["a"] is None
    assert [line["value"] for line in fresh.get(f"{path}quarantine/")] == ["two"]


def test_restores_of_fields(fresh, path):
    fresh.send("PATCH", path, {"fields": {"a": None}}, status=200)
    restore = f"{path}trash/1/restore/"
    fresh.refused("POST", f"{restore}?on_error=zz:null", status=400, code="unknown_field")
    fresh.refused("POST", f"{restore}?on_error=b:null", {"type": "integer"}, status=409, code="lossy_change")
    fresh.send("POST", f"{restore}?on_error=n:null", {"name": "n", "type": "integer"}, status=200)
    assert [row["n"] for row in fresh.get(f"{path}rows/")] == [1, None, None]


def test_the_whole_schema(fresh, path):
    fresh.table({"a": "string"}, "Other")
    fresh.send("POST", "/table/Other/rows/", {"a": "many"}, status=201)
    tables = {"T": {"fields": {**FIELDS, "a": A}}, "Other": {"fields": {"a": A}}}
    answer = fresh.refused("PUT", "/schema/?on_error=null", {"tables": tables}, status=409, code="on_error_by_field")
    form = answer.json["on_error"]
    assert sorted(form.split(",")) == ["Other.a:null", "T.a:null"]
    planned = fresh.send("POST", "/schema/plan/?on_error=null", {"tables": tables}, status=200).json["tables"]
    told = [each for table in planned.values() for step in table["steps"] for each in step["refused"]]
    assert [each["hint"] for each in told] == [answer.json["hint"]]
    for text, code in (
        ("a:null", "invalid_parameter"),
        ("None.a:null", "invalid_parameter"),
        ("T.zz:null", "unknown_field"),
        ("T.a:null", "lossy_change"),
    ):
        status = 409 if code == "lossy_change" else 400
        fresh.refused("PUT", f"/schema/?on_error={text}", {"tables": tables}, status=status, code=code)
        fresh.refused("PATCH", f"/schema/?on_error={text}", {"tables": tables}, status=status, code=code)
    # A table that stays as it is may be named, and one by the name that it had.
    renamed = {"Later": {"renamed_from": "T", "fields": {**FIELDS, "a": A}}, "Other": {"fields": {"a": "string"}}}
    fresh.send("PUT", "/schema/?on_error=T.a:quarantine,Other.a:null", {"tables": renamed}, status=200)
    assert [row["a"] for row in fresh.get("/table/Later/rows/")] == [1, None, None]
    assert fresh.get("/table/Other/rows/1/")["a"] == "many"


def test_a_lost_value_of_a_unique_field_meets_others_that_are_lost(fresh):
    """The rule stays as it is, but values change under it: a plan sees that they become equal."""
    path = fresh.table({"a": {"type": "string", "unique": True}}, "T")
    fresh.send("POST", f"{path}rows/", [{"a": "one"}, {"a": "two"}], status=201)
    wanted = {"model_name": "T", "fields": {"a": {"type": "string", "unique": True, "max_length": 2, "default": "-"}}}
    planned = fresh.send("POST", f"{path}plan/?on_error=default", wanted, status=200).json
    (told,) = [refusal for step in planned["steps"] for refusal in step["refused"]]
    answer = fresh.refused("PUT", f"{path}?on_error=default", wanted, status=409, code="lossy_change").json
    assert {name: answer[name] for name in told} == told
    assert told["samples"] == [{"id": 1, "rows": 2}]


def test_lost_values_meet_under_a_rule_of_several_fields(fresh):
    path = fresh.table({"a": "string", "b": "integer"}, "T", unique=[{"name": "rule", "fields": ["a", "b"]}])
    fresh.send("POST", f"{path}rows/", [{"a": "one", "b": 1}, {"a": "two", "b": 1}], status=201)
    change = {"fields": {"a": {"max_length": 2, "default": "-"}}}
    merge = {"content_type": "application/merge-patch+json"}
    planned = fresh.send("POST", f"{path}plan/?on_error=default", change, status=200, **merge).json
    (told,) = [refusal for step in planned["steps"] for refusal in step["refused"]]
    answer = fresh.refused("PATCH", f"{path}?on_error=default", change, status=409, code="lossy_change").json
    assert {name: answer[name] for name in told} == told
