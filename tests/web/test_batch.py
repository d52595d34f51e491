"""``/batch/``: operations on rows of several tables, in one transaction."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.soak import batches
from tests.web.client import Client


@pytest.fixture
def shop(fresh) -> Client:
    fresh.table({"name": {"type": "string", "unique": True}, "note": "json"}, "Author")
    fields = {
        "title": {"type": "string", "required": True},
        "price": {"type": "integer", "min": 0},
        "author": {"type": "link", "table": "Author", "reverse": "books", "on_delete": "cascade"},
        "others": {"type": "links", "table": "Author"},
    }
    fresh.table(fields, "Book")
    return fresh


def test_operations_refer_to_earlier_results(shop):
    operations = [
        {"operation": "insert", "table": "Author", "row": {"name": "Ende", "note": {"$literal": {"$ref": "/9"}}}},
        {"operation": "insert", "table": 1, "rows": [{"name": "Funke"}, {"name": "Kaestner"}]},
        {
            "operation": "insert",
            "table": "Book",
            "row": {"title": {"$ref": "/0/name"}, "author": {"$ref": "/0/id"}, "others": [{"$ref": "/1/1/id"}, 1]},
            "select": "id,author(name)",
        },
        {"operation": "update", "table": 2, "id": {"$ref": "/2/id"}, "row": {"price": 3}, "version": 1},
        {"operation": "update", "table": 1, "where": {"id": {"in": [{"$ref": "/1/0/id"}]}}, "row": {"note": 1}},
        {
            "operation": "upsert",
            "table": "Author",
            "rows": [{"name": "Funke", "note": {"$ref": "/1/0"}}, {"name": "New"}],
            "on_conflict": ["name"],
        },
        {"operation": "replace", "table": "Book", "id": 1, "row": {"title": "Momo", "author": 1}},
        {"operation": "delete", "table": "Author", "where": {"name": "eq.Kaestner"}},
    ]
    answer = shop.send("POST", "/batch/", operations, status=200)
    assert answer.json == [
        {"id": 1, "name": "Ende", "note": {"$ref": "/9"}, "books": []},
        [
            {"id": 2, "name": "Funke", "note": None, "books": []},
            {"id": 3, "name": "Kaestner", "note": None, "books": []},
        ],
        {"id": 1, "author": {"name": "Ende"}},
        {"id": 1, "title": "Ende", "price": 3, "author": 1, "others": [3, 1]},
        [{"id": 2, "name": "Funke", "note": 1, "books": []}],
        [
            {"id": 2, "name": "Funke", "note": {"id": 2, "name": "Funke", "note": None, "books": [], "_version": 1}}
            | {"books": []},
            {"id": 4, "name": "New", "note": None, "books": []},
        ],
        {"id": 1, "title": "Momo", "price": None, "author": 1, "others": []},
        [{"id": 3, "_version": 1}],
    ]
    assert answer.headers["Definitions-Revision"] == "2"
    brief = shop.send("POST", "/batch/", operations[6:7], prefer="return=minimal", status=200)
    assert brief.json == [{"id": 1, "_version": 4}]
    assert shop.send("POST", "/batch/", [], status=200).json == []
    before = shop.stored()
    undone = shop.send("POST", "/batch/", operations[:1], prefer="tx=rollback")
    assert undone.status_int == 409
    undone = shop.send("POST", "/batch/", [{**operations[0], "row": {"name": "x"}}], prefer="tx=rollback", status=200)
    assert undone.json[0]["name"] == "x" and undone.headers["Preference-Applied"] == "tx=rollback"
    assert {**shop.stored(), "sqlite_sequence": 0} == {**before, "sqlite_sequence": 0}


BAD = [
    ({}, 422, " wrong_type"),
    ([1], 422, "/0 wrong_type"),
    ([{}], 422, "/0/operation required"),
    ([{"operation": "add"}], 422, "/0/operation unknown_operation"),
    ([{"operation": "insert", "table": 1}], 422, "/0 required"),
    ([{"operation": "insert", "table": 1, "row": {}, "rows": []}], 422, "/0 conflicting_key"),
    ([{"operation": "insert", "table": 1, "rows": {}}], 422, "/0/rows wrong_type"),
    ([{"operation": "insert", "table": 1, "row": {}, "id": 1}], 422, "/0/id unknown_key"),
    ([{"operation": "insert", "table": True, "row": {}}], 422, "/0/table wrong_type"),
    ([{"operation": "insert", "table": {"$ref": "/0/id"}, "row": {}}], 422, "/0/table unknown_reference"),
    ([{"operation": "insert", "table": "Nothing", "row": {}}], 404, "not_found"),
    ([{"operation": "insert", "table": -1, "row": {}}], 404, "not_found"),
    ([{"operation": "insert", "table": 1, "row": {"name": {"$ref": "/0/id"}}}], 422, "/0/row/name unknown_reference"),
    ([{"operation": "insert", "table": 1, "row": {"note": {"$ref": 1}}}], 422, "/0/row/note unknown_reference"),
    ([{"operation": "insert", "table": 2, "rows": [{}, {"title": 1}]}], 422, "/0/rows/1/title wrong_type"),
    ([{"operation": "insert", "table": 2, "row": {"title": "x", "author": 9}}], 422, "/0/row/author unknown_row"),
    ([{"operation": "update", "table": 1, "where": {}, "row": {}}], 400, "missing_filter"),
    ([{"operation": "update", "table": 1, "where": {"nam": "eq.1"}, "row": {}}], 400, "unknown_field"),
    ([{"operation": "update", "table": 1, "id": "1", "row": {}}], 422, "/0/id wrong_type"),
    ([{"operation": "update", "table": 1, "id": 1, "version": "1", "row": {}}], 422, "/0/version wrong_type"),
    ([{"operation": "delete", "table": 1, "where": "id", "version": 1}], 422, "/0/version conflicting_key"),
    ([{"operation": "upsert", "table": 1, "row": {}, "on_conflict": 1}], 422, "/0/on_conflict wrong_type"),
    ([{"operation": "upsert", "table": 1, "row": {}, "resolution": "x"}], 422, "/0/resolution not_a_choice"),
    ([{"operation": "upsert", "table": 1, "row": {}, "on_conflict": ["note"]}], 400, "invalid_parameter"),
]


def test_a_failure_undoes_all_and_names_the_operation(shop):
    shop.row("/table/1/", {"name": "Ende"})
    first = {"operation": "insert", "table": "Author", "row": {"name": "Funke"}}
    for document, status, code in BAD:
        shop.refused("POST", "/batch/", document, status=status, code=code)
    later = [
        ({"operation": "insert", "table": 1, "row": {"name": "Ende"}}, 409, "unique_violation"),
        ({"operation": "insert", "table": 1, "row": first["row"]}, 409, "unique_violation"),
        ({"operation": "update", "table": 1, "id": 999, "row": {}}, 404, "not_found"),
        ({"operation": "delete", "table": 1, "id": 999}, 404, "not_found"),
        ({"operation": "delete", "table": 1, "id": 1, "version": 2}, 412, "precondition_failed"),
        (
            {"operation": "insert", "table": 2, "row": {"title": {"$ref": "/0/nam"}}},
            422,
            "/1/row/title unknown_reference",
        ),
        ({"operation": "insert", "table": 2, "row": {"title": {"$ref": "/0/id"}}}, 422, "/1/row/title wrong_type"),
        ({"operation": "update", "table": 1, "id": 1, "row": {"name": 1}}, 422, "/1/row/name wrong_type"),
    ]
    for operation, status, code in later:
        answer = shop.refused("POST", "/batch/", [first, operation], status=status, code=code)
        assert answer.json["operation"] == 1, answer.json
    fields = shop.refused("POST", "/batch/", [first, later[0][0]], status=409, code="unique_violation").json["fields"]
    assert fields == ["name"]


TABLE = {"operation": "create_table", "definition": {"model_name": "Shelf", "fields": {"name": "string"}}}
LINKED = {
    "model_name": "Place",
    "fields": {
        "shelf": {"type": "link", "table": {"$ref": "/0/id"}, "reverse": "places"},
        "author": {"type": "link", "table": "Author", "on_delete": "restrict", "reverse": "places"},
        "next": {"type": "link", "table": "Place"},
    },
}


def test_new_tables(shop):
    author = shop.row("/table/1/", {"name": "Ende"})["id"]
    operations = [
        TABLE,
        {"operation": "insert", "table": {"$ref": "/0/id"}, "row": {"name": "A"}},
        {"operation": "create_table", "definition": LINKED},
        {"operation": "insert", "table": "place", "row": {"shelf": {"$ref": "/1/id"}, "author": author}},
        {"operation": "update", "table": "Author", "id": author, "row": {"name": "Michael"}},
    ]
    plan = shop.send("POST", "/batch/plan/", operations, status=200).json
    assert plan[0]["definition"]["model_name"] == "Shelf" and plan[0]["definition"]["id"] is None
    written = {"table": 1, "model_name": "Author", "operation": "update", "rows": 1}
    assert plan[4] == {"operation": "update", "model_name": "Author", "writes": [written]}
    assert [table["model_name"] for table in shop.get("/table/")] == ["Author", "Book"]
    # Another table links to Author since this batch began: its own deletion obeys that.
    shop.refused(
        "POST",
        "/batch/",
        [*operations, {"operation": "delete", "table": 1, "id": author}],
        status=409,
        code="foreign_key_violation",
    )
    shop.send("POST", "/batch/", operations, prefer="tx=rollback", status=200)
    answer = shop.send("POST", "/batch/", operations, status=200)
    made, row, place, line, changed = answer.json
    assert made["model_name"] == "Shelf" and made["linked_from"][0]["model_name"] == "Place" and row["name"] == "A"
    assert line["shelf"] == row["id"] and changed["places"] == [line["id"]]
    assert int(answer.headers["Definitions-Revision"]) > 2
    assert shop.get(f"/table/{made['id']}/rows/")[0]["places"] == [line["id"]]
    assert shop.get(f"/table/{place['id']}/history/")[0]["version"] == 1
    for wrong, status, code in (
        (TABLE, 409, "name_taken"),
        (
            {"operation": "create_table", "definition": {"model_name": "X", "fields": 1}},
            422,
            "/1/definition/fields wrong_type",
        ),
        (
            {"operation": "create_table", "definition": {"label": {"$ref": "/0/name"}}},
            422,
            "/1/definition/label unknown_reference",
        ),
        ({"operation": "insert", "table": {"$ref": "/0/name"}, "row": {}}, 422, "/1/table unknown_reference"),
        ({"operation": "insert", "table": "Other", "row": {"name": 1}}, 422, "/1/row/name wrong_type"),
    ):
        first = {"operation": "create_table", "definition": {"model_name": "Other", "fields": {"name": "string"}}}
        answer = shop.refused("POST", "/batch/", [first, wrong], status=status, code=code)
        assert answer.json["operation"] == 1, answer.json
    twice = [first, {"operation": "create_table", "definition": {"model_name": "oTHER", "fields": {}}}]
    assert shop.refused("POST", "/batch/", twice, status=409, code="name_taken")
    # Operations before the table is made do not know it.
    early = [{"operation": "insert", "table": "Other", "row": {}}, first]
    assert shop.refused("POST", "/batch/", early, status=404, code="not_found").json["operation"] == 0


def test_bounds(shop):
    bounds = shop.catalogue.database.settings
    operation = {"operation": "insert", "table": 1, "rows": [{"name": str(number)} for number in range(3)]}
    bounds.max_batch_operations, bounds.max_batch_rows = 3, 5
    shop.refused("POST", "/batch/", [operation] * 4, status=413, code="payload_too_large")
    shop.refused("POST", "/batch/", [operation] * 2, status=413, code="payload_too_large")
    change = {"operation": "update", "table": 1, "where": {"id": "gt.0"}, "row": {"note": 1}}
    shop.refused("POST", "/batch/", [operation, change], status=413, code="payload_too_large")
    # A large value is counted as often as it is used.
    bounds.max_document_size = 5000
    long = {"operation": "insert", "table": 1, "row": {"name": "x", "note": "y" * 2000}}
    uses = {"operation": "update", "table": 1, "id": {"$ref": "/0/id"}, "row": {"note": [{"$ref": "/0/note"}] * 3}}
    shop.refused("POST", "/batch/", [long, uses], status=413, code="payload_too_large")
    uses["row"]["note"].pop()
    shop.send("POST", "/batch/", [long, uses], status=200)


IDS, TEXTS = st.integers(1, 4), st.sampled_from(["a", "b", "c", 1])
ROW = st.fixed_dictionaries({}, optional={"name": TEXTS, "number": st.integers(0, 3), "far": IDS})
WHERE = st.fixed_dictionaries({"number": st.fixed_dictionaries({"gte": st.integers(0, 3)})})
OPERATION = st.one_of(
    st.fixed_dictionaries({"operation": st.just("insert"), "row": ROW, "new": IDS}),
    st.fixed_dictionaries({"operation": st.just("upsert"), "row": ROW, "new": IDS}),
    st.fixed_dictionaries({"operation": st.sampled_from(["update", "replace"]), "id": IDS, "row": ROW}),
    st.fixed_dictionaries({"operation": st.just("delete"), "id": IDS}),
    st.fixed_dictionaries({"operation": st.just("update"), "where": WHERE, "row": ROW}),
    st.fixed_dictionaries({"operation": st.just("delete"), "where": WHERE}),
)
METHODS = {"insert": "POST", "upsert": "POST", "update": "PATCH", "replace": "PUT", "delete": "DELETE"}


def alone(client, operation):
    """The single request that an operation stands for; -> its status."""
    rows = f"/table/{operation['table']}/rows/"
    kind = operation["operation"]
    path = f"{rows}{operation['id']}/" if "id" in operation else rows
    if "where" in operation:
        path += "?number=gte." + str(operation["where"]["number"]["gte"])
    sent = {"prefer": "resolution=merge-duplicates"} if kind == "upsert" else {}
    row = [operation["row"]] if "row" in operation else []
    return client.send(METHODS[kind], path, *row, **sent).status_int


def test_a_batch_is_its_operations_one_by_one(client):
    for number in (1, 2):
        fields = {"name": {"type": "string", "unique": True}, "number": {"type": "integer", "default": 1}}
        link = {"type": "link", "table": f"Near{number}", "on_delete": "set_null"}
        client.table(fields | {"far": {**link, "on_delete": "restrict"}}, f"Near{number}")
        client.table(fields | {"far": link}, f"Far{number}")
    tables = ("Near", "Far")

    def content(number):
        return [client.get(f"/table/{name}{number}/rows/?select=*,_version&order=id") for name in tables]

    @settings(max_examples=12)
    @given(st.lists(st.tuples(st.sampled_from(tables), OPERATION), min_size=1, max_size=7))
    def check(steps):
        for name in reversed(tables):
            for number in (1, 2):
                client.send("PATCH", f"/table/{name}{number}/rows/?id=gt.0", {"far": None}, status=200)
                client.send("DELETE", f"/table/{name}{number}/rows/?id=gt.0", status=204)
                client.send("POST", f"/table/{name}{number}/rows/", [{"id": 1, "name": "a"}, {"id": 2}], status=201)
        operations = []
        for name, step in steps:
            operation = {"table": name, **step}
            new = operation.pop("new", None)
            if new is not None:
                operation["row"] = {**operation["row"], "id": new}
            operations.append(operation)
        before = content(1)
        answer = client.send("POST", "/batch/", [{**each, "table": each["table"] + "1"} for each in operations])
        statuses = []
        for operation in operations:
            statuses.append(alone(client, {**operation, "table": operation["table"] + "2"}))
            if statuses[-1] >= 400:
                break
        if answer.status_int == 200:
            assert statuses[-1] < 400 and content(1) == content(2), (operations, statuses, answer.text)
        else:
            # What is wrong in any case is told before the first operation runs.
            number = answer.json["operation"]
            assert statuses[-1] >= 400 and content(1) == before, (operations, statuses, answer.text)
            assert number >= len(statuses) - 1, (operations, statuses, answer.text)
            assert number > len(statuses) - 1 or answer.status_int == statuses[-1], (operations, statuses, answer.text)

    check()


def test_batches_do_not_wait_for_one_another_in_a_circle(app):
    batches.make(app)
    statuses, _ = batches.play(app.app, 1, 4)
    assert set(statuses) == {200}, statuses
    # Links from new tables need a stronger lock of the far table than its rows do.
    statuses, _ = batches.play(app.app, 0.5, 2, (batches.by_id, batches.new_table))
    assert set(statuses) == {200}, statuses
