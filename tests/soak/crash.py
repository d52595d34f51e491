"""A definition change is made wholly or not at all: the server is killed (SIGKILL) in the middle of redefinitions.

python -m tests.soak.crash --database postgresql --kills 100

Each round sends a redefinition that takes a while and kills the server at a random moment. Then the database's own
schema, the system tables, every value and, from a new server, every answer must agree with the definition before or
with the one after; with the one after if the answer had come. All that the definition promises must be there.
"""

import argparse
import http.client
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.database.system import SystemTables
from dynmodel_pyramid.testing.databases import DATABASES
from tests.promises import broken_promises
from tests.soak.fleet import Answer, Client, Figures, Fleet, finish, percentile, running_fleet
from tests.soak.redefiner import Redefiner, first_document
from tests.soak.redefining import NUMBERS, TEXTS, Document, Redefinition, Values, Version

TABLE = "/table/1/"
SYSTEM_COLUMNS = {"id", "_version", "_created", "_updated"}


@dataclass
class Story:
    """What the table should be: its definition, its rows, and what its trash holds."""

    document: Document
    rows: dict[int, Values]
    #: (field id, version that dropped it) -> values by row.
    trash: dict[tuple[int, int], dict[int, Any]] = field(default_factory=dict)

    def after(self, made: Redefinition) -> "Story":
        steps = made.steps()
        rows = {}
        for row_id, values in self.rows.items():
            rows[row_id] = values = dict(values)
            for step in steps:
                step(values, {})
        version = made.after["version"]
        dropped = {(number, version): kept for number, kept in made.trashed(self.rows).items()}
        return Story(made.after, rows, {**self.trash, **dropped})


