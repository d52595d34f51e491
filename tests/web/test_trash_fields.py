"""The trash of a table: dropped fields and old columns, listed, brought back and purged."""

import datetime

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.testing.strategies import drawn
from tests.every_type import written_types

SYSTEM = ["id", "_version", "_created", "_updated"]


def drop(client, path, *names, **keywords):
    return client.send("PATCH", path, {"fields": dict.fromkeys(names)}, status=200, **keywords)


def trash(client, path):
    return client.get(f"{path}trash/")


def restore(client, path, number, overrides=None, query="", **keywords):
    document = {} if overrides is None else {"document": overrides}
    return client.send("POST", f"{path}trash/{number}/restore/{query}", status=200, **document, **keywords)


def columns(client, path):
    """The columns that the database has."""
    database = client.catalogue.database
    with database.reading() as connection:
        return database.dialect.column_names(connection, client.get(path)["model_name"])


def quarantine(client):
    with client.catalogue.database.reading() as connection:
        lines = client.catalogue.database.system.quarantine
        return connection.execute(sa.select(lines.c.row_id, lines.c.value, lines.c.reason).order_by(lines.c.id)).all()


def test_what_is_listed(fresh):
    path = fresh.table({"a": {"type": "string", "max_length": 9, "label": "A"}, "b": "string"}, "Thing")
    for a, b in (("x", "1"), (None, "y"), ("z", None)):
        fresh.row(path, {"a": a, "b": b})
    assert trash(fresh, path) == []
    before = datetime.datetime.now(datetime.UTC)
    drop(fresh, path, "a")
    fresh.send("PATCH", f"{path}?on_error=null", {"fields": {"b": "integer"}}, status=200)
    first, second = trash(fresh, path)
    moment = datetime.datetime.fromisoformat(first["dropped_at"])
    assert before <= moment <= datetime.datetime.now(datetime.UTC)
    assert datetime.datetime.fromisoformat(first["kept_until"]) - moment == datetime.timedelta(days=30)
    definition = first.pop("definition")
    assert (definition["max_length"], definition["label"], definition["id"]) == (9, "A", 1)
    assert "position" not in definition
    assert first == {
        "number": 1,
        "name": "a",
        "field_id": 1,
        "type": "string",
        "reason": "dropped",
        "dropped_at": first["dropped_at"],
        "dropped_version": 2,
        "rows": 2,
        "kept_until": first["kept_until"],
    }
    assert (second["name"], second["reason"], second["rows"], second["dropped_version"]) == ("b", "replaced", 2, 3)
    assert fresh.get(f"{path}trash/2/") == second
    # The reason stays what it was, whatever becomes of the field.
    drop(fresh, path, "b")
    assert [each["reason"] for each in trash(fresh, path)] == ["dropped", "replaced", "dropped"]
    for address in ("3/x", "x", "0", "1/restore/x"):
        fresh.send("GET", f"{path}trash/{address}/", status=404)
    fresh.refused("GET", f"{path}trash/9/", status=404, code="not_found")
    fresh.refused("GET", f"{path}trash/1/?x=1", status=400, code="unknown_parameter")
    assert fresh.send("PUT", f"{path}trash/1/", {}, status=405).headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert fresh.send("GET", f"{path}trash/1/restore/", status=405).headers["Allow"] == "OPTIONS, POST"


def test_kept_for_ever(make_app):
    from tests.web.client import Client

    client = Client(make_app(**{"dynmodel.trash_days": "0"}))
    path = client.table({"a": "string"})
    drop(client, path, "a")
    assert trash(client, path)[0]["kept_until"] is None


@pytest.fixture(scope="module")
def every_type(client):
    """(path, rows, the table's document) of a table with a field of every type whose values clients write."""
    types = written_types()
    fields = {f"f_{name}": {"type": name, **options} for name, (options, _) in types.items()}
    path = client.table(fields)
    samples = {name: [value for value, _ in drawn(strategy, 3)] for name, (_, strategy) in types.items()}
    rows = [{f"f_{name}": values[number] for name, values in samples.items()} for number in range(3)]
    client.send("POST", f"{path}rows/", [*rows, {}], status=201)
    return path, client.get(f"{path}rows/"), client.get(path)


