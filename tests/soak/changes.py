"""Random changes of definitions with rows in the table, held against a model (tests/changes/changing.py).

python -m tests.soak.changes --database postgresql --changes 2000

Runs of up to 50 steps until so many changes have been made. A failure is shrunk to its shortest form and ends the run.
"""

import argparse
import tempfile
import time
from pathlib import Path

import webtest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.changes.changing import machine

#: A round's runs; rounds differ, as each draws anew.
RUNS = 10


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--changes", type=int, default=2000)
    given = parser.parse_args(arguments)
    checks = settings(
        max_examples=RUNS,
        stateful_step_count=50,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    counter, begun = {"made": 0, "refused": 0}, time.monotonic()
    with tempfile.TemporaryDirectory() as directory, database_settings(given.database, Path(directory)) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        machine_class = machine(webtest.TestApp(wsgi), counter)
        while counter["made"] < given.changes:
            run_state_machine_as_test(machine_class, settings=checks)
        wsgi.registry.dynmodel_catalogue.database.close()
    seconds = time.monotonic() - begun
    refused = f"{counter['refused']} refused as the model says"
    print(f"{given.database}: {counter['made']} changes made, {refused}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
