"""The disk of the target is full in the midst of a move: it is told, nothing half is taken for whole."""

import os
import secrets
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.testing.databases import DATABASES, OPEN, database_settings, postgresql_url

KINDS = {"sqlite": 5, "postgresql": 18}


@pytest.fixture
def disk():
    """A function: megabytes -> a folder that has no more room; called again, it gives the folder more."""
    # Others may not enter the folders of tests, and PostgreSQL's server is somebody else.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)

    def resize(megabytes):
        options = f"size={megabytes}m" if not os.path.ismount(folder) else f"remount,size={megabytes}m"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a small disk")
        data = folder / "data"
        data.mkdir(exist_ok=True)
        return data

    yield resize
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
    folder.rmdir()


@pytest.fixture
def on_disk(disk, tmp_path):
    """A function: name of a database, megabytes -> settings of an empty one there."""
    cleaning = []

    def make(database, megabytes):
        folder = disk(megabytes)
        if database == "sqlite":
            return {"sqlalchemy.url": f"sqlite:///{folder}/target.sqlite", **OPEN}
        name = f"small_{secrets.token_hex(4)}"
        engine = sa.create_engine(postgresql_url(), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            owner = connection.exec_driver_sql("SHOW data_directory").scalar_one()
            os.chown(folder, os.stat(owner).st_uid, -1)
            connection.exec_driver_sql(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        context = database_settings("postgresql", tmp_path)
        settings = context.__enter__()
        cleaning.extend([lambda: context.__exit__(None, None, None), lambda: drop(engine, name)])
        url = sa.make_url(settings["sqlalchemy.url"]).update_query_dict({"options": f"-c default_tablespace={name}"})
        return {**settings, "sqlalchemy.url": url.render_as_string(hide_password=False)}

    def drop(engine, name):
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP TABLESPACE {name}")

    yield make
    for clean in cleaning:
        clean()


@pytest.mark.long
@pytest.mark.parametrize("database", DATABASES)
def test_a_full_disk(database, place, client_of, move, on_disk, disk):
    source = place("sqlite")
    client = client_of(source)
    client.table({"a": {"type": "string", "unique": True}, "b": "text"}, "Item")
    # Random letters: PostgreSQL compresses long texts.
    rows = [{"a": f"{number}", "b": secrets.token_hex(5_000)} for number in range(1_500)]
    client.row("/table/Item/", rows)
    target = on_disk(database, KINDS[database])
    for _ in range(2):
        status, _, err = move(source, target)
        assert (status, "make room, and run the same command again" in err) == (1, True), err
        with pytest.raises(ConfigurationProblem, match="unfinished target of a move"):
            dynmodel_pyramid.main({}, **target)
    disk(200)
    status, out, err = move(source, target)
    assert (status, "0 are damaged" in out) == (0, True), err
    moved = client_of(target)
    for limits in ("limit=1000", "limit=1000&id=gt.1000"):
        assert moved.get(f"/table/Item/rows/?{limits}") == client.get(f"/table/Item/rows/?{limits}")
