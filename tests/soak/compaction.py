"""A table with many dropped columns is compacted while it is read and written: nothing is lost, nothing is wrong.

python -m tests.soak.compaction --rows 200000 --dropped 1500 --kills 20

Readers ask for rows, lists and links through two server processes; writers change, add and delete rows of their own,
and read each write back. First the table is compacted undisturbed; then, with new dropped columns each time, the
process that compacts it is killed (SIGKILL) at random moments, and another one goes on with it, or gives it up. In the
end every row must be as its writer left it, and the database as the definitions promise.
"""

import argparse
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from dynmodel_pyramid.testing.databases import DATABASES
from tests.soak.fleet import Answer, Client, Figures, Fleet, finish, percentile, running_fleet

FIELDS = {
    "a": {"type": "integer", "index": True},
    "b": "string",
    "code": {"type": "string", "unique": True},
    "to": {"type": "link", "table": "Far", "reverse": "things"},
    "peer": {"type": "link", "table": "Thing", "reverse": "peers"},
    "all": {"type": "links", "table": "Far"},
    "old": "string",
}
ROWS, FAR = "/table/2/rows/", 50
#: Rows of each writer, among the first ones.
OWN = 40


class Run:
    """The figures of a run, and what clients share."""

    def __init__(self, fleet: Fleet, rows: int) -> None:
        self.fleet, self.rows = fleet, rows
        self.figures = Figures()
        self.seconds: dict[str, list[tuple[float, float]]] = {"read": [], "write": []}
        self.tally: Counter[str] = Counter()
        self.stopped = threading.Event()

    def took(self, kind: str, answer: Answer) -> None:
        self.seconds[kind].append((answer.started, answer.seconds))
        if answer.status >= 500:
            self.tally["busy"] += answer.is_busy
            if not answer.is_busy:
                self.figures.violate(f"answered_{answer.status}", self.fleet.told_of(answer))

    def worst(self, kind: str, since: float, until: float) -> str:
        values = [seconds for started, seconds in self.seconds[kind] if since <= started < until]
        return f"p99 {percentile(values, 0.99) * 1000:.0f} ms, longest {max(values, default=0) * 1000:.0f} ms"


def reader(run: Run, number: int) -> None:
    chance, client = random.Random(number), Client(run.fleet.ports)
    while not run.stopped.is_set():
        server, first = chance.randrange(len(client)), chance.randrange(1, run.rows - 60)
        kind = chance.randrange(4)
        try:
            if kind < 2:
                answer = client(server, "GET", f"{ROWS}{first}/")
                rows, wanted = [answer.json] if answer.status == 200 else [], [first]
            elif kind == 2:
                answer = client(server, "GET", f"{ROWS}?id=gte.{first}&id=lt.{first + 50}&order=id&limit=50")
                rows, wanted = answer.json if answer.status == 200 else [], list(range(first, first + 50))
            else:
                answer = client(
                    server, "GET", f"/table/1/rows/{first % FAR + 1}/?select=id,things(id,a,b)&things._limit=5"
                )
                rows, wanted = answer.json.get("things", []) if answer.status == 200 else [], []
        except Exception as error:
            run.figures.violate("no_answer", repr(error))
            continue
        run.took("read", answer)
        if answer.status != 200:
            if answer.status < 500 and kind < 3:
                run.figures.violate("wrong_read", f"{answer.status} {answer.body[:200]!r}")
            continue
        run.tally["read"] += 1
        if wanted and [row["id"] for row in rows] != wanted:
            run.figures.violate("wrong_read", f"rows {[row['id'] for row in rows]}, want {wanted}")
        for row in rows:
            if row["b"] != f"v{row['a']}":
                run.figures.violate("wrong_read", row)
    client.close()


