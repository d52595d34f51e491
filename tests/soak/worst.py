"""What the nastiest requests of at most 1 MB cost: the longest time, and the most memory above the idle process.

python -m tests.soak.worst --database sqlite

Each goes to a server process of its own. Rows may cost what rows cost in bulk; the rest of the time is what counts. The
table comes worst first; the command exits with 1 beyond the goals.
"""

import argparse
import http.client
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import Server
from tests.soak.meter import MB, drop_tables

#: The goals: seconds beyond what the rows cost, and MB above the idle process.
SECONDS, MEMORY = 2.0, 64.0
#: When an answer is waited for no longer.
PATIENCE = 60.0
JSON, CSV, NDJSON = "application/json", "text/csv", "application/x-ndjson"
ROWS, QUERY, REST = "/table/Thing/rows/", "/table/Thing/query/", "/rest/Thing"
FIELDS = {
    "s": "string",
    "t": "text",
    "n": "integer",
    "x": "number",
    "d": {"type": "decimal", "precision": 30, "scale": 4},
    "j": "json",
    "day": "date",
    "me": {"type": "link", "table": "Thing", "reverse": "us"},
}
MOST = 1_000_000


@dataclass(frozen=True)
class Request:
    """
    :param rows: how many rows it writes, if it is accepted
    """

    name: str
    method: str
    path: str
    body: bytes = b""
    media_type: str = JSON
    rows: int = 0
    headers: dict[str, str] = field(default_factory=dict)


def up_to(part: str, joint: str = ",", most: int = MOST) -> tuple[str, int]:
    """As many of a part as fit, and how many they are."""
    count = most // (len(part) + len(joint))
    return joint.join([part] * count), count


