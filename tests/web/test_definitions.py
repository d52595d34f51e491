"""The life of a definition: created, changed in every way, dropped."""

import pytest

from tests.web.client import EVERY_TYPE, EVERY_VALUE

FIELD = {
    "id": 1,
    "position": 1,
    "type": "string",
    "required": False,
    "unique": False,
    "index": False,
    "default": None,
    "default_expression": None,
    "unique_ignore_case": False,
    "read_only": False,
    "write_only": False,
    "aliases": [],
    "message": None,
    "label": None,
    "description": None,
    "min_length": None,
    "max_length": 255,
    "pattern": None,
    "ignore_accents": False,
    "choices": None,
}


def fields(document) -> dict[str, int]:
    """Name -> id, in order of position."""
    assert [field["position"] for field in document["fields"].values()] == list(range(1, len(document["fields"]) + 1))
    return {name: field["id"] for name, field in document["fields"].items()}


def test_short_form_in_full_form_out(fresh):
    document = {"model_name": "Product", "fields": {"name": "string"}}
    made = fresh.send("POST", "/table/", document, status=201)
    assert made.json == {
        "id": 1,
        "model_name": "Product",
        "version": 1,
        "label": None,
        "description": None,
        "display": None,
        "display_field": "name",
        "key": {"type": "integer"},
        "fields": {"name": FIELD},
        "unique": [],
        "indexes": [],
        "linked_from": [],
    }
    assert made.headers["Location"] == "/table/1/"
    assert (made.headers["ETag"], made.headers["Definition-Version"]) == ('"1"', "1")
    assert fresh.get("/table/1/") == made.json


def full(fresh) -> str:
    """A table that has everything."""
    made = {name: {"type": kind, "label": name.upper(), "description": "x"} for name, kind in EVERY_TYPE.items()}
    made["name"] |= {"unique": True, "max_length": 40, "choices": ["a", "b'\"%;"], "default": "b'\"%;"}
    made["price"] |= {"index": True, "min": -1.5, "max": 2**60, "default": 0.1}
    made["amount"] |= {"required": True, "default": 2**62}
    made["available"] |= {"default": False}
    made["day"] |= {"min": "2020-01-01", "default": "2026-01-31"}
    made["moment"] |= {"default": "2026-01-31T12:00:00+02:00"}
    made["extra"] |= {"default": {"a": [1, None, "'%:x"]}}
    return fresh.table(
        made,
        "Full",
        label="All there is \U0001f680",
        description="'; DROP TABLE x; --",
        unique=[{"fields": ["name", "day"]}, {"name": "second", "fields": ["amount"]}],
        indexes=[{"fields": ["price", {"field": "day", "descending": True}]}],
    )


def test_what_get_returns_put_takes_and_nothing_changes(fresh):
    path = full(fresh)
    row = fresh.row(path, {})
    assert row["name"] == "b'\"%;"
    assert row["extra"] == {"a": [1, None, "'%:x"]}
    document = fresh.get(path)
    before = fresh.stored()
    as_array = {**document, "fields": [{"name": name, **field} for name, field in document["fields"].items()]}
    shuffled = {**document, "fields": dict(reversed(document["fields"].items()))}
    for same in (document, as_array, shuffled):
        assert fresh.send("PUT", path, same, status=200).json == document
        assert fresh.send("PATCH", path, same, status=200).json == document
    assert fresh.stored() == before


def test_what_get_returns_makes_an_equal_table(fresh):
    document = fresh.get(full(fresh))
    del document["id"], document["version"]
    for number, field in enumerate(document["fields"].values(), start=1):
        assert field.pop("id") == number
    copy = fresh.get(fresh.table(document.pop("fields"), "Copy", **{**document, "model_name": "Copy"}))
    original = fresh.get("/table/1/")
    assert copy == {**original, "id": copy["id"], "model_name": "Copy"}


