"""The index of words of a field (``"index": "search"``): by it texts are searched, and found by their beginnings.

==========  ==========================================================================================
SQLite      a table of FTS5, which triggers keep (:mod:`dynmodel_pyramid.database.sqlite_search`)
PostgreSQL  a GIN index of the words, and a B-tree of the folded beginnings of texts for ``ilike.abc*``
==========  ==========================================================================================
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.database.sqlite_search import WordIndex
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.sql.patterns import Manner
from dynmodel_pyramid.fields.types.text import ignores_accents

#: The value of the option ``index``.
SEARCH = "search"


def manner_of(table_id: int, field: FieldDefinition, field_type: FieldType, schema: str | None) -> Manner:
    """How the texts of a field are compared."""
    index = f"_sx_{table_id}_{field.id}" if field.index == SEARCH else None
    return Manner(schema, ignores_accents(field_type, field.options), index)


def word_indexes(manner: Manner, column: sa.Column[Any], dialect: str) -> dict[str, sa.Index]:
    """The indexes of a field by their names; none if it has no index of words."""
    if manner.index is None:
        return {}
    expressions = expressions_of(dialect)
    vector = expressions.word_vector(column, manner.schema, accents=manner.ignores_accents)
    if vector is None:
        return {manner.index: WordIndex(manner.index, column, accents=manner.ignores_accents)}
    name = manner.index.replace("_sx_", "_fx_")
    begin = expressions.beginning(manner.folded(column, dialect))
    assert begin is not None  # the databases that have the one have the other
    return {
        manner.index: sa.Index(quoted_name(manner.index, quote=True), vector, postgresql_using="gin"),
        name: sa.Index(quoted_name(name, quote=True), begin),
    }
