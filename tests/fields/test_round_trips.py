"""Hundreds of generated values of every built-in type come back equal, to the last digit and microsecond."""

import pytest

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.testing import strategies
from dynmodel_pyramid.testing.driver import TableDriver
from tests.every_type import written_types

NUMBER, BATCH = 300, 100


@pytest.mark.parametrize("name", written_types())
def test_generated_values_come_back(name, app):
    options, strategy = strategies.values(name)
    table = TableDriver(app, {"type": name, **options})
    pairs = strategies.drawn(strategy, NUMBER)
    assert len(pairs) == NUMBER
    for start in range(0, NUMBER, BATCH):
        table.round_trip(pairs[start : start + BATCH])


def test_every_strategy_is_of_an_installed_type():
    types = FieldTypes()
    types.load_entry_points()
    assert set(strategies.known()) <= set(types.names())


def test_a_type_without_a_strategy_is_told():
    with pytest.raises(LookupError, match="no strategy gives values of the type 'colander'.*STRATEGIES"):
        strategies.values("colander")
