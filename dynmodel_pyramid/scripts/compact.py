"""``dynmodel-compact``: gives back what dropped columns and deleted rows take up, beside the running service.

    dynmodel-compact production.ini
    dynmodel-compact production.ini Product --plan
    dynmodel-compact production.ini Product
    dynmodel-compact production.ini --cancel Product

On PostgreSQL a table gives way to a copy of itself without dropped columns, which PostgreSQL counts for ever, up to
1,600. Rows are read and written meanwhile; the copy needs as much room as the table. Without a table it compacts all
tables whose dropped columns take up a quarter of the limit. It may be stopped at any moment, and goes on when it is
called again; ``--cancel`` removes the copy instead, by name or id, also of a table that was dropped, or all copies.

On SQLite dropped columns cost nothing. Without a table it rebuilds the file (VACUUM), so that free room goes back to
the disk, and empties the log. Rows can be read meanwhile, but not written, and writers that wait for longer than
``dynmodel.lock_timeout`` are answered 503.
"""

import argparse
import sys
import time

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.compaction import LOCKS, Compaction, Progress
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.findings import size_text
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import Busy, ConfigurationProblem, DynmodelError
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.scripts.progress import Progress as Bar
from dynmodel_pyramid.settings import Settings

#: The part of the limit that dropped columns must take up for a table to be compacted without being named.
PART = 0.25
#: Seconds of steps between two lines of progress, and between two attempts where somebody else is at a step.
SLICE, PAUSE = 1.0, 1.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-compact", description="Give back what dropped columns take up.")
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.add_argument("table", nargs="*", help="the name or id of a table")
    parser.add_argument("--plan", action="store_true", help="only tell what would be done")
    parser.add_argument("--cancel", action="store_true", help="give a compaction up, and remove the copy")
    parser.add_argument("--quiet", action="store_true", help="tell no progress")
    args = parser.parse_args(arguments)
    try:
        database = Database(Settings(read_ini(args.ini)))
        try:
            upgrade.check(database)
            return _Command(Catalogue(database, field_types_of(args.ini)), args).run()
        finally:
            database.close()
    except (DynmodelError, sa.exc.SQLAlchemyError, OSError) as error:
        print(f"dynmodel-compact: {error}", file=sys.stderr)
        return 1


class _Command:
    def __init__(self, catalogue: Catalogue, args: argparse.Namespace) -> None:
        self.catalogue, self.args = catalogue, args
        self.database = catalogue.database
        self.compaction = Compaction(catalogue)

    def run(self) -> int:
        if self.args.cancel:
            return self._cancel()
        if not self.args.table and not self.database.dialect.counts_dropped_columns:
            return self._compact_file()
        numbers = [self._number(name) for name in self.args.table] or self._worth_it()
        for number in numbers:
            (self._plan if self.args.plan else self._compact)(number)
        if not numbers:
            print("No table has so many dropped columns that it should be compacted.")
        return 0

    def _number(self, name: str) -> int:
        with self.database.reading() as connection:
            store = self.catalogue.store
            is_id = name.isascii() and name.isdigit()
            _, definition = store.by_id(connection, int(name)) if is_id else store.by_name(connection, name)
        if definition is None and not (is_id and self.args.cancel):
            raise ConfigurationProblem(f"there is no table {name}")
        return int(name) if definition is None else definition.id

    def _worth_it(self) -> list[int]:
        """Tables with many dropped columns, and those whose compaction was begun."""
        dialect, worth = self.database.dialect, set(self.compaction.left())
        with self.database.reading() as connection:
            _, definitions = self.catalogue.store.all(connection)
            for definition in definitions:
                name = definition.physical_name
                dropped = dialect.counted_columns(connection, name) - len(dialect.column_names(connection, name))
                if dropped >= PART * dialect.max_columns:
                    worth.add(definition.id)
        return sorted(worth & {definition.id for definition in definitions})

    def _plan(self, number: int) -> None:
        progress = self.compaction.progress(number)
        print(
            f"table {number}: {progress.dropped} dropped columns, some {progress.rows:,} rows; phase: {progress.phase}"
        )
        print(f"  the copy needs {size_text(progress.size)}")
        for lock, what in LOCKS:
            print(f"  {lock}: {what}")
        for obstacle in progress.obstacles:
            print(f"  in the way: {obstacle}; drop it, and make it again afterwards")

    def _compact(self, number: int) -> None:
        begun, before = time.monotonic(), self.compaction.progress(number)
        if before.is_done:
            print(f"table {number} has no dropped columns.")
            return
        progress, bar = before, Bar(f"table {number}", unit="rows", is_quiet=self.args.quiet)
        try:
            while not progress.is_done:
                progress = self._some(number, progress)
                bar(progress.copied, max(progress.rows, progress.copied))
        finally:
            bar.end()
        seconds = time.monotonic() - begun
        print(f"table {number}: {before.dropped} dropped columns are gone; {seconds:.1f} s.")

    def _some(self, number: int, progress: Progress) -> Progress:
        try:
            progress = self.compaction.run(number, SLICE, "dynmodel-compact")
        except Busy as error:
            print(f"dynmodel-compact: table {number}: {error.detail}; trying again", file=sys.stderr)
            time.sleep(PAUSE)
        if progress.is_busy:
            time.sleep(PAUSE)
        return progress

    def _cancel(self) -> int:
        for number in [self._number(name) for name in self.args.table] or self.compaction.left():
            done = self.compaction.cancel(number)
            print(f"table {number}: {'the copy was removed' if done else 'no compaction was under way'}.")
        return 0

    def _compact_file(self) -> int:
        if self.args.plan:
            print("VACUUM rebuilds the file; rows can be read meanwhile, not written. It needs twice the file's room.")
            return 0
        sizes = self.database.dialect.compact_file(self.database.engine)
        assert sizes is not None  # of a database without debts
        print(f"The database had {size_text(sizes[0])}, and has {size_text(sizes[1])}.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
