"""postgrest-py (Supabase's client in Python) against a real server, on both databases."""

import decimal
import json

import pytest
from postgrest import APIError, SyncPostgrestClient
from postgrest.types import CountMethod, ReturnMethod

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients import shop
from tests.server_process import Server


@pytest.fixture(scope="module", params=DATABASES)
def url(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgrest")
    with database_settings(request.param, folder) as settings:
        server = Server(settings, folder)
        server.start()
        try:
            shop.make_tables(server.url)
            yield server.url
        finally:
            server.stop()


@pytest.fixture
def rest(url):
    shop.fill(url)
    with SyncPostgrestClient(f"{url}/rest") as client:
        yield client


def names(answer) -> list[str]:
    return [row["name"] for row in answer.data]


def test_select(rest):
    products = rest.from_("Product")
    assert products.select("*").execute().data[0] == {"id": 1, **shop.PRODUCTS[0], "price": 19.9, "extra": None} | {
        "available": None
    }
    answer = products.select("id", "name", count=CountMethod.exact).order("name", desc=True).limit(2).execute()
    assert answer.data == [{"id": 3, "name": "Red table"}, {"id": 1, "name": "Red chair"}]
    assert answer.count == 3
    assert names(products.select("name").range(1, 1).execute()) == ["Blue chair"]
    assert products.select("*", count=CountMethod.exact, head=True).execute().count == 3
    assert products.select("*", count=CountMethod.planned).limit(1).execute().count is not None


def test_filters(rest):
    def found(filtered):
        return names(filtered.order("id").execute())

    def products():
        return rest.from_("Product").select("name")

    assert found(products().eq("amount", 2)) == ["Blue chair"]
    assert found(products().neq("amount", 2)) == ["Red chair", "Red table"]
    assert found(products().gt("price", 19.9)) == ["Blue chair"]
    assert found(products().gte("amount", 2).lt("amount", 3)) == ["Blue chair"]
    assert found(products().like("name", "Red%")) == ["Red chair", "Red table"]
    assert found(products().ilike("name", "%CHAIR")) == ["Red chair", "Blue chair"]
    assert found(products().like_any_of("name", "Red t%,Blue%")) == ["Blue chair", "Red table"]
    assert found(products().in_("id", [1, 3])) == ["Red chair", "Red table"]
    assert found(products().is_("made", "null")) == ["Blue chair"]
    assert found(products().not_.is_("made", "null")) == ["Red chair", "Red table"]
    assert found(products().or_("amount.eq.1,name.eq.Blue chair")) == ["Red chair", "Blue chair"]
    assert found(products().contains("tags", ["red"])) == ["Red chair"]
    assert found(products().overlaps("tags", ["red", "blue"])) == ["Red chair", "Blue chair"]
    assert found(products().match({"amount": 1, "maker": 1})) == ["Red chair"]


def test_embedding(rest):
    answer = rest.from_("Product").select("name", "maker(name)", "Maker(note)").eq("id", 2).execute()
    assert answer.data == [{"name": "Blue chair", "maker": {"name": "Bob"}, "Maker": {"note": 'a, "b"'}}]
    makers = rest.from_("Maker").select("name", "products!inner(name,price)").eq("products.amount", 2)
    assert makers.execute().data == [{"name": "Bob", "products": [{"name": "Blue chair", "price": 120.0}]}]
    ordered = rest.from_("Maker").select("name,products(name)").order("id").order("name", foreign_table="products")
    assert ordered.limit(1, foreign_table="products").execute().data[0]["products"] == [{"name": "Red chair"}]


def test_one_object(rest):
    products = rest.from_("Product")
    assert products.select("name").eq("id", 1).single().execute().data == {"name": "Red chair"}
    assert products.select("name").eq("id", 1).maybe_single().execute().data == {"name": "Red chair"}
    assert products.select("name").eq("id", 9).maybe_single().execute() is None
    for number, condition in ((0, 9), (2, 3)):
        with pytest.raises(APIError) as error:
            products.select("name").lt("id", condition).gt("id", 0 if number else 8).single().execute()
        assert error.value.code == "PGRST116"
        assert error.value.message == "Cannot coerce the result to a single JSON object"
        assert error.value.details == f"The result contains {number} rows"


def test_csv(rest):
    answer = rest.from_("Product").select("name,price,tags").order("id").csv().execute()
    assert answer.data == (
        'name,price,tags\nRed chair,19.90,"[""red"",""wood""]"\nBlue chair,120.00,"[""blue""]"\nRed table,,[]'
    )


def test_insert(rest):
    answer = rest.from_("Product").insert({"name": "Lamp", "price": 12.5, "extra": {"a": [1, None]}}).execute()
    (row,) = answer.data
    assert (row["name"], row["amount"], row["price"], row["extra"]) == ("Lamp", 3, 12.5, {"a": [1, None]})
    minimal = rest.from_("Product").insert({"name": "Lamp 2"}, returning=ReturnMethod.minimal).execute()
    assert minimal.data == []
    several = (
        rest.from_("Product").insert([{"name": "One"}, {"name": "Two", "amount": 7}], count=CountMethod.exact).execute()
    )
    assert [(row["name"], row["amount"]) for row in several.data] == [("One", None), ("Two", 7)]
    assert several.count == 2
    kept = rest.from_("Product").insert([{"name": "One"}, {"name": "Two", "amount": 7}], default_to_null=False)
    assert [row["amount"] for row in kept.execute().data] == [3, 7]


def test_insert_is_leniently_typed(rest):
    row = {"name": 5, "price": "1e1", "amount": "7", "available": "t", "maker": "2", "tags": "{a,b}"}
    (made,) = rest.from_("Product").insert(row).execute().data
    expected = {"name": "5", "price": 10, "amount": 7, "available": True, "maker": 2, "tags": ["a", "b"]}
    assert {name: made[name] for name in expected} == expected


def test_exact_decimals(rest):
    """The client's own parser makes floats of them; the answer has all digits."""
    text = "1234567890123456.78"
    request = rest.session.post(
        "Product?select=price,maker(name)",
        content=f'{{"name": "x", "price": {text}}}',
        headers={"Prefer": "return=representation", "Content-Type": "application/json"},
    )
    assert json.loads(request.content, parse_float=decimal.Decimal) == [{"price": decimal.Decimal(text), "maker": None}]


def test_upsert(rest):
    makers = rest.from_("Maker")
    merged = makers.upsert({"id": 1, "name": "Anna"}).execute()
    assert merged.data == [{"id": 1, "name": "Anna", "note": None, "products": [1, 3]}]
    by_name = makers.upsert(
        [{"name": "Bob", "note": "new"}, {"name": "Cid", "note": "n"}], on_conflict="name"
    ).execute()
    assert [(row["name"], row["note"]) for row in by_name.data] == [("Bob", "new"), ("Cid", "n")]
    assert by_name.data[0]["id"] == 2
    ignored = makers.upsert({"name": "Bob", "note": "x"}, on_conflict="name", ignore_duplicates=True).execute()
    assert ignored.data == []
    with pytest.raises(APIError) as error:
        makers.upsert({"name": "Bob"}, on_conflict="note").execute()
    assert error.value.code == "42P10"


def test_update_and_delete(rest):
    updated = rest.from_("Product").update({"amount": "9"}, count=CountMethod.exact).eq("maker", 1).execute()
    assert [(row["id"], row["amount"]) for row in updated.data] == [(1, 9), (3, 9)]
    assert updated.count == 2
    assert rest.from_("Product").update({"amount": 1}, returning=ReturnMethod.minimal).eq("id", 1).execute().data == []
    deleted = rest.from_("Product").delete().eq("id", 1).execute()
    assert [row["name"] for row in deleted.data] == ["Red chair"]
    assert len(rest.from_("Product").select("id").execute().data) == 2
    assert rest.from_("Product").delete().eq("id", 99).execute().data == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("PGRST205", lambda rest: rest.from_("product").select("*")),
        ("42703", lambda rest: rest.from_("Product").select("*").eq("colour", "red")),
        ("42703", lambda rest: rest.from_("Product").select("colour")),
        ("22P02", lambda rest: rest.from_("Product").select("*").eq("amount", "abc")),
        ("PGRST100", lambda rest: rest.from_("Product").select("*").filter("amount", "is", "abc")),
        ("PGRST200", lambda rest: rest.from_("Product").select("*,colours(*)")),
        ("PGRST108", lambda rest: rest.from_("Product").select("*").eq("colours.id", 1)),
        ("PGRST118", lambda rest: rest.from_("Maker").select("*,products(*)").order("products(name)")),
        ("PGRST204", lambda rest: rest.from_("Product").insert({"name": "x", "colour": "red"})),
        ("PGRST204", lambda rest: rest.from_("Product").insert([{"name": "x"}, {"colour": "red"}])),
        ("23502", lambda rest: rest.from_("Product").insert({"amount": 1})),
        ("22P02", lambda rest: rest.from_("Product").insert({"name": "x", "amount": "many"})),
        ("23503", lambda rest: rest.from_("Product").insert({"name": "x", "maker": 99})),
        ("23503", lambda rest: rest.from_("Maker").delete().eq("id", 1)),
        ("23505", lambda rest: rest.from_("Maker").insert({"name": "Ann"})),
        ("23505", lambda rest: rest.from_("Maker").update({"name": "Ann"}).eq("id", 2)),
        ("21000", lambda rest: rest.from_("Maker").update({"name": "Ann"})),
        ("21000", lambda rest: rest.from_("Maker").delete()),
        ("PGRST202", lambda rest: rest.rpc("hello", {})),
        ("PGRST106", lambda rest: rest.schema("private").from_("Product").select("*")),
    ],
)
def test_errors(rest, code, wrong):
    with pytest.raises(APIError) as error:
        wrong(rest).execute()
    assert error.value.code == code
    assert error.value.message
