"""What requests and changes of definitions cost with 10,000 tables, of what they cost with ten; both in one run.

python -m tests.bench.growth --database sqlite
python -m tests.bench.growth --database postgresql --many 1000

Two servers, each with a database of its own, answer the same requests in turns. Figures are milliseconds of processor
time of the server alone (with SQLite in it, without PostgreSQL), after a start with all the tables there.
"""

import itertools
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import dynmodel_pyramid
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.executor import Executor
from dynmodel_pyramid.definitions import TableDefinition
from tests.bench.load import Connection, request_bytes
from tests.server_process import Server
from tests.soak.memory import wide_table
from tests.soak.meter import Meter, command, running_server

DEFINITION, ROW = wide_table("Wide", 20)
DEFINITION = {**DEFINITION, "indexes": [{"fields": [{"field": "f1"}, {"field": "f2"}]}]}
ONE, PAGE = request_bytes("GET", "/table/1/rows/1/"), request_bytes("GET", "/table/1/rows/?limit=100")
ADD = request_bytes("POST", "/table/1/rows/", ROW)
#: Tables that are made in one transaction: PostgreSQL holds a lock for each.
AT_A_TIME = 200


def fill(settings: dict[str, str], count: int) -> None:
    """So many tables like the first one, which has 100 rows; made without documents, which take five times as long."""
    application = dynmodel_pyramid.main({}, **settings)
    catalogue: Catalogue = application.registry.dynmodel_catalogue
    with catalogue.database.reading() as connection:
        _, original = catalogue.store.by_name(connection, "Wide")
    for begin in range(1, count, AT_A_TIME):
        with catalogue.database.changing() as connection:
            editor = Executor(catalogue).editor(connection)
            copies = [
                copy(original, number, catalogue.store.reserve(connection))
                for number in range(begin, min(begin + AT_A_TIME, count))
            ]
            for each in copies:
                editor.create(each)
                catalogue.store.update(connection, each)
            catalogue.store.record(connection, [(None, each) for each in copies])
    catalogue.database.close()


def copy(original: TableDefinition, number: int, table_id: int) -> TableDefinition:
    name = f"Table{number}"
    return replace(original, id=table_id, model_name=name, physical_name=name, version=1)


def used(pid: int) -> float:
    """Seconds of processor time of all threads, exact (proc(5), /proc/[pid]/task/[tid]/schedstat)."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


@dataclass
class Place:
    """A server and what was measured of it: seconds of processor time by name."""

    server: Server
    tables: int
    taken: dict[str, list[float]] = field(default_factory=dict)
    turns: itertools.count = field(default_factory=lambda: itertools.count(1))

    def start(self) -> None:
        self.server.start()
        self.connection = Connection(self.server.port)

    def stop(self) -> None:
        self.connection.close()
        self.server.stop()

    def relabel(self) -> None:
        self.connection.exchange(request_bytes("PUT", "/table/1/", {**DEFINITION, "label": f"{next(self.turns)}"}))

    def redefine(self) -> None:
        fields = {name: {"type": kind} for name, kind in DEFINITION["fields"].items()}
        fields["f0"]["pattern"] = f"[a-z]{{1,{next(self.turns) % 1000 + 10}}}"
        self.connection.exchange(request_bytes("PUT", "/table/1/", {**DEFINITION, "fields": fields}))

    def make(self) -> None:
        name = f"New{next(self.turns)}"
        self.connection.exchange(request_bytes("POST", "/table/", {**DEFINITION, "model_name": name}))

    def take(self, name: str, what: Callable[[], None], times: int) -> None:
        before = used(self.server.process.pid)
        for _ in range(times):
            what()
        self.taken.setdefault(name, []).append((used(self.server.process.pid) - before) / times)

    def ask(self, name: str, request: bytes, times: int = 1) -> None:
        self.take(name, lambda: self.connection.exchange(request), times)

    def after(self, what: Callable[[], None], name: str, request: bytes) -> None:
        """The first request after a change, on each of the server's connections to the database in turn."""
        what()
        self.ask(name, request)


def round_of(place: Place) -> None:
    # The tables that the round before has made: SQLite parses the schema anew in each connection.
    place.ask("POST, first after new tables", ADD)
    place.ask("GET one row", ONE, 50)
    place.ask("GET 100 rows", PAGE, 20)
    place.ask("POST one row", ADD, 20)
    # As many as the smaller server has from the beginning.
    place.ask("GET /table/?limit=10", request_bytes("GET", "/table/?limit=10"), 2)
    place.take("POST /table/", place.make, 3)
    place.after(place.make, "GET, first after a new table", ONE)
    place.take("PUT a label", place.relabel, 3)
    place.after(place.relabel, "GET, first after a label", ONE)
    place.take("PUT a pattern", place.redefine, 1)
    place.after(place.redefine, "GET, first after a pattern", ONE)
    place.ask("GET one row", ONE, 1)


def first_answers(place: Place) -> None:
    """A new process, until it has answered for a row."""
    place.stop()
    place.start()
    begun = time.perf_counter()
    place.connection.exchange(ONE)
    place.taken.setdefault("start to first row", []).append(used(place.server.process.pid))
    place.taken.setdefault("first row, time", []).append(time.perf_counter() - begun)


def main() -> None:
    parser = command("Measure what the number of tables costs.")
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with ExitStack() as stack:
        places = []
        for count in (options.few, options.many):
            limits = {"dynmodel.max_tables": str(10 * options.many)}
            server = stack.enter_context(running_server(options.database, options.threads, **limits))
            connection = Connection(server.port)
            connection.exchange(request_bytes("POST", "/table/", DEFINITION))
            for _ in range(100):
                connection.exchange(ADD)
            connection.close()
            server.stop()
            fill({**server.settings, **limits}, count)
            places.append(Place(server, count))
            places[-1].start()
            stack.callback(places[-1].stop)
        for number in range(options.rounds):
            for place in places[:: -1 if number % 2 else 1]:
                if number % 4 == 0:
                    first_answers(place)
                round_of(place)
        print(f"{options.database}, one process of {options.threads} threads: ms of processor time")
        print(f"{'':30}" + "".join(f"{place.tables:>8,} tables" for place in places) + f"{'ratio':>8}")
        for name in places[0].taken:
            few, many = (statistics.median(place.taken[name]) * 1e3 for place in places)
            print(f"{name:30}{few:15.2f}{many:15.2f}{many / few:8.2f}")
        memory = [Meter(place.server.process.pid).resident() for place in places]
        print(f"{'resident memory, MB':30}{memory[0]:15.1f}{memory[1]:15.1f}{memory[1] / memory[0]:8.2f}")


if __name__ == "__main__":
    main()
