"""What the types of fields cost: a page of a table with all of them, beside one of as many plain strings.

python -m tests.bench.types --database sqlite
python -m tests.bench.types --database postgresql

Both pages have 100 rows, the same names and JSON of the same size; interleaved rounds in one run, one server process.
"""

import json
from typing import Any

from dynmodel_pyramid.testing.strategies import drawn
from tests.bench.cost import Case, repeated
from tests.bench.load import request_bytes
from tests.every_type import written_types
from tests.server_process import Server
from tests.soak.flights import Client
from tests.soak.meter import command, running_server

ROWS = 100
CONNECTIONS = (1, 8)
#: The command fails above it.
GOAL = 1.5


def fill(server: Server) -> list[int]:
    """Two tables, the first of every type, the second of strings; -> the bytes of their pages."""
    types = written_types()
    fields = {f"of_{name}": {"type": name, **options} for name, (options, _) in types.items()}
    values = {f"of_{name}": [pair[0] for pair in drawn(strategy, ROWS)] for name, (_, strategy) in types.items()}
    with Client(server) as client:
        client("POST", "/table/", {"model_name": "Every", "fields": fields})
        strings = dict.fromkeys(fields, {"type": "string", "max_length": 1_000_000})
        client("POST", "/table/", {"model_name": "Strings", "fields": strings})
        client("POST", "/table/1/rows/", [{name: values[name][number] for name in fields} for number in range(ROWS)])
        answered = client("GET", f"/table/1/rows/?limit={ROWS}")
        twins = [{name: twin(value) for name, value in row.items() if name != "id"} for row in answered]
        client("POST", "/table/2/rows/", twins)
        return [len(json_text(client("GET", f"/table/{table}/rows/?limit={ROWS}")).encode()) for table in (1, 2)]


def twin(value: Any) -> str:
    """A string of the same characters, as long in JSON as the value: what is not ASCII costs more in strings, too."""
    return value if isinstance(value, str) else json_text(value)[1:-1].replace('"', "x").replace("\\", "x")


def json_text(value: Any) -> str:
    # The standard library's writer: PostgreSQL answers some numbers of json fields with all their digits.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> int:
    parser = command("Measure what the types of fields cost, beside plain strings.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each case in each round; default 1")
    options = parser.parse_args()
    with running_server(options.database, options.threads) as server:
        sizes = fill(server)
        cases = [
            Case(name, server, repeated(request_bytes("GET", f"/table/{table}/rows/?limit={ROWS}")))
            for table, name in ((1, "every type"), (2, "strings"))
        ]
        for number in range(options.rounds + 1):
            # There and back, so that neither is always the first; the round before the first warms up.
            for case in cases[:: -1 if number % 2 else 1]:
                for connections in CONNECTIONS:
                    case.take(connections, options.seconds if number else 0.3)
            if not number:
                for case in cases:
                    case.loads.clear()
    every, strings = cases
    print(
        f"{options.database}, one process of {options.threads} threads, GET of {ROWS} rows of {len(written_types())}"
        f" fields, {options.rounds} rounds of {options.seconds:g} s"
    )
    print(f"{'':12}{'bytes':>9}{'connections':>13}{'requests/s':>12}{'CPU us':>9}")
    for case, size in zip(cases, sizes, strict=True):
        for connections, load in case.loads.items():
            print(f"{case.name:12}{size:9,}{connections:13}{load.rate:12,.0f}{load.cpu_each:9,.0f}")
    ratios = [every.loads[number].cpu_each / strings.loads[number].cpu_each for number in CONNECTIONS]
    rates = [strings.loads[number].rate / every.loads[number].rate for number in CONNECTIONS]
    print(f"CPU, every type over strings: {' and '.join(f'{ratio:.2f}' for ratio in ratios)}")
    print(f"requests/s, strings over every type: {' and '.join(f'{ratio:.2f}' for ratio in rates)}")
    return 1 if max(ratios) > GOAL else 0


if __name__ == "__main__":
    raise SystemExit(main())
