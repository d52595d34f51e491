"""Purging beside readers and writers, and the console script ``dynmodel-purge``."""

import datetime
import threading

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.scripts.purge import main
from tests.server_process import write_ini
from tests.web.client import Client
from tests.web.test_trash_fields import drop, trash

FIELDS = {"keep": "string", **{f"f{number}": {"type": "string", "max_length": 9} for number in range(8)}}


def wide(client) -> str:
    """A table of which eight fields, each with a check of the database, are in the trash."""
    path = client.table(FIELDS)
    client.send("POST", f"{path}rows/", [{"keep": str(number), "f1": "x"} for number in range(20)], status=201)
    drop(client, path, *(name for name in FIELDS if name != "keep"))
    return path


def test_readers_and_writers_go_on(make_app):
    app = make_app()
    client = Client(app)
    path = wide(client)
    expected = client.get(f"{path}rows/?limit=20")
    faults, counts, over = [], [0, 0], threading.Event()

    def work(number: int) -> None:
        mine = Client(app)
        while not over.is_set():
            try:
                if number:
                    answer = mine.send("GET", f"{path}rows/?limit=20", status=200)
                    assert answer.json == expected
                    assert answer.headers["Definition-Version"] == "2"
                else:
                    mine.row(path, {"keep": "new"})
                counts[min(number, 1)] += 1
            except Exception as error:
                faults.append(error)
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for kept in trash(client, path):
            client.send("DELETE", f"{path}trash/{kept['number']}/", status=204)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert min(counts) > 0
    assert client.get(path)["version"] == 2
    assert len(client.get(f"{path}rows/")) == 20 + counts[0]


def test_a_reader_that_takes_long_is_not_disturbed(make_app, database):
    client = Client(make_app(**{"dynmodel.lock_timeout": "0.5"}))
    path = wide(client)
    number = trash(client, path)[0]["number"]
    schema = client.catalogue.database.dialect.schema
    table = sa.table(client.get(path)["model_name"], sa.column("keep"), schema=schema)
    with client.catalogue.database.reading() as connection:
        before = connection.execute(sa.select(table)).all()
        answer = client.send("DELETE", f"{path}trash/{number}/") if database == "sqlite" else None
        if answer is None:
            # It waits for the reader; others pass meanwhile.
            answer = client.app.delete(f"{path}trash/{number}/", expect_errors=True)
            assert (answer.status_int, answer.json["code"]) == (503, "busy")
            assert len(trash(client, path)) == 8
        else:
            assert answer.status_int == 204
        assert connection.execute(sa.select(table)).all() == before
    if database == "postgresql":
        client.send("DELETE", f"{path}trash/{number}/", status=204)
    assert len(trash(client, path)) == 7


