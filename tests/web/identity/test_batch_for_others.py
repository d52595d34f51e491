"""A batch gives no more than the single requests of the same caller."""

import pytest

from dynmodel_pyramid.access.identity import Narrowing

ROLE = {
    "tables": {
        "Order": {
            "read": {"rows": "status=neq.closed", "fields": ["*", "-margin"]},
            "create": {"fields": ["text", "status", "team"], "check": "status=neq.closed", "preset": {"owner": "me"}},
            "update": {"rows": "status=eq.new", "fields": ["text", "status"], "check": "status=in.(new,paid)"},
        },
        "Team": {"read": {"rows": "name=neq.secret"}},
    },
    "definitions": "read",
}


@pytest.fixture(scope="module")
def shop(people):
    def send(method, path, document, status=201):
        return people.send(method, path, document, secret=people.admin, status=status)

    send("POST", "/table/", {"model_name": "Team", "fields": {"name": {"type": "string", "unique": True}}})
    send("POST", "/table/", {"model_name": "Hidden", "fields": {"name": "string"}})
    fields = {"text": "string", "status": "string", "owner": "string", "margin": "integer"}
    fields["team"] = {"type": "link", "table": "Team", "reverse": "orders", "on_delete": "set_null"}
    send("POST", "/table/", {"model_name": "Order", "fields": fields})
    send("POST", "/table/Team/rows/", [{"name": "red"}, {"name": "secret"}])
    rows = [{"text": text, "status": status, "margin": 9} for text, status in (("a", "new"), ("b", "closed"))]
    send("POST", "/table/Order/rows/", rows)
    send("PUT", "/access/role/clerk/", ROLE, None)
    send("PUT", "/access/role/visitor/", {"tables": {"Team": {"read": True}}}, None)
    people.clerk, people.visitor = people.token("clerk"), people.token("visitor")
    return people


def batch(people, operation, secret, status=None):
    return people.send("POST", "/batch/", [operation], secret=secret, status=status)


#: The operation of a batch, and the single request.
PAIRS = [
    ({"operation": "insert", "row": {"text": "x", "status": "new"}}, "POST", ""),
    ({"operation": "insert", "row": {"text": "x", "status": "closed"}}, "POST", ""),
    ({"operation": "insert", "row": {"margin": 1}}, "POST", ""),
    ({"operation": "insert", "row": {"team": 2}}, "POST", ""),
    ({"operation": "insert", "row": {"team": {"name": "secret"}}}, "POST", ""),
    ({"operation": "update", "id": 1, "row": {"text": "y"}}, "PATCH", "1/"),
    ({"operation": "update", "id": 1, "row": {"margin": 1}}, "PATCH", "1/"),
    ({"operation": "update", "id": 1, "row": {"status": "closed"}}, "PATCH", "1/"),
    ({"operation": "update", "id": 2, "row": {"text": "y"}}, "PATCH", "2/"),
    ({"operation": "replace", "id": 1, "row": {"text": "z", "status": "new"}}, "PUT", "1/"),
    ({"operation": "delete", "id": 1}, "DELETE", "1/"),
    ({"operation": "update", "where": {"margin": "eq.9"}, "row": {"text": "y"}}, "PATCH", "?margin=eq.9"),
    ({"operation": "update", "where": {"id": "gt.0"}, "row": {"text": "y"}}, "PATCH", "?id=gt.0"),
    ({"operation": "delete", "where": {"id": "gt.0"}}, "DELETE", "?id=gt.0"),
]


def test_each_operation_is_allowed_as_the_single_request(shop):
    for operation, method, place in PAIRS:
        document = {"table": "Order", **operation}
        alone = shop.send(
            method, f"/table/Order/rows/{place}", operation.get("row"), secret=shop.clerk, Prefer="tx=rollback"
        )
        # The single row's address knows no rollback: its writes stay, and are harmless here.
        answer = shop.send("POST", "/batch/", [document], secret=shop.clerk, Prefer="tx=rollback")
        told = (answer.status_int, answer.json.get("code") if answer.status_int > 400 else None)
        wanted = (alone.status_int, alone.json["code"] if alone.status_int > 400 else None)
        assert told == wanted or (told[0] == 200 and wanted[0] < 300), (operation, told, wanted, answer.text)
        if answer.status_int > 400:
            assert answer.json["detail"].removeprefix("/0/row") == alone.json["detail"], operation


