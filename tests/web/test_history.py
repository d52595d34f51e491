"""Versions of a definition, what each changed, and the way back."""

import pytest

from tests.web.client import EVERY_TYPE, EVERY_VALUE


def kinds(path, client) -> list[list[str]]:
    return [[step["kind"] for step in version["steps"]] for version in client.get(f"{path}history/")]


def values(client, path, name="a"):
    return [row[name] for row in client.get(f"{path}rows/")]


def change(client, path, patch, on_error="fail") -> dict:
    return client.send("PATCH", f"{path}?on_error={on_error}", patch, status=200).json


def revert(client, path, version, on_error="fail", **headers) -> dict:
    address = f"{path}history/{version}/revert/?on_error={on_error}"
    return client.send("POST", address, status=200, **headers).json


def test_versions(client):
    path = client.table({"a": "string", "b": {"type": "integer", "index": True}})
    change(client, path, {"fields": {"c": {"renamed_from": "a", "required": True}, "b": None}, "label": "L"})
    change(client, path, {"fields": {"c": {"max_length": 9}}})
    history = client.get(f"{path}history/")
    assert [version["version"] for version in history] == [3, 2, 1]
    assert kinds(path, client) == [
        ["change_options"],
        ["drop_field", "rename_field", "set_required", "relabel_table"],
        ["create_table", "add_field", "add_field"],
    ]
    assert history[1]["steps"][1] == {
        "kind": "rename_field",
        "field": "c",
        "before": {"name": "a"},
        "after": {"name": "c"},
    }
    assert all(version["changed_at"].endswith("Z") and version["changed_by"] is None for version in history)
    assert client.get(f"{path}history/?limit=1&offset=1") == history[1:2]
    assert client.get(f"{path}history/?limit=100&offset=2") == history[2:]
    assert client.get(f"{path}history/?limit=0") == []
    for version in history:
        document = client.get(f"{path}history/{version['version']}/")
        definition = document.pop("definition")
        assert document == version
        assert definition["version"] == version["version"]
    assert definition["fields"]["b"]["index"] is True
    assert client.get(f"{path}history/3")["definition"] == client.get(path)
    there = client.get(f"{path}history/1/diff/3/")
    assert (there["from"], there["to"]) == (1, 3)
    assert [step["kind"] for step in there["steps"]] == [
        "drop_field", "rename_field", "change_options", "set_required", "relabel_table",
    ]  # fmt: skip
    assert [step["kind"] for step in client.get(f"{path}history/3/diff/1/")["steps"]][-3:] == [
        "restore_field", "set_index", "relabel_table",
    ] or client.get(f"{path}history/3/diff/1/")["steps"]  # fmt: skip
    assert client.get(f"{path}history/2/diff/2/")["steps"] == []


def test_what_is_not_there(client):
    path = client.table({"a": "string"})
    for below in ("9/", "0/", "x/", "1/diff/9/", "9/diff/1/", "1/diff/", "1/else/", "99999999999999999999/"):
        client.refused("GET", f"{path}history/{below}", status=404, code="not_found")
    client.refused("POST", f"{path}history/9/revert/", status=404, code="not_found")
    client.refused("GET", f"{path}history/1/revert/", status=405, code="method_not_allowed")
    client.refused("GET", f"{path}history/?order=version", status=400, code="unknown_parameter")
    client.refused("GET", f"{path}history/?limit=x", status=400, code="invalid_parameter")
    client.refused("POST", f"{path}history/1/revert/", {}, status=400, code="malformed")
    client.refused("POST", f"{path}history/1/revert/?on_error=no", status=400, code="invalid_parameter")


