"""Links in written rows: checks that the linked rows exist, and writes the lines of lists."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.catalogue.cascades import chunks
from dynmodel_pyramid.catalogue.list_tables import line_values, lines_of
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.fields import Reference

#: Which of some values exist (:attr:`~dynmodel_pyramid.fields.FieldType.existing`).
Existing = Callable[[sa.Connection, str | None, Collection[Any]], set[Any]]
#: The ids that a row's links hold already, by field, and the values of ``Links.named``.
Held = Mapping[str, frozenset[Any]]


class Links:
    """The fields of one version of a table whose values are ids of rows; shared by all threads."""

    def __init__(self, model: Model) -> None:
        self.fields: list[tuple[FieldDefinition, Reference]] = [
            (field, reference)
            for field in model.definition.fields
            if (reference := reference_of(field, model.field_types)) is not None
        ]
        #: The fields whose values name what is stored outside of users' tables, each with the type's ``existing``.
        self.named: list[tuple[FieldDefinition, Existing]] = [
            (field, existing)
            for field in model.definition.fields
            if field.type in model.field_types and (existing := model.field_types[field.type].existing) is not None
        ]
        self.schema = model.table.schema
        self.table_id = model.definition.id
        self.refer_to_itself = any(reference.table == self.table_id for _, reference in self.fields)
        schema = model.table.schema
        self.lists = {
            field.name: lines_of(self.table_id, field.id, schema) for field, reference in self.fields if reference.many
        }

    @property
    def are_checked(self) -> bool:
        """Whether :meth:`refuse_missing_rows` has something to do."""
        return bool(self.fields or self.named)

    def use(self, scopes: Scopes) -> None:
        """Look up the far tables, so that the attempt knows them before its transaction begins."""
        for _, reference in self.fields:
            far = scopes.models(reference.table)
            if far is not None:
                scopes.scope(far)

    def held(self, connection: sa.Connection, model: Model, ids: Sequence[int], names: Collection[str]) -> list[Held]:
        """For each row what its links, and the fields that name something, hold now.

        :param names: only these fields
        """
        found: list[dict[str, set[Any]]] = [{} for _ in ids]
        places = {row_id: place for place, row_id in enumerate(ids)}
        many = {field.name: reference.many for field, reference in self.fields}
        many |= {field.name: False for field, _ in self.named}
        for name in many.keys() & set(names):
            for held in found:
                held[name] = set()
            if many[name]:
                lines = self.lists[name]
                query, key = sa.select(lines.c.row_id, lines.c.value), lines.c.row_id
            else:
                query, key = sa.select(model.table.c.id, model.table.c[name]), model.table.c.id
            for part in chunks(ids):
                rows = connection.execute(
                    query.where(key.in_(part)), execution_options={"compiled_cache": model.compiled_cache}
                )
                for row_id, value in rows:
                    if value is not None:
                        found[places[row_id]][name].add(value)
        return [{name: frozenset(values) for name, values in held.items()} for held in found]

    def refuse_missing_rows(
        self,
        connection: sa.Connection,
        scopes: Scopes,
        rows: Sequence[dict[str, Any]],
        pointers: Sequence[str],
        own_ids: Iterable[int] = (),
        *,
        own: bool | None = None,
        held: Sequence[Held] = (),
    ) -> None:
        """Linked rows are locked, so that they exist until the transaction ends. A row that the caller may not read is
        as if it did not exist, unless the link holds its id already.

        :param own_ids: ids of rows that are being added
        :param own: check only links to the same table (true), or only other links (false); None for all
        :param held: what the links of each row hold already; empty for new rows
        :raises Invalid: an id has no row; with a pointer to the id
        """
        problems = Problems()
        for field, reference in self.fields:
            if own is not None and own != (reference.table == self.table_id):
                continue
            wanted = {row_id for row in _added(field, reference, rows, held) for row_id in row}
            if reference.table == self.table_id:
                wanted.difference_update(own_ids)
            missing = wanted - _existing(connection, scopes, reference.table, wanted) if wanted else wanted
            if missing:
                self._point(field, reference, rows, pointers, held, missing, problems)
        if own is not True:
            self._refuse_unknown(connection, rows, pointers, held, problems)
        problems.raise_if_any()

    def _refuse_unknown(
        self,
        connection: sa.Connection,
        rows: Sequence[dict[str, Any]],
        pointers: Sequence[str],
        held: Sequence[Held],
        problems: Problems,
    ) -> None:
        for field, existing in self.named:
            wanted = {value for row in rows if (value := row.get(field.name)) is not None}
            wanted.difference_update(*[values.get(field.name, ()) for values in held])
            unknown = wanted - existing(connection, self.schema, wanted) if wanted else wanted
            if not unknown:
                continue
            for row, pointer in zip(rows, pointers, strict=True):
                if row.get(field.name) in unknown:
                    problems.add(
                        f"{pointer}/{escape(field.name)}", "unknown_value", unknown_text(field, row[field.name])
                    )

    @staticmethod
    def _point(
        field: FieldDefinition,
        reference: Reference,
        rows: Sequence[dict[str, Any]],
        pointers: Sequence[str],
        held: Sequence[Held],
        missing: set[int],
        problems: Problems,
    ) -> None:
        added = _added(field, reference, rows, held)
        for row, pointer, ids in zip(rows, pointers, added, strict=True):
            for number, row_id in enumerate(_ids(row.get(field.name), reference)):
                if row_id in missing and row_id in ids:
                    below = f"/{number}" if reference.many else ""
                    message = field.message or f"there is no row {row_id} in the table that is linked to"
                    problems.add(f"{pointer}/{escape(field.name)}{below}", "unknown_row", message)

    def insert(
        self, connection: sa.Connection, rows: Iterable[tuple[int, dict[str, Any]]], options: dict[str, Any]
    ) -> None:
        """Write the lists of new rows, given as (id, values)."""
        rows = list(rows)
        for name, table in self.lists.items():
            lines = [line for row_id, values in rows for line in line_values(row_id, values.get(name) or ())]
            if lines:
                connection.execute(sa.insert(table), lines, execution_options=options)

    def replace(self, connection: sa.Connection, row_id: int, values: dict[str, Any], options: dict[str, Any]) -> None:
        """Write the lists in the values of a row."""
        self.replace_all(connection, [(row_id, values)], options)

    def replace_all(
        self, connection: sa.Connection, rows: Sequence[tuple[int, dict[str, Any]]], options: dict[str, Any]
    ) -> None:
        """Write the lists in the values of rows, given as (id, values)."""
        for name, table in self.lists.items():
            for part in chunks(row_id for row_id, values in rows if name in values):
                connection.execute(sa.delete(table).where(table.c.row_id.in_(part)), execution_options=options)
        self.insert(connection, rows, options)


def unknown_text(field: FieldDefinition, value: Any) -> str:
    """The message for a value of a field that names nothing."""
    return field.message or f"there is no {value}"


def _ids(value: Any, reference: Reference) -> Sequence[int]:
    if value is None:
        return ()
    return value if reference.many else (value,)


def _added(
    field: FieldDefinition, reference: Reference, rows: Sequence[Mapping[str, Any]], held: Sequence[Held]
) -> list[set[int]]:
    """For each row the ids that its link does not hold already."""
    wanted = [set(_ids(row.get(field.name), reference)) for row in rows]
    for ids, known in zip(wanted, held, strict=False):
        ids.difference_update(known.get(field.name, ()))
    return wanted


def _existing(connection: sa.Connection, scopes: Scopes, table_id: int, wanted: Iterable[int]) -> set[int]:
    """Which of these rows exist for the caller."""
    far = scopes.models(table_id)
    if far is None:
        return set()
    source, values = scopes.view(far).source(), scopes.values(far)
    options = {"compiled_cache": far.compiled_cache if scopes.are_whole else None}
    existing: set[int] = set()
    for part in chunks(wanted):
        query = sa.select(source.c.id).where(source.c.id.in_(part)).with_for_update(read=True, key_share=True)
        existing.update(connection.scalars(query, values, execution_options=options))
    return existing
