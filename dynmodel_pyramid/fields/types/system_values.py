"""System values: numbers of rows, and when and by whom a row was made and changed. No client writes them."""

from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import operators, schema
from dynmodel_pyramid.fields.contract import UNCHANGED, Context, FieldType, Options, TextForm, Write
from dynmodel_pyramid.fields.sql import text_forms
from dynmodel_pyramid.fields.types.numbers import read_integer
from dynmodel_pyramid.fields.types.temporal import DateTime
from dynmodel_pyramid.fields.types.text import byte_order


class Autonumber(FieldType):
    """A number that counts the table's rows: 1, 2, 3 and so on, without gaps while no row is deleted."""

    icon = "counter"
    help = "Counts the rows: 1, 2, 3"
    operators = operators.ORDERED

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(sa.BigInteger())

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Integer())

    def text_form(self, options: Options) -> TextForm:
        return TextForm(str, read_integer, text_forms.digits, lambda text, dialect: text_forms.whole_number(text))

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "integer"}

    def fill(self, options: Options, write: Write) -> Any:
        return write.number() if write.is_insert else UNCHANGED


class CreatedTime(DateTime):
    """When the row was made, in UTC."""

    icon = "moment"
    help = "When the row was made"
    #: The system column with the value.
    source = "_created"
    reads = ("_created", "_updated")
    upgrades = ()

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(colander.Mapping(unknown="raise"))

    def column(self, options: Options, context: Context) -> None:
        return None

    def read_expression(self, source: sa.FromClause, options: Options) -> sa.ColumnElement[Any]:
        return source.c[self.source]


class UpdatedTime(CreatedTime):
    """When the row was last changed, in UTC."""

    help = "When the row was changed last"
    source = "_updated"


class CreatedBy(FieldType):
    """Who made the row: the user's id as the application's security policy gives it; null if it gives none."""

    icon = "author"
    help = "Who made the row"
    operators = operators.TEXTUAL

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(byte_order())

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Text())

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string"}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(sql_to_text=text_forms.unchanged, sql_from_text=text_forms.unchanged)

    def fill(self, options: Options, write: Write) -> Any:
        return write.author if write.is_insert else UNCHANGED


class UpdatedBy(CreatedBy):
    """Who changed the row last: as ``created_by``."""

    icon = "author"
    help = "Who changed the row last"

    def fill(self, options: Options, write: Write) -> Any:
        return write.author