@pytest.mark.parametrize("name", written_types())
def test_a_field_of_every_type_comes_back(client, every_type, name):
    path, rows, document = every_type
    field = f"f_{name}"
    drop(client, path, field)
    kept = trash(client, path)[-1]
    assert kept["rows"] == sum(row[field] is not None for row in rows)
    restored = restore(client, path, kept["number"]).json
    assert {**restored["fields"][field], "position": 0} == {**document["fields"][field], "position": 0}
    assert client.get(f"{path}rows/") == rows
    assert trash(client, path) == []
    assert [name for name in columns(client, path) if name.startswith("_") and name not in SYSTEM] == []


def test_all_fields_come_back_after_the_table_was_rebuilt(client, every_type):
    path, rows, document = every_type
    drop(client, path, *document["fields"])
    client.send("PATCH", path, {"fields": {"new": {"type": "integer", "required": True, "default": 1}}}, status=200)
    client.send("PATCH", path, {"fields": {"new": {"required": False}}}, status=200)
    for kept in trash(client, path):
        restore(client, path, kept["number"])
    drop(client, path, "new")
    client.send("DELETE", f"{path}trash/{trash(client, path)[0]['number']}/", status=204)
    after = client.get(path)
    unplaced = [{name: {**f, "position": 0} for name, f in each["fields"].items()} for each in (after, document)]
    assert unplaced[0] == unplaced[1]
    assert client.get(f"{path}rows/") == rows


def test_given_values_come_back(fresh):
    path = fresh.table({"a": "string", "n": "autonumber", "made_by": "created_by"})
    rows = [fresh.row(path, {"a": "x"}) for _ in range(3)]
    drop(fresh, path, "n", "made_by")
    fresh.row(path, {"a": "y"})
    restore(fresh, path, 1)
    restore(fresh, path, 2)
    after = fresh.get(f"{path}rows/")
    assert after[:3] == rows
    assert after[3]["n"] == 4
    assert fresh.row(path, {})["n"] == 5


def test_answer_and_preconditions(fresh):
    path = fresh.table({"a": "string", "b": "string"}, "Thing")
    drop(fresh, path, "a")
    fresh.refused("POST", f"{path}trash/1/restore/", status=412, code="precondition_failed", if_match='"1"')
    fresh.refused("DELETE", f"{path}trash/1/", status=412, code="precondition_failed", if_match='"1"')
    answer = restore(fresh, "/table/Thing/", 1, if_match='"2"')
    assert (answer.headers["ETag"], answer.headers["Definition-Version"]) == ('"3"', "3")
    assert answer.json == fresh.get(path)
    assert list(answer.json["fields"]) == ["b", "a"]
    assert answer.json["fields"]["a"]["id"] == 1
    fresh.refused("POST", f"{path}trash/1/restore/", status=404, code="not_found")
    drop(fresh, path, "a")
    answer = fresh.send("DELETE", f"{path}trash/2/", status=204, if_match='"4"')
    assert answer.headers["Definition-Version"] == "4"
    assert fresh.get(path)["version"] == 4
    fresh.refused("DELETE", f"{path}trash/2/", status=404, code="not_found")


def test_overrides(fresh):
    path = fresh.table({"a": {"type": "string", "required": True, "label": "L"}, "b": "string"})
    for value in ("1", "2"):
        fresh.row(path, {"a": value})
    drop(fresh, path, "a")
    fresh.row(path, {"b": "later"})
    answer = fresh.refused("POST", f"{path}trash/1/restore/", status=409, code="lossy_change")
    assert (answer.json["count"], answer.json["samples"]) == (1, [{"id": 3}])
    assert '{"required": false}' in answer.json["hint"]
    for overrides, code in {
        '{"required": 1}': "/required wrong_type",
        '{"nothing": 1}': "/nothing unknown_option",
        '{"id": 7}': "/id read_only",
        '{"renamed_from": "x"}': "/renamed_from unknown_option",
        '{"name": "B"}': "/name duplicate_name",
        '{"name": "_x"}': "/name invalid_name",
        '{"name": 1}': "/name invalid_name",
        '{"type": "nothing"}': "/type unknown_type",
        '{"position": 0}': "/position wrong_type",
        '{"max_length": -1}': "/max_length",
        "[]": " wrong_type",
        "1": " wrong_type",
    }.items():
        answer = fresh.send("POST", f"{path}trash/1/restore/", body=overrides.encode(), status=422)
        told = [f"{error['pointer']} {error['code']}" for error in answer.json["errors"]]
        assert any(each.startswith(code) for each in told), (overrides, told)
    fresh.refused("POST", f"{path}trash/1/restore/", status=400, code="malformed_json", body=b"{")
    overrides = {"id": 1, "name": "c", "required": False, "type": "integer", "position": 1, "min": 1}
    answer = restore(fresh, path, 1, overrides).json
    assert list(answer["fields"]) == ["c", "b"]
    field = answer["fields"]["c"]
    assert (field["id"], field["type"], field["label"], field["min"]) == (1, "integer", "L", 1)
    assert [row["c"] for row in fresh.get(f"{path}rows/")] == [1, 2, None]
    assert trash(fresh, path) == []
    fresh.send("POST", f"{path}rows/", {"c": 0}, status=422)


