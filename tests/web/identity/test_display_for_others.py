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
