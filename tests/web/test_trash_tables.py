"""Dropped tables: listed, brought back with all that they refer to, and purged."""

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.testing.strategies import drawn
from tests.every_type import written_types
from tests.web.test_trash_fields import columns, drop, quarantine, restore, trash

FIELDS = {
    "name": {"type": "string", "required": True, "max_length": 20, "unique": True},
    "customer": {"type": "link", "table": "Customer", "reverse": "orders"},
    "parent": {"type": "link", "table": "Order", "on_delete": "set_null", "reverse": "parts"},
    "seen_by": {"type": "links", "table": "Customer", "reverse": "seen"},
    "others": {"type": "links", "table": "Order"},
}


@pytest.fixture
def shop(fresh):
    """Customers 1 to 3 (table 1), orders 1 to 3 (table 2)."""
    fresh.table({"title": "string"}, "Customer")
    rules = {"unique": [{"fields": ["name", "customer"]}], "indexes": [{"fields": ["customer", "name"]}]}
    fresh.table(FIELDS, "Order", **rules)
    fresh.send("POST", "/table/1/rows/", [{"title": title} for title in "abc"], status=201)
    orders = [
        {"id": 1, "name": "x", "customer": 1, "seen_by": [3, 1], "others": [2, 1]},
        {"id": 2, "name": "y", "customer": 1, "parent": 1},
        {"id": 3, "name": "z", "customer": 2, "parent": 1, "seen_by": [3]},
    ]
    fresh.send("POST", "/table/2/rows/", orders, status=201)
    return fresh


def restore_table(client, number, overrides=None, query="", **keywords):
    document = {} if overrides is None else {"document": overrides}
    return client.send("POST", f"/trash/{number}/restore/{query}", status=200, **document, **keywords)


def drop_with_rules(client, *names):
    client.send("PATCH", "/table/2/", {"fields": dict.fromkeys(names), "unique": [], "indexes": []}, status=200)


def tables_in_database(client):
    database = client.catalogue.database
    with database.reading() as connection:
        return set(sa.inspect(connection).get_table_names(schema=database.dialect.schema))


def described(client, name):
    """Columns, indexes, foreign keys and checks of a table, as the database has them."""
    database = client.catalogue.database
    with database.reading() as connection:
        inspector, schema = sa.inspect(connection), database.dialect.schema
        indexes = {
            (index["name"], tuple(index["column_names"]), bool(index["unique"]))
            for index in inspector.get_indexes(name, schema=schema)
        }
        keys = {
            (key["name"], tuple(key["constrained_columns"]), key["referred_table"], key["options"].get("ondelete"))
            for key in inspector.get_foreign_keys(name, schema=schema)
        }
        checks = {check["name"] for check in inspector.get_check_constraints(name, schema=schema)}
        nullable = {column["name"]: column["nullable"] for column in inspector.get_columns(name, schema=schema)}
    return {"indexes": indexes, "keys": keys, "checks": checks, "nullable": nullable}


def without_version(document):
    return {key: value for key, value in document.items() if key != "version"}


def test_round_trip(shop):
    names = ("Order", "_links_2_4", "_links_2_5")
    customers, orders = shop.get("/table/1/rows/"), shop.get("/table/2/rows/")
    definitions = [shop.get(f"/table/{number}/") for number in (1, 2)]
    physical = [described(shop, name) for name in names]
    for _ in range(2):
        shop.send("DELETE", "/table/Order/", status=204)
        assert shop.get("/table/1/")["linked_from"] == []
        (kept,) = shop.get("/trash/")
        assert (kept["number"], kept["model_name"], kept["rows"]) == (2, "Order", 3)
        assert shop.get("/trash/2/") == kept
        answer = restore_table(shop, 2)
        assert answer.headers["Content-Location"] == "/table/2/"
        assert answer.json == shop.get("/table/2/")
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"' == f'"{kept["dropped_version"] + 1}"'
        assert shop.get("/trash/") == []
        assert shop.get("/table/1/rows/") == customers
        assert shop.get("/table/2/rows/") == orders
        assert [without_version(shop.get(f"/table/{number}/")) for number in (1, 2)] == [
            without_version(each) for each in definitions
        ]
        assert [described(shop, name) for name in names] == physical
    assert shop.get("/table/1/")["version"] == definitions[0]["version"] + 4
    # It lives on: ids, rules, deletions.
    assert shop.row("/table/2/", {"name": "new", "customer": 3})["id"] == 4
    assert shop.send("POST", "/table/2/rows/", {"name": "new"}, status=409).json["code"] == "unique_violation"
    assert shop.send("DELETE", "/table/1/rows/3/", status=409).json["code"] == "foreign_key_violation"
    shop.send("DELETE", "/table/2/rows/1/", status=204)
    assert shop.get("/table/2/rows/2/")["parent"] is None


