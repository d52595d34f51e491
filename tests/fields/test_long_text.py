"""Text longer than what a database can put into an index."""

import random
import string

from dynmodel_pyramid.testing.driver import TableDriver

# Random, since PostgreSQL compresses what it puts into an index.
LONG = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=8000))


def test_an_indexed_text_that_is_too_long_is_refused_and_not_a_fault(app, database):
    """PostgreSQL's B-tree holds a third of a page (manual, 64.1, "B-Tree Indexes"); SQLite has no such limit."""
    table = TableDriver(app, {"type": "text", "index": True})
    table.add_value("short")
    answer = app.post_json(f"{table.path}rows/", {"value": LONG}, status="*")
    assert answer.status_int == (201 if database == "sqlite" else 422), answer.text
    assert "LIMIT" not in answer.text and "btree" not in answer.text


def test_an_index_over_text_that_is_too_long(app, database):
    table = TableDriver(app, {"type": "text"})
    row = table.add_value(LONG)
    document = {"model_name": table.model_name, "fields": {"key": "integer", "value": {"type": "text", "index": True}}}
    answer = app.put_json(table.path, document, status="*")
    assert answer.status_int == (200 if database == "sqlite" else 409), answer.text
    assert table.rows() == [row]


def test_a_string_of_any_length_is_stored(app):
    table = TableDriver(app, {"type": "string", "max_length": 10_000})
    assert table.add_value(LONG)["value"] == LONG


def test_a_change_of_max_length_changes_no_column(app):
    table = TableDriver(app, {"type": "string", "max_length": 3})
    table.add_value("abc")
    table.define({"key": "integer", "value": {"type": "string", "max_length": 300}})
    assert table.add_value("x" * 300)["value"] == "x" * 300
    shorter = {"model_name": table.model_name, "fields": {"value": {"type": "string", "max_length": 100}}}
    assert table.app.put_json(table.path, shorter, status=409).json["count"] == 1
    table.app.put_json(table.path + "?on_error=null", shorter)
    assert [row["value"] for row in table.rows()] == ["abc", None]
    table.refuse({"value": "x" * 101})
