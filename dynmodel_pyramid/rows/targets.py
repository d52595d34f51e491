"""The uniqueness by which an upsert finds an existing row: its id, a unique field, or a rule of several fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import is_system_value
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.sql.patterns import Case
from dynmodel_pyramid.queries.grammar.printing import print_name
from dynmodel_pyramid.queries.sql.views import View
from dynmodel_pyramid.rows.aliases import aliases_of


@dataclass(frozen=True, slots=True)
class Target:
    """A uniqueness of one table.

    :param case: what counts as one text, where upper and lower case are equal
    :param nulls_distinct: a null is equal to no other
    :param system_values: the fields with system values: an existing row is found only by documents that repeat these
    """

    names: tuple[str, ...]
    case: Case | None = None
    nulls_distinct: bool = True
    system_values: frozenset[str] = frozenset()

    def columns(self, table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        """The columns or expressions of the unique index (ON CONFLICT, "conflict_target")."""
        columns: list[sa.ColumnElement[Any]] = [table.c[name] for name in self.names]
        return columns if self.case is None else [self.case.key(column) for column in columns]

    def matches(self, one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
        """The condition that rows of two tables have the same values."""
        pairs = zip(self.columns(one), self.columns(other), strict=True)
        return sa.and_(*[left == right for left, right in pairs])

    def is_same(self, one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
        """The condition that rows of two tables can't both be in one table."""
        if self.nulls_distinct:
            return self.matches(one, other)
        pairs = zip(self.columns(one), self.columns(other), strict=True)
        return sa.and_(*[left.is_not_distinct_from(right) for left, right in pairs])

    def has_values(self, row: Mapping[str, Any]) -> bool:
        return all(row[name] is not None for name in self.names)

    def may_be_there(self, row: Mapping[str, Any]) -> bool:
        """Whether an existing row can have these values."""
        wanted = self.names if self.nulls_distinct else self.system_values
        return all(row[name] is not None for name in wanted)

    def equals(self, table: sa.FromClause, row: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
        """The condition that a row of the table has these values."""
        conditions: list[sa.ColumnElement[bool]] = []
        for name, column in zip(self.names, self.columns(table), strict=True):
            value = sa.bindparam(None, row[name], type_=table.c[name].type, unique=True)
            if row[name] is None:
                conditions.append(column.is_(None))
            else:
                conditions.append(column == (value if self.case is None else self.case.key(value)))
        return conditions

    def folded(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Values that are equal for equal rows."""
        if self.case is None:
            return values
        return tuple(self.case.key_of(value) if isinstance(value, str) else value for value in values)


BY_ID = Target(("id",))

#: The most rows that one statement looks for; SQLite allows 500 parts of a compound SELECT (Implementation Limits, 4).
LOOKED_FOR = 100
#: From so many rows on they are looked for by lists of values, with at most so many in one statement.
_MANY, _LISTED = 10, 1000


def find_rows(
    connection: sa.Connection,
    table: sa.FromClause,
    target: Target,
    wanted: Sequence[tuple[int, Mapping[str, Any]]],
    options: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
) -> dict[int, int]:
    """The ids of existing rows, by numbers. Only the database knows how to compare values.

    :param table: a table, or a view of it, whose parameters have these values
    :param wanted: numbers with the values of the uniqueness
    """
    if len(wanted) >= _MANY:
        known = _find_many(connection, table, target, wanted, options, parameters)
        if known is not None:
            return known
    existing: dict[int, int] = {}
    for start in range(0, len(wanted), LOOKED_FOR):
        selects = [
            sa.select(sa.literal(number, sa.Integer).label("number"), table.c.id.label("id")).where(
                *target.equals(table, row)
            )
            for number, row in wanted[start : start + LOOKED_FOR]
        ]
        statement = sa.union_all(*selects) if len(selects) > 1 else selects[0]
        existing.update(
            tuple(row) for row in connection.execute(statement, dict(parameters or {}), execution_options=options)
        )
    return existing


def _find_many(
    connection: sa.Connection,
    table: sa.FromClause,
    target: Target,
    wanted: Sequence[tuple[int, Mapping[str, Any]]],
    options: Mapping[str, Any],
    parameters: Mapping[str, Any] | None,
) -> dict[int, int] | None:
    """As :func:`find_rows`, by lists of values, a tenth of its time; None where such a list does not say all."""
    (name, *others) = target.names
    column = table.c[name]
    if others or target.case is not None or column.type.bind_expression(sa.bindparam(None)) is not None:
        return None
    numbers: dict[Any, list[int]] = {}
    try:
        for number, row in wanted:
            numbers.setdefault(row[name], []).append(number)
    except TypeError:  # a value that can't be hashed
        return None
    if None in numbers:
        return None
    existing: dict[int, int] = {}
    values = list(numbers)
    for start in range(0, len(values), _LISTED):
        query = sa.select(column.label("value"), table.c.id.label("id"))
        query = query.where(column.in_(values[start : start + _LISTED]))
        for value, row_id in connection.execute(query, dict(parameters or {}), execution_options=options):
            if value not in numbers:  # the database knows more values as the same
                return None
            existing.update(dict.fromkeys(numbers[value], row_id))
    return existing


def targets_of(model: Model, names: Sequence[str] | None, view: View, *, ignore: bool) -> tuple[Target, ...]:
    """The uniquenesses by which existing rows are found: one, or every one where existing rows are left as they are and
    none is named (``ON CONFLICT DO NOTHING``).

    :raises Malformed: there is none over exactly these fields
    """
    if names is not None or not ignore:
        return (target_of(model, names, view),)
    # A new system value belongs to no row yet.
    given = {field.name for field in model.definition.fields if is_system_value(model, field)}
    return tuple(target for target in uniquenesses_of(model) if given.isdisjoint(target.names))


def target_of(model: Model, names: Sequence[str] | None, view: View) -> Target:
    """The uniqueness over exactly these fields; None is the id.

    :raises Malformed: there is none
    """
    if names is None:
        return BY_ID
    known = aliases_of(model).names
    wanted = tuple(known.get(name, name) for name in names)
    targets = [target for target in uniquenesses_of(model) if sorted(target.names) == sorted(wanted)]
    if targets and all(name == "id" or view.may_read(name) for name in wanted):
        fields = (model.definition.by_name.get(name) for name in wanted)
        system_values = (field.name for field in fields if field is not None and is_system_value(model, field))
        return replace(targets[0], system_values=frozenset(system_values))
    choices = [
        ",".join(map(print_name, target.names))
        for target in uniquenesses_of(model)
        if target is BY_ID or all(map(view.may_read, target.names))
    ]
    raise Malformed(
        f"on_conflict={','.join(names)[:200]}: the table has no such uniqueness",
        code="invalid_parameter",
        hint=f"rows can be known again by {' or by '.join(choices[:20])}",
        parameter="on_conflict",
    )


def uniquenesses_of(model: Model) -> list[Target]:
    """All uniquenesses of a table, the id first."""
    definition = model.definition
    # Of two uniquenesses over the same fields, the plain one is used; the other one would still refuse rows.
    targets = [BY_ID]
    targets += [Target((field.name,)) for field in definition.fields if field.unique and not field.unique_ignore_case]
    targets += [Target((field.name,), model.case(field)) for field in definition.fields if field.unique_ignore_case]
    for index in definition.indexes:
        if index.unique:
            names = tuple(definition.by_id[number].name for number, _ in index.fields)
            targets.append(Target(names, nulls_distinct=index.nulls_distinct))
    return targets
