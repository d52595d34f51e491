"""The relations that a query may follow: links, lists of links and reverse sides, and how SQL reaches their rows.

A query names a relation by the link (or an alias of it), by the reverse side, or by the model at its other end
(PostgREST, "Resource Embedding"). A hint names the link if the model is ambiguous.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.hints import meant
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.syntax import Link
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.views import Models, Views


@dataclass(frozen=True, slots=True)
class Relation:
    """From the rows of a table to rows of the far one.

    :param names: its names here, besides the far model's name
    :param many: whether a row may have several
    :param link: the field that links, and the id of its table
    :param reverse: whether the link is followed backwards
    :param listed: whether the link is a list, whose lines are kept in a table of their own
    """

    names: tuple[str, ...]
    far: int
    many: bool
    table_id: int
    link: FieldDefinition
    reverse: bool
    listed: bool

    @property
    def id(self) -> Link:
        return Link(self.table_id, self.link.id, self.reverse)

    def reached(
        self, near: sa.FromClause, far: sa.FromClause, schema: str | None, name: str
    ) -> tuple[sa.FromClause, sa.ColumnElement[bool], list[sa.ColumnElement[Any]]]:
        """The FROM clause, the condition that joins it to the near row, and the rows' own order.

        :param name: the alias for the lines of a list
        """
        if not self.listed:
            if self.reverse:
                return far, far.c[self.link.name] == near.c.id, [far.c.id]
            return far, far.c.id == near.c[self.link.name], [far.c.id]
        lines = lines_of(self.table_id, self.link.id, schema).alias(name)
        if self.reverse:
            return far.join(lines, lines.c.row_id == far.c.id), lines.c.value == near.c.id, [far.c.id]
        return far.join(lines, lines.c.value == far.c.id), lines.c.row_id == near.c.id, [lines.c.position]


def relation_of(
    names: Names,
    name: str,
    hint: str | None,
    models: Models,
    views: Views,
    parameter: str = "select",
    link: Link | None = None,
) -> Relation:
    """A table's relation of that name, if it exists for the caller.

    :param link: the relation itself, whatever its names
    :raises Malformed: there is none (``unknown_relation``), or there are several (``ambiguous_relation``)
    """
    every = list(_relations(names, models, views))
    if link is not None:
        every = [relation for relation in every if relation.id == link]
        if every:
            return every[0]
    named = [relation for relation in every if name in relation.names]
    matches = named or [relation for relation in every if _is_called(relation, name, models)]
    if hint is not None:
        matches = [
            relation
            for relation in matches
            if hint in relation.names or hint == relation.link.name or _is_called(relation, hint, models)
        ]
    if len(matches) == 1:
        return matches[0]
    called = clip(name if hint is None else f"{name}!{hint}")
    here = names.model.definition.model_name
    if matches:
        choices = ", ".join(_told(relation, models) for relation in matches)
        forms = ", ".join(f"'{_model_name(relation, models)}!{relation.link.name}'" for relation in matches)
        raise Malformed(
            f"{parameter}: {called} may be several relations of {here}: {choices}",
            code="ambiguous_relation",
            hint=f"Try changing '{clip(name)}' to one of the following: {forms}",
            parameter=parameter,
            relation=clip(name),
            relations=[_described(relation, here, models) for relation in matches],
        )
    known = sorted({_told(relation, models) for relation in every})
    near = meant(name, [called for relation in every for called in (*relation.names, _model_name(relation, models))])
    raise Malformed(
        f"{parameter}: the table {here} has no relation {called}",
        code="unknown_relation",
        hint=" ".join(part for part in (near, f"it has {', '.join(known)}" if known else "it has none") if part),
        parameter=parameter,
        relation=clip(name),
    )


def _relations(names: Names, models: Models, views: Views) -> Iterator[Relation]:
    def exists(table_id: int) -> bool:
        far = None if views.are_whole else models(table_id)
        return views.are_whole or (far is not None and views.view(far).exists)

    definition = names.model.definition
    for field in names.readable:
        reference = reference_of(field, names.model.field_types)
        if reference is not None and exists(reference.table):
            called = (field.name, *(alias.name for alias in field.aliases))
            yield Relation(called, reference.table, reference.many, definition.id, field, False, reference.many)
    for side in definition.referrers:
        if not names.reverse_sides.exists(side):
            continue
        far = models(side.table_id)
        link = None if far is None else far.definition.by_id.get(side.field_id)
        if link is not None and not link.write_only:
            called = () if side.reverse is None else (side.reverse,)
            many = side.many or not link.is_unique
            yield Relation(called, side.table_id, many, side.table_id, link, True, side.many)


def _is_called(relation: Relation, name: str, models: Models) -> bool:
    far = models(relation.far)
    return far is not None and name_key(far.definition.model_name) == name_key(name)


def _model_name(relation: Relation, models: Models) -> str:
    far = models(relation.far)
    return "?" if far is None else far.definition.model_name


def _told(relation: Relation, models: Models) -> str:
    model_name = _model_name(relation, models)
    return f"{relation.names[0]} ({model_name})" if relation.names else f"{model_name}!{relation.link.name}"


def _described(relation: Relation, here: str, models: Models) -> dict[str, str]:
    """A relation in the words of PostgREST's ``PGRST201`` ("Errors")."""
    far, link = _model_name(relation, models), relation.link.name
    if relation.listed:
        cardinality = "many-to-many"
    else:
        near = "one" if relation.link.is_unique or relation.reverse else "many"
        cardinality = f"{near}-to-{'many' if relation.many else 'one'}"
    ends = (f"{here}(id)", f"{far}({link})") if relation.reverse else (f"{here}({link})", f"{far}(id)")
    return {
        "cardinality": cardinality,
        "relationship": f"{link} using {' and '.join(ends)}",
        "embedding": f"{here} with {far}",
    }
