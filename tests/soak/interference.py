"""Two databases that differ only where an identity may not see it: it gets equal answers to all requests.

python -m tests.soak.interference --seconds 600 --database postgresql --seed 1
python -m tests.soak.interference --database sqlite --seed 1 --world 17    # one world again
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from dynmodel_pyramid.testing.databases import DATABASES
from tests.access.worlds.sameness import Difference, compare
from tests.access.worlds.service import Service, services

#: Plays one world.
Play = Callable[[list[Service], Random, Counter[str]], None]


def run(
    description: str, count: int, play: Play, failure: type[AssertionError], arguments: list[str] | None = None
) -> int:
    """Play worlds until the time is over; -> 1 if one fails.

    :param count: how many services
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", type=int, help="play only this one")
    parser.add_argument("--most", type=int, default=1, help="how many failures to show")
    chosen = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    begun, world, failures = time.perf_counter(), chosen.world or 0, 0
    with tempfile.TemporaryDirectory() as folder, services(chosen.database, Path(folder), count) as running:
        while time.perf_counter() - begun < chosen.seconds and failures < chosen.most:
            try:
                play(running, Random(f"{chosen.seed}:{world}"), counts)
            except failure as error:
                failures += 1
                print(f"--seed {chosen.seed} --world {world}: {error}\n", file=sys.stderr)
            world += 1
            if chosen.world is not None:
                break
    told = ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))
    print(f"{chosen.database}: {time.perf_counter() - begun:.0f} s, up to world {world}, {failures} failures; {told}")
    return 1 if failures else 0


def main(arguments: list[str] | None = None) -> int:
    return run(__doc__, 2, compare, Difference, arguments)


if __name__ == "__main__":
    sys.exit(main())