def test_default_fills_rows_that_came_meanwhile(fresh):
    path = fresh.table({"a": {"type": "string", "required": True, "default": "d"}, "b": "string"})
    fresh.row(path, {"a": "x"})
    drop(fresh, path, "a")
    fresh.row(path, {})
    fresh.refused("POST", f"{path}trash/1/restore/", status=409, code="lossy_change")
    fresh.refused("POST", f"{path}trash/1/restore/?on_error=x", status=400, code="invalid_parameter")
    restore(fresh, path, 1, query="?on_error=default")
    assert [row["a"] for row in fresh.get(f"{path}rows/")] == ["x", "d"]


def test_values_that_an_override_loses_stay_in_the_trash(fresh):
    path = fresh.table({"a": "string", "b": "string"})
    for value in ("1", "x"):
        fresh.row(path, {"a": value})
    drop(fresh, path, "a")
    fresh.refused("POST", f"{path}trash/1/restore/", {"type": "integer"}, status=409, code="lossy_change")
    restore(fresh, path, 1, {"type": "integer"}, "?on_error=null")
    assert [row["a"] for row in fresh.get(f"{path}rows/")] == [1, None]
    assert [(each["number"], each["rows"]) for each in trash(fresh, path)] == [(1, 2)]
    restore(fresh, path, 1, {"name": "c"})
    assert [row["c"] for row in fresh.get(f"{path}rows/")] == ["1", "x"]
    assert trash(fresh, path) == []


def test_taken_names(fresh):
    path = fresh.table({"a": "string", "b": "string"})
    fresh.row(path, {"a": "old"})
    drop(fresh, path, "a")
    fresh.send("PATCH", path, {"fields": {"A": "integer"}}, status=200)
    answer = fresh.refused("POST", f"{path}trash/1/restore/", status=409, code="name_taken")
    assert '"name"' in answer.json["hint"]
    fresh.send("PATCH", path, {"fields": {"c": {"type": "integer", "id": 3, "aliases": ["a"]}, "A": None}}, status=200)
    fresh.refused("POST", f"{path}trash/1/restore/", status=409, code="name_taken")
    answer = restore(fresh, path, 1, {"name": "d"}).json
    assert answer["fields"]["d"]["id"] == 1
    assert fresh.get(f"{path}rows/1/")["d"] == "old"


def test_old_column_of_a_conversion_comes_back_beside_the_field(fresh):
    path = fresh.table({"a": {"type": "string", "unique": True}})
    for value in ("1", "x"):
        fresh.row(path, {"a": value})
    fresh.send("PATCH", f"{path}?on_error=null", {"fields": {"a": "integer"}}, status=200)
    fresh.refused("POST", f"{path}trash/1/restore/", status=409, code="name_taken")
    answer = restore(fresh, path, 1, {"name": "old"}).json
    assert {name: field["id"] for name, field in answer["fields"].items()} == {"a": 1, "old": 2}
    assert fresh.get(f"{path}rows/") == [{"id": 1, "a": 1, "old": "1"}, {"id": 2, "a": None, "old": "x"}]
    assert fresh.send("POST", f"{path}rows/", {"old": "x"}, status=409).json["code"] == "unique_violation"
    assert fresh.send("PATCH", path, {"fields": {"new": "string"}}, status=200).json["fields"]["new"]["id"] == 3


