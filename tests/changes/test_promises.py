"""What a definition promises is in the database after each kind of change; state machines ask for more at random."""

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
RULES = {
    "unique": {"unique": True},
    "folding": {"unique_ignore_case": True},
    "index": {"index": True},
    "a": {},
    "b": {},
}


@pytest.fixture(scope="module", params=DATABASES)
def client(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("promises")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        yield Client(webtest.TestApp(wsgi))
        assert_promises(wsgi.registry.dynmodel_catalogue)
        wsgi.registry.dynmodel_catalogue.database.close()


def assert_kept(client, path) -> None:
    """Each rule is what a row like the first one meets. That all is in the database the client asks."""
    document, row = client.get(path), client.get(f"{path}rows/1/")
    rules = [[name] for name, field in document["fields"].items() if field["unique"] or field["unique_ignore_case"]]
    for names in [*rules, *(rule["fields"] for rule in document["unique"])]:
        answer = client.send("POST", f"{path}rows/", {name: row[name] for name in names})
        assert (answer.json["code"], answer.json["fields"]) == ("unique_violation", names)


@pytest.mark.parametrize("on_error", ["null", "quarantine"])
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
        words = ",".join(f"{name}:{on_error}" for name in names)
        client.send("PATCH", f"{path}?on_error={words}", document, status=200)
        assert_kept(client, path)

    convert()
    client.send("POST", f"{path}history/1/revert/?on_error=null", status=200)
    assert_kept(client, path)
    convert()
    for each in client.get(f"{path}trash/"):
        client.send("DELETE", f"{path}trash/{each['number']}/", status=204)
    assert_kept(client, path)
    client.send("PATCH", path, {"fields": {"h": {"type": "string", "index": True}}}, status=200)
    assert_kept(client, path)
    lifted = {"unique": False, "index": False, **({"unique_ignore_case": False} if "folding" in names else {})}
    document = {"fields": dict.fromkeys(names, lifted), "unique": None, "indexes": None}
    client.send("PATCH", path, document, status=200)
    assert_kept(client, path)


EQUAL = {
    "alone": ({"unique": True}, {}),
    "folding": ({"unique_ignore_case": True}, {}),
    "several": ({}, {"unique": [{"fields": ["f", "g"]}]}),
}
#: A change by which rows get equal values: values before, the patch, and a value that is in no other's way.
BECOME_EQUAL = {"default": (["ab", "ABCDEF"], {"max_length": 3}), "required": (["ab", None], {"required": True})}


@pytest.mark.parametrize("change", BECOME_EQUAL)
@pytest.mark.parametrize("rule", EQUAL)
def test_values_that_become_equal(client, rule, change):
    """A value that takes the default may be another row's: the plan says so, and the change is refused as it says."""
    (own, several), (values, patch) = EQUAL[rule], BECOME_EQUAL[change]
    path = client.table({"f": {"type": "string", "default": "ab", **own}, "g": "integer"}, **several)
    for value in values:
        client.row(path, {"f": value, "g": 1})
    patch = {"fields": {"f": patch}}
    merge = "application/merge-patch+json"
    plan = client.send("POST", f"{path}plan/?on_error=default", patch, status=200, content_type=merge).json
    (refusal,) = (refusal for step in plan["steps"] for refusal in step["refused"])
    refused = client.send("PATCH", f"{path}?on_error=default", patch, status=409).json
    assert {key: refused[key] for key in refusal} == refusal
    assert (refused["code"], refused["count"], plan["allowed"]) == ("lossy_change", 2, False)
    assert_kept(client, path)
    client.send("PATCH", f"{path}rows/1/", {"f": "cd"}, status=200)
    client.send("PATCH", f"{path}?on_error=default", patch, status=200)
    assert [row["f"] for row in client.get(f"{path}rows/")] == ["cd", "ab"]
    assert_kept(client, path)


def test_links_made_anew(client):
    """Links and lists change their rules, become plain values, and come back; the tables are renamed meanwhile."""
    far = client.table({"a": "string"})
    client.row(far, {"a": "x"})
    link, links = ({"type": kind, "table": client.get(far)["id"]} for kind in ("link", "links"))
    fields = {"one": {**link, "unique": True}, "many": links, "plain": "integer", "own": {**links, "table": "Own"}}
    path = client.table(fields, "Own")
    client.row(path, {"one": 1, "many": [1], "plain": 5, "own": [1]})
    steps = [
        {"one": {"on_delete": "cascade"}, "many": {"on_delete": "restrict"}},
        {"one": "integer", "many": "json"},
        {"one": {**link, "required": True}, "plain": {**link, "unique": True}},
        {"many": links},
        {"own": None, "many": None},
    ]
    for number, patch in enumerate(steps):
        client.send("PATCH", f"{path}?on_error=null", {"fields": patch}, status=200)
        client.send("PATCH", path, {"model_name": f"Own{number}"}, status=200)
        client.send("PATCH", far, {"model_name": f"Far{number}"}, status=200)
    for version in range(client.get(path)["version"] - 1, 0, -1):
        answer = client.send("POST", f"{path}history/{version}/revert/?on_error=null")
        assert answer.status_int in (200, 409), answer.text
