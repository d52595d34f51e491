"""Fields in the trash of a table: dropped ones, and old columns of conversions that lost or changed values."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.access.grants import Access, Role
from dynmodel_pyramid.access.inheritance import inheriting
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.list_tables import lines
from dynmodel_pyramid.changes.access_change import AccessChange
from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.planner import Definitions, lock_exclusively, plan_locked
from dynmodel_pyramid.changes.service import Outcome, Precondition, no_precondition
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.trash import Kept, Trash, not_there
from dynmodel_pyramid.changes.values.column_values import UNCACHED
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import field_name_fault, name_key
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.definitions.reading_fields import Resolve
from dynmodel_pyramid.definitions.store import LIST_PREFIX
from dynmodel_pyramid.definitions.trashed import KeptField
from dynmodel_pyramid.errors import Conflict, Invalid, Problem
from dynmodel_pyramid.fields.numerals import whole


class FieldTrash(Trash):
    """The fields in the trash of the tables of one catalogue."""

    def fields(self, definition: TableDefinition, number: int | None = None) -> list[Kept]:
        """The fields in a table's trash, or the one with that number.

        :raises NotFound: there is no such number
        """
        table = sa.table(quoted_name(definition.physical_name, quote=True), schema=self.database.dialect.schema)
        with self.database.reading() as connection:
            # A purge in between would drop the columns that are about to be counted.
            wait = self.database.settings.lock_timeout
            self.database.dialect.lock_tables(connection, [table], writes=False, wait=wait)
            fields = self.store.fields(connection, definition.id, number)
            if number is not None and not fields:
                raise not_there()
            counts = self._counts(connection, table, fields)
        return [Kept(field, count, self._until(field)) for field, count in zip(fields, counts, strict=True)]

    def _counts(self, connection: sa.Connection, table: sa.TableClause, fields: list[KeptField]) -> list[int]:
        """How many rows have a value of each field; all columns are counted in one scan."""
        counts: dict[str, int] = {}
        columns: dict[str, sa.ColumnElement[int]] = {}
        for name in (field.kept.column for field in fields):
            if name.startswith(LIST_PREFIX):
                list_table = lines(name, sa.MetaData(schema=table.schema))
                query = sa.select(sa.func.count(list_table.c.row_id.distinct()))
                counts[name] = connection.execute(query, execution_options=UNCACHED).scalar_one()
            else:
                columns[name] = sa.func.count(sa.column(quoted_name(name, quote=True), _selectable=table))
        if columns:
            of_columns = sa.select(*columns.values()).select_from(table)
            row = connection.execute(of_columns, execution_options=UNCACHED).one()
            counts |= dict(zip(columns, row, strict=True))
        return [counts[field.kept.column] for field in fields]

    def restore_field(
        self,
        table_id: int,
        number: int,
        overrides: Any = None,
        *,
        precondition: Precondition = no_precondition,
        on_error: str = FAIL,
        author: str | None = None,
    ) -> Outcome:
        """Restore a field with its values.

        :param overrides: members of the field's document to change
        :raises NotFound: there is no such table, or nothing under the number
        :raises Invalid: the faults of ``overrides``
        :raises Conflict: the name is taken, or the rows don't allow it
        """
        overrides = {} if overrides is None else overrides
        if type(overrides) is not dict:
            raise Invalid([Problem("", "wrong_type", "want an object: members of the field's definition")])
        prefix = ""
        restored: tuple[int, int] | None = None

        def make_roles(access: Access, tables: Tables) -> Mapping[str, Role]:
            return access.roles if restored is None else inheriting(access.roles, table_id, *restored)

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            nonlocal prefix, restored
            before = locked[table_id]
            precondition(before)
            entry = self._field(connection, table_id, number)
            upgraded = self.catalogue.upgraded(replace(before, fields=(entry.field,))).fields[0]
            field = _named(before, upgraded, overrides)
            restored = None if field.id == upgraded.id else (upgraded.id, field.id)
            if restored is not None and access is None:
                raise _Inherits
            prefix = f"/fields/{escape(field.name)}"
            start = replace(
                before, fields=(*before.fields, field), next_id=max(before.next_id, field.id + 1)
            )  # as if it existed, so that it is read as a field that stays
            after = self.definitions.read(_with(start, field, overrides), start, resolve)
            return [TableChange(before, after, {field.id: replace(entry.kept, field=upgraded)})]

        with _telling_of_the_field(lambda: prefix):
            access: AccessChange | None = None
            while True:
                try:
                    return self.definitions.execute(
                        table_id, make_changes, on_error=on_error, author=author, access=access
                    )
                except _Inherits:
                    access = AccessChange(make_roles, frozenset(), author)

    def purge_field(
        self, table_id: int, number: int, *, precondition: Precondition = no_precondition
    ) -> tuple[KeptField, TableDefinition]:
        """Destroy the field with that number; -> the field, and the table's definition.

        :raises NotFound: there is no such table, or nothing under the number
        """

        def make_changes(connection: sa.Connection, locked: Definitions, resolve: Resolve) -> list[TableChange]:
            precondition(locked[table_id])
            self._field(connection, table_id, number)
            return []

        def run(connection: sa.Connection, deadline: float) -> tuple[KeptField, TableDefinition]:
            locked, _ = plan_locked(self.catalogue, connection, [table_id], make_changes, deadline)
            entry = self._field(connection, table_id, number)
            lock_exclusively(self.catalogue, connection, locked, deadline)
            self.definitions.executor.editor(connection).forget(locked[table_id], entry.kept)
            others = {field.field.id for field in self.store.fields(connection, table_id)}
            if entry.field.id not in locked[table_id].by_id and entry.field.id not in others:
                self.store.forget_quarantined(connection, table_id, entry.field.id)
            self.definitions.executor.principal.prove(connection)
            return entry, locked[table_id]

        return self.definitions.executor.transaction(run)

    def _field(self, connection: sa.Connection, table_id: int, number: int) -> KeptField:
        for field in self.store.fields(connection, table_id, number):
            return field
        raise not_there()


class _Inherits(Exception):
    """The field becomes a new one, which inherits mentions in grants: begin again as a change of roles, too."""


def _named(before: TableDefinition, field: FieldDefinition, overrides: dict[str, Any]) -> FieldDefinition:
    """The field with its wanted name and id.

    :raises Conflict: its own name is taken, and the client sent no other
    :raises Invalid: the client's name is bad or taken
    """
    new_name = overrides.get("name")
    name = field.name if new_name is None else new_name
    fault = field_name_fault(name)
    if fault:
        raise Invalid([Problem("/name", "invalid_name", fault)])
    taken = _who_has(before, name)
    if taken is not None and new_name is not None:
        raise Invalid([Problem("/name", "duplicate_name", f"{taken} has this name")])
    if taken is not None:
        raise Conflict(f"{taken} is called {name} now", code="name_taken", hint='give another name: {"name": "..."}')
    # Old columns of conversions are restored as new fields.
    number = before.next_id if field.id in before.by_id else field.id
    return replace(field, id=number, name=name, column=name)


def _who_has(definition: TableDefinition, name: str) -> str | None:
    """The part of a table that has a name in rows, if any."""
    key = name_key(name)
    if any(name_key(field.name) == key for field in definition.fields):
        return "a field"
    for field in definition.fields:
        if any(name_key(alias.name) == key for alias in field.aliases):
            return f"an alias of {field.name}"
    for referrer in definition.referrers:
        if referrer.reverse is not None and name_key(referrer.reverse) == key:
            return f"the reverse side of {referrer.model_name}.{referrer.field}"
    return None


def _with(start: TableDefinition, field: FieldDefinition, overrides: dict[str, Any]) -> dict[str, Any]:
    """The document of a table, with some members of a field changed.

    :raises Invalid: members that can't be changed
    """
    problems = []
    if overrides.get("id") not in (None, field.id):
        problems.append(Problem("/id", "read_only", f"the field's id is {field.id}; leave it out"))
    if "renamed_from" in overrides:
        problems.append(Problem("/renamed_from", "unknown_option", "give the name that it is to have as name"))
    if problems:
        raise Invalid(problems)
    members = {key: value for key, value in overrides.items() if key not in ("id", "name")}
    document = patched(start, {"fields": {field.name: members}})
    place = whole(overrides.get("position"))
    if place is not None:
        for name, other in document["fields"].items():
            if name != field.name and other["position"] >= place:
                other["position"] += 1
    return document


@contextmanager
def _telling_of_the_field(prefix: Callable[[], str]) -> Iterator[None]:
    """Make errors point into the client's document, with a hint about what it can send."""
    try:
        yield
    except Invalid as error:
        problems = [_within(problem, prefix()) for problem in error.problems]
        raise Invalid(problems, error.total, hint=error.hint) from error
    except Conflict as error:
        if error.code == "lossy_change":
            error.hint = f'{error.hint}; or override what the rows don\'t allow, as by {{"required": false}}'
        raise


def _within(problem: Problem, prefix: str) -> Problem:
    if not prefix or not (problem.pointer == prefix or problem.pointer.startswith(f"{prefix}/")):
        return problem
    return replace(problem, pointer=problem.pointer.removeprefix(prefix))
