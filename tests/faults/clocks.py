"""What a clock that jumps does to all that has an end: a service whose clock is put an hour ahead, or an hour back.

python -m tests.faults.clocks

Only the service has that clock (package ``faketime``). Tokens, sessions, keys of requests and counts of failed sign-ins
are made, the clock jumps, and they are used; locks, idle connections and the end of the service are timed by the clock
of the machine. It prints what was seen, and exits with 1 if anything is not as docs/faults.md has it.
"""

import datetime
import http.client
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import requests

from tests.faults.bed import Scene, Unavailable
from tests.faults.processes import with_own_clock
from tests.faults.service import Service

#: An hour is longer than each of these.
SETTINGS = {
    "dynmodel.access": "enforced",
    "dynmodel.lock_timeout": "3",
    "dynmodel.session_idle": "1800",
    "dynmodel.idempotency_hours": "1",
    "dynmodel.signin_failures": "3",
    "dynmodel.signin_window": "900",
}
PASSWORD = "a long password"


class Clock:
    def __init__(self, file: Path) -> None:
        self._file = file

    def jump(self, minutes: int) -> None:
        """To so many minutes from the true time."""
        self._file.write_text(f"{minutes * 60:+d}\n")


class Person:
    """Requests to a service, with an administrator's token unless another credential is given."""

    def __init__(self, service: Service) -> None:
        self._service = service
        command = [sys.executable, "-m", "dynmodel_pyramid.scripts.token", "create", "--role", "admin"]
        made = subprocess.run([*command, str(service.ini)], capture_output=True, text=True, check=True)
        self._token = next(word for word in made.stdout.split() if word.startswith("dyn_"))

    def send(
        self, method: str, path: str, document: Any = None, *, token: str | None = None, **headers: str
    ) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token != "":
            sent["Authorization"] = f"Bearer {token or self._token}"
        return requests.request(method, self._service.url + path, json=document, headers=sent, timeout=60)

    def new_token(self, minutes: int) -> str:
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
        document = {"name": secrets.token_hex(4), "roles": ["admin"], "expires_at": end.isoformat()}
        answer = self.send("POST", "/token/", document)
        assert answer.status_code == 201, answer.text
        return answer.json()["secret"]

    def sign_in(self, name: str = "ann", password: str = PASSWORD) -> requests.Response:
        return self.send("POST", "/session/", {"name": name, "password": password}, token="", Origin=self._service.url)

    def is_in(self, session: requests.Response) -> int:
        cookies = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
        return self.send("GET", "/table/", token="", Cookie=cookies).status_code

    def write(self, key: str) -> int:
        answer = self.send("POST", "/table/T/rows/", {"a": 1}, Idempotency_Key=key)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


