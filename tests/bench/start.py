"""How soon the service answers and what it takes when it is idle, beside a bare application; on SQLite.

python -m tests.bench.start                           # makes a virtual environment, as a user's
python -m tests.bench.start --environment FOLDER      # uses that one, or makes it there and keeps it

The service is installed as a wheel, with compiled modules. A start is the time from the start of the command to the
first answer of 200 to ``GET /table/``: of the bare application (``tests.bench.bare_sql``) under ``pserve`` with
waitress, and of the service under ``pserve`` and ``dynmodel-serve``, in turns. Ratios are of the medians. Processor
time is that of all processes till then; memory is their proportional set size, after each worker has answered.
"""

import argparse
import http.client
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from tests.server_process import free_port

ROOT = Path(__file__).parents[2]
MB = 1 << 20
PATIENCE = 30.0
IDLE = 1.0  # seconds after the answers until memory is looked at
INI = """\
[app:main]
use = {app}
sqlalchemy.url = sqlite:///{database}
{settings}

[server:main]
use = {server}
listen = 127.0.0.1:{port}
threads = 2

[dynmodel-serve]
processes = 2
"""
SETTINGS = "dynmodel.auto_upgrade = true\ndynmodel.access = open"


def install(folder: Path) -> None:
    """A virtual environment with this checkout, installed from a wheel with all that it requires."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    with tempfile.TemporaryDirectory() as wheels:
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, str(ROOT)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = Path(wheels).glob("*.whl")
        # With the driver of PostgreSQL, which must cost nothing on SQLite.
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", f"{wheel}[postgresql]"], check=True)


@dataclass
class Case:
    """A command, and what its starts took."""

    name: str
    command: list[str]
    port: int
    folder: Path
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen]:
        """The command, from its start until every process of it has ended."""
        process = subprocess.Popen(self.command, cwd=self.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            yield process
        finally:
            processes = family(process.pid)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
            psutil.wait_procs(processes, PATIENCE)

    def measure(self) -> None:
        began = time.perf_counter()
        with self.running() as process:
            self._first_answer(process)
            self.seconds.append(time.perf_counter() - began)
            self.cpu.append(sum(sum(each.cpu_times()[:2]) for each in family(process.pid)))
            self._every_worker()
            time.sleep(IDLE)
            processes = family(process.pid)
            self.memory.append(sum(each.memory_full_info().pss for each in processes) / MB)

    def _first_answer(self, process: subprocess.Popen) -> None:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                connection.request("GET", "/table/")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.002)
            finally:
                connection.close()
        raise RuntimeError(f"{self.name} doesn't answer")

    def _every_worker(self) -> None:
        """Time for a second worker to start, and requests on many connections, so that each has answered."""
        time.sleep(IDLE)
        for _ in range(20):
            requests.get(f"http://127.0.0.1:{self.port}/table/", timeout=PATIENCE).raise_for_status()


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cases(folder: Path, environment: Path) -> list[Case]:
    """The bare application first."""
    (folder / "bare_sql.py").write_text((ROOT / "tests" / "bench" / "bare_sql.py").read_text(encoding="utf-8"))
    subprocess.run([environment / "bin" / "python", "-m", "compileall", "-q", folder], check=True)
    scripts = environment / "bin"
    serve = str(scripts / "dynmodel-serve")
    # pserve keeps the folder of its script on the path, not the current one: so the interpreter, which adds that.
    pserve = [str(scripts / "python"), "-m", "pyramid.scripts.pserve"]
    return [
        _case("bare, pserve", pserve, folder, "call:bare_sql:main", "egg:waitress#main", ""),
        _case("pserve", pserve, folder, "egg:dynmodel_pyramid", "egg:dynmodel_pyramid#server", SETTINGS),
        _case("dynmodel-serve", [serve], folder, "egg:dynmodel_pyramid", "egg:dynmodel_pyramid#server", SETTINGS),
    ]


def _case(name: str, command: list[str], folder: Path, app: str, server: str, settings: str) -> Case:
    port = free_port()
    ini = folder / f"{name.replace(', ', '-')}.ini"
    database = ini.with_suffix(".db")
    ini.write_text(INI.format(app=app, server=server, port=port, database=database, settings=settings))
    return Case(name, [*command, str(ini)], port, folder)


def add_tables(case: Case, count: int) -> None:
    """Tables of 20 fields."""
    fields = {f"f{number}": ("string", "integer", "number", "boolean")[number % 4] for number in range(20)}
    with case.running() as process, requests.Session() as session:
        case._first_answer(process)
        for number in range(count):
            document = {"model_name": f"Table{number}", "fields": fields}
            session.post(f"http://127.0.0.1:{case.port}/table/", json=document).raise_for_status()


def report(title: str, measured: list[Case]) -> None:
    bare = measured[0]
    print(f"{title:24}{'seconds':>9}{'of bare':>9}{'CPU s':>9}{'of bare':>9}{'PSS MiB':>9}")
    for case in measured:
        seconds, cpu = statistics.median(case.seconds), statistics.median(case.cpu)
        print(
            f"{case.name:24}{seconds:9.3f}{seconds / statistics.median(bare.seconds):9.2f}"
            f"{cpu:9.3f}{cpu / statistics.median(bare.cpu):9.2f}{statistics.median(case.memory):9.1f}"
        )
    for case in measured:
        case.seconds, case.cpu, case.memory = [], [], []


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure starts and idle memory, beside a bare application.")
    parser.add_argument("--environment", type=Path, metavar="FOLDER", help="a virtual environment; made if missing")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tables", type=int, default=200, help="of the restart; 0: no restart; default 200")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = (options.environment or folder / "environment").absolute()
        if not environment.exists():
            install(environment)
        measured = cases(folder, environment)
        for _ in range(options.rounds):
            for case in measured:
                for path in folder.glob("*.db*"):
                    path.unlink()
                case.measure()
        report("first answer, new file", measured)
        if options.tables:
            for case in measured[1:]:
                add_tables(case, options.tables)
            for _ in range(options.rounds):
                for case in measured:
                    case.measure()
            report(f"restart, {options.tables} tables", measured)


if __name__ == "__main__":
    main()
