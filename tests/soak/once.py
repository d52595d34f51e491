"""Writes with an Idempotency-Key are made once, and none is lost after an answer, while servers are killed (SIGKILL).

python -m tests.soak.once --database postgresql --kills 250

Clients write by two servers, each request with a key of its own: rows, files of rows, upserts, changes of one row and
of all that a filter finds, batches, deletions, new tables and changes of a definition. A request without an answer is
sent again, to either server, until an answer comes. Meanwhile the servers are killed: at random moments, and between
the commit of a request and its answer. In the end all rows, versions of rows and of definitions are counted.

``--without-keys`` sends the same requests without keys. It must exit with 1: so the counts can fail.
"""

import argparse
import http.client
import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import sqlalchemy as sa

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.soak.fleet import Figures, finish
from tests.soak.nursery import NurseryServer, nursery_servers

JSON = "application/json"
#: Characters of the servers' log that are shown where something was wrong.
_LOG = 50_000
#: Rows of a file: two parts of an import.
FILE_ROWS = 1200
#: Fields that a client adds to its table at most.
MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Sent:
    """One request."""

    kind: str
    method: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Run:
    figures: Figures = field(default_factory=Figures)
    #: Requests by kind, and how often one was sent again, was answered from what was kept, or had to wait.
    writes: Counter = field(default_factory=Counter)
    told: Counter = field(default_factory=Counter)
    kills: Counter = field(default_factory=Counter)


