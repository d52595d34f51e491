"""The requests of supabase-js's reference, as its client sends them: select, filters, modifiers, writes."""

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.face import Face
from tests.web.orchestra import open_orchestra

OBJECT = "application/vnd.pgrst.object+json"
PLAN = 'application/vnd.pgrst.plan+{}; for="application/json"; options={};'
BACK = {"Prefer": "return=representation,tx=rollback"}


@pytest.fixture(scope="module", params=DATABASES)
def orchestra(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("orchestra")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings, **{"dynmodel.plan_enabled": "true"})
        face = Face(webtest.TestApp(wsgi))
        face.database = request.param
        open_orchestra(face)
        yield face
        wsgi.registry.dynmodel_catalogue.database.close()


SELECTS = {
    "instruments?select=name,orchestral_sections(name)&limit=1": [
        {"name": "violin", "orchestral_sections": {"name": "strings"}}
    ],
    "orchestral_sections?select=name,instruments(name)&id=eq.1": [
        {"name": "strings", "instruments": [{"name": "violin"}, {"name": "viola"}]}
    ],
    'Orchestral%20sections?select="main name","seats?"&"seats?"=gt.10': [{"main name": "strings", "seats?": 20}],
    "users?select=name,teams(name)&id=eq.2": [{"name": "Jane", "teams": [{"name": "Green"}, {"name": "Blue"}]}],
    "messages?select=content,from:sender_id(name),to:receiver_id(name)&id=eq.1": [
        {"content": "hi", "from": {"name": "Michael"}, "to": {"name": "Jane"}}
    ],
    "messages?select=from:users!messages_sender_id_fkey(name),to:users!messages_receiver_id_fkey(name)&id=eq.1": [
        {"from": {"name": "Michael"}, "to": {"name": "Jane"}}
    ],
    "games?select=game_id:id,away_team:teams!games_away_team_fkey(users(id,name))": [
        {"game_id": 1, "away_team": {"users": [{"id": 2, "name": "Jane"}, {"id": 3, "name": "Kiran"}]}}
    ],
    "instruments?select=name,orchestral_sections(*)&orchestral_sections.name=eq.percussion&id=gt.2": [
        {"name": "flute", "orchestral_sections": None},
        {"name": "xylophone", "orchestral_sections": {"id": 2, "name": "percussion"}},
        {"name": "theremin", "orchestral_sections": None},
    ],
    "orchestral_sections?select=*,instruments(count)&id=lt.3": [
        {"id": 1, "name": "strings", "instruments": [{"count": 2}]},
        {"id": 2, "name": "percussion", "instruments": [{"count": 1}]},
    ],
    "users?select=id,name,address->city": [
        {"id": 1, "name": "Michael", "city": "New York"},
        {"id": 2, "name": "Jane", "city": "Rome"},
        {"id": 3, "name": "Kiran", "city": None},
    ],
    "instruments?select=name,orchestral_sections!inner(name)&orchestral_sections.name=eq.woodwinds": [
        {"name": "flute", "orchestral_sections": {"name": "woodwinds"}}
    ],
    "cities?select=population.sum(),countries(name)": [
        {"sum": 5_200_000, "countries": {"name": "Germany"}},
        {"sum": 4_000_000, "countries": {"name": "Indonesia"}},
    ],
}
#: A filter (of ``characters``, unless it names the table) -> the names that it finds.
FILTERS = {
    "name=eq.Leia": ["Leia"],
    "name=neq.Leia": ["Luke", "Han", "Harry"],
    "id=gt.2": ["Han", "Harry"],
    "id=gte.2": ["Leia", "Han", "Harry"],
    "id=lt.2": ["Luke"],
    "id=lte.2": ["Luke", "Leia"],
    "name=like.%Lu%": ["Luke"],
    "name=like(all).{%H%,%y%}": ["Harry"],
    "name=like(any).{%Lu%,%Le%}": ["Luke", "Leia"],
    "name=ilike.%lu%": ["Luke"],
    "name=ilike(all).{%h%,%Y%}": ["Harry"],
    "name=ilike(any).{%h%,%le%}": ["Leia", "Han", "Harry"],
    "name=in.(Leia,Han)": ["Leia", "Han"],
    "id=gte.2&name=neq.Han&id=lt.4": ["Leia"],
    "name=match.^L&name=imatch.A$": ["Leia"],
    "or=(id.eq.2,name.eq.Harry)": ["Leia", "Harry"],
    "or=(id.gt.3,and(id.eq.1,name.eq.Luke))": ["Luke", "Harry"],
    'name=in.("Ron","Han")': ["Han"],
    "name=not.in.(Luke,Leia)": ["Han", "Harry"],
    "id=isdistinct.1&limit=1": ["Leia"],
    "countries?region=is.null": ["Albania"],
    "countries?region=not.is.null": ["Germany", "Indonesia"],
    "users?address->postcode=eq.90210": ["Michael"],
    "users?address->postcode=lt.100": ["Jane"],
    "users?address->>city=eq.Rome": ["Jane"],
    'users?address=cs.{"postcode":90210}': ["Michael"],
    'users?address=cd.{"city":"Rome","postcode":90,"x":1}': ["Jane"],
    "issues?tags=cs.{is:open,priority:low}": ["Cache invalidation"],
    "issues?tags=cd.{is:open,priority:medium,other}": ["Use after free", "Done"],
    "issues?tags=ov.{is:closed,severity:high}": ["Cache invalidation"],
    "issues?tags=not.cs.{is:open}": ["Done"],
    "issues?open=is.null": ["Done"],
    "issues?open=is.true": ["Cache invalidation", "Use after free"],
    "reservations?during=cs.[2000-01-01 13:00, 2000-01-01 13:30)": ["Emerald"],
    "reservations?during=cd.[2000-01-01 00:00, 2000-01-01 23:59)": ["Emerald"],
    "reservations?during=sr.[2000-01-02 08:00, 2000-01-02 09:00)": ["Topaz"],
    "reservations?during=nxl.[2000-01-02 08:30, 2000-01-02 09:30)": ["Topaz"],
    "reservations?during=sl.[2000-01-01 15:00, 2000-01-01 16:00)": ["Emerald"],
    "reservations?during=nxr.[2000-01-01 14:00, 2000-01-01 16:00)": ["Emerald"],
    "reservations?during=adj.[2000-01-01 12:00, 2000-01-01 13:00)": ["Emerald"],
    "reservations?during=ov.[2000-01-01 12:45, 2000-01-01 13:15)": ["Emerald"],
    "texts?content=fts.'eggs' %26 'ham'": ["green eggs and ham"],
    "texts?content=plfts.road the on": ["The road goes ever on and on"],
    "texts?content=phfts.score and seven": ["Four score and seven years ago"],
    "texts?content=wfts.'green' or 'road'": ["The road goes ever on and on", "green eggs and ham"],
    "users?address=fts.york": ["Michael"],
    "users?address=phfts.new york": ["Michael"],
    "users?address=fts.city": [],
    "users?address=not.fts.york": ["Jane"],
    "users?or=(address->city.wfts.rome or paris,name.eq.Kiran)": ["Jane", "Kiran"],
    "orchestral_sections?select=name,instruments!inner()&instruments.or=(section_id.eq.1,name.eq.guzheng)": ["strings"],
    "orchestral_sections?select=name,instruments!inner()&instruments.name=in.(flute,xylophone)": [
        "percussion",
        "woodwinds",
    ],
}
SHOWN = {"issues": "title", "reservations": "room_name", "texts": "content"}
MODIFIERS = {
    "characters?select=name&order=id.desc&limit=2": [{"name": "Harry"}, {"name": "Han"}],
    "characters?select=name&offset=0&limit=2": [{"name": "Luke"}, {"name": "Leia"}],
    "orchestral_sections?select=name,instruments(name)&instruments.order=name.asc&instruments.limit=1&id=eq.1": [
        {"name": "strings", "instruments": [{"name": "viola"}]}
    ],
    "orchestral_sections?select=name,instruments(name)&instruments.offset=1&instruments.limit=1&id=eq.1": [
        {"name": "strings", "instruments": [{"name": "viola"}]}
    ],
    "instruments?select=name,section:orchestral_sections(name)&order=section(name).asc&limit=2": [
        {"name": "xylophone", "section": {"name": "percussion"}},
        {"name": "violin", "section": {"name": "strings"}},
    ],
    "instruments?select=name&order=section_id.desc.nullsfirst,name.asc&limit=3": [
        {"name": "theremin"},
        {"name": "flute"},
        {"name": "xylophone"},
    ],
    "cities?select=name,countries!inner(name)&countries.name=eq.Germany&order=name.asc": [
        {"name": "Berlin", "countries": {"name": "Germany"}},
        {"name": "Munich", "countries": {"name": "Germany"}},
    ],
}


