"""System tables: created, upgraded, checked; several processes at once; a newer release's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.sqlite_search import UNINDEXED
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.upgrade import main
from dynmodel_pyramid.settings import Settings
from tests.server_process import Server, write_ini

pytestmark = pytest.mark.no_system_tables
#: Alembic's own table, and one that only triggers write.
NOT_DECLARED = (upgrade.VERSION_TABLE, UNINDEXED)


@pytest.fixture
def empty(settings):
    database = Database(Settings(settings))
    yield database
    database.close()


def set_revision(database, revision):
    with database.changing() as connection:
        table = sa.table(upgrade.VERSION_TABLE, sa.column("version_num"), schema=database.dialect.schema)
        connection.execute(sa.update(table).values(version_num=revision))


def test_the_script_says_from_where_to_where(empty, settings, tmp_path, capsys):
    ini = str(write_ini(tmp_path, settings, port=1))
    head = upgrade.HEAD
    assert main([ini]) == 0
    assert capsys.readouterr().out == f"The system tables went from revision none to {head}.\n"
    assert main([ini]) == 0
    assert capsys.readouterr().out == f"The system tables are at revision {head} already.\n"
    set_revision(empty, "9999")
    assert main([ini]) == 1
    assert "newer release (revision 9999)" in capsys.readouterr().err


def test_the_newest_migration_is_the_head():
    assert ScriptDirectory(str(Path(upgrade.__file__).with_name("migrations"))).get_heads() == [upgrade.HEAD]


@pytest.mark.parametrize("settings", ({}, {"sqlalchemy.url": "sqlite:////not/there/at/all.sqlite"}))
def test_the_script_tells_what_is_wrong(settings, tmp_path, capsys):
    assert main([str(write_ini(tmp_path, settings, port=1))]) == 1
    told = capsys.readouterr().err
    assert told.startswith("dynmodel-upgrade: ") and "Traceback" not in told


def test_four_processes_at_once_make_one_set_of_tables(empty, settings, tmp_path):
    ini = str(write_ini(tmp_path, settings, port=1))
    command = [sys.executable, "-m", "dynmodel_pyramid.scripts.upgrade", ini]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
        for _ in range(4)
    ]
    told = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told
    assert sorted("went from revision none" in out for out, _ in told) == [False, False, False, True]
    upgrade.check(empty)
    with empty.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(empty.system.state)) == 1


def test_two_servers_start_at_once_on_an_empty_database(settings, tmp_path):
    servers = [Server(settings, tmp_path) for _ in range(2)]
    try:
        for server in servers:
            server.start(wait=False)
        for server in servers:
            server.wait()
    finally:
        for server in servers:
            server.stop()


def test_an_empty_database_without_auto_upgrade_is_refused_with_the_hint(make_app):
    with pytest.raises(ConfigurationProblem, match="revision none.*dynmodel-upgrade.*auto_upgrade = true"):
        make_app(**{"dynmodel.auto_upgrade": "false"})


def test_after_the_upgrade_it_starts_without_auto_upgrade(empty, make_app):
    upgrade.upgrade(empty)
    assert make_app(**{"dynmodel.auto_upgrade": "false"}).get("/ready").json == {"status": "ready"}


@pytest.mark.parametrize("auto", ("true", "false"))
def test_a_newer_schema_refuses_to_start(empty, make_app, auto):
    upgrade.upgrade(empty)
    set_revision(empty, "9999")
    with pytest.raises(ConfigurationProblem, match="newer release.*9999.*install the newer release"):
        make_app(**{"dynmodel.auto_upgrade": auto})


def test_ready_tells_of_a_newer_schema_under_way(empty, app):
    set_revision(empty, "9999")
    assert app.get("/ready", status=503).json["code"] == "not_ready"
    assert app.get("/live").json == {"status": "live"}


def test_processes_of_this_release_go_on_beside_a_later_one(empty, make_app):
    """A later release's migration that says so: processes of this one serve its tables, and start on them."""
    newer, oldest = int(upgrade.HEAD[:4]) + 1, int(upgrade.HEAD[:4])
    app = make_app()
    app.post_json("/table/", {"model_name": "A", "fields": {"a": "string"}})
    schema = empty.dialect.schema
    place = f'"{schema}".' if schema else ""
    with empty.changing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {place}_dynmodel_table ADD COLUMN later VARCHAR(9)")
        connection.exec_driver_sql(f"ALTER TABLE {place}_dynmodel_state ADD COLUMN n INTEGER NOT NULL DEFAULT 5")
        connection.exec_driver_sql(f"CREATE TABLE {place}_dynmodel_later (id INTEGER)")
    set_revision(empty, f"{newer:04}_{oldest:04}")
    for auto in ("true", "false"):
        started = make_app(**{"dynmodel.auto_upgrade": auto})
        for each in (app, started):
            assert each.get("/ready").json == {"status": "ready"}
            each.post_json("/table/A/rows/", {"a": "b"})
            each.patch_json("/table/1/", {"fields": {f"f{auto}{each is app}": "integer"}})
    assert len(started.get("/table/A/rows/").json) == 4
    set_revision(empty, f"{newer + 1:04}_{newer:04}")
    app.get("/ready", status=503)
    with pytest.raises(ConfigurationProblem, match="newer release"):
        make_app()


def test_migrations_and_declarations_agree(empty):
    """What the migrations make is what the code queries."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade.upgrade(empty)
    with empty.reading() as connection:
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, parents: kind != "schema" or name == empty.dialect.schema,
            "include_object": lambda thing, name, kind, reflected, other: name not in NOT_DECLARED,
        }
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, empty.system.metadata)
    assert [change for change in found if "index" not in str(change[0])] == []
