"""Runs on a real cluster on loopback, made of the packages postgresql and pgbouncer.

python -m tests.cluster pooler --redefinitions 100
python -m tests.cluster replicas --lag 0.2
python -m tests.cluster pooled-replicas --lag 0.2
python -m tests.cluster tenants --lag 0.2
python -m tests.cluster failover-soak
python -m tests.cluster failover
python -m tests.cluster own-writes --writes 10000
python -m tests.cluster throughput
"""

import argparse
import sys
import time

from tests.cluster import runs
from tests.cluster.bed import missing_programs, running_bed
from tests.soak.coherence import summary
from tests.soak.fleet import finish


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    kinds = (
        "pooler",
        "replicas",
        "pooled-replicas",
        "tenants",
        "failover-soak",
        "failover",
        "own-writes",
        "throughput",
    )
    parser.add_argument("run", choices=kinds)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--redefinitions", type=int, default=100)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--lag", type=float, default=0.2, help="seconds that a replica's log is under way")
    parser.add_argument("--writes", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--share", type=float, help="of a core, for each server of PostgreSQL")
    given = parser.parse_args(arguments)
    missing = missing_programs(pooler="pool" in given.run)
    if missing is not None:
        print(missing, file=sys.stderr)
        return 2
    started = time.monotonic()
    soaked = (given.processes, given.redefinitions, given.clients)
    with running_bed() as bed:
        if given.run == "tenants":
            failed = 0
            for name, part in runs.tenants_soak(bed, *soaked, given.lag):
                if isinstance(part, runs.OwnWrites):
                    print(f"{name}: reads with the token: {part.told()}", flush=True)
                    failed |= part.missed > 0
                else:
                    line = summary(part, name, given.processes, time.monotonic() - started)
                    failed |= finish(line, part.figures)
            return int(failed)
        if given.run in ("pooler", "replicas", "pooled-replicas", "failover-soak"):
            told = ""
            if given.run == "pooler":
                run = runs.pooled_soak(bed, *soaked)
            elif given.run in ("replicas", "pooled-replicas"):
                form = runs.replicated_soak if given.run == "replicas" else runs.pooled_replicas_soak
                run, tokens = form(bed, *soaked, given.lag)
                told = f", one of two replicas {given.lag:g} s late, answers from {dict(tokens.answers)}"
            else:
                run, persistent = runs.failover_soak(bed, *soaked, after=given.seconds)
                told = f", repeated after {dict(persistent.answers)}"
            line = summary(run, given.run, given.processes, time.monotonic() - started)
            return finish(line + told, run.figures)
        lines = {
            "failover": lambda: runs.failover(bed, given.seconds, given.clients),
            "own-writes": lambda: runs.own_writes(bed, given.writes, given.lag),
            "throughput": lambda: runs.throughput(bed, given.seconds, given.rows, given.share),
        }[given.run]()
        for text in lines:
            print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