def document(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()[:MOST]


def requests() -> Iterator[Request]:
    """All of them."""
    yield from bodies()
    yield from values()
    yield from queries()
    yield from definitions()
    yield from headers()


def bodies() -> Iterator[Request]:
    """Many small things, and deep ones."""
    for path in (ROWS, REST):
        text, count = up_to("{}", most=MOST - 2)
        yield Request("array of {}", "POST", path, f"[{text}]".encode(), rows=count)
        text, count = up_to('{"n":1}', most=MOST - 2)
        yield Request("array of small rows", "POST", path, f"[{text}]".encode(), rows=count)
        text, count = up_to("0", most=MOST - 2)
        yield Request("array of 0", "POST", path, f"[{text}]".encode())
        yield Request("deep arrays", "POST", path, b"[" * (MOST // 2) + b"]" * (MOST // 2))
        yield Request("deep objects", "POST", path, b'{"j":' * (MOST // 6) + b"0" + b"}" * (MOST // 6))
        yield Request("wide object", "POST", path, document({f"f{number}": 1 for number in range(90_000)}))
        text, count = up_to('"n":1', most=MOST - 2)
        yield Request("one name, many times", "POST", path, ("{" + text + "}").encode())
        text, count = up_to("1", "\n", MOST - 2)
        yield Request("CSV of short lines", "POST", path, f"n\n{text}".encode(), CSV, count)
        text, count = up_to('""', "\n", MOST - 2)
        yield Request("CSV of empty values", "POST", path, f"s\n{text}".encode(), CSV, count)
        yield Request("CSV of many columns", "POST", path, ",".join(f"c{n}" for n in range(140_000)).encode(), CSV)
        yield Request("CSV, one open quote", "POST", path, b's\n"' + b"a\n" * (MOST // 2 - 2), CSV)
        text, count = up_to('{"id":1}', most=MOST - 2)
        upsert = {"Prefer": "resolution=merge-duplicates"}
        yield Request("upsert of one row, many times", "POST", path, f"[{text}]".encode(), headers=upsert)
    text, count = up_to("{}", "\n", MOST)
    yield Request("NDJSON of {}", "POST", ROWS, text.encode(), NDJSON, count)
    yield Request("NDJSON of empty lines", "POST", ROWS, b"\n" * MOST, NDJSON)
    text, count = up_to('{"me":1}', most=MOST - 2)
    yield Request("array of links to one row", "POST", ROWS, f"[{text}]".encode(), rows=count)


def values() -> Iterator[Request]:
    """One row, of values that are long, deep or strange."""
    for name, value in (
        ("a long text", {"t": "x" * (MOST - 20)}),
        ("a long string", {"s": "x" * (MOST - 20)}),
        ("a text of escapes", {"t": "\U0001f680" * (MOST // 13)}),
        ("json: an array of 0", {"j": [0] * (MOST // 2 - 20)}),
        ("json: many members", {"j": {f"k{number}": 0 for number in range(90_000)}}),
        ("json: many small arrays", {"j": [[]] * (MOST // 3 - 20)}),
        ("a text for a date", {"day": "2" * (MOST - 20)}),
        ("a text for a decimal", {"d": "9" * (MOST - 20)}),
        ("a text with a great exponent", {"d": "1e999999999"}),
    ):
        yield Request(name, "POST", ROWS, document(value), rows=1)
    yield Request("json: deep", "POST", ROWS, b'{"j":' + b"[" * 400_000 + b"]" * 400_000 + b"}")
    for name in "nxdj":
        yield Request(f"a long number for {name}", "POST", ROWS, b'{"%s":%s}' % (name.encode(), b"9" * (MOST - 10)))
        yield Request(f"a great exponent for {name}", "POST", ROWS, b'{"%s":1e999999999}' % name.encode())
    many = [{"t": "y" * 100_000} for _ in range(9)]
    yield Request("a batch of long texts", "POST", ROWS, document(many), rows=9)
    yield Request("assigning a long text by a filter", "PATCH", f"{ROWS}?id=gt.0", document({"t": "z" * 900_000}))


def queries() -> Iterator[Request]:
    """Documents, and what fits in an address."""
    numbers = list(range(140_000))
    for name, where in (
        ("in: many numbers", {"n": {"in": numbers}}),
        ("in: many texts", {"s": {"in": [f"{number:05}" for number in range(100_000)]}}),
        ("in: 50 lists of 9,000", {"and": [{"n": {"in": numbers[:9000]}}] * 20}),
        ("match(any): 900 lists of 250", {"or": [{"s": {"match(any)": ["a"] * 250}}] * 900}),
        ("many conditions", {"or": [{"n": number} for number in range(90_000)]}),
        ("a wide tree", {"or": [{"and": [{"n": 1}, {"s": "a"}]} for _ in range(30_000)]}),
        ("a pattern that backtracks", {"t": {"match": "(a+)+$"}}),
        ("a long pattern", {"t": {"match": "a?" * 200_000 + "a" * 200_000}}),
        ("a counted pattern", {"t": {"match": "((a{1,100}){1,100}){1,100}"}}),
        ("like of many stars", {"t": {"like": "*a" * 400 + "*b"}}),
        ("a long like", {"t": {"like": "*a" * 400_000 + "*b"}}),
        ("a json path of many steps", {"->".join(["j", *["a"] * 200_000]): 1}),
        ("a long number", {"n": int("9" * 4000)}),
    ):
        yield Request(f"query: {name}", "POST", QUERY, document({"where": where, "limit": 10}))
    depth = 90_000
    deep = b'{"where":' + b'{"or":[' * depth + b'{"n":1}' + b"]}" * depth + b"}"
    yield Request("query: a deep tree", "POST", QUERY, deep)
    yield Request("query: many items", "POST", QUERY, document({"select": ",".join(["n"] * 400_000)}))
    yield Request("query: many orders", "POST", QUERY, document({"order": ",".join(["n"] * 400_000)}))
    embeds: dict = {"embed": "me", "select": "id"}
    for level in range(9):
        embeds = {
            "embed": "us" if level % 2 else "me",
            "select": ["id", {**embeds, "alias": "a"}, {**embeds, "alias": "b"}],
        }
    yield Request("query: embedded doubles", "POST", QUERY, document({"select": ["id", embeds]}))
    most = 60_000
    for name, text in (
        ("in", f"n=in.({up_to('1', most=most)[0]})"),
        ("or", f"or=({up_to('n.eq.1', most=most)[0]})"),
        ("a deep or", "or=" + "(or" * 10_000 + "(n.eq.1)" + ")" * 10_000),
        ("open brackets", "or=" + "(" * most),
        ("select", f"select={up_to('n', most=most)[0]}"),
        ("deep select", "select=" + "us(" * 10_000 + "id" + ")" * 10_000),
        ("order", f"order={up_to('n', most=most)[0]}"),
        ("many parameters", up_to("n=eq.1", "&", most)[0]),
        ("ten embedded levels", "select=id," + "us(id," * 9 + "me(id)" + ")" * 9),
    ):
        for path in (ROWS, REST):
            yield Request(f"address: {name}", "GET", f"{path}?{text}")


def definitions() -> Iterator[Request]:
    for count in (1000, 30_000):
        fields = {f"f{number}": "string" for number in range(count)}
        yield Request(f"a table of {count} fields", "POST", "/table/", document({"model_name": "W", "fields": fields}))
    doubling = {"$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(25)}}
    doubling["$defs"]["a25"] = {"type": "integer"}
    doubling["$ref"] = "#/$defs/a0"
    deep: dict = {"type": "integer"}
    for _ in range(300):
        deep = {"items": deep}
    for name, options in (
        ("pattern that backtracks", {"type": "string", "pattern": "(a+)+b"}),
        ("long pattern", {"type": "string", "pattern": "a?" * 200_000}),
        ("counted pattern", {"type": "string", "pattern": "((a{1,100}){1,100}){1,100}"}),
        ("many choices", {"type": "string", "choices": [f"c{number}" for number in range(80_000)]}),
        ("long label", {"type": "string", "label": "x" * 900_000}),
        ("long default", {"type": "json", "default": [0] * 400_000}),
        ("doubling JSON Schema", {"type": "json", "schema": doubling}),
        ("deep JSON Schema", {"type": "json", "schema": deep}),
        ("wide JSON Schema", {"type": "json", "schema": {"anyOf": [{"const": number} for number in range(50_000)]}}),
    ):
        made = {"model_name": "Odd", "fields": {"f": options}}
        yield Request(f"definition: {name}", "POST", "/table/", document(made))
    yield Request("definition: deep", "POST", "/table/", b'{"fields":' * 90_000 + b"0" + b"}" * 90_000)
    tables = [{"model_name": f"T{number}", "fields": {"a": "string"}} for number in range(15_000)]
    yield Request("schema of many tables", "PUT", "/schema/", document({"tables": tables}))


def headers() -> Iterator[Request]:
    for name, part in (
        ("Accept", "text/csv;q=0.1"),
        ("Prefer", "count=exact"),
        ("If-None-Match", '"1-1"'),
        ("Accept-Encoding", "gzip;q=0.5"),
    ):
        yield Request(f"a long {name}", "GET", f"{ROWS}?limit=1", headers={name: up_to(part, most=60_000)[0]})
    yield Request("a long Range", "GET", ROWS, headers={"Range": "0-" + "9" * 60_000})


# Measuring


def fill(server: Server) -> float:
    """Tables and rows that the requests meet; -> rows a second of an ordinary bulk."""
    made = send(server, Request("", "POST", "/table/", document({"model_name": "Thing", "fields": FIELDS})))
    assert made[0] == 201, made
    rows = [{"s": f"row {n}", "t": "a" * 60, "n": n, "j": {"a": n}} for n in range(200)]
    rows += [{"t": "a" * 50_000}] * 5
    assert send(server, Request("", "POST", ROWS, document(rows)))[0] == 201
    bulk = document([{"n": n} for n in range(20_000)])
    begun = time.monotonic()
    assert send(server, Request("", "POST", "/rest/Thing?columns=n", bulk))[0] == 201
    return 20_000 / (time.monotonic() - begun)


def send(server: Server, request: Request) -> tuple[int | str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        path = request.path.replace(" ", "%20")
        sent = {"Content-Type": request.media_type, "Prefer": "return=minimal", **request.headers}
        connection.request(request.method, path, request.body or None, sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except TimeoutError:
        return "none", b""
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__, b""
    finally:
        connection.close()


def peak(pid: int, *, reset: bool = False) -> int:
    """Bytes that a process had resident at most, since that was set back (Linux, proc: ``clear_refs``)."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return psutil.Process(pid).memory_info().rss


def measured(server: Server, request: Request) -> tuple[float, float, int | str]:
    """Seconds, MB above idle, and the status."""
    server.start(wait=False)
    try:
        server.wait(2 * PATIENCE)
        send(server, Request("", "GET", f"{ROWS}?limit=1"))
        pid = server.process.pid
        idle = peak(pid, reset=True)
        begun = time.monotonic()
        status, _ = send(server, request)
        return time.monotonic() - begun, (peak(pid) - idle) / MB, status
    finally:
        server.kill()


def run(database: str, chosen: str = "") -> list[dict]:
    """A line for each request, worst first."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with database_settings(database, folder) as settings:
            settings["dynmodel.sqlite_mmap_size"] = "0"  # pages of the file would count as the process's memory
            server = Server(settings, folder, threads=2)
            server.start()
            try:
                rate = fill(server)
                server.stop()
                for request in requests():
                    if chosen not in request.name:
                        continue
                    seconds, memory, status = measured(server, request)
                    beyond = max(0.0, seconds - request.rows / rate)
                    face = "rest" if request.path.startswith("/rest") else ""
                    line = {"request": f"{request.name} {face}".strip(), "status": status, "rows": request.rows}
                    lines.append(line | {"seconds": seconds, "beyond": beyond, "memory": memory})
                    print(told(lines[-1]), file=sys.stderr)
            finally:
                server.stop()
                if "dynmodel.schema" in settings:
                    drop_tables(settings["sqlalchemy.url"], settings["dynmodel.schema"])
    return sorted(lines, key=lambda line: -max(line["beyond"] / SECONDS, line["memory"] / MEMORY))


def told(line: dict) -> str:
    return "{seconds:8.2f} {beyond:8.2f} {memory:6.0f} {status!s:>7}  {request}".format(**line)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(1))  # so that the servers are ended, too
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--only", default="", help="requests whose names hold this")
    given = parser.parse_args()
    lines = run(given.database, given.only)
    print(f"{'seconds':>8} {'beyond':>8} {'MB':>6} {'status':>7}  request")
    for line in lines:
        print(told(line))
    over = [line for line in lines if line["beyond"] > SECONDS or line["memory"] > MEMORY]
    print(f"{len(over)} of {len(lines)} requests are beyond {SECONDS:g} s or {MEMORY:g} MB")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
