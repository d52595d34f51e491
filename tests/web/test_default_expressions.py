"""``default_expression``: for new rows, for rows that are there, and for objects."""

import datetime
import uuid

import pytest

MOMENTS = {
    "made": {"type": "datetime", "default_expression": "now"},
    "day": {"type": "date", "default_expression": "today"},
    "key": {"type": "uuid", "default_expression": "uuid", "unique": True},
    "text": {"type": "string", "default_expression": "uuid", "required": True},
}


def is_uuid(text: str) -> bool:
    return str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4


def test_rows(client):
    path = client.table({"n": "integer", **MOMENTS})
    before = datetime.datetime.now(datetime.UTC)
    rows = client.send("POST", f"{path}rows/", [{"n": number} for number in range(30)], status=201).json
    after = datetime.datetime.now(datetime.UTC)
    assert len({row["made"] for row in rows}) == 1
    made = datetime.datetime.fromisoformat(rows[0]["made"])
    assert before <= made <= after
    assert rows[0]["made"].endswith("Z")
    assert {row["day"] for row in rows} <= {before.date().isoformat(), after.date().isoformat()}
    for name in ("key", "text"):
        assert len({row[name] for row in rows}) == 30
        assert all(is_uuid(row[name]) for row in rows)


def test_given_values_and_nulls_stay(client):
    path = client.table({"n": "integer", **MOMENTS})
    given = {"made": "2026-01-31T12:00:00Z", "day": None, "key": str(uuid.uuid4()), "text": "x"}
    row = client.row(path, given)
    assert row == {"id": 1, "n": None, **given}
    client.refused("POST", f"{path}rows/", {"text": None}, status=422, code="/text required")
    assert client.send("PATCH", f"{path}rows/1/", {"n": 1}, status=200).json == {**row, "n": 1}
    replaced = client.send("PUT", f"{path}rows/1/", {"n": 2}, status=200).json
    assert replaced["made"] > given["made"]
    assert is_uuid(replaced["key"])
    assert replaced["key"] != given["key"]


def test_a_value_that_the_field_refuses_later(client):
    path = client.table({"day": {"type": "date", "default_expression": "today"}, "n": "integer"})
    # What is refused at the definition can't come about by itself but with time.
    client.refused(
        "PATCH",
        path,
        {"fields": {"day": {"max": "2020-01-01"}}},
        status=422,
        code="/fields/day/default_expression too_large",
    )


@pytest.mark.parametrize("required", [False, True])
def test_added_to_a_table_with_rows(client, required):
    path = client.table({"n": "integer"})
    client.send("POST", f"{path}rows/", [{"n": number} for number in range(2500)], status=201)
    added = {name: {**made, "required": required} for name, made in MOMENTS.items()}
    client.send("PATCH", path, {"fields": added}, status=200)
    rows = client.get(f"{path}rows/")
    assert [row["n"] for row in rows] == list(range(2500))
    for name in ("key", "text"):
        assert len({row[name] for row in rows}) == 2500
        assert is_uuid(rows[-1][name])
    assert all(row["made"] and row["day"] for row in rows)
    if required:
        client.refused("POST", f"{path}rows/", {"key": None}, status=422, code="/key required")
    assert is_uuid(client.row(path, {"n": 1})["key"])


def test_added_beside_other_changes(client):
    """Renames that swap, a retyped field, a dropped one and a renamed table in the same change."""
    path = client.table({"a": "integer", "b": "string", "c": "string", "d": "integer"})
    client.row(path, {"a": 1, "b": "x", "c": "3", "d": 4})
    fields = {
        "key": {"type": "uuid", "default_expression": "uuid", "required": True, "unique": True},
        "b": {"id": 1, "type": "integer"},
        "a": {"id": 2, "type": "string"},
        "c": "integer",
    }
    client.send("PUT", path, {"model_name": f"Moved{path.split('/')[2]}", "fields": fields}, status=200)
    (row,) = client.get(f"{path}rows/")
    assert is_uuid(row.pop("key"))
    assert row == {"id": 1, "a": "x", "b": 1, "c": 3}


