"""Groups: the classes of tables that link to one another, built together, with relationships between them.

================  =========================================  =======================================================
field             attributes of its class                    attribute of the far class, if the field names one
================  =========================================  =======================================================
``customer``      ``customer``: the id;                      ``reverse``: the rows that refer to it, in order of id;
(a link)          ``customer_row``: the row                  for reading
``tags``          ``tags``: the ids in their order;          the same
(links)           ``tags_rows``: the rows in their order
================  =========================================  =======================================================

A group has one registry and one MetaData. Only the models of its tables refer to it, so it is freed when they are. A
relationship never leads out of a group: a class that lived longer would keep the old one alive. Each table belongs to
one current group, and a group is current as long as all its definitions are.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.orderinglist import ordering_list
from sqlalchemy.orm import registry, relationship

from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.list_tables import lines
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.table_builder import (
    DEFINITION,
    RESERVED_ATTRIBUTES,
    SYSTEM_COLUMNS,
    Generator,
    Model,
    attribute_names,
)
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.definitions.names import free_identifier, identifier, identifiers
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.fields import Reference

#: The most tables in one group, because everything links to the users sooner or later. Links to tables beyond it are
#: ids only.
LIMIT = 50


class Group:
    """Classes by table id, each with the definition that it was built from. Never changed after it is published."""

    def __init__(self, definitions: dict[int, TableDefinition], classes: dict[int, type]) -> None:
        self.definitions = definitions
        self.classes = classes

    def is_current(self, attempt: Attempt) -> bool:
        """Whether all its definitions are current for the attempt, which counts them as used from then on."""
        return all(
            (model := attempt.model(table_id)) is not None and model.definition == definition
            for table_id, definition in self.definitions.items()
        )


def class_of(catalogue: Catalogue, name: str) -> type | None:
    """The class of the table with that name, as the database defines it now; None if there is none.

    :raises PluginMissing: a field's type is not installed
    """
    while True:
        try:
            return _class_of(Attempt(catalogue), name)
        except Stale:
            continue


def _class_of(attempt: Attempt, name: str) -> type | None:
    model = attempt.model(name)
    if model is None:
        attempt.confirm()
        return None
    group = _current(attempt, model)
    if group is None:
        # One at a time, and proven before it is published, so that no old group ever replaces a newer one.
        with attempt.catalogue.generator.grouping:
            group = _current(attempt, model) or _built(attempt, model)
            attempt.confirm()
            for table_id in group.classes:
                near = attempt.model(table_id)
                if near is not None:
                    near.group = group
    attempt.confirm()
    return group.classes[model.definition.id]


def _current(attempt: Attempt, model: Model) -> Group | None:
    """The table's current group. A model that was loaded again finds the group through its neighbours."""
    table_id = model.definition.id
    # Tables that have a group are in memory; no table is loaded for this.
    near = (attempt.snapshot.by_id(number) for number in _neighbours(model))
    for group in dict.fromkeys(candidate.group for candidate in (model, *near) if isinstance(candidate, Model)):
        if group is not None and table_id in group.classes and group.is_current(attempt):
            model.group = group
            return group
    return None


def _neighbours(model: Model) -> Iterator[int]:
    for field in model.definition.fields:
        reference = reference_of(field, model.field_types)
        if reference is not None:
            yield reference.table
    for referrer in model.definition.referrers:
        yield referrer.table_id


def _built(attempt: Attempt, asked: Model) -> Group:
    """A group of this table and the tables linked to it, breadth first, as far as these have no group yet."""
    generator = attempt.catalogue.generator
    metadata = sa.MetaData(schema=generator.dialect.schema)
    models: dict[int, Model] = {}
    waiting, seen = deque([asked.definition.id]), {asked.definition.id}
    while waiting and len(models) < LIMIT:
        model = attempt.model(waiting.popleft())
        if model is None or (model is not asked and model.group is not None and model.group.is_current(attempt)):
            continue
        try:
            generator.table(model.definition, metadata=metadata)
        except PluginMissing:
            if model is asked:
                raise
            continue
        models[model.definition.id] = model
        new = [number for number in dict.fromkeys(_neighbours(model)) if number not in seen]
        waiting.extend(new)
        seen.update(new)
    definitions = {table_id: model.definition for table_id, model in models.items()}
    return Group(definitions, _Classes(generator, metadata, definitions).build())


@dataclass(frozen=True, slots=True)
class _Link:
    """A field that refers to rows, with its table."""

    near: TableDefinition
    field: FieldDefinition
    reference: Reference


