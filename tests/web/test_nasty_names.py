"""Tables with names that look like something else, through the whole service.

The command ``python -m tests.soak.names`` walks through more of them.
"""

import pytest
from hypothesis import given, settings

from dynmodel_pyramid.scripts.schema_files import read_text, write_text
from tests.nasty_names import NASTY, Walk, is_good, worlds

GOOD = [name for name in NASTY if is_good(name)]


@pytest.mark.parametrize("start", [0, 40])
def test_chosen_names(client, start):
    Walk(client, GOOD[start : start + 20]).run()


@settings(derandomize=True, max_examples=1, database=None, deadline=None)
@given(names=worlds)
def test_generated_names(client, names):
    Walk(client, names).run()


def test_names_without_quotes(client):
    """As in PostgREST: blanks and hyphens inside of a name need none, and those at its ends are cut off."""
    path = client.table({"my col": "integer", "a-b": "integer", "select": "integer"}, "Plain names")
    row = client.row(path, {"my col": 1, "a-b": 2, "select": 3})
    queries = ("my+col=eq.1", "my%20col=eq.1&a-b=eq.2", "select=id,+my+col+,a-b", '"select"=eq.3', "or=(my col.eq.1)")
    for query in queries:
        assert client.get(f"{path}rows/?{query}")[0]["id"] == row["id"], query
        assert client.app.get(f"/rest/Plain%20names?{query}").json[0]["id"] == row["id"], query
    hint = client.send("GET", f"{path}rows/?Price (EUR)=gt.1", status=400).json["hint"]
    assert '"Price (EUR)"=gt.1' in hint
    near = client.send("GET", f"{path}rows/?select=mycol", status=400).json["hint"]
    assert near == 'did you mean "my col"?'


def test_a_field_is_no_relation_of_a_condition(client):
    """Stored conditions know relations by texts such as <2.1.1, which a field may be called."""
    team = client.table({"name": "string"})
    fields = {"team": {"type": "link", "table": int(team.split("/")[2]), "reverse": "members"}}
    member = client.table(fields)
    near, far = (int(path.split("/")[2]) for path in (team, member))
    link = client.get(member)["fields"]["team"]["id"]
    model = client.get(team)["model_name"]
    condition = {"tables": {model: {"read": {"rows": "or=(members.is.not_null,name.eq.x)"}}}}
    client.send("PUT", "/access/role/step/", condition)
    before = client.get("/access/role/step/")
    step = f"<{far}.{link}.{far}"
    names = (step, f"#{link}", f"~{far}.{link}")
    client.send("PATCH", team, {"fields": dict.fromkeys(names, "string")}, status=200)
    assert client.get("/access/role/step/") == before
    for number in range(3):
        client.row(team, {"name": f"t{number}", step: "given"})
    client.row(member, {"team": 2})
    secret = client.send("POST", "/token/", {"name": "step", "roles": ["step"]}, status=201).json["secret"]
    seen = client.get(f"{team}rows/?select=name", authorization=f"Bearer {secret}")
    assert seen == [{"name": "t1"}] and near != far
    client.send("PUT", "/access/role/step/", {"tables": {}}, status=200)


def test_attributes_of_models(client):
    for name in ("Order Items", "Order-Items", "Order_Items_"):
        client.table({"a b": "integer"}, name)
    models = client.catalogue.models
    made = models.attributes()
    assert [made[name] for name in ("Order Items", "Order-Items", "Order_Items_")] == [
        "Order_Items", "Order_Items__", "Order_Items_",
    ]  # fmt: skip
    assert models.Order_Items is models["Order Items"] and models.order_items__ is models["Order-Items"]
    assert models.Order_Items.__name__ == "Order_Items" and models.Order_Items.a_b is not None
    with pytest.raises(AttributeError):
        _ = models.Order_Item


def test_schema_documents_keep_names():
    document = {"tables": {name: {"fields": {name: "string"}} for name in NASTY}}
    for kind in ("yaml", "json"):
        assert read_text(write_text(document, kind).encode(), kind, "-") == document
