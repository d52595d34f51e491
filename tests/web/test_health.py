"""``/table/{id}/health/``, and that a table which is too wide is refused before the database does it."""

import pytest

from tests.web.test_trash_fields import columns, drop, restore, trash


@pytest.fixture
def narrow(fresh, monkeypatch):
    """A database whose tables have at most 12 columns."""
    monkeypatch.setattr(fresh.catalogue.database.dialect, "max_columns", 12)
    return fresh


def counts_dropped(client):
    return client.catalogue.database.dialect.counts_dropped_columns


def health(client, path):
    return client.get(f"{path}health/")


def add(client, path, name, kind="integer"):
    return client.send("PATCH", path, {"fields": {name: kind}})


def purge_all(client, path):
    for kept in trash(client, path):
        client.send("DELETE", f"{path}trash/{kept['number']}/", status=204)


def test_figures(fresh):
    path = fresh.table({"a": "string", "b": "string", "far": {"type": "links", "table": "Thing"}}, "Thing")
    fresh.row(path, {"a": "x"})
    limit = fresh.catalogue.database.dialect.max_columns
    fresh.send("PATCH", f"{path}?on_error=quarantine", {"fields": {"a": "integer"}}, status=200)
    drop(fresh, path, "b", "far")
    told = health(fresh, path)
    assert told == {
        "columns": {"in_use": 5, "in_trash": 2, "dropped": 0, "counted": 7, "limit": limit, "left": limit - 7},
        "trash": 3,
        "quarantine": 1,
        "pending": [],
        "warnings": [],
    }
    purge_all(fresh, path)
    told = health(fresh, path)
    dropped = 2 if counts_dropped(fresh) else 0
    assert (told["columns"]["in_trash"], told["columns"]["dropped"], told["trash"]) == (0, dropped, 0)
    fresh.refused("GET", f"{path}health/?x=1", status=400, code="unknown_parameter")
    assert fresh.send("GET", f"{path}health/").headers["Definition-Version"] == "3"


def test_rounds_of_adding_dropping_and_purging(narrow):
    """What PostgreSQL goes on counting comes to an end, with a warning long before; SQLite's columns are free again."""
    path = narrow.table({"a": "string"})
    warned = {}
    for number in range(20):
        warned[number] = health(narrow, path)["warnings"]
        left = health(narrow, path)["columns"]["left"]
        answer = add(narrow, path, "b")
        if answer.status_int == 409:
            break
        assert left > 0
        drop(narrow, path, "b")
        purge_all(narrow, path)
    if not counts_dropped(narrow):
        assert number == 19 and not any(warned.values())
        return
    assert number == 7
    assert [bool(each) for each in warned.values()] == [False] + 7 * [True]
    assert warned[7][0]["kind"] == "columns_run_out"
    assert "copy the rows into a new table" in warned[7][0]["hint"]
    assert answer.json["code"] == "too_many_fields"
    assert "7 that were dropped for good" in answer.json["detail"]
    assert narrow.row(path, {"a": "x"}) == {"id": 1, "a": "x"}


def test_at_the_limit(narrow):
    """Lossless conversions and restores need no room; those that keep old values need some."""
    path = narrow.table({"a": "integer", **{f"f{number}": "string" for number in range(7)}})
    assert health(narrow, path)["columns"]["left"] == 0
    row = narrow.row(path, {"a": 5, "f0": "x", "f1": "2"})
    narrow.refused("PATCH", path, {"fields": {"b": "integer"}}, status=409, code="too_many_fields")
    for kind, value in (("string", "5"), ("integer", 5), ("text", "5"), ("integer", 5)):
        narrow.send("PATCH", path, {"fields": {"a": kind}}, status=200)
        assert narrow.get(f"{path}rows/1/")["a"] == value
    lossy = {"fields": {"f0": "integer"}}
    assert narrow.send("PATCH", f"{path}?on_error=null", lossy, status=409).json["code"] == "too_many_fields"
    for _ in range(3):
        drop(narrow, path, "f1")
        narrow.refused("PATCH", path, {"fields": {"b": "integer"}}, status=409, code="too_many_fields")
        restore(narrow, path, trash(narrow, path)[0]["number"])
    assert narrow.get(f"{path}rows/1/") == row
    if not counts_dropped(narrow):
        warnings = health(narrow, path)["warnings"]
        assert "table of its own" in warnings[0]["hint"]
        drop(narrow, path, "f1")
        assert "purge" in health(narrow, path)["warnings"][0]["hint"]
        purge_all(narrow, path)
        assert add(narrow, path, "b").status_int == 200


@pytest.mark.parametrize("database", ["postgresql"])
def test_postgresqls_own_limit_is_never_met(fresh, database):
    """A table whose numbers are used up by columns that were dropped by SQL."""
    path = fresh.table({"a": "integer"}, "Wide")
    fresh.row(path, {"a": 1})
    dialect = fresh.catalogue.database.dialect
    names = [f"x{number}" for number in range(dialect.max_columns - 6)]
    with fresh.catalogue.database.changing() as connection:
        for action in ("ADD COLUMN {} int", "DROP COLUMN {}"):
            actions = ", ".join(action.format(name) for name in names)
            connection.exec_driver_sql(f'ALTER TABLE {dialect.schema}."Wide" {actions}')
    told = health(fresh, path)
    assert (told["columns"]["left"], told["columns"]["dropped"]) == (1, len(names))
    assert told["warnings"]
    fields = {"fields": {"b": "integer", "c": "integer"}}
    fresh.refused("PATCH", path, fields, status=409, code="too_many_fields")
    fresh.send("PATCH", path, {"fields": {"b": "integer"}}, status=200)
    fresh.refused("PATCH", path, {"fields": {"c": "integer"}}, status=409, code="too_many_fields")
    fresh.send("PATCH", path, {"fields": {"a": "string"}}, status=200)
    drop(fresh, path, "a")
    restore(fresh, path, 1)
    assert fresh.get(f"{path}rows/") == [{"id": 1, "b": None, "a": "1"}]
    assert columns(fresh, path)[-2:] == ["a", "b"]
