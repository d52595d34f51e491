"""Errors name what was probably meant, at both faces."""

import re

import pytest

FIELDS = {
    "name": {"type": "string", "required": True},
    "price": "decimal",
    "hired": "datetime",
    "boss": {"type": "link", "table": "Person", "reverse": "team"},
}


@pytest.fixture(scope="module")
def shop(client):
    client.table(FIELDS, "Person")
    return client


def refused(client, method, path, document=None, *, body=None, content_type="application/json"):
    """Code and hint of an error."""
    headers = {} if document is None and body is None else {"Content-Type": content_type}
    if document is not None:
        answer = getattr(client.app, f"{method.lower()}_json")(path, document, expect_errors=True)
    else:
        answer = client.app.request(path, method=method, body=body or b"", headers=headers, expect_errors=True)
    assert 400 <= answer.status_int < 500, answer.text
    return answer.json["code"], answer.json["hint"]


@pytest.mark.parametrize("query", ["nmae=eq.x", "select=nmae", "order=nmae", "or=(nmae.eq.1,id.eq.1)", "NAME=eq.x"])
def test_a_name_in_a_query(shop, query):
    assert refused(shop, "GET", f"/table/Person/rows/?{query}") == ("unknown_field", "did you mean name?")
    assert refused(shop, "GET", f"/rest/Person?{query}") == ("42703", "did you mean name?")


def test_a_relation(shop):
    for query in ("select=bos(name)", "select=id,tem(name)"):
        code, hint = refused(shop, "GET", f"/table/Person/rows/?{query}")
        near = "boss" if "bos" in query else "team"
        assert code == "unknown_relation" and hint.startswith(f"did you mean {near}? it has boss (Person), team")
        assert refused(shop, "GET", f"/rest/Person?{query}") == ("PGRST200", hint)


@pytest.mark.parametrize("name", ["Persom", "person_", "PERSONS", "Pers on"])
def test_a_table(shop, name):
    for path in (f"/table/{name}/", f"/table/{name}/rows/", f"/table/{name}/rows/1/"):
        assert refused(shop, "GET", path) == ("not_found", "did you mean Person?")
    assert refused(shop, "GET", f"/rest/{name}") == ("PGRST205", "Perhaps you meant the table 'public.Person'")


def test_a_table_that_is_like_none(shop):
    assert refused(shop, "GET", "/table/Zzzzz/") == ("not_found", None)
    assert refused(shop, "GET", "/rest/Zzzzz") == ("PGRST205", None)
    assert refused(shop, "GET", "/rest/person") == ("PGRST205", "Perhaps you meant the table 'public.Person'")


def test_a_linked_table(shop):
    for name in ("Persom", "PERSONS"):
        link = {"model_name": "Other", "fields": {"a": {"type": "link", "table": name}}}
        assert refused(shop, "POST", "/table/", link) == ("validation", "did you mean Person?")


def test_hints_of_relations_work(shop):
    """What an error proposes is taken."""
    links = {name: {"type": "link", "table": "Person"} for name in ("author", "editor")}
    shop.table(links, "Book")
    for path in ("/table/Book/rows/", "/rest/Book"):
        _, hint = refused(shop, "GET", f"{path}?select=id,Person!autor(name)")
        assert hint.startswith("did you mean Person!author? ")
        answer = shop.app.get(f"{path}?select=id,Person(name)", status="*").json
        forms = re.findall(r"'(Person!\w+)'", answer["hint"])
        assert len(forms) == 2
        for form in (*forms, "Person!author"):
            shop.app.get(f"{path}?select=id,{form}(name)", status=200)


