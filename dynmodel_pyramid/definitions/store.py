"""The system tables: load and save definitions, renew the counters, read the change log.

All functions take a connection inside a transaction; none begins or ends one.
"""

import datetime
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Database, State
from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.definitions.model import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.hints import MOST_CANDIDATES, nearest


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the change log: the table, and its name before and after."""

    revision: int
    stamp: str
    table_id: int
    names: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class TrashedField:
    """A dropped field whose column is kept under ``column``."""

    id: int
    table_id: int
    column: str
    field: FieldDefinition


#: The prefix of the names of tables that keep the lists of dropped fields.
LIST_PREFIX = "_trash_links_"


class DefinitionStore:
    """Reads and writes the system tables of one database."""

    #: The rule that model names are unique, as (column, constraint).
    name_rule = ("name_key", "_uq__dynmodel_table_name_key")

    def __init__(self, database: Database) -> None:
        self.database = database
        self.system = database.system
        # Made once, as these run in every change or in the first request after it: SQLAlchemy takes longer to put a
        # statement together, and to find it in its cache, than to run it.
        state, table, log = self.system.state, self.system.table.c, self.system.change.c
        key: sa.BindParameter[Any] = sa.bindparam("key")
        self._by_id = self._joined(table.id == key)
        self._by_name = self._joined(table.name_key == key)
        current = sa.select(state.c.definitions, state.c.access, state.c.stamp, state.c.access_stamp)
        self._locked_state = current.where(state.c.id == 1).with_for_update()
        self._renewed = (
            sa.update(state)
            .where(state.c.id == 1)
            .values(definitions=state.c.definitions + 1, stamp=sa.bindparam("new_stamp"))
            .returning(state.c.definitions, state.c.access, state.c.access_stamp)
        )
        self._log = (
            sa.select(log.revision, log.stamp, log.table_id, log.name_before, log.name_after)
            .where(log.revision >= sa.bindparam("first"), log.revision <= sa.bindparam("last"))
            .order_by(log.revision)
        )
        self._new_line = sa.insert(self.system.change)
        self._new_values = sa.update(self.system.table).where(table.id == sa.bindparam("table_id"))
        self._document = sa.select(table.document).where(table.id == key, table.dropped_at.is_(None)).with_for_update()
        self._count = sa.select(sa.func.count()).where(table.name_key.is_not(None))
        self._new_row = sa.insert(self.system.table).returning(table.id)

    def _joined(self, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """One statement, so that state and definitions belong to one moment on every isolation level."""
        state, table = self.system.state.c, self.system.table.c
        joined = self.system.state.outerjoin(self.system.table, sa.and_(table.dropped_at.is_(None), condition))
        return (
            sa.select(state.definitions, state.access, state.stamp, state.access_stamp, table.document)
            .select_from(joined)
            .where(state.id == 1)
            .order_by(table.id)
        )

    @staticmethod
    def _rows(connection: sa.Connection, query: sa.Select[Any], **key: Any) -> tuple[State, list[TableDefinition]]:
        rows = connection.execute(query, key).all()
        definitions = [TableDefinition.from_stored(row[4]) for row in rows if row[4] is not None]
        return State(*rows[0][:4]), definitions

    def by_id(self, connection: sa.Connection, table_id: int) -> tuple[State, TableDefinition | None]:
        state, definitions = self._rows(connection, self._by_id, key=table_id)
        return state, definitions[0] if definitions else None

    def by_name(self, connection: sa.Connection, name: str) -> tuple[State, TableDefinition | None]:
        state, definitions = self._rows(connection, self._by_name, key=name_key(name))
        return state, definitions[0] if definitions else None

    def all(self, connection: sa.Connection, limit: int | None = None, offset: int = 0) -> tuple[State, list[Any]]:
        """Live definitions in order of id."""
        table = self.system.table.c
        if limit is None and not offset:
            return self._rows(connection, self._joined(sa.true()))
        page = sa.select(table.id).where(table.dropped_at.is_(None)).order_by(table.id).offset(offset)
        page = page.limit(limit if limit is not None else 2**62)
        return self._rows(connection, self._joined(table.id.in_(page)))

    def ids(self, connection: sa.Connection, after: int, limit: int) -> list[int]:
        """The ids of live tables above an id, in order."""
        table = self.system.table.c
        query = sa.select(table.id).where(table.id > after, table.name_key.is_not(None)).order_by(table.id)
        return list(connection.scalars(query.limit(limit)))

    def documents(self, connection: sa.Connection, after: int, limit: int) -> list[tuple[int, Any]]:
        """The ids of live tables above an id, in order, with their definitions as they are stored."""
        table = self.system.table.c
        query = sa.select(table.id, table.document).where(table.id > after, table.dropped_at.is_(None))
        return [(row[0], row[1]) for row in connection.execute(query.order_by(table.id).limit(limit))]

    def name_keys(self, connection: sa.Connection, limit: int) -> list[str]:
        """The keys of model names, of some live tables."""
        table = self.system.table.c
        query = sa.select(table.name_key).where(table.dropped_at.is_(None)).order_by(table.id).limit(limit)
        return list(connection.scalars(query))

    def near_names(self, connection: sa.Connection, name: str) -> list[str]:
        """The model names most like a name (:func:`~dynmodel_pyramid.hints.nearest`), for whoever sees all tables."""
        near = nearest(name, self.name_keys(connection, MOST_CANDIDATES))
        found = [self.by_name(connection, key)[1] for key in near]
        return [definition.model_name for definition in found if definition is not None]

    def changes_since(self, connection: sa.Connection, state: State) -> tuple[State, list[Change] | None]:
        """The current state and what changed since an earlier one; None if the earlier one is not in the log."""
        current = self.database.state(connection)
        lines = connection.execute(self._log, {"first": state.definitions, "last": current.definitions})
        changes = [Change(row[0], row[1], row[2], (row[3], row[4])) for row in lines]
        if state.definitions == 0:
            # Before the first change there is no line in the log to compare with.
            return current, changes if current.definitions else None
        known = any(change.revision == state.definitions and change.stamp == state.stamp for change in changes)
        newer = [change for change in changes if change.revision > state.definitions]
        complete = not newer or newer[-1].stamp == current.stamp
        return current, newer if known and complete else None

    def lock_definition(self, connection: sa.Connection, table_id: int) -> TableDefinition | None:
        """The current definition, locked against other definition changes until the transaction ends."""
        document = connection.scalar(self._document, {"key": table_id})
        return TableDefinition.from_stored(document) if document is not None else None

    def lock_state(self, connection: sa.Connection) -> State:
        """Keep others from completing a definition change (:meth:`record`) until the transaction ends."""
        return State(*connection.execute(self._locked_state).one())

    def physical_name(self, connection: sa.Connection, table_id: int) -> str:
        """:raises LookupError: there is no such table"""
        table = self.system.table.c
        name: str | None = connection.scalar(sa.select(table.physical_name).where(table.id == table_id))
        if name is None:
            raise LookupError(f"there is no table {table_id}")
        return name

    def name_is_taken(self, connection: sa.Connection, name: str, except_ids: Collection[int]) -> bool:
        table = self.system.table
        query = sa.select(table.c.id).where(table.c.name_key == name_key(name), table.c.id.not_in(except_ids))
        return connection.scalar(query) is not None

    def count(self, connection: sa.Connection) -> int:
        """How many live tables there are."""
        table = self.system.table
        return int(connection.scalar(sa.select(sa.func.count()).where(table.c.name_key.is_not(None))) or 0)

    def reserve(self, connection: sa.Connection, drawn: int | None = None) -> int:
        """The id of a new table, which :meth:`update` gives its definition.

        :param drawn: the id that an earlier attempt, now undone, had drawn for it
        """
        values: dict[str, Any] = {} if drawn is None else {"id": drawn}
        values |= {"version": 0, "name_key": None, "physical_name": "", "document": {}}
        return int(connection.execute(self._new_row, values).scalar_one())

    def next_id(self, connection: sa.Connection) -> int:
        """The id that a new table would get; it is not reserved."""
        return (connection.scalar(sa.select(sa.func.max(self.system.table.c.id))) or 0) + 1

    def vacate(self, connection: sa.Connection, definition: TableDefinition) -> None:
        """Free a table's name for another table, until :meth:`update`."""
        self._update(connection, definition, name_key=None)

    def update(self, connection: sa.Connection, definition: TableDefinition) -> None:
        self._update(connection, definition, name_key=name_key(definition.model_name), dropped_at=None)

    def drop(self, connection: sa.Connection, definition: TableDefinition) -> None:
        """Mark a table as dropped; its name is free again. ``definition.physical_name`` is where its rows are kept."""
        self._update(connection, definition, name_key=None, dropped_at=now())

    def _update(self, connection: sa.Connection, definition: TableDefinition, **values: Any) -> None:
        values |= {"version": definition.version, "physical_name": definition.physical_name}
        values |= {"document": definition.to_stored(), "table_id": definition.id}
        connection.execute(self._new_values, values)

    def trashed_fields(self, connection: sa.Connection, table_id: int) -> list[TrashedField]:
        """The dropped fields whose columns the table still has."""
        trash = self.system.trash.c
        query = sa.select(trash.id, trash.physical_name, trash.document).where(trash.table_id == table_id)
        return [
            TrashedField(row[0], table_id, row[1], FieldDefinition.from_stored(row[2]))
            for row in connection.execute(query.order_by(trash.id))
            if not row[1].startswith(LIST_PREFIX)
        ]

    def trash_field(
        self, connection: sa.Connection, table: TableDefinition, field: FieldDefinition, *, is_list: bool = False
    ) -> TrashedField:
        """Record a dropped field; -> the new name, to which the caller renames its column.

        :param is_list: its values are kept in a table of their own, which gets the new name instead
        """
        trash = self.system.trash
        statement = sa.insert(trash).values(
            table_id=table.id,
            field_id=field.id,
            physical_name="",
            document=TableDefinition(0, "", 0, "", (field,)).to_stored()["fields"][0],
            dropped_at=now(),
            dropped_version=table.version,
        )
        number = connection.scalar(statement.returning(trash.c.id))
        column = f"{LIST_PREFIX if is_list else '_trash_'}{number}"
        connection.execute(sa.update(trash).where(trash.c.id == number).values(physical_name=column))
        return TrashedField(number, table.id, column, field)

    def last_trashed(self, connection: sa.Connection) -> int:
        """The number of the last field in the trash."""
        return connection.scalar(sa.select(sa.func.max(self.system.trash.c.id))) or 0

    def forget_trashed(self, connection: sa.Connection, number: int) -> None:
        """Remove a field from the trash's list."""
        connection.execute(sa.delete(self.system.trash).where(self.system.trash.c.id == number))

    def draw_numbers(self, connection: sa.Connection, table_id: int, field_id: int, count: int) -> int:
        """Draw that many numbers of a field that counts rows; -> the first.

        If the transaction is rolled back, so are the numbers, without a gap. Until it ends, nobody else can draw.

        :raises Conflict: they would pass :data:`~dynmodel_pyramid.database.dialect.LARGEST_ID`
        """
        counter = self.system.counter
        statement = insert_or_update(connection, counter).values(table_id=table_id, field_id=field_id, last=count)
        statement = statement.on_conflict_do_update(
            index_elements=[counter.c.table_id, counter.c.field_id], set_={"last": counter.c.last + count}
        )
        last: int = connection.execute(statement.returning(counter.c.last)).scalar_one()
        if last > LARGEST_ID:
            raise Conflict(
                f"an autonumber field of the table is near {LARGEST_ID}, so no numbers are left", code="ids_exhausted"
            )
        return last - count + 1

    def count_from(self, connection: sa.Connection, table_id: int, field_id: int, last: int) -> None:
        """Let the next number of a field follow ``last``; no number follows the largest id."""
        last = min(last, LARGEST_ID)
        counter = self.system.counter
        statement = insert_or_update(connection, counter).values(table_id=table_id, field_id=field_id, last=last)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[counter.c.table_id, counter.c.field_id], set_={"last": last}
            )
        )

    def record(
        self,
        connection: sa.Connection,
        changes: Iterable[tuple[TableDefinition | None, TableDefinition | None]],
        author: str | None = None,
    ) -> State:
        """Renew the state and write the log: one line for each (before, after), None for absent.

        Call it last in a transaction: the state's row serialises all definition changes, so revisions have the order of
        commits.
        """
        stamp = secrets.token_hex(16)
        revision, access, access_stamp = connection.execute(self._renewed, {"new_stamp": stamp}).one()
        common = {"revision": revision, "stamp": stamp, "changed_at": now(), "changed_by": author}
        lines = [{**common, **_line(before, after)} for before, after in changes]
        connection.execute(self._new_line, lines)
        return State(revision, access, stamp, access_stamp)


def changes_of(state: State, pairs: Iterable[tuple[TableDefinition | None, TableDefinition | None]]) -> list[Change]:
    """The changes of :meth:`DefinitionStore.record`, as :meth:`DefinitionStore.changes_since` reads them."""
    changes = []
    for before, after in pairs:
        names = tuple(name_key(definition.model_name) if definition else None for definition in (before, after))
        table_id = (after or before).id  # type: ignore[union-attr]  # one of them is there
        changes.append(Change(state.definitions, state.stamp, table_id, (names[0], names[1])))
    return changes


def _line(before: TableDefinition | None, after: TableDefinition | None) -> dict[str, Any]:
    """The values of one line of the log."""
    current = after or before
    assert current is not None  # a table that neither was nor is there has no change
    return {
        "table_id": current.id,
        "version": current.version,
        "name_before": name_key(before.model_name) if before else None,
        "name_after": name_key(after.model_name) if after else None,
        "document": current.to_stored(),
    }


def insert_or_update(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that can have ``on_conflict_do_update``, of the class that SQLAlchemy has for the database."""
    return expressions_of(connection.dialect.name).insert(table)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def aware(moment: datetime.datetime) -> datetime.datetime:
    """A moment that was read from the database, in UTC; SQLite's have no time zone."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)
