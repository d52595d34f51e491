"""No request reads or writes through a stale definition: clients on several processes beside constant redefinition.

python -m tests.soak.coherence --database postgresql --processes 4 --redefinitions 300
python -m tests.soak.coherence --database sqlite --processes 2 --redefinitions 100 --without-check
python -m tests.soak.coherence --database postgresql --tenants 2 --redefinitions 100

Clients read and write one table without pause, each request through a random process, while a further one redefines it.
Every answer is checked against the definition of the version that it bears, with the model of ``redefining``; after
the run the story of every row is told again from the accepted writes and redefinitions, and compared with all that
was read of it. ``--without-check`` switches the revision check of the servers off: then violations must be found, and
the command exits with 1.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import dynmodel_pyramid
from dynmodel_pyramid.changes.compaction import Compaction
from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.testing.databases import DATABASES
from tests.soak.fleet import (
    WITHOUT_CHECK,
    Answer,
    Client,
    Fleet,
    InTenant,
    finish,
    percentile,
    running_fleet,
    with_tenants,
)
from tests.soak.readers import FIRST_ROWS, ROWS, Reader
from tests.soak.redefiner import EveryRedefiner, first_document
from tests.soak.redefining import Document, Redefinition, Version
from tests.soak.story import Event, Run, tell_again

TABLE = "/table/1/"


class Compactor:
    """Compacts the table in steps, again and again, in this process."""

    def __init__(self, fleet: Fleet | InTenant, chance: random.Random):
        self.catalogue = dynmodel_pyramid.main({}, **fleet.settings).registry.dynmodel_catalogue
        self.work, self.chance = Compaction(self.catalogue), chance

    def go_on(self) -> int:
        """Some steps; -> the table's version afterwards."""
        if self.work.progress(1).is_done:
            with self.catalogue.database.changing() as connection:
                _, definition = self.catalogue.store.by_id(connection, 1)
                name = quote_identifier(definition.physical_name, self.catalogue.database.dialect.schema)
                connection.exec_driver_sql(f"ALTER TABLE {name} ADD x int")
                connection.exec_driver_sql(f"ALTER TABLE {name} DROP x")
        for _ in range(self.chance.randrange(12)):
            self.work.run(1, 0)
            if self.work.progress(1).is_done:
                break
        with self.catalogue.database.reading() as connection:
            return self.catalogue.store.by_id(connection, 1)[1].version

    def close(self) -> None:
        self.catalogue.database.close()


