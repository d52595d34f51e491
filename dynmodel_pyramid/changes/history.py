"""The versions of a table's definition: what each changed, and the way back to one of them.

All of it is read from the log (``_dynmodel_change``), which has the whole definition of each version; field types are
asked for nothing, so that it can be read when some are gone.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.compare import steps_between
from dynmodel_pyramid.definitions.operations import Step, step_document
from dynmodel_pyramid.errors import NotFound


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a table.

    :param kind: ``create_table``, ``drop_table`` or ``restore_table``, where that is what happened
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

    def __init__(self, catalogue: Catalogue, connection: sa.Connection, table_id: int):
        self.catalogue = catalogue
        self.connection = connection
        self.table_id = table_id

    def since(self, number: int) -> list[Version]:
        """A version and all that came after it, in their order.

        :raises NotFound: the table has no such version
        """
        log = self.catalogue.store.system.change.c
        found = self._read(self._query().where(log.version >= number).order_by(log.version))
        if not found or found[0].number != number:
            raise self._missing(number)
        return found

    def at(self, *numbers: int) -> list[Version]:
        """Some versions, in the order of their numbers as given.

        :raises NotFound: the table has no such version
        """
        log = self.catalogue.store.system.change.c
        found = {each.number: each for each in self._read(self._query().where(log.version.in_(numbers)))}
        for number in numbers:
            if number not in found:
                raise self._missing(number)
        return [found[number] for number in numbers]

    def page(self, limit: int, offset: int = 0, before: int | None = None) -> tuple[list[tuple[Version, list]], bool]:
        """The newest first, each with the documents of the steps that led to it; and whether there are earlier ones.

        :param before: the versions before this one
        """
        log = self.catalogue.store.system.change.c
        query = self._query().order_by(log.version.desc()).offset(offset)
        if before is not None:
            query = query.where(log.version < before)
        # One more, of which only the difference is told.
        found = self._read(query.limit(limit + 1))
        earlier = [*found[1:], None]
        told = [(each, steps_of(before, each)) for each, before in zip(found[:limit], earlier, strict=False)]
        return told, len(found) > limit

    def with_its_steps(self, number: int) -> tuple[Version, list[dict]]:
        """One version."""
        log = self.catalogue.store.system.change.c
        query = self._query().where(log.version <= number).order_by(log.version.desc()).limit(2)
        found = self._read(query)
        if not found or found[0].number != number:
            raise self._missing(number)
        return found[0], steps_of(found[1] if len(found) > 1 else None, found[0])

    def _missing(self, number: int) -> NotFound:
        return NotFound(f"the table has no version {number}")

    def _query(self) -> sa.Select:
        log = self.catalogue.store.system.change.c
        columns = (log.document, log.changed_at, log.changed_by, log.name_before, log.name_after)
        return sa.select(*columns).where(log.table_id == self.table_id)

    def _read(self, query: sa.Select) -> list[Version]:
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


def steps_of(before: Version | None, version: Version) -> list[dict]:
    """What led from the version before to this one, as clients are told."""
    first = [] if version.kind is None else [{"kind": version.kind}]
    if before is not None:
        return [*first, *step_documents(difference(before.definition, version.definition))]
    nothing = replace(version.definition, fields=(), indexes=(), referrers=(), label=None, description=None, next_id=1)
    return [*first, *step_documents(difference(nothing, version.definition))]


def difference(before: TableDefinition, after: TableDefinition) -> tuple[Step, ...]:
    """The steps between two versions; where the database keeps the table makes none."""
    one, other = (replace(each, physical_name=each.model_name) for each in (before, after))
    return steps_between(one, other)


def step_documents(steps: Iterable[Step]) -> list[dict]:
    return [step_document(step) for step in steps]
