"""Users of this service as values."""

import re
from collections.abc import Collection
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.database.access_tables import AccessTables
from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.fields import operators, schema
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, TextForm
from dynmodel_pyramid.fields.sql import checks, text_forms
from dynmodel_pyramid.fields.types.text import byte_order

_ID = re.compile(r"user:([1-9][0-9]{0,15})", re.ASCII)
#: Values that one statement looks up.
CHUNK = 1000


def _number(value: Any) -> int | None:
    match = _ID.fullmatch(value) if type(value) is str else None
    number = 0 if match is None else int(match[1])
    return number if 1 <= number <= LARGEST_ID else None


class _UserId(schema.Text):
    wanted = "the id of a user, such as user:7"

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        value = super().check(node, value)
        if _number(value) is None:
            raise schema.invalid(node, f"want {self.wanted}", "invalid_format", value)
        return value


class User(FieldType):
    """A user of this service, by the id of the identity: ``user:7``, as ``created_by`` has it."""

    icon = "user"
    help = "A user of this service"
    operators = operators.TEXTUAL

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(byte_order())

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return checks.kind(column, "text", context)

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(_UserId(), fast_path=lambda value: _number(value) is not None)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Text())

    def text_form(self, options: Options) -> TextForm:
        return TextForm(sql_to_text=text_forms.unchanged)

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "pattern": "^user:[1-9][0-9]{0,15}$"}

    def existing(self, connection: sa.Connection, schema: str | None, values: Collection[str]) -> set[str]:
        user = AccessTables(sa.MetaData(schema=schema)).user
        numbers = sorted(number for value in values if (number := _number(value)) is not None)
        found: set[str] = set()
        for start in range(0, len(numbers), CHUNK):
            query = sa.select(user.c.id).where(user.c.id.in_(numbers[start : start + CHUNK]))
            found.update(f"user:{number}" for number in connection.scalars(query))
        return found
