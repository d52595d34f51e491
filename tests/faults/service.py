"""dynmodel-serve as the bed starts it: two workers, a log in a file, perhaps another clock."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.server_process import Server

#: The disks of the bed are small.
EXPECTED = frozenset({"disk_full_soon"})
#: What differs from line to line of the same kind.
_DIFFERS = re.compile(r"request [0-9a-f]{16}|[0-9a-f]{8,}|\d+")


class Service(Server):
    #: A command that starts it.
    prefix: tuple[str, ...] = ()

    def __init__(self, settings: dict[str, str], folder: Path, *, processes: int = 2, **environment: str) -> None:
        super().__init__(settings, folder, module="dynmodel_pyramid.scripts.serve", environment=environment)
        text = self.ini.read_text(encoding="utf-8").replace("level = WARNING", "level = INFO", 1)
        self.ini.write_text(f"{text}\n[dynmodel-serve]\nprocesses = {processes}\n", encoding="utf-8")

    def start(self, *, wait: bool = True) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.python, "-m", self.module, str(self.ini)],
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=Path(__file__).parents[2],
                umask=0o077,
            )
        if wait:
            self.wait(90)

    def workers(self) -> list[int]:
        """The processes that have been started and not stopped, oldest first."""
        text = self.log.read_text(errors="replace")
        pids = [int(pid) for pid in re.findall(r"worker (\d+) ready", text)]
        return [pid for pid in dict.fromkeys(pids) if Path(f"/proc/{pid}").exists()]

    def template(self) -> int | None:
        """The process that workers are forked from."""
        found = re.findall(r"template (\d+)", self.log.read_text(errors="replace"))
        return int(found[-1]) if found else None

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def kill_all(self) -> None:
        """As a loss of power: nobody says farewell."""
        family = [self.process.pid, *descendants(self.process.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            family = descendants(self.process.pid)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                for pid in family:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def lines(self, since: int = 0) -> list[str]:
        """Of the log, from a byte on."""
        with self.log.open("rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace").splitlines()

    def examined(self) -> tuple[list[str], str]:
        """The codes of the errors and warnings of dynmodel-doctor, and all that it prints."""
        command = [sys.executable, "-m", "dynmodel_pyramid.scripts.doctor", "--quiet", "--json", str(self.ini)]
        environment = {name: value for name, value in self.environment.items() if name != "LD_PRELOAD"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
        try:
            findings = json.loads(done.stdout)["findings"]
        except ValueError:
            return ["failed"], done.stdout + done.stderr
        codes = [each["code"] for each in findings if each["severity"] in ("error", "warning")]
        return [code for code in codes if code not in EXPECTED], done.stdout


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def kinds_of(lines: list[str]) -> Counter[str]:
    """The lines by their text without numbers; what belongs to a traceback counts as one."""
    found: Counter[str] = Counter()
    for line in lines:
        if re.match(r"\d{4}-\d\d-\d\d ", line):
            found[_DIFFERS.sub("#", line.partition(" ")[2].partition(" ")[2])] += 1
        else:
            found["(further lines)"] += 1
    return found


def traceback_of(lines: list[str]) -> list[str]:
    """The first line that has a traceback, with it."""
    for number, line in enumerate(lines):
        if line.startswith("Traceback "):
            end = next((n for n in range(number, len(lines)) if re.match(r"\d{4}-\d\d-\d\d ", lines[n])), len(lines))
            return lines[max(0, number - 1) : end]
    return []


def wait_until(holds, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
