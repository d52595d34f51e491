"""What Citus needs of the SQL that is sent, and of the mapping of its errors; Citus itself is not at hand.

A trigger raises errors as Citus passes them on from a shard.
"""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

FIELDS = {"name": {"type": "string", "unique": True, "max_length": 20}, "size": {"type": "integer", "required": True}}


@pytest.fixture
def database(request):
    return request.param


def raising(catalogue, **given: str) -> None:
    """Let each new row of table 1 raise an error."""
    schema = catalogue.database.dialect.schema
    options = ", ".join(f"{key} = '{value}'" for key, value in given.items())
    with catalogue.database.writer.begin() as connection:
        for statement in (
            f"CREATE OR REPLACE FUNCTION {schema}.raising() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION USING {options}; END $$",
            f'CREATE OR REPLACE TRIGGER raising BEFORE INSERT ON {schema}."Thing" '
            f"FOR EACH ROW EXECUTE FUNCTION {schema}.raising()",
        ):
            connection.exec_driver_sql(statement)


@contextmanager
def statements_of(catalogue):
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(connection, cursor, statement, *further):
        sent.append(statement)

    sa.event.listen(catalogue.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(catalogue.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("raised", "code", "fields"),
    [
        ({"errcode": "23505", "message": 'duplicate key value violates unique constraint "_ux_1_1_102016"'},
         "unique_violation", ["name"]),
        ({"errcode": "23505", "message": "doppelter Schlüsselwert verletzt Unique-Constraint »_ux_1_1_102016«"},
         "unique_violation", ["name"]),
        ({"errcode": "23505", "message": "m", "table": "Thing_102016", "constraint": "_ux_1_1_102016"},
         "unique_violation", ["name"]),
        ({"errcode": "23505", "message": "m", "table": "Thing", "constraint": "_ux_1_1"},
         "unique_violation", ["name"]),
        ({"errcode": "23502",
          "message": 'null value in column "size" of relation "Thing_102016" violates not-null constraint'},
         "required_violation", ["size"]),
        ({"errcode": "23514",
          "message": 'new row for relation "Thing_102016" violates check constraint "_ck_1_1_max_length_102016"'},
         "check_violation", ["name"]),
        # Of another table: nothing is told.
        ({"errcode": "23505", "message": 'duplicate key value violates unique constraint "_ux_17_1_102016"'},
         "unique_violation", []),
        ({"errcode": "23505", "message": "m", "table": "Other_102016", "constraint": "_ux_1_1_102016"},
         "unique_violation", []),
        ({"errcode": "23505", "message": "without a name"}, "unique_violation", []),
    ],
)  # fmt: skip
def test_a_409_has_its_fields_though_the_names_are_a_shards(app, catalogue, raised, code, fields):
    app.post_json("/table/", {"model_name": "Thing", "fields": FIELDS}, status=201)
    raising(catalogue, **raised)
    problem = app.post_json("/table/1/rows/", {"name": "a", "size": 1}, status=409).json
    assert (problem["code"], problem["fields"]) == (code, fields)


def test_columns_of_a_conversion_in_place_stand_without_their_table(app, catalogue):
    app.post_json("/table/", {"model_name": "Thing", "fields": {"Größe": "integer", "other": "integer"}}, status=201)
    for size in (1, None):
        app.post_json("/table/1/rows/", {"Größe": size, "other": 2}, status=201)
    with statements_of(catalogue) as sent:
        fields = {"Größe": "string", "other": "integer"}
        app.put_json("/table/1/", {"model_name": "Thing", "fields": fields}, status=200)
    (using,) = [text.partition(" USING ")[2] for text in sent if text.startswith("ALTER TABLE") and " USING " in text]
    assert '"Größe"' in using
    assert not [word for word in ('"Thing"', "SELECT", ".") if word in using], using
    assert [row["Größe"] for row in app.get("/table/1/rows/").json] == ["1", None]


def test_values_of_a_conversion_are_joined_in_the_tables_own_schema(app, catalogue):
    fields = {"text": "string", "list": "json", "when": "string"}
    app.post_json("/table/", {"model_name": "Thing", "fields": fields}, status=201)
    rows = [
        {"text": '{"a": [[1, 2], [null]]}', "list": [["x"], None], "when": "2026-01-02T03:04:05Z"},
        {"text": "Grün\t\\N\n", "list": None, "when": None},
        {"text": None, "list": {"b": "\\"}, "when": "yesterday"},
    ]
    app.post_json("/table/1/rows/", rows, status=201)
    fields = {"text": "json", "list": "string", "when": {"type": "datetime", "unique": True}}
    with statements_of(catalogue) as sent:
        app.put_json("/table/1/?on_error=null", {"model_name": "Thing", "fields": fields}, status=200)
    aside = [text for text in sent if "_aside_" in text]
    assert len(aside) > 3 and not [text for text in sent if "TEMPORARY" in text and "_aside_" in text]
    schema = catalogue.database.dialect.schema
    assert not [text for text in aside if f'{schema}."_aside_' not in text]
    # They are no temporary tables, so nobody drops them but the change itself.
    with catalogue.database.reading() as connection:
        assert not catalogue.database.dialect.relations(connection, ["_aside_"])
    found = app.get("/table/1/rows/?order=id").json
    assert [row["text"] for row in found] == [{"a": [[1, 2], [None]]}, "Grün\t\\N\n", None]
    assert [row["list"] for row in found] == ['[["x"],null]', None, '{"b":"\\\\"}']
    assert [row["when"] for row in found] == ["2026-01-02T03:04:05Z", None, None]
    with catalogue.database.reading() as connection:
        query = "SELECT count(*) FROM pg_class WHERE relname LIKE '\\_aside\\_%%'"
        assert connection.exec_driver_sql(query).scalar() == 0


def test_temporary_tables_of_an_upload_are_joined_but_not_in_subqueries(app, catalogue):
    """Citus joins them with a tenant's tables, but refuses subqueries over the one that refer to the other."""
    app.post_json("/table/", {"model_name": "Far", "fields": {"code": {"type": "string", "unique": True}}}, status=201)
    link = {"type": "link", "table": "Far"}
    app.post_json("/table/", {"model_name": "Near", "fields": {"far": link, **FIELDS}}, status=201)
    app.post_json("/table/Far/rows/", {"code": "a"}, status=201)

    def upload(*further: str, **expected: int):
        lines = [f"1,n{number},{number}" for number in range(1500)]
        body = "far,name,size\n" + "\n".join([*lines, *further])
        return app.post("/table/Near/rows/", body, {"Content-Type": "text/csv"}, **expected)

    with statements_of(catalogue) as sent:
        problem = upload("9,x,1", status=422).json
        upload(status=201)
        clash = upload("1,n3,1", status=409).json
    assert [error["pointer"] for error in problem["errors"]] == ["/1500/far"]
    assert clash["error_count"] == 1501 and clash["errors"][0]["pointer"] == "/0/name"
    schema = catalogue.database.dialect.schema
    joined = [text for text in sent if "pg_temp" in text and f"{schema}." in text]
    assert len(joined) > 5
    assert not [text for text in joined if "EXISTS" in text or text.startswith(("UPDATE", "DELETE"))]
