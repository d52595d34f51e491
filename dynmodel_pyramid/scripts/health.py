"""``dynmodel-health``: checks that the database agrees with the definitions.

    dynmodel-health production.ini

It compares every table, as ``GET /table/{id}/health/`` does, beside the running service. If there are differences it
prints a line for each and ends with 1. Run it once a day, and after a restore. It does not know field types that an
application adds with ``config.add_field_type``.
"""

import argparse
import sys

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.health import health_now
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="dynmodel-health", description="Tell whether the database has what the definitions promise."
    )
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    args = parser.parse_args(arguments)
    try:
        database = Database(Settings(read_ini(args.ini)))
        try:
            return compare(database)
        finally:
            database.close()
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"dynmodel-health: {error}", file=sys.stderr)
        return 1


def compare(database: Database) -> int:
    """Print what differs; -> the exit status."""
    types = FieldTypes()
    types.load_entry_points()
    compared = damaged = 0
    upgrade.check(database)
    catalogue = Catalogue(database, types)
    with database.reading() as connection:
        _, definitions = catalogue.store.all(connection)
    for table_id in [definition.id for definition in definitions]:
        result = health_now(catalogue, table_id)
        if result is None:
            continue  # dropped since the list was made
        definition, health = result
        compared += 1
        damaged += bool(health.broken)
        for broken in health.broken:
            print(f"dynmodel-health: {definition.model_name} (table {table_id}): {broken.detail}", file=sys.stderr)
    print(f"{compared} tables were compared, {damaged} are damaged.")
    return 1 if damaged else 0


if __name__ == "__main__":
    sys.exit(main())
