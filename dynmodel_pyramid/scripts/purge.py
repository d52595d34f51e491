"""``dynmodel-purge``: destroy fields and tables that have been in the trash for long enough.

    dynmodel-purge production.ini
    dynmodel-purge production.ini --days 90 --dry-run

It takes dropped fields, old columns of conversions, and dropped tables, each in a transaction of its own, beside the
running service. It also deletes what is old in the audit (``dynmodel.audit_days``), sessions that have ended, tokens
that expired ``dynmodel.trash_days`` ago, and answers that were kept for an ``Idempotency-Key`` for long enough. Run it
once a day. It ends with 1 if something could not be purged; the rest is purged all the same.
"""

import argparse
import datetime
import sys
from collections.abc import Callable, Iterator
from functools import partial

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.kept_answers import KeptAnswers
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.trash import TableTrash
from dynmodel_pyramid.changes.trash_fields import FieldTrash
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.definitions.trashed import DroppedTable, KeptField
from dynmodel_pyramid.errors import DynmodelError, NotFound
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.settings import Settings

#: Each kind of thing to purge: its name for people, and the function that purges it.
Task = tuple[str, Callable[[], object]]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-purge", description="Destroy what has been in the trash for long.")
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.add_argument(
        "--days", type=_days, help="what is older than so many days, 0 for all (default: dynmodel.trash_days)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be purged")
    args = parser.parse_args(arguments)
    try:
        settings = Settings(read_ini(args.ini))
        if not args.dry_run:
            _tidy(settings)
        days = settings.trash_days if args.days is None else args.days
        if not days and args.days is None:
            print("dynmodel.trash_days is 0: the trash is kept for ever. Nothing was purged.")
            return 0
        return _purge(settings, field_types_of(args.ini), days, dry_run=args.dry_run)
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"dynmodel-purge: {error}", file=sys.stderr)
        return 1


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 36_500:
        raise argparse.ArgumentTypeError("want a whole number of days, 0 to 36500")
    return int(text)


def _tidy(settings: Settings) -> None:
    database = Database(settings)
    try:
        upgrade.check(database)
        Accounts(database).tidy()
        answers, deleted = KeptAnswers(database), True
        while deleted:
            with database.writer.begin() as connection:
                deleted = bool(answers.tidy(connection))
    finally:
        database.close()


def _purge(settings: Settings, types: FieldTypes, days: int, *, dry_run: bool) -> int:
    database = Database(settings)
    purged = failed = 0
    try:
        upgrade.check(database)
        for name, purge in _tasks(Catalogue(database, types), now() - datetime.timedelta(days=days)):
            try:
                if not dry_run:
                    purge()
            except NotFound:
                continue  # restored or purged since the list was made
            except (DynmodelError, sa.exc.SQLAlchemyError) as error:
                failed += 1
                print(f"dynmodel-purge: {name}: {error}", file=sys.stderr)
                continue
            purged += 1
            print(f"{'Would purge' if dry_run else 'Purged'} {name}")
    finally:
        database.close()
    print(f"{purged} {'would be' if dry_run else 'were'} purged that were older than {days} days.")
    return 1 if failed else 0


def _tasks(catalogue: Catalogue, moment: datetime.datetime) -> Iterator[Task]:
    fields, tables = FieldTrash(catalogue), TableTrash(catalogue)
    with catalogue.database.reading() as connection:
        old_fields = list(fields.store.fields_before(connection, moment))
        old_tables = fields.store.tables_before(connection, moment)
    for table_id, number in old_fields:
        yield _name_of_field(fields, table_id, number), partial(fields.purge_field, table_id, number)
    for table in old_tables:
        # A table that was restored and dropped again is another matter.
        purge = partial(tables.purge_table, table.definition.id, dropped_before=moment)
        yield _name_of_table(table), purge


def _name_of_field(fields: FieldTrash, table_id: int, number: int) -> str:
    with fields.database.reading() as connection:
        _, table = fields.catalogue.store.by_id(connection, table_id)
        entries = fields.store.fields(connection, table_id, number)
    if table is None or not entries:
        return f"number {number} of table {table_id}"
    what = "old values of" if entries[0].replaced else "field"
    return (
        f"{what} {table.model_name}.{entries[0].field.name} (table {table_id}, number {number}, {_since(entries[0])})"
    )


def _name_of_table(table: DroppedTable) -> str:
    return f"table {table.definition.model_name} (number {table.definition.id}, {_since(table)})"


def _since(dropped: KeptField | DroppedTable) -> str:
    return f"dropped {dropped.dropped_at:%Y-%m-%d}"


if __name__ == "__main__":
    sys.exit(main())
