"""Whoever makes a table of a file must be allowed to define tables, and to add rows to any table."""

from dynmodel_pyramid.access.identity import Narrowing

ROLES = {
    "writer": {"definitions": "write"},
    "loader": {"definitions": "write", "tables": {"*": {"create": {"fields": ["*"]}}}},
    "keeper": {"definitions": "write", "tables": {"*": {"create": True}}},
    "adder": {"definitions": "read", "tables": {"*": {"create": True, "read": True}}},
}
ROWS = b"id,a\n5,x\n"


def post(people, name, secret, body=b"a\nx\n", **headers):
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    path = f"/table/?from=file&name={name}"
    headers["Content-Type"] = "text/csv"
    return people.browser().post(path, body, headers=headers, expect_errors=True)


def test_both_permissions_are_needed(people):
    for role, document in ROLES.items():
        people.send("PUT", f"/access/role/{role}/", document, secret=people.admin)
    wanted = {"writer": 403, "adder": 403, "loader": 201, "keeper": 201, None: 401}
    for role, status in wanted.items():
        secret = None if role is None else people.token(role)
        assert post(people, f"By {role}", secret).status_int == status
        assert people.send("GET", f"/table/By {role}/", secret=people.admin).status_int == (
            200 if status == 201 else 404
        )
    made = people.send("GET", "/table/By loader/rows/", secret=people.admin).json
    assert made == [{"id": 1, "a": "x"}]
    # Ids of one's own are a right of their own, and a narrowed token of an administrator reaches no new table.
    for role in ("loader", "keeper"):
        assert post(people, "Numbered", people.token(role), ROWS).status_int == 403
    narrowed = people.token("admin", narrowing=Narrowing(tables=frozenset({1})))
    assert post(people, "Narrowed", narrowed).status_int == 403
    people.send("GET", "/table/Narrowed/", secret=people.admin, status=404)
