"""The values that an identity puts into the conditions of grants, and when a grant does not hold."""

import datetime

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.access.compiling import compiled, slots_of
from dynmodel_pyramid.access.conditions import Placeholder
from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.access.operands import Literals, value_of
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.fields.types.temporal import Date
from dynmodel_pyramid.fields.types.text import Text
from tests.access.test_conditions import Tables, tables

__all__ = ["tables"]
NOW = datetime.datetime(2026, 2, 1, 10, 30, tzinfo=datetime.UTC)
CLAIMS = {
    "team": 1,
    "teams": [1, 2],
    "words": ["a", "c&d+"],
    "texts": ["1"],
    "status": "closed",
    "deep": {"k": "v"},
    "none": None,
    "empty": [],
    "blank": "",
    "flag": True,
    "long": "x" * 300,
}
ADA = Identity("user", "user:7", "Ada", "ada@example.com", claims=CLAIMS)


def test_values():
    values = {
        name: value_of(Placeholder(name), Text(), {}, ADA, NOW)
        for name in ("user.id", "user.name", "user.email", "user.claims.teams", "user.claims.deep.k", "now", "today")
    }
    assert values == {
        "user.id": "user:7",
        "user.name": "Ada",
        "user.email": "ada@example.com",
        "user.claims.teams": [1, 2],
        "user.claims.deep.k": "v",
        "now": "2026-02-01T10:30:00Z",
        "today": "2026-02-01",
    }
    assert value_of(Placeholder("now-7d"), Text(), {}, ADA, NOW) is None
    assert value_of(Placeholder("now-7d"), Date(), {}, ADA, NOW) == "2026-01-25"
    for name in ("user.claims.none", "user.claims.x", "user.claims.team.x"):
        assert value_of(Placeholder(name), Text(), {}, ADA, NOW) is None
    assert value_of(Placeholder("user.id"), Text(), {}, Identity("anonymous", None), NOW) is None


def asked(tables: Tables, text: str) -> list[int] | None:
    """The ids of the rows for which a condition holds; None if a placeholder has no value, so that its grant fails."""
    condition = tables.read(text)
    attempt = Attempt(tables.catalogue)
    model = attempt.model("Ticket")
    values = [slot.values(ADA, NOW) for slot in slots_of(condition, model, attempt.model)]
    assert values
    if None in values:
        return None
    table = model.table
    holds = compiled(condition, model, attempt.model, table, Literals(values))
    with tables.catalogue.database.reading() as connection:
        return list(connection.scalars(sa.select(table.c.id).where(holds).order_by(table.c.id)))


ROWS = {
    "team=in.{user.claims.teams}": [1, 2],
    "team=eq.{user.claims.team}": [1],
    "team=neq.{user.claims.team}": [2],
    "owner.name=eq.{user.name}": [1],
    "or=(text.eq.b,not.and(status.eq.{user.claims.status},text.eq.b),text.in.{user.claims.words})": [1, 2, 3],
    "text=in.{user.claims.words}": [1, 3],
    "text=not.in.{user.claims.words}": [2],
    "status=isdistinct.{user.claims.status}": [1, 3],
    "due=lt.{now}": [3],
    "due=gte.{now}": [],
    "due=lt.now": [3],
    "due=gte.{now-10y}": [3],
    "due=lt.today+1d": [3],
    "data->>k=eq.{user.claims.deep.k}": [1],
    "_created=lte.{now}": [],
}


@pytest.mark.parametrize("text", ROWS)
def test_rows(tables, text):
    assert asked(tables, text) == ROWS[text]


@pytest.mark.parametrize(
    "text",
    [
        "team=eq.{user.claims.none}",
        "team=not.eq.{user.claims.none}",
        "team=in.{user.claims.empty}",
        "team=not.in.{user.claims.empty}",
        "team=in.{user.claims.team}",
        "team=eq.{user.claims.teams}",
        "team=in.{user.claims.texts}",
        "team=eq.{user.claims.flag}",
        "team=eq.{user.name}",
        "text=eq.{user.claims.team}",
        "text=eq.{user.claims.deep}",
        "due=lt.{user.name}",
        "team.members.name=eq.{user.claims.x}",
        "or=(text.eq.a,text.eq.{user.claims.x})",
    ],
)
def test_a_value_that_is_none_of_the_field_binds_nothing(tables, text):
    assert asked(tables, text) is None
