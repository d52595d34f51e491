"""Is this checkout slower than another commit? The work of common users at both, in turns, in one run.

python -m tests.bench.commits v0.1.0
python -m tests.bench.commits HEAD~20 --database postgresql
make bench AGAINST=HEAD~20

Without a commit it takes the last tag, as releases have one. Both are installed as users install them, as wheels, with
the libraries of this environment, and served by dynmodel-serve, two processes of two threads. It prints the processor
time of each kind of request beside the other commit's, and exits with 1 when one takes more than ``--slower`` times as
much: processor time, since a busy machine makes all times longer, but both sides' alike.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.bench.load import Connection, Load, request_bytes, run
from tests.server_process import Server
from tests.soak.memory import wide_table
from tests.soak.meter import MB, drop_tables

ROWS = 20_000
BULK = 1000
DEFINITION, ROW = wide_table("Wide", 20)
CONNECTIONS = 8
_SERVE = "\n[dynmodel-serve]\nprocesses = 2\n"
_PROJECT = Path(__file__).resolve().parents[2]


class Side:
    """One of the two commits: its package installed in a folder, and a server of it on a database of its own."""

    def __init__(self, name: str, source: Path, folder: Path, settings: dict[str, str]):
        self.name = name
        installed = folder / "installed"
        install(source, installed)
        environment = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
        self.server = Server(
            settings, folder, threads=2, module="dynmodel_pyramid.scripts.serve", environment=environment
        )
        with self.server.ini.open("a", encoding="utf-8") as ini:
            ini.write(_SERVE)
        self.starts: list[float] = []
        self.memory = 0.0

    def start(self) -> None:
        """Start it, or start it again; notes the seconds to the first answer, and the memory before the first work."""
        self.server.stop()
        begun = time.perf_counter()
        self.server.start()
        self.starts.append(time.perf_counter() - begun)
        time.sleep(0.5)
        self.memory = sum(process.memory_full_info().pss for process in self.processes()) / MB

    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.server.process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds of processor time of all its processes."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def fill(self) -> None:
        """Two tables of 20 fields; the first has the rows that are read, the others take what is added."""
        connection = Connection(self.server.port)
        indexes = [{"fields": [{"field": "f6"}, {"field": "f1"}]}]
        connection.exchange(request_bytes("POST", "/table/", {**DEFINITION, "indexes": indexes}))
        for name in ("Added", "Changed"):
            connection.exchange(request_bytes("POST", "/table/", {**DEFINITION, "model_name": name}))
        for start in range(0, ROWS, BULK):
            rows = [{**ROW, "f1": start + number, "f6": number % 10} for number in range(BULK)]
            connection.exchange(request_bytes("POST", "/table/1/rows/", rows, Prefer="return=minimal"))
        connection.close()


def install(source: Path, folder: Path) -> None:
    """Build the package and install it, without libraries; its modules are compiled.

    :raises SystemExit: with what pip says
    """
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{source} can't be installed:\n{done.stderr}")


def copy_of(commit: str | None, folder: Path) -> None:
    """Write the files of a commit into a folder; None for those of the working tree.

    :raises SystemExit: there is no such commit
    """
    commit = commit or _git("stash", "create") or "HEAD"
    archive = folder / "files.tar"
    _git("archive", "-o", str(archive), commit)
    source = folder / "source"
    source.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(source)], check=True)


def last_release() -> str:
    """The newest tag before this commit.

    :raises SystemExit: there is none
    """
    tag = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"], cwd=_PROJECT, capture_output=True, text=True
    )
    if tag.returncode:
        raise SystemExit("no release has a tag yet: name a commit, as in python -m tests.bench.commits HEAD~20")
    return tag.stdout.strip()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=_PROJECT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


@dataclass
class Scenario:
    """One kind of request, sent to both sides in turns.

    :param requests: for a counter that goes on, what is sent
    :param connections: at once
    """

    name: str
    requests: Callable[[int], bytes]
    connections: int = CONNECTIONS
    loads: dict[str, Load] = field(default_factory=dict)
    _counters: dict[str, "itertools.count[int]"] = field(default_factory=dict)

    def take(self, side: Side, seconds: float) -> None:
        counter = self._counters.setdefault(side.name, itertools.count())
        before = side.cpu()
        load = run(side.server.port, map(self.requests, counter), self.connections, seconds)
        load.cpu = side.cpu() - before
        self.loads.setdefault(side.name, Load()).__iadd__(load)


def filtered(turn: int) -> bytes:
    return request_bytes("GET", f"/table/1/rows/?id=gt.{turn * 7919 % (ROWS - 100)}&limit=100")


def relabelled(turn: int) -> bytes:
    return request_bytes("PUT", "/table/3/", {**DEFINITION, "model_name": "Changed", "label": f"label {turn}"})


def field_added(turn: int) -> bytes:
    names = {f"more{number}": "integer" for number in range(turn % 20 + 1)}
    fields = {**DEFINITION["fields"], **names}
    return request_bytes("PUT", "/table/3/", {**DEFINITION, "model_name": "Changed", "fields": fields})


def scenarios() -> list[Scenario]:
    def always(request: bytes) -> Callable[[int], bytes]:
        return lambda turn: request

    def get(path: str) -> Callable[[int], bytes]:
        return always(request_bytes("GET", path))

    bulk = request_bytes("POST", "/table/2/rows/?select=id", [ROW] * BULK)
    export = request_bytes("GET", "/table/1/rows/?_format=csv&limit=10000")
    return [
        Scenario("GET one row", lambda turn: request_bytes("GET", f"/table/1/rows/{turn * 7919 % ROWS + 1}/")),
        Scenario("GET 100 rows", get("/table/1/rows/?limit=100")),
        Scenario("filter and order", get("/table/1/rows/?f6=eq.3&order=f1&limit=100")),
        Scenario(
            "filter, other values",
            lambda turn: request_bytes("GET", f"/table/1/rows/?id=gt.{turn * 7 % ROWS}&limit=100"),
        ),
        Scenario("page by offset", get(f"/table/1/rows/?limit=100&offset={ROWS * 9 // 10}")),
        Scenario("POST one row", always(request_bytes("POST", "/table/2/rows/", ROW))),
        Scenario(f"POST {BULK} rows", always(bulk), 2),
        Scenario("10,000 rows of CSV", always(export), 2),
        Scenario("PUT a label", relabelled, 1),
        Scenario("PUT, a field added", field_added, 1),
        Scenario("POST a table", lambda turn: request_bytes("POST", "/table/", wide_table(f"New {turn}", 20)[0]), 1),
    ]


def report(measured: list[Scenario], ours: Side, theirs: Side, slower: float) -> bool:
    """Print the table; -> whether nothing is slower than that."""
    print(f"{'':22}{'requests/s':>20}{'p99 ms':>18}{'CPU ms':>18}{'CPU ratio':>11}")
    print(f"{'':22}{'this':>10}{'other':>10}{'this':>9}{'other':>9}{'this':>9}{'other':>9}")
    good = True
    for scenario in measured:
        this, other = scenario.loads[ours.name], scenario.loads[theirs.name]
        ratio = this.cpu_each / other.cpu_each
        good = good and ratio <= slower
        print(
            f"{scenario.name:22}{this.rate:10,.0f}{other.rate:10,.0f}{this.quantile(0.99):9.1f}"
            f"{other.quantile(0.99):9.1f}{this.cpu_each / 1e3:9.2f}{other.cpu_each / 1e3:9.2f}{ratio:11.2f}"
            f"{'  slower' if ratio > slower else ''}"
        )
    print(
        f"first answer after {min(ours.starts):.2f} s, the other {min(theirs.starts):.2f} s;"
        f" idle {ours.memory:.0f} MiB (proportional), the other {theirs.memory:.0f} MiB"
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the speed of this checkout with another commit's.")
    parser.add_argument("commit", nargs="?", help="default: the last tag")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each scenario in each round; default 1")
    parser.add_argument("--slower", type=float, default=1.2, help="fail above this ratio of CPU; default 1.2")
    options = parser.parse_args()
    commit = options.commit or last_release()
    with ExitStack() as stack:
        sides = []
        for name, taken in (("this", None), ("other", commit)):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            copy_of(taken, folder)
            settings = stack.enter_context(database_settings(options.database, folder))
            if "dynmodel.schema" in settings:
                stack.callback(drop_tables, settings["sqlalchemy.url"], settings["dynmodel.schema"])
            sides.append(Side(name, folder / "source", folder, settings))
            stack.callback(sides[-1].server.stop)
        for side in [*sides, *sides[::-1], *sides]:
            side.start()
        for side in sides:
            side.fill()
        measured = scenarios()
        for number in range(options.rounds):
            # There and back, so that neither is always the first; the requests before the first round warm up.
            for scenario in measured:
                for side in sides[:: -1 if number % 2 else 1]:
                    scenario.take(side, options.seconds)
            if not number and options.rounds > 1:
                for scenario in measured:
                    scenario.loads.clear()
        print(f"{options.database}, 2 processes of 2 threads, 20 fields; this checkout beside {commit}")
        return 0 if report(measured, *sides, options.slower) else 1


if __name__ == "__main__":
    os.chdir(_PROJECT)
    sys.exit(main())
