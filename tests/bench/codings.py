"""What content codings cost: one export, plain and in each coding, in one run.

python -m tests.bench.codings [--rows 300000] [--database sqlite]

It prints the processor time of the server, the seconds and the bytes of each, and the processor time beside the plain
export's.
"""

import sys
import time

import requests

from dynmodel_pyramid.web.encoded import available
from tests.soak.meter import Meter, command, running_server


def main(arguments: list[str] | None = None) -> int:
    parser = command("Measure exports in gzip, zstd and brotli.")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args(arguments)
    with running_server(args.database, 2) as server:
        fields = {"name": "text", "city": "text", "price": "number", "day": "date", "n": "integer"}
        made = requests.post(f"{server.url}/table/", json={"model_name": "Sale", "fields": fields}, timeout=60)
        made.raise_for_status()
        address = f"{server.url}/table/Sale/rows/"
        lines = [
            f"customer {n * 7919 % 9973},city {n % 311},{n % 1000}.5,2026-01-{n % 28 + 1:02},{n * n}"
            for n in range(args.rows)
        ]
        body = "\n".join(["name,city,price,day,n", *lines]).encode()
        headers = {"Content-Type": "text/csv", "Prefer": "return=minimal"}
        requests.post(address, data=body, headers=headers, timeout=600).raise_for_status()
        meter, plain = Meter(server.process.pid), 0.0
        print("| coding | MB | s | s of processor | beside plain |\n| --- | --- | --- | --- | --- |")
        for _ in range(args.rounds):
            for coding in ("identity", *reversed(available())):
                begun, cpu, size = time.monotonic(), meter.cpu(), 0
                accept = {"Accept": "text/csv", "Accept-Encoding": coding}
                with requests.get(address, headers=accept, stream=True, timeout=600) as answer:
                    answer.raise_for_status()
                    while part := answer.raw.read(65_536, decode_content=False):
                        size += len(part)
                seconds, used = time.monotonic() - begun, meter.cpu() - cpu
                plain = used if coding == "identity" else plain
                print(f"| {coding} | {size / 1e6:.1f} | {seconds:.1f} | {used:.2f} | {used / plain:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