class Writer(threading.Thread):
    """A client with a row, a table, and a ledger of what it did."""

    def __init__(
        self, number: int, servers: list[NurseryServer], run: Run, stop: threading.Event, seed: int, *, keys: bool
    ) -> None:
        super().__init__(daemon=True)
        self.number, self.servers, self.run_, self.stopped = number, servers, run, stop
        self.keys = keys
        self.chance = random.Random(seed * 100 + number)
        self.mine = f"w{number}"
        #: Changes of the own row, and of the own table; the rows that each request has made.
        self.row_changes = self.table_changes = self.fields = 0
        self.made: dict[str, int] = {}
        self.tables: list[str] = []
        self.row_id = self.table_id = 0
        #: Set to let a server die between the commit and the answer of the next request.
        self.dies = threading.Event()

    def begin(self) -> None:
        row = {"op": self.mine, "owner": self.mine, "name": self.mine}
        self.row_id = json.loads(self._done("row", "POST", "/table/1/rows/", row))["id"]
        table = {"model_name": f"Of{self.number}", "fields": {}}
        self.table_id = json.loads(self._done("table", "POST", "/table/", table))["id"]
        self.made[self.mine] = 1
        self.tables.append(f"Of{self.number}")

    def run(self) -> None:
        try:
            kinds = [getattr(self, name) for name in dir(self) if name.startswith("do_")]
            while not self.stopped.is_set():
                self.chance.choice(kinds)()
        except Exception as error:
            self.run_.figures.violate("client_failed", repr(error))

    # The kinds of writes. Each notes what the database must have when its answer is there.

    def do_row(self) -> None:
        op = self._op()
        path = self.chance.choice(("/table/1/rows/", "/rest/Thing"))
        self._done("row", "POST", path, {"op": op})
        self.made[op] = 1

    def do_file(self) -> None:
        op = self._op()
        lines = "".join(f"{op},{number}\n" for number in range(FILE_ROWS))
        self._done("file", "POST", "/table/1/rows/", f"op,n\n{lines}".encode(), "text/csv", Prefer="return=minimal")
        self.made[op] = FILE_ROWS

    def do_upsert(self) -> None:
        document = [{"name": self.mine, "n": self.chance.randrange(1000)}]
        how = {"Prefer": "resolution=merge-duplicates"}
        self._done("upsert", "POST", "/table/1/rows/?on_conflict=name", document, **how)
        self.row_changes += 1

    def do_patch(self) -> None:
        method = self.chance.choice(("PATCH", "PUT"))
        row = {"op": self.mine, "owner": self.mine, "name": self.mine, "n": self.chance.randrange(1000)}
        self._done("change", method, f"/table/1/rows/{self.row_id}/", row)
        self.row_changes += 1

    def do_filter(self) -> None:
        path = self.chance.choice(("/table/1/rows/", "/rest/Thing"))
        self._done("filter", "PATCH", f"{path}?owner=eq.{self.mine}", {"n": self.chance.randrange(1000)})
        self.row_changes += 1

    def do_batch(self) -> None:
        op = self._op()
        insert = {"operation": "insert", "table": "Thing", "row": {"op": op}}
        update = {"operation": "update", "table": "Thing", "id": self.row_id, "row": {"n": {"$ref": "/0/id"}}}
        self._done("batch", "POST", "/batch/", [insert, update])
        self.made[op] = 1
        self.row_changes += 1

    def do_delete(self) -> None:
        op = self._op()
        row = json.loads(self._done("row", "POST", "/table/1/rows/", {"op": op}))
        self._done("delete", "DELETE", f"/table/1/rows/{row['id']}/", b"")
        self.made[op] = 0

    def do_definition(self) -> None:
        if self.fields < MOST_FIELDS and self.chance.random() < 0.3:
            self.fields += 1
            patch: dict[str, Any] = {"fields": {f"f{self.fields}": {"type": "string"}}}
        else:
            patch = {"description": self._op()}
        self._done("definition", "PATCH", f"/table/{self.table_id}/", patch)
        self.table_changes += 1

    def do_table(self) -> None:
        if len(self.tables) < 20 and self.chance.random() < 0.3:
            name = f"New{self.number}x{len(self.tables)}"
            self._done("table", "POST", "/table/", {"model_name": name, "fields": {"a": "string"}})
            self.tables.append(name)

    # Sending

    @staticmethod
    def _op() -> str:
        return uuid.uuid4().hex

    def _done(self, kind: str, method: str, path: str, body: Any, media_type: str = JSON, **headers: str) -> bytes:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        key = {"Idempotency-Key": f'"{self._op()}"'} if self.keys else {}
        sent = Sent(kind, method, path, content, {"Content-Type": media_type, **key, **headers})
        status, answer, is_repeated = self._until_answered(sent)
        run = self.run_
        run.writes[kind] += 1
        if status not in (200, 201, 204):
            run.figures.violate("refused", f"{kind}: {status} {answer[:300]!r}")
        if self.keys and self.chance.random() < 0.1:
            again = self._until_answered(sent)
            run.told["repeated after an answer"] += 1
            if again != (status, answer, True):
                run.figures.violate("answered_otherwise", f"{kind}: {again} after {(status, answer, is_repeated)}")
        return answer

    def _until_answered(self, sent: Sent) -> tuple[int, bytes, bool]:
        dies = self.dies.is_set()
        self.dies.clear()
        is_lost = False
        while True:
            server = self.chance.choice(self.servers)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            try:
                headers = {**sent.headers, "X-Die": "1"} if dies else sent.headers
                connection.request(sent.method, sent.path, sent.body, headers)
                response = connection.getresponse()
                status, answer = response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                if not isinstance(error, ConnectionRefusedError):
                    self.run_.told["lost answers"] += 1
                    is_lost, dies = True, False
                time.sleep(0.02)
                continue
            finally:
                connection.close()
            is_repeated = response.headers["Idempotency-Replayed"] == "true"
            if status == 503 or (status == 409 and json.loads(answer).get("code") in ("request_in_progress", "55P03")):
                self.run_.told["told to wait"] += 1
                time.sleep(0.05)
                continue
            if is_repeated and is_lost:
                self.run_.told["answers kept over a kill"] += 1
            return status, answer, is_repeated


