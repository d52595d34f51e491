"""What a definition promises is in the database after each kind of change. The state machines ask for more at random."""

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.promises import assert_promises
from tests.web.client import Client

#: Changes that convert values: the field, what becomes of it, and two values, of which the first stays as it is.
MADE_ANEW = {
    "max_length": ({"type": "string"}, {"max_length": 3}, ["ab", "ABCDEF"]),
    "min_length": ({"type": "string"}, {"min_length": 3}, ["ABCDEF", "ab"]),
    "pattern": ({"type": "string"}, {"pattern": "[a-z]+"}, ["ab", "ABCDEF"]),
    "choices": ({"type": "string"}, {"choices": ["ab", "cd"]}, ["ab", "ABCDEF"]),
    "min": ({"type": "integer"}, {"min": 5}, [7, 1]),
    "max": ({"type": "integer"}, {"max": 5}, [1, 7]),
    "type": ({"type": "string"}, {"type": "integer"}, ["7", "ABCDEF"]),
    "scale": ({"type": "decimal", "scale": 3}, {"scale": 1}, ["1.500", "2.125"]),
}
#: The names of fields, each with the rule that it has; "a" and "b" are unique together.
RULES = {"unique": {"unique": True}, "folding": {"unique_ignore_case": True}, "index": {"index": True}, "a": {}, "b": {}}


@pytest.fixture(scope="module", params=DATABASES)
def client(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("promises")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        yield Client(webtest.TestApp(wsgi))
        assert_promises(wsgi.registry.dynmodel_catalogue)
        wsgi.registry.dynmodel_catalogue.database.close()


def assert_kept(client, path) -> None:
    """All is in the database, and each rule is what a row like the first one meets."""
    assert_promises(client.catalogue, int(path.split("/")[2]))
    document, row = client.get(path), client.get(f"{path}rows/1/")
    rules = [[name] for name, field in document["fields"].items() if field["unique"] or field["unique_ignore_case"]]
    for names in [*rules, *(rule["fields"] for rule in document["unique"])]:
        answer = client.send("POST", f"{path}rows/", {name: row[name] for name in names})
        assert (answer.json["code"], answer.json["fields"]) == ("unique_violation", names)


@pytest.mark.parametrize("on_error", ["null", "quarantine", "default"])
@pytest.mark.parametrize("change", MADE_ANEW)
def test_of_values_made_anew(client, change, on_error):
    """The old column goes to the trash; the rules don't go with it. The way back, or a purge, doesn't lose them."""
    field, patch, values = MADE_ANEW[change]
    # Only texts fold the case of letters.
    names = [name for name in RULES if name != "folding" or (field["type"] == "string" and "type" not in patch)]
    several = {
        "unique": [{"name": "both", "fields": ["a", "b"]}],
        "indexes": [{"name": "down", "fields": [{"field": "b", "descending": True}, "index"]}],
    }
    path = client.table({name: {**field, **RULES[name]} for name in names}, **several)
    for value in values:
        client.row(path, dict.fromkeys(names, value))

    def convert():
        document = {"fields": dict.fromkeys(names, patch)}
        client.send("PATCH", f"{path}?on_error={on_error}", document, status=200)
        assert_kept(client, path)

    convert()
    client.send("POST", f"{path}history/1/revert/?on_error=null", status=200)
    assert_kept(client, path)
    convert()
    for each in client.get(f"{path}trash/"):
        client.send("DELETE", f"{path}trash/{each['number']}/", status=204)
    assert_kept(client, path)
    client.send("PATCH", path, {"fields": {"h": {"type": "string", "unique": True}}}, status=200)
    assert_kept(client, path)
    lifted = {"unique": False, "index": False, **({"unique_ignore_case": False} if "folding" in names else {})}
    document = {"fields": dict.fromkeys(names, lifted), "unique": None, "indexes": None}
    client.send("PATCH", path, document, status=200)
    assert_kept(client, path)


def test_values_that_become_equal(client):
    """What a lost value becomes may be there already: the plan says so, and the change is refused as it says."""
    fields = {"f": {"type": "string", "unique": True, "default": "ab"}}
    path = client.table(fields)
    for value in ("ab", "ABCDEF"):
        client.row(path, {"f": value})
    patch = {"fields": {"f": {"max_length": 3}}}
    plan = client.send("POST", f"{path}plan/?on_error=default", {**client.get(path), **fields | {}}, status=200)
    assert plan.json["changes"] == []
    planned = client.get(path)
    planned["fields"]["f"]["max_length"] = 3
    plan = client.send("POST", f"{path}plan/?on_error=default", planned, status=200).json
    refused = client.send("PATCH", f"{path}?on_error=default", patch, status=409).json
    print(plan, refused)
    assert_kept(client, path)
    client.send("PATCH", f"{path}?on_error=null", patch, status=200)
    assert_kept(client, path)


def test_nulls_that_become_equal(client):
    """Nulls that take the default of a field that becomes required."""
    path = client.table({"f": {"type": "string", "unique": True, "default": "ab"}, "g": {"type": "string"}})
    for value in ("cd", None, None):
        client.row(path, {"f": value})
    patch = {"fields": {"f": {"required": True}}}
    refused = client.send("PATCH", f"{path}?on_error=default", patch, status=409).json
    assert (refused["code"], refused["count"]) == ("lossy_change", 2)
    client.send("DELETE", f"{path}rows/3/", status=204)
    client.send("PATCH", f"{path}?on_error=default", patch, status=200)
    assert_kept(client, path)


def test_links_made_anew(client):
    """Links and lists go to another table, become plain numbers, and come back."""
    one, two = client.table({"a": "string"}), client.table({"a": "string"})
    for path in (one, two):
        client.row(path, {"a": "x"})
    one, two = (client.get(path)["model_name"] for path in (one, two))
    client.row(client.get("/table/")[-2]["links"]["self"] if False else f"/table/{client.get('/table/')[0]['id']}/", {})
