"""System tables: created, upgraded, checked; several processes at once; a newer release's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.upgrade import main
from dynmodel_pyramid.settings import Settings
from tests.server_process import Server, write_ini

pytestmark = pytest.mark.no_system_tables


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


def test_an_empty_table_of_the_version_does_not_stop_a_new_database(empty, settings):
    schema = empty.dialect.schema
    version = sa.Table(upgrade.VERSION_TABLE, sa.MetaData(schema=schema), sa.Column("version_num", sa.String(32)))
    engine = sa.create_engine(settings["sqlalchemy.url"])
    with engine.begin() as connection:
        if schema is not None:
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        version.create(connection)
    engine.dispose()
    assert upgrade.upgrade(empty) == (None, upgrade.HEAD)
    upgrade.check(empty)


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


def made_tables(database):
    """What the system tables consist of, but for the default that fills a column in existing rows."""
    schema = database.dialect.schema
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        found = {}
        for name in inspector.get_table_names(schema):
            columns = inspector.get_columns(name, schema)
            for column in columns:
                column["type"] = repr(column["type"])
                if column["name"] == "access_stamp":
                    column["default"] = None
            found[name] = [
                columns,
                inspector.get_pk_constraint(name, schema),
                inspector.get_unique_constraints(name, schema),
                inspector.get_check_constraints(name, schema),
                inspector.get_indexes(name, schema),
            ]
        if schema is None:
            query = "SELECT name, sql FROM sqlite_schema WHERE name != '_dynmodel_state'"
        else:
            query = (
                "SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace "
                f"WHERE nspname = '{schema}'"
            )
        found["statements"] = {name: " ".join((sql or "").split()) for name, sql in connection.exec_driver_sql(query)}
        state = connection.execute(sa.select(database.system.state)).mappings().one()
        found["rows"] = {key: len(value) if "stamp" in key else value for key, value in state.items()}
        found["revision"] = upgrade.current_revision(database, connection)
    return found


def test_a_new_database_has_what_the_migrations_make(empty):
    """So what the migrations make is what the code declares, and queries."""
    upgrade.upgrade(empty)
    made = made_tables(empty)
    assert len(made) > 15 and len(made["statements"]) > 2
    with empty.changing() as connection:
        drop_all(empty, connection)
        assert upgrade.lock(empty, connection) is None
        upgrade.migrate(empty, connection)
    assert made_tables(empty) == made


def drop_all(database, connection):
    if database.dialect.schema is not None:
        connection.execute(sa.schema.DropSchema(database.dialect.schema, cascade=True))
        return
    for name in sa.inspect(connection).get_table_names():
        connection.exec_driver_sql(f"DROP TABLE {name}")


def test_a_new_database_does_not_need_alembic(settings, tmp_path):
    """It takes time and memory, in each process of the server."""
    ini = str(write_ini(tmp_path, {**settings, "dynmodel.auto_upgrade": "true"}, port=1))
    code = "import sys; from pyramid.paster import get_app; get_app(sys.argv[1]); print('alembic' in sys.modules)"
    command = [sys.executable, "-W", "ignore", "-c", code, ini]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "False\n"
