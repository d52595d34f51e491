"""Rows: what is accepted, what is stored, what comes back."""

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.errors import Conflict, Invalid
from tests.web.client import EVERY_TYPE, EVERY_VALUE


def test_every_type_comes_back(fresh):
    path = fresh.table(EVERY_TYPE)
    row = fresh.row(path, EVERY_VALUE)
    assert row == {"id": 1, **EVERY_VALUE}
    assert list(row) == ["id", *EVERY_TYPE]
    assert fresh.get(f"{path}rows/1/") == row
    assert fresh.get(f"{path}rows/") == [row]
    nulls = fresh.row(path, dict.fromkeys(EVERY_TYPE))
    assert nulls == {"id": 2, **dict.fromkeys(EVERY_TYPE)}
    assert fresh.row(path, {}) == {"id": 3, **dict.fromkeys(EVERY_TYPE)}
    assert fresh.send("PUT", f"{path}rows/1", fresh.get(f"{path}rows/1"), status=200).json == row


def test_put_and_patch(fresh):
    path = fresh.table({"a": "string", "b": {"type": "integer", "default": 7}, "c": "json"})
    row = f"{path}rows/{fresh.row(path, {'a': 'x', 'b': 1, 'c': {'k': {'l': 1}}})['id']}/"
    assert fresh.send("PATCH", row, {"b": 2}, status=200).json == {"id": 1, "a": "x", "b": 2, "c": {"k": {"l": 1}}}
    # A json value is replaced whole, not merged.
    assert fresh.send("PATCH", row, {"c": {"m": None}}, status=200).json["c"] == {"m": None}
    assert fresh.send("PATCH", row, {"a": None, "b": None}, status=200).json == {
        "id": 1,
        "a": None,
        "b": None,
        "c": {"m": None},
    }
    # Missing keys take their defaults, nulls stay nulls.
    assert fresh.send("PUT", row, {"a": "y"}, status=200).json == {"id": 1, "a": "y", "b": 7, "c": None}
    assert fresh.send("PUT", row, {"id": 1, "b": None}, status=200).json == {"id": 1, "a": None, "b": None, "c": None}
    fresh.send("DELETE", row, status=204)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        fresh.refused(method, row, {}, status=404, code="not_found")


def test_required_and_default(fresh):
    path = fresh.table(
        {
            "must": {"type": "string", "required": True},
            "both": {"type": "integer", "required": True, "default": 5},
            "list": {"type": "json", "default": [1, {"a": "b"}]},
        }
    )
    rows = f"{path}rows/"
    fresh.refused("POST", rows, {}, status=422, code="/must required")
    fresh.refused("POST", rows, {"must": None}, status=422, code="/must required")
    fresh.refused("POST", rows, {"must": "", "both": None}, status=422, code="/both required")
    assert fresh.row(path, {"must": ""}) == {"id": 1, "must": "", "both": 5, "list": [1, {"a": "b"}]}
    assert fresh.row(path, {"must": "x", "list": None})["list"] is None
    fresh.refused("PATCH", f"{rows}1", {"must": None}, status=422, code="/must required")
    fresh.refused("PUT", f"{rows}1", {"both": 1}, status=422, code="/must required")
    assert fresh.send("PATCH", f"{rows}1", {"both": 6}, status=200).json["must"] == ""


def test_array(fresh):
    path = fresh.table({"a": {"type": "integer", "unique": True}})
    made = fresh.send("POST", f"{path}rows/", [{"a": 3}, {"a": 1}, {"a": 2}], status=201)
    assert made.json == [{"id": 1, "a": 3}, {"id": 2, "a": 1}, {"id": 3, "a": 2}]
    assert "ETag" not in made.headers
    before = fresh.stored()
    assert fresh.send("POST", f"{path}rows/", [], status=201).json == []
    assert fresh.stored() == before
    for documents in ([{"a": 4}, {"a": 4}], [{"a": 4}, {"a": 1}]):
        answer = fresh.refused("POST", f"{path}rows/", documents, status=409, code="unique_violation")
        assert answer.json["fields"] == ["a"]
        assert answer.headers["Definition-Version"] == "1"
    fresh.refused("POST", f"{path}rows/", [{"a": 4}, {"a": "5"}], status=422, code="/1/a wrong_type")
    fresh.refused("POST", f"{path}rows/", [{"a": 4}, []], status=422, code="/1 wrong_type")


def test_many_rows_come_back_in_order(fresh):
    """More than fit into one chunk, both ways."""
    path = fresh.table({"a": "integer"})
    documents = [{"a": number * 7 % 2503} for number in range(2503)]
    rows = fresh.send("POST", f"{path}rows/", documents, status=201).json
    assert rows == [{"id": number, **document} for number, document in enumerate(documents, start=1)]
    assert fresh.get(f"{path}rows/") == rows
    assert fresh.get(f"{path}rows/?limit=2000&offset=400") == rows[400:2400]
    assert [row["a"] for row in fresh.get(f"{path}rows/?order=a.desc")] == sorted(range(2503), reverse=True)


