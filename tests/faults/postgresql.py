"""Faults of PostgreSQL, and of the way to it."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psycopg

from tests.cluster.bed import Node
from tests.faults import mounts
from tests.faults.bed import Fault, Scene

_NOT_OURS = "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"


def _node(scene: Scene) -> Node:
    assert scene.bed is not None
    return scene.bed.primary


def delayed(seconds: float):
    def happens(scene: Scene) -> Iterator[None]:
        scene.proxy.delay = seconds
        yield
        scene.proxy.delay = 0

    return happens


def cut(*, resets: bool):
    """All connections end, several times; new ones are closed at once for the second half."""

    def happens(scene: Scene) -> Iterator[None]:
        for _ in range(5):
            scene.proxy.cut(resets=resets)
            time.sleep(0.3)
        scene.proxy.refuses = True
        scene.proxy.cut(resets=resets)
        yield
        scene.proxy.refuses = False

    return happens


def swallowed(scene: Scene) -> Iterator[None]:
    scene.proxy.swallows = True
    yield
    # What was under way is lost, as after a change of the network.
    scene.proxy.cut()
    scene.proxy.swallows = False


def terminated(scene: Scene) -> Iterator[None]:
    counted = 0
    for _ in range(25):
        counted += _node(scene).ask(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity {_NOT_OURS}")
        time.sleep(random.uniform(0.02, 0.3))
    scene.notes.append(f"{counted} backends")
    yield


def stopped(scene: Scene) -> Iterator[None]:
    _node(scene).stop()
    yield
    _node(scene).start()


def frozen(scene: Scene) -> Iterator[None]:
    """The server and its backends stand still, as a virtual machine that is suspended does."""
    _node(scene).signal_all(signal.SIGSTOP)
    yield
    _node(scene).signal_all(signal.SIGCONT)


def used_up(scene: Scene) -> Iterator[None]:
    node = _node(scene)
    with ExitStack() as others:
        node.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity {_NOT_OURS}")
        count = 0
        with suppress(psycopg.OperationalError):
            while True:
                others.enter_context(psycopg.connect(scene.bed.conninfo(node.port)))
                count += 1
        scene.notes.append(f"{count} connections of others")
        yield


def locked(scene: Scene) -> Iterator[None]:
    with psycopg.connect(scene.bed.conninfo(_node(scene).port)) as stranger:
        stranger.execute(f'LOCK TABLE {scene.settings["dynmodel.schema"]}."W" IN ACCESS EXCLUSIVE MODE')
        yield
        stranger.rollback()


def _small_tablespace(scene: Scene) -> None:
    folder = mounts.small_disk(scene, "tablespace", 24, user="postgres")
    node = _node(scene)
    inner = folder / "space"
    inner.mkdir()
    mounts.give(inner, "postgres")
    name = f"small_{scene.settings['dynmodel.schema']}"
    node.do(f"CREATE TABLESPACE {name} LOCATION '{inner}'")
    node.do(f"ALTER DATABASE postgres SET default_tablespace = '{name}'")

    def remove() -> None:
        scene.service.stop()
        node.do("ALTER DATABASE postgres RESET default_tablespace")
        node.do(f"DROP SCHEMA {scene.settings['dynmodel.schema']} CASCADE")
        node.do(f"DROP TABLESPACE {name}")

    scene.stack.callback(remove)


def full(scene: Scene) -> Iterator[None]:
    with mounts.filled(scene.folder / "tablespace"):
        # Room that the table has already is used first.
        yield


def full_log(scene: Scene) -> Iterator[None]:
    """The disk of the write-ahead log is full: the server ends, and a person makes room and starts it."""
    node = _node(scene)
    with mounts.filled(scene.folder / "wal"), suppress(psycopg.Error):
        for _ in range(10):  # more than there are segments
            node.do("SELECT pg_logical_emit_message(false, 'fault', 'x')")
            node.do("SELECT pg_switch_wal()")
        scene.wrong.append("the log was not full")
    with mounts.filled(scene.folder / "wal"):
        yield
    node.stop()
    node.start()


def _log_on_small_disk(scene: Scene) -> None:
    folder = mounts.small_disk(scene, "wal", 96, user="postgres")
    node = _node(scene)
    node.stop()
    usual, moved = node.folder / "pg_wal", folder / "pg_wal"
    mounts.move(usual, moved)
    usual.symlink_to(moved)

    def back() -> None:
        scene.service.stop()
        node.stop()
        usual.unlink()
        mounts.move(moved, usual)
        node.start()

    scene.stack.callback(back)
    node.start()


def _fault(name: str, happens, seconds: float = 3.0, **more) -> Fault:
    return Fault(f"postgresql: {name}", "postgresql", happens, seconds, **more)


ALL = [
    _fault("the way to it is 200 ms longer", delayed(0.2), 4, needs_proxy=True),
    _fault("the way to it is 2 s longer", delayed(2), 8, needs_proxy=True),
    _fault("connections are closed", cut(resets=False), needs_proxy=True),
    _fault("connections are reset", cut(resets=True), needs_proxy=True),
    _fault("connections are swallowed", swallowed, 45, needs_proxy=True),
    _fault("all backends are terminated", terminated, 1),
    _fault("the server is stopped at once, and started", stopped),
    _fault("the server is frozen", frozen, 45),
    _fault("others use up max_connections", used_up, 4),
    _fault("a stranger locks the table", locked, 8),
    _fault("the disk of tables is full", full, 5, prepare=_small_tablespace),
    _fault("the disk of the log is full", full_log, 8, prepare=_log_on_small_disk),
]
