"""``/schema/``: all definitions as one document, read, applied, patched and planned."""

import pytest

from tests.every_type import written_types

SHOP = {
    "tables": {
        "Customer": {"fields": {"name": {"type": "string", "required": True}}},
        "Order": {
            "label": "Orders",
            "fields": {
                "customer": {"type": "link", "table": "Customer", "reverse": "orders"},
                "price": {"type": "number", "min": 0},
                "made": "date",
            },
            "unique": [{"name": "once", "fields": ["customer", "made"]}],
            "indexes": [{"name": "newest", "fields": [{"field": "made", "descending": True}, "price"]}],
        },
    }
}


def put(fresh, tables, path="/schema/", **keywords):
    return fresh.send("PUT", path, {"tables": tables}, status=keywords.pop("status", 200), **keywords)


def refused(fresh, tables, code, status=422, path="/schema/", **keywords):
    """Neither the plan nor the change takes it, for the same reason."""
    told = fresh.refused("PUT", path, {"tables": tables}, status=status, code=code, **keywords)
    if "others" not in path:
        fresh.refused("POST", path + "plan/", {"tables": tables}, status=status, code=code, **keywords)
    return told


def versions(fresh):
    return {each["model_name"]: (each["id"], each["version"]) for each in fresh.get("/table/")}


def test_the_document_is_short_and_has_no_numbers(fresh):
    made = put(fresh, SHOP["tables"])
    assert made.json == SHOP
    answer = fresh.send("GET", "/schema/", status=200)
    assert answer.json == SHOP
    assert answer.text == made.text
    assert answer.headers["ETag"] == made.headers["ETag"]
    assert answer.headers["Definitions-Revision"] == "1"
    assert versions(fresh) == {"Customer": (1, 1), "Order": (2, 1)}
    assert fresh.send("GET", "/schema/", if_none_match=made.headers["ETag"], status=304).body == b""


def test_the_full_form_is_taken_back_and_changes_nothing(fresh):
    put(fresh, SHOP["tables"])
    full = fresh.get("/schema/?full=true")
    price = full["tables"]["Order"]["fields"]["price"]
    assert price["min"] == 0 and price["max"] is None and price["aliases"] == []
    assert not {"id", "position"} & set(price)
    assert full["tables"]["Order"]["fields"]["customer"]["table"] == "Customer"
    assert full["tables"]["Customer"]["label"] is None
    before = versions(fresh), fresh.send("GET", "/schema/").headers["ETag"]
    made = fresh.send("PUT", "/schema/", full, status=200)
    assert made.json == SHOP
    assert (versions(fresh), made.headers["ETag"]) == before
    assert fresh.send("POST", "/schema/plan/", full, status=200).json == {"tables": {}}


def test_the_order_is_that_of_names_and_that_of_fields(fresh):
    put(fresh, {"b": {"fields": {"y": "string", "x": "string"}}, "A": {"fields": {"z": "string"}}})
    assert list(fresh.get("/schema/")["tables"]) == ["A", "b"]
    assert list(fresh.get("/schema/")["tables"]["b"]["fields"]) == ["y", "x"]
    put(fresh, {"A": {"fields": {"z": "string"}}, "b": {"fields": {"x": "string", "y": "string"}}})
    assert list(fresh.get("/schema/")["tables"]["b"]["fields"]) == ["x", "y"]
    assert {name: version for name, (_, version) in versions(fresh).items()} == {"A": 1, "b": 2}


def test_creates_changes_and_drops_at_once(fresh):
    put(fresh, SHOP["tables"])
    customer = fresh.row("/table/Customer/", {"name": "Ada"})
    fresh.row("/table/Order/", {"customer": customer["id"], "price": 10, "made": "2026-01-31"})
    tables = {
        "Customer": {"fields": {"name": {"type": "string", "required": True}, "rating": "rating"}},
        "Item": {"fields": {"name": "string"}},
    }
    plan = fresh.send("POST", "/schema/plan/", {"tables": tables}, status=200).json["tables"]
    assert {name: (each["action"], each["rows"]) for name, each in plan.items()} == {
        "Customer": ("change", 1),
        "Item": ("create", 0),
        "Order": ("drop", 1),
    }
    assert [step["kind"] for step in plan["Customer"]["steps"] if step["kind"] != "change_links"] == ["add_field"]
    made = put(fresh, tables)
    assert made.json == {"tables": tables}
    assert versions(fresh) == {"Customer": (1, 2), "Item": (3, 1)}
    assert fresh.get("/table/Customer/rows/") == [{"id": 1, "name": "Ada", "rating": None}]
    assert fresh.get("/table/Customer/")["linked_from"] == []


