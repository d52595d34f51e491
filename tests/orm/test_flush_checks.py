"""A session's flush asks of values what requests ask, and names the rule that the database refuses a write for."""

import datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.errors import Conflict, Invalid

FIELDS = {
    "name": {"type": "string", "max_length": 5, "pattern": "[a-z ]+", "required": True, "unique": True},
    "stars": {"type": "rating", "max": 3},
    "size": {"type": "number", "min": 0, "max": 10},
    "price": {"type": "decimal", "max": "99"},
    "kind": {"type": "string", "choices": ["a", "b"], "message": "a or b, please"},
    "some": {"type": "multi_choice", "choices": ["z", "y", "x"]},
    "mail": "email",
    "day": {"type": "date", "min": "2026-01-01"},
    "extra": "json",
    "far": {"type": "link", "table": "Thing"},
    "number": "autonumber",
}
GOOD = {"name": "good", "stars": 3, "size": 1.5, "price": Decimal("9.99"), "kind": "a", "extra": {"a": [1]}}


@pytest.fixture
def thing(app, catalogue):
    app.post_json("/table/", {"model_name": "Thing", "fields": FIELDS}, status=201)
    return catalogue.models["Thing"]


def faults(error) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"name": "toolong"}, "/name", "too_long"),
        ({"name": "A"}, "/name", "pattern_mismatch"),
        ({"name": 5}, "/name", "pattern_mismatch"),
        ({"name": "a\0"}, "/name", "unstorable_text"),
        ({"name": None}, "/name", "required"),
        ({"stars": 4}, "/stars", "too_large"),
        ({"stars": True}, "/stars", "wrong_type"),
        ({"stars": 2**63}, "/stars", "out_of_range"),
        ({"size": -1}, "/size", "too_small"),
        ({"size": float("nan")}, "/size", "wrong_type"),
        ({"size": "1"}, "/size", "wrong_type"),
        ({"price": Decimal("100")}, "/price", "too_large"),
        ({"price": Decimal("0.001")}, "/price", "out_of_range"),
        ({"price": 19.9}, "/price", "wrong_type"),
        ({"kind": "c"}, "/kind", "not_a_choice"),
        ({"some": ["w"]}, "/some/0", "not_a_choice"),
        ({"mail": "nobody"}, "/mail", "invalid_format"),
        ({"day": datetime.date(2025, 12, 31)}, "/day", "too_small"),
        ({"day": "2026-01-31"}, "/day", "wrong_type"),
        ({"extra": {"a": object()}}, "/extra", "wrong_type"),
        ({"extra": {"a": 2**64 + 1}}, "/extra", "out_of_range"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else ", ".join(value),
)
def test_a_flush_refuses_what_a_request_refuses(app, catalogue, thing, values, pointer, code):
    with pytest.raises(Invalid) as refused, catalogue.session() as session:
        session.add(thing(**{**GOOD, **values}))
    assert faults(refused) == [(pointer, code)]
    assert "in a new Thing" in refused.value.detail
    with catalogue.session() as session:
        session.add(thing(**GOOD))
    with pytest.raises(Invalid) as refused, catalogue.session() as session:
        row = session.get(thing, 1)
        for name, value in values.items():
            setattr(row, name, value)
    assert faults(refused) == [(pointer, code)]
    assert "in <Thing 1>" in refused.value.detail
    assert [row["name"] for row in app.get("/table/1/rows/").json] == ["good"]


def test_every_fault_of_a_flush_is_told(catalogue, thing):
    with pytest.raises(Invalid) as refused, catalogue.session() as session:
        session.add_all([thing(name="A", size=11), thing(), thing(**GOOD)])
    assert faults(refused) == [("/name", "pattern_mismatch"), ("/size", "too_large"), ("/name", "required")]
    assert refused.value.total == 3


def test_a_message_of_the_definition_is_told(catalogue, thing):
    with pytest.raises(Invalid, match="/kind: a or b, please"), catalogue.session() as session:
        session.add(thing(name="x", kind="c"))


def test_values_take_the_form_that_requests_store(app, catalogue, thing):
    with catalogue.session() as session:
        row = thing(name="x", size=2, price=5, some=["x", "z"], day=datetime.date(2026, 1, 31))
        session.add(row)
        session.flush()
        assert (row.size, row.price, row.some) == (2.0, Decimal("5.00"), ["x", "z"])
        row.some = ["z", "y"]
        row.size = thing.stars + sa.literal(1)
    answer = app.get("/table/1/rows/1").json
    assert (answer["price"], answer["some"], answer["size"], answer["number"]) == ("5.00", ["z", "y"], None, 1)


def test_values_that_are_not_written_are_not_judged(app, catalogue, thing):
    """A pattern that SQLite has no check of, broken by SQL: the row's other fields can be written as ever."""
    if catalogue.database.dialect.schema is not None:
        app.patch_json("/table/1/", {"fields": {"name": {**FIELDS["name"], "pattern": "(?i)[a-z ]+"}}}, status=200)
        thing = catalogue.models["Thing"]
    with catalogue.database.writer.begin() as connection:
        connection.execute(sa.insert(thing.__table__), [{"name": "OLD-"}])
    with catalogue.session() as session:
        session.scalars(sa.select(thing)).one().stars = 1
    with pytest.raises(Invalid), catalogue.session() as session:
        session.scalars(sa.select(thing)).one().name = "OLD+"


def test_other_rules_are_told_by_the_database_in_words_of_the_definition(catalogue, thing):
    with catalogue.session() as session:
        session.add(thing(**GOOD))
    for values, code, names in (
        ({"name": "good"}, "unique_violation", ["name"]),
        ({"name": "far", "far": 99}, "foreign_key_violation", ["far"]),
        ({"name": "id", "id": 1}, "unique_violation", ["id"]),
    ):
        with pytest.raises(Conflict) as refused, catalogue.session() as session:
            session.add(thing(**values))
        assert refused.value.code == code
        # SQLite doesn't tell which foreign key it is.
        assert refused.value.members["fields"] in (names, [] if code == "foreign_key_violation" else names)
    with pytest.raises(Conflict) as refused, catalogue.session() as session:
        row = session.scalars(sa.select(thing).where(thing.name == "good")).one()
        row.size = sa.literal(11)
    assert (refused.value.code, refused.value.members["fields"]) == ("check_violation", ["size"])
