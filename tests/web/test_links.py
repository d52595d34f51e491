"""Links between tables over HTTP: ids, reverse sides, versions, on_delete, and changes of linked definitions."""

import pytest

SCENARIO = {
    "customer": {"type": "link", "table": "Customer", "reverse": "orders"},
    "parent": {"type": "link", "table": "Order", "on_delete": "set_null", "reverse": "parts"},
    "seen_by": {"type": "links", "table": "Customer", "reverse": "seen"},
}


@pytest.fixture
def shop(fresh):
    """Customers 1 to 3 (table 1), orders 1 to 3 (table 2)."""
    fresh.send("POST", "/table/", {"model_name": "Customer", "fields": {"name": "string"}}, status=201)
    fresh.send("POST", "/table/", {"model_name": "Order", "fields": SCENARIO}, status=201)
    fresh.send("POST", "/table/1/rows/", [{"name": name} for name in "abc"], status=201)
    orders = [
        {"id": 1, "customer": 1, "seen_by": [3, 1]},
        {"id": 2, "customer": 1, "parent": 1},
        {"id": 3, "customer": 2, "parent": 1, "seen_by": [3]},
    ]
    fresh.send("POST", "/table/2/rows/", orders, status=201)
    return fresh


def patch(client, path, document, status=200):
    return client.send("PATCH", path, document, status=status).json


def test_rows_show_ids_and_reverse_sides(shop):
    assert shop.get("/table/2/rows/1/") == {"id": 1, "customer": 1, "parent": None, "seen_by": [3, 1], "parts": [2, 3]}
    assert shop.get("/table/1/rows/") == [
        {"id": 1, "name": "a", "orders": [1, 2], "seen": [1]},
        {"id": 2, "name": "b", "orders": [3], "seen": []},
        {"id": 3, "name": "c", "orders": [], "seen": [1, 3]},
    ]


def test_missing_rows_are_pointed_at(shop):
    rows = [{"customer": 1}, {"customer": 9, "parent": 8, "seen_by": [1, 7]}]
    problems = shop.send("POST", "/table/2/rows/", rows, status=422).json["errors"]
    assert {(problem["pointer"], problem["code"]) for problem in problems} == {
        ("/1/customer", "unknown_row"),
        ("/1/parent", "unknown_row"),
        ("/1/seen_by/1", "unknown_row"),
    }
    assert len(shop.get("/table/2/rows/")) == 3
    assert patch(shop, "/table/2/rows/1/", {"parent": 77}, 422)["errors"][0]["pointer"] == "/parent"


def test_rows_of_one_request_refer_to_one_another(shop):
    shop.send("POST", "/table/2/rows/", [{"id": 20, "parent": 21}, {"id": 21, "parent": 20}], status=201)
    assert shop.get("/table/2/rows/20/")["parts"] == [21]


def test_the_far_definition_tells_and_its_version_rises(shop):
    far = shop.get("/table/1/")
    assert far["version"] == 2
    assert far["linked_from"][0] == {
        "name": "orders",
        "table": 2,
        "model_name": "Order",
        "field": "customer",
        "on_delete": "restrict",
    }
    assert shop.send("PUT", "/table/1/", far, status=200).json == far, "PUT of what GET returned changes nothing"
    patch(shop, "/table/2/", {"model_name": "Sale", "fields": {"client": {"renamed_from": "customer"}}})
    far = shop.get("/table/1/")
    assert (far["version"], far["linked_from"][0]["field"], far["linked_from"][0]["model_name"]) == (
        3,
        "client",
        "Sale",
    )
    assert shop.get("/table/1/rows/1/")["orders"] == [1, 2], "reverse sides follow renames"
    patch(shop, "/table/1/", {"model_name": "Person"})
    assert shop.send("POST", "/table/2/rows/", {"client": 3}, status=201).json["client"] == 3


def test_clashes_of_names_are_refused(shop):
    document = {"fields": {"customer": {"reverse": "NAME"}}}
    assert patch(shop, "/table/2/", document, 422)["errors"][0]["pointer"] == "/fields/customer/reverse"
    assert patch(shop, "/table/1/", {"fields": {"Orders": "string"}}, 422)["errors"][0]["code"] == "duplicate_name"
    patch(shop, "/table/1/", {"fields": {"name": {"aliases": ["called"]}}})
    document = {"fields": {"customer": {"reverse": "Called"}}}
    assert patch(shop, "/table/2/", document, 422)["errors"][0]["code"] == "duplicate_name"


@pytest.mark.parametrize("field", ({"type": "created_time"}, {"type": "links", "table": "Customer"}))
@pytest.mark.parametrize("member", ("unique", "indexes"))
def test_what_has_no_column_is_in_no_index(shop, field, member):
    document = {"model_name": "Bad", "fields": {"x": field}, member: [{"fields": ["x"]}]}
    problems = shop.send("POST", "/table/", document, status=422).json["errors"]
    assert [problem["pointer"] for problem in problems] == [f"/{member}/0/fields/0"]


