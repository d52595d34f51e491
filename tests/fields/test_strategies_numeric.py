"""The strategies of numeric and temporal types: valid values, written as they are answered."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.testing.strategies_numeric import STRATEGIES
from dynmodel_pyramid.testing.values import same_json


@pytest.fixture(scope="module")
def types():
    types = FieldTypes()
    types.load_entry_points()
    return types


@pytest.mark.parametrize("name", sorted(STRATEGIES))
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_values_are_valid_and_canonical(types, name, data):
    value = data.draw(STRATEGIES[name])
    options = read_options(types[name], {})
    stored = types[name].schema_node(options).deserialize(value)
    written = types[name].text_form(options).to_text(stored) if isinstance(value, str) else stored
    assert same_json(written, value)