class Ninth:
    """The client that redefines the table.

    :param compactor: called before each redefinition
    """

    def __init__(
        self,
        run: Run,
        ports: list[int],
        redefiner: EveryRedefiner,
        chance: random.Random,
        compactor: Compactor | None = None,
    ):
        self.compactor = compactor
        self.run = run
        self.client = Client(ports)
        self.redefiner = redefiner
        self.chance = chance

    def loop(self, redefinitions: int, deadline: float, pause: float) -> None:
        run, redefiner = self.run, self.redefiner
        try:
            while (len(run.redefinitions) < redefinitions or redefiner.to_do) and time.monotonic() < deadline:
                if self.compactor is not None:
                    self.compact(self.compactor)
                before = run.versions[run.acknowledged].document
                if not self.redefine(redefiner.next(before, self.chance.choice((1, 1, 1, 2)))):
                    return
                time.sleep(self.chance.uniform(0, 2 * pause))
            if redefiner.to_do:
                run.figures.violate("kinds_left", redefiner.to_do)
        except Exception as error:
            run.figures.violate("redefiner_failed", repr(error))
        finally:
            run.over.set()
            self.client.close()

    def compact(self, compactor: Compactor) -> None:
        run, before = self.run, self.run.versions[self.run.acknowledged].document
        version = compactor.go_on()
        if version not in (before["version"], before["version"] + 1):
            run.figures.violate("wrong_definition", f"a compaction made version {version} of {before['version']}")
        elif version != before["version"]:
            run.versions[version] = Version({**before, "version": version})
            run.acknowledged = version
            run.tally["compacted"] += 1
            self.redefiner.last = None

    def send(self, method: str, path: str, document: Document | None = None, **headers: str) -> Answer:
        return self.client(self.chance.randrange(len(self.client)), method, path, document, **headers)

    def redefine(self, made: Redefinition) -> bool:
        """-> whether the run can go on."""
        run = self.run
        headers = {"Content_Type": "application/merge-patch+json"} if made.method == "PATCH" else {}
        path = f"{TABLE}{self.path(made)}?on_error={made.on_error}"
        answer = self.send(made.method, path, made.body, **headers)
        run.seconds.setdefault("redefinition", []).append(answer.seconds)
        run.statuses[answer.status] += 1
        what = f"{made.kinds} {made.method} {path}"
        if answer.is_busy:
            run.tally["busy"] += 1
        elif answer.status == 200:
            return self.was_made(made, answer.json, what)
        elif answer.status == 409 and made.is_just_refusal(answer.json):
            run.tally["refused"] += 1
            return self.was_taken_back(made)
        else:
            run.figures.violate("redefinition_refused", f"{what} {answer.status} {answer.body[:500]!r}")
            return answer.status < 500 and self.was_taken_back(made)
        return True

    def path(self, made: Redefinition) -> str:
        """With the number that the trash has for a field that is to come back."""
        if not made.path.startswith("trash/"):
            return made.path
        _, field_id, version, rest = made.path.split("/", 3)
        (number,) = (kept["number"] for kept in self.send("GET", f"{TABLE}trash/").json
                     if (kept["field_id"], kept["dropped_version"]) == (int(field_id), int(version))
                     and kept["reason"] == "dropped")  # fmt: skip
        return f"trash/{number}/{rest}"

    def was_made(self, made: Redefinition, document: Document, what: str) -> bool:
        run, version = self.run, document["version"]
        if version == made.before["version"] + 2:  # in force first, and proven then
            made.after["version"] = version
            run.versions[version - 1] = Version({**document, "version": version - 1})
            run.tally["two_versions"] += 1
        fault = made.differences(document)
        if fault:
            run.figures.violate("wrong_definition", f"{what}: {fault}")
            return False
        run.redefinitions[made.before["version"] + 1] = made
        # From now on the server's own document is what counts: it has all options.
        made.after = document
        run.versions[version] = Version(document)
        run.acknowledged = version
        run.tally.update(made.kinds)
        run.tally.update(f"on_error {word}" for word in made.words.values())
        run.tally.update([made.method])
        self.redefiner.was_made(made)
        return True

    def was_taken_back(self, made: Redefinition) -> bool:
        """Rules that were in force already, for rows that slipped in, are taken back by a version of their own."""
        run, before = self.run, made.before
        document = self.send("GET", TABLE).json
        if document["version"] == before["version"]:
            return True
        back = {**before, "version": before["version"] + 2}
        if document != back:
            run.figures.violate("wrong_definition", f"{made.kinds} were refused, and made {document}")
            return False
        run.versions[back["version"] - 1] = Version({**made.after, "version": back["version"] - 1})
        run.versions[back["version"]] = Version(back)
        run.acknowledged = back["version"]
        run.tally["taken_back"] += 1
        self.redefiner.last = None
        return True


def start_table(run: Run, client: Client) -> None:
    answer = client(0, "POST", "/table/", first_document("First"))
    if answer.status != 201:
        raise RuntimeError(f"the table could not be created: {answer.body!r}")
    run.versions[1] = version = Version(answer.json)
    documents = [version.row(lambda: "r") for _ in range(FIRST_ROWS)]
    answer = client(0, "POST", ROWS, documents)
    if answer.status != 201:
        raise RuntimeError(f"rows could not be added: {answer.body[:500]!r}")
    for document, row in zip(documents, answer.json, strict=True):
        run.ids.append(row["id"])
        run.record(row["id"], Event(1, 1, "insert", version.given(document, whole=True)))


def count_rows(fleet: Fleet | InTenant) -> None:
    """Let PostgreSQL know how many rows there are: large tables get new rules in two versions."""
    if fleet.schema is not None:
        engine = fleet.connect().execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'ANALYZE "{fleet.schema}"."First"')


def with_large_tables(settings: dict[str, str]) -> dict[str, str]:
    """The table of a run is a large one."""
    return {**settings, "dynmodel.online_rows": "500"}


