"""A version takes over the statements of the version before exactly where its own would be the same.

That what is taken over is right, ``tests/conftest.py`` asks in all tests (:mod:`tests.taken_over`).
"""

import gc
import weakref

import pytest

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


def is_taken_over(app, path):
    """Whether the row is read by a former statement; it must read as it does by a new one."""
    before = TAKEN_OVER.total()
    app.get(path)
    return TAKEN_OVER.total() > before


def test_what_reads_alike_is_taken_over(app, thing):
    app.get(thing)
    for change, (document, is_alike) in CHANGES.items():
        app.patch_json("/table/1/", document)
        assert is_taken_over(app, thing) is is_alike, change


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
    assert is_taken_over(app, thing)
    gc.collect()
    assert table() is None
