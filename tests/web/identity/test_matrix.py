"""Every route x method x kind of identity has an expected status.

Routes and methods are those that the application has registered: one without an entry fails the first test. Requests
change nothing: bodies are refused, ids do not exist, and ``If-Match`` never holds. So the status of who may call a
method is mostly that of a refused document.
"""

import pytest
from pyramid.events import ContextFound
from webob import Request

from dynmodel_pyramid.web.http.methods import INTROSPECTABLES
from dynmodel_pyramid.web.http.tree import ROUTE, Resource
from dynmodel_pyramid.web.identity.credentials import COOKIE
from tests.web.identity.conftest import bearer

#: The columns of the table. ``plain`` is authenticated without any grant; ``clerk`` has grants on rows; ``reader`` and
#: ``writer`` may read and write definitions; ``read_only`` and ``narrowed`` are narrowed tokens of an administrator;
#: ``cookie`` is an administrator's session without ``Origin``.
IDENTITIES = "anonymous wrong plain clerk reader writer read_only narrowed admin cookie".split()
GRANTS = {"read": {"fields": ["*", "-hidden"]}, "create": {"fields": ["name"]}, "update": {"fields": ["name"]}}

#: The path of a resource of each class, with a query for some methods.
PATHS = {
    "Root": "/",
    "Live": "/live/",
    "Ready": "/ready/",
    "Metrics": "/metrics/",
    "FieldTypesResource": "/field-type/",
    "FieldTypeResource": "/field-type/string/",
    "Me": "/me/",
    "SessionResource": "/session/",
    "OidcSignIn": "/session/oidc/",
    "OidcCallback": "/session/oidc/callback/",
    "Tokens": "/token/",
    "TokenResource": "/token/999/",
    "Users": "/user/",
    "UserResource": "/user/999/",
    "UserPassword": "/user/999/password/",
    "AccessResource": "/access/",
    "RoleResource": "/access/role/clerk/",
    "AccessPlan": "/access/plan/",
    "AccessExplained": "/access/explain/?table=Order&action=read&as=everyone",
    "AuditLog": "/audit/",
    "Docs": "/docs/",
    "OpenApi": "/openapi.json",
    "TableOpenApi": "/table/Order/openapi.json",
    "Schema": "/schema/",
    "SchemaPlan": "/schema/plan/",
    "WholeHealth": "/health/",
    "TableTrash": "/trash/",
    "TrashedTable": "/trash/999/",
    "TableRestore": "/trash/999/restore/",
    "Tables": "/table/",
    "Table": "/table/Order/",
    "Plan": "/table/Order/plan/",
    "Health": "/table/Order/health/",
    "TableCompaction": "/table/Order/compact/",
    "History": "/table/Order/history/",
    "HistoryVersion": "/table/Order/history/1/",
    "DifferenceResource": "/table/Order/history/1/diff/1/",
    "Revert": "/table/Order/history/999/revert/",
    "RevertPlan": "/table/Order/history/999/revert/plan/",
    "QuarantineResource": "/table/Order/quarantine/",
    "QuarantinedResource": "/table/Order/quarantine/999/",
    "Restoration": "/table/Order/quarantine/999/restore/",
    "FieldTrash": "/table/Order/trash/",
    "TrashedField": "/table/Order/trash/999/",
    "FieldRestore": "/table/Order/trash/999/restore/",
    "RowList": "/table/Order/rows/?id=eq.999",
    "SingularRowList": "/table/Order/row/?id=eq.999",
    "RowResource": "/table/Order/rows/999/",
    "QueryResource": "/table/Order/query/",
    "RowsPlan": "/table/Order/rows/plan/",
    "Views": "/table/Order/view/",
    "ViewResource": "/table/Order/view/nothing/",
    "ViewRows": "/table/Order/view/nothing/rows/",
    "Batch": "/batch/",
    "BatchPlan": "/batch/plan/",
    "Rest": "/rest/",
    "RestTable": "/rest/Order?id=eq.999",
    "Functions": "/rest/rpc/",
    "Function": "/rest/rpc/f",
    "PageDocument": "/ui/table/1/",
    "PageFile": "/ui/static/{hash}/js/main.js",
}
#: The same for everybody.
PUBLIC = {"Live", "Ready", "Metrics", "PageDocument", "PageFile", "Docs"}
BODY = b'{"id": 999, "hidden_junk": 1}'
#: Reached only where a provider is set (``test_oidc``).
WITH_A_PROVIDER = {"OidcSignIn", "OidcCallback"}

