"""``"index": "search"``: searches are narrowed by an index, and stay right whoever writes."""

import contextlib
import random
import sqlite3
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from tests.promises import assert_promises

TEXTS = [
    "Red car",
    "red cars",
    "CAR, red",
    "Blue Ärger",
    "blue arger",
    "Ångström über alles",
    "1e5abc",
    "",
    "x" * 3000,
    None,
]


@pytest.fixture
def app(make_app):
    return make_app(**{"dynmodel.plan_enabled": "true"})


@pytest.fixture
def table(app):
    fields = {
        "title": {"type": "string", "max_length": 5000, "index": "search"},
        "body": {"type": "text", "index": "search", "ignore_accents": True},
        "plain": "text",
    }
    made = app.post_json("/table/", {"model_name": "Note", "fields": fields})
    path = f"/table/{made.json['id']}/"
    app.post_json(f"{path}rows/", [{"title": text, "body": text, "plain": text} for text in TEXTS])
    return path


def ids(app, path, **conditions):
    rows = app.get(f"{path}rows/", {**conditions, "select": "id", "order": "id"}).json
    return [row["id"] for row in rows]


CONDITIONS = [
    "fts.red & car", "fts.red <-> car", "fts.!red", "fts.red | über", "fts.ca:*", "plfts.car red", "phfts.red car",
    "wfts.red -cars", "not.fts.red", "fts.1e5", "fts.abc", "ilike.red*", "ilike.RED C*", "ilike.red car", "ilike.*car",
    "ilike.red_car*", "not.ilike.red*", "ilike.x*", "ilike.1e5a*", "ilike.ångström ü*", "ilike.*", "fts.arger",
    "ilike(any).{red*,blue*}", "fts.'--'", "ilike.\\red*",
]  # fmt: skip


def catalogue_of(app):
    return app.app.registry.dynmodel_catalogue


def agree(app, path, conditions=("fts.red & car", "fts.red <-> car", "ilike.RED C*")):
    """Indexed and other fields find the same; -> the ids by condition."""
    found = {}
    for condition in conditions:
        found[condition] = ids(app, path, title=condition)
        assert found[condition] == ids(app, path, plain=condition), condition
        either = f"(title.{condition},id.eq.0)" if not condition.startswith("not.") else f"(title.{condition})"
        assert ids(app, path, **{"or": either}) == found[condition], condition
        negated = ids(app, path, **{"not.and": f"(title.{condition},id.gt.0)"})
        assert negated == ids(app, path, **{"not.and": f"(plain.{condition},id.gt.0)"}), condition
    return found


def test_an_index_finds_what_a_scan_finds(app, table):
    found = agree(app, table, CONDITIONS)
    assert found["fts.red & car"] == [1, 3]
    assert found["ilike.red*"] == [1, 2]
    assert ids(app, table, body="fts.arger") == [4, 5]
    assert ids(app, table, body="ilike.ANGSTROM*") == [6]
    assert_promises(catalogue_of(app))


def plan(app, **condition):
    return app.get("/rest/Note", condition, headers={"Accept": "application/vnd.pgrst.plan+text"}).text


def test_the_index_is_used(app, table):
    rows = [{"title": f"word{number} other", "body": f"wörd{number} other"} for number in range(3000)]
    app.post_json(f"{table}rows/", rows)
    catalogue = catalogue_of(app)
    is_sqlite = catalogue.database.dialect.name == "sqlite"
    if not is_sqlite:
        with catalogue.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f'ANALYZE "{catalogue.database.dialect.schema}"."Note"')
    for field, condition, index in [
        ("title", "fts.word77", "_sx_1_1"),
        ("title", "fts.word77 & !blue", "_sx_1_1"),
        ("title", "ilike.WORD77 *", "_sx_1_1" if is_sqlite else "_fx_1_1"),
        ("body", "plfts.word77", "_sx_1_2"),
        ("body", "ilike.wörd77 *", "_sx_1_2" if is_sqlite else "_fx_1_2"),
    ]:
        text = plan(app, **{field: condition})
        assert index in text, (condition, text)
        if is_sqlite:
            assert "USING INTEGER PRIMARY KEY" in text, text
    assert "_sx_" not in plan(app, plain="fts.word77")
    assert ids(app, table, title="fts.word77", body="fts.wörd77") == [88]
    assert ids(app, table, title="ilike.WORD77 *") == [88]