def test_add_and_drop(fresh):
    path = fresh.table({"a": "string", "b": "integer"})
    fresh.row(path, {"a": "x", "b": 1})
    changed = fresh.send("PUT", path, {"fields": {"b": "integer", "c": {"type": "number", "default": 1.5}}}, status=200)
    assert fields(changed.json) == {"b": 2, "c": 3}
    assert changed.json["model_name"] == "Table1"
    assert fresh.get(f"{path}rows/") == [{"id": 1, "b": 1, "c": 1.5}]
    # A dropped field that comes again is another field.
    changed = fresh.send("PATCH", path, {"fields": {"a": "string", "b": None}}, status=200)
    assert fields(changed.json) == {"c": 3, "a": 4}
    assert fresh.get(f"{path}rows/") == [{"id": 1, "c": 1.5, "a": None}]
    fresh.refused(
        "PUT", path, {"fields": {"b": {"type": "integer", "id": 2}}}, status=422, code="/fields/b/id unknown_id"
    )
    assert fields(fresh.send("PUT", path, {"fields": {}}, status=200).json) == {}
    assert fresh.row(path, {}) == {"id": 2}


def test_required_field_on_a_table_with_rows(fresh):
    path = fresh.table({"a": "string"})
    must = {"fields": {"b": {"type": "integer", "required": True}}}
    fresh.row(path, {"a": None})
    assert fresh.refused("PATCH", path, must, status=409, code="lossy_change").json["field"] == "b"
    answer = fresh.refused("PATCH", path, {"fields": {"a": {"required": True}}}, status=409, code="lossy_change")
    assert (answer.json["count"], answer.json["samples"]) == (1, [{"id": 1}])
    must["fields"]["b"]["default"] = 4
    fresh.send("PATCH", path, must, status=200)
    filled = {"fields": {"a": {"required": True, "default": "filled"}}}
    fresh.send("PATCH", f"{path}?on_error=default", filled, status=200)
    assert fresh.get(f"{path}rows/") == [{"id": 1, "a": "filled", "b": 4}]


RENAMES = {
    "by id": {"fields": {"new": {"id": 1, "type": "string"}, "b": "string"}},
    "by renamed_from": {"fields": {"new": {"renamed_from": "a", "type": "string"}, "b": "string"}},
    "by both": {"fields": {"new": {"id": 1, "renamed_from": "a", "type": "string"}, "b": "string"}},
    "in an array": {"fields": [{"name": "new", "id": 1, "type": "string"}, {"name": "b", "type": "string"}]},
}


@pytest.mark.parametrize("how", RENAMES)
def test_rename(client, how):
    path = client.table({"a": "string", "b": "string"}, unique=[{"name": "rule", "fields": ["a", "b"]}])
    client.row(path, {"a": "x", "b": "y"})
    document = {**RENAMES[how], "unique": [{"name": "rule", "fields": ["new", "b"]}]}
    changed = client.send("PUT", path, document, status=200).json
    assert fields(changed) == {"new": 1, "b": 2}
    assert client.get(f"{path}rows/") == [{"id": 1, "new": "x", "b": "y"}]
    if "id" not in how and how != "in an array":
        # Sent again, the rename has happened already.
        assert client.send("PUT", path, document, status=200).json == changed


@pytest.mark.parametrize("change", [{"id": 1}, {"renamed_from": "a"}, {"id": 1, "renamed_from": "a"}])
def test_rename_by_patch(client, change):
    further = {"indexes": [{"fields": [{"field": "a", "descending": True}, "b"]}], "unique": [{"fields": ["a", "b"]}]}
    path = client.table({"a": {"type": "string", "max_length": 9, "label": "A"}, "b": "string"}, **further)
    client.row(path, {"a": "x", "b": "y"})
    changed = client.send("PATCH", path, {"fields": {"new": change}}, status=200).json
    assert fields(changed) == {"new": 1, "b": 2}
    assert (changed["fields"]["new"]["max_length"], changed["fields"]["new"]["label"]) == (9, "A")
    assert changed["unique"] == [{"name": "a_b", "fields": ["new", "b"], "nulls_distinct": True}]
    assert changed["indexes"][0]["name"] == "a_b_2"
    assert changed["indexes"][0]["fields"][0] == {"field": "new", "descending": True}
    assert client.get(f"{path}rows/") == [{"id": 1, "new": "x", "b": "y"}]
    if "id" not in change:
        assert client.send("PATCH", path, {"fields": {"new": change}}, status=200).json == changed