@pytest.mark.parametrize("kind", ["field", "table"])
def test_of_two_at_once_one_wins(make_app, kind):
    """Restored twice, or restored and purged: the other finds nothing."""
    client = Client(make_app())
    client.table({"a": "string", "far": {"type": "links", "table": "Raced"}}, "Raced")
    client.row("/table/1/", {"a": "x"})
    number = 0
    for other in ("POST", "DELETE"):
        if kind == "field":
            drop(client, "/table/1/", "a")
            number += 1
            path = f"/table/1/trash/{number}/"
        else:
            client.send("DELETE", "/table/1/", status=204)
            path = "/trash/1/"
        answers, start = [], threading.Barrier(2)

        def send(method, path=path, answers=answers, start=start) -> None:
            start.wait()
            address = f"{path}restore/" if method == "POST" else path
            answers.append((method, Client(client.app).send(method, address).status_int))

        threads = [threading.Thread(target=send, args=(method,)) for method in ("POST", other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [(method, status) for method, status in answers if status < 300]
        assert len(won) == 1 and len(answers) == 2, answers
        assert [status for _, status in answers if status >= 300] == [404]
    if won[0][0] == "POST":
        assert client.get("/table/1/rows/1/")["a"] == "x"
    elif kind == "field":
        assert list(client.get("/table/1/rows/1/")) == ["id", "far"]
    else:
        client.send("GET", "/table/1/", status=404)


# The script


@pytest.fixture
def ini(settings, tmp_path):
    def make(**further) -> str:
        return str(write_ini(tmp_path, {**settings, **further}, port=1))

    return make


@pytest.fixture
def full(app):
    """A client; its trash has a field of table 1, old values of another, and the tables 2 and 3."""
    client = Client(app)
    path = client.table({"a": "string", "b": "string", "c": "string"}, "One")
    client.row(path, {"a": "x", "b": "x"})
    drop(client, path, "a")
    client.send("PATCH", f"{path}?on_error=null", {"fields": {"b": "integer"}}, status=200)
    for name in ("Two", "Three"):
        client.send("DELETE", client.table({"a": {"type": "links", "table": name}}, name), status=204)
    return client


def age(client, days, *, fields=(), tables=()):
    """Let things have been in the trash for some days."""
    system = client.catalogue.database.system
    with client.catalogue.database.changing() as connection:
        for table, ids in ((system.trash, fields), (system.table, tables)):
            moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
            connection.execute(sa.update(table).where(table.c.id.in_(ids)).values(dropped_at=moment))


def contents(client):
    return [each["number"] for each in trash(client, "/table/1/")], [each["number"] for each in client.get("/trash/")]


def test_what_is_old_goes(full, ini, capsys):
    age(full, 31, fields=[1], tables=[2])
    age(full, 29, fields=[2], tables=[3])
    stored = full.stored()
    assert main([ini(), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "Would purge field One.a (table 1, number 1, dropped 2" in told
    assert "Would purge table Two (number 2, dropped 2" in told
    assert told.endswith("2 would be purged that were older than 30 days.\n")
    assert full.stored() == stored
    assert main([ini()]) == 0
    assert capsys.readouterr().out == told.replace("Would purge", "Purged").replace("would be", "were")
    assert contents(full) == ([2], [3])
    assert main([ini()]) == 0
    assert capsys.readouterr().out == "0 were purged that were older than 30 days.\n"
    assert main([ini(), "--days", "20"]) == 0
    assert "Purged old values of One.b (table 1, number 2" in capsys.readouterr().out
    assert contents(full) == ([], [])
    assert full.get("/table/1/rows/") == [{"id": 1, "b": None, "c": None}]
    assert full.get("/table/1/")["version"] == 3


def test_the_setting_decides(full, ini, capsys):
    age(full, 3000, fields=[1, 2], tables=[2, 3])
    assert main([ini(**{"dynmodel.trash_days": "0"})]) == 0
    assert "kept for ever" in capsys.readouterr().out
    assert main([ini(**{"dynmodel.trash_days": "3001"})]) == 0
    assert contents(full) == ([1, 2], [2, 3])
    assert main([ini(**{"dynmodel.trash_days": "2999"})]) == 0
    assert contents(full) == ([], [])


def test_no_days_are_all(full, ini, capsys):
    assert main([ini(**{"dynmodel.trash_days": "0"}), "--days", "0"]) == 0
    assert contents(full) == ([], [])
    assert capsys.readouterr().out.endswith(" were purged that were older than 0 days.\n")


def test_a_table_that_was_restored_and_dropped_again_stays(full, ini, monkeypatch, capsys):
    from dynmodel_pyramid.changes.trash import TableTrash

    age(full, 31, tables=[2])
    purge = TableTrash.purge_table

    def too_late(self, number, **keywords):
        full.send("POST", "/trash/2/restore/", status=200)
        full.send("DELETE", "/table/2/", status=204)
        return purge(self, number, **keywords)

    monkeypatch.setattr(TableTrash, "purge_table", too_late)
    assert main([ini()]) == 0
    assert contents(full) == ([1, 2], [2, 3])
    assert capsys.readouterr().out.startswith("0 were")


def test_what_fails_is_told_and_the_rest_goes(full, ini, monkeypatch, capsys):
    from dynmodel_pyramid.changes.trash_fields import FieldTrash
    from dynmodel_pyramid.errors import Busy

    age(full, 31, fields=[1, 2], tables=[2])

    def busy(self, table_id, number):
        raise Busy("the table is in use")

    monkeypatch.setattr(FieldTrash, "purge_field", busy)
    assert main([ini()]) == 1
    told = capsys.readouterr()
    assert "dynmodel-purge: field One.a (table 1, number 1" in told.err and "the table is in use" in told.err
    assert contents(full) == ([1, 2], [3])


@pytest.mark.parametrize("days", ["-1", "x", "1.5", "99999"])
def test_bad_days(ini, days, capsys):
    with pytest.raises(SystemExit) as raised:
        main([ini(), "--days", days])
    assert raised.value.code == 2
    assert "0 to 36500" in capsys.readouterr().err


def test_what_is_wrong_is_told(tmp_path, capsys):
    ini = write_ini(tmp_path, {"sqlalchemy.url": f"sqlite:///{tmp_path}/empty.sqlite"}, port=1)
    assert main([str(ini)]) == 1
    assert main([str(tmp_path / "missing.ini")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert all(line.startswith("dynmodel-purge: ") for line in told)
