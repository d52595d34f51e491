"""Conditions of grants: read, stored by ids, printed with today's names, and what their SQL asks."""

import json

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.access.condition_printing import print_condition
from dynmodel_pyramid.access.condition_texts import read_condition
from dynmodel_pyramid.access.conditions import Condition, Placeholder, query
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.sql.selection import Selection, Surroundings
from dynmodel_pyramid.queries.sql.views import WholeTables
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

TABLES = {
    "Person": {
        "name": "string",
        "boss": {"type": "link", "table": "Person"},
        "teams": {"type": "links", "table": "Team", "reverse": "members"},
    },
    "Team": {"name": "string", "size": "integer"},
    "Ticket": {
        "text": "string",
        "status": {"type": "choice", "choices": ["new", "paid", "closed"]},
        "owner": {"type": "link", "table": "Person", "reverse": "tickets"},
        "helper": {"type": "link", "table": "Person"},
        "team": {"type": "link", "table": "Team"},
        "due": "datetime",
        "data": "json",
        "tags": "tags",
    },
}


class Tables:
    def __init__(self, app):
        self.app = app
        self.catalogue = app.app.registry.dynmodel_catalogue
        self.rules = Rules(operators=self.catalogue.field_types.operators)
        for name in ("Team", "Person", "Ticket"):
            app.post_json("/table/", {"model_name": name, "fields": TABLES[name]})
        for name, rows in {
            "Team": [{"name": "red", "size": 1}, {"name": "blue", "size": 2}],
            "Person": [
                {"name": "Ada", "teams": [1, 2]},
                {"name": "Bob", "boss": 1, "teams": [2]},
                {"name": "Cy", "boss": 2},
            ],
            "Ticket": [
                {"text": "a", "status": "new", "owner": 1, "team": 1, "data": {"k": "v"}},
                {"text": "b", "status": "closed", "owner": 2, "helper": 1, "team": 2},
                {"text": "c&d+", "status": None, "helper": 3, "due": "2026-01-31T12:00:00Z"},
            ],
        }.items():
            app.post_json(f"/table/{name}/rows/", rows)

    def read(self, text, table="Ticket"):
        self.attempt = Attempt(self.catalogue)
        return read_condition(text, self.attempt.model(table), self.attempt.model, self.rules)

    def print(self, condition):
        attempt = Attempt(self.catalogue)
        return print_condition(condition, attempt.model(condition.table_id), attempt.model)

    def rows(self, condition):
        """The ids of the rows for which it holds."""
        attempt = Attempt(self.catalogue)
        model = attempt.model(condition.table_id)
        asked = query(condition, model, attempt.model)
        around = Surroundings(asked, attempt.model, WholeTables())
        selection = Selection(around, around.names(model), asked.select)
        statement = sa.select(model.table.c.id).where(*selection.conditions()).order_by(model.table.c.id)
        with self.catalogue.database.reading() as connection:
            return list(connection.scalars(statement))


