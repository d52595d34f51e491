"""``order`` in SQL: the keys that rows are sorted by, and the place of nulls."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.types.text import byte_order
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.syntax import OrderTerm
from dynmodel_pyramid.queries.sql.json_paths import Part
from dynmodel_pyramid.queries.sql.selection import Selection
from dynmodel_pyramid.queries.sql.subjects import SYSTEM, Subject


@dataclass(frozen=True, slots=True)
class Key:
    """One term of ORDER BY.

    :param name: its name in a cursor; empty if rows can't be found again by its value
    :param nullable: whether the value may be null, which a required field's may be, too, while its proof is pending
    """

    subject: Subject
    expression: sa.ColumnElement[Any]
    descending: bool
    nulls_first: bool
    name: str = ""
    nullable: bool = True

    def clause(self, *, backwards: bool = False) -> sa.ColumnElement[Any]:
        clause = self.expression.desc() if self.descending != backwards else self.expression.asc()
        if not self.nullable:
            # With an unneeded place of nulls SQLite would sort again rows that an index has in order.
            return clause
        return clause.nulls_first() if self.nulls_first != backwards else clause.nulls_last()

    def nulls_come(self, *, backwards: bool) -> bool:
        """Whether nulls come after all values in this direction."""
        return self.nullable and self.nulls_first == backwards


def keys_of(selection: Selection) -> list[Key]:
    """The keys of the level's order, of rows.

    :raises Malformed: a name is unknown, or its values have no order
    """
    keys: list[Key] = []
    for term in selection.level.order:
        column = selection.ordered(term.relation, term.column)
        if column.aggregate is not None:
            raise Malformed(
                f"order: {column.aggregate}() orders groups, and these are rows",
                code="not_sortable",
                hint="an aggregate in select makes groups",
                parameter="order",
            )
        name = "" if term.relation is not None or column.path else column.name
        keys += keys_by(term, selection.subject_of(column, term.relation), name)
        selection.around.budget.spend(keys[-1].expression)
    return keys


def keys_by(term: OrderTerm, subject: Subject, name: str) -> list[Key]:
    """The keys of one term of an order; nulls have PostgreSQL's place unless it says otherwise.

    :param name: see :class:`Key`
    :raises Malformed: the values have no order
    """
    nulls_first = term.descending if term.nulls_first is None else term.nulls_first
    expression = subject.expression
    if isinstance(subject.field_type, Part):
        return _of_json(subject, term.descending, nulls_first)
    if not is_sortable(subject.field_type) or not isinstance(expression, sa.ColumnElement):
        raise Malformed(f"order: {clip(subject.name)} has no order", code="not_sortable", parameter="order")
    return [Key(subject, expression, term.descending, nulls_first, name, nullable=name not in SYSTEM)]


def _of_json(subject: Subject, descending: bool, nulls_first: bool) -> list[Key]:
    """Sort keys of JSON values: numbers by size, before other values by their text."""
    value = subject.expression
    text: sa.ColumnElement[str]
    number: sa.ColumnElement[Any]
    missing = sa.case((value.is_(None), sa.literal_column("1")), else_=sa.literal_column("0"))
    expressions = expressions_of(subject.dialect)
    number, text = expressions.json_number(value), expressions.json_sort_text(value)
    return [
        Key(subject, missing, nulls_first, False),
        Key(subject, number, descending, descending),
        Key(subject, sa.type_coerce(text, byte_order()), descending, descending),
    ]
