"""Small versions of ``python -m tests.soak.access``, each on one database: a run is mostly the start of its servers."""

import pytest

from tests.soak.access import WITHOUT_CHECK, enforced, run_access
from tests.soak.fleet import running_fleet

pytestmark = pytest.mark.long


def test_no_answer_shows_what_was_taken_away():
    """On PostgreSQL, where writes and changes of access run side by side."""
    with running_fleet("postgresql", 2, adapt=enforced) as fleet:
        run = run_access(fleet, changes=10, clients=4, pause=0.01, seconds=60, defines=0.3)
    assert run.figures.violations == {}, run.figures.samples
    assert len(run.changes) > 10
    assert run.tally["raced"] and run.statuses[200] and run.statuses[201]


def test_a_time_to_live_of_access_is_found_out():
    with running_fleet("sqlite", 2, without=WITHOUT_CHECK, adapt=enforced) as fleet:
        run = run_access(fleet, changes=60, clients=4, pause=0.01, seconds=60, defines=None, until_violation=True)
    assert run.figures.total > 0