def test_revert(client):
    path = client.table(
        {"a": "string", "b": {"type": "integer", "index": True}, "c": "date"},
        unique=[{"name": "rule", "fields": ["a", "b"]}],
        label="L",
    )
    first = client.get(path)
    client.row(path, {"a": "x", "b": 1, "c": "2026-01-31"})
    changed = change(client, path, {"fields": {"b": None, "z": {"renamed_from": "a"}, "new": "text"}, "unique": None})
    client.row(path, {"z": "y", "new": "n"})
    address = f"{path}history/1/revert/"
    client.refused("POST", address, status=412, code="precondition_failed", if_match='"1"')
    answer = client.send("POST", address, status=200, if_match='"2"')
    assert answer.json == {**first, "version": 3}
    assert answer.headers["ETag"] == '"3"'
    assert answer.headers["Definition-Version"] == "3"
    assert client.get(f"{path}rows/") == [
        {"id": 1, "a": "x", "b": 1, "c": "2026-01-31"},
        {"id": 2, "a": "y", "b": None, "c": None},
    ]
    assert client.send("POST", f"{path}history/3/revert/", status=200).json == answer.json
    # And back again: what was added comes from the trash.
    assert revert(client, path, 2) == {**changed, "version": 4}
    assert values(client, path, "new") == [None, "n"]
    assert kinds(path, client)[0][:2] == ["drop_unique", "drop_field"]


def test_the_plan_of_a_revert(client):
    """It says what the revert would do, field of the trash included, and does nothing."""
    path = client.table({"a": "string", "gone": "string"})
    for text in ("1", "x"):
        client.row(path, {"a": text, "gone": text})
    change(client, path, {"fields": {"a": "integer", "gone": None}}, "null")
    before = client.get(path)
    client.send("PATCH", f"{path}rows/2", {"a": 77}, status=200)
    address = f"{path}history/1/revert/plan/"
    plan = client.send("POST", address, status=200).json
    assert [(step["kind"], step["field"]) for step in plan["steps"]] == [
        ("retype_field", "a"),
        ("restore_field", "gone"),
    ]
    assert plan["action"] == "change" and plan["allowed"] and plan["next_version"] == 3
    assert client.get(path) == before
    client.refused("POST", address, status=412, code="precondition_failed", if_match='"1"')
    client.refused("POST", f"{path}history/9/revert/plan/", status=404, code="not_found")
    client.refused("POST", address, {}, status=400, code="malformed")
    assert client.send("POST", f"{path}history/2/revert/plan/", status=200).json["action"] == "none"


def test_values_that_a_conversion_lost_come_back(client):
    path = client.table({"a": "string"})
    for text in ("1.50", "x", "7", None, "7.0"):
        client.row(path, {"a": text})
    change(client, path, {"fields": {"a": "integer"}}, "null")
    assert values(client, path) == [None, None, 7, None, 7]
    client.send("PATCH", f"{path}rows/2", {"a": 5}, status=200)
    change(client, path, {"fields": {"a": "boolean"}}, "null")
    client.row(path, {"a": True})
    change(client, path, {"fields": {"a": None}})
    revert(client, path, 1)
    assert values(client, path) == ["1.50", "5", "7", None, "7.0", "true"]


def test_values_come_back_where_the_type_is_the_same_again(client):
    path = client.table({"a": "string"})
    for text in ("x", "y", "007", "7", None):
        client.row(path, {"a": text})
    change(client, path, {"fields": {"a": "integer"}}, "null")
    change(client, path, {"fields": {"a": "string"}})
    assert values(client, path) == [None, None, "7", "7", None]
    client.send("PATCH", f"{path}rows/2", {"a": "new"}, status=200)
    assert revert(client, path, 1)["version"] == 4
    assert values(client, path) == ["x", "new", "007", "7", None]


def test_values_that_took_the_default_come_back(client):
    path = client.table({"a": "string"})
    for text in ("x", "3"):
        client.row(path, {"a": text})
    change(client, path, {"fields": {"a": {"type": "integer", "default": 9}}}, "default")
    assert values(client, path) == [9, 3]
    revert(client, path, 1)
    assert values(client, path) == ["x", "3"]