def test_unique_that_rows_violate_by_now(fresh):
    path = fresh.table({"a": {"type": "integer", "unique": True}, "b": "string"})
    fresh.row(path, {"a": 1})
    fresh.row(path, {"a": 2})
    drop(fresh, path, "a")
    fresh.row(path, {"b": "later"})
    fresh.refused("POST", f"{path}trash/1/restore/", {"default": None, "max": 1}, status=409, code="lossy_change")
    # A constant takes the place of all that are lost.
    overrides = {"max": 1, "default": 1}
    answer = fresh.refused(
        "POST", f"{path}trash/1/restore/?on_error=default", overrides, status=409, code="lossy_change"
    )
    assert answer.json["count"] == 2
    restore(fresh, path, 1)
    assert fresh.send("POST", f"{path}rows/", {"a": 2}, status=409).json["code"] == "unique_violation"


def test_rules_over_several_fields_stay_away(fresh):
    rules = {"unique": [{"fields": ["a", "b"]}], "indexes": [{"fields": ["b", "a"]}, {"fields": ["b"]}]}
    path = fresh.table({"a": {"type": "string", "index": True}, "b": "string"}, **rules)
    fresh.row(path, {"a": "x", "b": "y"})
    fresh.send("PUT", path, {"fields": {"b": "string"}, "indexes": [{"fields": ["b"]}]}, status=200)
    answer = restore(fresh, path, 1).json
    assert (answer["unique"], [index["name"] for index in answer["indexes"]]) == ([], ["b"])
    assert answer["fields"]["a"]["index"] is True
    fresh.row(path, {"a": "x", "b": "y"})


def test_checks_of_the_database_come_back(fresh):
    """Also when the table was built anew in between, and when the field is dropped again, purged or changed."""
    path = fresh.table({"a": {"type": "integer", "max": 9}, "b": "string"}, "Checked")
    fresh.row(path, {"a": 9})

    def refuses(value) -> bool:
        database = fresh.catalogue.database
        quote = database.engine.dialect.identifier_preparer.quote_identifier
        table = quote("Checked") if database.dialect.schema is None else f'{quote(database.dialect.schema)}."Checked"'
        try:
            with database.changing() as connection:
                connection.exec_driver_sql(f"INSERT INTO {table} (a) VALUES ({value})")
                connection.rollback()
        except sa.exc.IntegrityError:
            return True
        return False

    assert refuses(10) and not refuses(9)
    drop(fresh, path, "a")
    restore(fresh, path, 1)
    assert refuses(10) and not refuses(9)
    drop(fresh, path, "a")
    fresh.send("PATCH", path, {"fields": {"b": {"default": "x"}}}, status=200)
    restore(fresh, path, 2)
    assert refuses(10) and not refuses(9)
    drop(fresh, path, "a")
    restore(fresh, path, 3, {"max": 20})
    assert refuses(21) and not refuses(20)
    drop(fresh, path, "a")
    fresh.send("DELETE", f"{path}trash/4/", status=204)
    assert columns(fresh, path) == [*SYSTEM, "b"]
    assert fresh.get(f"{path}rows/") == [{"id": 1, "b": None}]


def test_purge_forgets_all_about_the_field(fresh):
    path = fresh.table({"a": "string", "b": "string"})
    for value in ("1", "x"):
        fresh.row(path, {"a": value, "b": value})
    for name in "ab":
        fresh.send("PATCH", f"{path}?on_error=quarantine", {"fields": {name: "integer"}}, status=200)
    assert len(quarantine(fresh)) == 2
    drop(fresh, path, "a")
    rows = fresh.get(f"{path}rows/")
    for kept in trash(fresh, path):
        fresh.send("DELETE", f"{path}trash/{kept['number']}/", status=204)
    # b is there still, and so is what is kept of its values.
    assert [line[:2] for line in quarantine(fresh)] == [(2, "x")]
    assert columns(fresh, path) == [*SYSTEM, "b"]
    assert trash(fresh, path) == []
    assert fresh.get(f"{path}rows/") == rows
    assert fresh.row(path, {"b": 5}) == {"id": 3, "b": 5}
