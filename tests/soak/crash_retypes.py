"""A retype of many rows is made wholly or not at all: the process that makes it is killed (SIGKILL) in the middle.

python -m tests.soak.crash_retypes --database postgresql --kills 50

Each round starts a process for one change of a table of 100,000 rows (types with lost values in quarantine, options,
``required``) and kills it at a random point of the time that such a change takes. Then the database's own schema, the
system tables, the quarantine, every value and the generated class must agree with the definition before or with the
one after; with the one after if the process had said that it was done.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.soak.crash import Inspector, Story, with_application_name
from tests.soak.fleet import Figures, finish, percentile
from tests.soak.retyping import CODE, FIELDS, NAME, VALUES, Document, changes, in_python


def make_change(settings: dict[str, str], pipe) -> None:
    """The process that is killed: ready, one document, done."""
    app = dynmodel_pyramid.main({}, **settings)
    service = DefinitionService(app.registry.dynmodel_catalogue)
    pipe.send("ready")
    document = pipe.recv()
    try:
        service.change(1, lambda before: document, on_error="quarantine")
        pipe.send("done")
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
    pipe.recv()


# What must hold


@dataclass
class Place:
    """What :class:`Inspector` asks for."""

    settings: dict[str, str]

    @property
    def schema(self) -> str | None:
        return self.settings.get("dynmodel.schema")

    def connect(self) -> sa.Engine:
        return sa.create_engine(self.settings["sqlalchemy.url"], poolclass=sa.NullPool)


class RetypeInspector(Inspector):
    """Values are compared by the database and, of the generated class, by Python."""

    def __init__(self, place: Place, service: DefinitionService, rows: int):
        super().__init__(place)
        self.service = service
        self.rows = rows

    def state(self) -> Document:
        with self.engine.connect() as connection:
            _, definition = self.service.store.by_id(connection, 1)
        return table_document(definition)

    def _values(self, connection: sa.Connection, story: Story) -> Iterator[str]:
        table = f'"{NAME}"' if self.schema is None else f'"{self.schema}"."{NAME}"'
        wanted = {name: VALUES[name, entry["type"]] for name, entry in story.document["fields"].items()}
        wanted |= dict.fromkeys(connection.scalars(sa.select(self.system.trash.c.physical_name)), CODE)
        counts = ["count(*)"]
        counts += [
            f'sum(CASE WHEN "{name}" IS DISTINCT FROM {made} THEN 1 ELSE 0 END)' for name, made in wanted.items()
        ]
        query = f"SELECT {', '.join(counts)} FROM {table}"
        rows, *wrong = connection.execute(sa.text(query)).one()
        if rows != self.rows:
            yield f"{rows} rows, want {self.rows}"
        yield from (
            f"{number} values of {name} are wrong" for name, number in zip(wanted, wrong, strict=True) if number
        )
        yield from self._quarantine(connection, story)
        yield from self._class(story)

    def _quarantine(self, connection: sa.Connection, story: Story) -> Iterator[str]:
        kept = self.system.quarantine.c
        query = sa.select(kept.field_id, kept.version, kept.row_id, kept.value)
        found = sorted(tuple(line) for line in connection.execute(query))
        lost = range(100, self.rows + 1, 100)
        wanted = sorted((*key, row_id, f"c{row_id}") for key in story.trash for row_id in lost)
        if found != wanted:
            yield f"the quarantine has {len(found)} lines, want {len(wanted)}"

    def _class(self, story: Story) -> Iterator[str]:
        """Rows by the generated class of a catalogue that lives through all crashes."""
        catalogue = self.service.catalogue
        made = catalogue.models[NAME]
        fields = story.document["fields"]
        if made.__definition__.version != story.document["version"]:
            yield f"the class is of version {made.__definition__.version}"
        with catalogue.session(writes=False) as session:
            query = sa.select(made.id, *(getattr(made, name) for name in fields)).order_by(made.id)
            for row_id, *values in session.execute(query):
                expected = [in_python(name, entry["type"], row_id) for name, entry in fields.items()]
                if values != expected or [type(value) for value in values] != [type(value) for value in expected]:
                    yield f"the class reads {values} of row {row_id}, want {expected}"
                    return


# Rounds


@dataclass
class Run:
    figures: Figures = field(default_factory=Figures)
    outcomes: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    kills: int = 0
    silence: list[float] = field(default_factory=list)
    #: Seconds of undisturbed changes, and up to when a change is killed, by kind.
    seconds: dict[str, float] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)


class Victim:
    """A process that is to be killed. It starts while others work, as that takes longest."""

    def __init__(self, settings: dict[str, str], number: int):
        suffix = f"-{number}"
        self.name = f"{settings.get('dynmodel.schema')}{suffix}"
        self.pipe, theirs = multiprocessing.Pipe()
        arguments = (with_application_name(settings, suffix), theirs)
        self._process = multiprocessing.get_context("spawn").Process(target=make_change, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def ready(self) -> None:
        self.pipe.recv()

    def kill(self) -> str | None:
        """-> what it had said, if anything."""
        self._process.kill()
        self._process.join()
        try:
            return self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, ConnectionResetError):
            return None


class Killer:
    def __init__(self, settings: dict[str, str], rows: int, seed: int):
        self.settings = settings
        self.chance = random.Random(seed)
        self.run = Run()
        app = dynmodel_pyramid.main({}, **settings)
        service = DefinitionService(app.registry.dynmodel_catalogue)
        self.database = service.catalogue.database
        self.inspector = RetypeInspector(Place(settings), service, rows)
        service.create({"model_name": NAME, "fields": FIELDS})
        self._fill(rows)
        self.story = Story(self.inspector.state(), {})
        self.started = 0
        self.start_next()

    def start_next(self) -> None:
        self.started += 1
        self.next: Victim | None = Victim(self.settings, self.started)

    def close(self) -> None:
        if self.next is not None:
            self.next.kill()
        self.database.close()

    def _execute(self, query: str) -> None:
        with self.inspector.engine.begin() as connection:
            if self.inspector.schema is not None:
                connection.exec_driver_sql(f'SET LOCAL search_path = "{self.inspector.schema}"')
            connection.execute(sa.text(query))

    def _fill(self, rows: int) -> None:
        values = ", ".join(VALUES[name, entry["type"]] for name, entry in FIELDS.items())
        numbers = f"WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < {rows})"
        self._execute(f'INSERT INTO "{NAME}" (id, {", ".join(FIELDS)}) {numbers} SELECT id, {values} FROM n')
        if self.inspector.schema is not None:
            self._execute(f"SELECT setval('_seq_1', {rows})")

    def round(self, *, kill: bool = True) -> bool:
        """One change; -> whether all agrees."""
        before = self.story.document
        possible = changes(before["fields"])
        # What takes long is tried more often.
        names = list(possible)
        kind = self.chance.choices(names, [2 if " to " in name else 1 for name in names])[0]
        if not kill:
            kind = next((name for name in names if name not in self.run.seconds), kind)
        fields = {
            name: {key: value for key, value in entry.items() if key != "position"}
            for name, entry in possible[kind](before["fields"]).items()
        }
        document = {name: value for name, value in before.items() if name != "version"} | {"fields": fields}
        answered, fault = self._make(kind, document, kill=kill)
        if fault:
            self.run.figures.violate("refused", f"{kind}: {fault}")
            return False
        return self._judge(kind, answered=answered, killed=kill)

    def _make(self, kind: str, document: Document, *, kill: bool) -> tuple[bool, str | None]:
        """-> whether the process said that it was done, and what else it said."""
        process, self.next = self.next, None
        process.ready()
        begun = time.monotonic()
        process.pipe.send(document)
        if kill:
            latest = self.run.latest.setdefault(kind, 1.2 * self.run.seconds.get(kind, 1.0))
            time.sleep(self.chance.uniform(0, latest))
        else:
            process.pipe.poll(300)
            self.run.seconds[kind] = time.monotonic() - begun
        answer = process.kill()
        self.run.silence.append(self.inspector.wait_for_silence(name=process.name))
        self.start_next()
        return answer == "done", answer if answer not in (None, "done") else None

    def _judge(self, kind: str, *, answered: bool, killed: bool) -> bool:
        run, before = self.run, self.story.document
        document = self.inspector.state()
        made = document["version"] > before["version"]
        if document["version"] not in (before["version"], before["version"] + 1) or (answered and not made):
            run.figures.violate("wrong_version", f"{document['version']} after {before['version']}: {answered}")
            return False
        if not made and document != before:
            run.figures.violate("disagreement", f"{kind}: the document is {document}")
        trash = dict(self.story.trash)
        if made and "quarantined" in kind:
            trash[document["fields"]["code"]["id"], document["version"]] = {}
        if killed:
            run.kills += 1
            run.kinds[kind] += 1
            run.outcomes["said to be made" if answered else "made" if made else "left undone"] += 1
            # So that about three of ten kills come after the commit, however loaded the machine is.
            run.latest[kind] *= 0.8 if made else 1.1
        self.story = Story(document, {}, trash)
        if made and kind == "integer to string with nulls":
            # As users would: those that are missing come anew.
            self._execute(f'UPDATE "{NAME}" SET code = {CODE} WHERE code IS NULL')
        faults = self.inspector.faults(self.story)
        for fault in faults:
            run.figures.violate("disagreement", f"{kind} at version {document['version']}: {fault}")
        return not faults


def run_crash(
    settings: dict[str, str], *, kills: int, rows: int, seconds: float = 3000, seed: int = 1, first: bool = True
) -> Run:
    """In an empty database; ``first`` each change is made undisturbed once, to know how long it takes."""
    killer = Killer(settings, rows, seed)
    deadline = time.monotonic() + seconds
    try:
        going = True
        while first and going and set(changes(killer.story.document["fields"])) - set(killer.run.seconds):
            going = killer.round(kill=False)
        while going and killer.run.kills < kills and time.monotonic() < deadline:
            going = killer.round()
    finally:
        killer.close()
    return killer.run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3000, help="end after that many")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, database_settings(given.database, Path(folder)) as settings:
        run = run_crash(settings, kills=given.kills, rows=given.rows, seconds=given.seconds, seed=given.seed)
    print("kinds of change:", dict(run.kinds), file=sys.stderr)
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(run.outcomes.items()))
    times = list(run.seconds.values())
    line = (
        f"{given.database}, {time.monotonic() - started:.0f} s: {run.kills} kills in changes of {given.rows} rows "
        f"({outcomes}); undisturbed ones take {min(times):.1f} to {max(times):.1f} s, half of them "
        f"{percentile(times, 0.5):.1f} s or less; the database noticed after at most {max(run.silence) * 1000:.0f} ms"
    )
    return finish(line, run.figures)


if __name__ == "__main__":
    sys.exit(main())