def test_changes_of_the_definition(app, table):
    catalogue = catalogue_of(app)

    def change(fields, **more):
        app.patch_json(table, {"fields": fields, **more})
        assert_promises(catalogue)
        return agree(app, table)

    before = agree(app, table)
    app.patch_json(
        table, {"fields": {"title": {"renamed_from": "title", "index": True, "max_length": 5000}}}, status="*"
    )
    assert change({"title": {"index": False}}) == before
    assert change({"title": {"index": "search"}}) == before
    assert change({"title": {"type": "text"}}) == before
    app.patch_json(table, {"fields": {"heading": {"renamed_from": "title"}}})
    assert_promises(catalogue)
    assert ids(app, table, heading="fts.red & car") == before["fts.red & car"]
    odd = 'it\'s "%s" :x'
    app.patch_json(table, {"model_name": 'My "100 %" notes: a', "fields": {odd: {"renamed_from": "heading"}}})
    assert_promises(catalogue)
    app.patch_json(table, {"model_name": "Paper", "fields": {"title": {"renamed_from": odd}}})
    assert_promises(catalogue)
    assert change({"body": {"ignore_accents": False}}) == before
    assert ids(app, table, body="fts.arger") == [5]
    # A rebuild on SQLite: a required field with a default.
    assert change({"n": {"type": "integer", "required": True, "default": 1}}) == before
    app.patch_json(table, {"fields": {"title": None}})
    assert_promises(catalogue)
    version = app.get(table).json["version"]
    app.post_json(f"{table}history/{version - 1}/revert/")
    assert_promises(catalogue)
    assert agree(app, table) == before
    app.delete(table)
    assert_promises(catalogue)
    app.post_json("/trash/1/restore/", {})
    assert_promises(catalogue)
    assert agree(app, table) == before
    app.delete(table)
    app.delete("/trash/1/")
    assert_promises(catalogue)


def test_what_is_refused(app):
    for index, kind in (("words", "string"), ("search", "integer"), (1, "string"), ("search", "tags")):
        document = {"model_name": "Wrong", "fields": {"a": {"type": kind, "index": index}}}
        answer = app.post_json("/table/", document, status=422)
        assert "/fields/a/index" in answer.text, answer.json


def test_others_write(app, table):
    """By SQL of their own, without our functions; also what would replace a row, or fails."""
    catalogue = catalogue_of(app)
    agree(app, table)
    if catalogue.database.dialect.name == "sqlite":
        path = catalogue.database.engine.url.database
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            _write(other.execute, '"Note"')
            other.execute("UPDATE OR IGNORE \"Note\" SET title = 'red car again' WHERE id = 3")
            other.execute("UPDATE OR FAIL \"Note\" SET title = 'red car once more' WHERE id = 3")
            other.execute("INSERT OR REPLACE INTO \"Note\" (id, title, plain) VALUES (2, 'car red', 'car red')")
            other.execute('UPDATE "Note" SET plain = title')
            assert other.execute("SELECT count(*) FROM _dynmodel_unindexed").fetchone()[0] > 3
    else:
        schema = catalogue.database.dialect.schema
        with catalogue.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _write(lambda sql: connection.execute(sa.text(sql)), f'"{schema}"."Note"')
    first = agree(app, table)
    assert 11 in first["fts.red <-> car"]
    app.post_json(f"{table}rows/", {"title": "a red car", "plain": "a red car"})
    assert agree(app, table)["fts.red <-> car"] == [*first["fts.red <-> car"], 12]
    if catalogue.database.dialect.name == "sqlite":
        with catalogue.database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM _dynmodel_unindexed").scalar() == 0
    assert_promises(catalogue)


def _write(run, table):
    run(f"INSERT INTO {table} (title, plain) VALUES ('my red car', 'my red car')")
    run(f"UPDATE {table} SET title = 'green', plain = 'green' WHERE id = 1")
    run(f"DELETE FROM {table} WHERE id = 4")


def test_writes_by_chance(app, table):
    """Of rows and in bulk, with rollbacks in between."""
    chance, words = random.Random(3), ["red", "car", "cars", "Über", "blue", "x1e5", "1e5abc"]
    for _ in range(12):
        text = " ".join(chance.choices(words, k=3))
        kind = chance.randrange(5)
        if kind == 0:
            app.post_json(f"{table}rows/", [{"title": text, "plain": text}] * 3)
        elif kind == 1:
            app.patch_json(f"{table}rows/?title=fts.{quote(chance.choice(words))}", {"title": text, "plain": text})
        elif kind == 2:
            app.delete(f"{table}rows/?title=ilike.{quote(chance.choice(words))}*")
        elif kind == 3:
            app.patch_json(f"{table}rows/?id=gt.3", {"title": text, "plain": text}, headers={"Prefer": "tx=rollback"})
        else:
            app.put_json(f"{table}rows/1/", {"title": text, "plain": text, "body": None}, status="*")
        for condition in ("fts.red & car", "fts.1e5", "ilike.red*", "fts.über"):
            assert ids(app, table, title=condition) == ids(app, table, plain=condition)


def test_giant_texts(app, table):
    """Their first 100,000 characters are searched; with few words, many, and one that is the whole text."""
    texts = ["first " + "red " * 60_000 + "last", " ".join(map(str, range(50_000))), "y" * 200_000]
    app.post_json(f"{table}rows/", [{"body": text} for text in texts])
    assert ids(app, table, body="fts.first <-> red") == [11]
    assert ids(app, table, body="fts.last") == []
    assert ids(app, table, body="plfts.7 17000") == [12]
    assert ids(app, table, body="fts.49999") == []
    assert ids(app, table, body="ilike.yyy*") == [13]
    assert ids(app, table, body="ilike.*last") == [11]