def test_at_most_100_errors_with_the_total(fresh):
    path = fresh.table({"a": {"type": "integer", "required": True}, "b": "string"})
    documents = [{"a": "x", "b": 1, "zz": 2}, *[{} for _ in range(150)]]
    answer = fresh.refused("POST", f"{path}rows/", documents, status=422, code="/0/a wrong_type")
    assert answer.json["error_count"] == 153
    assert len(answer.json["errors"]) == 100
    pointers = [error["pointer"] for error in answer.json["errors"]]
    assert pointers == ["/0/a", "/0/b", "/0/zz", *[f"/{number}/a" for number in range(1, 98)]]
    assert "152 more" in answer.json["detail"]
    fields = {f"field{number}": "nothing" for number in range(130)}
    answer = fresh.refused("POST", "/table/", {"model_name": "B", "fields": fields}, status=422, code="unknown_type")
    assert (answer.json["error_count"], len(answer.json["errors"])) == (130, 100)


# Ids


def test_given_ids(fresh):
    path = fresh.table({"a": "string"})
    rows = f"{path}rows/"
    assert fresh.row(path, {"id": 5, "a": "five"})["id"] == 5
    assert fresh.row(path, {"id": None})["id"] == 6
    made = fresh.send("POST", rows, [{}, {"id": 9}, {}, {"id": 2}, {}], status=201).json
    ids = [row["id"] for row in made]
    assert (ids[1], ids[3]) == (9, 2)
    assert len(set(ids)) == 5
    assert min(ids[0], ids[2], ids[4]) > 9
    for taken in (5, 9):
        answer = fresh.refused("POST", rows, {"id": taken}, status=409, code="unique_violation")
        assert answer.json["fields"] == ["id"]
    fresh.refused("POST", rows, [{"id": 100}, {"id": 100}], status=409, code="unique_violation")
    after = [fresh.row(path, {})["id"] for _ in range(10)]
    assert after == sorted(set(after))
    assert after[0] > max(ids)


@pytest.mark.parametrize("given", [1, 9_999, 10_001, 50_000, 2**31, 2**52])
def test_generated_ids_come_after_given_ones(client, given):
    path = client.table({"a": "string"})
    assert client.row(path, {"id": given})["id"] == given
    generated = client.row(path, {})["id"]
    assert generated > given
    assert client.get(f"{path}rows/{generated}/")["id"] == generated


LARGEST_ID = 2**53 - 1


def exhaust(client, path: str) -> None:
    """Make a row of the largest id, as releases did that let clients give it."""
    table = client.catalogue.models[client.get(path)["model_name"]].__table__
    with client.catalogue.database.writer.begin() as connection:
        connection.execute(sa.insert(table), [{"id": LARGEST_ID, "a": "last"}])
        client.catalogue.database.dialect.draw_ids(connection, table, 0, above=LARGEST_ID)


def test_drawn_ids_end_at_the_largest_one(fresh):
    path = fresh.table({"a": {"type": "string", "unique": True}, "to": {"type": "link", "table": "Here"}}, "Here")
    rows, rest = f"{path}rows/", "/rest/Here"
    exhaust(fresh, path)
    told = {"status": 409, "code": "ids_exhausted"}
    fresh.refused("POST", rows, {"a": "x"}, **told)
    fresh.refused("POST", rows, [{"a": "x"}, {"id": 3, "a": "y"}], **told)
    fresh.refused("POST", f"{rows}?on_conflict=a", [{"a": "x"}], Prefer="resolution=merge-duplicates", **told)
    for count in (1, 1500):
        body = "a\r\n" + "".join(f"x{number}\r\n" for number in range(count))
        fresh.refused("POST", rows, body=body.encode(), content_type="text/csv", **told)
    answer = fresh.app.post_json(rest, {"a": "x"}, expect_errors=True)
    assert (answer.status_int, answer.json["code"]) == (400, "2200H")
    with pytest.raises(Conflict) as refused, fresh.catalogue.session() as session:
        session.add(fresh.catalogue.models["Here"](a="x"))
    assert refused.value.code == "ids_exhausted"
    # All that is there is read and written as ever, and links lead to it.
    assert fresh.get(f"{rows}{LARGEST_ID}") == {"id": LARGEST_ID, "a": "last", "to": None}
    assert fresh.row(path, {"id": 7, "a": "x", "to": LARGEST_ID})["to"] == LARGEST_ID
    row = {"id": LARGEST_ID, "a": "changed", "to": 7}
    assert fresh.send("PUT", f"{rows}{LARGEST_ID}", row, status=200).json == row
    new = {"status": 422, "code": "/0/id out_of_range", "Prefer": "resolution=merge-duplicates"}
    fresh.refused("POST", f"{rows}?on_conflict=id", [{"id": LARGEST_ID - 1, "a": "new"}], **new)
    merged = {"id": LARGEST_ID, "a": "merged", "to": LARGEST_ID}
    fresh.send("POST", f"{rows}?on_conflict=id", [merged], Prefer="resolution=merge-duplicates", status=200)
    assert fresh.get(f"{rows}?id=eq.{LARGEST_ID}") == [merged]
    fresh.send("PATCH", path, {"fields": {"a": {"default": "x"}}}, status=200)
    fresh.refused("POST", rows, {"a": "z"}, **told)