def test_of_every_type(fresh):
    types = written_types()
    path = fresh.table({f"f_{name}": {"type": name, **options} for name, (options, _) in types.items()}, "Full")
    samples = {name: [value for value, _ in drawn(strategy, 3)] for name, (_, strategy) in types.items()}
    rows = [{f"f_{name}": values[number] for name, values in samples.items()} for number in range(3)]
    fresh.send("POST", f"{path}rows/", [*rows, {}], status=201)
    rows, document = fresh.get(f"{path}rows/"), fresh.get(path)
    fresh.send("DELETE", path, status=204)
    assert without_version(restore_table(fresh, 1).json) == without_version(document)
    assert fresh.get(f"{path}rows/") == rows


def test_another_name(shop):
    shop.send("DELETE", "/table/2/", status=204)
    shop.table({}, "ORDER")
    answer = shop.refused("POST", "/trash/2/restore/", status=409, code="name_taken")
    assert "model_name" in answer.json["hint"]
    for overrides, code in (
        ({"model_name": "_x"}, "/model_name invalid_name"),
        ({"model_name": 1}, "/model_name invalid_name"),
        ({"fields": {}}, "/fields unknown_key"),
        ([], " wrong_type"),
    ):
        shop.refused("POST", "/trash/2/restore/", overrides, status=422, code=code)
    shop.refused("POST", "/trash/2/restore/", {"model_name": "customer"}, status=409, code="name_taken")
    answer = restore_table(shop, 2, {"model_name": "Purchase"}).json
    assert (answer["id"], answer["model_name"]) == (2, "Purchase")
    assert [each["model_name"] for each in answer["linked_from"]] == ["Purchase", "Purchase"]
    assert [each["model_name"] for each in shop.get("/table/1/")["linked_from"]] == ["Purchase", "Purchase"]
    assert shop.get("/table/1/rows/1/")["orders"] == [1, 2]
    assert "Purchase" in tables_in_database(shop)


def test_a_table_that_is_not_managed_has_the_name(fresh):
    path = fresh.table({"a": "string"}, "Thing")
    fresh.send("DELETE", path, status=204)
    database = fresh.catalogue.database
    schema = f"{database.dialect.schema}." if database.dialect.schema else ""
    with database.changing() as connection:
        connection.exec_driver_sql(f'CREATE TABLE {schema}"Thing" (x int)')
    fresh.refused("POST", "/trash/1/restore/", status=409, code="name_taken")


@pytest.mark.parametrize("how", ["fail", "null", "default", "quarantine"])
def test_rows_that_are_gone(shop, how):
    shop.send("DELETE", "/table/2/", status=204)
    shop.send("DELETE", "/table/1/rows/1/", status=204)
    if how == "fail":
        answer = shop.refused("POST", "/trash/2/restore/", status=409, code="lossy_change")
        assert (answer.json["field"], answer.json["count"]) == ("customer", 2)
        assert answer.json["samples"][0] == {"id": 1, "value": "1", "reason": "there is no row 1"}
        return
    answer = shop.refused("POST", f"/trash/2/restore/?on_error={how}", status=409, code="on_error_by_field")
    assert answer.json["fields"] == ["customer", "seen_by"]
    restore_table(shop, 2, query=f"?on_error={answer.json['on_error']}")
    assert [row["customer"] for row in shop.get("/table/2/rows/")] == [None, None, 2]
    assert [row["seen_by"] for row in shop.get("/table/2/rows/")] == [[], [], [3]]
    assert shop.get("/table/1/rows/3/")["seen"] == [3]
    if how == "quarantine":
        assert quarantine(shop) == [
            (1, "1", "there is no row 1"),
            (2, "1", "there is no row 1"),
            (1, "[3,1]", "there is no row 1"),
        ]
    assert shop.send("DELETE", "/table/1/rows/2/", status=409).json["code"] == "foreign_key_violation"


def test_a_required_link_to_a_row_that_is_gone(fresh):
    fresh.table({}, "Far")
    fresh.table({"far": {"type": "link", "table": "Far", "required": True}}, "Near")
    fresh.row("/table/1/", {})
    fresh.row("/table/2/", {"far": 1})
    fresh.send("DELETE", "/table/2/", status=204)
    fresh.send("DELETE", "/table/1/rows/1/", status=204)
    fresh.refused("POST", "/trash/2/restore/", status=409, code="lossy_change")
    answer = fresh.refused("POST", "/trash/2/restore/?on_error=null", status=409, code="lossy_change")
    assert answer.json["samples"] == [{"id": 1}]


