"""The way from a request to its statement stays short, and goes down (:mod:`tests.walks`)."""

import pytest

from tests.taken_over import nothing_compared
from tests.walks import Walk, application, walks


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def found(request) -> dict[str, Walk]:
    with application(request.param) as app, nothing_compared():
        return walks(app)


def test_a_definition_reaches_its_statement(found):
    """One climb: what is wanted is asked for when the table is locked."""
    walk = found["definition"]
    assert len(walk.within("catalogue", "definitions", "changes")) <= 29, walk.modules
    # With web, exchange and fields; how a database connects, locks and runs statements is its own affair, and access
    # has a rule of its own: it proves the caller, and looks for grants that the change would break. Who measures walks
    # beside. One module says how deep the body is.
    assert len(walk.modules) - len(walk.within("database", "access", "telemetry")) <= 40, walk.modules
    assert [climb.partition(":")[0] for climb in walk.climbs] == ["changes.planner -> changes.service"]
    assert walk.modules[0] == "web.definitions.tables"
    # Behind the schema editor is the database: names become identifiers, and a new declaration is tried.
    last = [module for module in walk.modules if not module.startswith("database.")][-1]
    assert last in ("changes.ddl.sqlite_rebuild", "changes.ddl.postgresql"), walk.modules


@pytest.mark.parametrize(("kind", "most"), [("row", 48), ("filter", 60)])
def test_a_row_and_a_filter_do_not_wander(found, kind, most):
    walk = found[kind]
    # The database's own affairs are counted apart, as for a definition.
    assert len(walk.modules) - len(walk.within("database", "access", "telemetry")) <= most, walk.modules
    assert len(walk.within("access")) <= 6, walk.modules
    climbs = [climb for climb in walk.climbs if not climb.startswith("database.")]  # events of the engine
    assert len(climbs) <= 3, climbs
