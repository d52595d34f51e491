"""A version takes over the statements of the version before exactly where its own would be the same.

That what is taken over is right, ``tests/conftest.py`` asks in all tests (:mod:`tests.taken_over`).
"""

import gc
import weakref

import pytest

from dynmodel_pyramid.catalogue.catalogue import UNKNOWN
from tests.every_type import written_types
from tests.taken_over import TAKEN_OVER

FIELDS = {
    **{name: {"type": name, **options} for name, (options, _) in written_types().items()},
    "self": {"type": "link", "table": "Thing", "on_delete": "set_null"},
    "made": "created_time",
}
#: What is changed of a table of every type, and whether rows are read as before.
CHANGES = {
    "the table's label": ({"label": "Things"}, True),
    "labels": ({"fields": {"string": {"label": "A"}, "integer": {"description": "b"}}}, True),
    "a pattern": ({"fields": {"string": {"pattern": "[a-z]*", "message": "small letters only"}}}, True),
    "bounds": ({"fields": {"integer": {"max": 5}, "text": {"max_length": 7}}}, True),
    "an index": ({"fields": {"integer": {"index": True}}}, True),
    "a default": ({"fields": {"integer": {"default": 3}}}, True),
    "required": ({"fields": {"string": {"required": True}}}, True),
    "digits": ({"fields": {"decimal": {"precision": 30, "scale": 7}}}, False),
    "a name": ({"fields": {"renamed": {"renamed_from": "string"}}}, False),
    "another type": ({"fields": {"integer": {"type": "decimal", "default": None}}}, False),
    "a new field": ({"fields": {"more": "string"}}, False),
    "nothing to read": ({"fields": {"text": {"write_only": True}}}, False),
    "a reverse side": ({"fields": {"self": {"reverse": "others"}}}, False),
}


@pytest.fixture
def thing(app):
    """The path of a row of a table with a field of every type but those that read other columns."""
    fields = {name: field for name, field in FIELDS.items() if name != "made"}
    app.post_json("/table/", {"model_name": "Thing", "fields": fields}, status=201)
    app.post_json("/table/1/row/", {"string": "a"}, status=201)
    return "/table/1/rows/1/"


#: What is changed, and whether the next row has the same table, and is added by the same statement.
CHANGES_FOR_WRITERS = {
    "a label": ({"fields": {"string": {"label": "A"}}}, True, True),
    "a pattern": ({"fields": {"string": {"pattern": "[a-z]*"}}}, True, True),
    "bounds": ({"fields": {"integer": {"max": 5}, "text": {"max_length": 7}}}, True, True),
    "an index": ({"fields": {"integer": {"index": True}}}, True, True),
    "nothing to read": ({"fields": {"text": {"write_only": True}}}, True, False),
    "a default": ({"fields": {"integer": {"default": 3}}}, False, False),
    "bounds of a default": ({"fields": {"integer": {"max": 9}}}, False, False),
    "required": ({"fields": {"string": {"required": True}}}, False, False),
    "digits": ({"fields": {"decimal": {"precision": 30, "scale": 7}}}, False, False),
    "a value that is made": ({"fields": {"made": "created_time"}}, False, False),
    "another type": ({"fields": {"decimal": "text"}}, False, False),
    "a new field": ({"fields": {"more": "string"}}, False, False),
    "a label again": ({"fields": {"string": {"label": "B"}}}, True, True),
    "a name": ({"fields": {"renamed": {"renamed_from": "string"}}}, False, False),
}


def is_taken_over(app, path):
    """Whether the row is read by a former statement; it must read as it does by a new one."""
    before = statements_taken_over()
    app.get(path)
    return statements_taken_over() > before


def statements_taken_over():
    return TAKEN_OVER.total() - TAKEN_OVER["table"] - TAKEN_OVER["insert"]


def test_what_reads_alike_is_taken_over(app, thing):
    app.get(thing)
    for change, (document, is_alike) in CHANGES.items():
        app.patch_json("/table/1/", document)
        assert is_taken_over(app, thing) is is_alike, change


def test_a_row_is_added_to_the_table_and_by_the_statement_of_the_version_before(app):
    fields = {"string": "string", "integer": "integer", "text": "text", "decimal": "decimal"}
    app.post_json("/table/", {"model_name": "Thing", "fields": fields}, status=201)
    app.post_json("/table/1/row/", {"string": "a"}, status=201)
    for change, (document, has_same_table, has_same_statement) in CHANGES_FOR_WRITERS.items():
        app.patch_json("/table/1/", document)
        before = TAKEN_OVER.copy()
        row = {"renamed" if change == "a name" else "string": "b", "integer": 4}
        assert app.post_json("/table/1/row/", row, status=201).json.items() >= row.items(), change
        taken = TAKEN_OVER - before
        assert ("table" in taken, "insert" in taken) == (has_same_table, has_same_statement), change


