"""One fault: a service under readers and writers, what happens to it, and what they saw."""

import os
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dynmodel_pyramid.testing.databases import OPEN
from tests.cluster.bed import Bed, running_bed
from tests.faults.proxy import Proxy
from tests.faults.service import Service, kinds_of, traceback_of
from tests.faults.traffic import Ledger, Traffic

#: Seconds that an answer may take. Locks are waited for 3 s, the network's silence for less than 20.
DEADLINE = 30.0
SETTINGS = {"dynmodel.lock_timeout": "3", **OPEN}
POOL = {"sqlalchemy.pool_size": "4", "sqlalchemy.max_overflow": "8", "sqlalchemy.pool_timeout": "10"}
#: Seconds before the fault, and of good answers after it, until the run is over; and the longest wait for these.
BEFORE, CALM, PATIENCE = 1.5, 2.5, 75.0


class Unavailable(Exception):
    """The fault can't be made here; the text says why."""


@dataclass
class Scene:
    """What a fault may lay hands on."""

    folder: Path
    settings: dict[str, str]
    stack: ExitStack
    bed: Bed | None = None
    proxy: Proxy | None = None
    #: What starts the service.
    prefix: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    service: Service = None  # type: ignore[assignment]  # made when the fault has prepared the scene
    #: What the fault has to tell, such as a count.
    notes: list[str] = field(default_factory=list)
    #: What is wrong beside what the clients note.
    wrong: list[str] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """Of SQLite."""
        return Path(self.settings["sqlalchemy.url"].removeprefix("sqlite:///"))

    def load_inside(self) -> None:
        """Let Python load ``inside/sitecustomize.py`` in the processes of the service."""
        path = str(Path(__file__).parent / "inside"), os.environ.get("PYTHONPATH", "")
        self.environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))


@dataclass(frozen=True)
class Fault:
    """
    :param happens: begins the fault, yields, and ends it
    :param seconds: how long it lasts
    :param prepare: changes the scene before the service starts
    """

    name: str
    database: str
    happens: Callable[[Scene], Iterator[None]]
    seconds: float = 3.0
    prepare: Callable[[Scene], None] = lambda scene: None
    needs_proxy: bool = False


@dataclass
class Outcome:
    fault: Fault
    ledger: Ledger
    wrong: dict[str, list[str]]
    #: Seconds from the end of the fault to the first good answer, and to the last bad one.
    first: float
    all: float
    during: Counter[str]
    afterwards: Counter[str]
    slowest: float
    log: Counter[str]
    traceback: list[str]
    doctor: list[str]
    doctor_says: str
    notes: list[str]

    @property
    def count_500(self) -> int:
        return sum(count for word, count in self.ledger.words().items() if word.startswith("500"))

    @property
    def hanging(self) -> int:
        return self.ledger.words()["hangs"]

    @property
    def unknown(self) -> int:
        return sum(count for word, count in self.ledger.words().items() if "outcome_unknown" in word)

    @property
    def is_sound(self) -> bool:
        return not (self.wrong or self.count_500 or self.hanging or self.doctor or self.all >= PATIENCE - CALM)


@contextmanager
def cluster() -> Iterator[Bed]:
    """A PostgreSQL server for all faults, with few connections."""
    with running_bed(durable=True) as bed:
        bed.primary.stop()
        bed.primary.configure(max_connections="40")
        bed.primary.start()
        yield bed


def run(fault: Fault, bed: Bed | None = None) -> Outcome:
    """:raises Unavailable: the fault can't be made here"""
    with tempfile.TemporaryDirectory(prefix="dynmodel-fault-") as name, ExitStack() as stack:
        folder = Path(name)
        scene = Scene(folder, dict(SETTINGS), stack, bed)
        if fault.database == "postgresql":
            assert bed is not None
            port = bed.primary.port
            if fault.needs_proxy:
                scene.proxy = Proxy(port)
                stack.callback(scene.proxy.close)
                port = scene.proxy.port
            schema = f"fault_{secrets.token_hex(4)}"
            scene.settings |= {"sqlalchemy.url": bed.url(port), "dynmodel.schema": schema, **POOL}
        else:
            scene.settings["sqlalchemy.url"] = f"sqlite:///{folder}/data.sqlite"
        fault.prepare(scene)
        scene.service = service = Service(scene.settings, folder, **scene.environment)
        service.prefix = scene.prefix
        stack.callback(service.stop)
        service.start()
        traffic = Traffic(service.port, DEADLINE)
        traffic.prepare()
        return _measured(fault, scene, traffic)


def _measured(fault: Fault, scene: Scene, traffic: Traffic) -> Outcome:
    service, ledger = scene.service, traffic.ledger
    traffic.start()
    time.sleep(BEFORE)
    logged, began = service.log.stat().st_size, time.monotonic()
    happens = contextmanager(fault.happens)(scene)
    with happens:
        time.sleep(fault.seconds)
    ended = time.monotonic()
    while time.monotonic() < ended + PATIENCE:
        time.sleep(0.2)
        if not any(not told.is_good and told.ended > time.monotonic() - CALM for told in list(ledger.told)) and (
            time.monotonic() > ended + CALM
        ):
            break
    traffic.stop()
    after = [told for told in ledger.told if told.ended > ended]
    first = min((told.ended for told in after if told.is_good), default=ended + PATIENCE)
    last = max((told.ended for told in after if not told.is_good), default=ended)
    wrong = traffic.judge()
    if scene.wrong:
        wrong["other"] = scene.wrong
    doctor, says = service.examined()
    lines = service.lines(logged)
    return Outcome(
        fault=fault,
        ledger=ledger,
        wrong=wrong,
        first=first - ended,
        all=last - ended,
        during=Counter(told.word for told in ledger.told if began < told.ended <= ended),
        afterwards=Counter(told.word for told in after),
        slowest=max((told.ended - told.started for told in ledger.told), default=0),
        log=kinds_of(lines),
        traceback=traceback_of(lines),
        doctor=doctor,
        doctor_says=says,
        notes=scene.notes,
    )
