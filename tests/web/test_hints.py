"""Errors name what was probably meant, at both faces."""

import pytest

FIELDS = {
    "name": {"type": "string", "required": True},
    "price": "decimal",
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
