"""Rows that are written with the rows that they link to, and with those that link to them."""

import pytest

from tests.web.client import Client

NESTED = "nested=write"


@pytest.fixture
def shop(fresh) -> Client:
    unique = {"type": "string", "unique": True}
    fresh.table({"name": "string", "born": "integer"}, "Author")
    fresh.table({"name": unique, "note": "string", "above": {"type": "link", "table": "Tag"}}, "Tag")
    fields = {
        "title": {"type": "string", "required": True},
        "author": {"type": "link", "table": "Author", "reverse": "books"},
        "tags": {"type": "links", "table": "Tag", "reverse": "books"},
        "before": {"type": "link", "table": "Book", "reverse": "after"},
    }
    fresh.table(fields, "Book")
    lines = {
        "number": {"type": "integer", "required": True},
        "book": {"type": "link", "table": "Book", "reverse": "chapters", "on_delete": "cascade"},
        "name": "string",
    }
    fresh.table(lines, "Chapter", unique=[{"name": "of_book", "fields": ["book", "number"]}])
    return fresh


def post(shop, document, status=201, path="Book", method="POST"):
    answer = shop.send(method, f"/table/{path}/rows/", document, prefer=NESTED, status=status)
    assert "nested=write" in answer.headers["Preference-Applied"]
    return answer.json


def test_a_row_with_its_links(shop):
    book = {
        "title": "Momo",
        "author": {"name": "Ende"},
        "tags": [{"name": "novel"}, {"name": "time", "above": {"name": "novel"}}],
        "chapters": [{"number": 1, "name": "One"}, {"number": 2}],
        "before": {"title": "Jim Knopf", "chapters": [{"number": 1}]},
    }
    row = post(shop, book)
    assert shop.get(f"/table/Book/rows/?id=eq.{row['id']}&select=title,author(name),tags(name,above(name)),"
                    "chapters(number,name),before(title,chapters(number))") == [{
        "title": "Momo",
        "author": {"name": "Ende"},
        "tags": [{"name": "novel", "above": None}, {"name": "time", "above": {"name": "novel"}}],
        "chapters": [{"number": 1, "name": "One"}, {"number": 2, "name": None}],
        "before": {"title": "Jim Knopf", "chapters": [{"number": 1}]},
    }]  # fmt: skip
    # Rows are known again by a unique rule, else they are new.
    time = row["tags"][1]
    again = post(shop, [
        {"title": "x", "author": {"name": "Ende"}, "tags": [{"name": "novel"}, {"name": "new"}]},
        {"title": "y", "author": {"id": row["author"], "born": 1929}, "tags": [{"name": "new", "note": "n"}, time]},
    ])  # fmt: skip
    assert len(shop.get("/table/Tag/rows/")) == 3 and len(shop.get("/table/Author/rows/")) == 2
    assert again[1]["author"] == row["author"] != again[0]["author"]
    assert shop.get(f"/table/Author/rows/{row['author']}/")["born"] == 1929
    assert {tag["name"]: tag["note"] for tag in shop.get("/table/Tag/rows/")} == {
        "novel": None,
        "time": None,
        "new": "n",
    }
    # PATCH and PUT; chapters that are not named stay.
    path = f"/table/Book/rows/{row['id']}/"
    change = {"author": {"name": "Funke"}, "chapters": [{"number": 2, "name": "Two"}, {"number": 3}]}
    answer = shop.send("PATCH", path, change, prefer=NESTED, status=200)
    assert answer.json["title"] == "Momo" and len(answer.json["chapters"]) == 3
    assert answer.headers["Preference-Applied"] == NESTED
    chapters = shop.get(f"/table/Chapter/rows/?book=eq.{row['id']}&order=number&select=number,name")
    assert chapters == [{"number": 1, "name": "One"}, {"number": 2, "name": "Two"}, {"number": 3, "name": None}]
    put = shop.send("PUT", path, {**answer.json, "before": {"title": "First"}}, prefer=NESTED, status=200).json
    assert put["chapters"] == answer.json["chapters"] and put["before"] != answer.json["before"]
    # In a batch, with references.
    batch = [
        {"operation": "insert", "table": "Author", "row": {"name": "Kaestner"}},
        {"operation": "upsert", "table": "Tag", "row": {"name": "old", "above": {"name": "older"}},
         "on_conflict": ["name"], "nested": "write"},
        {"operation": "insert", "table": "Book", "nested": "write", "select": "title,author,chapters(number)",
         "row": {"title": "Emil", "author": {"id": {"$ref": "/0/id"}}, "chapters": [{"number": 1}]}},
        {"operation": "update", "table": "Book", "id": row["id"], "nested": "write", "row": {"author": {"name": "E"}}},
    ]  # fmt: skip
    done = shop.send("POST", "/batch/", batch, status=200).json
    assert done[2] == {"title": "Emil", "author": done[0]["id"], "chapters": [{"number": 1}]}
    plan = shop.send("POST", "/batch/plan/", batch[3:], status=200).json
    assert [(write["model_name"], write["operation"]) for write in plan[0]["writes"]] == [
        ("Author", "insert"), ("Book", "update"),
    ]  # fmt: skip


