"""What requests cost, beside a bare Pyramid view under the same server; one run, in interleaved rounds.

python -m tests.bench.cost --database sqlite
python -m tests.bench.cost --database postgresql --against ../other-checkout
"""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.bench.load import Connection, Load, request_bytes, run
from tests.server_process import Server
from tests.soak.flights import Client
from tests.soak.memory import wide_table
from tests.soak.meter import Meter, command, running_server

ROWS = 1000
DEFINITION, ROW = wide_table("Wide", 20)
PAGE = request_bytes("GET", "/table/1/rows/?limit=100")
CONNECTIONS = (1, 8)


class BareServer(Server):
    """The same process and waitress settings around ``tests.bench.bare``."""

    def start(self, *, wait: bool = True) -> None:
        text = self.ini.read_text(encoding="utf-8")
        self.ini.write_text(text.replace("egg:dynmodel_pyramid", "call:tests.bench.bare:main"), encoding="utf-8")
        super().start(wait=wait)


@dataclass
class Case:
    """A row of the table; its loads by the number of connections."""

    name: str
    server: Server
    measure: Callable[["Case", int, float], Load]
    loads: dict[int, Load] = field(default_factory=dict)

    def take(self, connections: int, seconds: float) -> None:
        meter = Meter(self.server.process.pid)
        cpu = meter.cpu()
        load = self.measure(self, connections, seconds)
        load.cpu = load.cpu or meter.cpu() - cpu
        self.loads.setdefault(connections, Load()).__iadd__(load)


def repeated(*requests: bytes) -> Callable[[Case, int, float], Load]:
    """Requests over and over, in turn."""
    return lambda case, connections, seconds: run(case.server.port, itertools.cycle(requests), connections, seconds)


def first_after_redefinition(change: Callable[[int], dict]) -> Callable[[Case, int, float], Load]:
    """PUT a definition, then time the GET of a page, on one connection; only the GET counts."""
    turns = itertools.count(1)

    def measure(case: Case, connections: int, seconds: float) -> Load:
        meter, load, connection = Meter(case.server.process.pid), Load(), Connection(case.server.port)
        while load.seconds < seconds / 4:
            connection.exchange(request_bytes("PUT", "/table/1/", {**DEFINITION, **change(next(turns))}))
            cpu = meter.cpu()
            load.latencies.append(connection.exchange(PAGE))
            load.cpu += meter.cpu() - cpu
            load.seconds += load.latencies[-1]
        connection.close()
        return load

    return measure


def new_pattern(turn: int) -> dict:
    fields = {name: {"type": kind} for name, kind in DEFINITION["fields"].items()}
    fields["f0"]["pattern"] = f"[a-z]{{1,{turn % 1000 + 10}}}"
    return {"fields": fields}


def cases(server: Server, prefix: str = "") -> list[Case]:
    rows = [request_bytes("GET", f"/table/1/rows/{number}/") for number in range(1, ROWS + 1)]
    post = request_bytes("POST", "/table/2/rows/", ROW)
    return [
        Case(f"{prefix}GET one row", server, repeated(*rows)),
        Case(f"{prefix}GET 100 rows", server, repeated(PAGE)),
        Case(f"{prefix}POST one row", server, repeated(post)),
        Case(f"{prefix}GET 100, new label", server, first_after_redefinition(lambda turn: {"label": f"{turn}"})),
        Case(f"{prefix}GET 100, new pattern", server, first_after_redefinition(new_pattern)),
    ]


def fill(server: Server) -> None:
    """Two tables of 20 fields; the first has the rows that are read, the second those that are added."""
    with Client(server) as client:
        client("POST", "/table/", DEFINITION)
        client("POST", "/table/", {**DEFINITION, "model_name": "Added"})
        client("POST", "/table/1/rows/", [ROW] * ROWS, Prefer="return=minimal")


@contextmanager
def imported_from(folder: str | None) -> Iterator[None]:
    """Let processes started within import the package from another checkout."""
    if folder is None:
        yield
        return
    before = dict(os.environ)
    os.environ |= {"PYTHONPATH": os.path.abspath(folder), "PYTHONSAFEPATH": "1"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def report(measured: list[Case], bare: Case) -> None:
    titles = ("requests/s", "of bare", "p50 ms", "p99 ms", "CPU us", "x bare")
    print(f"{'':24}{'connections':>12}{titles[0]:>12}" + "".join(f"{title:>9}" for title in titles[1:]))
    for case in measured:
        for connections, load in case.loads.items():
            of = bare.loads[connections]
            print(
                f"{case.name:24}{connections:12}{load.rate:12,.0f}{load.rate / of.rate:9.2f}"
                f"{load.quantile(0.5):9.2f}{load.quantile(0.99):9.2f}"
                f"{load.cpu_each:9,.0f}{load.cpu_each / of.cpu_each:9.2f}"
            )


def main() -> None:
    parser = command("Measure what requests cost, beside a bare Pyramid view.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each case in each round; default 1")
    parser.add_argument("--against", metavar="FOLDER", help="another checkout, measured in the same rounds")
    options = parser.parse_args()
    with ExitStack() as stack:
        server = stack.enter_context(running_server(options.database, options.threads))
        bare_server = BareServer({}, server.ini.parent, threads=options.threads)
        stack.callback(bare_server.stop)
        bare_server.start()
        fill(server)
        bare = Case("bare view", bare_server, repeated(request_bytes("GET", "/leaf")))
        ours, theirs = cases(server), []
        if options.against:
            with imported_from(options.against):
                other = stack.enter_context(running_server(options.database, options.threads))
            fill(other)
            theirs = cases(other, "other: ")
        pairs = [case for pair in itertools.zip_longest(ours, theirs) for case in pair if case]
        for number in range(options.rounds + 1):
            # There and back, so that no case is always the first; the round before the first warms up.
            for case in [bare, *pairs][:: -1 if number % 2 else 1]:
                for connections in CONNECTIONS if "new" not in case.name else CONNECTIONS[:1]:
                    case.take(connections, options.seconds if number else 0.3)
            if not number:
                for case in [bare, *pairs]:
                    case.loads.clear()
        print(
            f"{options.database}, one process of {options.threads} threads, 20 fields,"
            f" {options.rounds} rounds of {options.seconds:g} s"
        )
        report([bare, *pairs], bare)


if __name__ == "__main__":
    main()
