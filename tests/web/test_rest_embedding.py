"""Embedded rows at ``/rest/``, like the examples of PostgREST's reference (Resource Embedding, Aggregate Functions)."""

import re

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.face import Face
from tests.web.films import open_films


@pytest.fixture(scope="module", params=DATABASES)
def films(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("films")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        face = Face(webtest.TestApp(wsgi))
        open_films(face)
        yield face
        wsgi.registry.dynmodel_catalogue.database.close()


LINKS = {
    "films?select=title,director:directors(id,last_name)&id=eq.1": [
        {"title": "Workers Leaving The Factory", "director": {"id": 1, "last_name": "Lumière"}}
    ],
    "directors?select=last_name,films(title)&id=gt.2": [
        {"last_name": "Méliès", "films": [{"title": "The Haunted Castle"}]},
        {"last_name": "Tarantino", "films": [{"title": "Pulp Fiction"}, {"title": "Reservoir Dogs"}]},
    ],
    "films?select=title,technical_specs(camera)&id=gt.4": [
        {"title": "Reservoir Dogs", "technical_specs": {"camera": "Panaflex"}},
        {"title": "Lost", "technical_specs": None},
    ],
    "films?select=id,director_id,d:director_id(last_name),directors!director_id(id)&id=eq.3": [
        {"id": 3, "director_id": 3, "d": {"last_name": "Méliès"}, "directors": {"id": 3}}
    ],
    "films?select=directors!id(id),d:directors!films_director_id_fkey(id),films_director_id_fkey(id)&id=eq.3": [
        {"directors": {"id": 3}, "d": {"id": 3}, "films_director_id_fkey": {"id": 3}}
    ],
    "directors?select=id(title)&id=eq.1": [{"id": [{"title": "Workers Leaving The Factory"}]}],
    "orders?select=name,billing(name),to:addresses!shipping(name),s:addresses!orders_shipping_fkey!inner(id)&id=eq.1": [
        {
            "name": "Water Filter",
            "billing": {"name": "32 Glenlake Dr."},
            "to": {"name": "30 Glenlake Dr."},
            "s": {"id": 2},
        }
    ],
    "addresses?select=billed:orders!billing(name),orders!shipping(name)&id=eq.1": [
        {"billed": [{"name": "Water Filter"}, {"name": "Coffee Machine"}], "orders": [{"name": "Coffee Machine"}]}
    ],
    "agents?select=departments!department(name),head_of:departments!head(name)&id=eq.3": [
        {"departments": {"name": "Sales"}, "head_of": []}
    ],
}
SELF = {
    "family?select=id,kids:family!parent(id)&id=lt.3": [
        {"id": 1, "kids": [{"id": 2}, {"id": 3}]},
        {"id": 2, "kids": [{"id": 4}]},
    ],
    "family?select=name,family(name)&id=eq.3": [{"name": "Kid Two", "family": [{"name": "Grandkid Two"}]}],
    "family?select=name,parent(name,parent(name),family!parent(name))&id=eq.4": [
        {
            "name": "Grandkid One",
            "parent": {"name": "Kid One", "parent": {"name": "Parental Unit"}, "family": [{"name": "Grandkid One"}]},
        }
    ],
    "family?select=id,kids:family!parent(count(),kids:family(count()))&id=eq.1": [
        {"id": 1, "kids": [{"count": 2, "kids": [{"count": 1}]}]}
    ],
    "family?select=name,...parent(of:name)&order=parent(name).desc.nullslast&limit=2": [
        {"name": "Kid One", "of": "Parental Unit"},
        {"name": "Kid Two", "of": "Parental Unit"},
    ],
    "family?select=id,family()&family=is.null": [{"id": 4}, {"id": 5}],
    "organizations?select=name,auditees:organizations!auditor(name,manager(name))&id=eq.2": [
        {
            "name": "Auditor Org",
            "auditees": [{"name": "Acme", "manager": {"name": "Ann"}}, {"name": "Umbrella", "manager": None}],
        }
    ],
    "organizations?select=referee(name,manager(name)),auditor(name,referee(name))&id=eq.5": [
        {
            "referee": {"name": "Acme", "manager": {"name": "Ann"}},
            "auditor": {"name": "Umbrella", "referee": {"name": "Referee Org"}},
        }
    ],
    "presidents?select=predecessor(name),successor:presidents(name)&id=eq.2": [
        {"predecessor": {"name": "Washington"}, "successor": {"name": "Jefferson"}}
    ],
    "posters?select=name,subscribers:subscriptions!subscribed(...posters!subscriber(*))&limit=1": [
        {"name": "Mark", "subscribers": [{"id": 3, "name": "Bill"}, {"id": 4, "name": "Jeff"}]}
    ],
}
THROUGH = {
    "actors?select=first_name,films(title)&id=in.(1,5)": [
        {"first_name": "Jehanne", "films": [{"title": "The Haunted Castle"}]},
        {"first_name": "Tim", "films": [{"title": "Pulp Fiction"}, {"title": "Reservoir Dogs"}]},
    ],
    "films?select=title,actors!roles(first_name)&actors.order=first_name.desc&actors.limit=2&actors.offset=1&id=gt.3": [
        {"title": "Pulp Fiction", "actors": [{"first_name": "Tim"}, {"first_name": "John"}]},
        {"title": "Reservoir Dogs", "actors": [{"first_name": "Harvey"}]},
        {"title": "Lost", "actors": []},
    ],
    "films?select=title,actors(first_name)&actors.first_name=like.J*&id=gt.2": [
        {"title": "The Haunted Castle", "actors": [{"first_name": "Jehanne"}]},
        {"title": "Pulp Fiction", "actors": [{"first_name": "John"}]},
        {"title": "Reservoir Dogs", "actors": []},
        {"title": "Lost", "actors": []},
    ],
    "films?select=title,actors!inner(first_name)&actors.first_name=eq.Jehanne": [
        {"title": "The Haunted Castle", "actors": [{"first_name": "Jehanne"}]}
    ],
    "films?select=id,actors!inner(films!inner())&actors.films.title=eq.Reservoir Dogs": [{"id": 4}, {"id": 5}],
    "films?select=id,actors(count),competitions(n:count(),year.max())&id=gt.3": [
        {"id": 4, "actors": [{"count": 3}], "competitions": [{"n": 2, "max": 1995}]},
        {"id": 5, "actors": [{"count": 2}], "competitions": [{"n": 1, "max": 1994}]},
        {"id": 6, "actors": [{"count": 0}], "competitions": [{"n": 0, "max": None}]},
    ],
    "films?select=id,...actors(names:first_name,n:id)&actors.order=first_name&id=gt.4": [
        {"id": 5, "names": ["Harvey", "Tim"], "n": [4, 5]},
        {"id": 6, "names": [], "n": []},
    ],
    "films?select=title,competitions()&competitions=is.null&id=gt.2": [
        {"title": "The Haunted Castle"},
        {"title": "Lost"},
    ],
    "films?select=id,a:competitions(name),b:competitions(name)&a.year=eq.1994&b.year=eq.1995&id=eq.4": [
        {"id": 4, "a": [{"name": "Cannes"}], "b": [{"name": "Oscars"}]}
    ],
    "sites?select=name,big_projects(name),jobs:big_projects!jobs(name),m:big_projects!main_jobs(name)&id=lt.3": [
        {"name": "site 1", "big_projects": {"name": "big 1"}, "jobs": [{"name": "big 1"}], "m": [{"name": "big 1"}]},
        {"name": "site 2", "big_projects": None, "jobs": [{"name": "big 1"}, {"name": "big 2"}], "m": []},
    ],
    "actors?select=roles(character,films(title,year))&id=eq.2": [
        {"roles": [{"character": "Vincent Vega", "films": {"title": "Pulp Fiction", "year": 1994}}]}
    ],
    "films?select=title,actors:roles(character,...actors(first_name,last_name))&id=eq.3": [
        {
            "title": "The Haunted Castle",
            "actors": [{"character": "A ghost", "first_name": "Jehanne", "last_name": "d'Alcy"}],
        }
    ],
    "actors?select=id,...films(...directors(by:last_name),titles:title)&films.order=year&id=eq.5": [
        {"id": 5, "by": ["Tarantino", "Tarantino"], "titles": ["Reservoir Dogs", "Pulp Fiction"]}
    ],
}
FILTERS = {
    "films?select=id,roles(character)&roles.or=(character.eq.Pumpkin,character.like.Mr*)&id=gt.3": [
        {"id": 4, "roles": [{"character": "Pumpkin"}]},
        {"id": 5, "roles": [{"character": "Mr. White"}, {"character": "Mr. Orange"}]},
        {"id": 6, "roles": []},
    ],
    "films?select=id,roles(actors(first_name))&roles.actors.order=last_name&roles.actors.id=gt.4&id=eq.5": [
        {"id": 5, "roles": [{"actors": None}, {"actors": {"first_name": "Tim"}}]}
    ],
    "films?select=id,directors(last_name)&directors.order=last_name&id=eq.3": [
        {"id": 3, "directors": {"last_name": "Méliès"}}
    ],
    "films?select=id,directors(last_name)&directors.limit=0&id=eq.3": [{"id": 3, "directors": None}],
    "films?select=id,directors(count())&directors.offset=1&id=eq.3": [{"id": 3, "directors": None}],
    "films?select=id,directors()&directors.limit=0&directors=not.is.null": [],
    "films?select=id,actors(),directors()&directors.first_name=eq.Georges&actors.first_name=eq.John"
    "&or=(directors.not.is.null,actors.not.is.null)": [{"id": 3}, {"id": 4}],
    "films?select=id,act:actors(),dir:directors(),actors(first_name),directors(first_name)&dir.first_name=eq.Georges"
    "&act.first_name=eq.Harvey&or=(dir.not.is.null,act.not.is.null)": [
        {"id": 3, "actors": [{"first_name": "Jehanne"}], "directors": {"first_name": "Georges"}},
        {"id": 5, "actors": [{"first_name": "Harvey"}, {"first_name": "Tim"}], "directors": {"first_name": "Quentin"}},
    ],
    "films?select=id,actors(*),directors(*)&or=(actors.is.null,directors.is.null)&id=gt.2&actors.limit=0": [
        {"id": 6, "actors": [], "directors": None}
    ],
    "films?select=title,directors(last_name)&order=directors(last_name).desc.nullslast,title&limit=2": [
        {"title": "Pulp Fiction", "directors": {"last_name": "Tarantino"}},
        {"title": "Reservoir Dogs", "directors": {"last_name": "Tarantino"}},
    ],
    "films?select=id,roles(actors(films()))&id=eq.4": [{"id": 4}],
    "films?select=id,directors(films(roles())),roles(actors(),character)&id=eq.3": [
        {"id": 3, "roles": [{"character": "A ghost"}]}
    ],
}
SPREADS = {
    "films?select=title,...directors(first:first_name,last:last_name)&title=like.*Workers*": [
        {"title": "Workers Leaving The Factory", "first": "Louis", "last": "Lumière"}
    ],
    "directors?select=first_name,...films(titles:title,years:year,...technical_specs(runtimes:runtime),"
    "...roles(characters:character))&first_name=like.Quentin*&films.order=year&films.roles.order=character": [
        {
            "first_name": "Quentin",
            "titles": ["Reservoir Dogs", "Pulp Fiction"],
            "years": [1992, 1994],
            "runtimes": ["01:39:00", "02:29:00"],
            "characters": [["Mr. Orange", "Mr. White"], ["Mia Wallace", "Pumpkin", "Vincent Vega"]],
        }
    ],
}
GROUPS = {
    "films?select=count": [{"count": 6}],
    "films?select=n:count,language&order=language.desc.nullslast": [
        {"n": 3, "language": "none"},
        {"n": 2, "language": "en"},
        {"n": 1, "language": None},
    ],
    "films?select=a:rating.avg()::int,s:rating.sum()::int,t:rating.sum()::text,y:year.avg()::int,z:year.avg()::text": [
        {"a": 8, "s": 38, "t": "37.5", "y": 1934, "z": "1934.2"}
    ],
    "films?select=rating::int,t:rating::text&rating=lt.7": [{"rating": 7, "t": "6.7"}, {"rating": 7, "t": "6.5"}],
    "stock?select=count&limit=1": [{"count": 7}],
    "stock?select=count()": [{"count": 3}],
    "films?select=id,stock(count),n:stock(n:count(),count.sum())&id=eq.1": [
        {"id": 1, "stock": [{"count": 7}, {"count": 3}], "n": [{"n": 2, "sum": 10}]}
    ],
    "films?select=id,id,title,id&limit=1": [{"id": 1, "title": "Workers Leaving The Factory"}],
    "films?select=rating.max(),directors(last_name)&order=directors(last_name)&id=gt.3": [
        {"max": 8.9, "directors": {"last_name": "Tarantino"}},
        {"max": None, "directors": None},
    ],
    "directors?select=last_name,films(rating.avg(),language)&id=eq.4": [
        {"last_name": "Tarantino", "films": [{"avg": 8.6, "language": "en"}]}
    ],
    "supervision?select=...supervisors(id,count())&order=supervisors(id)": [
        {"id": 1, "count": 2},
        {"id": 2, "count": 2},
        {"id": 3, "count": 3},
        {"id": 4, "count": 1},
    ],
    "supervision?select=...supervisors(boss:id,n:count())&order=supervisors(boss).desc&limit=1": [{"boss": 4, "n": 1}],
    "supervision?select=supervisor,...processes(...process_costs(count()))&order=supervisor.desc&limit=1": [
        {"supervisor": 4, "count": 1}
    ],
    "supervision?select=...processes(f:factory,n:count(),...process_costs(cost.sum()))&order=processes(f).desc": [
        {"f": 3, "n": 2, "sum": 110.0},
        {"f": 2, "n": 4, "sum": 500.0},
        {"f": 1, "n": 2, "sum": 350.0},
    ],
    "supervision?select=...processes(factory:factories(name),...process_costs(cost.sum()))": [
        {"factory": {"name": "Factory A"}, "sum": 350.0},
        {"factory": {"name": "Factory B"}, "sum": 500.0},
        {"factory": {"name": "Factory C"}, "sum": 110.0},
    ],
    "supervisors?select=name,supervision(...processes(...process_costs(cost.sum()),...categories(name)))&id=in.(2,5)": [
        {"name": "John", "supervision": [{"sum": 70.0, "name": "Batch"}, {"sum": 200.0, "name": "Mass"}]},
        {"name": "Jane", "supervision": []},
    ],
    "processes?select=...process_costs(cost.sum()),...categories(category:name)&order=categories(category)": [
        {"sum": 400.0, "category": "Batch"},
        {"sum": 310.0, "category": "Mass"},
        {"sum": None, "category": None},
    ],
    "films?select=id,directors(count(),films(count))&id=gt.4": [
        {"id": 5, "directors": {"count": 1, "films": [{"count": 2}]}},
        {"id": 6, "directors": None},
    ],
    "films?select=id,directors(count())&id=gt.4": [
        {"id": 5, "directors": {"count": 1}},
        {"id": 6, "directors": {"count": 0}},
    ],
    "films?select=n:id.count(),directors(count())&id=gt.4": [
        {"n": 1, "directors": {"count": 0}},
        {"n": 1, "directors": {"count": 1}},
    ],
    "factories?select=name,...processes(category,count())&processes.order=category&id=eq.3": [
        {"name": "Factory C", "category": [2, None], "count": [2, 1]}
    ],
}
CASES = {**LINKS, **SELF, **THROUGH, **FILTERS, **SPREADS, **GROUPS}


def test_answers(films):
    for query, rows in CASES.items():
        assert films.rows(query) == rows, query


AMBIGUOUS = {
    "orders?select=addresses(*)": ["addresses!orders_billing_fkey", "addresses!orders_shipping_fkey"],
    "addresses?select=orders(*)": ["orders!orders_billing_fkey", "orders!orders_shipping_fkey"],
    "addresses?select=id(*)": ["orders!orders_billing_fkey", "orders!orders_shipping_fkey"],
    "agents?select=departments(*)": ["departments!departments_head_fkey", "departments!agents_department_fkey"],
    "organizations?select=organizations(*)": [
        "organizations!organizations_referee_fkey",
        "organizations!organizations_auditor_fkey",
    ],
    "organizations?select=organizations_referee_fkey(*)": ["organizations!organizations_referee_fkey", "referee"],
    "posters?select=posters(*)": [
        "subscriptions!subscriber(...posters!subscribed(*))",
        "subscriptions!subscribed(...posters!subscriber(*))",
    ],
    "managers?select=name,organizations(organizations(*))": [
        "organizations!organizations_referee_fkey",
        "organizations!organizations_auditor_fkey",
    ],
}


def test_ambiguous_relations_and_their_hints(films):
    for query, forms in AMBIGUOUS.items():
        refused = films.refused("GET", query, 300, "PGRST201")
        assert re.findall(r"'([^']+)'", refused["hint"])[1:-1] == forms
        assert len(refused["details"]) == len(forms)
        inner = query.startswith("managers")
        for form in forms:
            form = form if form.endswith(")") else f"{form}(*)"
            near = "organizations" if inner else query.partition("?")[0]
            assert films.rows(f"{near}?select={form}"), form
    refused = films.refused("GET", "orders?select=addresses(*)", 300, "PGRST201")
    assert refused["details"][1] == {
        "cardinality": "many-to-one",
        "relationship": "orders_shipping_fkey using orders(shipping) and addresses(id)",
        "embedding": "orders with addresses",
    }
    assert refused["message"].endswith("for 'orders' and 'addresses'")
    kinds = {"agents?select=departments(*)": "many-to-one", "posters?select=posters(*)": "many-to-many"}
    for query, kind in kinds.items():
        assert films.refused("GET", query, 300, "PGRST201")["details"][1]["cardinality"] == kind


REFUSED = {
    "films?select=nope(*)": ("PGRST200", "'films' and 'nope'"),
    "films?select=directors(nope(*))": ("PGRST200", "'directors' and 'nope'"),
    "films?select=directors!nope(*)": ("PGRST200", "'films' and 'directors'"),
    "films?select=actors!nominations(*)": ("PGRST200", "'films' and 'actors'"),
    "films?select=directors(nope)": ("42703", "column directors.nope does not exist"),
    "films?select=directors(id)&directors.order=nope": ("42703", "column directors.nope does not exist"),
    "films?select=directors(id)&director.order=id": ("PGRST108", "'director'"),
    "films?select=d:directors(id)&directors.order=id": ("PGRST108", "'directors'"),
    "films?select=roles(id)&order=roles(id)": ("PGRST118", "'roles'"),
    "films?select=directors(count)&order=directors(nope)": ("42703", "column directors.nope does not exist"),
    "films?select=year,count()&order=directors(id)": ("PGRST108", "'directors'"),
    "films?select=roles(nope())": ("PGRST200", "'roles' and 'nope'"),
    "films?select=roles(actors(nope()))": ("PGRST200", "'actors' and 'nope'"),
}


def test_errors_name_the_table(films):
    for query, (code, words) in REFUSED.items():
        answer = films.send("GET", query)
        assert (answer.status_int, answer.json["code"]) == (400, code), query
        assert words in answer.json["message"], query
    films.refused("GET", "films?select=count(),directors(first_name)&order=directors(last_name)", 404, "42883")


def test_what_writes_return(films):
    back = {"Prefer": "return=representation,tx=rollback"}
    path = "family?select=name,kids:family!parent(name),parent(name)&id=eq.2"
    changed = films.send("PATCH", path, {"name": "x"}, **back)
    assert changed.json == [{"name": "x", "kids": [{"name": "Grandkid One"}], "parent": {"name": "Parental Unit"}}]
    put = films.send("PUT", path, {"id": 2, "name": "y", "parent": 3}, **back)
    assert put.json == [{"name": "y", "kids": [{"name": "Grandkid One"}], "parent": {"name": "Kid Two"}}]
    gone = films.send("DELETE", "roles?select=films(title),...actors(first_name)&id=eq.1", **back)
    assert gone.json == [{"films": {"title": "The Haunted Castle"}, "first_name": "Jehanne"}]
    made = films.send("POST", "films?select=id,actors(count),directors(last_name)", {"director_id": 2}, **back)
    assert made.json[0]["actors"] == [{"count": 0}]
    assert made.json[0]["directors"] == {"last_name": "Dickson"}
    counted = films.send("PATCH", "films?select=id,actors(count)&id=eq.4", {"year": 1994}, **back)
    assert counted.json == [{"id": 4, "actors": [{"count": 3}]}]


def test_the_other_face_and_documents_have_the_same(films):
    answer = films.app.get("/table/films/rows/?select=id,actors(count)&id=eq.4").json
    document = {"select": ["id", {"embed": "actors", "hint": "roles", "select": "count"}], "where": {"id": "eq.4"}}
    posted = films.app.post_json("/table/films/query/", document).json
    assert answer == posted == [{"id": 4, "actors": [{"count": 3}]}]
