"""One level of a query, the queried table or an embedded relation: its tables, joins and conditions.

Relations to at most one row are joined to the level's own table (LEFT JOIN: they never multiply its rows). Relations to
several rows are subqueries that make JSON arrays. So the whole query is one statement. Conditions about embedded rows
are EXISTS, with the embedded level's own conditions.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.errors import QueryError, QueryTooComplex, clip
from dynmodel_pyramid.queries.grammar.syntax import Column, Embed, Field, Path, Query, SelectItem
from dynmodel_pyramid.queries.sql.budget import Budget
from dynmodel_pyramid.queries.sql.comparisons import Clock, Operands
from dynmodel_pyramid.queries.sql.filters import translated
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.outputs import Output
from dynmodel_pyramid.queries.sql.relation_names import relation_of
from dynmodel_pyramid.queries.sql.relations import Reached, Relation, Through
from dynmodel_pyramid.queries.sql.subjects import Subject
from dynmodel_pyramid.queries.sql.views import Models, ReverseSides, Views

#: The most tables that one level joins; SQLite allows 64 (Implementation Limits, 6).
MOST_JOINED = 50


@dataclass
class Surroundings:
    """The values that all levels of one query share.

    :param views: gives the caller's view of each table
    :param numbers: whether exact numbers are JSON numbers, not strings
    :param operands: makes the values of placeholders
    :param moment: at which relative times are evaluated; None: that of the request
    :param used: every far table that the query names, by its id
    """

    query: Query
    models: Models
    views: Views
    numbers: bool = False
    operands: Operands | None = None
    moment: datetime.datetime | None = None
    used: dict[int, Model] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    #: How many arrays of embedded rows have been made so far.
    arrays: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.reverse_sides = ReverseSides(self.model, self.views)
        moment = self.moment or self.views.moment
        self.clock = None if moment is None else Clock(moment)

    def names(self, model: Model, table: sa.FromClause | None = None, *, alias: bool = False) -> Names:
        """The names of a table.

        :param table: its rows; None for the caller's view of it
        :param alias: whether the view needs a name of its own
        """
        view = self.views.view(model)
        table = view.source(self.name() if alias else None) if table is None else table
        return Names(model, view, table, self.reverse_sides, self.budget, self.clock, self.operands)

    def name(self) -> quoted_name:
        # No name of a table or field begins with an underscore.
        return quoted_name(f"_q{next(self._numbers)}", quote=True)

    def shown(self, output: Output) -> Output:
        return output.as_number() if self.numbers else output

    def model(self, key: int | str) -> Model | None:
        model = self.models(key)
        if model is not None:
            self.used[model.definition.id] = model
        return model


class Selection:
    """One level, over a table or an alias of it.

    :param near: the table of the level that embeds this one
    :param single: whether that level has one row of this one at most
    """

    def __init__(
        self,
        around: Surroundings,
        names: Names,
        items: tuple[SelectItem, ...],
        path: Path = (),
        near: sa.FromClause | None = None,
        *,
        single: bool = False,
    ) -> None:
        self.around, self.names, self.items, self.path, self.near = around, names, items, path, near
        self.single = single
        self.model, self.table = names.model, names.table
        self.dialect = self.model.dialect
        self.level = around.query.level(path)
        #: Joined relations, by their names in filters and order, each with its FROM clause and the condition.
        self.joined: dict[str, tuple[Selection, sa.FromClause, sa.ColumnElement[bool]]] = {}
        self.embeds = {item.key: item for item in items if isinstance(item, Embed)}
        self._conditions: list[sa.ColumnElement[bool]] | None = None
        self._relations: dict[str, Relation | Through] = {}
        self._check_embeds()
        for key in self.embeds:
            self.relation(key)  # told before fields that are not there

    def _check_embeds(self) -> None:
        keys = [item.key for item in self.items if isinstance(item, Embed)]
        for key in keys:
            if keys.count(key) > 1:
                raise QueryError(
                    f"{clip(key)} is embedded twice",
                    parameter="select",
                    hint="give one of them an alias: alias:name(...)",
                )
        depth = len(self.path)
        for level in self.around.query.levels:
            if len(level.path) > depth and level.path[:depth] == self.path and level.path[depth] not in self.embeds:
                raise self._not_embedded(level.path[depth], ".".join(level.path))

    def _not_embedded(self, name: str, parameter: str) -> Malformed:
        alias = next((item.alias for item in self.embeds.values() if item.relation == name), None)
        hint, details = f"Verify that '{clip(name)}' is included in the 'select' query parameter.", None
        if alias is not None:
            hint = f"Change '{clip(name)}' to '{clip(alias)}' in filters, orders or limits."
            details = "Target names are not allowed in filters if they have an alias"
        return Malformed(
            f"{clip(parameter)}: select embeds no {clip(name)}",
            code="unknown_relation",
            hint=hint,
            parameter=clip(parameter),
            relation=clip(name),
            **({} if details is None else {"details": details}),
        )

    # Relations

    def relation(self, key: str) -> Relation | Through:
        if key not in self._relations:
            item = self.embeds[key]
            self._relations[key] = relation_of(
                self.names, item.relation, item.hint, self.around.model, self.around.views, link=item.link
            )
        return self._relations[key]

    def child(self, key: str) -> "Selection":
        """The level embedded under that name, over a new alias of its table."""
        relation = self.relation(key)
        model = self.around.model(relation.far)
        assert model is not None  # a relation leads to a table that is there
        names, items = self.around.names(model, alias=True), self.embeds[key].items
        return Selection(self.around, names, items, (*self.path, key), self.table, single=not relation.many)

    def reached(self, key: str, child: "Selection") -> Reached:
        """See :meth:`Relation.reached`; only lists and join tables that the caller may see lead to rows."""
        relation = self.relation(key)
        if isinstance(relation, Through):
            join = self.around.model(relation.join)
            assert join is not None  # as the relation has found
            return relation.reached(self.table, child.table, self.around.names(join, alias=True).table)
        if not relation.listed:
            return relation.reached(self.table, child.table, None)
        lines = lines_of(relation.table_id, relation.link.id, self.model.table.schema).alias(self.around.name())
        source, tie, order = relation.reached(self.table, child.table, lines)
        owner = child if relation.reverse else self
        shown = owner.names.view.shown(owner.table, relation.link)
        return source, tie if shown is None else sa.and_(tie, shown), order

    def exists(self, key: str) -> sa.ColumnElement[bool] | None:
        """Whether a row has rows embedded under that name; None: there is no such relation."""
        return self._exists(key) if key in self.embeds else None

    def _exists(self, key: str) -> sa.ColumnElement[bool]:
        if key in self.joined:
            return self.joined[key][0].table.c.id.is_not(None)
        child = self.child(key)
        source, tie, _ = self.reached(key, child)
        one: sa.ColumnElement[int] = sa.literal_column("1")
        rows = sa.select(one).select_from(source).where(tie, *child.conditions())
        return rows.correlate(self.table).exists()

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The conditions for a row of this level: the filters, and ``!inner``.

        They use the relations that are joined when it is called first.
        """
        if self._conditions is None:
            found = [self._exists(key) for key, item in self.embeds.items() if item.join == "inner"]
            if self.level.filters:
                found.insert(0, translated(self.level.filters, self.names, self.exists))
            if self.single and (self.level.limit == 0 or self.level.offset):
                found.append(sa.false())
            self._conditions = found
        return self._conditions

    def join(self, key: str, child: "Selection | None" = None) -> "Selection":
        """Join the one row that a relation may have.

        :param child: its level, whose conditions use no relations of its own
        """
        if key not in self.joined:
            child = self.child(key) if child is None else child
            source, tie, _ = self.reached(key, child)
            self.joined[key] = child, source, sa.and_(tie, *child.conditions())
        return self.joined[key][0]

    def join_to(self, source: sa.FromClause) -> sa.FromClause:
        """The FROM clause, once all joins are known.

        :raises QueryTooComplex: there are too many
        """
        joins = list(self._joins())
        if len(joins) > MOST_JOINED:
            raise QueryTooComplex(f"more than {MOST_JOINED} relations of one row are embedded", parameter="select")
        for table, condition in joins:
            source = source.outerjoin(table, condition)
        return source

    def _joins(self) -> Iterator[tuple[sa.FromClause, sa.ColumnElement[bool]]]:
        for child, table, condition in self.joined.values():
            yield table, condition
            yield from child._joins()

    def ordered(self, relation: str | None, column: Column) -> Column:
        """The column that an order names: a field, but before it an item that the relation's select has renamed."""
        if relation is None or column.path or relation not in self.embeds:
            return column
        fields = (item for item in self.embeds[relation].items if isinstance(item, Field))
        renamed = (each.column for each in fields if each.alias == column.name and not each.cast and not each.aggregate)
        return next(renamed, column)

    def subject_of(self, column: Column, relation: str | None) -> Subject:
        """The subject that an order names: a field of this level, or of a joined relation."""
        if relation is None:
            return self.names.subject(column, "order")
        if relation not in self.embeds:
            raise self._not_embedded(relation, "order")
        if self.relation(relation).many:
            raise Malformed(
                f"order: {clip(relation)} may be several rows, which have no one value",
                code="not_sortable",
                parameter="order",
                table=self.model.definition.model_name,
                relation=clip(relation),
            )
        return self.join(relation).names.subject(column, "order")
