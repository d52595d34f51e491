"""What a bulk POST costs at /rest/ beside the same at /table/: processor time and memory of the server, as ratios.

python -m tests.bench.faces
python -m tests.bench.faces --database postgresql --megabytes 31 --rounds 1
"""

import gzip
import time

import requests

from tests.bench.upload_lock import FIELDS, MEDIA_TYPES, body
from tests.server_process import Server
from tests.soak.meter import Meter, command, running_server

FACES = ("/table/", "/rest/")


class Cost:
    """The least processor time, and the most memory above idle, of several uploads."""

    def __init__(self) -> None:
        self.seconds = self.cpu = float("inf")
        self.megabytes = 0.0

    def measure(self, meter: Meter, url: str, data: bytes, headers: dict[str, str]) -> None:
        idle, cpu, began = meter.resident(), meter.cpu(), time.perf_counter()
        with meter.peak() as peak:
            requests.post(url, data=data, headers=headers, timeout=900).raise_for_status()
        self.seconds = min(self.seconds, time.perf_counter() - began)
        self.cpu = min(self.cpu, meter.cpu() - cpu)
        self.megabytes = max(self.megabytes, peak[0] - idle)

    def __str__(self) -> str:
        return f"{self.cpu:6.1f} s of processor time, {self.megabytes:5.0f} MB above idle, {self.seconds:6.1f} s"


def compare(server: Server, kind: str, megabytes: float, rounds: int, *, zipped: bool) -> None:
    data, count = body(kind, int(megabytes * 1e6))
    headers = {"Content-Type": MEDIA_TYPES[kind], "Prefer": "return=minimal"}
    if zipped:
        data, headers["Content-Encoding"] = gzip.compress(data, 1), "gzip"
    print(f"\n{megabytes:g} MB of {kind}{' in gzip' * zipped}, {count:,} rows")
    meter, costs = Meter(server.process.pid), {name: Cost() for name in FACES}
    for each in range(rounds):
        for name in FACES[:: -1 if each % 2 else 1]:
            # A table of its own: neither face adds to the other's rows.
            made = requests.post(f"{server.url}/table/", json={"model_name": "Upload", "fields": FIELDS}, timeout=60)
            table = made.headers["Location"]
            address = f"{table}rows/" if name == "/table/" else "/rest/Upload"
            costs[name].measure(meter, f"{server.url}{address}", data, headers)
            requests.delete(f"{server.url}{table}", timeout=60).raise_for_status()
    for name, cost in costs.items():
        print(f"  {name:8} {cost}")
    one, other = costs["/rest/"], costs["/table/"]
    print(f"  ratio    {one.cpu / other.cpu:.2f} of processor time, {one.megabytes / other.megabytes:.2f} of memory")


def main() -> None:
    parser = command("Compare bulk POSTs at both faces.")
    parser.add_argument("--megabytes", type=float, default=31)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with running_server(options.database, options.threads) as server:
        for kind in ("csv", "json"):
            compare(server, kind, options.megabytes, options.rounds, zipped=False)
        compare(server, "csv", options.megabytes, 1, zipped=True)


if __name__ == "__main__":
    main()