class Round:
    def __init__(self, service: Service, clock: Clock, file: Path) -> None:
        self.service, self.clock, self.file = service, clock, file
        self.person = Person(service)
        self.wrong = 0

    def tell(self, what: str, seen: Any, wanted: Any) -> None:
        self.wrong += seen != wanted
        print(
            f"{'ok   ' if seen == wanted else 'WRONG'} {what}: {seen}" + ("" if seen == wanted else f", not {wanted}")
        )

    def tokens(self) -> None:
        token = self.person.new_token(30)

        def use() -> int:
            return self.person.send("GET", "/table/", token=token).status_code

        self.tell("a token that ends in 30 minutes", use(), 200)
        self.clock.jump(60)
        self.tell("... an hour ahead", use(), 401)
        self.clock.jump(0)
        self.tell("... and back", use(), 200)
        self.clock.jump(-60)
        self.tell("... an hour back", use(), 200)
        self.clock.jump(0)

    def sessions(self) -> None:
        session = self.person.sign_in()
        self.tell("a session that may be idle for 30 minutes", self.person.is_in(session), 200)
        self.clock.jump(-60)
        self.tell("... an hour back", self.person.is_in(session), 200)
        early = self.person.sign_in()
        self.clock.jump(60)
        self.tell("... an hour ahead", self.person.is_in(session), 401)
        self.clock.jump(0)
        self.tell("... and back", self.person.is_in(session), 200)
        self.tell("a session that began an hour back", self.person.is_in(early), 401)

    def keys(self) -> None:
        key = secrets.token_hex(8)
        first = self.person.write(key)
        self.tell("a key is known", self.person.write(key) == first, True)
        self.clock.jump(-60)
        self.tell("... an hour back", self.person.write(key) == first, True)
        self.clock.jump(61)
        self.tell("... after an hour ahead, which is idempotency_hours", self.person.write(key) == first, False)
        self.clock.jump(0)

    def failures(self) -> None:
        for _ in range(3):
            self.person.sign_in("bob", "wrong")
        refused = self.person.sign_in("bob")
        self.tell("a sign-in after 3 failures", refused.status_code, 429)
        self.tell("... waits at most the window", int(refused.headers["Retry-After"]) <= 900, True)
        self.clock.jump(-60)
        self.tell("... an hour back", self.person.sign_in("bob").status_code, 201)
        self.clock.jump(0)

    def moments(self) -> None:
        row = f"/table/T/rows/{self.person.write(secrets.token_hex(8))}/"
        before = self.person.send("GET", row)
        self.clock.jump(-60)
        answer = self.person.send("PATCH", row, {"a": 2}, If_Match=before.headers["ETag"])
        self.tell("a row is changed an hour back", answer.status_code, 200)
        after = self.person.send("GET", row)
        self.tell("... its time of change goes back", after.json()["changed"] < before.json()["changed"], True)
        self.tell("... its entity tag is a new one", after.headers["ETag"] != before.headers["ETag"], True)
        stale = self.person.send("PATCH", row, {"a": 3}, If_Match=before.headers["ETag"])
        self.tell("... a change of what was read before", stale.status_code, 412)
        self.clock.jump(0)

    def locks(self) -> None:
        for minutes in (60, -60):
            told: list[Any] = []
            with closing(sqlite3.connect(self.file, isolation_level=None)) as stranger:
                stranger.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                waiting = threading.Thread(
                    target=lambda told=told: told.append(self.person.send("POST", "/table/T/rows/", {"a": 1}))
                )
                waiting.start()
                time.sleep(1)
                self.clock.jump(minutes)
                waiting.join()
                took = time.monotonic() - began
                stranger.execute("ROLLBACK")
            self.tell(f"a write waits for a lock, {minutes:+} minutes meanwhile", told[0].json()["code"], "busy")
            self.tell(f"... it waited for dynmodel.lock_timeout ({took:.1f} s)", 2.5 < took < 8, True)
            self.clock.jump(0)

    def end(self) -> None:
        """With a connection that is kept open."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        connection.request("GET", "/live")
        connection.getresponse().read()
        self.clock.jump(-60)
        began = time.monotonic()
        self.service.stop()
        took = time.monotonic() - began
        connection.close()
        self.tell(f"an hour back, the service ends ({took:.1f} s)", took < 8, True)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="dynmodel-clock-") as name, ExitStack() as stack:
        folder = Path(name)
        scene = Scene(folder, {**SETTINGS, "sqlalchemy.url": f"sqlite:///{folder}/data.sqlite"}, stack)
        try:
            with_own_clock(scene)
        except Unavailable as why:
            print(f"not run: {why}", file=sys.stderr)
            return 1
        service = Service(scene.settings, folder, **scene.environment)
        stack.callback(service.stop)
        service.start()
        run = Round(service, Clock(folder / "clock"), scene.file)
        fields = {"a": "integer", "changed": "updated_time"}
        assert run.person.send("POST", "/table/", {"model_name": "T", "fields": fields}).status_code == 201
        for user in ("ann", "bob"):
            document = {"name": user, "roles": ["admin"], "password": PASSWORD}
            assert run.person.send("POST", "/user/", document).status_code == 201
        steps: list[Callable[[], None]] = [run.tokens, run.sessions, run.keys, run.failures, run.moments, run.locks]
        for step in (*steps, run.end):
            step()
        lines = [line for line in service.lines() if " ERROR " in line or line.startswith("Traceback")]
        run.tell("errors in the log", lines, [])
    return 1 if run.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