BAD = [
    ({"title": "x", "author": {"nam": "x"}}, 422, "/author/nam unknown_field"),
    ({"title": "x", "author": {"name": 1, "born": "x"}}, 422, "/author/born wrong_type"),
    ({"title": "x", "author": {"id": 99, "name": "x"}}, 422, "/author/id unknown_row"),
    ({"title": "x", "author": {"id": 99}}, 422, "/author unknown_row"),
    ({"title": "x", "author": [{"name": "x"}]}, 422, "/author wrong_type"),
    ({"title": "x", "tags": [{"name": "a"}, {"name": "a"}]}, 422, "/tags duplicate_item"),
    ({"title": "x", "tags": [{"name": "a"}, 99]}, 422, "/tags/1 unknown_row"),
    ({"title": "x", "tags": [{"name": "a", "books": [{"title": "y"}]}]}, 422, "/tags/0/books read_only"),
    ({"title": "x", "chapters": [{"name": 1}]}, 422, "/chapters/0/number required"),
    ({"title": "x", "chapters": [{"number": 1, "book": 1}]}, 422, "/chapters/0/book read_only"),
    ({"title": "x", "chapters": [{"number": 1}, 1]}, 422, "/chapters/1 wrong_type"),
    ({"title": "x", "chapters": {"number": 1}}, 422, "/chapters read_only"),
    (
        {"title": "x", "before": {"title": "x", "before": {"author": {"name": "x"}}}},
        422,
        "/before/before/title required",
    ),
    ([{"title": "x"}, {"author": {"name": "x"}}], 422, "/1/title required"),
    ([{"title": "x"}, 1], 422, "/1 wrong_type"),
]


def test_faults_are_found_in_the_nested_row(shop):
    shop.row("/table/Tag/", {"name": "x"})
    deep = {"title": "x"}
    for _ in range(4):
        deep = {"title": "x", "before": deep}
    for document, status, code in [*BAD, (deep, 422, "/before/before/before/before too_deep")]:
        shop.refused("POST", "/table/Book/rows/", document, status=status, code=code, prefer=NESTED)
    # A rule of a nested row's table.
    chapters = [{"number": 1}, {"number": 2}, {"number": 1}]
    book = {"title": "x", "author": {"name": "y"}, "chapters": chapters}
    answer = shop.refused("POST", "/table/Book/rows/", book, status=409, code="unique_violation", prefer=NESTED)
    assert answer.json["fields"] == ["book", "number"], answer.json
    assert answer.json["errors"][0]["pointer"].startswith("/chapters/2"), answer.json
    far = {"name": "t", "above": {"id": 1, "name": "t"}}
    answer = shop.refused("POST", "/table/Tag/rows/", far, status=409, code="unique_violation", prefer=NESTED)
    assert answer.json["fields"] == ["name"]
    # Without the preference, an object is a key, as ever.
    shop.refused(
        "POST", "/table/Book/rows/", {"title": "x", "author": {"name": "x"}}, status=422, code="/author not_a_key"
    )
    shop.refused(
        "POST", "/table/Book/rows/?on_conflict=id", {"title": "x"}, status=400, code="invalid_preference",
        prefer=f"{NESTED}, resolution=merge-duplicates",
    )  # fmt: skip
    shop.catalogue.database.settings.max_batch_rows = 5
    many = {"title": "x", "tags": [{"name": str(number)} for number in range(5)]}
    shop.refused("POST", "/table/Book/rows/", many, status=413, code="payload_too_large", prefer=NESTED)
    batch = [{"operation": "insert", "table": "Book", "row": many, "nested": "write"}]
    shop.refused("POST", "/batch/", batch, status=413, code="payload_too_large")
    batch[0]["nested"] = True
    shop.refused("POST", "/batch/", batch, status=422, code="/0/nested not_a_choice")
