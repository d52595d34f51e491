"""The values that an identity puts into the conditions of grants, and when a grant does not hold."""

import datetime

import pytest

from dynmodel_pyramid.access.conditions import Placeholder
from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.access.placeholders import Unbound, bound, value_of
from dynmodel_pyramid.catalogue.attempt import Attempt
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
        name: value_of(Placeholder(name), ADA, NOW)
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
    for name in ("user.claims.none", "user.claims.empty", "user.claims.blank", "user.claims.x", "user.claims.team.x"):
        with pytest.raises(Unbound):
            value_of(Placeholder(name), ADA, NOW)
    with pytest.raises(Unbound):
        value_of(Placeholder("user.id"), Identity("anonymous", None), NOW)


def asked(tables: Tables, text: str) -> list[int]:
    condition = tables.read(text)
    attempt = Attempt(tables.catalogue)
    return tables.rows(bound(condition, ADA, NOW, attempt.model("Ticket"), attempt.model))


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
    with pytest.raises(Unbound):
        asked(tables, text)