class _Classes:
    """The classes of one group, while they are built.

    The tables have no foreign keys, so each relationship says how it joins. ``lines`` are the mapped tables of lists
    (SQLAlchemy's documentation, "Association Object"): their classes belong to the group and are not public.
    """

    def __init__(self, generator: Generator, metadata: sa.MetaData, definitions: dict[int, TableDefinition]) -> None:
        self.generator = generator
        self.definitions = definitions
        self.metadata = metadata
        self.tables = {table.info[DEFINITION].id: table for table in metadata.tables.values()}
        self.registry = registry(metadata=metadata)
        self.base = self.registry.generate_base()
        self.classes: dict[int, type] = {}
        self.attributes: dict[int, dict[str, Any]] = {table_id: {} for table_id in definitions}
        self.taken = {
            table_id: {"id", *SYSTEM_COLUMNS, *RESERVED_ATTRIBUTES, *attribute_names(definition).values()}
            for table_id, definition in definitions.items()
        }

    def build(self) -> dict[int, type]:
        links = [
            _Link(near, field, reference)
            for near in self.definitions.values()
            for field in near.fields
            if (reference := self.generator.reference(field)) is not None
        ]
        list_tables = {(link.near.id, link.field.id): self._lines(link) for link in links if link.reference.many}
        # People choose the names of reverse sides; the names of rows are derived. Where they clash, derived names give
        # way.
        inner = [link for link in links if link.reference.table in self.definitions]
        for link in inner:
            if link.reference.reverse is not None:
                self._add_reverse(link, list_tables.get((link.near.id, link.field.id)))
        for link in links:
            if link.reference.many:
                self._add_list(link, list_tables[link.near.id, link.field.id])
            elif link in inner:
                self._add_row(link)
        names = identifiers(self.definitions[table_id].model_name for table_id in sorted(self.definitions))
        for table_id, definition in self.definitions.items():
            self.classes[table_id] = self.generator.declarative_class(
                definition,
                names[definition.model_name],
                self.tables[table_id],
                self.base,
                self.attributes[table_id],
            )
        self.registry.configure()
        return self.classes

    def _free(self, table_id: int, name: str) -> str:
        name = free_identifier(name, self.taken[table_id])
        self.taken[table_id].add(name)
        return name

    def _add(self, table_id: int, name: str, attribute: Any) -> None:
        self.attributes[table_id][self._free(table_id, name)] = attribute

    def _to(self, table_id: int, **how: Any) -> Any:
        return relationship(lambda: self.classes[table_id], **how)

    def _add_row(self, link: _Link) -> None:
        column, far = self.tables[link.near.id].c[link.field.name], self.tables[link.reference.table].c.id
        far_row = self._to(link.reference.table, primaryjoin=column == far, foreign_keys=[column], remote_side=[far])
        self._add(link.near.id, f"{identifier(link.field.name)}_row", far_row)

    def _add_reverse(self, link: _Link, list_table: sa.Table | None) -> None:
        near, far = self.tables[link.near.id], self.tables[link.reference.table]
        how: dict[str, Any] = {"viewonly": True, "order_by": near.c.id}
        if list_table is not None:
            how |= {
                "secondary": list_table,
                "primaryjoin": far.c.id == list_table.c.value,
                "secondaryjoin": list_table.c.row_id == near.c.id,
                "foreign_keys": [list_table.c.value, list_table.c.row_id],
            }
        else:
            column = near.c[link.field.name]
            how |= {"primaryjoin": far.c.id == column, "foreign_keys": [column], "remote_side": [column]}
        assert link.reference.reverse is not None  # who asks for it has one
        self._add(link.reference.table, identifier(link.reference.reverse), self._to(link.near.id, **how))

    def _lines(self, link: _Link) -> sa.Table:
        table = lines(link_table(link.near.id, link.field.id), self.metadata)
        table.info[DEFINITION] = link.near
        return table

    def _add_list(self, link: _Link, list_table: sa.Table) -> None:
        own = self.tables[link.near.id]
        # No field begins with an underscore.
        name = f"_lines_{link.field.id}"
        join: dict[str, Any] = {
            "primaryjoin": list_table.c.row_id == own.c.id,
            "foreign_keys": [list_table.c.row_id],
        }
        attributes = {
            "__table__": list_table,
            # The line may have been deleted with the row that it names.
            "__mapper_args__": {"confirm_deleted_rows": False},
            "owner": self._to(link.near.id, back_populates=name, **join),
        }
        far = self.tables.get(link.reference.table)
        if far is not None:
            value = list_table.c.value
            attributes["row"] = self._to(link.reference.table, primaryjoin=value == far.c.id, foreign_keys=[value])
        line = type(f"_Line_{link.near.id}_{link.field.id}", (self.base,), attributes)
        self.attributes[link.near.id][name] = relationship(
            line,
            order_by=list_table.c.position,
            collection_class=ordering_list("position"),
            cascade="all, delete-orphan",
            passive_deletes=True,
            back_populates="owner",
            **join,
        )
        attribute = attribute_names(link.near)[link.field.name]
        self.attributes[link.near.id][attribute] = association_proxy(
            name, "value", creator=lambda value: line(value=value)
        )
        if far is not None:
            far_rows = association_proxy(name, "row", creator=lambda row: line(row=row))
            self._add(link.near.id, f"{identifier(link.field.name)}_rows", far_rows)