@pytest.mark.parametrize(
    ("field", "pointer"),
    (
        ({"type": "link", "table": "Nobody"}, "/fields/x/table"),
        ({"type": "link", "table": 99}, "/fields/x/table"),
        ({"type": "link"}, "/fields/x/table"),
        ({"type": "link", "table": 1, "on_delete": "remove"}, "/fields/x/on_delete"),
        ({"type": "link", "table": 1, "on_delete": "set_null", "required": True}, "/fields/x/on_delete"),
        ({"type": "link", "table": 1, "reverse": "id"}, "/fields/x/reverse"),
        ({"type": "link", "table": 1, "default": 1}, "/fields/x/default"),
        ({"type": "links", "table": 1, "required": True}, "/fields/x/required"),
        ({"type": "link", "table": 1, "reverse": "told", "write_only": True}, "/fields/x/reverse"),
    ),
)
def test_bad_links_are_refused(shop, field, pointer):
    problems = shop.send("POST", "/table/", {"model_name": "Bad", "fields": {"x": field}}, status=422).json["errors"]
    assert pointer in [problem["pointer"] for problem in problems]
    assert shop.get("/table/1/")["version"] == 2, "nothing changed"


def test_a_table_that_is_linked_to_is_not_dropped(shop):
    refusal = shop.send("DELETE", "/table/1/", status=409).json
    assert refusal["code"] == "linked_from" and "Order.customer" in refusal["detail"]
    shop.send("DELETE", "/table/2/", status=204)
    assert shop.get("/table/1/")["linked_from"] == []
    assert shop.get("/table/1/rows/1/") == {"id": 1, "name": "a"}
    shop.send("DELETE", "/table/1/rows/1/", status=204)
    shop.send("DELETE", "/table/1/", status=204)


@pytest.mark.parametrize(("action", "left"), (("restrict", [1, 2, 3]), ("set_null", [1, 2, 3]), ("cascade", [3])))
def test_on_delete(shop, action, left):
    patch(shop, "/table/2/", {"fields": {"customer": {"on_delete": action}}})
    told = []
    shop.catalogue.on_row_writes(
        lambda connection, writes: told.append((writes.table_id, writes.operation, writes.rows))
    )
    shop.send("DELETE", "/table/1/rows/1/", status=409 if action == "restrict" else 204)
    rows = {row["id"]: row for row in shop.get("/table/2/rows/")}
    assert list(rows) == left
    if action == "restrict":
        assert told == []
        return
    if action == "set_null":
        assert rows[1]["customer"] is None and rows[1]["seen_by"] == [3]
    else:
        assert rows[3]["parent"] is None, "its parent went with the customer"
        assert (2, "delete", ((1, 1), (2, 1))) in [
            (table, what, tuple((i, 1) for i, _ in rows)) for table, what, rows in told
        ]
    assert (1, "delete", ((1, 1),)) in told


def test_entity_tags_know_reverse_sides(shop):
    before = shop.send("GET", "/table/1/rows/3/", status=200).headers["ETag"]
    shop.send("GET", "/table/1/rows/3/", status=304, if_none_match=before)
    shop.send("POST", "/table/2/rows/", {"customer": 3}, status=201)
    after = shop.send("GET", "/table/1/rows/3/", status=200, if_none_match=before).headers["ETag"]
    assert after != before
    changed = shop.send("PATCH", "/table/1/rows/3/", {"name": "C"}, status=200, if_match=before)
    assert changed.headers["ETag"] == shop.send("GET", "/table/1/rows/3/", status=200).headers["ETag"]
    shop.send("PATCH", "/table/1/rows/3/", {"name": "D"}, status=412, if_match=before)


def test_reverse_sides_are_repeated_and_never_written(shop):
    row = shop.get("/table/1/rows/1/")
    assert shop.send("PUT", "/table/1/rows/1/", row, status=200).json == row
    problems = shop.send("PUT", "/table/1/rows/1/", {**row, "orders": [1]}, status=422).json["errors"]
    assert [(problem["pointer"], problem["code"]) for problem in problems] == [("/orders", "read_only")]
    shop.send("POST", "/table/1/rows/", {"name": "x", "orders": []}, status=422)


def test_links_are_converted_to_and_fro(shop):
    patch(shop, "/table/2/", {"fields": {"customer": "text", "seen_by": "text"}})
    rows = shop.get("/table/2/rows/")
    assert [(row["customer"], row["seen_by"]) for row in rows] == [("1", "[3,1]"), ("1", "[]"), ("2", "[3]")]
    assert shop.get("/table/1/")["linked_from"] == []
    link, links = {"type": "link", "table": 1}, {"type": "links", "table": 1}
    shop.send("DELETE", "/table/1/rows/2/", status=204)
    refusal = patch(shop, "/table/2/", {"fields": {"customer": link}}, 409)
    assert refusal["code"] == "lossy_change" and refusal["samples"][0]["id"] == 3
    shop.send("PATCH", "/table/2/?on_error=null", {"fields": {"customer": link, "seen_by": links}}, status=200)
    rows = shop.get("/table/2/rows/")
    assert [(row["customer"], row["seen_by"]) for row in rows] == [(1, [3, 1]), (1, []), (None, [3])]
