"""Uploads that keep their good rows (``Prefer: handling=lenient``) beside the strict upload of as many good rows.

python -m tests.bench.lenient --database sqlite
python -m tests.bench.lenient --database postgresql --rows 1000000

Each line is a CSV file: seconds, their ratio to the strict upload's, the server's processor time for a row, MB of its
memory beyond what it took before, and how many rows were refused.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import requests

from tests.server_process import Server
from tests.soak.meter import Meter, command, running_server

FIELDS = {"sku": {"type": "string", "unique": True}, "n": {"type": "integer", "min": 0}, "name": "string"}
FEW = 3000
Line = Callable[[int], str]


def _good(number: int) -> str:
    return f"s{number},{number},name {number}"


def _faulty(number: int) -> str:
    return f"s{number},-1,name {number}"


def _taken(number: int) -> str:
    return f"s1,{number},name {number}"


def _every(bad: Line, step: int) -> Line:
    return lambda number: _good(number) if number % step else bad(number)


#: What a file is like -> its lines, and the preference.
FILES: dict[str, tuple[Line, str]] = {
    "strict, all good": (_good, "handling=strict"),
    "all good": (_good, "handling=lenient"),
    "every 100th has a fault": (_every(_faulty, 100), "handling=lenient"),
    "every 100th is taken": (_every(_taken, 100), "handling=lenient"),
    "every 2nd is taken": (_every(_taken, 2), "handling=lenient"),
    "all but one have a fault": (_every(_faulty, 1), "handling=lenient"),
    "all but one are taken": (_taken, "handling=lenient"),
}


def _write(path: Path, line: Line, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("sku,n,name\n")
        file.writelines(f"{line(number)}\n" for number in range(1, rows))
        file.write("last,1,last\n")


def _send(server: Server, table: str, path: Path, prefer: str) -> requests.Response:
    headers = {"Content-Type": "text/csv", "Prefer": f"{prefer}, return=minimal", "Accept": "application/x-ndjson, */*"}
    with path.open("rb") as file:
        return requests.post(f"{server.url}/table/{table}/rows/", data=file, headers=headers, timeout=3600)


def measure(database: str, rows: int, threads: int, only: str = "") -> Iterator[str]:
    """Each in a server of its own, whose memory nothing else has grown."""
    strict = 0.0
    for name, (line, prefer) in FILES.items():
        if only not in name and not name.startswith("strict"):
            continue
        with tempfile.TemporaryDirectory() as folder, running_server(database, threads) as server:
            for table in ("Warm", "Bulk"):
                requests.post(f"{server.url}/table/", json={"model_name": table, "fields": FIELDS}, timeout=60)
            path, meter = Path(folder) / "rows.csv", Meter(server.process.pid)
            _write(path, line, FEW)
            _send(server, "Warm", path, prefer)
            _write(path, line, rows)
            idle, cpu = meter.resident(), meter.cpu()
            with meter.peak() as peak:
                answer = _send(server, "Bulk", path, prefer)
            if answer.status_code != 201:
                raise RuntimeError(f"{name}: {answer.status_code} {answer.text[:300]}")
            counts = json.loads(answer.text.splitlines()[0]) if answer.text else {"refused_count": 0}
            seconds = answer.elapsed.total_seconds()
            strict = strict or seconds
            yield (
                f"{name:26}{seconds:8.1f} s{seconds / strict:8.2f}{(meter.cpu() - cpu) / rows * 1e6:9.1f} us"
                f"{peak[0] - idle:8.0f} MB{counts['refused_count']:12,}"
            )


def main() -> None:
    parser = command("Measure uploads that keep their good rows beside strict ones.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", default="", help="a part of the names of files that are sent, beside the strict one")
    options = parser.parse_args()
    load = " ".join(f"{load:.1f}" for load in psutil.getloadavg())
    print(f"{options.database}, {options.rows:,} rows of {len(FIELDS)} fields; load of the machine: {load}")
    print(f"{'file':26}{'time':>10}{'ratio':>8}{'CPU/row':>12}{'memory':>11}{'refused':>12}", flush=True)
    for told in measure(options.database, options.rows, options.threads, options.only):
        print(told, flush=True)


if __name__ == "__main__":
    main()
