"""No request reads or writes by access that was taken away: clients on several processes beside constant changes.

python -m tests.soak.access --database postgresql --processes 4 --changes 300
python -m tests.soak.access --database sqlite --processes 2 --changes 100 --without-check

Eight users read and write one table without pause, each request through a random process and at either face, while an
administrator changes grants, users' roles and claims, disables and enables users, revokes tokens and makes new ones.
A tenth client changes the table's definition, and administrators add rows to another one until their tokens are
revoked (``revoked.py``). Every answer is held against a plain evaluation of the access that was in force at some
moment of the request (``granting.py``); writes are judged again by the moment of their commit.
``--without-check`` switches the proof of access off: then violations must be found, and the command exits with 1.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Mapping

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import DATABASES
from tests.soak.fleet import Fleet, finish, percentile, running_fleet
from tests.soak.granted import REST, ROWS, Granted, Race, Witness, judge_writes
from tests.soak.granting import SEEDED, TEAMS, TENANTS, Change, Granter, Read, Role, Row, State, Step, User
from tests.soak.revoked import Revoked
from tests.soak.sending import Sender

#: The proof of access, as a cache with a time to live would have it.
_CHECK = "        if found[ACCESS_STAMP] != caller.stamp or not found[CREDENTIAL]:\n"
_TIME_TO_LIVE = """\
        import time

        moment = time.monotonic()
        if moment < getattr(self.catalogue, "access_looked_at", 0.0) + 0.05:
            return
        self.catalogue.access_looked_at = moment
"""
#: The lock that makes changes of access wait for writes. Without it writes are slow to commit, so that it shows.
_SHARE = "            self.database.dialect.share_access(connection)\n\n    def confirm"
_NO_SHARE = "            pass\n\n    def confirm"
_CONFIRM = "            super().confirm()\n"
_SLOW = """\
            if self._connection is not None:
                import random
                import time

                time.sleep(random.uniform(0, 0.6))
