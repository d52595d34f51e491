"""``unique_ignore_case``: what clashes, who is told, and what becomes of the index as the definition changes."""

import contextlib
import sqlite3

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database.texts import folding_table
from tests.promises import assert_promises


def indexes(client, path: str) -> dict[str, str]:
    """Name (without the table's number) -> SQL, of all indexes that a table has."""
    document = client.get(path)
    database = client.catalogue.database
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL"
    if database.dialect.schema is not None:
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table AND indexname NOT LIKE '\\_pk%'"
    with database.reading() as connection:
        rows = connection.execute(sa.text(query), {"table": document["model_name"]}).all()
    return {name.replace(f"_{document['id']}_", ""): sql for name, sql in rows}


def is_folding(sql: str) -> bool:
    return "unique" in sql.lower() and ("dynmodel_fold_1" in sql or "lower(" in sql)


@pytest.fixture
def table(client) -> str:
    return client.table({"name": {"type": "string", "unique_ignore_case": True}, "n": "integer"})


def test_values(client, table):
    rows = f"{table}rows/"
    client.send(
        "POST", rows, [{"name": "Ada"}, {"name": None}, {"name": None}, {"name": "é"}, {"name": "è"}], status=201
    )
    for method, path, document in (
        ("POST", rows, {"name": "ADA"}),
        ("POST", rows, {"name": "Ada"}),
        ("POST", rows, [{"name": "x"}, {"name": "X"}]),
        ("PUT", f"{rows}2/", {"name": "aDA"}),
        ("PATCH", f"{rows}2/", {"name": "aDA"}),
        ("POST", rows, {"name": "É"}),
    ):
        told = client.refused(method, path, document, status=409, code="unique_violation")
        assert told.json["fields"] == ["name"]
    assert client.send("PATCH", f"{rows}1/", {"name": "ADA"}, status=200).json["name"] == "ADA"


def test_one_index_for_both_kinds(client):
    both = {"type": "string", "unique": True, "unique_ignore_case": True}
    path = client.table({"name": both})
    assert [is_folding(sql) for sql in indexes(client, path).values()] == [True]
    client.row(path, {"name": "a"})
    client.refused("POST", f"{path}rows/", {"name": "A"}, status=409, code="unique_violation")


def test_index_besides(client):
    path = client.table({"name": {"type": "string", "index": True, "unique_ignore_case": True}})
    assert {name[:3]: is_folding(sql) for name, sql in indexes(client, path).items()} == {"_ux": True, "_ix": False}
    client.send("PATCH", path, {"fields": {"name": {"index": False}}}, status=200)
    assert [name[:3] for name in indexes(client, path)] == ["_ux"]


def test_rows_that_clash(client):
    path = client.table({"name": "string"})
    client.send("POST", f"{path}rows/", [{"name": name} for name in ("x", "a", "A", "b", None, None)], status=201)
    change = {"fields": {"name": {"unique_ignore_case": True}}}
    told = client.refused("PATCH", path, change, status=409, code="lossy_change")
    assert told.json["fields"] == ["name"]
    assert told.json["samples"] == [{"id": 2, "rows": 2}]
    client.send("DELETE", f"{path}rows/3/", status=204)
    client.send("PATCH", path, change, status=200)
    client.refused("POST", f"{path}rows/", {"name": "B"}, status=409, code="unique_violation")


def test_from_one_kind_to_the_other(client, table):
    client.row(table, {"name": "a"})

    def change(**options):
        client.send("PATCH", table, {"fields": {"name": options}}, status=200)
        return [is_folding(sql) for sql in indexes(client, table).values()]

    assert change(unique=True) == [True]
    assert change(unique_ignore_case=False) == [False]
    client.row(table, {"name": "A"})
    client.refused("POST", f"{table}rows/", {"name": "A"}, status=409, code="unique_violation")
    wanted = {"fields": {"name": {"unique_ignore_case": True}}}
    client.refused("PATCH", table, wanted, status=409, code="lossy_change")
    assert change(unique=False) == []
    client.send("DELETE", f"{table}rows/2/", status=204)
    assert change(unique_ignore_case=True) == [True]


@pytest.mark.parametrize(
    "patch",
    [
        {"fields": {"label": {"renamed_from": "name"}}},
        {"fields": {"n": {"required": True, "default": 1}}},
        {"fields": {"label": {"renamed_from": "name", "type": "text"}, "n": None}},
        {"fields": {"name": {"required": True}, "n": "string"}},
        {"model_name": "Moved"},
    ],
    ids=["renamed", "rebuilt", "retyped", "required", "moved"],
)
def test_it_survives(client, table, patch):
    client.send("POST", f"{table}rows/", [{"name": "a", "n": 1}, {"name": "b", "n": 2}], status=201)
    if "model_name" in patch:
        patch = {"model_name": f"Moved{table.split('/')[2]}"}
    changed = client.send("PATCH", table, patch, status=200).json
    name = next(iter(changed["fields"]))
    assert [is_folding(sql) for sql in indexes(client, table).values()] == [True]
    told = client.refused("PATCH", f"{table}rows/2/", {name: "A"}, status=409, code="unique_violation")
    assert told.json["fields"] == [name]


