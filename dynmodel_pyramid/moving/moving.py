"""The steps of a move."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.dialect import ONE_MOMENT
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.moving import faults
from dynmodel_pyramid.moving.deployment import Deployment, Kept, Side, Stored, one_moment
from dynmodel_pyramid.moving.parts import Key, Mark, Part, Reader
from dynmodel_pyramid.moving.structure import Structure
from dynmodel_pyramid.moving.target import Target

log = logging.getLogger(__name__)

#: Called with how many rows are done and how many there are.
Watch = Callable[[int, int], None]
_OPTIONS = {"compiled_cache": None}
#: What columns are counted by, so that no sum is too large.
_MODULUS = 1_000_003


class SourceChanged(ConfigurationProblem):
    """The source was written to while it was read."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One table of the target, as it was read again and found equal.

    :param written: rows that this run wrote; an earlier one has written all others
    """

    label: str
    rows: int
    written: int


@dataclass
class Work:
    """One table, on its way."""

    source: Stored
    target: Stored
    kept: Kept | None
    pulse: tuple[Any, ...] = ()
    marks: list[Mark] | None = None
    written: int = 0


class Move:
    """A move of one deployment.

    :param watch: told of rows that were read, and then of those that were read again in the target
    """

    def __init__(self, source: Database, target: Database, field_types: FieldTypes, watch: Watch) -> None:
        self.source = Side(source, field_types, "the source")
        self.target = Side(target, field_types, "the target")
        self._watch = watch
        self._done = self._all = 0
        #: Whether an earlier run had finished, so that this one only compared.
        self.was_finished = False

    def run(self, *, leave_later_writes: bool = False, prepare: bool = False) -> list[Moved]:
        """Move everything, or go on with what an earlier run began, or compare what is finished.

        :param leave_later_writes: finish though the source was written to meanwhile
        :param prepare: do not finish
        :raises SourceChanged: it was, so the target stays unfinished
        :raises ConfigurationProblem: with the culprit and the mend
        """
        refuse_unready(self.source.database)
        self.target.database.make_room(is_opened=True)
        dialect, engine = self.target.dialect, self.target.database.writer
        with self.target.named(), engine.connect() as connection, dialect.foreign_keys_suspended(connection):
            target = Target(self.target, connection, self._described())
            with self.source.named(), one_moment(self.source) as (reading, deployment):
                structure = Structure(self.target, connection, deployment)
                works = self._works(reading, deployment, structure)
                last_ids = self._last_ids(reading, works)
                with self.target.named():
                    self.was_finished = target.is_finished()
                    if self.was_finished:
                        self._compare_finished(works, reading, target, deployment)
                    else:
                        self._prepare(target, structure, deployment)
                        for work in works:
                            self._move(work, reading, target, structure)
            if not self.was_finished:
                self._make_rules(target, structure, deployment)
                self._verify(works)
                self._analyse(target, works)
            if self.was_finished or prepare:
                return self._moved(works)
            self._look_again(works, deployment, leave_later_writes=leave_later_writes)
            # A row that came and went since has drawn a number, too; a table that is gone since tells none.
            with self.source.named(), self._reading(self.source) as reading:
                later = self._last_ids(reading, works)
            target.finish(deployment.state, {table: max(last, later[table]) for table, last in last_ids.items()})
        return self._moved(works)

    @staticmethod
    def _moved(works: Sequence[Work]) -> list[Moved]:
        return [Moved(work.source.label, sum(mark.rows for mark in work.marks or ()), work.written) for work in works]

    # Before

    def _described(self) -> str:
        url, schema = self.source.database.engine.url, self.source.dialect.schema
        place = url.set(drivername=url.get_backend_name(), password=None, query={}).render_as_string()
        return place if schema is None else f"{place}, schema {schema}"

    def _works(self, reading: sa.Connection, deployment: Deployment, structure: Structure) -> list[Work]:
        """All tables: those of the system first, which the others' rules are made of."""
        works = [
            Work(one, other, None)
            for one, other in zip(self.source.system_tables(), self.target.system_tables(), strict=True)
        ]
        for kept in deployment.tables:
            structure.refuse_unfit(kept)
            pairs = zip(self.source.stored(kept), self.target.stored(kept), strict=True)
            works += [Work(one, other, kept) for one, other in pairs]
        for work in works:
            work.pulse = pulse(reading, work.source)
            self._all += 2 * work.pulse[0]
        return works

    def _last_ids(self, reading: sa.Connection, works: Sequence[Work]) -> dict[sa.Table, int]:
        """The last numbers that were drawn, by the target's tables."""
        found = {}
        for work in works:
            key = work.source.table.c.get("id")
            if key is not None and key.autoincrement is not False and key.primary_key:
                last = self.source.dialect.last_id(reading, work.source.table)
                found[work.target.table] = last or 0
        return found

    def _prepare(self, target: Target, structure: Structure, deployment: Deployment) -> None:
        """Take the target, and make its tables."""
        names = [stored.name for kept in deployment.tables for stored in self.target.stored(kept)]
        if self.target.dialect.has_sequences:
            names += [f"_seq_{kept.definition.id}" for kept in deployment.tables]
        if target.take(names):
            with target.writing():
                structure.drop_foreign_keys(deployment.tables)
        with target.writing():
            made = target.made()
        wanted = {kept.definition.id: kept for kept in deployment.tables}
        for table_id, described in made.items():
            kept = wanted.get(table_id)
            shape, *there = described.split("\n")
            if kept is None or kept.shape != shape:
                with target.writing():
                    structure.drop(table_id, there)
                    target.note(table_id, None)
            else:
                del wanted[table_id]
        for kept in wanted.values():
            with target.writing(may_lag=True):
                structure.create(kept)
                # Lists refer to the table, so they are dropped first.
                there = [stored.name for stored in self.target.stored(kept)]
                target.note(kept.definition.id, "\n".join([kept.shape, *reversed(there)]))

    # Rows

    def _move(self, work: Work, reading: sa.Connection, target: Target, structure: Structure) -> None:
        source, there = self._readers(work)
        insert = faults.Insertion(work.target.table, target.connection)
        with target.writing():
            greatest = there.greatest(target.connection)
        work.marks, last, is_clear = [], None, greatest is None
        has_indexes = greatest is not None and work.kept is not None
        for part in self._parts(source, reading):
            mark = part.mark
            # Texts compare as their bytes do, here and there.
            is_clear = is_clear or (mark.after is not None and greatest is not None and mark.after >= greatest)
            with target.writing(may_lag=True) as connection:
                if is_clear or not there.has(connection, mark):
                    if has_indexes:
                        assert work.kept is not None
                        structure.drop_indexes(work.kept)
                        has_indexes = False
                    if not is_clear:
                        # Of a system table, which keeps its rules, all that follows: a value of a later row may be one
                        # of this part.
                        upto = mark.last if work.kept is not None else None
                        self._delete(connection, there, mark.after, upto)
                        is_clear = work.kept is None
                    self._insert(connection, there, insert, part)
                    work.written += mark.rows
            work.marks.append(mark)
            last = mark.last
            self._tell(mark.rows)
        if greatest is not None:
            with target.writing() as connection:
                self._delete(connection, there, last, None)

    def _parts(self, reader: Reader, reading: sa.Connection) -> Iterator[Part]:
        after: Key | None = None
        parts = reader.parts(reading)
        while True:
            try:
                part = next(parts)
            except StopIteration:
                return
            except Exception as error:  # of the database, the driver or a type
                raise self._unreadable(reader, reading, after, error) from error
            yield part
            after = part.mark.last

    def _unreadable(self, reader: Reader, reading: sa.Connection, after: Key | None, error: Exception) -> Exception:
        if reading.invalidated or (isinstance(error, sa.exc.DBAPIError) and self._is_outage(self.source, error)):
            return error
        return faults.unreadable(self.source, reading, reader, after, error)

    def _insert(self, connection: sa.Connection, there: Reader, insert: faults.Insertion, part: Part) -> None:
        try:
            with connection.begin_nested():
                insert(connection, part.columns)
        except Exception as error:  # of the database, the driver or a type
            if connection.invalidated or (isinstance(error, sa.exc.DBAPIError) and self._is_outage(self.target, error)):
                raise
            raise faults.refused(self.target, connection, there, part, error) from error

    @staticmethod
    def _is_outage(side: Side, error: sa.exc.DBAPIError) -> bool:
        return side.database.failure(error).kind in ("away", "busy", "full", "timeout")

    def _delete(self, connection: sa.Connection, reader: Reader, after: Key | None, last: Key | None) -> None:
        statement = sa.delete(reader.stored.table).where(reader.between(after, last))
        connection.execute(statement, execution_options=_OPTIONS)

    def _readers(self, work: Work) -> tuple[Reader, Reader]:
        sides = ((self.source, work.source), (self.target, work.target))
        one, other = (Reader(stored, side.dialect, side.database.engine.dialect) for side, stored in sides)
        return one, other

    def _tell(self, rows: int) -> None:
        self._done += rows
        self._watch(self._done, self._all)

    def _compare_finished(
        self, works: Sequence[Work], reading: sa.Connection, target: Target, deployment: Deployment
    ) -> None:
        """An earlier run has finished, perhaps of a command that moves many tenants: nothing is written.

        :raises ConfigurationProblem: the target is another deployment, or one of them was written to since
        """
        with self._reading(self.target) as connection:
            target.refuse_other(connection, deployment.state)
        try:
            for work in works:
                source, _ = self._readers(work)
                work.marks = []
                for part in self._parts(source, reading):
                    work.marks.append(part.mark)
                    self._tell(part.mark.rows)
            self._verify(works)
        except ConfigurationProblem as error:
            raise target.refusal(error.detail) from error

    # After the rows

    def _make_rules(self, target: Target, structure: Structure, deployment: Deployment) -> None:
        for kept in deployment.tables:
            with target.writing():
                structure.create_indexes(kept)
        for kept in deployment.tables:
            with target.writing():
                structure.create_foreign_keys(kept)

    def _verify(self, works: Sequence[Work]) -> None:
        """Read the target again.

        :raises ConfigurationProblem: it has other rows than those that were moved
        """
        with self._reading(self.target) as connection:
            for work in works:
                assert work.marks is not None
                there = self._readers(work)[1]
                for mark in work.marks:
                    if not there.has(connection, mark):
                        raise self._not_equal(work, connection, mark.after, mark.last)
                    self._tell(mark.rows)
                count = sa.select(sa.func.count()).select_from(work.target.table)
                rows = connection.execute(count, execution_options=_OPTIONS).scalar_one()
                if rows != sum(mark.rows for mark in work.marks):
                    last = work.marks[-1].last if work.marks else None
                    raise self._not_equal(work, connection, last, None)

    def _not_equal(self, work: Work, connection: sa.Connection, after: Key | None, last: Key | None) -> Exception:
        with self._reading(self.source) as reading:
            told = faults.different(reading, connection, self._readers(work), after, last)
        return ConfigurationProblem(
            f"the target was read again, and is not equal: {work.source.label}: {told}",
            hint="if the value is one that the target can't keep, correct it in the source; then run the same command",
        )

    def _analyse(self, target: Target, works: Sequence[Work]) -> None:
        with target.writing() as connection:
            self.target.dialect.gather_statistics(connection, [work.target.table for work in works])

    def _look_again(self, works: Sequence[Work], deployment: Deployment, *, leave_later_writes: bool) -> None:
        """:raises SourceChanged: the source was written to since the moment in which it was read"""
        with self.source.named(), self._reading(self.source) as reading:
            try:
                state = self.source.database.state(reading)
                changed = [] if state == deployment.state else ["definitions or access"]
                changed += [work.source.label for work in works if pulse(reading, work.source) != work.pulse]
            except sa.exc.DBAPIError:  # a table is gone
                changed = ["definitions"]
        if not changed:
            return
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        told = f"the source was written to while it was read: {', '.join(changed[:3])}{more}"
        if not leave_later_writes:
            raise SourceChanged(
                told,
                hint="stop the service, and run the same command again: it writes only what differs."
                " --leave-later-writes finishes without what was written since",
            )
        log.warning("%s; that is left behind", told)

    @contextmanager
    def _reading(self, side: Side) -> Iterator[sa.Connection]:
        with side.database.engine.connect().execution_options(**{ONE_MOMENT: True}) as connection, connection.begin():
            yield connection