class Writer:
    """Writes rows that nobody else writes."""

    def __init__(self, run: Run, number: int) -> None:
        self.run, self.number = run, number
        self.chance, self.client = random.Random(1000 + number), Client(run.fleet.ports)
        first = number * OWN + 1
        #: What the rows have: (a, code); None: it was deleted.
        self.state: dict[int, tuple[int, str] | None] = {row: (row, f"c{row}") for row in range(first, first + OWN)}
        self.kept = frozenset(self.state)
        self.next = 1_000_000_000 * (number + 1)

    def loop(self) -> None:
        while not self.run.stopped.is_set():
            try:
                self.write()
            except Exception as error:
                self.run.figures.violate("no_answer", repr(error))
        self.client.close()

    def send(self, method: str, path: str, document: object = None) -> Answer:
        answer = self.client(self.chance.randrange(len(self.client)), method, path, document)
        self.run.took("write", answer)
        if answer.status >= 400 and answer.status != 503:
            self.run.figures.violate("refused", f"{method} {path} {document}: {answer.status} {answer.body[:200]!r}")
        return answer

    def write(self) -> None:
        there = [row for row, state in self.state.items() if state is not None]
        kind, row = self.chance.random(), self.chance.choice(there)
        self.next += 1
        if kind < 0.5:
            values = {"a": self.next, "b": f"v{self.next}", "to": self.next % FAR + 1, "all": [self.next % FAR + 1]}
            if self.send("PATCH", f"{ROWS}{row}/", values).status < 300:
                self.state[row] = (self.next, self.state[row][1])
        elif kind < 0.7:
            # A code goes from one row to the other.
            other = self.chance.choice(there)
            code = self.state[row][1]
            if self.send("PATCH", f"{ROWS}{row}/", {"code": f"w{self.next}"}).status < 300:
                self.state[row] = (self.state[row][0], f"w{self.next}")
                if other != row and self.send("PATCH", f"{ROWS}{other}/", {"code": code}).status < 300:
                    self.state[other] = (self.state[other][0], code)
        elif kind < 0.85:
            values = {"a": self.next, "b": f"v{self.next}", "code": f"n{self.next}", "all": [1, 2]}
            # Rows that others refer to are not deleted.
            values["peer"] = self.chance.choice(sorted(self.kept))
            answer = self.send("POST", ROWS, values)
            if answer.status < 300:
                self.state[row := answer.json["id"]] = (self.next, f"n{self.next}")
        else:
            new = [row for row in there if row not in self.kept]
            if new and self.send("DELETE", f"{ROWS}{(row := self.chance.choice(new))}/").status < 300:
                self.state[row] = None
        self.run.tally["write"] += 1
        answer = self.client(self.chance.randrange(len(self.client)), "GET", f"{ROWS}{row}/")
        self.run.took("read", answer)
        if answer.status == 503:
            return
        found = None if answer.status == 404 else (answer.json["a"], answer.json["code"])
        if found != self.state[row]:
            self.run.figures.violate("lost_write", f"row {row}: {found}, want {self.state[row]}")


def drop_columns(connection: sa.Connection, schema: str, count: int) -> None:
    names = [f"x{number}" for number in range(count)]
    for action in ("ADD COLUMN {} int", "DROP COLUMN {}"):
        connection.exec_driver_sql(f'ALTER TABLE {schema}."Thing" ' + ", ".join(action.format(name) for name in names))


def make(fleet: Fleet, rows: int, dropped: int) -> None:
    client = Client(fleet.ports)
    assert client(0, "POST", "/table/", {"model_name": "Far", "fields": {"name": "string"}}).status == 201
    assert client(0, "POST", "/table/", {"model_name": "Thing", "fields": FIELDS}).status == 201
    client.close()
    schema = fleet.schema
    with fleet.connect().begin() as connection:
        for statement in (
            f"INSERT INTO {schema}.\"Far\" (name) SELECT 'f' || k FROM generate_series(1, {FAR}) k",
            f'INSERT INTO {schema}."Thing" (a, b, code, "to", peer, old) '
            f"SELECT k, 'v' || k, 'c' || k, k % {FAR} + 1, nullif(k - 1, 0), 'o' || k "
            f"FROM generate_series(1, {rows}) k",
            f"INSERT INTO {schema}._links_2_6 SELECT k, k % {FAR} + 1, 0 FROM generate_series(1, {rows}, 10) k",
        ):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        drop_columns(connection, schema, dropped)
    client = Client(fleet.ports)
    assert (
        client(0, "PATCH", "/table/2/", {"fields": {"old": None}}, Content_Type="application/merge-patch+json").status
        == 200
    )
    client.close()