def test_becomes_required(client):
    path = client.table({"n": "integer", "key": "uuid"})
    client.send("POST", f"{path}rows/", [{"n": number} for number in range(3)], status=201)
    change = {"fields": {"key": {"required": True, "default_expression": "uuid"}}}
    client.refused("PATCH", path, change, status=409, code="lossy_change")
    client.send("PATCH", f"{path}?on_error=default", change, status=200)
    assert len({row["key"] for row in client.get(f"{path}rows/")}) == 3


def test_conversion(client):
    path = client.table({"key": "string"})
    known = str(uuid.uuid4())
    client.send("POST", f"{path}rows/", [{"key": "x"}, {"key": known}, {"key": "y"}, {"key": None}], status=201)
    change = {"fields": {"key": {"type": "uuid", "default_expression": "uuid"}}}
    client.refused("PATCH", path, change, status=409, code="lossy_change")
    client.send("PATCH", f"{path}?on_error=default", change, status=200)
    first, second, third, fourth = (row["key"] for row in client.get(f"{path}rows/"))
    assert (second, fourth) == (known, None)
    assert is_uuid(first)
    assert is_uuid(third)
    assert first != third


def test_to_and_from_a_constant(client):
    path = client.table({"text": {"type": "string", "default": "x"}, "n": "integer"})
    client.send("PATCH", path, {"fields": {"text": {"default": None, "default_expression": "uuid"}}}, status=200)
    assert is_uuid(client.row(path, {})["text"])
    client.send("PATCH", path, {"fields": {"text": {"default": "y", "default_expression": None}}}, status=200)
    assert client.row(path, {})["text"] == "y"


def test_objects(client):
    path = client.table({"n": "integer", **MOMENTS}, "Objects")
    with client.catalogue.session() as session:
        cls = client.catalogue.models["Objects"]
        session.add_all([cls(n=number) for number in range(2)])
    first, second = client.get(f"{path}rows/")
    assert is_uuid(first["key"])
    assert first["key"] != second["key"]
    assert first["made"]


def test_one_moment_for_all_that_a_request_writes(client):
    moments = {name: {"type": "datetime", "default_expression": "now"} for name in ("a", "b")}
    path = client.table({"n": "integer"})
    client.send("POST", f"{path}rows/", [{"n": number} for number in range(50)], status=201)
    client.send("PATCH", path, {"fields": moments}, status=200)
    assert len({row[name] for row in client.get(f"{path}rows/") for name in moments}) == 1
    for number in range(10):
        row = client.send("PUT", f"{path}rows/1/", {"n": number}, status=200).json
        assert row["a"] == row["b"]


@pytest.mark.parametrize("before", ["integer", None], ids=["converted", "added"])
def test_a_field_that_takes_some_of_its_values_only(client, before):
    """Of 400 random UUIDs some begin with a letter, so the change is refused; the one tried at first may, too."""
    path = client.table({"n": "integer"} | ({"v": before} if before else {}))
    rows = [{"v": 700}] * 400 if before else [{}] * 400
    client.send("POST", f"{path}rows/", rows, status=201)
    wanted = {"type": "string", "pattern": "[0-9].{9}.*", "default_expression": "uuid"}
    answers = [client.send("PATCH", f"{path}?on_error=default", {"fields": {"v": wanted}}) for _ in range(30)]
    assert {answer.status_int for answer in answers} <= {409, 422}
    assert {answer.json["code"] for answer in answers} == {"validation", "lossy_change"}


@pytest.mark.parametrize("default", [{"default_expression": "uuid"}, {"default": str(uuid.UUID(int=5))}])
def test_a_new_type_that_is_required(client, default):
    path = client.table({"key": "string"})
    client.send("POST", f"{path}rows/", [{"key": None}, {"key": "x"}], status=201)
    change = {"fields": {"key": {"type": "uuid", "required": True, **default}}}
    client.refused("PATCH", path, change, status=409, code="lossy_change")
    client.send("PATCH", f"{path}?on_error=null", change, status=409)
    client.send("PATCH", f"{path}?on_error=default", change, status=200)
    keys = [row["key"] for row in client.get(f"{path}rows/")]
    assert len(keys) == 2
    assert all(uuid.UUID(key) for key in keys)
    assert len(set(keys)) == (2 if "default_expression" in default else 1)
