"""Queries share what was translated for earlier ones, as long as the caller's grants are the same, and say the same."""

from tests.web.identity.conftest import bearer

#: How the rows of a table are asked for, by a number that nobody has asked for before.
WAYS = {
    "the same text": lambda number: "/table/Player/rows/?number=gte.0",
    "another value": lambda number: f"/table/Player/rows/?number=gt.-{number + 1}",
    "another select": lambda number: f"/table/Player/rows/?select=id,x{number}:name",
    "all rows": lambda number: "/table/Player/rows/",
    "grouped": lambda number: "/table/Player/rows/?select=id,count()",
    "embedded": lambda number: "/table/Club/rows/?select=players(id)",
}
#: What happens to the field of the far table that a grant's condition means, and to others that get its name.
CHANGES = [
    {},
    {"title": {"renamed_from": "name"}},
    {"name": "string"},
    {"name": None},
    {"name": {"renamed_from": "title"}},
]


def test_a_grant_of_a_far_table_counts_for_the_next_value(people):
    """A reverse side shows the far rows that may be read."""
    send = people.send
    for name, fields in (
        ("Shelf", {"name": "string"}),
        ("Book", {"shelf": {"type": "link", "table": "Shelf", "reverse": "books"}, "secret": "boolean"}),
    ):
        send("POST", "/table/", {"model_name": name, "fields": fields}, secret=people.admin, status=201)
    shelves = [{"name": f"shelf {number}"} for number in range(6)]
    send("POST", "/table/Shelf/rows/", shelves, secret=people.admin, status=201)
    books = [{"shelf": number + 1, "secret": secret} for number in range(6) for secret in (False, True)]
    send("POST", "/table/Book/rows/", books, secret=people.admin, status=201)
    grants = {"all": True, "open": {"rows": "secret=is.false"}, "none": False}
    shown = {"all": lambda shelf: [2 * shelf + 1, 2 * shelf + 2], "open": lambda shelf: [2 * shelf + 1]}
    reader = None
    # A value is asked for once only: its text would be known, and its plan with it.
    for shelf, grant in enumerate(["all", "open", "none", "all", "none", "open"]):
        tables = {"Shelf": {"read": True}, "Book": {"read": grants[grant]}}
        send("PUT", "/access/role/reader/", {"tables": tables}, secret=people.admin)
        reader = reader or people.token("reader")
        path = f"/table/Shelf/rows/?name=eq.shelf {shelf}"
        [row] = people.browser().get(path, headers=bearer(reader)).json
        assert row.get("books") == (shown[grant](shelf) if grant in shown else None), grant


def test_a_condition_goes_on_to_mean_the_field_of_a_far_table(people):
    """A view's SQL has the names of far columns. It was kept by the grants alone: a field that got the name of the one
    that a grant means decided in its place.
    """
    send = people.send
    tables = {
        "Team": {"name": "string"},
        "Club": {"name": "string"},
        "Player": {
            "name": "string",
            "number": "integer",
            "team": {"type": "link", "table": "Team"},
            "club": {"type": "link", "table": "Club", "reverse": "players"},
        },
    }
    for name, fields in tables.items():
        send("POST", "/table/", {"model_name": name, "fields": fields}, secret=people.admin, status=201)
    send("POST", "/table/Team/rows/", [{"name": "a"}, {"name": "b"}], secret=people.admin, status=201)
    send("POST", "/table/Club/rows/", [{"name": "c"}], secret=people.admin, status=201)
    players = [{"name": f"p{k}", "number": k, "team": 1 + k % 2, "club": 1} for k in range(6)]
    send("POST", "/table/Player/rows/", players, secret=people.admin, status=201)
    grants = {"Player": {"read": {"rows": "team.name=eq.a"}}, "Club": {"read": True}}
    send("PUT", "/access/role/watcher/", {"tables": grants}, secret=people.admin)
    headers = bearer(people.token("watcher"))
    browser = people.browser()
    for number, fields in enumerate(CHANGES):
        if fields:
            send("PATCH", "/table/Team/", {"fields": fields}, secret=people.admin, status=200)
        if fields == {"name": "string"}:
            send("PATCH", "/table/Team/rows/2/", {"name": "a"}, secret=people.admin, status=200)
        for way, path_of in WAYS.items():
            rows = browser.get(path_of(number), headers=headers).json
            rows = rows[0]["players"] if way == "embedded" else rows
            assert sorted(row["id"] for row in rows) == [1, 3, 5], (fields, way)
        assert browser.get("/table/Player/rows/1/", headers=headers).json["id"] == 1
        browser.get("/table/Player/rows/2/", headers=headers, status=404)


def test_a_view_is_counted_once_with_a_condition_that_reads_it(people):
    """A condition on a list reads the rows of the view again: its SQL counts as much as it is written once."""
    send = people.send
    names = [f"s{number}" for number in range(80)]
    fields = {**dict.fromkeys(names, "string"), "fars": {"type": "links", "table": "Far"}}
    send("POST", "/table/", {"model_name": "Far", "fields": {"name": "string"}}, secret=people.admin, status=201)
    send("POST", "/table/", {"model_name": "Near", "fields": fields}, secret=people.admin, status=201)
    grants = [
        {"rows": f"or=({','.join(f'{name}.eq.{value}' for name in names[:60])})", "fields": [*shown, "fars"]}
        for value, shown in (("a", names[:40]), ("b", names))
    ]
    send("PUT", "/access/role/far/", {"tables": {"Far": {"read": True}, "Near": {"read": grants}}}, secret=people.admin)
    headers = bearer(people.token("far"))
    for query in ("fars=cs.[1]&limit=1", "select=s0,fars&fars=cs.[1]", "select=s0,fars&fars=cs.[1]&fars=ov.[2]"):
        assert people.browser().get(f"/table/Near/rows/?{query}", headers=headers).json == []