#: (class, method) -> the statuses, in the order of IDENTITIES. HEAD is as GET.
MATRIX = {
    ("Root", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("Root", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("Live", "GET"): "200 200 200 200 200 200 200 200 200 200",
    ("Live", "OPTIONS"): "204 204 204 204 204 204 204 204 204 204",
    ("Ready", "GET"): "200 200 200 200 200 200 200 200 200 200",
    ("Ready", "OPTIONS"): "204 204 204 204 204 204 204 204 204 204",
    ("Metrics", "GET"): "404 404 404 404 404 404 404 404 404 404",  # it is off
    ("Metrics", "OPTIONS"): "204 204 204 204 204 204 204 204 204 204",
    ("FieldTypesResource", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("FieldTypesResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("FieldTypeResource", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("FieldTypeResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("Me", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("Me", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("SessionResource", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("SessionResource", "POST"): "403 401 403 403 403 403 403 403 403 403",
    ("SessionResource", "DELETE"): "204 401 204 204 204 204 204 204 204 403",
    ("SessionResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("OidcSignIn", "GET"): "404 401 404 404 404 404 404 404 404 404",
    ("OidcSignIn", "OPTIONS"): "404 401 404 404 404 404 404 404 404 404",
    ("OidcCallback", "GET"): "404 401 404 404 404 404 404 404 404 404",
    ("OidcCallback", "OPTIONS"): "404 401 404 404 404 404 404 404 404 404",
    ("Tokens", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("Tokens", "POST"): "401 401 403 403 403 403 403 403 422 403",
    ("Tokens", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("TokenResource", "GET"): "401 401 403 403 403 403 403 403 404 404",
    ("TokenResource", "DELETE"): "401 401 403 403 403 403 403 403 404 403",
    ("TokenResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("Users", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("Users", "POST"): "401 401 403 403 403 403 403 403 422 403",
    ("Users", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("UserResource", "GET"): "401 401 403 403 403 403 403 403 404 404",
    ("UserResource", "PATCH"): "401 401 403 403 403 403 403 403 404 403",
    ("UserResource", "DELETE"): "401 401 403 403 403 403 403 403 404 403",
    ("UserResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("UserPassword", "PUT"): "401 401 403 403 403 403 403 403 422 403",
    ("UserPassword", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("AccessResource", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("AccessResource", "PUT"): "401 401 403 403 403 403 403 403 412 403",
    ("AccessResource", "PATCH"): "401 401 403 403 403 403 403 403 412 403",
    ("AccessResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("RoleResource", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("RoleResource", "PUT"): "401 401 403 403 403 403 403 403 412 403",
    ("RoleResource", "PATCH"): "401 401 403 403 403 403 403 403 412 403",
    ("RoleResource", "DELETE"): "401 401 403 403 403 403 403 403 412 403",
    ("RoleResource", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("AccessPlan", "POST"): "401 401 403 403 403 403 403 403 412 403",
    ("AccessPlan", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("AccessExplained", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("AccessExplained", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("AuditLog", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("AuditLog", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("Docs", "GET"): "200 200 200 200 200 200 200 200 200 200",
    ("Docs", "OPTIONS"): "204 204 204 204 204 204 204 204 204 204",
    ("OpenApi", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("OpenApi", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("TableOpenApi", "GET"): "401 401 404 200 200 200 200 200 200 200",
    ("TableOpenApi", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("Schema", "GET"): "401 401 403 403 200 200 200 403 200 200",
    ("Schema", "PUT"): "401 401 403 403 403 412 403 403 412 403",
    ("Schema", "PATCH"): "401 401 403 403 403 412 403 403 412 403",
    ("Schema", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("SchemaPlan", "POST"): "401 401 403 403 403 412 403 403 412 403",
    ("SchemaPlan", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("WholeHealth", "GET"): "401 401 403 403 403 403 403 403 200 200",
    ("WholeHealth", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("TableTrash", "GET"): "401 401 403 403 403 200 403 403 200 200",
    ("TableTrash", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("TrashedTable", "GET"): "401 401 403 403 403 404 403 403 404 404",
    ("TrashedTable", "DELETE"): "401 401 403 403 403 404 403 403 404 403",
    ("TrashedTable", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("TableRestore", "POST"): "401 401 403 403 403 422 403 403 422 403",
    ("TableRestore", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("Tables", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("Tables", "POST"): "401 401 403 403 403 422 403 403 422 403",
    ("Tables", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("Table", "GET"): "401 401 404 200 200 200 200 200 200 200",
    ("Table", "PUT"): "401 401 404 403 403 412 403 403 412 403",
    ("Table", "PATCH"): "401 401 404 403 403 412 403 403 412 403",
    ("Table", "DELETE"): "401 401 404 403 403 412 403 403 412 403",
    ("Table", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("Plan", "POST"): "401 401 404 403 403 412 403 403 412 403",
    ("Plan", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("Health", "GET"): "401 401 404 403 403 200 403 403 200 200",
    ("Health", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("TableCompaction", "GET"): "401 401 404 403 403 403 403 403 200 200",
    ("TableCompaction", "POST"): "401 401 404 403 403 403 403 403 200 403",
    ("TableCompaction", "DELETE"): "401 401 404 403 403 403 403 403 204 403",
    ("TableCompaction", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("History", "GET"): "401 401 404 403 200 200 200 403 200 200",
    ("History", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("HistoryVersion", "GET"): "401 401 404 403 200 200 200 403 200 200",
    ("HistoryVersion", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("DifferenceResource", "GET"): "401 401 404 403 200 200 200 403 200 200",
    ("DifferenceResource", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("Revert", "POST"): "401 401 404 403 403 400 403 403 400 403",
    ("Revert", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("RevertPlan", "POST"): "401 401 404 403 403 400 403 403 400 403",
    ("RevertPlan", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("QuarantineResource", "GET"): "401 401 404 403 403 200 403 403 200 200",
    ("QuarantineResource", "POST"): "401 401 404 403 403 422 403 403 422 403",
    ("QuarantineResource", "DELETE"): "401 401 404 403 403 204 403 403 204 403",
    ("QuarantineResource", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("QuarantinedResource", "GET"): "401 401 404 403 403 404 403 403 404 404",
    ("QuarantinedResource", "DELETE"): "401 401 404 403 403 404 403 403 404 403",
    ("QuarantinedResource", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("Restoration", "POST"): "401 401 404 403 403 422 403 403 422 403",
    ("Restoration", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("FieldTrash", "GET"): "401 401 404 403 403 200 403 403 200 200",
    ("FieldTrash", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("TrashedField", "GET"): "401 401 404 403 403 404 403 403 404 404",
    ("TrashedField", "DELETE"): "401 401 404 403 403 412 403 403 412 403",
    ("TrashedField", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("FieldRestore", "POST"): "401 401 404 403 403 412 403 403 412 403",
    ("FieldRestore", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("RowList", "GET"): "401 401 404 200 403 403 200 200 200 200",
    ("Batch", "POST"): "422 401 422 422 422 422 422 422 422 403",
    ("Batch", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("BatchPlan", "POST"): "422 401 422 422 422 422 422 422 422 403",
    ("BatchPlan", "OPTIONS"): "204 401 204 204 204 204 204 204 204 204",
    ("RowList", "POST"): "401 401 404 422 403 403 403 422 422 403",
    ("RowList", "PATCH"): "401 401 404 422 403 403 403 422 422 403",
    ("RowList", "DELETE"): "401 401 404 403 403 403 403 204 204 403",
    ("RowList", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("SingularRowList", "GET"): "401 401 404 200 403 403 200 200 200 200",
    ("SingularRowList", "POST"): "401 401 404 422 403 403 403 422 422 403",
    ("SingularRowList", "PATCH"): "401 401 404 422 403 403 403 422 422 403",
    ("SingularRowList", "DELETE"): "401 401 404 403 403 403 403 204 204 403",
    ("SingularRowList", "PUT"): "401 401 404 422 403 403 403 422 422 403",
    ("SingularRowList", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("RowResource", "GET"): "401 401 404 404 403 403 404 404 404 404",
    ("RowResource", "PUT"): "401 401 404 404 403 403 403 422 422 403",
    ("RowResource", "PATCH"): "401 401 404 404 403 403 403 422 422 403",
    ("RowResource", "DELETE"): "401 401 404 403 403 403 403 404 404 403",
    ("RowResource", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("QueryResource", "POST"): "401 401 404 400 403 403 400 400 400 403",
    ("RowsPlan", "POST"): "401 401 404 200 403 403 403 200 200 403",
    ("RowsPlan", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("QueryResource", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("Rest", "GET"): "200 401 200 200 200 200 200 200 200 200",
    ("Rest", "OPTIONS"): "200 401 200 200 200 200 200 200 200 200",
    ("RestTable", "GET"): "401 401 404 200 403 403 200 200 200 200",
    ("RestTable", "POST"): "401 401 404 400 403 403 403 400 400 403",
    ("RestTable", "PATCH"): "401 401 404 400 403 403 403 400 400 403",
    ("RestTable", "PUT"): "401 401 404 400 403 403 403 400 400 403",
    ("RestTable", "DELETE"): "401 401 404 403 403 403 403 204 204 403",
    ("RestTable", "OPTIONS"): "401 401 404 200 200 200 200 200 200 200",
    ("Functions", "GET"): "404 401 404 404 404 404 404 404 404 404",
    ("Functions", "OPTIONS"): "404 401 404 404 404 404 404 404 404 404",
    ("Function", "GET"): "404 401 404 404 404 404 404 404 404 404",
    ("Function", "OPTIONS"): "404 401 404 404 404 404 404 404 404 404",
    ("PageDocument", "GET"): "200 200 200 200 200 200 200 200 200 200",
    ("PageDocument", "OPTIONS"): "204 204 204 204 204 204 204 204 204 204",
    ("PageFile", "GET"): "200 200 200 200 200 200 200 200 200 200",
    ("PageFile", "OPTIONS"): "204 204 204 204 204 204 204 204 204 204",
    ("Views", "GET"): "401 401 404 200 200 200 200 200 200 200",
    ("Views", "POST"): "401 401 404 422 422 422 403 422 422 403",
    ("Views", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("ViewResource", "GET"): "401 401 404 404 404 404 404 404 404 404",
    ("ViewResource", "PUT"): "401 401 404 404 404 404 403 404 404 403",
    ("ViewResource", "DELETE"): "401 401 404 404 404 404 403 404 404 403",
    ("ViewResource", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
    ("ViewRows", "GET"): "401 401 404 404 404 404 404 404 404 404",
    ("ViewRows", "OPTIONS"): "401 401 404 204 204 204 204 204 204 204",
}


@pytest.fixture(scope="module")
def identities(people):
    """The headers of each kind of identity."""
    admin = people.admin
    table = {"model_name": "Order", "fields": {"name": "string", "hidden": "string"}}
    people.send("POST", "/table/", table, secret=admin, status=201)
    people.send("POST", "/table/Order/rows/", {"name": "a"}, secret=admin, status=201)
    roles = {
        "clerk": {"tables": {"Order": GRANTS}},
        "reader": {"definitions": "read"},
        "writer": {"definitions": "write"},
    }
    people.send("PUT", "/access/", {"roles": roles}, secret=admin, status=200)
    browser = people.sign_in(people.user("admin"))
    only = {"name": "narrowed", "roles": ["admin"], "tables": ["Order"]}
    narrowed = people.send("POST", "/token/", only, secret=admin, status=201).json["secret"]
    only = {"name": "read only", "roles": ["admin"], "read_only": True}
    read_only = people.send("POST", "/token/", only, secret=admin, status=201).json["secret"]
    return {
        "anonymous": {},
        "wrong": bearer(people.token("clerk")[:-1] + "x"),
        "plain": bearer(people.token()),
        **{role: bearer(people.token(role)) for role in roles},
        "read_only": bearer(read_only),
        "narrowed": bearer(narrowed),
        "admin": bearer(admin),
        "cookie": {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"},
    }


def registered(wsgi):
    """The names of the resource classes that have views, with their methods; a view of all methods counts as GET."""
    introspector = wsgi.registry.introspector
    told = [entry["introspectable"] for entry in introspector.get_category(INTROSPECTABLES)]
    methods = {each.discriminator: each["methods"] for each in told}
    views = [entry["introspectable"] for entry in introspector.get_category("views")]
    classes = {view["context"] for view in views if view["route_name"] == ROUTE}
    return {kind.__name__: methods.get(kind, ("GET",)) for kind in classes if issubclass(kind, Resource)}


def test_every_route_and_method_has_an_entry(people):
    found = {(name, method) for name, methods in registered(people.wsgi).items() for method in (*methods, "OPTIONS")}
    assert found == set(MATRIX)
    assert {name for name, _ in found} == set(PATHS)


@pytest.fixture(scope="module")
def contexts(people):
    """The classes of the resources that requests have reached, in order."""
    seen = []
    people.wsgi.registry.registerHandler(
        lambda event: seen.append(type(event.request.context).__name__), [ContextFound]
    )
    return seen


def send(people, headers, method, path):
    further = {}
    if method in ("POST", "PUT", "PATCH"):
        is_patch = method == "PATCH" and not path.startswith("/rest/")
        further["Content-Type"] = "application/merge-patch+json" if is_patch else "application/json"
    if "/row" not in path:
        further["If-Match"] = '"0"'
    if method == "POST" or (method == "PUT" and path.startswith("/table/")):
        path = path.partition("?")[0]  # filters are for reading, and for writing existing rows
    request = Request.blank(
        path, method=method, headers={**headers, **further}, body=BODY if "Content-Type" in further else b""
    )
    return request.get_response(people.wsgi)


@pytest.mark.parametrize("name", PATHS)
def test_statuses(people, identities, contexts, name):
    path = PATHS[name].format(hash=people.wsgi.registry.dynmodel_page.current.hash)
    for method in [method for other, method in MATRIX if other == name]:
        expected = MATRIX[name, method].split()
        statuses = []
        for identity, headers in identities.items():
            contexts.clear()
            answer = send(people, headers, method, path)
            statuses.append(str(answer.status_int))
            if identity == "admin" and name not in WITH_A_PROVIDER:
                assert contexts == [name]
            if method == "GET" and identity in ("plain", "clerk", "admin"):
                assert send(people, headers, "HEAD", path).status_int == answer.status_int
            if name not in PUBLIC:
                assert "private" in answer.headers["Cache-Control"] or answer.headers["Cache-Control"] == "no-store"
                assert {"Authorization", "Cookie", "apikey"} <= {*answer.headers["Vary"].split(", ")}
        assert statuses == expected, (method, statuses)
