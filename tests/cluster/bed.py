"""A cluster on loopback: a primary, replicas that stream from it, and PgBouncer; from the packages of the system.

Its programs refuse root, so they run as the user ``postgres`` then. Everything is in one temporary folder.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.cluster.delay import Delay

USER = "postgres"
#: What a node has besides initdb's settings.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "max_standby_streaming_delay": "2s",
    "wal_keep_size": "512MB",
    "wal_receiver_status_interval": "1s",
    "log_min_messages": "warning",
}
#: A commit does not wait for the disk: only a loss of power could show the difference, and no run cuts it.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


def postgresql_programs() -> Path | None:
    """The folder of initdb, pg_basebackup and pg_ctl."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("pg_basebackup")
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None) or (
        Path(on_path).resolve().parent if on_path else None
    )


def pgbouncer_program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def missing_programs(*, pooler: bool = False) -> str | None:
    """What has to be installed before a bed can be made; None: nothing."""
    if postgresql_programs() is None:
        return "initdb and pg_basebackup are missing: install the package postgresql"
    if pooler and pgbouncer_program() is None:
        return "pgbouncer is missing: install the package pgbouncer"
    if os.geteuid() == 0 and not _has_user():
        return f"PostgreSQL refuses to run as root, and there is no user {USER}"
    return None


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, user=_user(), check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")


def _user() -> str | None:
    return USER if os.geteuid() == 0 else None


class Node:
    """One PostgreSQL server."""

    def __init__(self, bed: "Bed", name: str) -> None:
        self.bed, self.name = bed, name
        self.folder = bed.folder / name
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.bed.url(self.port)

    def configure(self, **settings: str) -> None:
        """Takes effect with the next start, or :meth:`reload`."""
        with (self.folder / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        with (self.bed.folder / f"{self.name}.log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.bed.programs / "postgres", "-D", self.folder, "-p", str(self.port), "-k", self.bed.folder],
                stdout=log,
                stderr=log,
                cwd=self.bed.folder,
                user=_user(),
            )
        deadline = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError):
                self.ask("SELECT 1")
                return
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError(f"{self.name} does not start: {self.log()[-2000:]}")
            time.sleep(0.02)

    def log(self) -> str:
        return (self.bed.folder / f"{self.name}.log").read_text(errors="replace")

    def ask(self, statement: str, *parameters: object) -> object:
        """The first value of the first row."""
        with psycopg.connect(self.bed.conninfo(self.port), autocommit=True, connect_timeout=5) as connection:
            row = connection.execute(statement, parameters or None).fetchone()  # type: ignore[call-overload]
            return row[0] if row else None

    def do(self, statement: str) -> None:
        with psycopg.connect(self.bed.conninfo(self.port), autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def reload(self) -> None:
        self.do("SELECT pg_reload_conf()")

    def promote(self) -> None:
        self.ask("SELECT pg_promote(true, 30)")

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def processes(self) -> list[int]:
        """The server, and the processes that it has started."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def signal_all(self, number: int) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """As a loss of power: no process says farewell."""
        self.signal_all(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)  # at once
            self._wait()

    def _wait(self) -> None:
        assert self._server is not None
        try:
            self._server.wait(15)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


class Bed:
    """All servers of a run. ``primary`` is there from the beginning."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        programs = postgresql_programs()
        assert programs is not None  # missing_programs() was asked
        self.programs = programs
        self.nodes: list[Node] = []
        self.delays: list[Delay] = []
        self._poolers: list[subprocess.Popen[bytes]] = []
        self.primary = Node(self, "primary")
        self.nodes.append(self.primary)
        _run([programs / "initdb", "-D", self.primary.folder, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync",
              "--locale=C.UTF-8"], folder)  # fmt: skip
        self.primary.configure(**_SETTINGS, **({} if durable else _NOT_DURABLE))
        self.primary.start()

    def conninfo(self, port: int) -> str:
        return f"host=127.0.0.1 port={port} user={USER} dbname=postgres"

    def url(self, port: int) -> str:
        return f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"

    def url_of_all(self) -> str:
        """For whichever server is the primary."""
        hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql+psycopg://{USER}@/postgres?{hosts}&target_session_attrs=read-write&connect_timeout=2"

    def add_replica(self, *, lag: float = 0, synchronous: bool = False) -> Node:
        """
        :param lag: how long the log is under way
        :param synchronous: whether commits wait for it
        """
        node = Node(self, f"replica{len(self.nodes)}")
        _run([self.programs / "pg_basebackup", "-D", node.folder, "-h", "127.0.0.1", "-p", self.primary.port,
              "-U", USER, "-X", "stream", "-c", "fast", "--no-sync"], self.folder)  # fmt: skip
        port = self.primary.port
        if lag:
            self.delays.append(Delay(port, lag))
            port = self.delays[-1].port
        node.configure(
            primary_conninfo=f"host=127.0.0.1 port={port} user={USER} application_name={node.name}",
            hot_standby="on",
            recovery_target_timeline="latest",
        )
        (node.folder / "standby.signal").touch()
        if os.geteuid() == 0:
            shutil.chown(node.folder / "standby.signal", USER, USER)
        self.nodes.append(node)
        node.start()
        if synchronous:
            self.primary.do(f"ALTER SYSTEM SET synchronous_standby_names = '{node.name}'")
            self.primary.reload()
        return node

    def start_pooler(self, node: Node | None = None, *, size: int = 8) -> str:
        """PgBouncer in transaction mode before a server, by default the primary; -> its URL."""
        program, node = pgbouncer_program(), node or self.primary
        assert program is not None  # missing_programs() was asked
        port = free_port()
        (self.folder / "users.txt").write_text(f'"{USER}" ""\n')
        ini, log_file = (self.folder / f"pgbouncer-{node.name}.{end}" for end in ("ini", "log"))
        ini.write_text(
            f"""[databases]
postgres = host=127.0.0.1 port={node.port} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {self.folder / "users.txt"}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
server_reset_query_always = 0
ignore_startup_parameters = extra_float_digits
""".replace("auth_type = any", "auth_type = trust")
        )
        for file in (ini, self.folder / "users.txt"):
            if os.geteuid() == 0:
                shutil.chown(file, USER, USER)
        with log_file.open("ab") as log:
            command = [program, ini]
            self._poolers.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, user=_user()))
        deadline = time.monotonic() + 15
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.conninfo(port)):
                return self.url(port)
            if time.monotonic() > deadline:
                raise RuntimeError(log_file.read_text()[-2000:])
            time.sleep(0.02)

    def stop(self) -> None:
        for pooler in self._poolers:
            pooler.kill()
            pooler.wait()
        for delay in self.delays:
            delay.close()
        for node in reversed(self.nodes):
            node.stop()


@contextmanager
def running_bed(*, durable: bool = False) -> Iterator[Bed]:
    with tempfile.TemporaryDirectory(prefix="dynmodel-bed-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        bed = Bed(folder, durable=durable)
        try:
            yield bed
        finally:
            bed.stop()
