"""Grants in random worlds: equal answers where an identity sees equal rows, and those that a slow evaluator gives.

Long forms are ``tests.soak.interference`` and ``tests.soak.grants``.
"""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.testing.databases import DATABASES
from tests.access.worlds.agreement import agree
from tests.access.worlds.sameness import compare
from tests.access.worlds.service import services

#: A world has many parts, of which shrinking leaves out few in a long time.
SHORT = settings(
    max_examples=5,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module", params=DATABASES)
def both(request, tmp_path_factory):
    with services(request.param, tmp_path_factory.mktemp("worlds"), 2) as found:
        yield found


@SHORT
@given(draw=st.randoms(use_true_random=True))
def test_answers_do_not_depend_on_what_an_identity_may_not_see(both, draw):
    compare(both, draw, Counter(), requests=12)


@SHORT
@given(draw=st.randoms(use_true_random=True))
def test_answers_and_writes_are_those_of_a_slow_evaluator(both, draw):
    agree(both[0], draw, Counter(), requests=12)