def test_selects_and_modifiers(orchestra):
    for query, rows in {**SELECTS, **MODIFIERS}.items():
        assert orchestra.rows(query) == rows, query


def test_filters(orchestra):
    for query, names in FILTERS.items():
        table, found, rest = query.partition("?")
        if not found:
            table, rest = "characters", query
        name = SHOWN.get(table, "name")
        chosen = "" if rest.startswith("select=") else f"select={name}&"
        assert [row[name] for row in orchestra.rows(f"{table}?{chosen}{rest}")] == names, query
    if orchestra.database == "postgresql":
        found = orchestra.rows("texts?select=id&content=fts(english).'egg' %26 'ham'")
        assert found == [{"id": 3}]


def test_counts_and_media_types(orchestra):
    counted = orchestra.send("HEAD", "characters?select=*", Prefer="count=exact")
    assert (counted.headers["Content-Range"], counted.body) == ("0-3/4", b"")
    page = orchestra.send("GET", "characters?select=name&offset=1&limit=2", Prefer="count=exact")
    assert (page.status_int, page.headers["Content-Range"]) == (206, "1-2/4")
    inner = orchestra.send("HEAD", "users?select=*,teams!inner(*)&teams.name=eq.Blue", Prefer="count=exact")
    assert inner.headers["Content-Range"] == "0-1/2"
    assert orchestra.send("GET", "characters?select=name&limit=1", Accept=OBJECT).json == {"name": "Luke"}
    orchestra.refused("GET", "characters?select=name", 406, "PGRST116", Accept=OBJECT)
    assert orchestra.send("GET", "characters?select=name&id=lt.3", Accept="text/csv").text == "name\nLuke\nLeia"
    embedded = orchestra.send("GET", "instruments?select=name,orchestral_sections(name)&limit=1", Accept="text/csv")
    assert embedded.text == 'name,orchestral_sections\nviolin,"{""name"":""strings""}"'
    orchestra.refused("GET", "countries?select=*", 406, "PGRST107", Accept="application/geo+json")
    orchestra.refused("POST", "rpc/hello_world", 404, "PGRST202", {})


