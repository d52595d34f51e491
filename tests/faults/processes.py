"""Faults of the service's processes, and of its clock."""

import os
import signal
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from tests.faults.bed import Fault, Scene, Unavailable
from tests.faults.service import wait_until


def worker_killed(scene: Scene) -> Iterator[None]:
    os.kill(scene.service.workers()[0], signal.SIGKILL)
    yield


def worker_stopped(scene: Scene) -> Iterator[None]:
    pid = scene.service.workers()[0]
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


def parent_killed(scene: Scene) -> Iterator[None]:
    """Its workers end; a person, or systemd, starts it again."""
    workers = scene.service.workers()
    scene.service.process.kill()
    scene.service.process.wait()
    began = time.monotonic()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 45)
    scene.notes.append(f"workers ended after {time.monotonic() - began:.1f} s")
    yield
    scene.service.start()


def template_killed(scene: Scene) -> Iterator[None]:
    """And then a worker, which needs a new template."""
    pid = scene.service.template()
    if pid is None:
        raise Unavailable("this system can't preload")
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    os.kill(scene.service.workers()[0], signal.SIGKILL)
    yield


def reloaded(scene: Scene) -> Iterator[None]:
    scene.service.signal(signal.SIGHUP)
    yield


#: Debian's package faketime.
_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def with_own_clock(scene: Scene) -> None:
    if not _LIBRARIES:
        raise Unavailable("the package faketime is not installed")
    clock = scene.folder / "clock"
    clock.write_text("+0\n")
    scene.load_inside()
    scene.environment |= {
        "LD_PRELOAD": str(_LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def clock_jumps(offset: str):
    def happens(scene: Scene) -> Iterator[None]:
        (scene.folder / "clock").write_text(f"{offset}\n")
        yield
        told = requests.get(f"{scene.service.url}/table/", timeout=30).headers["Date"]
        jumped = parsedate_to_datetime(told).timestamp() - time.time()
        if not 80_000 < abs(jumped) < 90_000:
            scene.wrong.append(f"the clock did not jump: {told}")
        (scene.folder / "clock").write_text("+0\n")

    return happens


def _fault(name: str, happens, seconds: float = 3.0, database: str = "sqlite", **more) -> Fault:
    return Fault(f"processes: {name}", database, happens, seconds, **more)


ALL = [
    _fault("a worker is killed", worker_killed, 1),
    _fault("a worker is stopped for 5 s", worker_stopped, 5),
    _fault("the parent is killed", parent_killed, 0.2),
    _fault("the template is killed", template_killed, 3),
    _fault("the service is reloaded", reloaded, 4),
    _fault("a worker is killed (postgresql)", worker_killed, 1, "postgresql"),
    _fault("the service is reloaded (postgresql)", reloaded, 4, "postgresql"),
    _fault("the clock jumps a day ahead, and back", clock_jumps("+1d"), 4, prepare=with_own_clock),
    _fault("the clock jumps a day back, and ahead", clock_jumps("-1d"), 4, prepare=with_own_clock),
]
