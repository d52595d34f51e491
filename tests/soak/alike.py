"""Whole requests by chance, at both faces: SQLite and PostgreSQL answer byte for byte alike.

python -m tests.soak.alike --requests 5000 --seed 1

It runs in process, with the same rows in both. Status, body and headers are compared. Each difference is printed as the
least request that still shows it (as curl), with what both answered around the first byte that differs. Differences
that docs/queries.md lists are counted apart. It exits with 1 if there are others.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from dynmodel_pyramid.testing.databases import DATABASES
from tests.queries import alike
from tests.soak.fuzzing.wire import Request, smaller

#: Characters around the first difference that are shown.
AROUND = 120
MOST = 40


class Report:
    def __init__(self, world: alike.World):
        self.world = world
        self.documented: Counter = Counter()
        self.found: Counter = Counter()
        self.shown: set[str] = set()

    def tell(self, number: int, request: Request, differences: list[str]) -> None:
        known = alike.documented(self.world, request)
        if known is not None:
            self.documented[known] += 1
            return
        kind = ", ".join(differences)
        self.found[kind] += 1
        if self.found.total() > MOST:
            return

        def fails(candidate: Request) -> bool:
            told = self.world.differences(candidate)
            return bool(told) and told[0] == differences[0] and alike.documented(self.world, candidate) is None

        least = smaller(request, fails)
        if least.curl() in self.shown:
            return
        self.shown.add(least.curl())
        print(f"--- request {number}: {kind}\n{least.curl()}")
        answers = self.world.both(least)
        at = next(
            (
                place
                for place, (one, other) in enumerate(zip(*(each.body for each in answers), strict=False))
                if one != other
            ),
            min(len(each.body) for each in answers),
        )
        for database, answer in zip(DATABASES, answers, strict=True):
            headers = {name: answer.get(name) for name in differences if name in alike.HEADERS}
            shown = answer.body[max(0, at - AROUND) : at + AROUND]
            print(f"  {database}: {answer.status} {headers or ''} {shown!r}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, alike.world(Path(folder)) as world:
        report = Report(world)
        good, full = alike.search(world, chosen.seed, chosen.requests, report.tell)
        names = ", ".join(repr(name) for table in world.tables.values() for name in (table.name, *table.values))
    print(f"tables and fields: {names}")
    for known, count in report.documented.most_common():
        print(f"documented: {count} {known}")
    print(
        f"{chosen.requests} requests in {time.perf_counter() - begun:.0f} s, {good} answered alike with rows "
        f"({full} with more than 20 bytes), {report.documented.total()} documented differences, "
        f"{report.found.total()} others"
    )
    return 1 if report.found else 0


if __name__ == "__main__":
    sys.exit(main())
