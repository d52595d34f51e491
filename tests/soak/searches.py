"""``python -m tests.soak.searches``: generated texts and queries of words, as many as one likes.

PostgreSQL's own search with ``simple``, ours on PostgreSQL, and ours on SQLite must find the same.
"""

import argparse
import random
import sys

import sqlalchemy as sa

from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.testing.databases import postgresql_url
from tests.database.searches import differences, searches


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance, engine, found = random.Random(arguments.seed), sa.create_engine(postgresql_url()), []
    with engine.connect() as connection:
        for statement in functions.statements("pg_temp"):
            connection.exec_driver_sql(statement)
        for _ in range(0, arguments.searches, 5000):
            found += differences(connection, "pg_temp", list(searches(chance, 5000)))
    engine.dispose()
    print(f"searches: {arguments.searches}, differences: {len(found)}")
    print(*found[:10], sep="\n", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