def test_tables_that_are_gone(shop):
    """In the order of their links they come back whole; else the fields that link to them stay in the trash."""
    orders = shop.get("/table/2/rows/")
    for number in (2, 1):
        shop.send("DELETE", f"/table/{number}/", status=204)
    assert [each["number"] for each in shop.get("/trash/")] == [1, 2]
    assert [each["number"] for each in shop.get("/trash/?limit=1&offset=1")] == [2]
    answer = shop.refused("POST", "/trash/2/restore/", status=409, code="linked_table_gone")
    assert answer.json["fields"] == ["customer", "seen_by"]
    restore_table(shop, 1)
    restore_table(shop, 2)
    assert shop.get("/table/2/rows/") == orders

    for number in (2, 1):
        shop.send("DELETE", f"/table/{number}/", status=204)
    shop.refused("POST", "/trash/2/restore/?on_error=customer:null", status=409, code="linked_table_gone")
    answer = shop.refused("POST", "/trash/2/restore/?on_error=null", status=409, code="on_error_by_field")
    left = restore_table(shop, 2, query=f"?on_error={answer.json['on_error']}").json
    assert (list(left["fields"]), left["unique"], left["indexes"]) == (["name", "parent", "others"], [], [])
    assert [(each["name"], each["rows"]) for each in trash(shop, "/table/2/")] == [("customer", 3), ("seen_by", 2)]
    shop.row("/table/2/", {"name": "later"})
    number = trash(shop, "/table/2/")[0]["number"]
    shop.refused("POST", f"/table/2/trash/{number}/restore/", status=422, code="/table unknown_table")
    restore_table(shop, 1)
    for kept in trash(shop, "/table/2/"):
        restore(shop, "/table/2/", kept["number"])
    # Dictionaries are equal in any order; the fields stand behind the others now.
    assert shop.get("/table/2/rows/?limit=3") == orders


def test_linked_fields_come_back(shop):
    """Fields, their reverse sides, and those that lead to rows which are gone."""
    customers, orders = shop.get("/table/1/rows/"), shop.get("/table/2/rows/")
    shop.send("PUT", "/table/2/", {"fields": {"name": FIELDS["name"]}}, status=200)
    assert shop.get("/table/1/")["linked_from"] == []
    kept = trash(shop, "/table/2/")
    assert {each["name"]: each["rows"] for each in kept} == {"customer": 3, "parent": 2, "seen_by": 2, "others": 1}
    version = shop.get("/table/1/")["version"]
    for each in kept:
        restore(shop, "/table/2/", each["number"])
    assert shop.get("/table/1/")["version"] == version + 2
    assert shop.get("/table/1/rows/") == customers
    after = shop.get("/table/2/rows/")
    assert [{name: row[name] for name in orders[0]} for row in after] == orders
    assert trash(shop, "/table/2/") == []
    assert not [name for name in tables_in_database(shop) if name.startswith("_trash")]

    drop_with_rules(shop, "customer", "seen_by")
    numbers = {each["name"]: each["number"] for each in trash(shop, "/table/2/")}
    shop.send("DELETE", "/table/1/rows/1/", status=204)
    for name, number in numbers.items():
        answer = shop.refused("POST", f"/table/2/trash/{number}/restore/", status=409, code="lossy_change")
        assert answer.json["field"] == name
        restore(shop, "/table/2/", number, query="?on_error=quarantine")
    assert [row["customer"] for row in shop.get("/table/2/rows/")] == [None, None, 2]
    assert [row["seen_by"] for row in shop.get("/table/2/rows/")] == [[], [], [3]]
    # What could not come back is there still.
    assert {each["name"] for each in trash(shop, "/table/2/")} == {"customer", "seen_by"}
    for number in numbers.values():
        shop.send("DELETE", f"/table/2/trash/{number}/", status=204)
    assert shop.send("DELETE", "/table/1/rows/2/", status=409).json["code"] == "foreign_key_violation"


def test_lists_that_a_conversion_replaced(shop):
    shop.send("PATCH", "/table/2/?on_error=null", {"fields": {"seen_by": {"type": "integer"}}}, status=200)
    (kept,) = trash(shop, "/table/2/")
    assert (kept["reason"], kept["type"], kept["rows"]) == ("replaced", "links", 2)
    answer = restore(shop, "/table/2/", kept["number"], {"name": "seers"}).json
    assert answer["fields"]["seers"]["id"] == 8
    assert [row["seers"] for row in shop.get("/table/2/rows/")] == [[3, 1], [], [3]]
    assert [row["seen_by"] for row in shop.get("/table/2/rows/")] == [None, None, None]
    assert shop.get("/table/1/rows/3/")["seen"] == [1, 3]
    assert trash(shop, "/table/2/") == []


