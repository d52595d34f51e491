"""The field that stands for a row, for identities that may not read all fields."""


def test_a_field_that_may_be_read_stands_for_a_row(people):
    fields = {"secret": "string", "written": "string", "shown": "string"}
    document = {"model_name": "Display", "fields": fields, "display": "secret"}
    people.send("POST", "/table/", document, secret=people.admin, status=201)
    grants = {"read": {"fields": ["shown"]}, "create": {"fields": ["written", "shown"]}}
    people.send("PUT", "/access/role/part/", {"tables": {"Display": grants}}, secret=people.admin, status=201)
    secret = people.token("part")
    for seen in (
        people.send("GET", "/table/Display/", secret=secret, status=200).json,
        *people.send("GET", "/table/", secret=secret, status=200).json,
    ):
        assert (seen["display"], seen["display_field"]) == (None, "shown")
        assert "secret" not in str(seen)


def test_a_search_sees_what_may_be_seen(people):
    fields = {"name": {"type": "string", "index": "search"}, "team": "integer", "mask": "string"}
    people.send("POST", "/table/", {"model_name": "Found", "fields": fields}, secret=people.admin, status=201)
    rows = [{"name": f"Ann {number}", "team": number, "mask": f"Bob {number}"} for number in (1, 2, 3)]
    people.send("POST", "/table/Found/rows/", rows, secret=people.admin, status=201)
    grants = {"read": [{"rows": "team=lt.3", "fields": ["name"]}, {"rows": "team=eq.2", "fields": ["mask"]}]}
    people.send("PUT", "/access/role/finder/", {"tables": {"Found": grants}}, secret=people.admin, status=201)
    secret = people.token("finder")

    def found(text):
        answer = people.send("GET", f"/table/Found/rows/?_search={text}&select=id&limit=9", secret=secret, status=200)
        return [row["id"] for row in answer.json]

    assert (found("ann"), found("ann%203"), found("bob")) == ([1, 2], [], [])
    people.send("PATCH", "/table/Found/", {"display": "mask"}, secret=people.admin, status=200)
    assert (found("bob"), found("ann")) == ([2], [])
