"""Changes of definitions that take away what a grant names are refused, planned or made, unless they mend it."""

import pytest

GRANTS = {
    "tables": {
        "Order": {
            "read": {"rows": "status=neq.closed&team.lead=eq.{user.name}", "fields": ["*", "-margin"]},
            "create": {"preset": {"owner": "{user.id}", "kind": "a"}},
            "update": {"check": "text=eq.x"},
        },
        "Team": {"read": {"rows": "orders.text=eq.a"}},
    }
}


@pytest.fixture(scope="module")
def used(client):
    client.looks_after = False
    client.table({"lead": "string", "name": "string"}, "Team")
    client.table(
        {
            "text": "string",
            "status": {"type": "choice", "choices": ["new", "closed"]},
            "margin": "integer",
            "owner": "string",
            "kind": {"type": "string", "max_length": 5},
            "free": "string",
            "team": {"type": "link", "table": "Team", "reverse": "orders"},
        },
        "Order",
    )
    client.send("PUT", "/access/role/clerk/", GRANTS, status=201)
    return client


REFUSED = {
    "a field in a condition is dropped": ({"status": None}, ["Order.read"]),
    "a field in a check is dropped": ({"text": None}, ["Order.update", "Team.read"]),
    "a field that is left out is dropped": ({"margin": None}, ["Order.read"]),
    "a field with a preset is dropped": ({"owner": None}, ["Order.create"]),
    "a field with a preset changes its type": ({"owner": {"type": "text"}}, ["Order.create"]),
    "a field in a condition changes its type": ({"status": {"type": "string"}}, ["Order.read"]),
    "a preset is no longer a value": ({"kind": {"pattern": "b+"}}, ["Order.create"]),
    "a link of a condition is dropped": ({"team": None}, ["Order.read", "Team.read"]),
    "a field becomes write_only": ({"status": {"write_only": True}}, ["Order.read"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(used, case):
    fields, grants = REFUSED[case]
    for method, path in (("PATCH", "/table/Order/"), ("POST", "/table/Order/plan/")):
        content = {"content_type": "application/merge-patch+json"}
        refused = used.refused(method, path, {"fields": fields}, status=409, code="in_use_by_access", **content)
        assert refused.json["grants"] == [f"clerk: {grant}" for grant in grants]
    used.refused("PATCH", "/schema/", {"tables": {"Order": {"fields": fields}}}, status=409, code="in_use_by_access")


def test_put_and_schema_documents_are_refused(used):
    document = used.get("/table/Order/")
    del document["fields"]["status"]
    used.refused("PUT", "/table/Order/", document, status=409, code="in_use_by_access")
    schema = used.get("/schema/")
    del schema["tables"]["Order"]["fields"]["status"], schema["access"]
    used.refused("PUT", "/schema/", schema, status=409, code="in_use_by_access")
    used.refused("POST", "/schema/plan/", schema, status=409, code="in_use_by_access")


def test_a_far_table_that_is_dropped_is_refused(used):
    # Orders link to teams, and the condition of a team asks for its orders.
    refused = used.refused("DELETE", "/table/Order/", status=409, code="in_use_by_access")
    assert refused.json["grants"] == ["clerk: Team.read"]


ALLOWED = {
    "another field is dropped": {"free": None},
    "a field in a list of fields changes its type": {"margin": {"type": "number"}},
    "a field is renamed": {"words": {"renamed_from": "text"}},
    "a field is added": {"text": {"renamed_from": "words"}, "more": "string"},
    "a reverse side is renamed": {"team": {"reverse": "jobs"}},
    "a reverse side is hidden": {"team": {"reverse": None}},
    "a choice that a condition compares with is dropped": {"status": {"choices": ["new"]}},
    "an option changes": {"status": {"choices": ["new", "closed", "paid"]}, "team": {"reverse": "orders"}},
}


@pytest.mark.parametrize("case", ALLOWED)
def test_allowed(used, case):
    used.send("PATCH", "/table/Order/", {"fields": ALLOWED[case]}, status=200)
    shown = used.get("/access/")
    tag = used.send("GET", "/access/").headers["ETag"]
    assert used.send("PUT", "/access/", shown, status=200).headers["ETag"] == tag


def test_the_same_document_may_mend_it(used):
    schema = used.get("/schema/")
    before = schema["access"]["roles"]["clerk"]
    assert used.send("PUT", "/schema/", schema, status=200).json == schema
    del schema["tables"]["Order"]["fields"]["status"]
    used.refused("PUT", "/schema/", schema, status=422, code="/access/roles/clerk/tables/Order/read/rows unknown_field")
    schema["access"]["roles"]["clerk"]["tables"]["Order"]["read"] = True
    schema["tables"]["New"] = {"fields": {"x": "string"}}
    schema["access"]["roles"]["clerk"]["tables"]["New"] = {"read": {"rows": "x=eq.{user.name}"}}
    plan = used.send("POST", "/schema/plan/", schema, status=200).json
    assert set(plan["tables"]) == {"Order", "New"}
    assert [(each["table"], each["action"], each["effect"]) for each in plan["access"]] == [
        ("Order", "read", "changes"),
        ("New", "read", "opens"),
    ]
    old = used.send("GET", "/schema/").headers["ETag"]
    made = used.send("PUT", "/schema/", schema, if_match=old, status=200)
    assert made.json["access"]["roles"]["clerk"]["tables"]["New"] == {"read": {"rows": "x=eq.{user.name}"}}
    assert used.send("GET", "/schema/").headers["ETag"] == made.headers["ETag"] != old
    used.refused("PUT", "/schema/", schema, if_match=old, status=412, code="precondition_failed")
    # A document without roles leaves them alone, and a patch changes one.
    used.send("PUT", "/schema/", {"tables": made.json["tables"]}, status=200)
    assert used.get("/schema/") == made.json
    patch = {"access": {"roles": {"clerk": {"tables": {"New": None}}, "other": {}}}}
    patched = used.send("PATCH", "/schema/", patch, status=200).json["access"]["roles"]
    assert patched["other"] == {"tables": {}} and "New" not in patched["clerk"]["tables"]
    # Roles that the patch does not name are looked at.
    fields = {"tables": {"Order": {"fields": {"owner": None}}}, "access": {"roles": {"other": {"label": "x"}}}}
    used.refused("PATCH", "/schema/", fields, status=409, code="in_use_by_access")
    # A revert is a change like any other.
    used.send("PUT", "/schema/", {**patched_schema(used, before)}, status=200)


def patched_schema(used, clerk):
    schema = used.get("/schema/")
    schema["tables"]["Order"]["fields"]["status"] = {"type": "choice", "choices": ["new", "closed"]}
    schema["access"]["roles"]["clerk"] = clerk
    return schema


def test_reverts_are_refused(used):
    version = used.get("/table/Order/")["version"]
    used.send("PATCH", "/table/Order/", {"fields": {"late": "string"}}, status=200)
    used.send("PATCH", "/access/role/clerk/", {"tables": {"Order": {"delete": {"rows": "late=eq.x"}}}}, status=200)
    revert = f"/table/Order/history/{version}/revert/"
    used.refused("POST", revert, status=409, code="in_use_by_access")
    used.send("PATCH", "/access/role/clerk/", {"tables": {"Order": {"delete": None}}}, status=200)
    used.send("POST", revert, status=200)


def test_a_field_restored_from_old_values_inherits_mentions(used):
    path = used.table({"name": "string", "salary": "string"}, "Staff")
    used.row(path, {"name": "Ada", "salary": "much"})
    grants = {"read": {"fields": ["*", "-salary"]}, "update": {"fields": ["salary"]}, "create": {"fields": ["name"]}}
    used.send("PATCH", "/access/role/clerk/", {"tables": {"Staff": grants}}, status=200)
    used.send("PATCH", f"{path}?on_error=null", {"fields": {"salary": {"type": "integer"}}}, status=200)
    [kept] = used.get(f"{path}trash/")
    used.send("POST", f"{path}trash/{kept['number']}/restore/", {"name": "old_salary"}, status=200)
    assert used.get("/access/role/clerk/")["tables"]["Staff"] == {
        "read": {"fields": ["*", "-salary", "-old_salary"]},
        "create": {"fields": ["name"]},
        "update": {"fields": ["salary", "old_salary"]},
    }
