"""The versions of a table's definition, and the changes of each.

They are read from the log (``_dynmodel_change``), which has the whole definition of each version. No field type is
used, so the history can be read if types are missing.
"""

import datetime
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.compare import operations_between
from dynmodel_pyramid.definitions.operations import operation_document
from dynmodel_pyramid.errors import NotFound


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a table.

    :param kind: ``create_table``, ``drop_table`` or ``restore_table``, if the version was that
    """

    definition: TableDefinition
    changed_at: datetime.datetime
    changed_by: str | None
    kind: str | None

    @property
    def number(self) -> int:
        return self.definition.version


class TableHistory:
    """The log of one table, in the caller's transaction."""

    def __init__(self, catalogue: Catalogue, connection: sa.Connection, table_id: int) -> None:
        self.catalogue = catalogue
        self.connection = connection
        self.table_id = table_id

    def since(self, number: int) -> list[Version]:
        """A version and all later ones, in their order.

        :raises NotFound: the table has no such version
        """
        log = self.catalogue.store.system.change.c
        versions = self._read(self._query().where(log.version >= number).order_by(log.version))
        if not versions or versions[0].number != number:
            raise self._missing(number)
        return versions

    def at(self, *numbers: int) -> list[Version]:
        """The versions of these numbers, in the same order.

        :raises NotFound: the table has no such version
        """
        log = self.catalogue.store.system.change.c
        versions = {version.number: version for version in self._read(self._query().where(log.version.in_(numbers)))}
        for number in numbers:
            if number not in versions:
                raise self._missing(number)
        return [versions[number] for number in numbers]

    def page(
        self, limit: int, offset: int = 0, before: int | None = None
    ) -> tuple[list[tuple[Version, list[Any]]], bool]:
        """The newest first, each with the documents of its operations; and whether there are earlier versions.

        :param before: the versions before this one
        """
        log = self.catalogue.store.system.change.c
        query = self._query().order_by(log.version.desc()).offset(offset)
        if before is not None:
            query = query.where(log.version < before)
        # One more, to compare the last version with.
        versions = self._read(query.limit(limit + 1))
        earlier = [*versions[1:], None]
        page = [
            (version, operations_of(previous, version))
            for version, previous in zip(versions[:limit], earlier, strict=False)
        ]
        return page, len(versions) > limit

    def with_its_operations(self, number: int) -> tuple[Version, list[dict[str, Any]]]:
        """One version."""
        log = self.catalogue.store.system.change.c
        query = self._query().where(log.version <= number).order_by(log.version.desc()).limit(2)
        versions = self._read(query)
        if not versions or versions[0].number != number:
            raise self._missing(number)
        return versions[0], operations_of(versions[1] if len(versions) > 1 else None, versions[0])

    def _missing(self, number: int) -> NotFound:
        return NotFound(f"the table has no version {number}")

    def _query(self) -> sa.Select[*tuple[Any, ...]]:
        log = self.catalogue.store.system.change.c
        columns = (log.document, log.changed_at, log.changed_by, log.name_before, log.name_after)
        return sa.select(*columns).where(log.table_id == self.table_id)

    def _read(self, query: sa.Select[*tuple[Any, ...]]) -> list[Version]:
        return [
            Version(
                self.catalogue.upgraded(TableDefinition.from_stored(document)),
                moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC),
                author,
                _kind(before, after, document["version"]),
            )
            for document, moment, author, before, after in self.connection.execute(query)
        ]


def _kind(name_before: str | None, name_after: str | None, version: int) -> str | None:
    if name_after is None:
        return "drop_table"
    if name_before is None:
        return "create_table" if version == 1 else "restore_table"
    return None


def operations_of(before: Version | None, version: Version) -> list[dict[str, Any]]:
    """The documents of the operations that led from the version before to this one."""
    whole_table = [] if version.kind is None else [{"kind": version.kind}]
    if before is not None:
        return [*whole_table, *operation_documents(before.definition, version.definition)]
    nothing = replace(
        version.definition, fields=(), indexes=(), referrers=(), label=None, description=None, display=None, next_id=1
    )
    return [*whole_table, *operation_documents(nothing, version.definition)]


def operation_documents(before: TableDefinition, after: TableDefinition) -> list[dict[str, Any]]:
    """The operations between two versions, as clients get them, without the table's physical name."""
    one, other = (replace(version, physical_name=version.model_name) for version in (before, after))
    return [operation_document(operation) for operation in operations_between(one, other)]
