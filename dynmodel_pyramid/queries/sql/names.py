"""The names of a query in one table: fields, their former names, system columns, reverse sides."""

from collections.abc import Callable
from typing import Protocol

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import reverse_sides
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.syntax import Column
from dynmodel_pyramid.queries.sql.budget import Budget
from dynmodel_pyramid.queries.sql.json_paths import part_of
from dynmodel_pyramid.queries.sql.subjects import SYSTEM, Subject, of_field, of_reverse_side, of_system


class Readable(Protocol):
    """The part of the caller's scope that queries use (``dynmodel_pyramid.rows.scope.Scope``)."""

    @property
    def condition(self) -> Callable[[sa.FromClause], sa.ColumnElement[bool]] | None: ...

    def may_read(self, name: str) -> bool: ...


class Names:
    """The names of one table, or of one of its aliases in a query, as a scope may see them."""

    def __init__(
        self, model: Model, scope: Readable, table: sa.FromClause | None = None, budget: Budget | None = None
    ) -> None:
        self.model = model
        #: Shared by all tables of a query.
        self.budget = Budget() if budget is None else budget
        self.scope = scope
        self.table = model.table if table is None else table
        definition = model.definition
        self._fields = {alias.name: field for field in definition.fields for alias in field.aliases}
        self._fields |= definition.by_name
        self._sides = reverse_sides(model)

    @property
    def readable(self) -> list[FieldDefinition]:
        """The fields that answers show."""
        return [
            field for field in self.model.definition.fields if self.scope.may_read(field.name) and not field.write_only
        ]

    @property
    def sides(self) -> list[str]:
        """The names of the reverse sides that answers show."""
        return [name for name in self._sides if self.scope.may_read(name)]

    def find(self, name: str, parameter: str) -> FieldDefinition | Referrer | str:
        """A field, a reverse side, or the name of a system column.

        :raises Malformed: there is none of that name, or the caller may not read it
        """
        if name in SYSTEM:
            return name
        field = self._fields.get(name)
        if field is not None and self.scope.may_read(field.name):
            if not field.write_only:
                return field
            problem = f"the field {clip(name)} is write_only: no query reads it"
            # An order would reveal the values one by one. The code says that the name is not misspelt.
            code = "not_sortable" if parameter == "order" else "unknown_field"
            table = self.model.definition.model_name
            parameter = clip(parameter)
            raise Malformed(f"{parameter}: {problem}", code=code, parameter=parameter, field=name, table=table)
        side = self._sides.get(name)
        if side is not None and self.scope.may_read(name):
            return side
        raise Malformed(
            f"{clip(parameter)}: the table {self.model.definition.model_name} has no field {clip(name)!r}",
            code="unknown_field",
            parameter=clip(parameter),
            field=clip(name),
            table=self.model.definition.model_name,
        )

    def subject(self, column: Column, parameter: str) -> Subject:
        """The subject of a column of the query, its JSON path included.

        :raises Malformed: it is unknown, or has a path but is not JSON
        """
        member = self.find(column.name, parameter)
        if isinstance(member, str):
            subject = of_system(self.model, member, self.table)
        elif isinstance(member, Referrer):
            subject = of_reverse_side(self.model, member, self.table)
        else:
            subject = of_field(self.model, member, self.table)
        return part_of(subject, column.path, column.as_text) if column.path else subject
