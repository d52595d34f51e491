"""Small versions (a kill costs a start of the server) of ``python -m tests.soak.crash``, ``crash_retypes`` and
``crash_declarations``."""

import pytest

from tests.soak.crash import run_crash, with_application_name
from tests.soak.crash_declarations import run_crash as run_declarations
from tests.soak.crash_retypes import run_crash as run_retypes
from tests.soak.fleet import running_fleet

pytestmark = pytest.mark.long


def test_a_killed_redefinition_is_made_wholly_or_not_at_all(database):
    with running_fleet(database, 1, adapt=with_application_name) as fleet:
        run = run_crash(fleet, kills=3, rows=400, seconds=60)
    assert run.figures.violations == {}, run.figures.samples
    assert run.kills > 0


def test_a_killed_retype_is_made_wholly_or_not_at_all(settings):
    run = run_retypes(settings, kills=2, rows=1000, first=False)
    assert run.figures.violations == {}, run.figures.samples
    assert run.kills == 2


def test_a_killed_declaration_is_replaced_wholly_or_not_at_all():
    run = run_declarations(kills=2, rows=50, only="lift required")
    assert run.figures.violations == {}, run.figures.samples
    assert run.kills.total() == 4
