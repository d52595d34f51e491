"""Any JSON value."""

from collections.abc import Callable
from typing import Any

import colander
import orjson
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import json_schemas, schema
from dynmodel_pyramid.fields.contract import Context, FieldType, Options, TextForm, Unsupported
from dynmodel_pyramid.fields.json_schemas import JsonSchema
from dynmodel_pyramid.fields.sql.json_text import read_json, write_json
from dynmodel_pyramid.fields.types import json_operators


class Fragment(sa.types.UserDefinedType[Any]):
    """JSON text read from the database and passed into the answer as it is: not parsed, nothing rounded."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "TEXT"

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return lambda value: None if value is None else orjson.Fragment(value)


FRAGMENT = Fragment()


def as_fragment(source: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A JSON value for an answer, which takes over its text as it is."""
    return sa.type_coerce(sa.cast(source, sa.Text), FRAGMENT)


class JsonDocument(sa.TypeDecorator[Any]):
    """JSONB on PostgreSQL, text on SQLite; a row's null is a null of the database. It can be a column's default."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return expressions_of(dialect.name).json_type(dialect)

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        quote: Any = sa.String().literal_processor(dialect)
        written = expressions_of(dialect.name).json_written
        return lambda value: str(quote(written(value)))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return _with_floats(value)


JSON_DOCUMENT = JsonDocument()


def _with_floats(value: Any) -> Any:
    """PostgreSQL writes large floats with all digits; turn them into floats again, as on SQLite."""
    if type(value) is int:
        return value if -schema.INT64 <= value < schema.INT64 else float(value)
    if type(value) is list:
        return [_with_floats(item) for item in value]
    if type(value) is dict:
        return {key: _with_floats(item) for key, item in value.items()}
    return value


class Json(FieldType):
    """Any JSON value: object, array, string, number, true or false; nested at most 100 levels."""

    icon = "json"
    help = "Structured data: objects, lists, any JSON"
    other_names: tuple[str, ...] = ("jsonb", "object", "dict")
    operators = json_operators.DOCUMENTS

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(JsonSchema(), "schema", description="a JSON Schema (2020-12) that every value must satisfy"),
        )

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(JSON_DOCUMENT)

    def schema_node(self, options: Options) -> colander.SchemaNode:
        rules = options.get("schema")  # derived types need not have this option
        return colander.SchemaNode(schema.Json()) if rules is None else json_schemas.node_for(rules)

    def unsupported(self, options: Options) -> Unsupported | None:
        rules = options.get("schema")
        return None if rules is None else json_schemas.unsupported(rules)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Json())

    def json_schema(self, options: Options) -> dict[str, Any]:
        rules = options.get("schema")
        if type(rules) is bool:
            return {} if rules else {"not": {}}
        return {} if rules is None else rules

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return as_fragment(source)

    def text_form(self, options: Options) -> TextForm:
        return TextForm(write_json, read_json)
