"""A database of a release without tables of letters is upgraded: searches work, and rules stay as they are."""

import sqlalchemy as sa

from dynmodel_pyramid.database.texts import folding_table, functions


def test_an_upgrade(make_app, monkeypatch):
    app = make_app(**{"dynmodel.auto_upgrade": "true"})
    with monkeypatch.context() as then:
        then.setattr(folding_table, "VERSION", 0)
        fields = {"a": {"type": "string", "unique_ignore_case": True}, "b": "text"}
        app.post_json("/table/", {"model_name": "Old", "fields": fields})
    app.post_json("/table/1/rows/", [{"a": "Ä", "b": "Ein Wort"}, {"a": "ä"}, {"a": "x"}])
    downgrade(app.app.registry.dynmodel_catalogue.database)
    app = make_app(**{"dynmodel.auto_upgrade": "true"})
    assert [row["id"] for row in app.get("/table/1/rows/", {"a": "ilike.ä"}).json] == [1, 2]
    assert [row["id"] for row in app.get("/table/1/rows/", {"b": "fts.wort"}).json] == [1]
    app.post_json("/table/1/rows/", {"a": "X"}, status=409)
    app.patch_json("/table/1/", {"fields": {"b": {"index": "search"}}})
    assert [row["id"] for row in app.get("/table/1/rows/", {"b": "fts.wort"}).json] == [1]
    assert app.get("/table/1/health/").json["status"] == "healthy"


def downgrade(database):
    """Take out what the upgrade brings, and write definitions as they were."""
    table, schema = database.system.table, database.dialect.schema
    # On SQLite a transaction that does not count as a write: at its commit there is no table of notes.
    engine = database.engine if schema is None else database.writer
    with engine.begin() as connection:
        document = connection.scalar(sa.select(table.c.document))
        for field in document["fields"]:
            del field["folding"], field["options"]["ignore_accents"]
            field["options_version"] = 1
        connection.execute(sa.update(table).values(document=document))
        if schema is None:
            connection.exec_driver_sql("ALTER TABLE _dynmodel_unindexed RENAME TO gone")
            connection.exec_driver_sql("DROP TABLE _dynmodel_answer")
            connection.exec_driver_sql("DROP TABLE _dynmodel_view")
            connection.exec_driver_sql("UPDATE _dynmodel_alembic SET version_num = '0004'")
            return
        for name in (functions.FOLD_ACCENTS, functions.WORDS, functions.FOLD):
            connection.exec_driver_sql(f'DROP FUNCTION "{schema}".{name}(text)')
        connection.exec_driver_sql(f'DROP TABLE "{schema}"._dynmodel_answer')
        connection.exec_driver_sql(f'DROP TABLE "{schema}"._dynmodel_view')
        connection.exec_driver_sql(f"UPDATE \"{schema}\"._dynmodel_alembic SET version_num = '0004'")
