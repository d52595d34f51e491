"""Small versions of ``python -m tests.soak.once``: two server processes, killed while they write."""

import pytest

from tests.soak.once import run_once

pytestmark = pytest.mark.long


def test_writes_with_keys_are_made_once_though_servers_are_killed(database):
    run = run_once(database, kills=2, clients=2, seconds=60)
    assert run.figures.violations == {}, run.figures.samples
    assert sum(run.kills.values()) == 2