@pytest.mark.parametrize("query", ["", "?limit=2", "?limit=1&offset=1", "?offset=1001&limit=5"])
def test_lists_of_all_rows_are_taken_over(app, thing, query):
    app.post_json("/table/1/rows/", [{"string": "b"}, {"string": "c"}], status=201)
    rows = f"/table/1/rows/{query}"
    # A page that is read again has a faster statement.
    before = [app.get(rows).body for _ in range(3)][-1]
    for change, (document, is_alike) in CHANGES.items():
        app.patch_json("/table/1/", document)
        assert is_taken_over(app, rows) is is_alike, change
        if is_alike:
            assert app.get(rows).body == before, change
        app.get(rows)


def test_statements_that_nobody_runs_are_handed_on_as_well(app, thing):
    app.get(thing)
    app.patch_json("/table/1/", {"label": "A"})
    app.get("/table/1/rows/?limit=2")
    app.patch_json("/table/1/", {"label": "B"})
    assert is_taken_over(app, thing)


def test_lists_are_read_in_the_same_way_at_the_other_face(app):
    app.post_json("/table/", {"model_name": "Plain", "fields": {"name": "string"}}, status=201)
    app.post_json("/table/1/rows/", [{"name": "a"}, {"name": "b"}], status=201)
    app.get("/table/1/rows/?limit=1")
    app.patch_json("/table/1/", {"label": "A"})
    assert is_taken_over(app, "/rest/Plain?limit=2")
    # An exact number is a number there, and a string at the other face.
    app.patch_json("/table/1/", {"fields": {"price": "decimal"}})
    app.get("/table/1/rows/?limit=1")
    app.patch_json("/table/1/", {"label": "B"})
    assert not is_taken_over(app, "/rest/Plain?limit=2")


@pytest.mark.parametrize("query", ["name=eq.b", "order=name", "select=name", "_after=", "_search=b"])
def test_other_queries_are_translated_anew(app, query):
    app.post_json("/table/", {"model_name": "Plain", "fields": {"name": "string"}}, status=201)
    app.post_json("/table/1/rows/", [{"name": "a"}, {"name": "b"}], status=201)
    if query == "_after=":
        query = app.get("/table/1/rows/?limit=1").headers["Link"].partition("?")[2].partition(">")[0]
    app.get(f"/table/1/rows/?{query}")
    app.patch_json("/table/1/", {"label": "A"})
    assert not is_taken_over(app, f"/table/1/rows/?{query}")


def test_pages_of_all_rows_share_a_statement(app):
    app.post_json("/table/", {"model_name": "Plain", "fields": {"name": "string"}}, status=201)
    app.post_json("/table/1/rows/", [{"name": f"{number}"} for number in range(9)], status=201)
    for _ in range(3):
        for limit, offset in ((2, 1), (3, 4), (1, 8), (9, 9)):
            names = [row["name"] for row in app.get(f"/table/1/rows/?limit={limit}&offset={offset}").json]
            assert names == [f"{number}" for number in range(9)][offset : offset + limit]


def test_versions_without_readers_hand_on_as_well(app, thing):
    app.get(thing)
    for number in range(3):
        app.patch_json("/table/1/", {"label": f"{number}"})
        app.get("/table/1/")
    assert is_taken_over(app, thing)
    app.patch_json("/table/1/", {"fields": {"more": "string"}})
    app.patch_json("/table/1/", {"fields": {"more": None}})
    assert is_taken_over(app, thing)


def test_a_value_made_of_other_columns_counts_with_their_types(app, thing):
    app.patch_json("/table/1/", {"fields": {"made": "created_time"}})
    app.get(thing)
    app.patch_json("/table/1/", {"fields": {"string": {"pattern": "[a-z]*"}}})
    assert not is_taken_over(app, thing)
    app.patch_json("/table/1/", {"fields": {"string": {"label": "A"}}})
    assert is_taken_over(app, thing)


def test_former_tables_are_freed(app, catalogue, thing):
    app.get(thing)
    table = weakref.ref(catalogue.snapshot.by_id(1).table)
    app.patch_json("/table/1/", {"label": "A"})
    assert catalogue.snapshot.by_id(1) is UNKNOWN
    app.get(thing)
    assert catalogue.snapshot.by_id(1).table is table()
    app.patch_json("/table/1/", {"fields": {"more": "string"}})
    app.get(thing)
    gc.collect()
    assert table() is None


def test_few_tables_wait_for_their_next_version(app, catalogue):
    """Each is as large as all else that is kept of a table."""
    tables = []
    for number in range(1, 12):
        app.post_json("/table/", {"model_name": f"T{number}", "fields": {"name": "string"}}, status=201)
        app.post_json(f"/table/{number}/row/", {"name": "a"}, status=201)
        tables.append(weakref.ref(catalogue.snapshot.by_id(number).table))
    for number in range(1, 12):
        app.patch_json(f"/table/{number}/", {"label": "A"})
    gc.collect()
    assert [table() is None for table in tables] == [True] * 3 + [False] * 8