def test_rename_onto_a_field_that_stays(fresh):
    """A patch never drops what it doesn't name."""
    path = fresh.table({"a": "string", "b": "string"})
    fresh.row(path, {"a": "x", "b": "y"})
    for change in ({"id": 1}, {"renamed_from": "a"}):
        fresh.refused("PATCH", path, {"fields": {"b": change}}, status=422, code="/fields/b duplicate_name")
    # PUT says what is to be there: b goes to the trash, and a takes its name.
    changed = fresh.send("PUT", path, {"fields": {"b": {"type": "string", "renamed_from": "a"}}}, status=200)
    assert fields(changed.json) == {"b": 1}
    assert fresh.get(f"{path}rows/") == [{"id": 1, "b": "x"}]


def test_swap_and_cycle(fresh):
    kinds = {"a": "string", "b": "integer", "c": "boolean", "d": "json"}
    path = fresh.table({name: {"type": kind, "index": kind != "json"} for name, kind in kinds.items()})
    fresh.row(path, {"a": "x", "b": 1, "c": True, "d": [1]})
    by_id = dict(zip(range(1, 5), kinds.values(), strict=True))
    values = {1: "x", 2: 1, 3: True, 4: [1]}
    for version, names in enumerate(["bacd", "bcda", "dcba", "Abcd", "xyzw", "wxyz"], start=2):
        wanted = dict(zip(names, range(1, 5), strict=True))
        document = {name: {"type": by_id[number], "id": number} for name, number in wanted.items()}
        changed = fresh.send("PUT", path, {"fields": document}, status=200).json
        assert changed["version"] == version
        assert fields(changed) == wanted
        assert fresh.get(f"{path}rows/") == [{"id": 1, **{name: values[number] for name, number in wanted.items()}}]
        assert fresh.row(path, {name: values[number] for name, number in wanted.items()})["id"] == version
        fresh.send("DELETE", f"{path}rows/{version}", status=204)


def test_swap_by_patch_keeps_the_types(fresh):
    path = fresh.table({"a": "string", "b": {"type": "integer", "default": 3}})
    fresh.row(path, {"a": "x", "b": 1})
    changed = fresh.send("PATCH", path, {"fields": {"a": {"id": 2}, "b": {"id": 1}}}, status=200).json
    assert fields(changed) == {"b": 1, "a": 2}
    assert (changed["fields"]["a"]["type"], changed["fields"]["a"]["default"]) == ("integer", 3)
    assert fresh.get(f"{path}rows/") == [{"id": 1, "b": "x", "a": 1}]


def test_a_name_passes_to_a_new_field(fresh):
    path = fresh.table({"a": "string"})
    fresh.row(path, {"a": "x"})
    changed = fresh.send("PATCH", path, {"fields": {"old": {"id": 1}, "a": "integer"}}, status=200).json
    assert fields(changed) == {"old": 1, "a": 2}
    assert fresh.get(f"{path}rows/") == [{"id": 1, "old": "x", "a": None}]


def test_swap_by_renamed_from_is_refused(fresh):
    """Sent twice it would swap back, and PUT is idempotent."""
    path = fresh.table({"a": "string", "b": "string"})
    swap = {"a": {"type": "string", "renamed_from": "b"}, "b": {"type": "string", "renamed_from": "a"}}
    fresh.refused("PUT", path, {"fields": swap}, status=422, code="/fields/a/renamed_from conflicting_name")


