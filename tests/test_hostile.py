"""A small version of ``python -m tests.soak.hostile``: nothing that good clients ask for is refused."""

import pytest

from tests.soak.hostile import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("server", ["pserve", "dynmodel-serve"])
def test_hostile_clients_hold_nothing_that_others_need(database, server):
    figures = run(database, server, seconds=4, clients=4, addresses=2, rate=10, rows=2000)
    told = figures["reasons"]
    assert (figures["good"], figures["answered"]) == (40, 1.0), told
    assert figures["changes_refused"] == 0 and figures["changes"] >= 1, told
    assert figures["live"] > 0, told
    # They were there.
    assert all(figures["hostile"][f"{kind}_connected"] >= 8 for kind in ("slow_header", "slow_body", "no_reader"))
