"""Moves of a large deployment, killed (SIGKILL) at random moments and gone on with, there and back: all is equal.

python -m tests.soak.moving --rows 1000000
python -m tests.soak.moving --rows 20000 --kills 100 --seed 1
python -m tests.soak.moving --values 900

From SQLite to PostgreSQL and from there to another SQLite file. ``--kills`` is the number for each of the two moves; a
run that is not killed in its time ends the move, and the next move of the same direction begins in a new target. Before
a run that is gone on with the source may be written to, and every second time it is. It prints the rows a second and
the memory of moves that were not killed, and exits with 1 if anything differs.

``--values`` takes that many values of each type, drawn by Hypothesis anew each time, and a deployment that has
something of everything, through five moves: SQLite to SQLite, to PostgreSQL, to another schema, and back. Every answer
must be the same.
"""

import argparse
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dynmodel_pyramid.testing.databases import database_settings
from tests.moving import deployment
from tests.server_process import write_ini
from tests.soak import large
from tests.soak.meter import Meter
from tests.web.client import Client

COMMAND = [sys.executable, "-m", "dynmodel_pyramid.scripts.move", "--quiet"]


class Soak:
    def __init__(self, stack: ExitStack, rows: int, seed: int) -> None:
        self._stack = stack
        self._folder = Path(stack.enter_context(TemporaryDirectory()))
        self._chance = random.Random(seed)
        self._rows = rows
        self.faults: list[str] = []
        self.kills = self.moves = 0

    def place(self, database: str) -> dict[str, str]:
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        return self._stack.enter_context(database_settings(database, folder))

    def move(self, source: dict[str, str], target: dict[str, str], title: str) -> None:
        """One that is not killed."""
        begin = time.monotonic()
        process = self._begin(source, target)
        meter, peak, cpu = Meter(process.pid), 0.0, 0.0
        while process.poll() is None:
            try:
                peak, cpu = max(peak, meter.resident()), meter.cpu()
            except Exception:  # it has ended
                break
            time.sleep(0.1)
        out, err = process.communicate()
        seconds = time.monotonic() - begin
        if process.returncode:
            self.faults.append(f"{title}: {process.returncode} {err}")
        moved = int(re.sub(r"\D", "", out.partition(" rows")[0]) or 0)
        print(
            f"{title}: {moved:,} rows in {seconds:.1f} s, {moved / seconds:,.0f} rows/s, {cpu:.1f} s of CPU,"
            f" at most {peak:.0f} MB",
            flush=True,
        )

    def _begin(self, source: dict[str, str], target: dict[str, str]) -> "subprocess.Popen[str]":
        inis = [str(write_ini(self._folder, settings, port=1)) for settings in (source, target)]
        return subprocess.Popen([*COMMAND, *inis], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def killed_moves(self, source: dict[str, str], database: str, kills: int) -> dict[str, str]:
        """Moves with that many kills in all; -> the last target."""
        longest = self._time(source, database)
        while True:
            target = self.place(database)
            while True:
                process = self._begin(source, target)
                try:
                    _, err = process.communicate(timeout=self._chance.uniform(0.2, longest) if kills > 0 else None)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.communicate()
                    kills, self.kills = kills - 1, self.kills + 1
                    if self.kills % 2:
                        self._write(source)
                    continue
                if "is no unfinished move" in err:
                    # Killed after its last commit, and the source was written to since: to be moved anew.
                    target = self.place(database)
                    continue
                if process.returncode:
                    self.faults.append(f"a move ended with {process.returncode}: {err}")
                    return target
                break
            self.moves += 1
            self.compare(source, target)
            if kills <= 0:
                return target

    def _time(self, source: dict[str, str], database: str) -> float:
        begin = time.monotonic()
        self._begin(source, self.place(database)).communicate()
        return time.monotonic() - begin

    def _write(self, settings: dict[str, str]) -> None:
        """Changes, additions and deletions of rows, which swap unique values; now and then of a definition."""
        with large.application(settings) as app:
            rows = app.get("/table/1/rows/?limit=2&order=id&select=id,code").json
            last = app.get("/table/1/rows/?limit=1&order=id.desc&select=id").json[0]["id"]
            app.patch_json(f"/table/1/rows/{rows[0]['id']}/", {"code": f"{rows[0]['code']} was"})
            app.patch_json(f"/table/1/rows/{last}/", {"code": rows[0]["code"]})
            app.post_json("/table/1/rows/", [{"name": f"new {number}", "seen": [last]} for number in range(20)])
            app.delete(f"/table/1/rows/{rows[1]['id']}/")
            if self._chance.random() < 0.3:
                name = f"f{self._chance.randrange(10**9)}"
                app.patch_json("/table/1/", {"fields": {name: {"type": "integer", "default": 7}}})
            if self._chance.random() < 0.2:
                app.post_json("/table/", {"model_name": f"T{self._chance.randrange(10**9)}", "fields": {"a": "string"}})

    def compare(self, source: dict[str, str], target: dict[str, str]) -> None:
        one, other = large.sums(source), large.sums(target)
        for what in one.keys() | other.keys():
            if one.get(what) != other.get(what):
                self.faults.append(f"{what} is {str(other.get(what))[:300]} and should be {str(one.get(what))[:300]}")


_CHAIN = ("sqlite", "sqlite", "postgresql", "postgresql", "sqlite", "postgresql")


def move_values(soak: Soak, count: int) -> None:
    answers: dict[str, Any] | None = None
    before: dict[str, str] = {}
    for database in _CHAIN:
        place = soak.place(database)
        if before:
            soak.move(before, place, f"to {database}")
        with large.application(place) as app:
            client = Client(app)
            if answers is None:
                deployment.make(client, count)
            seen, answers = deployment.seen(client), answers or deployment.seen(client)
        soak.faults += [f"{database}: {path}" for path in seen if seen[path] != answers.get(path)]
        before = place


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--values", type=int, default=0, help="at most 1,000")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    return run(args)


def run(args: Any) -> int:
    with ExitStack() as stack:
        soak = Soak(stack, args.rows, args.seed)
        if args.values:
            move_values(soak, args.values)
            return _ended(soak)
        first = soak.place("sqlite")
        large.make(first, args.rows, args.seed)
        if args.kills:
            there = soak.killed_moves(first, "postgresql", args.kills)
            soak.killed_moves(there, "sqlite", args.kills)
            print(f"{soak.moves} moves, {soak.kills} kills, {len(soak.faults)} faults")
        else:
            there, back = soak.place("postgresql"), soak.place("sqlite")
            soak.move(first, there, "SQLite to PostgreSQL")
            soak.move(there, back, "PostgreSQL to SQLite")
            soak.compare(first, there)
            soak.compare(first, back)
        return _ended(soak)


def _ended(soak: Soak) -> int:
    print(f"{len(soak.faults)} differences")
    for fault in soak.faults[:10]:
        print(fault, file=sys.stderr)
    return 1 if soak.faults else 0


if __name__ == "__main__":
    sys.exit(main())
