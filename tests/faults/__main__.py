"""Injects faults into a service that is used, and tells what its clients saw.

python -m tests.faults
python -m tests.faults --list
python -m tests.faults "sqlite: the disk is full" --verbose
"""

import argparse
import sys
from contextlib import ExitStack

from tests.cluster.bed import missing_programs
from tests.faults import postgresql, processes, sqlite
from tests.faults.bed import Outcome, Unavailable, cluster, run

ALL = [*postgresql.ALL, *sqlite.ALL, *processes.ALL]
COLUMNS = "fault|s|2xx|others during it|500|hang|unknown|lost|doubled|slowest|first|all|log|doctor".split("|")


def cells(outcome: Outcome) -> list[str]:
    good = sum(count for word, count in outcome.ledger.words().items() if word[0] == "2")
    others = ", ".join(
        f"{count} {word}"
        for word, count in sorted((outcome.during + outcome.afterwards).items(), key=lambda each: -each[1])
        if word[0] != "2"
    )
    wrong = {kind: len(which) for kind, which in outcome.wrong.items()}
    notes = f" ({'; '.join(outcome.notes)})" if outcome.notes else ""
    more = "".join(f", {count} {kind}" for kind, count in wrong.items() if kind not in ("lost", "doubled"))
    return [
        outcome.fault.name + notes,
        f"{outcome.fault.seconds:g}",
        str(good),
        others or "-",
        str(outcome.count_500),
        str(outcome.hanging),
        str(outcome.unknown),
        str(wrong.get("lost", 0)) + more,
        str(wrong.get("doubled", 0)),
        f"{outcome.slowest:.1f}",
        f"{outcome.first:.2f}",
        f"{outcome.all:.2f}",
        str(outcome.log.total()),
        ", ".join(outcome.doctor) or "clean",
    ]


def tell(outcome: Outcome) -> None:
    """What is behind the figures, to standard error."""
    print(f"== {outcome.fault.name}", file=sys.stderr)
    for kind, which in outcome.wrong.items():
        print(f"   {kind}: {len(which)}, such as {which[:3]}", file=sys.stderr)
    for word, sample in outcome.ledger.samples.items():
        print(f"   {word}: {sample}", file=sys.stderr)
    for kind, count in outcome.log.most_common(12):
        print(f"   log {count:5} {kind[:240]}", file=sys.stderr)
    for line in outcome.traceback[:80]:
        print(f"   | {line[:300]}", file=sys.stderr)
    print("   doctor: " + outcome.doctor_says.replace("\n", "\n     ")[:1500], file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("faults", nargs="*", help="texts, of which a fault's name has one; all, if none is given")
    parser.add_argument("--list", action="store_true", help="name the faults")
    parser.add_argument("--verbose", action="store_true", help="show answers, log and doctor of each")
    given = parser.parse_args(arguments)
    chosen = [fault for fault in ALL if not given.faults or any(text in fault.name for text in given.faults)]
    if given.list:
        print("\n".join(fault.name for fault in chosen))
        return 0
    missing = missing_programs()
    unsound = 0
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), flush=True)
    with ExitStack() as stack:
        bed = None
        for fault in chosen:
            try:
                if fault.database == "postgresql":
                    if missing is not None:
                        raise Unavailable(missing)
                    bed = bed or stack.enter_context(cluster())
                outcome = run(fault, bed)
            except Unavailable as why:
                print(f"| {fault.name} | not run: {why} |", flush=True)
                continue
            print("| " + " | ".join(cells(outcome)) + " |", flush=True)
            if given.verbose or not outcome.is_sound:
                tell(outcome)
            unsound += not outcome.is_sound
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main())
