"""A small form of ``python -m tests.soak.compaction``."""

import pytest

from tests.soak.compaction import run_compaction
from tests.soak.fleet import running_fleet


@pytest.mark.long
def test_nothing_is_lost_while_a_table_is_compacted():
    with running_fleet("postgresql", 1) as fleet:
        run, told = run_compaction(fleet, rows=1000, dropped=100, kills=1, clients=2)
    assert run.figures.total == 0, (told, run.figures.samples)
    assert run.tally["read"] > 20 and run.tally["write"] > 20
