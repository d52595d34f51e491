"""Choices: their full form, what changes of them leave alone, and faults that point at the choice or item."""

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.testing.driver import TableDriver

RED = {"key": "red", "label": "Red", "colour": "#ff0000"}


def full(key):
    return {"key": key, "label": None, "colour": None}


def test_keys_are_short_for_objects(app):
    table = TableDriver(app, {"type": "choice", "choices": [RED, "green", {"key": "blue"}]})
    stored = table.app.get(table.path).json["fields"]["value"]
    assert stored["choices"] == [RED, full("green"), full("blue")]


@pytest.mark.parametrize("kind", ("choice", "multi_choice"))
def test_labels_colours_and_order_touch_no_row(app, kind):
    table = TableDriver(app, {"type": kind, "choices": ["a", "b"], "label": "x"})
    value = {"choice": "b", "multi_choice": ["a", "b"]}[kind]
    table.add_value(value)

    before = stamps(table)
    choices = [{"key": "c"}, {"key": "b", "label": "Bee", "colour": "#00ff00"}, {"key": "a"}]
    table.define({"key": "integer", "value": {"type": kind, "choices": choices}})
    assert stamps(table) == before
    assert table.row(1)["value"] == {"choice": "b", "multi_choice": ["b", "a"]}[kind]


def stamps(table):
    """What a write of the row would change, its stored value included."""
    made = table.catalogue.models[table.model_name].__table__
    with table.catalogue.database.reading() as connection:
        return tuple(connection.execute(sa.select(made.c._version, made.c._updated, made.c.value)).one())


def test_a_key_that_rows_have_is_not_taken_away_in_silence(app):
    table = TableDriver(app, {"type": "multi_choice", "choices": ["a", "b", "c"]})
    table.add_value(["a", "c"])
    document = {"model_name": table.model_name, "fields": {"value": {"type": "multi_choice", "choices": ["c", "b"]}}}
    refused = table.app.put_json(table.path, document, status=409).json
    assert (refused["code"], refused["count"], refused["samples"][0]["id"]) == ("lossy_change", 1, 1)
    assert table.row(1)["value"] == ["a", "c"]
    table.app.put_json(table.path + "?on_error=null", document)
    assert table.row(1)["value"] is None
    assert table.refuse({"value": ["c", "a"]}, "/value/1")[0]["code"] == "not_a_choice"


def test_one_choice_becomes_several(app):
    table = TableDriver(app, {"type": "choice", "choices": ["a", "b"]})
    table.add_value("b")
    table.define({"key": "integer", "value": {"type": "multi_choice", "choices": ["a", "b"]}})
    assert table.row(1)["value"] == ["b"]
    table.define({"key": "integer", "value": "tags"})
    assert table.row(1)["value"] == ["b"]


@pytest.mark.parametrize(
    ("choices", "pointer", "code"),
    (
        (None, "", "invalid_option"),
        ([], "", "invalid_option"),
        (["x"] * 1001, "", "invalid_option"),
        ("red", "", "wrong_type"),
        (["a", 1], "/1", "wrong_type"),
        (["a", "b", "a"], "/2", "invalid_option"),
        ([""], "/0", "invalid_option"),
        (["x" * 101], "/0", "invalid_option"),
        (["\0"], "/0", "unstorable_text"),
        ([{"label": "Red"}], "/0", "invalid_option"),
        ([{"key": 1}], "/0", "wrong_type"),
        ([{"key": "a", "color": "#ff0000"}], "/0", "invalid_option"),
        ([{"key": "a", "colour": "red"}], "/0", "invalid_option"),
        ([{"key": "a", "label": ["A"]}], "/0", "wrong_type"),
    ),
)
def test_bad_choices_are_pointed_at(app, choices, pointer, code):
    document = {"model_name": "Bad", "fields": {"value": {"type": "choice", "choices": choices}}}
    problems = app.post_json("/table/", document, status=422).json["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in problems] == [(f"/fields/value/choices{pointer}", code)]


def test_bad_counts_are_pointed_at(app):
    for options in ({"min_items": 3}, {"min_items": -1}, {"max_items": 0}, {"min_items": 2, "max_items": 1}):
        field = {"type": "multi_choice", "choices": ["a", "b"], **options}
        document = {"model_name": "Bad", "fields": {"value": field}}
        (fault,) = app.post_json("/table/", document, status=422).json["errors"]
        assert fault["code"] == "invalid_option" and fault["pointer"].startswith("/fields/value/m")


def test_every_bad_item_is_pointed_at_in_defaults_too(app):
    table = TableDriver(app, "tags")
    problems = table.add({"value": ["a", 1, "a", ""]}, status=422)["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in problems] == [
        ("/value/1", "wrong_type"),
        ("/value/2", "duplicate_item"),
        ("/value/3", "too_short"),
    ]
    (fault,) = table.define({"value": {"type": "tags", "default": ["a", 1]}}, status=422)["errors"]
    assert (fault["pointer"], fault["code"]) == ("/fields/value/default/1", "wrong_type")


@pytest.mark.parametrize("text", ("{a", "{a,}", "{,a}", "{a}b", "{{a}}", '{"a}', "{null}", "{a\\", '{"a"b}', "", "[1"))
def test_text_that_is_no_array_is_refused(app, text):
    table = TableDriver(app, "text")
    table.add_value(text)
    assert table.define({"key": "integer", "value": "tags"}, status=409)["code"] == "lossy_change"