"""
ATTEMPT = "access/attempt.py"
WITHOUT_CHECK = {ATTEMPT: ((_CHECK, _TIME_TO_LIVE + _CHECK),)}
WITHOUT_LOCK = {ATTEMPT: ((_SHARE, _NO_SHARE), (_CONFIRM, _CONFIRM + _SLOW))}

FIRST_ROLES = {
    "own": Role((Read("own", True),), "own", "own", "own"),
    "team": Role((Read("team", True),), "team", "team", None),
    "masked": Role((Read("all", False), Read("own", True)), None, "own", None),
    "tenant": Role((Read("tenant", True),), "tenant", "tenant", "tenant"),
    "clerk": Role((Read("all", True),), "all", "all", "own"),
    "guest": Role(),
}
#: By the numbers of users; the fifth's token is read-only.
FIRST_USERS = ("own", "team", "masked", "tenant", "clerk", "guest", "clerk", "own masked")
READ_ONLY = 5


def enforced(settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "dynmodel.access": "enforced", "dynmodel.max_tokens": "1000"}


def first_secret(fleet: Fleet) -> str:
    """The token of an administrator."""
    database = Database(Settings(fleet.settings))
    try:
        with database.writer.begin() as connection:
            return Accounts(database).tokens.create(connection, name="admin", roles=("admin",))[1]
    finally:
        database.close()


def seeded(clients: int) -> dict[int, Row]:
    chance = random.Random(0)
    rows = {}
    for id in range(1, SEEDED + 1):
        owner = (id % clients or clients) if chance.random() < 0.6 else chance.randrange(1, clients + 1)
        rows[id] = Row(owner, chance.randrange(len(TEAMS)) + 1, chance.choice(TENANTS), f"s{id}")
    return rows


def start(send: Sender, clients: int) -> Race:
    """The tables, rows, roles, users and tokens that a run begins with."""
    send.must("POST", "/table/", {"model_name": "Team", "fields": {"name": "string"}})
    send.must("POST", "/table/Team/rows/", [{"name": name} for name in TEAMS])
    texts = dict.fromkeys(("owner", "tenant", "secret", "text"), "string")
    numbers = {"writer": "integer", "n": "integer"}
    team = {"type": "link", "table": "Team"}
    send.must("POST", "/table/", {"model_name": "Note", "fields": {**texts, **numbers, "team": team}})
    rows = seeded(clients)
    send.must("POST", ROWS, [row.document(id % clients or clients, 0) for id, row in rows.items()])
    for name, role in FIRST_ROLES.items():
        send.must("PUT", f"/access/role/{name}/", role.document())
    users, tokens, secrets = {}, {}, {}
    for number in range(1, clients + 1):
        roles = frozenset(FIRST_USERS[(number - 1) % len(FIRST_USERS)].split())
        user = User(number, roles, (TEAMS[number % 3],), TENANTS[number % 2])
        document = {"name": f"User {number}", "roles": sorted(roles), "claims": user.claims()}
        if send.must("POST", "/user/", document).json["id"] != number:
            raise RuntimeError("the database was not empty")
        users[number] = user
        asked = {"name": "first", "user": number, "roles": sorted(FIRST_ROLES), "read_only": number == READ_ONLY}
        made = send.must("POST", "/token/", asked).json
        tokens[made["id"]] = (number, number == READ_ONLY)
        secrets[number] = (made["id"], made["secret"])
    first = Change("start", State(dict(FIRST_ROLES), users, tokens), float("-inf"), float("-inf"))
    return Race([first], rows, secrets=secrets)


class Ninth:
    """The client that changes access."""

    def __init__(self, race: Race, send: Sender):
        self.race, self.send, self.chance = race, send, send.chance
        self.granter = Granter(send.chance)

    def loop(self, changes: int, deadline: float, pause: float, until_violation: bool) -> None:
        race = self.race
        try:
            while len(race.changes) <= changes and time.monotonic() < deadline:
                if until_violation and race.figures.total:
                    break
                for step in self.granter.next(race.changes[-1].state):
                    self.change(step, deadline)
                    self.witness()
                    time.sleep(self.chance.uniform(0, 2 * pause))
        except Exception as error:
            race.figures.violate("granter_failed", repr(error))
        finally:
            race.over.set()
            self.send.client.close()

    def change(self, step: Step, deadline: float) -> None:
        race = self.race
        change = Change(step.kind, step.after(None), time.monotonic())
        race.changes.append(change)
        while True:
            answer = self.send(step.method, step.path, step.body)
            race.seconds.setdefault("change", []).append(answer.seconds)
            race.statuses[answer.status] += 1
            if answer.status != 503 or time.monotonic() > deadline:
                break
            race.tally["busy_changes"] += 1
        if answer.status >= 300:
            raise RuntimeError(f"{step.kind} {step.path}: {answer.status} {answer.body[:500]!r}")
        race.tally[step.kind] += 1
        if step.new_token is not None:
            # Nobody sends it before it is in the model.
            made = answer.json
            change.state = step.after(made)
            race.secrets[step.new_token] = (made["id"], made["secret"])
        change.answered = time.monotonic()

    def witness(self) -> None:
        """Read the last committed write of each client."""
        answer = self.send("GET", f"{REST}?select=writer,n.max()")
        if self.race.count("read", answer):
            last = {each["writer"]: each["max"] for each in answer.json}
            self.race.witnesses.append(Witness(len(self.race.changes) - 1, last))


class Tenth:
    """The client that changes the table's definition."""

    def __init__(self, race: Race, send: Sender):
        self.race, self.send = race, send

    def loop(self, pause: float) -> None:
        types = ("string", "integer", None)
        number = 0
        try:
            while not self.race.over.wait(self.send.chance.uniform(0, 2 * pause)):
                body = {"fields": {"extra": types[number % 3]}}
                content = {"Content_Type": "application/merge-patch+json"}
                answer = self.send("PATCH", "/table/Note/", body, **content)
                if not self.race.count("definition change", answer):
                    continue
                number += 1
                self.race.tally["definitions"] += 1
                if answer.status != 200:
                    self.race.figures.violate("definition_refused", f"{body}: {answer.status} {answer.body[:300]!r}")
        except Exception as error:
            self.race.figures.violate("definer_failed", repr(error))
        finally:
            self.send.client.close()


def settle(race: Race, send: Sender) -> None:
    """After the run: the writes by the moments of their commits, and the rows that are there."""
    judge_writes(race)
    there = {(row["writer"], row["n"]) for row in send.must("GET", ROWS).json}
    for mark in there & race.refused:
        race.figures.violate("refused_but_written", mark)
    known = {(write.client, write.number) for write in race.writes} | race.unknown
    for mark in there - known:
        if mark[1] and mark not in race.refused:
            race.figures.violate("unknown_write", mark)


