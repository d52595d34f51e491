"""Walks tables with generated names through the whole service (:mod:`tests.nasty_names`).

python -m tests.soak.names --database sqlite --worlds 100 --seed 1

It exits with 1 at the first world that breaks a promise, and prints its names.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import webtest
from hypothesis import HealthCheck, Phase, given, seed, settings

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.nasty_names import Walk, worlds
from tests.web.client import Client


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, default=DATABASES[0])
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shrink", action="store_true", help="search the least names that still fail: minutes")
    arguments = parser.parse_args()
    walked = 0

    @seed(arguments.seed)
    @settings(
        max_examples=arguments.worlds,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if arguments.shrink else (Phase.generate,),
    )
    @given(names=worlds)
    def walk(names: list[str]) -> None:
        nonlocal walked
        with tempfile.TemporaryDirectory() as folder, database_settings(arguments.database, Path(folder)) as made:
            wsgi = dynmodel_pyramid.main({}, **made)
            try:
                Walk(Client(webtest.TestApp(wsgi)), names).run()
            finally:
                wsgi.registry.dynmodel_catalogue.database.close()
        walked += 1

    began = time.monotonic()
    walk()
    print(f"{arguments.database}: {walked} worlds of 20 names in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
