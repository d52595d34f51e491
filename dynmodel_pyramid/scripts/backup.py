"""``dynmodel-backup`` and ``dynmodel-restore``: the whole database as one file, and back.

    dynmodel-backup production.ini backup-2026-12-01
    dynmodel-restore production.ini backup-2026-12-01
    dynmodel-restore production.ini backup-2026-12-01 --replace

A backup is of one moment, made while the service runs, and read again before it gets its name. On SQLite the file is a
SQLite database; on PostgreSQL it is an archive of pg_dump, which must be installed. It holds everything: tables, rows,
history, trash, roles, users, tokens. ``dynmodel-move`` takes a deployment from one of the databases to the other.

``dynmodel-restore`` compares the database with the definitions at the end, as ``dynmodel-doctor`` does.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.backups import Saved, Watch
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, DynmodelError
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.doctor import compare
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.scripts.progress import Progress
from dynmodel_pyramid.settings import Settings


def backup(arguments: list[str] | None = None) -> int:
    args = _parser("dynmodel-backup", "Save the whole database in a file.").parse_args(arguments)

    def save(database: Database, watch: Watch) -> int:
        if args.file.exists():
            raise ConfigurationProblem(f"{args.file} is there already", hint="name another file")
        saved = database.save_whole(args.file, watch)
        print(f"{_told(saved)} saved in {args.file}: {args.file.stat().st_size:,} bytes, read again and found whole.")
        return 0

    return _run("dynmodel-backup", args, save)


def restore(arguments: list[str] | None = None) -> int:
    parser = _parser("dynmodel-restore", "Make the database what a file of dynmodel-backup says.")
    parser.add_argument("--replace", action="store_true", help="though there are tables: they give way")
    args = parser.parse_args(arguments)

    def put_back(database: Database, watch: Watch) -> int:
        saved = database.restore_whole(args.file, watch, replace=args.replace)
        print(f"{_told(saved)} restored from {args.file}.")
        with database.reading() as connection:
            revision = upgrade.current_revision(database, connection)
        if revision != upgrade.HEAD:
            print("It was made by another release: dynmodel-upgrade comes next, then dynmodel-doctor.")
            return 0
        return compare(database, field_types_of(args.ini))

    return _run("dynmodel-restore", args, put_back)


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.add_argument("file", type=Path, help="the file of the backup")
    parser.add_argument("--quiet", action="store_true", help="tell no progress")
    return parser


def _run(name: str, args: argparse.Namespace, work: Callable[[Database, Watch], int]) -> int:
    progress = Progress(args.file.name, unit="pages or tables", is_quiet=args.quiet)
    try:
        database = Database(Settings(read_ini(args.ini)))
        try:
            return work(database, progress)
        finally:
            database.close()
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"{name}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"{name}: {error.filename}: {error.strerror}", file=sys.stderr)
    finally:
        progress.end()
    return 1


def _told(saved: Saved) -> str:
    users = [rows for name, rows in saved.rows.items() if "_dynmodel_" not in name]
    return f"{len(users)} tables with {sum(users):,} rows"
