"""Tables with names that look like something else, through the whole service.

The command ``python -m tests.soak.names`` walks through more of them.
"""

import pytest
from hypothesis import given, settings

from tests.nasty_names import NASTY, Walk, is_good, worlds

GOOD = [name for name in NASTY if is_good(name)]


@pytest.mark.parametrize("start", [0, 40])
def test_chosen_names(client, start):
    Walk(client, GOOD[start : start + 20]).run()


@settings(derandomize=True, max_examples=1, database=None, deadline=None)
@given(names=worlds)
def test_generated_names(client, names):
    Walk(client, names).run()
