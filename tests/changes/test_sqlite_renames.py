"""A short form of ``python -m tests.soak.renames``."""

import pytest

from tests.soak.renames import run


@pytest.mark.parametrize("database", ["sqlite"])
def test_names_are_changed_as_sqlite_changes_them(database):
    tally = run(25)
    assert tally["stored"] > 2, tally
