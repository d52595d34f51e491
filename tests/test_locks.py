"""Small versions of ``python -m tests.soak.locks``."""

import pytest

from tests.soak.fleet import Figures, running_fleet
from tests.soak.locks import compare_and_set, long_transactions, many_changes, many_writers, with_lock_timeout

pytestmark = pytest.mark.long


@pytest.fixture
def figures():
    """Violations that a part finds; there must be none."""
    made = Figures()
    yield made
    assert made.violations == {}, made.samples


def test_long_transactions_are_waited_for_a_bounded_time(database, figures):
    with running_fleet(database, 2, adapt=with_lock_timeout) as fleet:
        long_transactions(fleet, figures, rows=2000)


def test_many_at_once(database, figures):
    with running_fleet(database, 2) as fleet:
        many_writers(fleet, figures, rows=8)
        compare_and_set(fleet, figures, rounds=5)
        many_changes(fleet, figures)