@pytest.mark.parametrize("name", ["row_id", "new_value", "id_1", "param_1", "value"])
def test_type_change(client, name):
    """Whatever the field is called (parameters of our statements have names, too)."""
    path = client.table({name: {"type": "string", "max_length": 9, "label": "L", "index": True}})
    for text in ("1", "2.5", "x", None):
        client.row(path, {name: text})
    for method, document in (
        ("PUT", {"fields": {name: "integer"}}),
        ("PATCH", {"fields": {name: "integer"}}),
        ("PATCH", {"fields": {name: {"type": "integer"}}}),
    ):
        answer = client.refused(method, path, document, status=409, code="lossy_change")
        assert (answer.json["field"], answer.json["count"]) == (name, 2)
        assert [sample["id"] for sample in answer.json["samples"]] == [2, 3]
        assert answer.json["hint"]
    changed = client.send("PATCH", f"{path}?on_error=null", {"fields": {name: "integer"}}, status=200).json
    assert changed["fields"][name]["label"] == "L"
    assert changed["fields"][name]["index"] is True
    assert "max_length" not in changed["fields"][name]
    assert [row[name] for row in client.get(f"{path}rows/")] == [1, None, None, None]
    client.send("PATCH", path, {"fields": {name: "text"}}, status=200)
    assert [row[name] for row in client.get(f"{path}rows/")] == ["1", None, None, None]
    to_number = {"fields": {name: {"type": "number", "default": 2.5}}}
    client.send("PATCH", f"{path}rows/2", {name: "no"}, status=200)
    client.send("PATCH", f"{path}?on_error=default", to_number, status=200)
    assert [row[name] for row in client.get(f"{path}rows/")] == [1.0, 2.5, None, None]


def test_unique_and_indexes(fresh):
    path = fresh.table({"a": "string", "b": "integer"}, unique=[{"fields": ["a", "b"]}])
    for _ in range(2):
        fresh.row(path, {"a": "x", "b": None})
    fresh.row(path, {"a": "x", "b": 1})
    answer = fresh.refused("POST", f"{path}rows/", {"a": "x", "b": 1}, status=409, code="unique_violation")
    assert answer.json["fields"] == ["a", "b"]
    answer = fresh.refused("PATCH", path, {"fields": {"a": {"unique": True}}}, status=409, code="lossy_change")
    assert answer.json["samples"] == [{"id": 1, "rows": 3}]
    fresh.send("PATCH", path, {"fields": {"b": {"unique": True}}, "unique": None}, status=200)
    assert fresh.refused("POST", f"{path}rows/", {"b": 1}, status=409, code="unique_violation").json["fields"] == ["b"]
    fresh.row(path, {"a": "x"})
    fresh.send("PATCH", path, {"fields": {"b": {"unique": False}}}, status=200)
    fresh.row(path, {"b": 1})


def test_nulls_not_distinct(fresh):
    document = {"model_name": "N", "fields": {"a": "string"}, "unique": [{"fields": ["a"], "nulls_distinct": False}]}
    if not fresh.catalogue.database.dialect.nulls_not_distinct:
        fresh.refused("POST", "/table/", document, status=409, code="unsupported_by_database")
        return
    path = fresh.send("POST", "/table/", document, status=201).headers["Location"]
    assert fresh.get(path)["unique"][0]["nulls_distinct"] is False
    fresh.row(path, {})
    fresh.refused("POST", f"{path}rows/", {}, status=409, code="unique_violation")


def test_position(fresh):
    order = {"a": {"type": "string", "position": 3}, "b": "string", "c": {"type": "string", "position": 1}}
    path = fresh.table(order)
    assert list(fresh.get(path)["fields"]) == ["c", "b", "a"]
    assert list(fresh.row(path, {})) == ["id", "c", "b", "a"]
    changed = fresh.send("PATCH", path, {"fields": {"a": {"position": 1}, "c": {"position": 3}}}, status=200)
    assert list(changed.json["fields"]) == ["a", "b", "c"]
    assert changed.json["version"] == 2
    listed = [{"name": "b", "type": "string"}, {"name": "a", "type": "string"}, {"name": "c", "type": "string"}]
    assert fields(fresh.send("PUT", path, {"fields": listed}, status=200).json) == {"b": 2, "a": 3, "c": 1}


def test_left_out_options_take_their_defaults(fresh):
    path = full(fresh)
    changed = fresh.send("PUT", path, {"fields": {"name": "string"}}, status=200).json
    assert changed["fields"]["name"] == FIELD
    assert (changed["label"], changed["description"], changed["unique"], changed["indexes"]) == (None, None, [], [])
    assert changed["model_name"] == "Full"
    patched = fresh.send("PATCH", path, {"fields": {"name": {"max_length": None, "label": "N"}}}, status=200).json
    assert patched["fields"]["name"] == {**FIELD, "label": "N"}


