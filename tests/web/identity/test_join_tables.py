"""A way through a join table shows no more than its caller may see of the join table and of both ends."""

import pytest

MOVIES, ACTORS, ROLES = "Movie", "Actor", "Role"
LINKS = {"movie": {"type": "link", "table": MOVIES}, "actor": {"type": "link", "table": ACTORS}}
READ = {"read": True}
#: Role -> its grants, and what it sees by ``Movie?select=id,Actor(id,name)``; None: there is no such relation.
SEEN = {
    "everything": (
        {MOVIES: READ, ACTORS: READ, ROLES: READ},
        [[{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}], [{"id": 2, "name": "Bob"}]],
    ),
    "no join table": ({MOVIES: READ, ACTORS: READ}, None),
    "no far table": ({MOVIES: READ, ROLES: READ}, None),
    "no far link": ({MOVIES: READ, ACTORS: READ, ROLES: {"read": {"fields": ["movie", "secret"]}}}, None),
    "no near link": ({MOVIES: READ, ACTORS: READ, ROLES: {"read": {"fields": ["actor", "secret"]}}}, None),
    "open roles only": (
        {MOVIES: READ, ACTORS: READ, ROLES: {"read": {"rows": "secret=is.false"}}},
        [[{"id": 1, "name": "Ann"}], [{"id": 2, "name": "Bob"}]],
    ),
    "links of open roles": (
        {
            MOVIES: READ,
            ACTORS: READ,
            ROLES: {"read": [{"fields": ["movie", "secret"], "rows": "id=gt.0"}, {"rows": "secret=is.false"}]},
        },
        [[{"id": 1, "name": "Ann"}], [{"id": 2, "name": "Bob"}]],
    ),
    "some actors": (
        {MOVIES: READ, ROLES: READ, ACTORS: {"read": {"rows": "name=eq.Bob", "fields": ["name"]}}},
        [[{"id": 2, "name": "Bob"}], [{"id": 2, "name": "Bob"}]],
    ),
}


@pytest.fixture(scope="module")
def tokens(people):
    for name, fields in ((MOVIES, {"title": "string"}), (ACTORS, {"name": "string"})):
        people.send("POST", "/table/", {"model_name": name, "fields": fields}, secret=people.admin, status=201)
    document = {"model_name": ROLES, "fields": {**LINKS, "secret": "boolean"}}
    people.send("POST", "/table/", document, secret=people.admin, status=201)
    rows = {
        MOVIES: [{"title": "A"}, {"title": "B"}],
        ACTORS: [{"name": "Ann"}, {"name": "Bob"}],
        ROLES: [
            {"movie": 1, "actor": 1, "secret": False},
            {"movie": 1, "actor": 2, "secret": True},
            {"movie": 2, "actor": 2, "secret": False},
        ],
    }
    for name, documents in rows.items():
        people.send("POST", f"/rest/{name}", documents, secret=people.admin, status=201)
    made = {}
    for number, (name, (grants, _)) in enumerate(SEEN.items()):
        document = {"tables": grants}
        people.send("PUT", f"/access/role/role{number}/", document, secret=people.admin, status=201)
        made[name] = people.token(f"role{number}")
    return made


def test_what_is_seen_through_a_join_table(people, tokens):
    for name, (_, seen) in SEEN.items():
        answer = people.send("GET", "/rest/Movie?select=id,Actor(id,name)", secret=tokens[name])
        counted = people.send("GET", "/rest/Movie?select=id,Actor!Role(count)", secret=tokens[name])
        inner = people.send("GET", "/rest/Movie?select=id,a:Actor!inner()&a.name=eq.Bob", secret=tokens[name])
        if seen is None:
            assert {answer.status_int, counted.status_int, inner.status_int} == {400}, name
            nothing = people.send("GET", "/rest/Movie?select=id,Nothing(id,name)", secret=tokens[name])
            assert answer.text == nothing.text.replace("Nothing", "Actor"), name
            continue
        assert [row["Actor"] for row in answer.json] == seen, name
        assert [row["Actor"][0]["count"] for row in counted.json] == [len(each) for each in seen], name
        bob = {"id": 2, "name": "Bob"}
        assert [row["id"] for row in inner.json] == [n for n, each in enumerate(seen, 1) if bob in each], name


def test_a_hidden_join_table_makes_nothing_ambiguous(people, tokens):
    document = {"model_name": "Review", "fields": {**LINKS, "stars": "integer"}}
    people.send("POST", "/table/", document, secret=people.admin, status=201)
    refused = people.send("GET", "/rest/Movie?select=Actor(id)", secret=people.admin, status=300)
    assert "Review" in refused.text
    seen = people.send("GET", "/rest/Movie?select=id,Actor(id)", secret=tokens["everything"], status=200)
    assert [len(row["Actor"]) for row in seen.json] == [2, 1]
