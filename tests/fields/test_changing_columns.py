"""A field type whose column depends on its options: a change of the options changes the column and its values."""

import colander
import pytest
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.fields import FieldInvalid, FieldType, operators, schema
from dynmodel_pyramid.testing.driver import TableDriver, make_application


class Code(FieldType):
    """Text of at most ``size`` characters, stored in a column of that size."""

    operators = operators.ORDERED

    def options_schema(self):
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"), schema.option(schema.Integer(), "size", default=3)
        )

    def column(self, options, context):
        return sa.Column(sa.String(options["size"]))

    def schema_node(self, options):
        def check(node, value):
            if len(value) > options["size"]:
                raise FieldInvalid(node, f"want at most {options['size']}", code="too_long")

        return colander.SchemaNode(schema.Text(), validator=check)


@pytest.fixture
def app(settings):
    wsgi = make_application(settings, {"code": Code})
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


def test_wider_and_narrower(app):
    table = TableDriver(app, {"type": "code", "unique": True})
    table.add_value("abc")
    table.refuse({"value": "abcd"})
    table.define({"key": "integer", "value": {"type": "code", "size": 5, "unique": True}})
    table.add_value("abcde")
    assert [row["value"] for row in table.rows()] == ["abc", "abcde"]
    # The index came along.
    table.add({"value": "abc"}, status=409)
    refused = table.define({"key": "integer", "value": {"type": "code", "size": 4}}, status=409)
    assert (refused["code"], refused["count"], refused["samples"][0]["id"]) == ("lossy_change", 1, 2)
    assert table.rows()[1]["value"] == "abcde"
    # Renamed, required and with another default, all at once.
    renamed = {"type": "code", "size": 6, "renamed_from": "value", "required": True, "default": "sixsix"}
    table.define({"key": "integer", "code": renamed})
    assert [row["code"] for row in table.rows()] == ["abc", "abcde"]
    assert table.add({"key": 1})["code"] == "sixsix"
    table.refuse({"code": None}, "/code")


def test_a_label_alone_changes_no_column(app):
    table = TableDriver(app, {"type": "code"})
    table.add_value("abc")
    version = table.row(1)
    table.define({"key": "integer", "value": {"type": "code", "label": "Code"}})
    assert table.row(1) == version


class Nowhere(Code):
    """A value that is kept nowhere."""

    operators = operators.IDENTITY

    def column(self, options, context):
        return None


def test_a_field_without_a_column_is_neither_read_nor_written(settings):
    wsgi = make_application(settings, {"nowhere": Nowhere})
    table = TableDriver(webtest.TestApp(wsgi), "nowhere")
    assert table.add({"key": 1}) == {"id": 1, "key": 1}
    assert table.refuse({"value": "a"})[0]["code"] == "unknown_field"
    assert table.rows() == [{"id": 1, "key": 1}]
    wsgi.registry.dynmodel_catalogue.database.close()


@pytest.mark.parametrize(
    ("before", "after", "value", "becomes"),
    (
        ("number", "integer", 2.0, 2),
        ("integer", "number", 2**53, float(2**53)),
        ("json", "text", "12", '"12"'),
        ("json", "text", 12, "12"),
        ("text", "json", "12", 12),
        ("text", "json", "plain", "plain"),
        ("json", "integer", 12, 12),
        ("string", "boolean", "true", True),
        ("date", "string", "2026-01-31", "2026-01-31"),
        ("string", "datetime", "2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00Z"),
    ),
)
def test_a_value_keeps_its_text_form_if_it_can(app, before, after, value, becomes):
    table = TableDriver(app, before)
    table.add_value(value)
    table.define({"key": "integer", "value": after})
    row = table.rows()[0]["value"]
    assert row == becomes and type(row) is type(becomes)


@pytest.mark.parametrize(
    ("before", "after", "value"),
    (
        ("integer", "number", 2**53 + 1),
        ("text", "number", "1_0"),
        ("string", "integer", "1.5"),
        ("json", "number", "1"),
    ),
)
def test_what_would_lose_something_is_refused(app, before, after, value):
    table = TableDriver(app, before)
    table.add_value(value)
    assert table.define({"key": "integer", "value": after}, status=409)["code"] == "lossy_change"
    assert table.rows()[0]["value"] == value


def test_what_sql_leaves_python_converts(app):
    table = TableDriver(app, "text")
    for text in ("1", " 2 ", "x", None, "9223372036854775807", "9223372036854775808"):
        table.add_value(text)
    refused = table.define({"key": "integer", "value": "integer"}, status=409)
    assert (refused["code"], refused["count"]) == ("lossy_change", 2)
    assert [sample["id"] for sample in refused["samples"]] == [3, 6]
    document = {"model_name": table.model_name, "fields": {"key": "integer", "value": "integer"}}
    app.put_json(f"{table.path}?on_error=null", document, status=200)
    assert [row["value"] for row in table.rows()] == [1, 2, None, None, 2**63 - 1, None]


def test_a_date_becomes_its_midnight_and_that_a_date_again(app):
    table = TableDriver(app, "date")
    table.add_value("2026-01-31")
    table.define({"key": "integer", "value": "datetime"})
    assert table.rows()[0]["value"] == "2026-01-31T00:00:00Z"
    table.define({"key": "integer", "value": {"type": "datetime", "timezone": "Europe/Berlin"}})
    late = table.add_value("2026-02-01T00:00:00")
    assert late["value"] == "2026-01-31T23:00:00Z"
    refused = table.define({"key": "integer", "value": "date"}, status=409)
    assert (refused["count"], refused["samples"][0]["id"]) == (1, late["id"])
    table.define({"key": "integer", "value": "date"}, query="?on_error=null")
    assert [row["value"] for row in table.rows()] == ["2026-01-31", None]