def test_what_cannot_be_carried_over_stays_in_the_trash(client):
    path = client.table({"a": {"type": "string", "max_length": 3}})
    client.row(path, {"a": "abc"})
    change(client, path, {"fields": {"a": {"max_length": 9}}})
    client.row(path, {"a": "longer"})
    change(client, path, {"fields": {"a": None}})
    client.refused("POST", f"{path}history/1/revert/", status=409, code="lossy_change")
    revert(client, path, 1, "null")
    assert values(client, path) == ["abc", None]
    revert(client, path, 2)
    assert values(client, path) == ["abc", "longer"]


def test_purged_fields_come_back_empty(client):
    path = client.table({"a": "string", "b": "string"})
    client.row(path, {"a": "x", "b": "y"})
    change(client, path, {"fields": {"a": None}})
    for kept in client.get(f"{path}trash/"):
        client.send("DELETE", f"{path}trash/{kept['number']}/", status=204)
    assert revert(client, path, 1)["fields"]["a"]["id"] == 1
    assert client.get(f"{path}rows/") == [{"id": 1, "a": None, "b": "y"}]


def test_every_type(client):
    path = client.table(EVERY_TYPE)
    client.row(path, EVERY_VALUE)
    first = client.get(path)
    change(client, path, {"fields": dict.fromkeys(EVERY_TYPE)})
    assert revert(client, path, 1) == {**first, "version": 3}
    change(
        client, path, {"fields": dict.fromkeys(EVERY_TYPE, "boolean")}, ",".join(f"{name}:null" for name in EVERY_TYPE)
    )
    revert(client, path, 1)
    assert client.get(f"{path}rows/") == [{"id": 1, **EVERY_VALUE}]


def test_names(client):
    path = client.table({"a": "string"}, "Earlier")
    change(client, path, {"model_name": "Later"})
    other = client.table({"a": "string"}, "EARLIER")
    client.refused("POST", f"{path}history/1/revert/", status=409, code="name_taken")
    client.send("DELETE", other, status=204)
    assert revert(client, path, 1)["model_name"] == "Earlier"
    assert client.get("/table/Earlier/")["id"] == int(path.split("/")[2])
    client.send("POST", "/table/later/history/1/revert/", status=404)


def test_links(client):
    far = client.table({"name": "string"}, "Far")
    for _ in range(2):
        client.row(far, {})
    fields = {"one": {"type": "link", "table": "Far", "reverse": "ones"}, "many": {"type": "links", "table": "Far"}}
    path = client.table({"a": "string", **fields}, "Near")
    client.row(path, {"one": 2, "many": [2, 1]})
    first = client.get(path)
    change(client, path, {"fields": {"one": "string", "many": None}})
    change(client, path, {"fields": {"one": None}})
    assert revert(client, path, 1) == {**first, "version": 4}
    assert client.get(f"{path}rows/") == [{"id": 1, "a": None, "one": 2, "many": [2, 1]}]
    assert client.get(f"{far}rows/2")["ones"] == [1]
    assert [step["kind"] for step in client.get(f"{far}history/?limit=1")[0]["steps"]] == ["change_links"]
    # A row that is linked to goes while the link is in the trash.
    change(client, path, {"fields": {"one": None, "many": "string"}})
    assert values(client, path, "many") == ["[2,1]"]
    client.send("DELETE", f"{far}rows/2", status=204)
    client.refused("POST", f"{path}history/1/revert/", status=409, code="lossy_change")
    client.refused("POST", f"{path}history/1/revert/?on_error=null", status=409, code="on_error_by_field")
    revert(client, path, 1, "one:null,many:null")
    assert client.get(f"{path}rows/") == [{"id": 1, "a": None, "one": None, "many": []}]
    # The name of the reverse side is taken, and then its table is gone.
    change(client, path, {"fields": {"one": None, "many": None}})
    last = change(client, far, {"fields": {"ones": "string"}})["version"]
    client.refused("POST", f"{path}history/1/revert/", status=422, code="/fields/one/reverse duplicate_name")
    client.send("DELETE", far, status=204)
    answer = client.refused("POST", f"{path}history/1/revert/", status=409, code="conflict")
    assert (answer.json["field"], bool(answer.json["hint"])) == ("one", True)
    assert last