def run_coherence(
    fleet: Fleet | InTenant,
    *,
    redefinitions: int,
    clients: int = 8,
    seconds: float = 600,
    pause: float = 0.03,
    seed: int = 1,
    each_once: bool = False,
    compacts: bool = False,
) -> Run:
    """The whole run on running servers; ``run.figures`` holds the violations.

    :param each_once: begin with each kind of redefinition once; there are as many as that takes, if need be
    :param compacts: whether the table is compacted between redefinitions; PostgreSQL
    """
    run = Run()
    client = Client(fleet.ports)
    start_table(run, client)
    count_rows(fleet)
    readers = [Reader(run, fleet.ports, seed * 1000 + number) for number in range(clients)]
    threads = [threading.Thread(target=reader.loop, daemon=True) for reader in readers]
    deadline = time.monotonic() + seconds
    chance = random.Random(seed)
    compactor = Compactor(fleet, chance) if compacts else None
    ninth = Ninth(run, fleet.ports, EveryRedefiner(chance, each_once=each_once), chance, compactor)
    threads.append(threading.Thread(target=ninth.loop, args=(redefinitions, deadline, pause), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(1, deadline + 120 - time.monotonic()))
        if thread.is_alive():
            run.figures.violate("hangs", "a client's thread did not end")
    if compactor is not None:
        compactor.close()
    # A new connection: the server closes those that are idle for long.
    client.close()
    client = Client(fleet.ports)
    settle(run, readers, client)
    client.close()
    return run


def run_in_tenants(fleet: Fleet, names: Sequence[str], *, seed: int = 1, **options: Any) -> dict[str, Run]:
    """A run in each tenant, all at the same time. Tables, ids and versions are alike in all of them, so the stories
    would tell a row, or a definition, of another one.
    """
    with ThreadPoolExecutor(len(names)) as threads:
        runs = {
            name: threads.submit(run_coherence, InTenant(fleet, name), seed=seed + number, **options)
            for number, name in enumerate(names)
        }
        return {name: run.result() for name, run in runs.items()}


def settle(run: Run, readers: list[Reader], client: Client) -> None:
    """After the run: the checks that had to wait, all stored rows, and the story of each."""
    for check, answer, *arguments in run.later:
        version = run.versions.get(answer.version)
        if version is None:
            run.figures.violate("unknown_version", answer.version)
            continue
        try:
            check(version, answer, *arguments)
        except Exception as error:
            run.figures.violate("unintelligible", repr(error))
    last = run.versions[run.acknowledged]
    rows: list[Document] = []
    for server in range(len(client)):
        answer = client(server, "GET", ROWS)
        if answer.version != last.number:
            run.figures.violate("stale_read", f"after the run: {answer.version}, want {last.number}")
            continue
        rows = answer.json
        found = {row["id"] for row in rows}
        if found != set(run.ids) or len(found) != len(rows):
            run.figures.violate("rows_differ", f"{len(rows)} rows, want {len(run.ids)}; {found ^ set(run.ids)}")
        for row in rows:
            readers[0].check_row(last, row)
    for row in rows:
        made = [event.row_version for event in run.rows.get(row["id"], ()) if event.kind != "read"]
        if made:
            run.record(row["id"], Event(last.number, max(made), "read", last.by_id(row)))
    run.tally["compared"] = tell_again(run)


def summary(run: Run, database: str, processes: int, took: float) -> str:
    def times(*kinds: str) -> str:
        values = [value for kind in kinds for value in run.seconds.get(kind, ())]
        return f"p99 {percentile(values, 0.99) * 1000:.0f} ms, worst {max(values, default=0) * 1000:.0f} ms"

    good = sum(count for status, count in run.statuses.items() if status < 400)
    return (
        f"{database}, {processes} processes, {took:.0f} s: {run.requests} requests ({good} good, "
        f"{run.statuses[422]} 422, {run.statuses[404]} 404), {len(run.redefinitions)} redefinitions, "
        f"{len(run.seen)} versions seen, {run.tally['compared']} reads compared with the rows' stories, "
        f"busy {run.busy} ({100 * run.busy / max(1, run.requests):.3f} %); reads {times('read')}; "
        f"streams {times('stream')}; writes {times('write')}; redefinitions {times('redefinition')}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--redefinitions", type=int, default=300)
    parser.add_argument("--pause", type=float, default=0.03, help="mean seconds between redefinitions")
    parser.add_argument("--seconds", type=float, default=600, help="end after that many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tenants", type=int, default=0, help="the run in so many tenants of one service, at once")
    parser.add_argument("--compact", action="store_true", help="compact the table between redefinitions; PostgreSQL")
    parser.add_argument("--without-check", action="store_true", help="switch the revision check off: must fail")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    names = [f"tenant{number}" for number in range(given.tenants)]
    with ExitStack() as stack:

        def adapt(own: dict[str, str]) -> dict[str, str]:
            return with_large_tables(stack.enter_context(with_tenants(own, names)) if names else own)

        without = WITHOUT_CHECK if given.without_check else None
        fleet = stack.enter_context(running_fleet(given.database, given.processes, without=without, adapt=adapt))
        options = {name: getattr(given, name) for name in ("redefinitions", "clients", "seconds", "pause", "seed")}
        if names:
            runs = run_in_tenants(fleet, names, **options)
        else:
            runs = {given.database: run_coherence(fleet, **options, compacts=given.compact)}
        for failure in fleet.failures():
            print(f"  log: {failure}", file=sys.stderr)
        fleet.stop()
    failed = 0
    for name, run in runs.items():
        if run.busy > 0.001 * run.requests:
            run.figures.violate("too_often_busy", f"{run.busy} of {run.requests}")
        print("kinds of redefinition:", dict(run.tally), file=sys.stderr)
        line = summary(run, name, given.processes, time.monotonic() - started)
        failed |= finish(("WITHOUT CHECK " if given.without_check else "") + line, run.figures)
    return failed


if __name__ == "__main__":
    sys.exit(main())
