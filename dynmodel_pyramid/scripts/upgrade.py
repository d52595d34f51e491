"""``dynmodel-upgrade``: create the system tables, or upgrade them to this release.

    dynmodel-upgrade production.ini

For deployments that set ``dynmodel.auto_upgrade = false``. Several may run at once; user tables are not touched. It
lists fields with an option that this release does not support, such as a pattern with a back-reference.
"""

import argparse
import sys

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.unsupported_options import report_unsupported
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-upgrade", description="Create or upgrade the system tables.")
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    args = parser.parse_args(arguments)
    try:
        types = field_types_of(args.ini)
        database = Database(Settings(read_ini(args.ini)))
        try:
            before, after = upgrade.upgrade(database)
            unsupported = report_unsupported(Catalogue(database, types))
        finally:
            database.close()
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"dynmodel-upgrade: {error}", file=sys.stderr)
        return 1
    if before == after:
        print(f"The system tables are at revision {after} already.")
    else:
        print(f"The system tables went from revision {before or 'none'} to {after}.")
    for line in unsupported:
        print(f"Warning: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
