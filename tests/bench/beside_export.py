"""How long single requests take while somebody exports a large table, and while nobody does; in turns, in one run.

python -m tests.bench.beside_export --database sqlite
python -m tests.bench.beside_export --database postgresql --rounds 5

``dynmodel-serve`` with two processes of two threads, 16 connections, and one export of 100,000 rows of 20 fields after
another, read by a process of its own. The generator of load, that process and the database use the same machine, so
compare within a line, and look at its load average, which is printed.
"""

import itertools
import multiprocessing
import os
import time
from contextlib import ExitStack
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory

from dynmodel_pyramid.testing.databases import database_settings
from tests.bench.load import Connection, Load, request_bytes, run
from tests.server_process import Server
from tests.soak.memory import wide_table
from tests.soak.meter import command

ROWS, PART = 100_000, 1000
CONNECTIONS = 16
DEFINITION, ROW = wide_table("Wide", 20)
EXPORT = request_bytes("GET", "/table/1/rows/?_format=csv")
REQUESTS = {
    "GET one row": [request_bytes("GET", f"/table/1/rows/{number}/") for number in range(1, ROWS, 97)],
    "GET 100 rows": [request_bytes("GET", "/table/1/rows/?limit=100")],
    "POST one row": [request_bytes("POST", "/table/2/rows/", ROW)],
}


def fill(port: int) -> None:
    """Two tables of 20 fields; the first has the rows that are read, the second takes what is added."""
    connection = Connection(port)
    connection.exchange(request_bytes("POST", "/table/", DEFINITION))
    connection.exchange(request_bytes("POST", "/table/", {**DEFINITION, "model_name": "Added"}))
    for _ in range(ROWS // PART):
        connection.exchange(request_bytes("POST", "/table/1/rows/", [ROW] * PART, Prefer="return=minimal"))
    connection.close()


def export(port: int, count: "Synchronized[int]") -> None:
    """Export the table over and over."""
    connection = Connection(port)
    while True:
        connection.exchange(EXPORT)
        count.value += 1


def beside_exports(port: int, requests: list[bytes], seconds: float) -> tuple[Load, int]:
    """-> what was measured while an export ran, and how many exports were complete by the end."""
    count = multiprocessing.Value("i", 0)
    exporter = multiprocessing.Process(target=export, args=(port, count), daemon=True)
    exporter.start()
    try:
        time.sleep(0.3)  # until it runs
        load = run(port, itertools.cycle(requests), CONNECTIONS, seconds)
        if not exporter.is_alive():
            raise RuntimeError("the export has failed")
        return load, count.value
    finally:
        exporter.kill()
        exporter.join()


def report(name: str, load: Load, exports: str) -> None:
    middle, late = load.quantile(0.5), load.quantile(0.99)
    print(
        f"{name:16}{exports:>10}{load.rate:12,.0f}{middle:9.2f}{late:9.2f}{late / middle:9.2f}{load.quantile(1):9.0f}"
    )


def main() -> None:
    parser = command("Measure single requests beside a running export.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each kind in each round; default 4")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        settings = stack.enter_context(database_settings(options.database, folder))
        server = Server(settings, folder, threads=options.threads, module="dynmodel_pyramid.scripts.serve")
        with server.ini.open("a", encoding="utf-8") as ini:
            ini.write("\n[dynmodel-serve]\nprocesses = 2\n")
        stack.callback(server.stop)
        server.start()
        fill(server.port)
        alone, beside = {name: Load() for name in REQUESTS}, {name: Load() for name in REQUESTS}
        exports = dict.fromkeys(REQUESTS, 0)
        for _, (name, requests) in itertools.product(range(options.rounds), REQUESTS.items()):
            alone[name] += run(server.port, itertools.cycle(requests), CONNECTIONS, options.seconds)
            load, count = beside_exports(server.port, requests, options.seconds)
            beside[name] += load
            exports[name] += count
        print(f"{options.database}, 2 processes of {options.threads} threads, load average {os.getloadavg()[0]:.1f}")
        print(f"{'':16}{'exports':>10}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'p99/p50':>9}{'max ms':>9}")
        for name in REQUESTS:
            report(name, alone[name], "none")
            report(name, beside[name], str(exports[name]))


if __name__ == "__main__":
    main()
