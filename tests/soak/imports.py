"""Imports in parts, killed (SIGKILL) and gone on with by ``--resume``, write each row once.

python -m tests.soak.imports --database postgresql --kills 250

A process that has imported the modules makes a copy of itself (fork) for each ``dynmodel-import``. Each is killed a
moment after a random number of its file's rows is there. When a file is done, the rows of the table are counted.

``--anew`` begins each import from the beginning instead. It must exit with 1: so the counts can fail.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from dynmodel_pyramid.scripts import importing
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import write_ini
from tests.soak.fleet import Figures, finish
from tests.system_tables import make_system_tables

ROWS, PART = 1000, 25
LOG = "imports.log"


def nursery(first: list[str]) -> None:
    """Runs a command, which imports the modules, and then those of standard input, each in a copy of the process; tells
    the number of each process, and its exit status in the end.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(importing.main(first), file=answers, flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(importing.main(json.loads(line)))
        print(child, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)


class Soak:
    def __init__(self, folder: Path, settings: dict[str, str], seed: int, *, anew: bool) -> None:
        self.figures, self.kills = Figures(), 0
        self._folder, self._anew, self._chance = folder, anew, random.Random(seed)
        self._ini = str(write_ini(folder, settings, port=1))
        first = json.dumps(self._arguments(self._file(0, 1), "--create"))
        command = [sys.executable, "-m", "tests.soak.imports", "--nursery", first]
        pipe = subprocess.PIPE
        with (folder / LOG).open("ab") as log:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True)
        assert self._process.stdin is not None and self._process.stdout is not None  # they are pipes
        self._commands, self._answers = self._process.stdin, self._process.stdout
        assert self._answers.readline() == "0\n", (folder / LOG).read_text()
        self._engine = sa.create_engine(settings["sqlalchemy.url"])
        self._table = sa.Table("T", sa.MetaData(), schema=settings.get("dynmodel.schema"), autoload_with=self._engine)

    def run(self, kills: int) -> None:
        number = 0
        while self.kills < kills and not self.figures.total:
            number += 1
            last = self.kills + self._chance.randint(1, 10)
            self._import(number, min(last, kills))
            with self._engine.connect() as connection:
                query = sa.select(self._table.c.n).where(self._table.c.file == number).order_by(self._table.c.n)
                found = list(connection.scalars(query))
            if found != list(range(ROWS)):
                self.figures.violate("rows", f"{len(found)} instead of {ROWS}, {len(set(found))} different ones")

    def end(self) -> None:
        with self._process:
            self._commands.close()
        self._engine.dispose()

    def _import(self, number: int, kills: int) -> None:
        """Import a file, with kills up to that number."""
        file = self._file(number, ROWS)
        parts = ("--part-rows", str(PART))
        while True:
            there = self._count(number)
            how = parts if self._anew or not there else (*parts, "--resume")
            dies_after = self._chance.randint(there, ROWS) if self.kills < kills else None
            status = self._imported(file, *how, number=number, dies_after=dies_after)
            if status == -signal.SIGKILL:
                self.kills += 1
            elif status:
                self.figures.violate("failed", f"status {status}: {(self._folder / LOG).read_text()[-500:]}")
            if status != -signal.SIGKILL:
                return

    def _imported(self, file: Path, *how: str, number: int = 0, dies_after: int | None = None) -> int:
        """-> the exit status"""
        print(json.dumps(self._arguments(file, *how)), file=self._commands, flush=True)
        child = int(self._answers.readline())
        if dies_after is not None:
            deadline = time.monotonic() + 60
            while self._count(number) < dies_after and time.monotonic() < deadline and _lives(child):
                time.sleep(0.005)
            time.sleep(self._chance.uniform(0, 0.03))
            if _lives(child):
                os.kill(child, signal.SIGKILL)
        return int(self._answers.readline())

    def _arguments(self, file: Path, *how: str) -> list[str]:
        return [self._ini, str(file), "--table", "T", "--quiet", *how]

    def _count(self, number: int) -> int:
        with self._engine.connect() as connection:
            query = sa.select(sa.func.count()).where(self._table.c.file == number)
            return connection.scalar(query) or 0

    def _file(self, number: int, rows: int) -> Path:
        path = self._folder / f"{number}.csv"
        path.write_text("file,n\n" + "".join(f"{number},{n}\n" for n in range(rows)))
        return path


def _lives(child: int) -> bool:
    try:
        os.kill(child, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def soaking(database: str, *, seed: int = 1, anew: bool = False) -> Iterator[Soak]:
    with TemporaryDirectory() as name, database_settings(database, Path(name)) as settings:
        make_system_tables(settings)
        soak = Soak(Path(name), settings, seed, anew=anew)
        try:
            yield soak
        finally:
            soak.end()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--kills", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--anew", action="store_true", help="must find violations")
    parser.add_argument("--nursery", metavar="FIRST", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.nursery:
        nursery(given.nursery)
        return 0
    started = time.monotonic()
    with soaking(given.database, seed=given.seed, anew=given.anew) as soak:
        soak.run(given.kills)
    return finish(f"{given.database}, {time.monotonic() - started:.0f} s: {soak.kills} kills", soak.figures)


if __name__ == "__main__":
    sys.exit(main())
