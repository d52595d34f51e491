"""Saved views of rows, in open mode; tests/web/identity/test_views_for_others.py has identities."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
import webtest

LATE = {
    "name": "Late Ones",
    "query": "status=eq.late&order=amount.desc&select=status,amount,pages:amount,owner(name)",
    "columns": ["amount", {"field": "status", "width": 120, "frozen": True}, {"field": "id", "hidden": True}],
}


@pytest.fixture
def orders(client):
    far = client.table({"name": "string"})
    number = int(far.split("/")[2])
    path = client.table({"status": "string", "amount": "integer", "owner": {"type": "link", "table": number}})
    client.row(far, {"name": "Ann"})
    rows = [{"status": "late", "amount": amount, "owner": 1} for amount in (1, 2, 3)]
    client.row(path, [*rows, {"status": "new", "amount": 9}])
    return path


def test_a_view_and_its_rows(client, orders):
    made = client.send("POST", f"{orders}view/", LATE, status=201)
    assert made.headers["Location"] == f"{orders}view/Late%20Ones/"
    assert made.json == {
        **LATE,
        "shared": False,
        "default": False,
        "owner": "open",
        "version": 1,
        "columns": [
            {"field": "amount", "width": None, "hidden": False, "frozen": False},
            {"field": "status", "width": 120, "hidden": False, "frozen": True},
            {"field": "id", "width": None, "hidden": True, "frozen": False},
        ],
        "problem": None,
    }
    here = f"{orders}view/late%20ONES/"
    seen = client.send("GET", here, status=200)
    assert client.send("GET", here, status=304, if_none_match=seen.headers["ETag"]).body == b""
    assert client.get(f"{orders}view/") == [seen.json] == [made.json]
    same = client.send("PUT", here, seen.json, status=200, if_match=seen.headers["ETag"])
    assert (same.json, same.headers["ETag"]) == (seen.json, seen.headers["ETag"])
    rows = client.get(f"{here}rows/")
    assert [row["amount"] for row in rows] == [3, 2, 1]
    assert rows[0] == {"status": "late", "amount": 3, "pages": 3, "owner": {"name": "Ann"}}
    answer = client.send("GET", f"{here}rows/?amount=gt.1&select=id&limit=1", status=206, prefer="count=exact")
    assert (answer.json, answer.headers["Content-Range"]) == ([{"id": 3}], "0-0/2")
    assert answer.headers["Link"].startswith(f"<{orders}view/late%20ONES/rows/?amount=gt.1&select=id&limit=1&_after=")
    assert client.get(answer.headers["Link"][1:].split(">")[0]) == [{"id": 2}]


def test_a_list_takes_one_connection_and_gives_it_back(client, orders):
    pool = client.catalogue.database.engine.pool
    client.send("POST", f"{orders}view/", {"name": "all"}, status=201)
    taken = []

    def note(*checkout):
        taken.append(pool.checkedout())

    before = pool.checkedout()
    sa.event.listen(pool, "checkout", note)
    for parameters in ("?limit=1", ""):
        client.get(f"{orders}view/all/rows/{parameters}")
    sa.event.remove(pool, "checkout", note)
    assert pool.checkedout() == before
    assert taken
    assert max(taken) == before + 1


def test_renames_are_followed(client, orders):
    client.send("POST", f"{orders}view/", LATE, status=201)
    fields = {"state": {"renamed_from": "status"}, "sum (€)": {"renamed_from": "amount"}}
    client.send("PATCH", orders, {"fields": {**fields, "who": {"renamed_from": "owner"}}}, status=200)
    seen = client.get(f"{orders}view/Late%20Ones/")
    assert seen["query"] == 'select=state,"sum (€)",pages:"sum (€)",who(name)&state=eq.late&order="sum (€)".desc'
    assert [column["field"] for column in seen["columns"]] == ["sum (€)", "state", "id"]
    assert [row["sum (€)"] for row in client.get(f"{orders}view/Late%20Ones/rows/")] == [3, 2, 1]
    assert client.send("PUT", f"{orders}view/Late%20Ones/", seen, status=200).json["version"] == 1
    client.send("PATCH", orders, {"fields": {"state": None}}, status=200)
    seen = client.get(f"{orders}view/Late%20Ones/")
    assert seen["problem"]["code"] == "unknown_field"
    assert [column["field"] for column in seen["columns"]] == ["sum (€)", "id"]
    client.refused("GET", f"{orders}view/Late%20Ones/rows/", status=400, code="unknown_field")
    client.send("DELETE", orders, status=204)
    restored = client.send("POST", f"/trash/{orders.split('/')[2]}/restore/", status=200)
    assert restored.status_int == 200 and client.get(f"{orders}view/Late%20Ones/") == seen


def test_defaults_names_and_versions(client, orders):
    for name in ("a", "b"):
        client.send("POST", f"{orders}view/", {"name": name, "default": True}, status=201)
    client.send("POST", f"{orders}view/", {"name": "A", "default": True, "shared": True}, status=201)
    views = client.get(f"{orders}view/")
    assert [(view["name"], view["shared"], view["default"]) for view in views] == [
        ("a", False, False),
        ("A", True, True),
        ("b", False, True),
    ]
    assert client.get(f"{orders}view/A/")["shared"] is False  # the own one comes first
    client.refused("POST", f"{orders}view/", {"name": "B"}, status=409, code="name_taken")
    client.refused("PUT", f"{orders}view/b/", {"name": "a"}, status=409, code="name_taken")
    client.refused("PUT", f"{orders}view/b/", {"name": "a"}, status=412, code="precondition_failed", if_match='"9-x"')
    client.refused("PUT", f"{orders}view/b/", {"version": 9}, status=412, code="precondition_failed")
    client.refused("DELETE", f"{orders}view/b/", status=412, code="precondition_failed", if_match='"9"')
    moved = client.send("PUT", f"{orders}view/b/", {"name": "c", "shared": True}, status=200, if_match='"1-anything"')
    assert (moved.json["version"], moved.json["shared"], moved.json["default"]) == (2, True, False)
    client.send("DELETE", f"{orders}view/a/", status=204)
    client.send("DELETE", f"{orders}view/a/", status=204)  # the shared one
    client.refused("DELETE", f"{orders}view/a/", status=404, code="not_found")
    client.refused("GET", f"{orders}view/a/rows/", status=404, code="not_found")


def test_of_two_writers_of_one_version_one_is_refused(client, orders):
    for number in range(5):
        here = client.send("POST", f"{orders}view/", {"name": f"v{number}"}, status=201).headers["Location"]
        together = threading.Barrier(2)

        def put(query, here=here, together=together):
            other = webtest.TestApp(client.app.app)
            together.wait()
            answer = other.put_json(here, {"query": query}, headers={"If-Match": '"1"'}, expect_errors=True)
            return answer.status_int

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(put, ("limit=1", "limit=2"))) == [200, 412]


def test_what_is_refused(client, orders):
    for document, code in (
        ([], " wrong_type"),
        ({}, "/name required"),
        ({"name": "_x"}, "/name invalid_name"),
        ({"name": "a/b"}, "/name invalid_name"),
        ({"name": "a", "query": "offset=1"}, "/query invalid_option"),
        ({"name": "a", "query": "_before=end"}, "/query invalid_option"),
        ({"name": "a", "query": "x" * 10_001}, "/query too_long"),
        ({"name": "a", "columns": ["a", "a"]}, "/columns/1/field duplicate_name"),
        ({"name": "a", "columns": [{"field": "a", "width": 1}]}, "/columns/0/width out_of_range"),
        ({"name": "a", "colour": 1}, "/colour unknown_key"),
    ):
        client.refused("POST", f"{orders}view/", document, status=422, code=code)
    for query, code in (("junk", "unknown_parameter"), ("junk=eq.1", "unknown_field"), ("and=(", "invalid_query")):
        client.refused("POST", f"{orders}view/", {"name": "a", "query": query}, status=400, code=code)
    client.refused("POST", f"{orders}view/a/rows/", {}, status=405, code="method_not_allowed")
    client.refused("GET", f"{orders}view/?limit=1", status=400, code="unknown_parameter")