@pytest.mark.parametrize("greatest", [LARGEST_ID, 2**63 - 1])
def test_drawn_numbers_end_at_the_largest_id(fresh, greatest):
    path = fresh.table({"n": "integer"})
    fresh.row(path, {"n": greatest})
    fresh.send("PATCH", path, {"fields": {"n": {"type": "autonumber"}}}, status=200)
    fresh.refused("POST", f"{path}rows/", {}, status=409, code="ids_exhausted")
    assert fresh.get(f"{path}rows/") == [{"id": 1, "n": greatest}]


def test_larger_ids_of_old_databases_are_read(fresh):
    path = fresh.table({"a": "string"}, "Old")
    larger = LARGEST_ID + 2
    with fresh.catalogue.database.writer.begin() as connection:
        connection.execute(sa.insert(fresh.catalogue.models["Old"].__table__), [{"id": larger, "a": "x"}])
    row = {"id": larger, "a": "x"}
    assert fresh.get(f"{path}rows/") == fresh.get(f"{path}rows/?id=eq.{larger}") == [row]
    assert fresh.get(f"{path}rows/{larger}") == row
    assert fresh.app.get(f"/rest/Old?id=eq.{larger}").json == [row]
    assert fresh.send("PUT", f"{path}rows/{larger}", {**row, "a": "y"}, status=200).json["a"] == "y"
    fresh.send("DELETE", f"{path}rows/{larger}", status=204)
    if fresh.catalogue.database.dialect.name == "sqlite":  # PostgreSQL has a sequence
        with fresh.catalogue.database.writer.begin() as connection:
            connection.execute(sa.insert(fresh.catalogue.models["Old"].__table__), [{"id": 2**63 - 1, "a": "x"}])
        fresh.refused("POST", f"{path}rows/", {"a": "z"}, status=409, code="ids_exhausted")


def test_floats_are_answered_as_they_are_read(fresh):
    path = fresh.table({"f": "number", "n": "integer"})
    for number in (5, 5.0, 0.1, -0.0, 2.0**53, 1e300, None):
        answer = fresh.send("POST", f"{path}rows/", {"f": number, "n": 5}, status=201)
        assert fresh.app.get(f"{path}rows/{answer.json['id']}/").body == answer.body


def test_sessions_draw_ids_after_those_that_are_given(fresh):
    fresh.table({"a": "string"}, "Given")
    catalogue = fresh.catalogue
    with catalogue.session() as session:
        session.add(catalogue.models["Given"](id=3, a="three"))
    with catalogue.session() as session:
        for _ in range(4):
            session.add(catalogue.models["Given"](a="drawn"))
    answer = fresh.app.get("/rest/Given?select=id").json
    assert answer == [{"id": number} for number in (3, 4, 5, 6, 7)]
    with pytest.raises(Invalid, match="/id: want an id of at most"), catalogue.session() as session:
        session.add(catalogue.models["Given"](id=2**52 + 1))


def test_ids_are_never_reused(fresh):
    path = fresh.table({"a": "string"})
    used = set()

    def renew(label: str) -> None:
        """Add rows, then delete all but the very first."""
        new = [fresh.row(path, {"a": label})["id"] for _ in range(2)]
        assert not used.intersection(new), label
        used.update(new)
        for row in fresh.get(f"{path}rows/")[1:]:
            fresh.send("DELETE", f"{path}rows/{row['id']}", status=204)

    renew("first")
    renew("second")
    for label, patch in {
        "rebuilt": {"fields": {"a": {"default": "x"}}},
        "renamed": {"model_name": "Other"},
        "case": {"fields": {"a": {"required": True}}},
        "retyped": {"fields": {"b": "integer"}},
        "retyped again": {"fields": {"b": "string"}},
        "renamed and rebuilt": {"model_name": "Third", "fields": {"a": {"required": False}}},
    }.items():
        fresh.send("PATCH", path, patch, status=200)
        renew(label)
    assert used == set(range(1, max(used) + 1))


def test_ids_of_tables_are_never_reused(fresh):
    first = fresh.table({"a": "string"}, "Same")
    fresh.send("DELETE", first, status=204)
    fresh.refused("GET", first, status=404, code="not_found")
    second = fresh.table({"a": "string"}, "Same")
    assert first != second
    assert fresh.get(f"{second}rows/") == []
    assert fresh.row(second, {})["id"] == 1
