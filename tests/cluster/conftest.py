"""Fixtures: ``bed`` is a cluster of the module's own."""

import pytest

from tests.cluster.bed import missing_programs, running_bed


@pytest.fixture(scope="session")
def bed():
    missing = missing_programs(pooler=True)
    if missing is not None:
        pytest.skip(missing)
    with running_bed() as made:
        yield made