class Inspector:
    """Compares a database, read by plain SQL, with a story."""

    def __init__(self, fleet: Fleet):
        self.engine = fleet.connect()
        self.schema = fleet.schema
        self.settings = fleet.settings
        self.system = SystemTables(self.schema)

    def wait_for_silence(self, seconds: float = 20, name: str | None = None) -> float:
        """Till the database has noticed that the server is dead; -> seconds it took.

        :param name: what its connections call themselves; by default the schema

        :raises TimeoutError: it has not
        """
        started = time.monotonic()
        if self.schema is None:
            return 0.0
        query = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = :name AND pid <> pg_backend_pid()"
        )
        with self.engine.connect() as connection:
            while connection.scalar(query, {"name": name or self.schema}):
                connection.rollback()  # what pg_stat_activity shows is kept for a transaction
                if time.monotonic() > started + seconds:
                    raise TimeoutError("a backend of the killed server still runs")
                time.sleep(0.02)
        return time.monotonic() - started

    def version(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(self.system.table.c.version).where(self.system.table.c.id == 1))

    def faults(self, story: Story) -> list[str]:
        """All that disagrees with the story."""
        with self.engine.connect() as connection:
            found = [*self._system(connection, story)]
            if not found:
                found = [*self._structure(connection, story), *self._values(connection, story)]
        return found or self._promises()

    def _promises(self) -> list[str]:
        """By an application that is gone afterwards: its connections are called as the server's are."""
        catalogue = dynmodel_pyramid.main({}, **self.settings).registry.dynmodel_catalogue
        try:
            return broken_promises(catalogue)
        finally:
            catalogue.database.close()

    def _system(self, connection: sa.Connection, story: Story):
        if self.schema is None and connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
            yield "SQLite's integrity_check fails"
        version = story.document["version"]
        table = connection.execute(sa.select(self.system.table)).one()
        if (table.version, table.document["version"]) != (version, version) or table.dropped_at is not None:
            yield f"the stored definition is at {table.version} and {table.document['version']}, want {version}"
        if table.physical_name != story.document["model_name"]:
            yield f"the stored physical name is {table.physical_name}"
        lines = connection.execute(sa.select(self.system.change).order_by(self.system.change.c.version)).all()
        if [line.version for line in lines] != list(range(1, version + 1)):
            yield f"the log has the versions {[line.version for line in lines]}, want 1 to {version}"
        elif lines[-1].document != table.document:
            yield "the last line of the log has another document than the table"
        state = connection.execute(sa.select(self.system.state)).one()
        if (state.definitions, state.stamp) != (lines[-1].revision, lines[-1].stamp):
            yield f"the state {state} is not that of the last line of the log"
        trash = connection.execute(sa.select(self.system.trash)).all()
        dropped = sorted((line.field_id, line.dropped_version) for line in trash)
        if dropped != sorted(story.trash):
            yield f"the trash has {dropped}, want {sorted(story.trash)}"

    def _structure(self, connection: sa.Connection, story: Story):
        inspector = sa.inspect(connection)
        tables = {name for name in inspector.get_table_names(schema=self.schema) if not name.startswith("_dynmodel_")}
        name, indexed = story.document["model_name"], story.document["fields"].values()
        searched = {f"1_{entry['id']}" for entry in indexed if entry["index"] == "search"}
        # SQLite's indexes of words are virtual tables, each with four of its own.
        ends = ("", "_config", "_content", "_data", "_idx") if self.schema is None else ()
        wanted_tables = {name, *(f"_sx_{ids}{end}" for ids in searched for end in ends)}
        if tables != wanted_tables:
            yield f"the tables are {tables}, want {wanted_tables}"
            return
        columns = {column["name"]: column for column in inspector.get_columns(name, schema=self.schema)}
        fields = story.document["fields"]
        trash = set(connection.scalars(sa.select(self.system.trash.c.physical_name)))
        wanted = SYSTEM_COLUMNS | fields.keys() | trash
        if columns.keys() != wanted:
            yield f"columns too many {columns.keys() - wanted}, missing {wanted - columns.keys()}"
            return
        kinds = {"integer": sa.Integer, "number": sa.Float} | dict.fromkeys(TEXTS, sa.String)
        for field_name, entry in fields.items():
            column = columns[field_name]
            if column["nullable"] is entry["required"]:
                yield f"{field_name} is nullable: {column['nullable']}, required: {entry['required']}"
            if (column["default"] is None) is not (entry["default"] is None):
                yield f"{field_name} has the default {column['default']} in the database, want {entry['default']}"
            if not isinstance(column["type"], kinds[entry["type"]]):
                yield f"{field_name} is {column['type']!r} in the database, want {entry['type']}"
        for column_name in trash:
            if not columns[column_name]["nullable"] or columns[column_name]["default"] is not None:
                yield f"{column_name} is not free of NOT NULL and default: {columns[column_name]}"
        indexes = {index["name"] for index in inspector.get_indexes(name, schema=self.schema)}
        wanted_indexes = {f"_ix_1_{entry['id']}" for entry in indexed if entry["index"] is True}
        if self.schema is not None:
            wanted_indexes |= {f"{kind}{ids}" for ids in searched for kind in ("_sx_", "_fx_")}
        if indexes != wanted_indexes:
            yield f"the indexes are {indexes}, want {wanted_indexes}"

    def _values(self, connection: sa.Connection, story: Story):
        table = sa.Table(story.document["model_name"], sa.MetaData(), schema=self.schema, autoload_with=connection)
        rows = {row["id"]: row for row in connection.execute(sa.select(table)).mappings()}
        if rows.keys() != story.rows.keys():
            yield f"{len(rows)} rows are there, want {len(story.rows)}"
            return
        columns = {name: {row_id: row[name] for row_id, row in rows.items()} for name in table.c.keys()}
        for name, entry in story.document["fields"].items():
            wanted = {row_id: values[entry["id"]] for row_id, values in story.rows.items()}
            yield from self._column(name, columns[name], wanted, entry["type"])
        for line in connection.execute(sa.select(self.system.trash)):
            wanted = story.trash[line.field_id, line.dropped_version]
            kept = {row_id: value for row_id, value in columns[line.physical_name].items() if row_id in wanted}
            yield from self._column(line.physical_name, kept, wanted, line.document["type"])

    @staticmethod
    def _column(name: str, found: dict[int, Any], wanted: dict[int, Any], type_name: str):
        different = [row_id for row_id in wanted if found.get(row_id) != wanted[row_id]]
        if different:
            row_id = different[0]
            yield f"{name}: {len(different)} values differ; row {row_id} has {found[row_id]}, want {wanted[row_id]}"
        types = {type(value) for value in found.values() if value is not None}
        if type_name in NUMBERS and len(types) > 1:
            yield f"{name} holds {types}"