def test_nothing_hidden_is_shown(shop):
    row = {"text": "x", "status": "new", "team": 1}
    shown = batch(shop, {"operation": "insert", "table": "Order", "row": row}, shop.clerk, 200).json[0]
    assert shown["text"] == "x" and "margin" not in shown and shown["owner"] == "me"
    # References see what the caller sees.
    margin = {"operation": "insert", "table": "Order", "row": {"text": {"$ref": "/0/margin"}, "status": "new"}}
    first = {"operation": "insert", "table": "Order", "row": row}
    answer = shop.send("POST", "/batch/", [first, margin], secret=shop.clerk, status=422)
    assert answer.json["errors"][0] == {
        "pointer": "/1/row/text", "code": "unknown_reference", "detail": "the results have nothing at /0/margin",
    }  # fmt: skip
    for name in ("Hidden", "Order", "Nothing"):
        answer = batch(shop, {"operation": "insert", "table": name, "row": {}}, shop.visitor, 404)
        assert answer.json["detail"] == f"there is no table '{name}'", answer.json
        assert (
            shop.send("POST", f"/table/{name}/rows/", {}, secret=shop.visitor, status=404).json["detail"]
            == (answer.json["detail"])
        )
    table = {"operation": "create_table", "definition": {"model_name": "New", "fields": {}}}
    for secret in (shop.clerk, shop.visitor):
        alone = shop.send("POST", "/table/", table["definition"], secret=secret, status=403).json
        assert batch(shop, table, secret, 403).json["detail"] == alone["detail"]
    assert batch(shop, first, None, 401).json["code"] == "unauthenticated"
    reader = shop.token("admin", narrowing=Narrowing(read_only=True))
    assert batch(shop, first, reader).status_int == 403 and batch(shop, table, reader).status_int == 403
    # An existing row that the caller may not read stays, and is not told.
    again = {"operation": "upsert", "table": "Order", "row": {"id": 2, "text": "q"}, "resolution": "ignore-duplicates"}
    assert batch(shop, again, shop.clerk, 200).json == [None]


def test_a_plan_counts_rows_that_the_caller_may_know_of(shop):
    """Those that lose a link with the row only if their table is read whole: else their number would tell the link."""
    team = shop.send("POST", "/table/Team/rows/", {"name": "grey"}, secret=shop.admin, status=201).json["id"]
    shop.send("POST", "/table/Order/rows/", {"text": "t", "team": team}, secret=shop.admin, status=201)
    reads = {"nothing": None, "some": {"fields": ["text"]}, "rows": {"rows": "margin=is.null"}, "all": True}
    tables = {name: {"Team": {"read": True, "delete": True}} for name in reads}
    for name, read in reads.items():
        if read is not None:
            tables[name]["Order"] = {"read": read}
        shop.send("PUT", f"/access/role/{name}/", {"tables": tables[name]}, secret=shop.admin)
    delete = [{"operation": "delete", "table": "Team", "id": team}]
    secrets = {name: shop.token(name) for name in reads} | {"admin": shop.admin}
    for name, secret in secrets.items():
        plan = shop.send("POST", "/batch/plan/", delete, secret=secret, status=200).json
        known = {write["model_name"]: write["rows"] for write in plan[0]["writes"]}
        assert known == {"Team": 1} | ({"Order": 1} if name in ("all", "admin") else {}), name


def test_nested_rows_are_allowed_as_rows_of_their_own(shop):
    def post(team, secret=None):
        row = {"text": "x", "status": "new", "team": team}
        headers = {"secret": secret or shop.clerk, "Prefer": "nested=write, tx=rollback"}
        return shop.send("POST", "/table/Order/rows/", row, **headers)

    assert post({"name": "red"}).status_int == 201
    refused = post({"name": "green"})
    assert refused.status_int == 403 and refused.json["detail"] == "this identity may not add rows"
    assert post({"id": 1, "name": "other"}).json["detail"] == "this identity may not change rows"
    # A hidden row is as if there were none: to add it is refused like any other.
    assert post({"name": "secret"}).json["detail"] == refused.json["detail"]
    assert post({"id": 2}).json["errors"][0]["code"] == "unknown_row"
    writer = {"tables": {**ROLE["tables"], "Team": {"read": {"rows": "name=neq.secret"}, "create": True}}}
    shop.send("PUT", "/access/role/writer/", writer, secret=shop.admin)
    secret = shop.token("writer")
    assert post({"name": "green"}, secret).status_int == 201
    hidden = post({"name": "secret"}, secret)
    assert hidden.status_int == 409 and hidden.json["code"] == "unique_violation"
    # A reverse side: the link of the nested row is written, too.
    team = {"name": "new", "orders": [{"text": "x", "status": "new"}]}
    made = shop.send("POST", "/table/Team/rows/", team, secret=secret, Prefer="nested=write", status=201).json
    assert len(made["orders"]) == 1
    writer["tables"]["Order"] = {"read": True, "create": {"fields": ["text", "status"]}}
    shop.send("PUT", "/access/role/writer/", writer, secret=shop.admin)
    answer = shop.send("POST", "/table/Team/rows/", {**team, "name": "n"}, secret=secret, Prefer="nested=write")
    assert answer.status_int == 403, answer.text
