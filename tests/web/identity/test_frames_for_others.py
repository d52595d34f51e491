"""Queries that differ in values only share what was translated for one of them, as long as the caller's grants are the
same.
"""

from tests.web.identity.conftest import bearer


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
