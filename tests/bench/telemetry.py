"""What metrics, lines of the log and spans cost a get by id: processor time of the server, in interleaved rounds.

python -m tests.bench.telemetry --database sqlite --rounds 15
python -m tests.bench.telemetry --against ../other-checkout

The first server has everything off; ratios are medians of those to it in the same round.
"""

import itertools
import statistics
import time
from contextlib import ExitStack

from tests.bench.cost import imported_from
from tests.bench.load import request_bytes, run
from tests.soak.flights import Client
from tests.soak.memory import wide_table
from tests.soak.meter import command, running_server

CASES: dict[str, dict[str, str]] = {
    "off": {"dynmodel.request_log": "off"},
    "errors and slow ones": {},  # the default
    "metrics": {"dynmodel.metrics": "true"},
    "metrics, all lines": {"dynmodel.metrics": "true", "dynmodel.request_log": "all"},
    "spans": {"dynmodel.tracing": "true"},
}
DEFINITION, ROW = wide_table("Wide", 20)


def cpu_of(process: int) -> float:
    """Seconds of a process, to the nanosecond: clock_getcpuclockid(3)."""
    return time.clock_gettime((~process << 3) | 2)


def main() -> None:
    parser = command(__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.7)
    parser.add_argument("--against", metavar="FOLDER", help="another checkout, measured too")
    given = parser.parse_args()
    with ExitStack() as stack:
        servers = {}
        for name, settings in CASES.items():
            settings = {"dynmodel.access": "open", **settings}
            servers[name] = stack.enter_context(running_server(given.database, given.threads, **settings))
        if given.against is not None:
            with imported_from(given.against):
                settings = {"dynmodel.access": "open"}
                server = stack.enter_context(running_server(given.database, given.threads, **settings))
            servers["the other checkout"] = server
        for server in servers.values():
            with Client(server) as client:
                client("POST", "/table/", DEFINITION)
                client("POST", "/table/1/rows/", ROW)
        cpu: dict[str, list[float]] = {name: [] for name in servers}
        get = request_bytes("GET", "/table/1/rows/1")
        for number in range(given.rounds + 1):
            for name, server in servers.items():
                before = cpu_of(server.process.pid)
                load = run(server.port, itertools.repeat(get), 8, given.seconds)
                if number:  # the first round warms up
                    cpu[name].append((cpu_of(server.process.pid) - before) / len(load.latencies) * 1e6)
                time.sleep(0.02)
    for name, figures in cpu.items():
        ratio = statistics.median(one / off for one, off in zip(figures, cpu["off"], strict=True))
        print(f"{name:20} {statistics.median(figures):7.1f} us {ratio:7.3f}")


if __name__ == "__main__":
    main()
