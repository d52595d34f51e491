"""Tables like those of supabase-js's reference, for tests of its requests at ``/rest/``."""

from tests.web.face import Face


def link(table: str, **options) -> dict:
    return {"type": "link", "table": table, **options}


NAMED = {"name": "string"}
TABLES = {
    "characters": NAMED,
    "countries": {"name": {"type": "string", "unique": True}, "region": "string"},
    "cities": {"name": "string", "country_id": link("countries"), "population": "integer"},
    "orchestral_sections": NAMED,
    "instruments": {"name": "string", "section_id": link("orchestral_sections")},
    "Orchestral sections": {"main name": "string", "seats?": "integer"},
    "users": {"name": "string", "address": "json", "username": {"type": "string", "unique": True}},
    "teams": NAMED,
    "users_teams": {"user_id": link("users"), "team_id": link("teams")},
    "messages": {"content": "string", "sender_id": link("users"), "receiver_id": link("users")},
    "games": {"home_team": link("teams"), "away_team": link("teams"), "game_name": "string"},
    "reservations": {"room_name": "string", "during": {"type": "datetime_range", "timezone": "UTC"}},
    "issues": {"title": "string", "tags": "tags", "open": "boolean"},
    "texts": {"content": "text"},
}
ROWS = {
    "characters": [("Luke",), ("Leia",), ("Han",), ("Harry",)],
    "countries": [("Germany", "Europe"), ("Indonesia", "Asia"), ("Albania", None)],
    "cities": [("Bali", 2, 4_000_000), ("Munich", 1, 1_500_000), ("Berlin", 1, 3_700_000)],
    "orchestral_sections": [("strings",), ("percussion",), ("woodwinds",)],
    "instruments": [("violin", 1), ("viola", 1), ("flute", 3), ("xylophone", 2), ("theremin", None)],
    "users": [
        ("Michael", {"city": "New York", "postcode": 90210}, "mike"),
        ("Jane", {"city": "Rome", "postcode": 90}, "jane"),
        ("Kiran", None, "kiran"),
    ],
    "teams": [("Green",), ("Blue",)],
    "users_teams": [(1, 1), (2, 1), (2, 2), (3, 2)],
    "messages": [("hi", 1, 2), ("yes", 2, 1)],
    "games": [(1, 2, "final")],
    "reservations": [
        ("Emerald", "[2000-01-01T13:00:00Z,2000-01-01T15:00:00Z)"),
        ("Topaz", "[2000-01-02T09:00:00Z,2000-01-02T10:00:00Z)"),
    ],
    "issues": [
        ("Cache invalidation", ["is:open", "severity:high", "priority:low"], True),
        ("Use after free", ["is:open", "priority:medium"], True),
        ("Done", [], None),
    ],
    "texts": [("Four score and seven years ago",), ("The road goes ever on and on",), ("green eggs and ham",)],
}


def open_orchestra(face: Face) -> None:
    for name, fields in TABLES.items():
        face.app.post_json("/table/", {"model_name": name, "fields": fields}, status=201)
    for name, rows in ROWS.items():
        every = [{"id": n, **dict(zip(TABLES[name], row, strict=True))} for n, row in enumerate(rows, 1)]
        answer = face.send("POST", name, every)
        assert answer.status_int == 201, answer.text
    row = {"id": 1, "main name": "strings", "seats?": 20}
    assert face.send("POST", "Orchestral%20sections", row).status_int == 201
