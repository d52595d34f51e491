"""What changes cost that leave all values as they are, as tables grow: SQLite.

python -m tests.bench.declarations --rows 1000 1000000
python -m tests.bench.declarations --types --only "add json"

Each change is made by the definition service, without HTTP, and undone by a revert, some times. The table tells the
least milliseconds: of the change by the clock and of the processor, of the revert by the clock.
"""

import argparse
import time

from tests.bench.evolution_places import Place
from tests.soak.declaring import KINDS, Kind, added_types, filled


def least(place: Place, kind: Kind, rounds: int) -> list[float]:
    """Milliseconds by the clock and of the processor, and by the clock for the undoing."""
    walls, cpus, undone = [], [], []
    for _ in range(1 if kind.writes else rounds):
        former = place.definition().version
        if kind.first is not None:
            place.change(kind.first)()
        change = place.change(kind.edit)
        cpu, wall = time.process_time(), time.perf_counter()
        change()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        wall = time.perf_counter()
        place.revert(former)
        undone.append(time.perf_counter() - wall)
    return [min(each) * 1000 for each in (walls, cpus, undone)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--types", action="store_true", help="fields of every type, instead of every kind of change")
    parser.add_argument("--only", default="", help="only the changes whose names hold this")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    kinds = [kind for kind in (added_types() if given.types else KINDS) if given.only in kind.name]
    measured: dict[str, list[str]] = {kind.name: [] for kind in kinds}
    for rows in given.rows:
        with filled(rows) as place:
            for kind in kinds:
                measured[kind.name].append(" / ".join(f"{each:,.1f}" for each in least(place, kind, given.rounds)))
    print(f"| ms by the clock / CPU / reverted | {' | '.join(f'{rows:,} rows' for rows in given.rows)} | rows |")
    print("| --- " * (len(given.rows) + 2) + "|")
    for kind in kinds:
        touched = "written" if kind.writes else "looked at" if kind.looks else "untouched"
        print(f"| {kind.name} | {' | '.join(measured[kind.name])} | {touched} |")


if __name__ == "__main__":
    main()
