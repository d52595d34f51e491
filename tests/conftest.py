"""Fixtures: every test that takes ``settings``, ``app`` or ``server`` runs on SQLite and on PostgreSQL.

Besides, which tests are run and in what order: ``--quick``, and the files that take longest first.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import hypothesis
import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing import suite
from dynmodel_pyramid.testing.databases import DATABASES, database_settings, memory_folder
from tests.emptied import Emptied, EmptiedDatabases
from tests.promises import assert_promises
from tests.server_process import Server
from tests.system_tables import make_system_tables
from tests.taken_over import compared_statements

# The machine may be busy: how long an example takes, or the making of one, is no fault.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")

# Tests make thousands of files of SQLite (pytest's documentation, "Temporary directory location and retention").
if (in_memory := memory_folder()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(in_memory))

HERE = Path(__file__).parent
if not entry_points(group="dynmodel_pyramid.row_formats"):
    raise pytest.UsageError("the installed entry points are of another version: pip install --no-deps -e .")
#: Begun first, in this order. A file is one worker's: a long one at the end would leave the others without work.
LONGEST = (
    "scripts/test_serve.py",
    "fields/test_conformance_numeric.py",
    "fields/test_conformance_texts.py",
    "fields/test_conformance.py",
    "scripts/test_new_field_type.py",
    "web/test_one_reading.py",
    "web/test_hostile_definitions.py",
    "fields/test_conformance_clock.py",
    "web/test_exchange.py",
    "fields/test_computed_types.py",
    "web/test_names.py",
    "server/test_processes.py",
    "test_plugins.py",
    "test_tutorial.py",
    "test_crash.py",
    "test_coherence.py",
    "test_access_race.py",
    "test_locks.py",
    "fields/test_conformance_links.py",
    "fields/test_suite_catches.py",
    "scripts/test_schema.py",
    "web/test_answers_of_uploads.py",
)
#: What ``--quick`` may run: files, and folders without their subfolders.
QUICK = (
    *("catalogue", "exchange", "queries"),
    *("definitions/test_compare.py", "definitions/test_expressions.py", "definitions/test_names.py"),
    *("definitions/test_patching.py", "definitions/test_put_and_patch.py", "definitions/test_reading_options.py"),
    *(
        "rows/test_page.py",
        "rows/test_prepared.py",
        "rows/test_reading.py",
        "rows/test_scope.py",
        "rows/test_upserts.py",
    ),
    *("fields/test_checks.py", "fields/test_choices.py", "fields/test_numerals.py", "fields/test_strictness.py"),
    *("changes/test_schema_editor.py", "server/test_settings.py"),
    *("web/test_definitions.py", "web/test_error_codes.py", "web/test_queries.py"),
    *("web/test_resources.py", "web/test_rest.py", "web/test_rows.py"),
    *("test_contributing.py", "test_layers.py", "test_operators_page.py", "test_settings.py"),
)


def pytest_addoption(parser):
    parser.addoption(
        "--quick", action="store_true", help="only fast tests that need neither a server process nor PostgreSQL"
    )


def pytest_collection_modifyitems(config, items):
    order = {HERE / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
    if config.getoption("--quick"):
        left = [item for item in items if not _is_quick(item)]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if _is_quick(item)]


def pytest_collection_finish(session):
    # What is imported and collected by now stays: no garbage collection need look through it.
    gc.collect()
    gc.freeze()
    # Little is left that is old, so almost every collection would be a full one: a tenth of the processor time.
    gc.set_threshold(50_000, 20, 50)


def _is_quick(item: pytest.Item) -> bool:
    if not {item.path, item.path.parent}.intersection(HERE / name for name in QUICK):
        return False
    if item.get_closest_marker("long") is not None or _needs_postgresql(item):
        return False
    return "make_server" not in item.fixturenames


def _needs_postgresql(item: pytest.Item) -> bool:
    # The last two are both databases at once.
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "postgresql" in parameters or not {"apps", "table"}.isdisjoint(item.fixturenames)


@pytest.fixture(scope="session", autouse=True)
def _compared_statements() -> Iterator[None]:
    with compared_statements():
        yield


@pytest.fixture(params=DATABASES)
def database(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def emptied_databases(tmp_path_factory) -> Iterator[EmptiedDatabases]:
    with EmptiedDatabases(tmp_path_factory.mktemp) as databases:
        yield databases


@pytest.fixture(scope="session", autouse=True)
def _emptied_databases_for_suites(emptied_databases) -> Iterator[None]:
    """The suites for field types need not make the system tables anew for each of their classes."""

    @contextmanager
    def emptied_settings(database: str, folder: Path) -> Iterator[dict[str, str]]:
        with emptied_databases.one(database) as given:
            yield dict(given.settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "database_settings", emptied_settings)
        yield


@pytest.fixture(scope="module")
def emptied(emptied_databases) -> Iterator[Emptied]:
    with Emptied(emptied_databases) as applications:
        yield applications


@pytest.fixture
def settings(request, database, tmp_path):
    """INI settings of an empty database."""
    if "app" in request.fixturenames:
        yield dict(request.getfixturevalue("emptied").empty(database).settings)
        return
    has_tables = "make_app" in request.fixturenames and request.node.get_closest_marker("no_system_tables") is None
    if has_tables and database == "postgresql" and "make_server" not in request.fixturenames:
        # To make the system tables and to drop them takes longer than most tests.
        with request.getfixturevalue("emptied_databases").one(database) as emptied:
            yield dict(emptied.settings)
        return
    with database_settings(database, tmp_path) as made:
        yield made


def _assert_promises(request, wsgi) -> None:
    """Whatever a test did by the service, its tables are as their definitions say."""
    if request.node.get_closest_marker("damaged_database") is None:
        assert_promises(wsgi.registry.dynmodel_catalogue)


@pytest.fixture
def make_app(request, settings):
    """A function that makes a WebTest application, with further settings."""
    made = []

    def make(**further) -> webtest.TestApp:
        if further.get("dynmodel.auto_upgrade") != "false":
            make_system_tables(settings)
        wsgi = dynmodel_pyramid.main({}, **{**settings, **further})
        made.append(wsgi)
        return webtest.TestApp(wsgi)

    yield make
    try:
        if made:
            _assert_promises(request, made[-1])
    finally:
        for wsgi in made:
            wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def app(request, database, settings, emptied) -> Iterator[webtest.TestApp]:
    """The application of the module, with an empty database."""
    wsgi = emptied.of(database).wsgi
    yield webtest.TestApp(wsgi)
    _assert_promises(request, wsgi)


@pytest.fixture
def catalogue(app):
    return app.app.registry.dynmodel_catalogue


@pytest.fixture
def make_server(settings, tmp_path):
    """A function that starts real server processes (pserve) on one database."""
    started = []

    def make(**further) -> Server:
        server = Server({**settings, **further}, tmp_path)
        started.append(server)
        server.start()
        return server

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def server(make_server) -> Server:
    return make_server()
