"""Tables with names that look like something else, through the whole service (:mod:`tests.nasty_names`)."""

import pytest

from tests.nasty_names import NASTY, Walk, is_good

GOOD = [name for name in NASTY if is_good(name)]


@pytest.mark.parametrize("start", range(0, len(GOOD), 20))
def test_walk(fresh, start):
    fresh.looks_after = False
    Walk(fresh, [*GOOD, *GOOD][start : start + 20]).run()