def refuse_unready(source: Database) -> None:
    """
    :raises ConfigurationProblem: the source is not there, or not as this release needs it
    """
    if not source.dialect.is_there(source.engine.url):
        raise ConfigurationProblem(f"the source: {source.engine.url.database}: there is no such file")
    try:
        upgrade.check(source)
    except ConfigurationProblem as error:
        raise ConfigurationProblem(f"the source: {error.detail}", hint=error.hint) from error
    with source.reading() as connection:
        revision = upgrade.current_revision(source, connection)
    if revision != upgrade.HEAD:
        raise ConfigurationProblem(
            f"the source: the system tables are of a newer release (revision {revision}), which may have more of them",
            hint="move it by dynmodel-move of that release",
        )


def pulse(connection: sa.Connection, stored: Stored) -> tuple[Any, ...]:
    """The number of rows, and what most writes change: whole numbers, versions among them, and moments.

    Equal pulses of two moments mean that nobody wrote the table between them, except by SQL that keeps all of that.
    """
    system = [column for column in stored.columns if column.key in ("id", "_version")]
    columns = system or [column for column in stored.columns if isinstance(column.type, sa.Integer | sa.DateTime)]
    parts: list[Any] = [sa.func.count()]
    for column in columns:
        is_number = isinstance(column.type, sa.Integer)
        parts.append(sa.func.sum(column % _MODULUS) if is_number else sa.func.max(column))
    query = sa.select(*parts).select_from(stored.table)
    row = connection.execute(query, execution_options=_OPTIONS).one()
    return tuple(row)
