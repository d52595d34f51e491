"""Rows as a backup has them: JSON values of all stored fields, with ids and system columns."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.column_expressions import is_list, json_expression
from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.catalogue.system_values import system_fields
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS, Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.errors import Invalid, Malformed
from dynmodel_pyramid.fields.time_texts import parse_datetime
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.rows.service import ByField, Rows, by_field

#: Of a row: leaves room for as many changes as anybody makes, in a column of 64 bits.
_GREATEST_VERSION = 2**62


def stored_fields(model: Model) -> list[FieldDefinition]:
    """The fields whose values are stored: not those that are computed, or read from system columns."""
    columns = model.table.c
    return [
        field
        for field in model.definition.fields
        if is_list(model, field) or (field.name in columns and columns[field.name].computed is None)
    ]


def names_of(model: Model) -> list[str]:
    return ["id", *SYSTEM_COLUMNS, *[field.name for field in stored_fields(model)]]


def read(connection: sa.Connection, model: Model) -> Generator[Sequence[Sequence[Any]]]:
    """All rows in parts, in the order of their ids; each has a value for each of :func:`names_of`."""
    table = model.table
    columns = [table.c[name] for name in ("id", *SYSTEM_COLUMNS)]
    statement = sa.select(*columns, *[json_expression(model, field) for field in stored_fields(model)])
    options = {"compiled_cache": None, "stream_results": True, "yield_per": CHUNK}
    result = connection.execute(statement.order_by(table.c.id), execution_options=options)
    try:
        yield from result.partitions(CHUNK)
    finally:
        result.close()


class RestoredRows(Rows):
    """The rows of a new table, which get the ids and system values of a backup.

    Values are judged as those of any new row. No subscriber is told.
    """

    def __init__(self, catalogue: Catalogue, model: Model, scopes: Scopes) -> None:
        super().__init__(catalogue, model, scopes)
        self._system = {
            field.name: model.field_types[field.type].schema_node(field.options)
            for field in system_fields(model.definition, model.field_types)
            if field.name in model.table.c
        }
        self._values: Sequence[Mapping[str, Any]] = ()
        #: The greatest whole number of each field with a counter, as far as they are known.
        self._numbers: dict[str, int] = {}

    def restore(self, connection: sa.Connection, documents: Sequence[Any], first: int) -> None:
        """Add rows.

        :param first: the number of the first one in its file
        :raises Malformed: one has faults
        """
        plain = []
        try:
            self._values = [self._taken(document) for document in documents]
            plain = [
                {name: value for name, value in document.items() if name not in values}
                for document, values in zip(documents, self._values, strict=True)
            ]
            new = self.read(plain, pointers=True, first=first)
        except Invalid as error:
            problem = error.problems[0]
            raise self._damaged(f"{problem.pointer}: {problem.detail}") from None
        except (ValueError, TypeError, KeyError, AttributeError, colander.Invalid) as error:
            raise self._damaged(f"a row from line {first + 1} on: {error}") from None
        if None in new.ids:
            raise self._damaged(f"a row from line {first + 1} on has no id")
        ids = [row_id for row_id in new.ids if row_id is not None]
        self.draw_ids(connection, ids)
        self.store(connection, ids, new.values)

    def _damaged(self, detail: str) -> Malformed:
        return Malformed(f"{self.model.definition.model_name}: {detail}")

    def _taken(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The system values of a row, as they are stored."""
        values: dict[str, Any] = {"_version": document["_version"]}
        if type(values["_version"]) is not int or not 1 <= values["_version"] <= _GREATEST_VERSION:
            raise ValueError(f"_version is no whole number from 1 to {_GREATEST_VERSION}")
        for name in ("_created", "_updated"):
            values[name] = parse_datetime(document[name])
        for name, node in self._system.items():
            value = document[name]
            values[name] = None if value is None else node.deserialize(value)
            if type(value) is int:
                self._numbers[name] = max(value, self._numbers.get(name, 0))
        return values

    def made(self, connection: sa.Connection, ids: Sequence[int], values: ByField) -> ByField:
        return {**values, **by_field(self._values), "id": ids}

    def finish(self, connection: sa.Connection) -> None:
        """Let the counters go on above the restored numbers."""
        definition = self.model.definition
        for name, number in self._numbers.items():
            self.catalogue.store.draw_numbers(connection, definition.id, definition.by_name[name].id, number)

    def refuse_dangling(self, connection: sa.Connection) -> None:
        """:raises Malformed: a link leads to a row that is not there"""
        for field in self.model.definition.fields:
            reference = reference_of(field, self.model.field_types)
            far = None if reference is None else self.models(reference.table)
            if reference is None or far is None:
                continue
            source: Any = self.model.table
            value = source.c.get(field.name)
            if reference.many:
                source = lines_of(self.model.definition.id, field.id, source.schema)
                value = source.c.value
            far_table = far.table.alias()
            missing = sa.and_(value.is_not(None), ~sa.exists().where(far_table.c.id == value))
            found = connection.scalar(sa.select(value).select_from(source).where(missing).limit(1))
            if found is not None:
                raise self._damaged(f"{field.name} links to the row {found}, which is not in the backup")