def test_all_or_nothing(fresh):
    put(fresh, {"A": {"fields": {"x": "string"}}, "B": {"fields": {"x": "string"}}})
    fresh.row("/table/B/", {"x": "no number"})
    tables = {"A": {"fields": {"x": "integer"}}, "B": {"fields": {"x": "integer"}}, "C": {"fields": {"x": "string"}}}
    before = fresh.get("/schema/")
    told = fresh.refused("PUT", "/schema/", {"tables": tables}, status=409, code="lossy_change").json
    assert told["pointer"] == "/tables/B" and told["detail"].startswith("B: ")
    assert fresh.get("/schema/") == before
    plan = fresh.send("POST", "/schema/plan/", {"tables": tables}, status=200).json["tables"]
    assert [each["count"] for step in plan["B"]["steps"] for each in step["refused"]] == [1]
    assert (plan["A"]["allowed"], plan["B"]["allowed"]) == (True, False)
    put(fresh, tables, "/schema/?on_error=null")
    assert fresh.get("/table/B/rows/") == [{"id": 1, "x": None}]


def test_if_match(fresh):
    first = put(fresh, {"A": {"fields": {"x": "string"}}}).headers["ETag"]
    second = put(fresh, {"A": {"fields": {"x": "text"}}}, if_match=first).headers["ETag"]
    assert first != second
    refused(fresh, {"A": {"fields": {"x": "json"}}}, "precondition_failed", 412, if_match=first)
    fresh.table({"x": "string"})
    refused(fresh, {"A": {"fields": {"x": "json"}}}, "precondition_failed", 412, if_match=second)


def test_minimal(fresh):
    made = put(fresh, SHOP["tables"], prefer="return=minimal", status=204)
    assert made.headers["Preference-Applied"] == "return=minimal"
    assert made.headers["ETag"] == fresh.send("GET", "/schema/").headers["ETag"]


def test_other_tables_can_be_kept(fresh):
    put(fresh, SHOP["tables"])
    tables = {"Item": {"fields": {"order": {"type": "link", "table": "Order"}}}}
    made = put(fresh, tables, "/schema/?others=keep")
    assert made.json == {"tables": {**SHOP["tables"], **tables}}
    assert put(fresh, tables, "/schema/?others=keep").headers["ETag"] == made.headers["ETag"]
    plan = fresh.send("POST", "/schema/plan/?others=keep", {"tables": {}}, status=200).json
    assert plan == {"tables": {}}


def test_a_patch_names_what_changes(fresh):
    put(fresh, SHOP["tables"])
    patch = {
        "tables": {
            "Order": {"fields": {"price": {"max": 10}, "made": None, "total": {"renamed_from": "nothing"}}},
        }
    }
    fresh.refused("PATCH", "/schema/", patch, status=422, code="/tables/Order/fields/total/renamed_from unknown_field")
    patch = {
        "tables": {
            "Order": {"fields": {"cost": {"renamed_from": "price", "max": 10}}, "unique": None},
            "Item": {"fields": {"order": {"type": "link", "table": "Order"}}},
            "Gone": None,
        }
    }
    made = fresh.send("PATCH", "/schema/", patch, content_type="application/merge-patch+json", status=200)
    order = made.json["tables"]["Order"]
    assert order["fields"]["cost"] == {"type": "number", "min": 0, "max": 10}
    assert "unique" not in order and order["indexes"][0]["fields"][1] == "cost"
    assert made.json["tables"]["Customer"] == SHOP["tables"]["Customer"]
    fresh.refused("PATCH", "/schema/", {"tables": None}, status=422, code="/tables required")
    fresh.refused("PATCH", "/schema/", {"tables": {"Order": None}}, status=409, code="linked_from")
    made = fresh.send("PATCH", "/schema/", {"tables": {"Order": None, "Item": None}}, status=200)
    assert made.json == {"tables": {"Customer": SHOP["tables"]["Customer"]}}


# Renames


