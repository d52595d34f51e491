"""A thousand generated values of every built-in type come back equal, to the last digit and microsecond."""

import colander
import pytest

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import OWN, Registered, read_options
from dynmodel_pyramid.testing import strategies
from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.suite import is_given

NUMBER, BATCH = 1000, 100


def written_types() -> list[str]:
    """The built-in types whose values clients write."""
    types = FieldTypes()
    types.load_entry_points()
    return [known.name for known in types if known.distribution == OWN and not _is_given(known)]


def _is_given(known: Registered) -> bool:
    options, strategy = strategies.known().get(known.name, ({}, known))
    if known.field_type.fill is not None or strategy is None:
        return True
    try:
        return is_given(known.field_type, read_options(known.field_type, dict(options)))
    except colander.Invalid:  # it has options without defaults: its strategy must say some
        return False


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
