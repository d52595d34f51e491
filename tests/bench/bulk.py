"""Imports and exports by HTTP beside the database's own bulk path, and the memory that the server takes for them.

python -m tests.bench.bulk --database sqlite
python -m tests.bench.bulk --database postgresql --rows 1000000 --formats csv parquet --only imports

Each line is a format: thousands of rows a second by the service, and by the database's own path for the same rows and
a table with the same rules and indexes; their ratio; MB of the server's memory beyond what it took idle.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from tests.bench.bulk_paths import PATHS
from tests.bench.bulk_rows import FIELDS, MEDIA_TYPES, WRITERS
from tests.server_process import Server
from tests.soak.meter import Meter, command, running_server

#: Rows that warm the server up before its memory counts as idle.
FEW = 3000
FACES = {"table": "/table/{table}/rows/", "rest": "/rest/{table}"}


@dataclass(frozen=True)
class Measured:
    """
    :param memory: MB beyond idle at the peak
    :param beyond_cold: the same, beyond what the server took before it met the format: with the format's library
    :param cpu: the server's processor time in seconds
    """

    way: str
    format: str
    rows: int
    seconds: float
    cpu: float
    own_seconds: float
    memory: float
    beyond_cold: float

    def __str__(self) -> str:
        rate, own = self.rows / self.seconds / 1e3, self.rows / self.own_seconds / 1e3
        return (
            f"{self.way:8}{self.format:9}{rate:10.1f} k/s{self.cpu / self.rows * 1e6:8.1f} us{own:12.1f} k/s"
            f"{rate / own:9.2f}{self.memory:12.0f} MB{self.beyond_cold:12.0f} MB"
        )


HEAD = (
    f"{'way':8}{'format':9}{'service':>14}{'CPU/row':>11}{'own path':>16}{'ratio':>9}{'memory':>15}{'and library':>15}"
)


class Bench:
    """One server, and the tables of the measurements."""

    def __init__(self, server: Server, folder: Path, database: str, rows: int, face: str) -> None:
        self.server, self.folder, self.rows, self.face = server, folder, rows, face
        self.paths = PATHS[database](server.settings, folder)
        self.meter = Meter(server.process.pid)
        self.cold = self.meter.resident()
        for name in ("Bulk", "Own", "Warm"):
            document = {"model_name": name, "fields": FIELDS}
            requests.post(f"{server.url}/table/", json=document, timeout=60).raise_for_status()

    def file(self, format: str, count: int) -> Path:
        path = self.folder / f"{count}.{format}"
        if not path.exists():
            WRITERS[format](path, count)
        return path

    def _client(self, table: str, *arguments: str) -> dict:
        url = self.server.url + FACES[self.face].format(table=table)
        module = [sys.executable, "-m", "tests.bench.bulk_client", url, *arguments]
        told = json.loads(subprocess.run(module, check=True, capture_output=True).stdout)
        if told["status"] not in (200, 201, 204):
            raise RuntimeError(f"{told['status']} {told['detail']}")
        return told

    def is_taken(self, format: str) -> bool:
        """Whether the face reads the format; also warms the server up."""
        try:
            self._client("Warm", MEDIA_TYPES[format], str(self.file(format, FEW)))
        except RuntimeError as error:
            print(f"import  {format}: {str(error)[:150]}")
            return False
        self.paths.drop("Warm")
        return True

    def is_given(self, format: str) -> bool:
        """Whether the face writes the format; also warms the server up."""
        try:
            self._client("Warm", MEDIA_TYPES[format])
        except RuntimeError as error:
            print(f"export  {format}: {str(error)[:150]}")
            return False
        return True

    def imported(self, format: str) -> Measured:
        path = self.file(format, self.rows)
        self.paths.drop("Bulk")
        idle, cpu = self.meter.resident(), self.meter.cpu()
        with self.meter.peak() as peak:
            told = self._client("Bulk", MEDIA_TYPES[format], str(path))
        cpu = self.meter.cpu() - cpu
        assert self.paths.count("Bulk") == self.rows
        path.unlink()
        self.paths.drop("Own")
        own = self.paths.copy_in("Bulk", "Own")
        assert self.paths.count("Own") == self.rows
        self.paths.drop("Own")
        return Measured("import", format, self.rows, told["seconds"], cpu, own, *self._beyond(peak[0], idle))

    def _beyond(self, peak: float, idle: float) -> tuple[float, float]:
        return peak - idle, peak - self.cold

    def exported(self, format: str) -> Measured:
        idle, cpu = self.meter.resident(), self.meter.cpu()
        with self.meter.peak() as peak:
            told = self._client("Bulk", MEDIA_TYPES[format])
        cpu = self.meter.cpu() - cpu
        own = self.paths.copy_out("Bulk")
        return Measured("export", format, self.rows, told["seconds"], cpu, own, *self._beyond(peak[0], idle))

    def fill(self) -> None:
        """All rows, if no import has left them."""
        if self.paths.count("Bulk") != self.rows:
            self.paths.drop("Bulk")
            path = self.file("csv", self.rows)
            self._client("Bulk", MEDIA_TYPES["csv"], str(path))
            path.unlink()


def measure(
    database: str, rows: int, formats: list[str], ways: list[str], *, threads: int = 2, face: str = "table"
) -> Iterator[Measured]:
    """Each in a server of its own, so that memory that one has left is not counted as idle by the next."""
    large = {"dynmodel.max_body_size": str(2**40)}
    for way in ways:
        for format in formats:
            with tempfile.TemporaryDirectory() as folder, running_server(database, threads, **large) as server:
                bench = Bench(server, Path(folder), database, rows, face)
                if way == "imports" and bench.is_taken(format):
                    yield bench.imported(format)
                if way == "exports":
                    bench.fill()
                    bench.server.stop()
                    bench.server.start()
                    bench.meter = Meter(bench.server.process.pid)
                    bench.cold = bench.meter.resident()
                    if bench.is_given(format):
                        yield bench.exported(format)


def main() -> None:
    parser = command("Measure imports and exports beside the database's own bulk path.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=MEDIA_TYPES, default=["ndjson", "csv", "parquet"])
    parser.add_argument("--only", choices=("imports", "exports"))
    parser.add_argument("--face", choices=FACES, default="table")
    options = parser.parse_args()
    ways = [options.only] if options.only else ["imports", "exports"]
    os.environ["PYTHONPATH"] = str(Path(__file__).parent / "absent")
    paths = PATHS[options.database]
    print(f"{options.database}, {options.rows:,} rows of {len(FIELDS)} fields, /{options.face}/; load of the machine")
    print(f"(1, 5, 15 minutes): {' '.join(f'{load:.1f}' for load in psutil.getloadavg())}")
    print(f"own path: {paths.import_way}; {paths.export_way}\n{HEAD}", flush=True)
    for measured in measure(
        options.database, options.rows, options.formats, ways, threads=options.threads, face=options.face
    ):
        print(measured, flush=True)


if __name__ == "__main__":
    main()