def test_a_rename_keeps_table_and_rows_and_happens_once(fresh):
    put(fresh, {"Product": {"fields": {"price": "number"}}})
    fresh.row("/table/Product/", {"price": 1.5})
    tables = {"Item": {"renamed_from": "Product", "fields": {"cost": {"type": "number", "renamed_from": "price"}}}}
    for _ in range(2):
        made = put(fresh, tables)
        assert made.json == {"tables": {"Item": {"fields": {"cost": "number"}}}}
        assert versions(fresh) == {"Item": (1, 2)}
    assert fresh.get("/table/Item/rows/") == [{"id": 1, "cost": 1.5}]


def test_a_rename_of_what_never_was_there_makes_it(fresh):
    tables = {"Item": {"renamed_from": "Product", "fields": {"cost": {"type": "number", "renamed_from": "price"}}}}
    assert put(fresh, tables).json == {"tables": {"Item": {"fields": {"cost": "number"}}}}
    more = {**tables["Item"]["fields"], "size": {"type": "integer", "renamed_from": "length"}}
    put(fresh, {"Item": {"fields": more}})
    assert fresh.get("/schema/") == {"tables": {"Item": {"fields": {"cost": "number", "size": "integer"}}}}
    refused(
        fresh,
        {"Item": {"fields": {"size": "integer", "weight": {"type": "number", "renamed_from": "mass"}}}},
        "/tables/Item/fields/weight/renamed_from unknown_field",
    )
    refused(fresh, {"Thing": {"renamed_from": "Object", "fields": {}}}, "/tables/Thing/renamed_from unknown_table")


def test_a_change_of_case(fresh):
    put(fresh, {"product": {"fields": {"x": "string"}}})
    fresh.row("/table/product/", {"x": "a"})
    assert put(fresh, {"Product": {"fields": {"x": "string"}}}).json == {
        "tables": {"Product": {"fields": {"x": "string"}}}
    }
    assert fresh.get("/table/1/rows/") == [{"id": 1, "x": "a"}]


def test_a_new_table_takes_the_name_of_one_that_is_renamed(fresh):
    put(
        fresh, {"Product": {"fields": {"x": "string"}}, "Use": {"fields": {"of": {"type": "link", "table": "Product"}}}}
    )
    fresh.row("/table/Product/", {"x": "a"})
    fresh.row("/table/Use/", {"of": 1})
    tables = {
        "Item": {"renamed_from": "Product", "fields": {"x": "string"}},
        "Product": {"fields": {"y": "integer"}},
        "Use": {"fields": {"of": {"type": "link", "table": "Item"}, "new": {"type": "link", "table": "Product"}}},
    }
    plan = fresh.send("POST", "/schema/plan/", {"tables": tables}, status=200).json["tables"]
    assert {name: each["action"] for name, each in plan.items()} == {
        "Item": "change",
        "Product": "create",
        "Use": "change",
    }
    for _ in range(2):
        put(fresh, tables)
        assert {name: number for name, (number, _) in versions(fresh).items()} == {"Item": 1, "Use": 2, "Product": 3}
    assert fresh.get("/table/Item/rows/") == [{"id": 1, "x": "a"}]
    assert fresh.get("/table/Product/rows/") == []
    assert fresh.get("/table/Use/rows/") == [{"id": 1, "of": 1, "new": None}]
    fresh.row("/table/Product/", {"y": 1})
    fresh.row("/table/Use/", {"of": 1, "new": 1})
    fresh.refused("POST", "/table/Use/rows/", {"new": 2}, status=422, code="unknown_row")


def test_names_move_along_a_chain(fresh):
    put(fresh, {name: {"fields": {name.lower(): "string"}} for name in "ABC"})
    for name in "ABC":
        fresh.row(f"/table/{name}/", {name.lower(): name})
    chain = {
        "B": {"renamed_from": "A", "fields": {"a": "string"}},
        "C": {"renamed_from": "B", "fields": {"b": "string"}},
        "D": {"renamed_from": "C", "fields": {"c": "string"}},
    }
    for _ in range(2):
        put(fresh, chain)
        assert versions(fresh) == {"B": (1, 2), "C": (2, 2), "D": (3, 2)}
    assert fresh.get("/table/D/rows/") == [{"id": 1, "c": "C"}]


