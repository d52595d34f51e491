"""Values as JSON text, made by the database, just as the encoder of rows writes them (RFC 8259).

The database puts together the texts of embedded rows. A field type defines a value's JSON by ``json_expression``; its
SQL type decides here how to write it. The databases' own JSON differs from the encoder's: floats with fewer digits or
other exponents, objects with blanks.
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Options
from dynmodel_pyramid.fields.types.json import Fragment

NULL = "null"


def json_text(
    shown: sa.ColumnElement[Any],
    source: sa.ColumnElement[Any],
    field_type: FieldType,
    options: Options,
    dialect: str,
    name: str,
) -> sa.ColumnElement[Any]:
    """The JSON text of a value; ``null`` for null.

    :param shown: the type's ``json_expression`` for ``source``
    :raises Conflict: the type's values can't be written by the database
    """
    kind = shown.type
    expressions, own = expressions_of(dialect), field_type.json_text(source, options, dialect)
    if own is not None:
        text = own
    elif type(kind) is Fragment:
        text = sa.type_coerce(shown, sa.Text())
    elif isinstance(kind, sa.Boolean):
        text = sa.case((shown.is_(sa.true()), literal("true")), (shown.is_(sa.false()), literal("false")))
    elif isinstance(kind, sa.Integer):
        text = sa.cast(shown, sa.Text())
    elif isinstance(kind, sa.Float):
        text = expressions.json_float(shown)
    elif isinstance(kind, sa.String):
        text = expressions.json_string_or_null(shown)
    elif field_type.json_schema(options).get("type") == "string" and (
        to_text := field_type.text_form(options).sql_to_text
    ):
        text = expressions.json_string_or_null(to_text(source, dialect))
    else:
        raise Conflict(
            f"{name}: values of this type can't be written by the database, so they can't be embedded",
            hint="name other fields",
            code="unsupported_by_database",
        )
    return or_null(text)


def or_null(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(text, literal(NULL), type_=sa.Text())


def literal(text: str) -> sa.ColumnElement[Any]:
    return sa.literal(text, sa.Text())


def fragment(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """JSON text as a value in an answer."""
    return sa.type_coerce(text, Fragment())


#: A chain of ``||`` is nested as deeply as it is long. SQLite allows 1,000, all levels of a query together. Parentheses
#: take room on its parser's stack, which has 100 symbols before release 3.47.
_CHAIN = 40


class Joined(FunctionElement[Any]):
    """Texts one after another."""

    inherit_cache = True
    name = "joined"

    def __init__(self, *parts: sa.ColumnElement[Any]) -> None:
        super().__init__(*(part.self_group(against=operators.concat_op) for part in parts))
        self.type = sa.Text()


@compiles(Joined)
def _compile_joined(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    texts = [compiler.process(part, **options) for part in element.clauses]
    while len(texts) > _CHAIN:
        chains = [texts[start : start + _CHAIN] for start in range(0, len(texts), _CHAIN)]
        texts = [f"({' || '.join(chain)})" for chain in chains]
    return " || ".join(texts)


def json_object(members: Sequence[tuple[str, sa.ColumnElement[Any]]]) -> sa.ColumnElement[Any]:
    """An object of names and JSON texts, none of which is null."""
    if not members:
        return literal("{}")
    parts: list[sa.ColumnElement[Any]] = []
    before = "{"
    for name, text in members:
        parts += [literal(f"{before}{json.dumps(name, ensure_ascii=False)}:"), text]
        before = ","
    return Joined(*parts, literal("}"))


def json_array(values: sa.Select[*tuple[Any, ...]], dialect: str, *, has_arrays: bool) -> sa.ColumnElement[Any]:
    """The JSON texts of a query's one column as an array, in the query's order.

    :param has_arrays: whether the texts have such arrays within them, so that the same rows may be there many times
    """
    rows = values.subquery()
    if has_arrays:
        rows = expressions_of(dialect).bounded(rows)
    (value,) = rows.c
    every = expressions_of(dialect).joined(value, sa.literal_column("','"))
    return sa.select(
        Joined(literal("["), sa.func.coalesce(every, literal(""), type_=sa.Text()), literal("]"))
    ).scalar_subquery()
