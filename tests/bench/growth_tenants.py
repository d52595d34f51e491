"""What the number of tenants costs: requests, opening a tenant, memory, a start.

python -m tests.bench.growth_tenants --database sqlite --tenants 10 1000 10000
python -m tests.bench.growth_tenants --database postgresql --tenants 10 1000

Each tenant has a table of 20 fields with a row. Figures are milliseconds of processor time of one server process (with
SQLite in it, without PostgreSQL), which chooses tenants by path.
"""

import secrets
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import webtest

import dynmodel_pyramid
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants.administration import TenantAdministration, administration
from dynmodel_pyramid.testing.databases import database_settings
from tests.bench.growth import used
from tests.bench.load import Connection, request_bytes
from tests.server_process import Server
from tests.soak.memory import wide_table
from tests.soak.meter import Meter, command

DEFINITION, ROW = wide_table("Wide", 20)
#: Tenants that are opened, one after another, for the figure of opening.
OPENED = 100


def name_of(number: int) -> str:
    return f"tenant{number}"


def fill(settings: dict[str, str], count: int) -> float:
    """So many tenants; -> seconds for each, of the first ones, which are made as an operator makes them."""
    with administration(Settings(settings)) as tenants:
        begun = time.perf_counter()
        for number in range(min(count, 10)):
            tenants.create(name_of(number))
        each = (time.perf_counter() - begun) / min(count, 10)
        wsgi = dynmodel_pyramid.main({}, **settings)
        app = webtest.TestApp(wsgi)
        add_table(app, 0)
        wsgi.registry.dynmodel_tenants.close()
        for number in range(1, count):
            copy(tenants, number)
        if tenants.places.share_engine:
            wsgi = dynmodel_pyramid.main({}, **settings)
            for number in range(1, count):
                add_table(webtest.TestApp(wsgi), number)
            wsgi.registry.dynmodel_tenants.close()
    return each


def add_table(app: webtest.TestApp, number: int) -> None:
    app.post_json(f"/{name_of(number)}/table/", DEFINITION, status=201)
    app.post_json(f"/{name_of(number)}/table/1/rows/", ROW, status=201)


def copy(tenants: TenantAdministration, number: int) -> None:
    if tenants.places.share_engine:
        if number >= 10:
            tenants.create(name_of(number))
    else:
        shutil.copyfile(tenants.places.path(name_of(0)), tenants.places.path(name_of(number)))


def measure(server: Server, count: int) -> dict[str, float]:
    taken: dict[str, float] = {}
    begun = time.perf_counter()
    server.start(wait=False)
    server.wait(300)
    taken["start, ms of processor time"] = used(server.process.pid) * 1e3
    taken["start, seconds"] = time.perf_counter() - begun
    connection, meter = Connection(server.port), Meter(server.process.pid)

    def spent(what: Callable[[], object], times: int) -> float:
        before = used(server.process.pid)
        for _ in range(times):
            what()
        return (used(server.process.pid) - before) / times * 1e3

    def get(number: int) -> None:
        connection.exchange(request_bytes("GET", f"/{name_of(number % count)}/table/1/rows/1/"))

    get(0)
    before = meter.resident()
    opened = min(OPENED, count - 1)
    taken["first request of a tenant"] = statistics.median(spent(lambda n=n: get(n), 1) for n in range(1, opened + 1))
    taken["memory of a tenant, MB"] = (meter.resident() - before) / opened
    get(0)
    taken["GET one row, of one tenant"] = statistics.median(spent(lambda: get(0), 50) for _ in range(10))
    turns = iter(range(1, 10**9))
    few = min(20, count)
    for number in range(few):
        get(number)
    taken["GET one row, of 20 tenants in turn"] = statistics.median(
        spent(lambda: get(next(turns) % few), 50) for _ in range(10)
    )
    for number in islice(range(count), 2000):
        get(number)
    taken["GET one row, of all tenants in turn"] = statistics.median(
        spent(lambda: get(next(turns) * 37), 50) for _ in range(10)
    )
    taken["memory after all were used, MB"] = meter.resident()
    taken["open files"] = meter._process.num_fds()
    connection.close()
    server.stop()
    return taken


def main() -> None:
    parser = command("Measure what the number of tenants costs.")
    parser.add_argument("--tenants", type=int, nargs="+", default=[10, 1000])
    options = parser.parse_args()
    figures: list[dict[str, float]] = []
    for count in options.tenants:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = dict(stack.enter_context(database_settings(options.database, folder)))
            settings.pop("dynmodel.schema", None)
            settings |= {"dynmodel.tenants": "path", "dynmodel.tenant_schemas": f"b{secrets.token_hex(4)}_"}
            each = fill(settings, count)
            server = Server(settings, folder, threads=options.threads)
            stack.callback(server.stop)
            figures.append({"make a tenant, seconds": each, **measure(server, count)})
            if options.database != "sqlite":
                with administration(Settings(settings)) as tenants:
                    for name in list(tenants.names()):
                        tenants.drop(name)
    print(f"{options.database}, one process of {options.threads} threads")
    print(f"{'tenants':40}" + "".join(f"{count:>12,}" for count in options.tenants))
    for name in figures[0]:
        print(f"{name:40}" + "".join(f"{taken[name]:12.2f}" for taken in figures))


if __name__ == "__main__":
    main()
