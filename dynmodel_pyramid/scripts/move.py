"""``dynmodel-move``: a whole deployment from one database into another one, of the other kind or of the same.

    dynmodel-move production.ini postgresql://dynmodel@localhost/dynmodel
    dynmodel-move production.ini other.ini
    dynmodel-move --prepare production.ini other.ini
    dynmodel-tenant each production.ini dynmodel-move production.ini other.ini

The source comes first, by its INI file. The target is an INI file, or a URL: then it has the other settings of the
source, but no replicas. It must not have tables of dynmodel_pyramid, and no process opens it until the move is
finished.

Everything is moved as of one moment: tables with all rows and their ids, history, trash, quarantine, roles, users,
tokens, sessions, saved views, answers to requests with keys, and numbers that are never given again. Then the target is
read again and compared, value by value. Nothing is written to the source.

A run that was stopped or killed goes on when it is started again. If the source was written to meanwhile, the run ends
with 2: stop the service and run the command again, which writes only what differs. ``--prepare`` is for runs while the
service works: the target stays unfinished, whether the source was written to or not. A target that is finished is only
compared.

With tenants it moves the one that DYNMODEL_TENANT names, to the same tenant of the target.
"""

import argparse
import sys
import time
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.moving.moving import Move, Moved, SourceChanged, refuse_unready
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.doctor import compare
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.scripts.progress import Progress
from dynmodel_pyramid.settings import Settings

#: The exit status when the source was written to meanwhile.
CHANGED = 2


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-move", description="Move a whole deployment to another database.")
    parser.add_argument("source", help="the INI file; file.ini#name for [app:name]")
    parser.add_argument("target", help="another INI file, or the URL of a database")
    parser.add_argument(
        "--leave-later-writes", action="store_true", help="finish though the source was written to meanwhile"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="leave the target unfinished: the service goes on to work"
    )
    parser.add_argument("--quiet", action="store_true", help="tell no progress, and no list of tables")
    args = parser.parse_args(arguments)
    progress = Progress("moving", unit="rows read", is_quiet=args.quiet)
    begin = time.monotonic()
    try:
        settings = read_ini(args.source)
        target = Database(Settings(_target(args.target, settings)))
        source = Database(Settings(settings))
        try:
            refuse_unready(source)
            types = field_types_of(args.source)
            move = Move(source, target, types, progress)
            moved = move.run(leave_later_writes=args.leave_later_writes, prepare=args.prepare)
            progress.end()
            _tell(moved, time.monotonic() - begin, is_quiet=args.quiet)
            if args.prepare and not move.was_finished:
                print("The target is prepared. Stop the service, and run the command without --prepare to finish it.")
                return 0
            return compare(target, types)
        finally:
            source.close()
            target.close()
    except SourceChanged as error:
        print(f"dynmodel-move: {error}", file=sys.stderr)
        return CHANGED
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"dynmodel-move: {error}", file=sys.stderr)
    except OSError as error:
        print(f"dynmodel-move: {error.filename}: {error.strerror}", file=sys.stderr)
    finally:
        progress.end()
    return 1


def _target(place: str, source: dict[str, Any]) -> dict[str, Any]:
    if "://" not in place:
        return read_ini(place)
    # Replicas are the source's own.
    kept = {name: value for name, value in source.items() if name != "dynmodel.replica_urls"}
    return {**kept, "sqlalchemy.url": place}


def _tell(moved: list[Moved], seconds: float, *, is_quiet: bool) -> None:
    if not is_quiet:
        for table in moved:
            print(f"{table.rows:>12,}  {table.label}")
    rows = sum(table.rows for table in moved)
    print(
        f"{rows:,} rows of {len(moved)} tables are in the target, {sum(table.written for table in moved):,} of them"
        f" written now, in {seconds:.1f} s; all were read again, and every value is equal."
    )


if __name__ == "__main__":
    sys.exit(main())