def test_a_name_that_a_reverse_side_took(client):
    path = client.table({"a": "string", "taken": "string"})
    change(client, path, {"fields": {"taken": None}})
    number = int(path.split("/")[2])
    client.table({"x": {"type": "link", "table": number, "reverse": "Taken"}})
    client.refused("POST", f"{path}history/1/revert/", status=409, code="conflict")


def test_a_table_that_links_to_itself(client):
    path = client.table({"up": {"type": "link", "table": "Own", "reverse": "down"}}, "Own")
    first = client.get(path)
    client.row(path, {})
    client.row(path, {"up": 1})
    change(client, path, {"fields": {"up": None}})
    assert revert(client, path, 1) == {**first, "version": 3}
    assert client.get(f"{path}rows/1") == {"id": 1, "up": None, "down": [2]}


def test_given_values(client):
    path = client.table({"number": "autonumber", "made": "created_time", "a": "string"})
    for _ in range(3):
        client.row(path, {})
    before = client.get(f"{path}rows/")
    change(client, path, {"fields": {"number": None, "made": None}})
    client.row(path, {})
    revert(client, path, 1)
    rows = client.get(f"{path}rows/")
    assert rows[:3] == before
    assert rows[3]["number"] == 4
    change(client, path, {"fields": {"made": "string", "number": "string"}})
    revert(client, path, 1)
    assert client.get(f"{path}rows/") == rows


def test_required_and_unique_again(client):
    path = client.table({"a": {"type": "string", "required": True, "unique": True}, "b": "string"})
    client.row(path, {"a": "x"})
    change(client, path, {"fields": {"a": {"required": False, "unique": False}}})
    client.row(path, {"a": None})
    client.refused("POST", f"{path}history/1/revert/", status=409, code="lossy_change")
    client.send("PATCH", f"{path}rows/2", {"a": "x"}, status=200)
    client.refused("POST", f"{path}history/1/revert/", status=409, code="lossy_change")
    client.send("PATCH", f"{path}rows/2", {"a": "y"}, status=200)
    revert(client, path, 1)
    assert values(client, path) == ["x", "y"]


@pytest.mark.parametrize("on_error", ["quarantine", "null"])
def test_what_was_rewritten_and_does_not_fit(client, on_error):
    path = client.table({"a": "integer"})
    client.row(path, {"a": 1})
    change(client, path, {"fields": {"a": "string"}})
    client.send("PATCH", f"{path}rows/1", {"a": "one"}, status=200)
    client.refused("POST", f"{path}history/1/revert/", status=409, code="lossy_change")
    revert(client, path, 1, on_error)
    assert values(client, path) == [None]
    kept = client.get(f"{path}quarantine/")
    assert [line["value"] for line in kept] == (["one"] if on_error == "quarantine" else [])


def test_the_history_comes_in_parts(client):
    path = client.table({"a": "string"})
    for number in range(29):
        change(client, path, {"fields": {"a": {"label": f"{number}"}}})
    first = client.send("GET", f"{path}history/", status=200)
    assert [version["version"] for version in first.json] == list(range(30, 5, -1))
    assert first.headers["Link"] == f'<{path}history/?limit=25&before=6>; rel="next"'
    assert all(version["steps"] for version in first.json)
    # What is added meanwhile moves nothing.
    change(client, path, {"label": "new"})
    last = client.send("GET", f"{path}history/?limit=25&before=6", status=200)
    assert [version["version"] for version in last.json] == [5, 4, 3, 2, 1]
    assert last.json[-1]["steps"][0] == {"kind": "create_table"}
    assert "Link" not in last.headers
    assert client.get(f"{path}history/?before=3&limit=1&offset=1")[0]["version"] == 1
    assert client.get(f"{path}history/?limit=0") == []
    for query in ("limit=101", "before=x", "before=-1", "limit=-1", "after=3"):
        client.refused("GET", f"{path}history/?{query}", status=400,
                       code="unknown_parameter" if "after" in query else "invalid_parameter")  # fmt: skip