@dataclass
class Run:
    figures: Figures = field(default_factory=Figures)
    outcomes: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    kills: int = 0
    silence: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Killer:
    """The rounds."""

    def __init__(self, fleet: Fleet, rows: int, seed: int):
        self.fleet = fleet
        self.server = fleet.servers[0]
        self.client = Client(fleet.ports)
        self.chance = random.Random(seed)
        self.redefiner = Redefiner(self.chance, rename_table=True)
        self.inspector = Inspector(fleet)
        self.run = Run()
        #: Up to how many seconds after the sending the server is killed.
        self.latest = 0.0
        self.story = self._start(rows)

    def _start(self, rows: int) -> Story:
        made = self.client(0, "POST", "/table/", first_document("First"))
        story = Story(made.json, {})
        self._add_rows(story, rows)
        return story

    def _add_rows(self, story: Story, count: int) -> None:
        version = Version(story.document)
        documents = [version.row(lambda: self.chance.choice("rsc")) for _ in range(count)]
        answer = self.client(0, "POST", f"{TABLE}rows/", documents)
        if answer.status != 201:
            raise RuntimeError(f"rows could not be added: {answer.body[:500]!r}")
        for document, row in zip(documents, answer.json, strict=True):
            story.rows[row["id"]] = version.given(document, whole=True)

    def round(self, *, kill: bool = True) -> bool:
        """One redefinition; -> whether the story goes on."""
        # A conversion, of all rows, is what takes time.
        made = self.redefiner.next(self.story.document, self.chance.choice((2, 3, 4)), first="retype")
        after = self.story.after(made)
        answers: list[Answer] = []
        sender = Thread(target=self._send, args=(made, answers), daemon=True)
        sender.start()
        if kill:
            self.latest = self.latest or 0.02 + 1.5 * percentile(self.run.seconds, 0.5)
            time.sleep(self.chance.uniform(0, self.latest))
            self.server.kill()
            self.run.kills += 1
        sender.join(120)
        self.client.close()
        answer = answers[0] if answers else None
        if answer is not None and answer.status != 200:
            self.run.figures.violate("refused", f"{made.kinds}: {answer.status} {answer.body[:500]!r}")
            return False
        if answer is not None:
            self.run.seconds.append(answer.seconds)
        self.run.kinds.update(made.kinds)
        if kill:
            self.run.silence.append(self.inspector.wait_for_silence())
        return self._judge(made, after, answered=answer is not None, killed=kill)

    def _send(self, made: Redefinition, answers: list[Answer]) -> None:
        try:
            answers.append(self.client(0, "PUT", f"{TABLE}?on_error={made.on_error}", made.body))
        except (OSError, http.client.HTTPException):
            pass  # killed

    def _judge(self, made: Redefinition, after: Story, *, answered: bool, killed: bool) -> bool:
        figures, version = self.run.figures, self.inspector.version()
        before = made.before["version"]
        if version not in (before, before + 1) or (answered and version == before):
            figures.violate("wrong_version", f"{version} after {before}, answered: {answered}")
            return False
        if killed:
            self.run.outcomes["answered" if answered else "made" if version > before else "left undone"] += 1
            # So that about three of ten kills come after the commit, however loaded the machine is.
            self.latest *= 1.1 if version == before else 0.8
        story = after if version > before else self.story
        faults = self.inspector.faults(story)
        if killed:
            self.server.start()
        faults += self._answers(made, story)
        for fault in faults:
            figures.violate("disagreement", f"{made.kinds} at version {version}: {fault}")
        self.story = story
        return not faults

    def _answers(self, made: Redefinition, story: Story) -> list[str]:
        """What the API says that the story doesn't. From now on its document is the story's: it has all options."""
        document = self.client(0, "GET", TABLE).json
        if story.document["version"] == made.before["version"]:
            fault = None if document == story.document else f"the document is {document}"
        else:
            fault = made.differences(document)
            story.document = document
        if fault:
            return [fault]
        version, rows = Version(document), self.client(0, "GET", f"{TABLE}rows/").json
        if [row["id"] for row in rows] != sorted(story.rows):
            return [f"{len(rows)} rows are answered, want {len(story.rows)}"]
        wrong = [row for row in rows if version.by_id(row) != story.rows[row["id"]] or version.misread(row)]
        if wrong:
            return [f"{len(wrong)} rows are answered wrong; {wrong[0]}, want {story.rows[wrong[0]['id']]}"]
        self._add_rows(story, 1)
        return []


def run_crash(fleet: Fleet, *, kills: int, rows: int = 5000, seconds: float = 3000, seed: int = 1) -> Run:
    """On a fleet of one server; it is running afterwards."""
    killer = Killer(fleet, rows, seed)
    deadline = time.monotonic() + seconds
    # Some undisturbed rounds say how long a redefinition takes.
    going = all(killer.round(kill=False) for _ in range(3))
    while going and killer.run.kills < kills and time.monotonic() < deadline:
        going = killer.round()
    killer.client.close()
    return killer.run


def with_application_name(settings: dict[str, str], suffix: str = "") -> dict[str, str]:
    """On PostgreSQL: connections that can be told from others."""
    schema = settings.get("dynmodel.schema")
    if schema is None:
        return settings
    url = sa.make_url(settings["sqlalchemy.url"]).update_query_dict({"application_name": schema + suffix})
    return {**settings, "sqlalchemy.url": url.render_as_string(hide_password=False)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=3000, help="end after that many")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with running_fleet(given.database, 1, adapt=with_application_name) as fleet:
        run = run_crash(fleet, kills=given.kills, rows=given.rows, seconds=given.seconds, seed=given.seed)
    print("kinds of redefinition:", dict(run.kinds), file=sys.stderr)
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(run.outcomes.items()))
    line = (
        f"{given.database}, {time.monotonic() - started:.0f} s: {run.kills} kills in redefinitions of {given.rows} "
        f"rows ({outcomes}); an undisturbed one takes {percentile(run.seconds, 0.5) * 1000:.0f} ms; the database "
        f"noticed after at most {max(run.silence, default=0) * 1000:.0f} ms"
    )
    return finish(line, run.figures)


if __name__ == "__main__":
    sys.exit(main())
