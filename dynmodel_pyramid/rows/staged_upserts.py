"""Upserts of many rows in a few statements, where only one transaction can write at a time.

Nobody adds or changes a row between the statement that finds existing rows and those that write, so the rounds of
:class:`~.upserts.Upsert` are not needed. Special cases are left to that class, which reports every fault.
"""

from collections.abc import Generator, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.dialect import refuse_unsafe_ids
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.rows.entries import Entry
from dynmodel_pyramid.rows.service import NewRows, Rows
from dynmodel_pyramid.rows.staging import StagedRows
from dynmodel_pyramid.rows.targets import BY_ID, Target
from dynmodel_pyramid.rows.written_rows import PART, id_parts
from dynmodel_pyramid.telemetry.measuring import wrote


class StagedUpserts(StagedRows):
    """The rows of one upsert, all of which assign the same fields.

    :param connection: see :class:`StagedRows`
    :param targets: the uniquenesses by which existing rows are found
    :param ignore: see :class:`~.upserts.Upsert`
    """

    def __init__(self, rows: Rows, connection: sa.Connection, targets: Sequence[Target], *, ignore: bool) -> None:
        super().__init__(rows, connection)
        self._targets, self._ignore = targets, ignore
        self._assigned: list[str] | None = None
        self._is_plain = True
        #: The row that each document becomes; ``number`` counts the new rows, and separately the existing ones.
        self._done = sa.Table(
            "_upserted_rows",
            sa.MetaData(schema=self._table.schema),
            sa.Column("_n", sa.Integer, primary_key=True),
            sa.Column("id", sa.BigInteger),
            sa.Column("is_new", sa.Boolean),
            sa.Column("number", sa.Integer),
        )
        with connection.begin():
            self._done.create(connection)

    @staticmethod
    def takes_upserts(rows: Rows, targets: Sequence[Target]) -> bool:
        """Whether upserts of this table can be staged."""
        if rows.scope.permits_of is not None or not rows.scopes.are_whole:
            return False
        is_only_writer = rows.catalogue.database.dialect.confirms_first
        given = any(target.system_values for target in targets)
        return is_only_writer and not rows.links.are_checked and not given and StagedRows.takes(rows)

    def add_entries(self, entries: Sequence[Entry]) -> None:
        """Stage valid documents."""
        self._is_plain = self._is_plain and all(map(self._is_plain_entry, entries))
        if self._is_plain:
            self.add(NewRows([dict(entry.values) for entry in entries], [entry.row["id"] for entry in entries]))

    def _is_plain_entry(self, entry: Entry) -> bool:
        if self._assigned is None:
            self._assigned = list(entry.assigned)
        may_differ = self._ignore or self._targets == (BY_ID,)
        return (
            not entry.faults_if_new
            and entry.assigned.keys() == set(self._assigned)
            and self.rows.reader.repeatable.isdisjoint(entry.named)
            and (may_differ or entry.row["id"] is None)
            and all(target.nulls_distinct or target.has_values(entry.row) for target in self._targets)
        )

    def judge(self) -> None:
        """Check whether two documents are the same row, before the transaction begins."""
        for key in [target.columns(self._table) for target in self._targets] if self._is_plain else ():
            twice = sa.select(sa.literal(1)).where(*[column.is_not(None) for column in key])
            twice = twice.select_from(self._table).group_by(*key).having(sa.func.count() > 1).limit(1)
            with self.connection.begin():
                self._is_plain = self._is_plain and self._run(twice).first() is None

    def write(self) -> tuple[int, int] | None:
        """Write the rows, in the connection's current transaction; -> how many, and how many of them are new.

        None: nothing was written; :class:`~.upserts.Upsert` has to write the rows, or refuse them.
        """
        if not self._is_plain:
            return None
        savepoint = self.connection.begin_nested()
        try:
            counts = self._write()
        except sa.exc.IntegrityError:
            # Writing part by part may succeed, and else it names the row.
            counts = None
        if counts is None:
            savepoint.rollback()
        else:
            savepoint.commit()
        return counts

    def _write(self) -> tuple[int, int] | None:
        self._find()
        done, count = self._done, sa.func.count()
        inserted, greatest = self._run(sa.select(count, sa.func.max(done.c.id)).where(done.c.is_new)).one()
        if inserted:
            refuse_unsafe_ids(greatest)
            self._id, self._ordinal = done.c.id, done.c.number - 1
            self._source = self._table.join(done, sa.and_(done.c._n == self._table.c._n, done.c.is_new))
            self._run(self._statement(inserted))
        changed = 0 if self._ignore else self._count - inserted
        writes = bool(changed and self._assigned)
        if writes:
            self._run(self._update())
        if self.rows.catalogue.is_reported:
            self._report("insert", done.c.is_new)
            if writes:
                self._report("update", ~done.c.is_new)
        else:
            wrote("insert", inserted)
            wrote("update", changed if writes else 0)
        return inserted + changed, inserted

    def _find(self) -> None:
        """Note the row that each document becomes: an existing one, or a new one."""
        staged, table = self._table, self.rows.model.table
        joined = staged.outerjoin(table, self._is_there(staged, table))
        is_new, rank = table.c.id.is_(None), sa.func.row_number()
        reserve = self.rows.catalogue.database.dialect.reserve_range
        first = reserve(self.connection, table, 0, above=self._greatest_id)
        assert first is not None  # takes_upserts() has seen that this is the only writer
        drawn = rank.over(partition_by=sa.and_(is_new, staged.c.id.is_(None)), order_by=staged.c._n) + (first - 1)
        number = rank.over(partition_by=is_new, order_by=staged.c._n)
        query = sa.select(staged.c._n, sa.func.coalesce(table.c.id, staged.c.id, drawn), is_new, number)
        self._run(sa.insert(self._done).from_select(["_n", "id", "is_new", "number"], query.select_from(joined)))

    def _is_there(self, staged: sa.Table, table: sa.Table) -> sa.ColumnElement[bool]:
        if len(self._targets) == 1:
            return self._targets[0].matches(table, staged)
        far = table.alias()
        ids = [sa.select(far.c.id).where(target.matches(far, staged)) for target in self._targets]
        return table.c.id == sa.func.coalesce(*[query.correlate(staged).scalar_subquery() for query in ids])

    def _update(self) -> sa.Update:
        rows, staged, done, moment = self.rows, self._table, self._done, now()
        table = rows.model.table
        system_values = rows.filler(self.connection, moment).of_changed_row(rows.given) if rows.given else {}
        # In their stored form, so that no type converts them.
        values: dict[sa.Column[Any], Any] = {
            table.c[name]: sa.type_coerce(staged.c[name], sa.types.NullType()) for name in self._assigned or ()
        }
        values |= {table.c[name]: sa.literal(value, table.c[name].type) for name, value in system_values.items()}
        values |= {table.c._version: table.c._version + 1, table.c._updated: sa.literal(moment, table.c._updated.type)}
        own = (table.c.id == done.c.id, done.c._n == staged.c._n, ~done.c.is_new)
        return sa.update(table).values(values).where(*own)

    def _report(self, operation: str, which: sa.ColumnElement[bool]) -> None:
        table, done = self.rows.model.table, self._done
        query = sa.select(table.c.id, table.c._version).join(done, done.c.id == table.c.id).where(which)
        for part in self._run(query.order_by(done.c._n).execution_options(yield_per=PART)).partitions(PART):
            self.rows.report(self.connection, operation, [tuple(row) for row in part])

    def ids(self) -> Generator[Sequence[int]]:
        """The ids of the written rows, in the order of the documents, in parts."""
        query = sa.select(self._done.c.id).order_by(self._done.c._n)
        return id_parts(self.connection, query.where(self._done.c.is_new) if self._ignore else query)