def test_a_link_comes_back_as_another_type(shop):
    drop_with_rules(shop, "customer", "seen_by")
    for kept in trash(shop, "/table/2/"):
        kind = "integer" if kept["type"] == "link" else "json"
        restore(shop, "/table/2/", kept["number"], {"type": kind})
    rows = shop.get("/table/2/rows/")
    assert [(row["customer"], row["seen_by"]) for row in rows] == [(1, [3, 1]), (1, []), (2, [3])]
    assert trash(shop, "/table/2/") == []
    assert shop.get("/table/1/")["linked_from"] == []


def test_lists_go_with_their_rows(shop):
    """Another row of the same number has no list of one that is gone; also when the table was in the trash."""
    drop(shop, "/table/2/", "seen_by")
    shop.send("DELETE", "/table/2/rows/3/", status=204)
    shop.row("/table/2/", {"id": 3, "name": "another"})
    assert trash(shop, "/table/2/")[0]["rows"] == 1
    shop.send("PATCH", "/table/2/", {"fields": {"name": {"required": False}}}, status=200)
    shop.send("DELETE", "/table/2/", status=204)
    restore_table(shop, 2, {"model_name": "Else"})
    shop.send("DELETE", "/table/2/rows/2/", status=204)
    restore(shop, "/table/2/", 1)
    assert [row["seen_by"] for row in shop.get("/table/2/rows/")] == [[3, 1], []]
    drop(shop, "/table/2/", "seen_by")
    shop.send("DELETE", "/table/2/", status=204)
    shop.send("DELETE", "/trash/2/", status=204)
    assert not [name for name in tables_in_database(shop) if name.startswith(("_trash", "_links"))]


def test_a_reverse_name_that_is_taken_by_now(shop):
    drop_with_rules(shop, "customer")
    shop.send("PATCH", "/table/1/", {"fields": {"orders": "integer"}}, status=200)
    shop.refused("POST", "/table/2/trash/1/restore/", status=422, code="/reverse duplicate_name")
    restore(shop, "/table/2/", 1, {"reverse": "bought"})
    assert shop.get("/table/1/rows/1/")["bought"] == [1, 2]
    shop.send("DELETE", "/table/2/", status=204)
    shop.send("PATCH", "/table/1/", {"fields": {"seen": "integer"}}, status=200)
    shop.refused("POST", "/trash/2/restore/", status=422, code="/fields/seen_by/reverse duplicate_name")


def test_fields_in_the_trash_go_with_the_table_and_come_back(fresh):
    path = fresh.table({"a": {"type": "string", "required": True}, "self": {"type": "link", "table": "T"}}, "T")
    fresh.row(path, {"a": "x", "self": None})
    fresh.row(path, {"a": "y", "self": 1})
    drop(fresh, path, "a")
    fresh.send("DELETE", path, status=204)
    restore_table(fresh, 1)
    assert [each["name"] for each in trash(fresh, path)] == ["a"]
    restore(fresh, path, 1)
    assert fresh.get(f"{path}rows/") == [{"id": 1, "self": None, "a": "x"}, {"id": 2, "self": 1, "a": "y"}]


def test_purge(shop):
    drop(shop, "/table/2/", "seen_by", "parent")
    others = tables_in_database(shop)
    shop.send("PATCH", "/table/2/?on_error=quarantine", {"fields": {"name": "integer"}}, status=409)
    shop.send("DELETE", "/table/2/", status=204)
    shop.refused("DELETE", "/trash/2/", status=412, code="precondition_failed", if_match='"1"')
    shop.refused("POST", "/trash/2/restore/", status=412, code="precondition_failed", if_match='"1"')
    tag = shop.send("GET", "/trash/2/", status=200).headers["ETag"]
    shop.send("DELETE", "/trash/2/", status=204, if_match=tag)
    left = tables_in_database(shop)
    assert {name for name in others - left if not name.startswith("_")} == {"Order"}
    assert not [name for name in left if name.startswith(("_trash", "_links"))]
    stored = shop.stored()
    assert stored["_dynmodel_trash"] == []
    assert len(stored["_dynmodel_table"]) == 1
    assert [line for line in stored["_dynmodel_change"] if "Order" in line]
    assert shop.get("/trash/") == []
    for method, path in (("GET", "/trash/2/"), ("DELETE", "/trash/2/"), ("POST", "/trash/2/restore/")):
        shop.refused(method, path, status=404, code="not_found")
    # The number is not given again, and no sequence is left in the way.
    assert shop.table({}, "Order") == "/table/3/"


def test_live_tables_and_nonsense_are_not_in_the_trash(shop):
    for address in ("1", "99", "x", "0", "2/restore/x", "2/x"):
        shop.send("GET", f"/trash/{address}/", status=404)
    for method, path in (("DELETE", "/trash/1/"), ("POST", "/trash/1/restore/")):
        shop.refused(method, path, status=404, code="not_found")
    shop.refused("GET", "/trash/?order=id", status=400, code="unknown_parameter")
    assert columns(shop, "/table/1/")[-1] == "title"
