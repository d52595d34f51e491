"""Saved views of several identities: whose they are, who may share them, and that they show nobody more."""


def test_views_of_others(people):
    fields = {"text": "string", "pay": "integer"}
    people.send("POST", "/table/", {"model_name": "Viewed", "fields": fields}, secret=people.admin, status=201)
    people.send("POST", "/table/Viewed/rows/", [{"text": "a", "pay": 1}], secret=people.admin, status=201)
    roles = {
        "clerk": {"tables": {"Viewed": {"read": {"fields": ["text"]}}}},
        "boss": {"definitions": "write", "tables": {"Viewed": {"read": True}}},
    }
    people.send("PUT", "/access/", {"roles": roles}, secret=people.admin, status=200)
    ann, bob, boss = people.token("clerk"), people.token("clerk"), people.token("boss")
    here = "/table/Viewed/view/"
    people.send("POST", here, {"name": "mine", "query": "text=eq.a"}, secret=ann, status=201)
    people.send("POST", here, {"name": "all", "query": "text=eq.a", "shared": True}, secret=boss, status=201)
    people.send("POST", here, {"name": "pay", "query": "pay=gt.0", "shared": True}, secret=boss, status=201)
    columns = {"name": "columns", "columns": ["pay", "text"], "shared": True}
    people.send("POST", here, columns, secret=boss, status=201)
    people.send("POST", here, {"name": "x", "query": "pay=gt.0"}, secret=ann, status=400)
    people.send("POST", here, {"name": "x", "shared": True}, secret=ann, status=403)
    people.send("PUT", f"{here}mine/", {"shared": True}, secret=ann, status=403)
    people.send("PUT", f"{here}all/", {"query": ""}, secret=ann, status=403)
    people.send("DELETE", f"{here}all/", secret=ann, status=403)

    def names(secret):
        return [view["name"] for view in people.send("GET", here, secret=secret, status=200).json]

    assert (names(ann), names(bob), names(boss)) == (
        ["all", "columns", "mine"],
        ["all", "columns"],
        ["all", "columns", "pay"],
    )
    assert "pay" not in people.send("GET", here, secret=ann).text
    for path in (f"{here}pay/", f"{here}pay/rows/"):
        people.send("GET", path, secret=ann, status=404)
    people.send("GET", f"{here}mine/", secret=bob, status=404)
    assert people.send("GET", f"{here}all/rows/", secret=bob, status=200).json == [{"id": 1, "text": "a"}]
    # A right that is taken away hides the shared view, and tells of the own one what it cannot show.
    grants = {"Viewed": {"read": {"fields": ["pay"]}}}
    people.send("PUT", "/access/role/clerk/", {"tables": grants}, secret=people.admin, status=200)
    (own,) = [view for view in people.send("GET", here, secret=ann, status=200).json if not view["shared"]]
    assert own["problem"]["code"] == "unknown_field"
    assert names(ann) == ["columns", "mine", "pay"]