def test_names_in_documents(shop):
    answer = shop.send("POST", "/table/Person/rows/", [{"nmae": 1}, {"name": "a", "Price": 1}], status=422).json
    hints = [fault.get("hint") for fault in answer["errors"] if fault["code"] == "unknown_field"]
    assert hints == ["did you mean name?", "did you mean price?"]
    assert refused(shop, "POST", "/rest/Person", {"nmae": 1}) == ("PGRST204", "did you mean name?")
    assert refused(shop, "PATCH", "/rest/Person?id=eq.1", {"nmae": 1}) == ("PGRST204", "did you mean name?")
    assert refused(shop, "POST", "/rest/Person?columns=nmae", {"nmae": 1}) == ("PGRST204", "did you mean name?")
    code, hint = refused(shop, "POST", "/table/Person/rows/?columns=nmae", {"nmae": 1})
    assert (code, hint) == ("unknown_field", "did you mean name?")
    csv = {"body": b"nmae,Price\n1,2\n", "content_type": "text/csv"}
    assert refused(shop, "POST", "/table/Person/rows/", **csv) == ("validation", "did you mean name?")


def test_hints_are_few(shop):
    answer = shop.send("POST", "/table/Person/rows/", [{"name": "a", "nmae": 1}] * 200, status=422).json
    assert len([fault for fault in answer["errors"] if "hint" in fault]) == 3
    assert (len(answer["errors"]), answer["error_count"]) == (100, 200)


@pytest.mark.parametrize(
    ("definition", "hint"),
    [
        ({"fields": {"a": "varchar"}}, "did you mean string?"),
        ({"fields": {"a": "TEXT"}}, "did you mean text?"),
        ({"fields": {"a": "integr"}}, "did you mean integer or integer_range?"),
        ({"fields": {"a": {"type": "string", "maxLength": 3}}}, "did you mean max_length?"),
        ({"fields": {"a": {"type": "string", "require": True}}}, "did you mean required?"),
        ({"fields": {"name": "string"}, "unique": [{"fields": ["nmae"]}]}, "did you mean name?"),
        ({"fields": {"name": "string"}, "unique": [{"field": ["name"]}]}, "did you mean fields?"),
        ({"field": {}, "fields": {}}, "did you mean fields?"),
    ],
)
def test_definitions(shop, definition, hint):
    assert refused(shop, "POST", "/table/", {"model_name": "New", **definition}) == ("validation", hint)


def test_a_field_that_is_renamed(shop):
    fields = {"title": {"type": "string", "renamed_from": "nmae"}}
    assert refused(shop, "PATCH", "/table/Person/", {"fields": fields}) == ("validation", "did you mean name?")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("price=eq.null", "did you mean is.null?"),
        ("price=neq.NULL", "did you mean is.not_null?"),
        ("price=in.(1,null)", "did you mean is.null?"),
        ("price=gt.1,5", "write the decimal point: 1.5"),
        ("hired=gte.2024-01-01T00:00:00.12345678+02:00", "in an address + is a blank: write %2B"),
        ("hired=gte.31.12.2024 noon", "write year, month, day: 2024-12-31"),
        ("name=Product 1", "did you mean eq.Product 1? operators are "),
        ("price=>=5", "did you mean gte.5? operators are "),
        ("or=(price.equals.5)", "did you mean eq.? operators are "),
        ("name=contains.a", "did you mean like.? operators are "),
        ("name=lik.a", "did you mean like."),
        ("price>=5", "did you mean price=gte.5?"),
        ("price!=5", "did you mean price=neq.5?"),
        ("price<5", "did you mean price=lt.5?"),
        ("price[gte]=5", "did you mean price=gte.5?"),
        ("order=name desc", "did you mean name.desc?"),
        ("order=nmae DESC", "did you mean name.desc?"),
        ("order=-name", "did you mean name.desc?"),
        ("order=id,-price", "did you mean price.desc?"),
        ("order=name:asc", "did you mean name.asc?"),
        ("order=name,desc", "want a field and its direction: order=name.desc"),
        ("hired=like.2024", "it takes eq neq in is"),
        ("price=ilike.1", "it takes eq neq in is"),
    ],
)
def test_habits_of_queries(shop, query, hint):
    for path in ("/table/Person/rows/", "/rest/Person"):
        told = refused(shop, "GET", f"{path}?{query}".replace(" ", "%20"))[1]
        assert told.startswith(hint) if hint[-1] != "?" else told == hint, (path, told)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("price__gte=5", "did you mean price=gte.5?"),
        ("sort=name", "did you mean order=name.desc?"),
        ("page=2", "did you mean limit=20&offset=40?"),
        ("selct=id", "did you mean select?"),
        ("nmae=5", "did you mean name?"),
        ("zzzzz=5", "known are"),
    ],
)
def test_parameters_of_other_services(shop, query, hint):
    code, told = refused(shop, "GET", f"/table/Person/rows/?{query}")
    assert code == "unknown_parameter" and told.startswith(hint)