def run_access(
    fleet: Fleet,
    *,
    changes: int,
    clients: int = 8,
    seconds: float = 600,
    pause: float = 0.03,
    seed: int = 1,
    defines: float | None = 0.2,
    until_violation: bool = False,
) -> Race:
    """The whole run on running servers; ``race.figures`` holds the violations.

    :param defines: mean seconds between changes of the definition; None: there are none
    :param until_violation: the first violation ends the run
    """
    secret = first_secret(fleet)
    send = Sender(fleet.ports, secret, random.Random(seed))
    race = start(send, clients)
    granted = [Granted(race, fleet.ports, number, clients, seed * 1000 + number) for number in range(1, clients + 1)]
    threads = [threading.Thread(target=client.loop, daemon=True) for client in granted]
    deadline = time.monotonic() + seconds
    ninth = Ninth(race, Sender(fleet.ports, secret, random.Random(seed + 1)))
    threads.append(threading.Thread(target=ninth.loop, args=(changes, deadline, pause, until_violation), daemon=True))
    revoked = Revoked(race, Sender(fleet.ports, secret, random.Random(seed + 3)), fleet.ports)
    threads.append(threading.Thread(target=revoked.loop, daemon=True))
    if defines is not None:
        tenth = Tenth(race, Sender(fleet.ports, secret, random.Random(seed + 2)))
        threads.append(threading.Thread(target=tenth.loop, args=(defines,), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(1, deadline + 60 - time.monotonic()))
        if thread.is_alive():
            race.figures.violate("hangs", "a client's thread did not end")
    send.client.close()
    settle(race, send)
    send.client.close()
    return race


def summary(race: Race, what: str, took: float) -> str:
    def times(kind: str) -> str:
        values = race.seconds.get(kind, ())
        return f"p99 {percentile(values, 0.99) * 1000:.0f} ms, worst {max(values, default=0) * 1000:.0f} ms"

    statuses = ", ".join(f"{count} {status}" for status, count in sorted(race.statuses.items()))
    return (
        f"{what}, {took:.0f} s: {sum(race.statuses.values())} requests ({statuses}), {len(race.changes) - 1} changes "
        f"of access, {race.tally['definitions']} of the definition; {race.tally['raced']} answers during a change, "
        f"{len(race.writes)} writes, {race.late} of them committed after a change that was answered meanwhile; "
        f"{race.tally['rows_by_administrators']} single rows by {race.tally['tokens_revoked']} administrators; busy "
        f"{race.tally['busy']} + {race.tally['busy_changes']} changes; reads {times('read')}; streams "
        f"{times('stream')}; writes {times('write')}; changes {times('change')}; definitions "
        f"{times('definition change')}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--changes", type=int, default=300)
    parser.add_argument("--pause", type=float, default=0.03, help="mean seconds between changes")
    parser.add_argument("--definitions", type=float, default=0.2, help="mean seconds between those of the definition")
    parser.add_argument("--seconds", type=float, default=600, help="end after that many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-check", action="store_true", help="switch the proof of access off: must fail")
    parser.add_argument("--without-lock", action="store_true", help="let changes pass writes: must fail on PostgreSQL")
    given = parser.parse_args(arguments)
    without: Mapping[str, tuple[tuple[str, str], ...]] | None = (
        WITHOUT_CHECK if given.without_check else WITHOUT_LOCK if given.without_lock else None
    )
    started = time.monotonic()
    with running_fleet(given.database, given.processes, without=without, adapt=enforced) as fleet:
        race = run_access(
            fleet,
            changes=given.changes,
            clients=given.clients,
            seconds=given.seconds,
            pause=given.pause,
            seed=given.seed,
            defines=given.definitions or None,
        )
        for failure in fleet.failures():
            print(f"  log: {failure}", file=sys.stderr)
    busy = race.tally["busy"] + race.tally["busy_changes"]
    if busy > 0.001 * sum(race.statuses.values()):
        race.figures.violate("too_often_busy", busy)
    print("kinds of change:", dict(race.tally), file=sys.stderr)
    what = f"{given.database}, {given.processes} processes"
    line = summary(race, what, time.monotonic() - started)
    return finish(("WITHOUT CHECK " if given.without_check else "WITHOUT LOCK " if given.without_lock else "") + line,
                  race.figures)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
