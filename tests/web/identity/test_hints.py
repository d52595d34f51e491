"""Hints never name what the caller may not see: they are those of a service without it."""

import pytest

FIELDS = {"salary": "integer", "name": "string", "boss": {"type": "link", "table": "Worker", "reverse": "team"}}
GRANTS = {"Worker": {"read": {"fields": ["name", "note"]}, "create": {"fields": ["name"]}}}


@pytest.fixture(scope="module")
def clerk(people):
    for name in ("Worker", "Workers", "Salary"):
        document = {"model_name": name, "fields": {**FIELDS, "note": "string"} if name == "Worker" else {"a": "text"}}
        people.send("POST", "/table/", document, secret=people.admin, status=201)
    people.send("PUT", "/access/role/clerk/", {"tables": GRANTS}, secret=people.admin, status=201)
    return people.token("clerk")


def hints(people, secret, method, path, document=None):
    answer = people.send(method, path, document, secret=secret)
    assert answer.status_int >= 400, answer.text
    return answer.text, answer.json["hint"]


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("GET", "/{face}?salry=eq.1", None),
        ("GET", "/{face}?salary=eq.1", None),
        ("GET", "/{face}?select=salery", None),
        ("GET", "/{face}?order=salaries", None),
        ("GET", "/{face}?select=bos(name)", None),
        ("GET", "/{face}?select=name,teams(name)", None),
        ("POST", "/{face}", {"salry": 1}),
        ("POST", "/{face}?columns=salry", {"salry": 1}),
    ],
)
@pytest.mark.parametrize("face", ["table/Worker/rows/", "rest/Worker"])
def test_hidden_fields(people, clerk, method, path, document, face):
    text, hint = hints(people, clerk, method, path.format(face=face), document)
    assert hint in (None, "it has none") and "did you mean" not in text
    if "salary=" not in path:
        assert "salary" not in text
        assert "did you mean" in hints(people, people.admin, method, path.format(face=face), document)[1]


def test_hidden_tables(people, clerk):
    for near in ("Salery", "Workerz"):
        text, hint = hints(people, clerk, "GET", f"/table/{near}/")
        assert hint == (None if near == "Salery" else "did you mean Worker?") and "Workers" not in text
        text, hint = hints(people, clerk, "GET", f"/rest/{near}")
        wanted = "Perhaps you meant the table 'public.Worker'"
        assert hint == (None if near == "Salery" else wanted) and "Workers" not in text
    assert hints(people, people.admin, "GET", "/table/Salery/")[1] == "did you mean Salary?"


def test_visible_fields(people, clerk):
    assert hints(people, clerk, "GET", "/rest/Worker?nmae=eq.1")[1] == "did you mean name?"
    assert hints(people, clerk, "POST", "/table/Worker/rows/", {"nmae": 1})[1] == "did you mean name?"


def test_roles(people, clerk):
    for table, field, near in (("Workerz", "*", "Worker or Workers"), ("Worker", "salry", "salary")):
        role = {"tables": {table: {"read": {"fields": [field]}}}}
        _, hint = hints(people, people.admin, "PUT", "/access/role/new/", role)
        assert hint == f"did you mean {near}?"


def test_nothing_for_the_unknown(people):
    answer = people.send("GET", "/table/Salery/", status=401)
    assert "Salary" not in answer.text
