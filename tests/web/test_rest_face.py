"""What PostgREST's clients meet at ``/rest/`` besides rows: headers, addresses, leniencies, details of errors."""

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.promises import assert_promises
from tests.web.face import Face

VARY = {"Accept", "Prefer", "Range"}


@pytest.fixture(scope="module", params=DATABASES)
def orders(request, tmp_path_factory):
    """The tables of "Multiple Foreign Key Relationships" in PostgREST's reference."""
    with database_settings(request.param, tmp_path_factory.mktemp("face")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        app = webtest.TestApp(wsgi)
        app.post_json("/table/", {"model_name": "Address", "fields": {"name": "string"}})
        fields = {
            "name": "string",
            "day": "date",
            "moment": "datetime",
            "billing": {"type": "link", "table": "Address"},
            "shipping": {"type": "link", "table": "Address", "unique": True},
            "seen_by": {"type": "links", "table": "Address"},
        }
        app.post_json("/table/", {"model_name": "Order", "fields": fields})
        face = Face(app)
        face.send("POST", "Address", [{"id": 1, "name": "Home"}, {"id": 2, "name": "Work"}])
        face.send("POST", "Order", [{"id": n, "name": f"O {n}", "billing": 1, "shipping": n} for n in (1, 2)])
        yield face
        assert_promises(wsgi.registry.dynmodel_catalogue)
        wsgi.registry.dynmodel_catalogue.database.close()


def test_every_answer_varies(orders):
    for method, path, document in (
        ("GET", "Order", None),
        ("HEAD", "Order?limit=1", None),
        ("GET", "", None),
        ("GET", "Nothing", None),
        ("GET", "Order?select=nothing", None),
        ("PATCH", "Order?id=eq.1", {"name": "O 1"}),
        ("DELETE", "Order?id=eq.99", None),
    ):
        assert set(orders.send(method, path, document).vary) >= VARY, (method, path)


def test_content_location(orders):
    def located(path):
        return orders.send("GET", path).headers.get("Content-Location")

    assert located("Order") == "/rest/Order"
    assert located("Order?name=eq.O%201&billing=eq.1") == "/rest/Order?billing=eq.1&name=eq.O+1"
    assert located("v1/Order?limit=1") == "/rest/v1/Order?limit=1"
    assert orders.app.get(located("Order?name=eq.O%201&billing=eq.1")).json[0]["id"] == 1
    assert located(f"Order?name=eq.{'x' * 3000}") is None


def test_leniencies_of_parameters(orders):
    everything = orders.rows("Order")
    assert orders.rows("Order?select=") == everything
    assert orders.rows("Order?offset=-4") == everything
    assert orders.rows("Order?select=id,billing(id)&billing.offset=-1&id=eq.1") == [{"id": 1, "billing": {"id": 1}}]
    orders.refused("GET", "Order?limit=-1", 416, "PGRST103")
    orders.refused("GET", "Order?offset=-x", 400, "PGRST100")


def test_numbers_behind_names(orders):
    """The data provider of react-admin searches for two words so."""
    assert orders.rows("Order?select=id&name[0]=ilike.*o*&name[1]=ilike.*2*") == [{"id": 2}]
    assert orders.rows("Order?select=id&name%5B0%5D=ilike.*o*&name%5B12%5D=ilike.*1*") == [{"id": 1}]
    for name in ("name[]", "name[x]", "name[0]x", "name[0][1]", "name[-1]"):
        orders.refused("GET", f"Order?{name}=ilike.*o*", 400, "PGRST100")
    for method in ("PATCH", "DELETE"):
        orders.refused(method, "Order?name[0]=ilike.*o*&name[1]=ilike.*2*", 400, "PGRST100", {"name": "lost"})
    assert len(orders.rows("Order?name=like.O*")) == 2


def test_the_alias_of_supabase(orders):
    assert orders.rows("v1/Order?id=eq.1") == orders.rows("Order?id=eq.1")
    made = orders.send("POST", "v1/Address", {"name": "x"}, Prefer="return=headers-only,tx=rollback")
    assert made.headers["Location"].startswith("/rest/v1/Address?id=eq.")
    assert orders.send("GET", "v1/").json["basePath"] == "/rest/v1"
    orders.refused("GET", "v1/Nothing", 404, "PGRST205")
    orders.refused("POST", "v1/rpc/f", 404, "PGRST202", {})
    orders.refused("GET", "v1/v1", 404, "PGRST205")
    orders.refused("GET", "v1/v1/Order", 404, "PGRST125")
    table = orders.app.post_json("/table/", {"model_name": "v1", "fields": {"a": "string"}}).headers["Location"]
    try:
        assert orders.send("POST", "v1", {"a": "x"}, Prefer="return=representation").json[0]["a"] == "x"
        assert orders.rows("v1/Order?id=eq.1") == orders.rows("Order?id=eq.1")
        assert orders.rows("v1/v1") == orders.rows("v1")
    finally:
        orders.app.delete(table)


def test_details_of_ambiguous_relations(orders):
    error = orders.refused("GET", "Order?select=*,Address(*)", 300, "PGRST201")
    assert error["message"] == (
        "Could not embed because more than one relationship was found for 'Order' and 'Address'"
    )
    assert error["details"] == [
        {
            "cardinality": "many-to-one",
            "relationship": "Order_billing_fkey using Order(billing) and Address(id)",
            "embedding": "Order with Address",
        },
        {
            "cardinality": "one-to-one",
            "relationship": "Order_shipping_fkey using Order(shipping) and Address(id)",
            "embedding": "Order with Address",
        },
        {
            "cardinality": "many-to-many",
            "relationship": "Order_seen_by_fkey using Order(seen_by) and Address(id)",
            "embedding": "Order with Address",
        },
    ]
    assert error["hint"] == (
        "Try changing 'Address' to one of the following: 'Address!Order_billing_fkey', 'Address!Order_shipping_fkey', "
        "'Address!Order_seen_by_fkey'. Find the desired relationship in the 'details' key."
    )
    for hint in ("billing", "Order_shipping_fkey", "Order_seen_by_fkey"):
        orders.rows(f"Order?select=Address!{hint}(*)")
    back = orders.refused("GET", "Address?select=Order(*)", 300, "PGRST201")
    assert [relation["cardinality"] for relation in back["details"]] == ["one-to-many", "one-to-one", "many-to-many"]
    assert back["details"][0]["relationship"] == "Order_billing_fkey using Address(id) and Order(billing)"
    problem = orders.app.get("/table/2/rows/?select=Address(*)", status=400).json
    assert problem["details"] == error["details"]


def test_invalid_times(orders):
    for condition in ("day=eq.x", "moment=gt.Z", "day=in.(2026-01-31,x)", "moment=lt.2026-13-01T00:00:00Z"):
        orders.refused("GET", f"Order?{condition}", 400, "22007")
    orders.refused("GET", "Order?billing=eq.x", 400, "22P02")
    for document in ({"day": "x"}, {"moment": "Z"}):
        orders.refused("POST", "Order", 400, "22007", document)
        orders.refused("PATCH", "Order?id=eq.1", 400, "22007", document)
        orders.refused("POST", "Order", 400, "22007", [document, document])
    orders.refused("POST", "Order", 400, "22P02", {"billing": "x"})
