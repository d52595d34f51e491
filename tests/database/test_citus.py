"""What Citus needs of the SQL that is sent, and of the mapping of its errors; Citus itself is not at hand.

A trigger raises errors as Citus passes them on from a shard.
"""

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
    sent: list[str] = []

    def note(connection, cursor, statement, *further):
        sent.append(statement)

    sa.event.listen(catalogue.database.engine, "before_cursor_execute", note)
    try:
        fields = {"Größe": "string", "other": "integer"}
        app.put_json("/table/1/", {"model_name": "Thing", "fields": fields}, status=200)
    finally:
        sa.event.remove(catalogue.database.engine, "before_cursor_execute", note)
    (using,) = [text.partition(" USING ")[2] for text in sent if text.startswith("ALTER TABLE") and " USING " in text]
    assert '"Größe"' in using
    assert not [word for word in ('"Thing"', "SELECT", ".") if word in using], using
    assert [row["Größe"] for row in app.get("/table/1/rows/").json] == ["1", None]