@pytest.fixture(scope="module", params=DATABASES)
def tables(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("conditions")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        yield Tables(webtest.TestApp(wsgi))
        wsgi.registry.dynmodel_catalogue.database.close()


ROWS = {
    "status=neq.closed": [1],
    "or=(status.neq.closed,status.is.null)": [1, 3],
    "text=eq.c%26d%2B": [3],
    "not.and=(text.eq.a,status.eq.new)": [2, 3],
    "data->>k=eq.v": [1],
    "team.name=eq.blue": [2],
    "team.members.name=eq.Bob": [2],
    "owner.boss.name=eq.Ada": [2],
    "owner.name=eq.Bob&owner.teams.members.name=eq.Ada": [2],
    "or=(team.not.is.null,text.like.c*)&team.name=eq.red": [1, 3],
    "helper=is.null": [1],
    "id=in.(1,3)&_version=gte.1": [1, 3],
    "select=team()": [1, 2],
    "due=lt.2026-02-01T00:00:00Z": [3],
}


@pytest.mark.parametrize("text", ROWS)
def test_a_condition_is_read_stored_printed_and_asked(tables, text):
    condition = tables.read(text)
    assert tables.rows(condition) == ROWS[text]
    stored = json.loads(json.dumps(condition.to_stored()))
    assert Condition.from_stored(stored) == condition
    assert hash(Condition.from_stored(stored)) == hash(condition)
    assert tables.print(condition) == text
    assert tables.read(tables.print(condition)) == condition


PEOPLE = {
    "select=t:team()&t.name=eq.red&team=not.is.null": ("Ticket", [1]),
    "select=t:team(m:members())&t.m.name=eq.Bob": ("Ticket", [2]),
    "members=not.is.null": ("Team", [1, 2]),
    "members.name=eq.Bob": ("Team", [2]),
    "tickets=is.null": ("Person", [3]),
    "or=(tickets.is.null,name.eq.Ada)": ("Person", [1, 3]),
    "tickets.status=eq.closed": ("Person", [2]),
    "select=Ticket_2:Ticket!helper()&Ticket_2.text=eq.b": ("Person", [1]),
    "select=tickets(),tickets_2:tickets()&tickets.text=eq.a&tickets_2.text=eq.b": ("Person", []),
    "teams=cs.1": ("Person", [1]),
}


@pytest.mark.parametrize("text", PEOPLE)
def test_reverse_sides_hints_and_aliases(tables, text):
    table, rows = PEOPLE[text]
    condition = tables.read(text, table)
    assert tables.rows(condition) == rows
    again = tables.print(condition)
    assert tables.read(again, table) == condition, again


def test_the_names_of_far_tables_count(tables):
    attempt = Attempt(tables.catalogue)
    team, person, ticket = (attempt.model(name).definition for name in ("Team", "Person", "Ticket"))
    condition = tables.read("team.members.name=eq.x&status=eq.new&_version=gt.1")
    assert condition.names() == {
        (ticket.id, ticket.by_name["team"].id),
        (person.id, person.by_name["teams"].id),
        (person.id, person.by_name["name"].id),
        (ticket.id, ticket.by_name["status"].id),
    }
    assert condition.tables() == {team.id, person.id, ticket.id}


@pytest.mark.parametrize(
    "text",
    [
        "text=eq.{user.id}",
        "team=in.{user.claims.teams}&status=neq.{user.claims.a.b}",
        "or=(text.eq.{user.name},due.lt.{now},not.and(text.isdistinct.{user.email},team.not.in.{user.claims.t}))",
        "team.members.name=eq.{user.name}",
        "data->>k=eq.{user.claims.k}",
    ],
)
def test_placeholders_are_nodes(tables, text):
    condition = tables.read(text)
    assert condition.placeholders()
    assert all(isinstance(each, Placeholder) for each in condition.placeholders())
    assert tables.print(condition) == text
    assert Condition.from_stored(json.loads(json.dumps(condition.to_stored()))) == condition


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "invalid_query"),
        ("status", "invalid_query"),
        ("nothing=eq.1", "unknown_field"),
        ("team.nothing=eq.1", "unknown_field"),
        ("nothing.name=eq.1", "unknown_relation"),
        ("status=near.1", "invalid_query"),
        ("team=like.a", "unknown_operator"),
        ("team=eq.x", "invalid_operand"),
        ("Person.name=eq.x", "ambiguous_relation"),
        ("text=eq.a&limit=1", "invalid_query"),
        ("text=eq.a&order=text", "invalid_query"),
        ("text=eq.a&select=text", "invalid_query"),
        ("text=like.{user.name}", "invalid_operand"),
        ("text=eq(any).{user.name}", "invalid_operand"),
        ("team=in.({user.id})", "invalid_operand"),
        ("text=in.({user.id},a)", "invalid_operand"),
        ("text=eq.{user.ip}", "invalid_operand"),
        ("text=eq.{user}", "invalid_operand"),
        ("text=eq.{user.id}x", "invalid_query"),
        ("team=eq.{now}", "invalid_operand"),
        ("due=gt.{now-7}", "invalid_operand"),
        ("text=eq.{now-7d}", "invalid_operand"),
        ("due=in.(now,today)", "invalid_operand"),
        ("text=is.{user.id}", "invalid_operand"),
        ("tags=cs.{user.claims.tags}", "invalid_operand"),
        ("text=eq." + "x" * 10_000, "too_long"),
        ("text=eq.\ud800", "unstorable_text"),
        ("%ff=eq.1", "invalid_query"),
    ],
)
def test_faults(tables, text, code):
    with pytest.raises(DynmodelError) as refused:
        tables.read(text)
    assert refused.value.code == code, refused.value.detail
