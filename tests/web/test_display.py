"""The field that stands for a row: ``display`` of a table."""


def displays(document):
    return document["display"], document["display_field"]


def test_the_rule_and_the_choice(client):
    path = client.table({"pages": "integer", "note": "text", "title": "string", "mail": "email"})
    assert displays(client.get(path)) == (None, "title")
    for patch, expected in (
        ({"display": "pages"}, ("pages", "pages")),
        ({"fields": {"length": {"renamed_from": "pages"}}}, ("length", "length")),
        ({"fields": {"length": None, "title": None}, "display": None}, (None, "note")),
        ({"fields": {"note": {"write_only": True}}}, (None, "mail")),
        ({"fields": {"mail": None}}, (None, None)),
    ):
        changed = client.send("PATCH", path, patch, status=200).json
        assert displays(changed) == expected
        again = client.send("PUT", path, changed, status=200).json
        assert again == changed
    steps = [step for version in client.get(f"{path}history/") for step in version["steps"]]
    assert [step for step in steps if step["kind"] == "change_display"] == [
        {"kind": "change_display", "before": {"display": "length"}, "after": {"display": None}},
        {"kind": "change_display", "before": {"display": None}, "after": {"display": "pages"}},
    ]
    reverted = client.send("POST", f"{path}history/3/revert/", status=200).json
    assert displays(reverted) == ("length", "length")


def test_what_is_refused(client):
    path = client.table({"a": "string", "b": "string", "c": {"type": "string", "write_only": True}}, display="b")
    same = client.get(path)
    for patch, fault in (
        ({"display": "B"}, "/display unknown_field"),
        ({"display": "id"}, "/display unknown_field"),
        ({"display": 1}, "/display wrong_type"),
        ({"display": "c"}, "/display invalid_option"),
        ({"display_field": "a"}, "/display_field read_only"),
        ({"fields": {"b": None}}, "/display unknown_field"),
        ({"fields": {"a": None, "b": {"renamed_from": "a"}}}, "/display unknown_field"),
        ({"fields": {"b": {"write_only": True}}}, "/display invalid_option"),
    ):
        client.refused("PATCH", path, patch, status=422, code=fault)
    assert client.get(path) == same
    assert client.send("PUT", path, {"fields": {"a": "string"}}, status=200).json["display"] is None


def test_in_the_document_of_all_tables(fresh):
    path = fresh.table({"a": "string", "b": "string"}, "Shown", display="b")
    document = fresh.get("/schema/")
    assert document["tables"]["Shown"]["display"] == "b"
    plan = fresh.send("POST", "/schema/plan/", document, status=200).json
    assert plan["tables"] == {}
    document["tables"]["Shown"]["display"] = "a"
    plan = fresh.send("POST", "/schema/plan/", document, status=200).json
    assert [(step["kind"], step["cost"]) for step in plan["tables"]["Shown"]["steps"]] == [("change_display", "none")]
    fresh.send("PUT", "/schema/", document, status=200)
    fresh.send("PATCH", "/schema/", {"tables": {"Shown": {"fields": {"z": {"renamed_from": "a"}}}}}, status=200)
    assert displays(fresh.get(path)) == ("z", "z")


def test_a_restored_table_whose_display_is_gone(fresh):
    far = fresh.table({"a": "string"})
    path = fresh.table({"amount": "integer", "far": {"type": "link", "table": 1}, "title": "string"}, display="far")
    for table in (path, far):
        fresh.send("DELETE", table, status=204)
    restored = fresh.send("POST", "/trash/2/restore/?on_error=null", status=200).json
    assert displays(restored) == (None, "title")