def test_dropped(client, table):
    client.row(table, {"name": "a"})
    client.send("PATCH", table, {"fields": {"name": None}}, status=200)
    assert indexes(client, table) == {}
    client.send("DELETE", table, status=204)


def test_other_text_types(client):
    kinds = ("text", "email", "url", "slug")
    for kind in kinds:
        path = client.table({"value": {"type": kind, "unique_ignore_case": True}})
        assert [is_folding(sql) for sql in indexes(client, path).values()] == [True]


PAIRS = [("Ünal", "üNAL"), ("ΟΔΟΣ", "οδος"), ("Ёж", "ёж"), ("STRAẞE", "straße"), ("\u212ag", "KG")]


def test_letters_beyond_ascii(client, table):
    rows = f"{table}rows/"
    client.send("POST", rows, [{"name": one} for one, _ in PAIRS], status=201)
    for number, (_, other) in enumerate(PAIRS, 1):
        client.refused("POST", rows, {"name": other}, status=409, code="unique_violation")
        # By two ways: one statement, and staged rows.
        upsert = "resolution=merge-duplicates"
        client.send("POST", f"{rows}?on_conflict=name", {"name": other, "n": 1}, Prefer=upsert, status=200)
        assert client.get(f"{rows}{number}/")["n"] == 1
    documents = [{"name": one, "n": 2} for one, _ in PAIRS]
    client.send("POST", f"{rows}?on_conflict=name", documents, Prefer=upsert, status=200)
    assert [row["n"] for row in client.get(f"{rows}?order=id")] == [2] * len(PAIRS)
    twice = [{"name": name} for name in ("neu Ä", "NEU ä")]
    told = client.send("POST", f"{rows}?on_conflict=name", twice, Prefer=upsert)
    assert told.status_int in (400, 409, 422), told.text


def test_rows_that_clash_beyond_ascii(client):
    path = client.table({"name": "string"})
    client.send("POST", f"{path}rows/", [{"name": name} for name in ("Ä", "ä", "b")], status=201)
    told = client.refused(
        "PATCH", path, {"fields": {"name": {"unique_ignore_case": True}}}, status=409, code="lossy_change"
    )
    assert told.json["samples"] == [{"id": 1, "rows": 2}]


def test_a_rule_of_an_earlier_release(client, monkeypatch):
    """It folds ASCII alone, until it is taken out and put back; the rows that it allows hinder no other change."""
    with monkeypatch.context() as then:
        then.setattr(folding_table, "VERSION", 0)
        path = client.table({"name": {"type": "string", "unique_ignore_case": True}})
    rows = f"{path}rows/"
    client.send("POST", rows, [{"name": "Ä"}, {"name": "ä"}, {"name": "b"}], status=201)
    client.refused("POST", rows, {"name": "B"}, status=409, code="unique_violation")
    assert ["lower(" in sql for sql in indexes(client, path).values()] == [True]
    client.send("PATCH", path, {"fields": {"name": {"max_length": 50}, "n": "integer"}}, status=200)
    client.send("PATCH", path, {"fields": {"label": {"renamed_from": "name", "unique_ignore_case": True}}}, status=200)
    assert ["lower(" in sql for sql in indexes(client, path).values()] == [True]
    assert_promises(client.catalogue)
    client.send("PATCH", path, {"fields": {"label": {"unique_ignore_case": False}}}, status=200)
    change = {"fields": {"label": {"unique_ignore_case": True}}}
    client.refused("PATCH", path, change, status=409, code="lossy_change")
    client.send("DELETE", f"{rows}2/", status=204)
    client.send("PATCH", path, change, status=200)
    assert ["dynmodel_fold_1" in sql for sql in indexes(client, path).values()] == [True]
    assert_promises(client.catalogue)
    # A revert brings the old rule back, as it was.
    version = client.get(path)["version"]
    client.send("POST", f"{path}history/{version - 2}/revert/", status=200)
    assert ["lower(" in sql for sql in indexes(client, path).values()] == [True]
    assert_promises(client.catalogue)


def test_other_programs_on_sqlite_read_and_cannot_write(client, table):
    if client.catalogue.database.dialect.schema is not None:
        return
    client.row(table, {"name": "Ä"})
    model = client.get(table)["model_name"]
    with contextlib.closing(sqlite3.connect(client.catalogue.database.engine.url.database)) as other:
        assert other.execute(f'SELECT name FROM "{model}"').fetchall() == [("Ä",)]
        with pytest.raises(sqlite3.OperationalError, match="unknown function: dynmodel_fold_1"):
            other.execute(f"INSERT INTO \"{model}\" (name) VALUES ('b')")