def test_a_list_of_columns_with_a_hole(shop):
    for path in ("/table/Person/rows/", "/rest/Person"):
        code, _ = refused(shop, "POST", f"{path}?columns=name,,price", {"name": "a"})
        assert code in ("invalid_query", "PGRST100")


CSV, NDJSON = "text/csv", "application/x-ndjson"


@pytest.mark.parametrize(
    ("content_type", "body", "hint"),
    [
        (CSV, b"name;price\na;1\n", "values are separated by commas here, not by ';'"),
        (CSV, b"name\tprice\na\t1\n", r"values are separated by commas here, not by '\t'"),
        (CSV, b"name,pricea,1b,2", "the file has one line only; curl -d strips line ends: use --data-binary @file"),
        (CSV, b'name,price\na,"1,5"\n', "write the decimal point: 1.5"),
        (CSV, b"name,hired\na,31.12.2024\n", "write year, month, day: 2024-12-31"),
        (NDJSON, b'{"name":"a"}{"name":"b"}', "each document stands in a line of its own; curl -d strips line ends"),
        ("text/plain", b"name,price\na,1\n", "send Content-Type: application/json, "),
        ("application/x-www-form-urlencoded", b"name,price", "send Content-Type: application/json, "),
    ],
)
def test_habits_of_files(shop, content_type, body, hint):
    _, told = refused(shop, "POST", "/table/Person/rows/", body=body, content_type=content_type)
    assert told.startswith(hint)
    assert ("--data-binary" in told) == (b"}{" in body or body == b"name,pricea,1b,2" or "www" in content_type)
    assert not told.startswith("send") or CSV in told


def test_values_in_documents(shop):
    answer = shop.send("POST", "/table/Person/rows/", {"name": "a", "price": "1,5"}, status=422).json
    assert answer["errors"][0]["hint"] == answer["hint"] == "write the decimal point: 1.5"


def test_decimals_of_more_digits(shop):
    shop.send("POST", "/table/Person/rows/", [{"name": "d", "price": p} for p in ("-1.01", "-1.00", "1.00", "1.01")])
    found = {}
    for condition in ("eq.1.001", "neq.1.001", "gt.1.001", "gte.1.001", "lt.1.001", "lte.-1.001", "in.(1.001,1.01)",
                      "gt.%2B1001e-3", "isdistinct.1.001", "gt.-1.001", "not.eq.1.001", "lt.-9999999999999999.999",
                      "gt.-9999999999999999.999", "gt.9999999999999999.999", "lt(any).{-1.005,1.00}"):  # fmt: skip
        for path in ("/table/Person/rows/", "/rest/Person"):
            rows = shop.app.get(f"{path}?name=eq.d&select=price::text&order=id&price={condition}").json
            found.setdefault(condition, []).append([row["price"] for row in rows])
    every, low = ["-1.01", "-1.00", "1.00", "1.01"], ["-1.01", "-1.00", "1.00"]
    wanted = {"gt.%2B1001e-3": ["1.01"],
              "eq.1.001": [], "neq.1.001": every, "gt.1.001": ["1.01"], "gte.1.001": ["1.01"], "lt.1.001": low,
              "lte.-1.001": ["-1.01"], "in.(1.001,1.01)": ["1.01"], "isdistinct.1.001": every,
              "gt.-1.001": every[1:], "not.eq.1.001": every, "lt.-9999999999999999.999": [],
              "gt.-9999999999999999.999": every, "gt.9999999999999999.999": [],
              "lt(any).{-1.005,1.00}": every[:2]}  # fmt: skip
    assert found == {condition: [rows, rows] for condition, rows in wanted.items()}
    assert refused(shop, "GET", "/table/Person/rows/?price=gt.12345678901234567890.001")[0] == "invalid_operand"
