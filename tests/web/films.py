"""Tables like those of PostgREST's documentation and tests, for tests of embedded rows."""

from tests.web.face import Face


def link(table: str, **options) -> dict:
    return {"type": "link", "table": table, **options}


NAMED = {"name": "string"}
PERSON = {"first_name": "string", "last_name": "string"}
#: Model -> its fields. No reverse side has a name: PostgREST knows them by the far table.
TABLES = {
    "directors": PERSON,
    "actors": PERSON,
    "films": {
        "director_id": link("directors"),
        "title": "string",
        "year": "integer",
        "rating": {"type": "decimal", "precision": 3, "scale": 1},
        "language": "string",
    },
    "technical_specs": {"film_id": link("films", unique=True), "runtime": "time", "camera": "string"},
    "roles": {"film_id": link("films"), "actor_id": link("actors"), "character": "string"},
    "competitions": {"name": "string", "year": "integer"},
    "nominations": {"competition_id": link("competitions"), "film_id": link("films"), "rank": "integer"},
    "addresses": {"name": "string"},
    "orders": {"name": "string", "billing": link("addresses"), "shipping": link("addresses")},
    "family": {"name": "string", "parent": link("family")},
    "managers": NAMED,
    "organizations": {
        "name": "string",
        "referee": link("organizations"),
        "auditor": link("organizations"),
        "manager": link("managers"),
    },
    "presidents": {"name": "string", "predecessor": link("presidents", unique=True)},
    "departments": {"name": "string"},
    "agents": {"name": "string", "department": link("departments")},
    "big_projects": NAMED,
    "sites": {"name": "string", "main_project": link("big_projects")},
    "jobs": {"site": link("sites"), "project": link("big_projects")},
    "main_jobs": {"site": link("sites"), "project": link("big_projects")},
    "posters": NAMED,
    "subscriptions": {"subscriber": link("posters"), "subscribed": link("posters")},
    "factories": NAMED,
    "categories": NAMED,
    "processes": {"name": "string", "factory": link("factories"), "category": link("categories")},
    "process_costs": {
        "process": link("processes", unique=True),
        "cost": {"type": "decimal", "precision": 10, "scale": 2},
    },
    "supervisors": NAMED,
    "stock": {"count": "integer", "film": link("films")},
    "supervision": {"process": link("processes"), "supervisor": link("supervisors")},
}
ROWS = {
    "directors": [("Louis", "Lumière"), ("William", "Dickson"), ("Georges", "Méliès"), ("Quentin", "Tarantino")],
    "actors": [("Jehanne", "d'Alcy"), ("John", "Travolta"), ("Uma", "Thurman"), ("Harvey", "Keitel"), ("Tim", "Roth")],
    "films": [
        (1, "Workers Leaving The Factory", 1895, "7.1", "none"),
        (2, "The Dickson Sound Film", 1894, "6.7", "none"),
        (3, "The Haunted Castle", 1896, "6.5", "none"),
        (4, "Pulp Fiction", 1994, "8.9", "en"),
        (4, "Reservoir Dogs", 1992, "8.3", "en"),
        (None, "Lost", None, None, None),
    ],
    "technical_specs": [(4, "02:29:00", "Arriflex 35-III"), (5, "01:39:00", "Panaflex")],
    "roles": [
        (3, 1, "A ghost"),
        (4, 2, "Vincent Vega"),
        (4, 3, "Mia Wallace"),
        (5, 4, "Mr. White"),
        (5, 5, "Mr. Orange"),
        (4, 5, "Pumpkin"),
    ],
    "competitions": [("Cannes", 1994), ("Oscars", 1995)],
    "nominations": [(1, 4, 1), (2, 4, 3), (1, 5, 2)],
    "addresses": [("32 Glenlake Dr.",), ("30 Glenlake Dr.",)],
    "orders": [("Water Filter", 1, 2), ("Coffee Machine", 1, 1)],
    "family": [("Parental Unit", None), ("Kid One", 1), ("Kid Two", 1), ("Grandkid One", 2), ("Grandkid Two", 3)],
    "managers": [("Ann",), ("Bob",)],
    "organizations": [
        ("Referee Org", None, None, 1),
        ("Auditor Org", None, None, 2),
        ("Acme", 1, 2, 1),
        ("Umbrella", 1, 2, None),
        ("Cyberdyne", 3, 4, 2),
    ],
    "presidents": [("Washington", None), ("Adams", 1), ("Jefferson", 2)],
    "departments": [("Sales",), ("Art",)],
    "agents": [("Mary", 1), ("John", 2), ("Jane", 1)],
    "big_projects": [("big 1",), ("big 2",)],
    "sites": [("site 1", 1), ("site 2", None), ("site 3", 2)],
    "jobs": [(1, 1), (2, 1), (2, 2)],
    "main_jobs": [(1, 1)],
    "posters": [("Mark",), ("Elon",), ("Bill",), ("Jeff",)],
    "subscriptions": [(3, 1), (4, 1), (1, 2)],
    "factories": [("Factory A",), ("Factory B",), ("Factory C",), ("Factory D",)],
    "categories": [("Batch",), ("Mass",)],
    "processes": [("A1", 1, 1), ("A2", 1, 2), ("B1", 2, 1), ("B2", 2, 1), ("C1", 3, 2), ("C2", 3, 2), ("XX", 3, None)],
    "process_costs": [(1, "150.00"), (2, "200.00"), (3, "180.00"), (4, "70.00"), (5, "40.00"), (6, "70.00")],
    "supervisors": [("Mary",), ("John",), ("Peter",), ("Sarah",), ("Jane",)],
    "stock": [(7, 1), (3, 1), (None, 2)],
    "supervision": [(1, 1), (4, 1), (2, 2), (4, 2), (3, 3), (5, 3), (6, 3), (3, 4)],
}


def open_films(face: Face) -> None:
    for name, fields in TABLES.items():
        face.app.post_json("/table/", {"model_name": name, "fields": fields}, status=201)
    head = {"type": "link", "table": "agents"}
    departments = 1 + list(TABLES).index("departments")
    face.app.patch_json(f"/table/{departments}/", {"fields": {"head": head}})
    for name, rows in ROWS.items():
        every = [{"id": n, **dict(zip(TABLES[name], row, strict=True))} for n, row in enumerate(rows, 1)]
        assert face.send("POST", name, every).status_int == 201, name
    face.send("PATCH", "departments?id=eq.1", {"head": 1})
    face.send("PATCH", "departments?id=eq.2", {"head": 2})
