"""Sign-in attempts that one address can make, before and after the limit, and what they cost others.

python -m tests.bench.sign_in --database sqlite

A real server with the default settings and real argon2 hashes. Guessers at one address send wrong passwords for new
names each time, as fast as the server answers. Beside them somebody with a token reads one row 20 times a second, and
somebody at another address signs in once a second. Both are measured alone first.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import Server
from tests.soak.fleet import percentile

GUESSERS = 8
#: Stands for a 429 of a process that checks as many passwords as it may.
NO_TURN = 4290
NAMES: dict[int, str] = {429: "429", NO_TURN: "429 (no turn to hash)"}
PASSWORD = "a good password"
ATTACKER, READER, OTHER = "127.0.0.2", "127.0.0.1", "127.0.0.3"


@dataclass
class Phase:
    """What was answered in one phase: (status, seconds) of each request."""

    guesses: list[tuple[int, float]] = field(default_factory=list)
    reads: list[tuple[int, float]] = field(default_factory=list)
    sign_ins: list[tuple[int, float]] = field(default_factory=list)


class Client:
    """Keeps one connection, from one address of this machine."""

    def __init__(self, port: int, address: str):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(address, 0))

    def send(self, method: str, path: str, document: object = None, **headers: str) -> tuple[int, float]:
        body = None if document is None else json.dumps(document)
        if body is not None:
            headers["Content-Type"] = "application/json"
        begun = time.monotonic()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        status = answer.status
        if status == 429 and b"being checked" in content:
            status = NO_TURN
        return status, time.monotonic() - begun

    def sign_in(self, name: str, password: str) -> tuple[int, float]:
        return self.send("POST", "/session/", {"name": name, "password": password}, **{"Sec-Fetch-Site": "same-origin"})


def prepared(settings: dict[str, str]) -> str:
    """A user, and the secret of a token."""
    database = Database(Settings(settings))
    accounts = Accounts(database)
    hashed = accounts.passwords.hash(PASSWORD)
    with database.writer.begin() as connection:
        accounts.users.create(connection, name="ann", password=hashed)
        _, secret = accounts.tokens.create(connection, name="t", roles=("admin",))
    database.close()
    return secret


class Attack:
    """The clients of one run; they write into the phase that is on."""

    def __init__(self, port: int, secret: str):
        self.port, self.secret = port, secret
        self.phase = Phase()
        self.over = threading.Event()
        self.attack = threading.Event()
        self._numbers = iter(range(10**9))
        self.threads = [threading.Thread(target=self.guess, daemon=True) for _ in range(GUESSERS)]
        self.threads += [threading.Thread(target=run, daemon=True) for run in (self.read, self.sign_in)]
        for thread in self.threads:
            thread.start()

    def guess(self) -> None:
        client = Client(self.port, ATTACKER)
        while not self.over.is_set():
            if self.attack.wait(0.1):
                # A guesser who has no turn comes again soon; Retry-After would ask for a second.
                answer = client.sign_in(f"guess {next(self._numbers)}", "a wrong password")
                self.phase.guesses.append(answer)
                if answer[0] == 429 and self.phase is self.first:
                    self.attack.clear()

    first: Phase | None = None

    def read(self) -> None:
        client = Client(self.port, READER)
        while not self.over.wait(0.05):
            phase = self.phase
            phase.reads.append(client.send("GET", "/table/T/rows/1/", Authorization=f"Bearer {self.secret}"))

    def sign_in(self) -> None:
        client = Client(self.port, OTHER)
        while not self.over.wait(1):
            phase = self.phase
            phase.sign_ins.append(client.sign_in("ann", PASSWORD))

    def run(self, seconds: float) -> None:
        print(told("alone", self.lasting(seconds), seconds))
        begun = time.monotonic()
        self.first = self.phase = Phase()
        self.attack.set()
        while self.attack.is_set() and time.monotonic() < begun + 60:
            time.sleep(0.01)
        took, before = time.monotonic() - begun, self.phase
        print(told("before the limit", before, took))
        self.first = None
        self.attack.set()
        print(told("after the limit", self.lasting(seconds), seconds))
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def lasting(self, seconds: float) -> Phase:
        phase = self.phase = Phase()
        time.sleep(seconds)
        return phase


def told(name: str, phase: Phase, seconds: float) -> str:
    def times(answers: list[tuple[int, float]]) -> str:
        if not answers:
            return "none"
        taken = [each for _, each in answers]
        statuses = ", ".join(
            f"{count} {NAMES.get(status, str(status))}"
            for status, count in sorted(Counter(s for s, _ in answers).items())
        )
        middle = statistics.median(taken) * 1000
        return f"{statuses}; median {middle:.0f} ms, p99 {percentile(taken, 0.99) * 1000:.0f} ms"

    hashed = sum(status == 401 for status, _ in phase.guesses)
    return (
        f"{name}: {seconds:.1f} s, {len(phase.guesses) / seconds:.1f} attempts a second, {hashed / seconds:.1f} of "
        f"them checked ({times(phase.guesses)}); reads {times(phase.reads)}; sign-ins of others {times(phase.sign_ins)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--seconds", type=float, default=10, help="of each phase but that before the limit")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, database_settings(given.database, Path(name), "enforced") as settings:
        server = Server(settings, Path(name))
        server.start()
        try:
            secret = prepared(settings)
            client, headers = Client(server.port, READER), {"Authorization": f"Bearer {secret}"}
            client.send("POST", "/table/", {"model_name": "T", "fields": {"x": "string"}}, **headers)
            client.send("POST", "/table/T/rows/", {"x": "y"}, **headers)
            Attack(server.port, secret).run(given.seconds)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