class Soak:
    """Two servers on one database, their clients, and the kills."""

    def __init__(self, servers: list[NurseryServer], clients: int, seed: int, *, keys: bool) -> None:
        self.run, self.stop = Run(), threading.Event()
        self.servers, self.chance = servers, random.Random(seed)
        self.writers = [Writer(number, servers, self.run, self.stop, seed, keys=keys) for number in range(clients)]

    def begin(self) -> None:
        fields = {
            "op": {"type": "string", "index": True},
            "n": {"type": "integer"},
            "owner": {"type": "string", "index": True},
            "name": {"type": "string", "unique": True},
        }
        for server in self.servers:
            server.start()
        self.writers[0]._done("table", "POST", "/table/", {"model_name": "Thing", "fields": fields})
        for writer in self.writers:
            writer.begin()

    def kill(self, kills: int, deadline: float) -> None:
        for writer in self.writers:
            writer.start()
        while sum(self.run.kills.values()) < kills and time.monotonic() < deadline and not self.run.figures.total:
            time.sleep(self.chance.uniform(0.1, 0.6))
            if self.chance.random() < 0.5:
                self._between()
            else:
                server = self.chance.choice(self.servers)
                server.kill()
                self.run.kills["at random"] += 1
                server.start()
        self.stop.set()
        for writer in self.writers:
            writer.join(300)
            if writer.is_alive():
                self.run.figures.violate("client_hangs", writer.mine)

    def _between(self) -> None:
        """Let a client kill its server between commit and answer, and start that again."""
        writer = self.chance.choice(self.writers)
        writer.dies.set()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for server in self.servers:
                if not server.lives():
                    self.run.kills["between commit and answer"] += 1
                    server.start()
                    return
            time.sleep(0.01)

    def judge(self, engine: sa.Engine, schema: str | None) -> None:
        """Count what is there."""
        wrong = self.run.figures.violate
        made = {op: count for writer in self.writers for op, count in writer.made.items()}
        with engine.connect() as connection:
            thing = sa.Table("Thing", sa.MetaData(), schema=schema, autoload_with=connection)
            counted = sa.select(thing.c.op, sa.func.count()).group_by(thing.c.op)
            found = dict(connection.execute(counted).all())
            for op in made.keys() | found.keys():
                if found.get(op, 0) != made.get(op, 0):
                    wrong("lost" if found.get(op, 0) < made.get(op, 0) else "twice", f"{op}: {found.get(op)} rows")
            versions = dict(connection.execute(sa.select(thing.c.id, thing.c["_version"])).all())
        for writer in self.writers:
            if versions[writer.row_id] != writer.row_changes + 1:
                wrong("row_changes", f"version {versions[writer.row_id]} after {writer.row_changes} changes")
            document = self._get(f"/table/{writer.table_id}/")
            if document["version"] != writer.table_changes + 1 or len(document["fields"]) != writer.fields:
                wrong("table_changes", f"version {document['version']} after {writer.table_changes} changes")
        names = {table["model_name"] for table in self._get("/table/")}
        wanted = {"Thing"}.union(*(writer.tables for writer in self.writers))
        if names != wanted:
            wrong("tables", names ^ wanted)

    def _get(self, path: str) -> Any:
        return requests.get(self.servers[0].url + path, timeout=60).json()


def run_once(
    database: str, *, kills: int, clients: int = 4, seconds: float = 3000, seed: int = 1, keys: bool = True
) -> Run:
    with TemporaryDirectory() as name, database_settings(database, Path(name)) as settings:
        with nursery_servers(settings, Path(name), 2) as servers:
            soak = Soak(servers, clients, seed, keys=keys)
            soak.begin()
            soak.kill(kills, time.monotonic() + seconds)
            engine = sa.create_engine(settings["sqlalchemy.url"], poolclass=sa.NullPool)
            soak.judge(engine, settings.get("dynmodel.schema"))
            if soak.run.figures.total:  # the log is deleted with the servers
                print(
                    "the servers' log ends:",
                    servers[0].log.read_text(errors="replace")[-_LOG:],
                    sep="\n",
                    file=sys.stderr,
                )
            return soak.run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--kills", type=int, default=250)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3000, help="end after that many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-keys", action="store_true", help="must find violations")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    how = {"kills": given.kills, "clients": given.clients, "seconds": given.seconds, "seed": given.seed}
    run = run_once(given.database, **how, keys=not given.without_keys)

    def told(counter: Counter) -> str:
        return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))

    print(f"writes: {told(run.writes)}", file=sys.stderr)
    line = (
        f"{given.database}, {time.monotonic() - started:.0f} s: {sum(run.kills.values())} kills ({told(run.kills)}) in "
        f"{sum(run.writes.values())} writes with keys; {told(run.told)}"
    )
    return finish(line, run.figures)


if __name__ == "__main__":
    sys.exit(main())
