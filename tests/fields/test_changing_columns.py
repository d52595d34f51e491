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


class Twice(FieldType):
    """Twice the row's id: the database computes it."""

    operators = operators.ORDERED

    def column(self, options, context):
        return None

    def schema_node(self, options):
        return colander.SchemaNode(schema.Integer())

    def read_expression(self, source, options):
        return source.c.id * 2


def test_a_computed_field_is_read_and_never_written(settings):
    wsgi = make_application(settings, {"twice": Twice})
    table = TableDriver(webtest.TestApp(wsgi), "twice")
    try:
        assert table.add({"key": 1}) == {"id": 1, "key": 1, "value": 2}
        assert table.refuse({"value": 4})[0]["code"] == "read_only"
        assert table.replace(1, {"key": 2, "value": 2}) == {"id": 1, "key": 2, "value": 2}
        table.add({"key": 3})
        assert [row["value"] for row in table.rows("?order=value.desc")] == [4, 2]
        table.define({"key": "integer", "value": "integer"})
        assert [row["value"] for row in table.rows()] == [2, 4], "its values can be kept"
        table.define({"key": "integer", "value": "twice"})
        table.define({"key": "integer"})
        assert table.rows() == [{"id": 1, "key": 2}, {"id": 2, "key": 3}]
    finally:
        wsgi.registry.dynmodel_catalogue.database.close()