def compactor(ini: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "dynmodel_pyramid.scripts.compact", str(ini), *options, "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def compact(run: Run, *options: str) -> float:
    started = time.monotonic()
    process = compactor(run.fleet.servers[0].ini, *(options or ("Thing",)))
    _, errors = process.communicate(timeout=1200)
    if process.returncode:
        run.figures.violate("refused", errors[-500:])
    return time.monotonic() - started


def kill_some(run: Run, kills: int, dropped: int, usual: float, chance: random.Random) -> None:
    number = 0
    while run.tally["killed"] < kills:
        number += 1
        with run.fleet.connect().begin() as connection:
            connection.exec_driver_sql("SET lock_timeout = '60s'")
            drop_columns(connection, str(run.fleet.schema), dropped)
        process = compactor(run.fleet.servers[0].ini, "Thing")
        time.sleep(chance.uniform(0, usual))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            run.tally["killed"], usual = run.tally["killed"] + 1, usual * 1.1
        else:
            run.tally["done before the kill"], usual = run.tally["done before the kill"] + 1, usual * 0.7
        if number % 4 == 3:
            compact(run, "--cancel")
            run.tally["given up"] += 1
        compact(run)


def look_after(run: Run, writers: list[Writer]) -> None:
    schema, client = run.fleet.schema, Client(run.fleet.ports)
    wanted = {row: (row, f"c{row}") for row in range(1, run.rows + 1)}
    for writer in writers:
        wanted |= writer.state
    with run.fleet.connect().connect() as connection:
        found = connection.exec_driver_sql(f'SELECT id, a, code, b, _trash_1 FROM {schema}."Thing"').all()
        counted = connection.exec_driver_sql(
            f"SELECT count(*), count(*) FILTER (WHERE attisdropped) FROM pg_attribute "
            f"WHERE attrelid = '{schema}.\"Thing\"'::regclass AND attnum > 0"
        ).one()
        left = connection.exec_driver_sql(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE nspname = '{schema}' AND strpos(relname, 'compact') > 0"
        ).all()
    if left or counted[1]:
        run.figures.violate("left_over", f"{left}, {counted[1]} dropped columns")
    rows = {row.id: (row.a, row.code) for row in found}
    for row, state in wanted.items():
        if rows.get(row) != state:
            run.figures.violate("lost_write", f"row {row}: {rows.get(row)}, want {state}")
    if set(rows) - set(wanted):
        run.figures.violate("unknown_row", sorted(set(rows) - set(wanted))[:5])
    for row in found:
        if row.b != f"v{row.a}":
            run.figures.violate("wrong_value", tuple(row))
        if row.id <= run.rows and row[4] != f"o{row.id}":
            run.figures.violate("lost_trash", tuple(row))
    answer = client(0, "GET", "/health/")
    wrong = [each for each in answer.json["findings"] if each["table"] is not None or "without" in each["code"]]
    for each in wrong:
        run.figures.violate("unhealthy", each)
    client.close()


def run_compaction(
    fleet: Fleet, *, rows: int, dropped: int, kills: int, seed: int = 1, clients: int = 4
) -> tuple[Run, str]:
    make(fleet, rows, dropped)
    run, chance = Run(fleet, rows), random.Random(seed)
    writers = [Writer(run, number) for number in range(clients)]
    threads = [threading.Thread(target=writer.loop, daemon=True) for writer in writers]
    threads += [threading.Thread(target=reader, args=(run, number), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    time.sleep(min(5.0, rows / 20_000))
    before = time.monotonic()
    took = compact(run)
    after = time.monotonic()
    kill_some(run, kills, min(dropped, 300), took, chance)
    run.stopped.set()
    for thread in threads:
        thread.join(120)
        if thread.is_alive():
            run.figures.violate("hangs", "a client's thread did not end")
    look_after(run, writers)
    times = "; ".join(
        f"{kind}s {run.worst(kind, begun, before)} before, {run.worst(kind, before, after)} meanwhile"
        for kind in ("read", "write")
    )
    return run, f"compacted in {took:.1f} s; {times}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES[1:], default="postgresql")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dropped", type=int, default=1500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    started = time.monotonic()
    with running_fleet(given.database, given.processes) as fleet:
        run, told = run_compaction(fleet, rows=given.rows, dropped=given.dropped, kills=given.kills, seed=given.seed)
        for failure in fleet.failures():
            print(f"  log: {failure}", file=sys.stderr)
    seconds = time.monotonic() - started
    line = f"{given.rows:,} rows, {given.dropped} dropped columns: {told}; {dict(run.tally)}; {seconds:.0f} s"
    return finish(line, run.figures)


if __name__ == "__main__":
    sys.exit(main())