def test_explain(orchestra):
    for query in ("characters?select=name", "users?select=name,teams(count)&order=name"):
        plan = orchestra.send("GET", query, Accept=PLAN.format("text", ""))
        assert (plan.status_int, plan.content_type) == (200, "application/vnd.pgrst.plan+text")
        assert plan.text
    read = orchestra.send("GET", "characters?select=name", Accept=PLAN.format("json", "analyze|verbose"))
    if orchestra.database == "sqlite":
        assert (read.status_int, read.json["code"]) == (400, "PGRST127")
    else:
        assert read.json[0]["Plan"]["Actual Rows"] == 4


def test_writes(orchestra):
    one = {**BACK, "Accept": OBJECT}
    assert (
        orchestra.send("POST", "countries", {"name": "Mordor"}, Prefer="return=minimal,tx=rollback").status_int == 201
    )
    made = orchestra.send("POST", "countries?select=name,cities(count)", {"name": "Mordor"}, **one)
    assert made.json == {"name": "Mordor", "cities": [{"count": 0}]}
    rows = [{"name": "Mordor"}, {"name": "The Shire"}]
    many = orchestra.send("POST", 'countries?columns="name"&select=name', rows, **BACK)
    assert many.json == rows
    changed = orchestra.send("PATCH", "countries?id=eq.1&select=name", {"name": "Gondor"}, **BACK)
    assert changed.json == [{"name": "Gondor"}]
    address = {"address": {"street": "Melrose Place", "postcode": 90211}}
    moved = orchestra.send("PATCH", "users?address->postcode=eq.90210&select=name,address->street", address, **BACK)
    assert moved.json == [{"name": "Michael", "street": "Melrose Place"}]
    merge = {"Prefer": "resolution=merge-duplicates,return=representation,tx=rollback"}
    put = orchestra.send("POST", "characters?select=id,name", [{"id": 1, "name": "x"}, {"id": 9, "name": "y"}], **merge)
    assert put.json == [{"id": 1, "name": "x"}, {"id": 9, "name": "y"}]
    user = {"username": "jane", "name": "Jane Doe"}
    by_name = orchestra.send("POST", "users?on_conflict=username&select=id,name", user, **merge)
    assert by_name.json == [{"id": 2, "name": "Jane Doe"}]
    skip = {"Prefer": "resolution=ignore-duplicates,return=representation,tx=rollback"}
    assert orchestra.send("POST", "users?on_conflict=username&select=id", user, **skip).json == []
    gone = orchestra.send("DELETE", "characters?id=in.(1,2)&select=name", **BACK)
    assert gone.json == [{"name": "Luke"}, {"name": "Leia"}]
    assert orchestra.send("DELETE", "characters?id=eq.1", Prefer="return=minimal,tx=rollback").status_int == 204
    strict = {"Prefer": "handling=strict,max-affected=1,tx=rollback"}
    orchestra.refused("DELETE", "characters?id=gt.1", 400, "PGRST124", **strict)
    assert len(orchestra.rows("characters")) == 4