def test_labels_make_a_version_and_no_other_change(fresh):
    path = fresh.table({"a": "string"})
    for version, patch in enumerate([{"label": "x"}, {"description": ""}, {"fields": {"a": {"label": "\u202e"}}}], 2):
        changed = fresh.send("PATCH", path, patch, status=200)
        assert changed.json["version"] == version
        assert changed.headers["Definition-Version"] == changed.headers["ETag"].strip('"') == str(version)
        assert fresh.send("PATCH", path, patch, status=200).json == changed.json
    assert fresh.send("PATCH", path, {"label": None}, status=200).json["label"] is None


def test_rename_of_the_model(fresh):
    path = fresh.table({"a": "string"}, "Before")
    fresh.table({"a": "string"}, "Other")
    fresh.row(path, {"a": "x"})
    fresh.refused("PATCH", path, {"model_name": "OTHER"}, status=409, code="name_taken")
    fresh.send("PATCH", path, {"model_name": "After"}, status=200)
    assert fresh.get("/table/after/rows/") == [{"id": 1, "a": "x"}]
    fresh.send("GET", "/table/before/", status=404)
    again = fresh.table({"b": "string"}, "Before")
    assert fresh.get("/table/before/")["id"] == int(again.strip("/").rpartition("/")[2])


def test_drop(fresh):
    path = full(fresh)
    fresh.row(path, {})
    answer = fresh.send("DELETE", path, status=204)
    assert answer.headers["Definition-Version"] == "2"
    for address in (path, f"{path}rows/", "/table/Full/", f"{path}rows/1"):
        for method in ("GET", "PUT", "DELETE"):
            fresh.refused(method, address, {}, status=404, code="not_found")
    assert fresh.get("/table/") == []
    fresh.table({"a": "string"}, "fULL")


def test_name_is_taken_whatever_its_case(fresh):
    fresh.table({"a": "string"}, "Straße")
    for name in ("Straße", "STRASSE", "strasse"):
        document = {"model_name": name, "fields": {}}
        fresh.refused("POST", "/table/", document, status=409, code="name_taken")


def test_a_row_of_every_type_survives_a_change_of_all_but_the_types(fresh):
    path = fresh.table(EVERY_TYPE)
    fresh.row(path, EVERY_VALUE)
    renamed = {f"new_{name}": {"renamed_from": name, "label": "x", "required": True} for name in EVERY_TYPE}
    fresh.send("PATCH", path, {"fields": renamed, "model_name": "Else", "label": "y"}, status=200)
    assert fresh.get("/table/else/rows/1") == {"id": 1, **{f"new_{name}": value for name, value in EVERY_VALUE.items()}}


def test_a_number_beyond_64_bits_as_default(fresh):
    path = fresh.table({"a": {"type": "number", "default": 2**70}})
    document = fresh.get(path)
    assert document["fields"]["a"]["default"] == 2**70
    assert fresh.get("/table/") == [document]
    assert fresh.row(path, {})["a"] == float(2**70)
    assert fresh.send("PUT", path, document, status=200).json == document


def test_defaults_that_are_equal_to_python_only(fresh):
    path = fresh.table({"a": {"type": "json", "default": [1]}})
    for default in ([True], [1], {"a": 0}, {"a": False}):
        changed = fresh.send("PATCH", path, {"fields": {"a": {"default": None}}}, status=200)
        changed = fresh.send("PATCH", path, {"fields": {"a": {"default": default}}}, status=200).json
        assert repr(changed["fields"]["a"]["default"]) == repr(default)
        assert repr(fresh.row(path, {})["a"]) == repr(default)
    document = fresh.get(path)
    document["fields"]["a"]["default"] = {"a": 0}
    assert fresh.send("PUT", path, document, status=200).json["version"] == document["version"] + 1
    assert repr(fresh.row(path, {})["a"]) == "{'a': 0}"
