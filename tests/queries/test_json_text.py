"""JSON text that the databases make is what the encoder makes."""

import math

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.queries.sql.json_text import Joined, json_object, literal
from dynmodel_pyramid.testing.databases import DATABASES

SOME = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@pytest.fixture(params=DATABASES)
def ask(request, table):
    database = table.apps[request.param].app.registry.dynmodel_catalogue.database

    def answers(make):
        with database.reading() as connection:
            return connection.scalars(sa.select(make(request.param))).all()

    return answers


@SOME
@given(number=st.floats(allow_nan=False, allow_infinity=False))
@example(0.0)
@example(-0.0)
@example(1e15)
@example(1e16)
@example(9999999999999998.0)
@example(1e-5)
@example(9.999999999999999e-6)
@example(5e-324)
@example(1.7976931348623157e308)
@example(0.1 + 0.2)
def test_floats(ask, number):
    expected = orjson.dumps(number).decode()
    assert ask(lambda dialect: expressions_of(dialect).json_float(sa.literal(number, sa.Float(53)))) == [expected]
    assert math.copysign(1, float(expected)) == math.copysign(1, number)


@SOME
@given(text=TEXTS)
@example("".join(map(chr, range(1, 160))))
@example('"\\/\u2028\u2029\ufeff\U0001f680')
def test_texts(ask, text):
    assert ask(lambda dialect: expressions_of(dialect).json_string_or_null(sa.literal(text, sa.Text()))) == [
        orjson.dumps(text).decode()
    ]


def test_objects_of_many_members(ask):
    """SQLite takes no expression that is nested 1,000 deep."""
    members = [(f'ключ {number}"', literal(str(number))) for number in range(2500)]
    (text,) = ask(lambda dialect: json_object(members))
    assert orjson.loads(text) == {name: number for number, (name, _) in enumerate(members)}
    assert ask(lambda dialect: Joined(literal("a"))) == ["a"]
    assert ask(lambda dialect: json_object([])) == ["{}"]