@pytest.mark.parametrize(
    ("tables", "fault"),
    (
        ({"A": {"renamed_from": "B", "fields": {}}, "B": {"renamed_from": "A", "fields": {}}}, "A/renamed_from"),
        ({"A": {"renamed_from": "B", "fields": {}}}, "A/renamed_from"),
        ({"C": {"renamed_from": "A", "fields": {}}, "D": {"renamed_from": "A", "fields": {}}}, "D/renamed_from"),
    ),
)
def test_renames_that_may_mean_two_things_are_refused(fresh, tables, fault):
    put(fresh, {"A": {"fields": {"x": "string"}}, "B": {"fields": {"x": "string"}}})
    refused(fresh, tables, f"/tables/{fault} conflicting_name")


# Links among what comes, goes and changes


def circle(count, **further):
    return {
        f"T{number:02}": {
            "fields": {
                "name": "string",
                "next": {"type": "link", "table": f"T{(number + 1) % count:02}", "reverse": "previous", **further},
                "many": {"type": "links", "table": f"T{(number + 2) % count:02}"},
                "own": {"type": "link", "table": f"T{number:02}"},
            },
            "indexes": [{"name": "both", "fields": ["next", "name"]}],
        }
        for number in range(count)
    }


def test_thirty_tables_in_circles_come_change_and_go(fresh):
    tables = circle(30)
    plan = fresh.send("POST", "/schema/plan/", {"tables": tables}, status=200).json["tables"]
    assert {each["action"] for each in plan.values()} == {"create"} and len(plan) == 30
    first = put(fresh, tables)
    assert first.json == {"tables": tables}
    assert put(fresh, tables).headers["ETag"] == first.headers["ETag"]
    assert {version for _, version in versions(fresh).values()} == {1}
    fresh.row("/table/T01/", {"name": "b"})
    fresh.row("/table/T02/", {"name": "c"})
    fresh.row("/table/T00/", {"name": "a", "next": 1, "many": [1], "own": 1})
    assert fresh.get("/table/T01/rows/")[0]["previous"] == [1]
    changed = circle(30, on_delete="cascade")
    for table in changed.values():
        table["fields"]["size"] = {"type": "integer", "index": True}
    assert put(fresh, changed).json == {"tables": changed}
    fresh.send("DELETE", "/table/T01/rows/1/", status=204)
    assert fresh.get("/table/T00/rows/") == []
    plan = fresh.send("POST", "/schema/plan/", {"tables": {}}, status=200).json["tables"]
    assert {each["action"] for each in plan.values()} == {"drop"}
    assert put(fresh, {}).json == {"tables": {}}
    assert put(fresh, tables).json == {"tables": tables}
    fresh.row("/table/T01/", {"name": "b"})
    fresh.row("/table/T00/", {"next": 1})


def test_required_links_in_a_circle(fresh):
    tables = {
        "A": {"fields": {"b": {"type": "link", "table": "B", "required": True}, "n": "autonumber"}},
        "B": {"fields": {"a": {"type": "link", "table": "A", "required": True, "on_delete": "cascade"}}},
    }
    assert put(fresh, tables).json == {"tables": tables}
    fresh.refused("POST", "/table/A/rows/", {}, status=422, code="required")


def test_a_table_goes_with_the_fields_that_link_to_it(fresh):
    put(fresh, SHOP["tables"])
    fresh.row("/table/Customer/", {"name": "Ada"})
    fresh.row("/table/Order/", {"customer": 1, "price": 1})
    refused(fresh, {"Order": SHOP["tables"]["Order"]}, "/tables/Order/fields/customer/table unknown_table")
    order = {"fields": {"price": "number"}}
    assert put(fresh, {"Order": order}).json == {"tables": {"Order": order}}
    assert fresh.get("/table/Order/rows/") == [{"id": 1, "price": 1}]


def test_a_field_becomes_a_link_to_a_table_that_is_new(fresh):
    put(fresh, {"A": {"fields": {"x": "integer", "y": "json"}}})
    fresh.row("/table/A/", {})
    tables = {
        "A": {"fields": {"x": {"type": "link", "table": "B"}, "y": {"type": "links", "table": "B"}}},
        "B": {"fields": {"x": "string"}},
    }
    plan = fresh.send("POST", "/schema/plan/", {"tables": tables}, status=200).json["tables"]
    assert plan["A"]["action"] == "change"
    assert put(fresh, tables).json == {"tables": tables}
    assert fresh.get("/table/A/rows/") == [{"id": 1, "x": None, "y": []}]


# Errors


