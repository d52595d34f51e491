"""A change that only replaces a table's declaration is made wholly or not at all: its process is killed (SIGKILL).

python -m tests.soak.crash_declarations --kills 100

Each kind of :mod:`tests.soak.declaring` is killed that many times, at random moments; SQLite. Meanwhile another process
reads the table, and rewrites its rows. Afterwards connections that were open before must see the definition before or
the one after, with the one after if the process had said that it was done: every value of every field and of the trash,
every rule, SQLite's integrity_check, and all that the definition promises. A change that was made is reverted.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import dynmodel_pyramid
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from tests.bench.evolution_places import Place, plain_connection
from tests.promises import broken_promises
from tests.soak.declaring import KINDS, NAME, TABLE, Kind, filled
from tests.soak.fleet import Figures, finish

#: Copies of a process that has the modules, and never had a database open.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.soak.crash_declarations"])


def nursery(settings: dict[str, str], pipe) -> None:
    """Make changes, each in a process of its own, which is a copy of this one: for a document and seconds, after which
    that process is killed (None: when it has said something), answer what it had said.
    """
    database = (catalogue := dynmodel_pyramid.main({}, **settings).registry.dynmodel_catalogue).database
    service = DefinitionService(catalogue)
    # Modules are imported on use.
    service.plan(TABLE, lambda before: {"model_name": NAME, "fields": {"a": {"type": "integer", "max": 1}}})
    # No database is open where a process is copied (How To Corrupt An SQLite Database File, 2.6).
    database.engine.dispose()
    assert threading.active_count() == 1
    while (task := pipe.recv()) is not None:
        document, seconds = task
        ours, theirs = multiprocessing.Pipe(duplex=False)
        child = os.fork()
        if not child:
            try:
                service.change(TABLE, lambda before, document=document: document)
                theirs.send("done")
            except Exception as error:
                theirs.send(f"{type(error).__name__}: {error}")
            time.sleep(600)
        theirs.close()
        ours.poll(60) if seconds is None else time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            pipe.send(ours.recv() if ours.poll() else None)
        except EOFError:
            pipe.send(None)
        ours.close()


def traffic(address: str, rows: int, pipe) -> None:
    """Another program: its one connection reads rows, and writes them as they are, until it is told to stop."""
    chance, done, faults = random.Random(1), Counter(), []
    with closing(plain_connection(address)) as connection:
        while not pipe.poll(0.001):
            row_id = chance.randrange(rows) + 1
            begin = f"{row_id}"
            try:
                body = connection.execute(f'SELECT body FROM "{NAME}" WHERE id = ?', (row_id,)).fetchone()
                if body is None or not body[0].endswith(f"number {begin}"):
                    faults.append(f"row {row_id} reads {body}")
                done["reads"] += 1
                connection.execute(f'UPDATE "{NAME}" SET _version = _version WHERE id = ?', (row_id,))
                done["writes"] += 1
            except sqlite3.OperationalError as error:
                faults.append(str(error))
    pipe.send((done, faults[:10]))


@contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """A pipe to it; it ends itself when it is told so by None."""
    pipe, theirs = PROCESSES.Pipe()
    started = PROCESSES.Process(target=target, args=(*arguments, theirs), daemon=True)
    started.start()
    theirs.close()
    try:
        yield pipe
    finally:
        started.join()


@contextmanager
def beside(place: Place, rows: int, figures: Figures) -> Iterator[None]:
    with process(traffic, place.address, rows) as pipe:
        try:
            yield
        finally:
            pipe.send(None)
            done, faults = pipe.recv()
            for fault in faults:
                figures.violate("traffic", fault)
            if not done["writes"]:
                figures.violate("traffic", "nothing was written meanwhile")


class Seen:
    """The table, as a plain connection sees it that lives through all crashes."""

    def __init__(self, place: Place):
        self.place = place
        self.connection = plain_connection(place.address)

    def column(self, name: str) -> list[Any]:
        return [value for (value,) in self.connection.execute(f'SELECT "{name}" FROM "{NAME}" ORDER BY id')]

    def values(self, definition: TableDefinition) -> dict[int, list[Any]]:
        return {each.id: self.column(each.column) for each in definition.fields}

    def trash(self) -> dict[int, list[Any]]:
        """The values of the trash, by the ids of fields."""
        with self.place.service.catalogue.database.reading() as connection:
            kept = self.place.service.store.trashed_fields(connection, TABLE)
        return {each.field.id: self.column(each.column) for each in kept}

    def faults(self, definition: TableDefinition, wanted: dict[int, list[Any]]) -> Iterator[str]:
        """:param wanted: the values of fields, which may be in the trash; new fields have their default"""
        if (result := self.connection.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            yield f"integrity_check: {result[:3]}"
        found, trash = self.values(definition), self.trash()
        for number, values in wanted.items():
            if found.get(number, trash.get(number)) != values:
                yield f"the values of the field {number} have changed"
        for each in definition.fields:
            if each.id not in wanted and set(found[each.id]) != {each.default}:
                yield f"rows have {set(found[each.id])} in the new field {each.name}, want {each.default}"
        yield from self._rules(definition)
        yield from broken_promises(self.place.service.catalogue)

    def _rules(self, definition: TableDefinition) -> Iterator[str]:
        """Rules that are not in force for this connection, or that are and should not be."""
        for each in definition.fields:
            if self._takes(definition, each, None) is each.required:
                yield f"{each.name} takes null, or not; required: {each.required}"
            high = each.options.get("max")
            if each.type in ("integer", "number"):
                for value, is_taken in ((2_000, high is None or high >= 2_000), (2e10, high is None)):
                    if self._takes(definition, each, int(value)) is not is_taken:
                        yield f"{each.name} takes {value}, or not; its maximum is {high}"

    def _takes(self, definition: TableDefinition, tried: FieldDefinition, value: Any) -> bool:
        """Whether a row with this value is taken. Other fields have good values, or their defaults."""
        good = {"string": "a", "text": "a", "integer": 1, "number": 1.0, "date": "2000-01-01", "link": 1}
        values = {each.column: good[each.type] for each in definition.fields if each.default is None}
        values[tried.column] = value
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self.connection.execute(f'INSERT INTO "{NAME}" ({names}) VALUES ({marks})', list(values.values()))
        except sqlite3.IntegrityError:
            return False
        finally:
            self.connection.execute("ROLLBACK")
        return True


@dataclass
class Run:
    figures: Figures = field(default_factory=Figures)
    outcomes: Counter = field(default_factory=Counter)
    kills: Counter = field(default_factory=Counter)


def run_kind(run: Run, kind: Kind, *, kills: int, rows: int, chance: random.Random) -> None:
    """In a database of its own."""
    with (
        filled(rows) as place,
        beside(place, rows, run.figures),
        process(nursery, place.settings) as victims,
    ):
        seen = Seen(place)
        wanted = seen.values(place.definition())
        #: Up to when it is killed; the first change is undisturbed, to know how long one takes.
        latest: float | None = None
        try:
            while run.kills[kind.name] < kills and not run.figures.violations:
                former = place.definition().version
                if kind.first is not None:
                    place.change(kind.first)()
                begin = place.definition()
                values = seen.values(begin)
                document = place.document()
                kind.edit(document)
                del document["version"]
                begun = time.monotonic()
                victims.send((document, None if latest is None else chance.uniform(0, latest)))
                said = victims.recv()
                seconds = time.monotonic() - begun
                now = place.definition()
                made = now.version == begin.version + 1
                if said not in (None, "done") or not (made or now == begin) or (said == "done" and not made):
                    run.figures.violate("outcome", f"{kind.name}: {said!r}, from {begin.version} to {now.version}")
                faults = list(seen.faults(now, values))
                if latest is None:
                    latest = seconds
                else:
                    run.kills[kind.name] += 1
                    run.outcomes["said to be made" if said else "made" if made else "left undone"] += 1
                    # So that about three of ten kills come after the commit, however loaded the machine is.
                    latest *= 0.8 if made else 1.1
                if now.version != former:
                    place.revert(former)
                    faults += [f"reverted, {fault}" for fault in seen.faults(place.definition(), wanted)]
                for fault in faults:
                    run.figures.violate("disagreement", f"{kind.name} from version {begin.version}: {fault}")
        finally:
            victims.send(None)
            seen.connection.close()


def run_crash(*, kills: int, rows: int, only: str = "", seed: int = 1, seconds: float = 1e9) -> Run:
    run, chance, deadline = Run(), random.Random(seed), time.monotonic() + seconds
    for kind in KINDS:
        if only in kind.name and not run.figures.violations and time.monotonic() < deadline:
            run_kind(run, kind, kills=kills, rows=rows, chance=chance)
    return run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="of each kind of change")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--only", default="", help="only the kinds whose names hold this")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    started = time.monotonic()
    run = run_crash(kills=given.kills, rows=given.rows, only=given.only, seed=given.seed)
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(run.outcomes.items()))
    line = (
        f"sqlite, {time.monotonic() - started:.0f} s: {run.kills.total()} kills in {len(run.kills)} kinds of change of "
        f"{given.rows} rows ({outcomes})"
    )
    return finish(line, run.figures)


if __name__ == "__main__":
    sys.exit(main())
