"""The relations that a query may follow, and how SQL reaches their rows.

They are links, lists of links, the reverse sides of both, and ways through a join table, which links to both ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.queries.grammar.syntax import Link
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.views import Models, Views

#: A FROM clause, the condition that joins it to the near row, and the rows' own order.
Reached = tuple[sa.FromClause, sa.ColumnElement[bool], list[sa.ColumnElement[Any]]]


@dataclass(frozen=True, slots=True)
class Relation:
    """From the rows of a table to rows of the far one, by a link.

    :param names: its names here, besides the far model's name
    :param far: the id of the far table
    :param many: whether a row may have several
    :param table_id: the table of the link, and ``owner`` the name of its model
    :param reverse: whether the link is followed backwards
    :param listed: whether the link is a list, whose lines are kept in a table of their own
    """

    names: tuple[str, ...]
    far: int
    many: bool
    table_id: int
    owner: str
    link: FieldDefinition
    reverse: bool
    listed: bool

    @property
    def id(self) -> Link:
        return Link(self.table_id, self.link.id, self.reverse)

    @property
    def constraint(self) -> str:
        """The name that PostgreSQL gives a foreign key without a name of its own."""
        return constraint(self.owner, self.link.name)

    @property
    def columns(self) -> tuple[str, str]:
        """The columns that are equal in a near row and a far one."""
        return ("id", self.link.name) if self.reverse else (self.link.name, "id")

    def reached(self, near: sa.FromClause, far: sa.FromClause, lines: sa.FromClause | None) -> Reached:
        """
        :param lines: those of a list
        """
        if lines is None:
            here, there = self.columns
            return far, far.c[there] == near.c[here], [far.c.id]
        if self.reverse:
            return far.join(lines, lines.c.row_id == far.c.id), lines.c.value == near.c.id, [far.c.id]
        return far.join(lines, lines.c.value == far.c.id), lines.c.row_id == near.c.id, [lines.c.position]


@dataclass(frozen=True, slots=True)
class Through:
    """From the rows of a table to rows of the far one, by the rows of a join table: once for each of them.

    :param join: the id of the join table, and ``join_name`` the name of its model
    :param near_link: its link to the near table; ``far_link``: to the far one
    """

    far: int
    join: int
    join_name: str
    near_link: FieldDefinition
    far_link: FieldDefinition

    many = True
    #: No one link leads there, so conditions of grants can't name it.
    id = None

    def reached(self, near: sa.FromClause, far: sa.FromClause, lines: sa.FromClause | None) -> Reached:
        """
        :param lines: the rows of the join table
        """
        assert lines is not None
        source = far.join(lines, lines.c[self.far_link.name] == far.c.id)
        return source, lines.c[self.near_link.name] == near.c.id, [far.c.id, lines.c.id]


def constraint(model_name: str, field: str) -> str:
    return f"{model_name}_{field}_fkey"


def exists(model: Model | None, views: Views) -> bool:
    """Whether a table exists for the caller."""
    return model is not None and (views.are_whole or views.view(model).exists)


def relations(names: Names, models: Models, views: Views) -> Iterator[Relation]:
    """The relations by one link that exist for the caller."""
    definition = names.model.definition
    for field in names.readable:
        reference = reference_of(field, names.model.field_types)
        if reference is not None and (views.are_whole or exists(models(reference.table), views)):
            called = (field.name, *(alias.name for alias in field.aliases))
            many = reference.many
            yield Relation(called, reference.table, many, definition.id, definition.model_name, field, False, many)
    for side in definition.referrers:
        if not names.reverse_sides.exists(side):
            continue
        far = models(side.table_id)
        link = None if far is None else far.definition.by_id.get(side.field_id)
        if far is not None and link is not None and not link.write_only:
            called = () if side.reverse is None else (side.reverse,)
            many = side.many or not link.is_unique
            owner = far.definition.model_name
            yield Relation(called, side.table_id, many, side.table_id, owner, link, True, side.many)


def through(names: Names, far: Model, models: Models, views: Views) -> Iterator[Through]:
    """The ways to a far table through a join table that exist for the caller."""
    near, far_id = names.model.definition, far.definition.id
    for side in near.referrers:
        if side.many or side.table_id in (near.id, far_id) or not names.reverse_sides.exists(side):
            continue
        join = models(side.table_id)
        near_link = None if join is None else join.definition.by_id.get(side.field_id)
        if join is None or near_link is None or near_link.write_only:
            continue
        for field in join.definition.fields:
            reference = reference_of(field, join.field_types)
            if reference is None or reference.many or reference.table != far_id or field.id == near_link.id:
                continue
            if not field.write_only and (views.are_whole or views.view(join).may_read(field.name)):
                yield Through(far_id, side.table_id, join.definition.model_name, near_link, field)
