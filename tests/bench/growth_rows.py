"""What the number of rows costs: requests, changes of the definition, a start, the disk.

python -m tests.bench.growth_rows --database sqlite --rows 1000 1000000 10000000
python -m tests.bench.growth_rows --database postgresql --rows 1000 1000000

A table of three fields, one of which is unique and one indexed. Figures are milliseconds of processor time, the median
of several, of the server and of the database: waiting for the disk is not in them. Ten million rows take some 2 GB of
the folder for temporary files.
"""

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import database_settings
from tests.bench.growth import used
from tests.bench.load import Connection, request_bytes
from tests.server_process import Server
from tests.soak.meter import Meter, command

FIELDS = {
    "name": {"type": "string", "unique": True},
    "size": {"type": "integer", "index": True},
    "other": {"type": "integer"},
}
TABLE = {"model_name": "Narrow", "fields": FIELDS}
#: Rows of each statement that fills the table.
PART = 1_000_000
_COLUMNS = "(id, _version, _created, _updated, name, size, other)"
_VALUES = "{n}, 1, {moment}, {moment}, 'name ' || {n}, {n} % 1000, {n} % 7"


def fill(settings: dict[str, str], count: int) -> None:
    database = Database(Settings(settings))
    with database.reading() as connection:
        if database.dialect.has_sequences:
            moment = "now()"
        else:
            # The form in which a row has it.
            moment = repr(connection.exec_driver_sql('SELECT _created FROM "Narrow"').scalar_one())
    for begin in range(2, count + 1, PART):
        end = min(begin + PART - 1, count)
        values = _VALUES.format(n="n", moment=moment)
        if database.dialect.has_sequences:
            table = f'"{database.dialect.schema}"."Narrow"'
            source = f"generate_series({begin}, {end}) AS n"
            statement = f"INSERT INTO {table} {_COLUMNS} SELECT {values} FROM {source}"
        else:
            source = f"WITH RECURSIVE s(n) AS (SELECT {begin} UNION ALL SELECT n + 1 FROM s WHERE n < {end}) "
            statement = f'{source}INSERT INTO "Narrow" {_COLUMNS} SELECT {values} FROM s'
        with database.writer.begin() as connection:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    with database.writer.begin() as connection:
        if database.dialect.has_sequences:
            sequence = f'"{database.dialect.schema}"."_seq_1"'
            connection.exec_driver_sql(f"SELECT setval('{sequence}', {count})")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()


def size_of(settings: dict[str, str]) -> float:
    """MB of the table, its indexes included."""
    database = Database(Settings(settings))
    with database.reading() as connection:
        if database.dialect.has_sequences:
            table = f'"{database.dialect.schema}"."Narrow"'
            size = connection.scalar(sa.text("SELECT pg_total_relation_size(:table)"), {"table": table})
        else:
            size = Path(str(database.engine.url.database)).stat().st_size
    database.close()
    return size / 2**20


def processes_of(settings: dict[str, str]) -> psutil.Process | None:
    """The parent of PostgreSQL's processes; None where the server process itself is the database."""
    database = Database(Settings(settings))
    try:
        if not database.dialect.has_sequences:
            return None
        with database.reading() as connection:
            return psutil.Process(connection.scalar(sa.text("SELECT pg_backend_pid()"))).parent()
    finally:
        database.close()


def measure(server: Server, count: int) -> dict[str, float]:
    taken: dict[str, float] = {}
    server.start(wait=False)
    server.wait(300)
    taken["start, of processor time"] = used(server.process.pid) * 1e3
    connection, database = Connection(server.port), processes_of(server.settings)

    def spent() -> float:
        backends = [] if database is None else database.children()
        return used(server.process.pid) + sum(used(backend.pid) for backend in backends)

    def ask(name: str, *requests: bytes, times: int = 1) -> None:
        found = []
        for number in range(times):
            before = spent()
            connection.exchange(requests[number % len(requests)])
            found.append(spent() - before)
        taken[name] = statistics.median(found) * 1e3

    def get(query: str) -> bytes:
        return request_bytes("GET", f"/table/1/rows/{query}")

    ids = [max(1, count * part // 97) for part in range(1, 97)]
    ask("GET one row by id", *(get(f"{number}/") for number in ids), times=200)
    ask("GET by the unique field", *(get(f"?name=eq.name%20{number + 1}") for number in ids if number > 1), times=100)
    ask("GET 100 rows, the first page", get("?limit=100"), times=20)
    ask("GET 100 rows, from the middle by id", get(f"?id=gt.{count // 2}&limit=100"), times=20)
    ask("GET 100 rows, sorted by the index", get("?order=size,id&limit=100"), times=5)
    ask("GET with a filter without an index", get("?other=eq.9&limit=100"), times=2)
    ask("GET count of all rows", request_bytes("GET", "/table/1/rows/?limit=1", Prefer="count=exact"), times=2)
    ask("POST one row", request_bytes("POST", "/table/1/rows/", {"size": 1}), times=30)
    ask("PATCH one row", *(request_bytes("PATCH", f"/table/1/rows/{n}/", {"other": 3}) for n in ids), times=30)

    def change(name: str, **fields: object) -> None:
        ask(name, request_bytes("PATCH", "/table/1/", {"fields": fields}))

    # The first change imports what changes need.
    ask("change: a label", request_bytes("PATCH", "/table/1/", {"label": "Narrow"}))
    ask("change: a label", request_bytes("PATCH", "/table/1/", {"label": "Narrow ones"}))
    change("change: a new field", added={"type": "string"})
    change("change: a new field with a default", filled={"type": "integer", "default": 5})
    change("change: a rename", other=None, renamed={"id": 3, "type": "integer"})
    change("change: an index", renamed={"index": True})
    change("change: a bound that all rows are checked by", size={"min": -5})
    change("change: another type, integer to string", renamed={"type": "string"})
    change("change: a field is dropped", filled=None)
    taken["memory, MB"] = Meter(server.process.pid).resident()
    connection.close()
    server.stop()
    return taken


def main() -> None:
    parser = command("Measure what the number of rows costs.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 1_000_000])
    options = parser.parse_args()
    figures: list[dict[str, float]] = []
    for count in options.rows:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = dict(stack.enter_context(database_settings(options.database, folder)))
            server = Server(settings, folder, threads=options.threads)
            server.settings = settings
            stack.callback(server.stop)
            server.start(wait=False)
            server.wait(300)
            connection = Connection(server.port)
            connection.exchange(request_bytes("POST", "/table/", TABLE))
            connection.exchange(request_bytes("POST", "/table/1/rows/", {"name": "name 1", "size": 1, "other": 1}))
            connection.close()
            server.stop()
            begun = time.perf_counter()
            fill(settings, count)
            filled = time.perf_counter() - begun
            print(f"{count:,} rows are there", flush=True)
            figures.append({"rows filled in by SQL, seconds": filled, "on the disk, MB": size_of(settings)})
            figures[-1] |= measure(server, count)
    print(f"{options.database}, one process of {options.threads} threads: ms of processor time")
    print(f"{'rows':48}" + "".join(f"{count:>12,}" for count in options.rows))
    for name in figures[0]:
        print(f"{name:48}" + "".join(f"{taken[name]:12.2f}" for taken in figures))


if __name__ == "__main__":
    main()
