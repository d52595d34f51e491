"""Checks of the database: the rules of fields, for users who write by SQL."""

import json
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseList, quoted_name

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.fields import Context, FieldTypes

#: Stands for the column in conditions. It is drawn at random, so that no constant of a condition can contain it.
_COLUMN = quoted_name(f"_{secrets.token_hex(16)}", quote=True)
#: How many fields' conditions are kept, and the most characters of the options of each.
_KEPT, _LONGEST = 256, 2000


class Condition:
    """A condition about any column. Its SQL is compiled once, and then filled in for each column."""

    def __init__(self, expression: sa.ColumnElement[Any]) -> None:
        """:param expression: over the column :data:`_COLUMN`"""
        self._expression = expression
        self._parts: dict[type[sa.Dialect], list[str]] = {}

    def sql(self, column: str, dialect: sa.Dialect) -> str:
        """The condition about the column of that name, as SQLAlchemy would write it in DDL."""
        quote = dialect.identifier_preparer.quote
        parts = self._parts.get(type(dialect))
        if parts is None:
            compiler = dialect.statement_compiler(dialect, None)
            written = compiler.process(self._expression, include_table=False, literal_binds=True)
            parts = self._parts[type(dialect)] = written.split(quote(_COLUMN))
        return quote(quoted_name(column, quote=True)).join(parts)


class Conditions:
    """The conditions of fields. Fields of one type with the same options share theirs: to build and to compile the
    checks of 20 fields takes 5 ms, more than all else of a new table's DDL.
    """

    def __init__(self, field_types: FieldTypes, context: Context) -> None:
        self._field_types = field_types
        self._context = context
        self._kept = lru_cache(_KEPT)(self._make)

    def of(self, field: FieldDefinition) -> Mapping[str, Condition]:
        """The conditions of a field, by their options; none if its value is computed.

        :raises PluginMissing: the field's type is not installed
        """
        options = json.dumps(field.options)
        make = self._kept if len(options) <= _LONGEST else self._make
        return make(field.type, options)

    def rules(self, field: FieldDefinition, dialect: sa.Dialect) -> dict[str, str]:
        """The conditions as SQL that does not depend on the column's name: equal texts are equal rules."""
        return {option: condition.sql("value", dialect) for option, condition in self.of(field).items()}

    def checks(self, definition: TableDefinition, table: sa.Table) -> dict[str, sa.CheckConstraint]:
        """The constraints of a table by their names, added to it.

        Computed fields, and fields with a table of their own, have no checks here.
        """
        constraints: dict[str, sa.CheckConstraint] = {}
        for field in definition.fields:
            if field.name not in table.c:
                continue
            for option, condition in self.of(field).items():
                name = check_name(definition, field, option)
                check = _Check(_About(condition, field.column), name)
                table.append_constraint(check)
                constraints[name] = check
        return constraints

    def _make(self, type_name: str, options_text: str) -> Mapping[str, Condition]:
        field_type, options = self._field_types[type_name], json.loads(options_text)
        column = field_type.column(options, self._context)
        if column is None:
            return {}
        own = field_type.checks(sa.column(_COLUMN, column.type), options, self._context)
        return {option: Condition(expression) for option, expression in own.items()}


class _About(sa.ColumnElement[bool]):
    """A condition about one column, in a constraint."""

    inherit_cache = False

    def __init__(self, condition: Condition, column: str) -> None:
        self.condition, self.column = condition, column


class _Check(sa.CheckConstraint):
    """A check that SQLAlchemy need not search for columns: that takes three times as long as all else of it."""

    def __init__(self, about: _About, name: str) -> None:
        super(sa.CheckConstraint, self).__init__(name=quoted_name(name, quote=True))
        self.sqltext = about


@compiles(_About)
def _write(about: _About, compiler: SQLCompiler, **options: Any) -> str:
    return about.condition.sql(about.column, compiler.dialect)


def judged_options(old: FieldDefinition, new: FieldDefinition, checks: Mapping[str, object]) -> set[str] | None:
    """The options that have changed and are set, if checks of the database judge each of them; else None."""
    changed = {name for name in new.options if new.options[name] != old.options.get(name)}
    wanted = {name for name in changed if new.options[name] is not None}
    return wanted if wanted <= set(checks) else None


def implication(one: sa.ColumnElement[bool], other: sa.ColumnElement[bool]) -> sa.ColumnElement[bool] | None:
    """A condition of constants for ``one`` to imply ``other``, as a bound implies a wider one; None: there is none."""
    if not (isinstance(one, sa.BinaryExpression) and isinstance(other, sa.BinaryExpression)):
        return None
    if one.operator is not other.operator or not one.left.compare(other.left):
        return None
    if one.operator is operators.le:
        return one.right <= other.right
    if one.operator is operators.ge:
        return one.right >= other.right
    if one.operator is operators.in_op:
        fewer, more = (getattr(rule.right, "element", rule.right) for rule in (one, other))
        if isinstance(fewer, ClauseList) and isinstance(more, ClauseList):
            return sa.and_(*(value.in_(more.clauses) for value in fewer.clauses))
    return None


def check_name(definition: TableDefinition, field: FieldDefinition, option: str) -> str:
    return f"_ck_{definition.id}_{field.id}_{option}"


def checked_field(definition: TableDefinition, constraint: str) -> FieldDefinition | None:
    """The field of the check of that name."""
    begin = f"_ck_{definition.id}_"
    number = constraint.removeprefix(begin).partition("_")[0]
    if not constraint.startswith(begin) or not number.isdigit():
        return None
    return definition.by_id.get(int(number))
