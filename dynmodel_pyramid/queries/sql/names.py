"""The names of a query in one table: fields, their former names, system columns, reverse sides."""

from dataclasses import replace

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import reverse_sides as sides_of
from dynmodel_pyramid.catalogue.column_expressions import shown_sides
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.hints import asked, nearest
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.habits import order_meant
from dynmodel_pyramid.queries.grammar.printing import print_name
from dynmodel_pyramid.queries.grammar.syntax import Column
from dynmodel_pyramid.queries.sql.budget import Budget
from dynmodel_pyramid.queries.sql.comparisons import Clock, Operands
from dynmodel_pyramid.queries.sql.json_paths import part_of
from dynmodel_pyramid.queries.sql.subjects import SYSTEM, Subject, of_field, of_reverse_side, of_system
from dynmodel_pyramid.queries.sql.views import ReverseSides, View


class Names:
    """The names of one table in a query, as a caller may see them.

    :param table: the view's source
    :param reverse_sides: those of all tables; ``budget`` and ``clock``: shared by all tables of a query
    :param operands: makes the values of placeholders
    """

    def __init__(
        self,
        model: Model,
        view: View,
        table: sa.FromClause,
        reverse_sides: ReverseSides,
        budget: Budget,
        clock: Clock | None,
        operands: Operands | None = None,
    ) -> None:
        self.model = model
        self.view = view
        self.table = table
        self.reverse_sides = reverse_sides
        self.budget = budget
        self.clock = clock
        self.operands = operands
        definition = model.definition
        self._fields = {alias.name: field for field in definition.fields for alias in field.aliases}
        self._fields |= definition.by_name
        self._sides = sides_of(model)

    @property
    def readable(self) -> list[FieldDefinition]:
        """The fields that answers show."""
        return [
            field for field in self.model.definition.fields if self.view.may_read(field.name) and not field.write_only
        ]

    @property
    def sides(self) -> list[str]:
        """The names of the reverse sides that answers show."""
        return [name for name, side in shown_sides(self.model).items() if self.reverse_sides.exists(side)]

    @property
    def guard(self) -> sa.ColumnElement[bool] | None:
        """See :meth:`View.guard`."""
        return self.view.guard(self.table)

    @property
    def visible(self) -> list[str]:
        """All names that a query may have here, for hints."""
        return [*(field.name for field in self.readable), *self.sides, *SYSTEM]

    def has(self, name: str) -> bool:
        """Whether a query may read something of that name."""
        field, side = self._fields.get(name), self._sides.get(name)
        if field is not None and self.view.may_read(field.name):
            return not field.write_only
        return name in SYSTEM or (side is not None and self.reverse_sides.exists(side))

    def _meant(self, name: str, parameter: str) -> str | None:
        """The hint for an unknown name; in an order, its direction may be written as elsewhere."""
        hint = order_meant(name, self.visible) if parameter.rpartition(".")[2] == "order" else None
        return hint or asked(list(map(print_name, nearest(name, self.visible))))

    def find(self, name: str, parameter: str) -> FieldDefinition | Referrer | str:
        """A field, a reverse side, or the name of a system column.

        :raises Malformed: there is none of that name, or the caller may not read it
        """
        if name in SYSTEM:
            return name
        field = self._fields.get(name)
        if field is not None and self.view.may_read(field.name):
            if not field.write_only:
                return field
            problem = f"the field {clip(name)} is write_only: no query reads it"
            # An order would reveal the values one by one. The code says that the name is not misspelt.
            code = "not_sortable" if parameter == "order" else "unknown_field"
            table = self.model.definition.model_name
            parameter = clip(parameter)
            raise Malformed(f"{parameter}: {problem}", code=code, parameter=parameter, field=name, table=table)
        side = self._sides.get(name)
        if side is not None and self.reverse_sides.exists(side):
            return side
        raise Malformed(
            f"{clip(parameter)}: the table {self.model.definition.model_name} has no field {clip(name)!r}",
            code="unknown_field",
            hint=self._meant(name, parameter),
            parameter=clip(parameter),
            field=clip(name),
            table=self.model.definition.model_name,
        )

    def subject_of(self, field: FieldDefinition) -> Subject:
        """The subject of a field that the caller may read."""
        subject = of_field(self.model, field, self.table)
        shown = self.view.shown(self.table, field)
        return subject if shown is None else replace(subject, shown=shown)

    def subject(self, column: Column, parameter: str) -> Subject:
        """The subject of a column of the query, its JSON path included.

        :raises Malformed: it is unknown, or has a path but is not JSON
        """
        member = self.find(column.name, parameter)
        if isinstance(member, str):
            subject = of_system(self.model, member, self.table)
        elif isinstance(member, Referrer):
            subject = of_reverse_side(self.model, member, self.table, self.reverse_sides.rows(member))
        else:
            subject = self.subject_of(member)
        return part_of(subject, column.path, column.as_text) if column.path else subject
