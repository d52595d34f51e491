"""Random changes of a table with rows: a short run. The long one is a command (docs/soak.md)."""

from collections import Counter

import pytest
import webtest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.changes.changing import machine


@pytest.fixture(params=DATABASES)
def app(request, tmp_path):
    with database_settings(request.param, tmp_path) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        yield webtest.TestApp(wsgi)
        wsgi.registry.dynmodel_catalogue.database.close()


def test_database_system_tables_class_and_rows_agree_with_a_model(app):
    counter = Counter()
    checks = settings(max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    for _ in range(5):  # mostly one run is enough
        run_state_machine_as_test(machine(app, counter), settings=checks)
        if counter["made"] > 5:
            break
    assert counter["made"] > 5
