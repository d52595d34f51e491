"""True or false."""

from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import columns, operators, schema
from dynmodel_pyramid.fields.contract import Context, FieldType, Options, TextForm
from dynmodel_pyramid.fields.sql import checks
from dynmodel_pyramid.fields.sql.checks import Checks

_TRUE = ("true", "t", "yes", "y", "on", "1")
_FALSE = ("false", "f", "no", "n", "off", "0")
_WORDS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)

_BOOLEAN = sa.Boolean()


class Boolean(FieldType):
    """True or false."""

    icon = "checkbox"
    help = "A check box: true or false"
    other_names: tuple[str, ...] = ("bool", "checkbox", "flag")
    operators = (operators.IS_TRUTH, *(known for known in operators.ORDERED if known is not operators.IS))

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_BOOLEAN)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return checks.truth(column, context)

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Boolean(), fast_path=columns.Fast(_many, lambda value: type(value) is bool))

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "boolean"}

    def text_form(self, options: Options) -> TextForm:
        read = columns.Reader(read_boolean, _read_booleans)
        return TextForm(lambda value: "true" if value else "false", read, _sql_to_text, _sql_from_text)


def _many(values: list[Any]) -> list[Any] | None:
    return values if columns.are(values, bool) else None


def _sql_to_text(value: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    return sa.case((value.is_(sa.true()), "true"), (value.is_(sa.false()), "false"))


def _sql_from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    word = sa.func.lower(text)
    return sa.case((word.in_(_TRUE), sa.true()), (word.in_(_FALSE), sa.false()))


def _read_booleans(texts: list[str]) -> list[bool] | None:
    try:
        return list(map(_WORDS.__getitem__, texts))
    except KeyError:
        return None


def read_boolean(text: str) -> bool:
    """The words that PostgreSQL takes (manual, 8.6), in any case.

    :raises ValueError: saying what is wanted
    """
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("want true or false")