@pytest.mark.parametrize(
    ("tables", "code"),
    (
        ({"A": {"fields": {"x": {"type": "integer", "min": "a"}}}}, "/tables/A/fields/x/min wrong_type"),
        ({"A": {"fields": {"x": {"type": "nothing"}}}}, "/tables/A/fields/x/type unknown_type"),
        ({"A": {"fields": {"x": {"type": "string", "id": 1}}}}, "/tables/A/fields/x/id unknown_option"),
        (
            {"A": {"fields": [{"name": "x", "type": "string", "position": 1}]}},
            "/tables/A/fields/0/position unknown_option",
        ),
        ({"A": {"fields": {"x": {"type": "link", "table": 1}}}}, "/tables/A/fields/x/table wrong_type"),
        ({"A": {"fields": {"x": {"type": "link", "table": "B"}}}}, "/tables/A/fields/x/table unknown_table"),
        ({"A": {"fields": {}, "version": 1}}, "/tables/A/version unknown_key"),
        ({"A": {"fields": {}, "model_name": "A"}}, "/tables/A/model_name unknown_key"),
        ({"A": {}}, "/tables/A/fields required"),
        ({"A": None}, "/tables/A wrong_type"),
        ({"A": "string"}, "/tables/A wrong_type"),
        ({"A": {"fields": {}, "renamed_from": 1}}, "/tables/A/renamed_from wrong_type"),
        ({"a": {"fields": {}}, "A": {"fields": {}}}, "/tables/A duplicate_name"),
        ({"rpc": {"fields": {}}}, "/tables/rpc invalid_name"),
        ({"x//y~": {"fields": {}}}, "/tables/x~1~1y~0 invalid_name"),
        (
            {"A": {"fields": {"x": "string"}, "unique": [{"fields": ["y"]}]}},
            "/tables/A/unique/0/fields/0 unknown_field",
        ),
        (
            {
                "A": {"fields": {"x": "string"}},
                "B": {"fields": {"a": {"type": "link", "table": "A", "reverse": "x"}}},
            },
            "/tables/B/fields/a/reverse duplicate_name",
        ),
    ),
)
def test_pointers_lead_into_the_whole_document(fresh, tables, code):
    refused(fresh, tables, code)


def test_the_faults_of_all_tables_are_told(fresh):
    tables = {f"T{number}": {"fields": {"x": "nothing", "y": "string"}} for number in range(120)}
    told = fresh.refused("PUT", "/schema/", {"tables": tables}, status=422, code="unknown_type").json
    assert (len(told["errors"]), told["error_count"]) == (100, 120)


@pytest.mark.parametrize("document", ([], "x", None, {}, {"tables": []}, {"tables": {}, "more": 1}))
def test_what_is_no_document_is_refused(client, document):
    told = client.refused("PUT", "/schema/", document, status=422, code="validation").json
    assert told["errors"][0]["pointer"] in ("", "/tables", "/more")


@pytest.mark.parametrize("query", ("full=yes", "others=drop", "x=1"))
def test_parameters(client, query):
    client.refused(
        "GET", f"/schema/?{query}", status=400, code=f"{'invalid' if 'full' in query else 'unknown'}_parameter"
    )
    if "full" not in query:
        assert client.send("PUT", "/schema/?others=all", {"tables": {}}).json["code"] == "invalid_parameter"
    assert client.send("DELETE", "/schema/", status=405).headers["Allow"] == "GET, HEAD, OPTIONS, PATCH, PUT"
    assert client.send("GET", "/schema/plan/", status=405).headers["Allow"] == "OPTIONS, POST"
    client.send("GET", "/schema/more/", status=404)


def test_every_type(fresh):
    fields = {f"f_{name}": {"type": name, **options} for name, (options, _) in written_types().items()}
    fields |= {f"f_{name}": name for name in ("autonumber", "created_time", "updated_time", "created_by", "updated_by")}
    tables = {"Everything": {"fields": fields}}
    made = put(fresh, tables)
    assert put(fresh, made.json["tables"]).headers["ETag"] == made.headers["ETag"]
    assert fresh.send("PUT", "/schema/", fresh.get("/schema/?full=true")).headers["ETag"] == made.headers["ETag"]


def test_a_new_table_in_a_patch_has_no_members_that_are_null(fresh):
    """RFC 7396, section 2: null in a patch of what is not there leaves out."""
    patch = {"tables": {"Made": {"label": None, "fields": {"a": "string", "gone": None}}}}
    assert list(fresh.send("PATCH", "/schema/", patch, status=200).json["tables"]["Made"]["fields"]) == ["a"]
