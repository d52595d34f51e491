"""A small version of ``python -m tests.soak.imports``: an import in parts is killed, and goes on."""

import pytest

from tests.soak.imports import soaking

pytestmark = pytest.mark.long


def test_killed_imports_go_on(database):
    with soaking(database) as soak:
        soak.run(1)
    assert soak.figures.violations == {}, soak.figures.samples
    assert soak.kills == 1
