"""The parent process of ``dynmodel-serve``: starts, watches, replaces and stops workers. It loads no application.

One thread, one loop. Each turn compares the workers that run with those that should run (``processes`` ready workers of
the newest *generation*) and starts or stops workers accordingly; signals and deaths only change these numbers. A reload
begins a new generation. It proves itself when its first worker becomes ready; until then nothing else changes. If that
worker fails, the generation is dropped.

Where the plan says ``preload``, the workers of a generation are forked from its template (``templates``). An unproven
generation has one of its own, beside that of the fallback.
"""

import functools
import itertools
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace

from dynmodel_pyramid.scripts.child import FIRST_GENERATION, Child, Command, Plan, Template, ended
from dynmodel_pyramid.scripts.templates import Templates
from dynmodel_pyramid.server.last_orders import take_nobody_more
from dynmodel_pyramid.settings import READ_IN_PLACE
from dynmodel_pyramid.telemetry import families, measuring

log = logging.getLogger("dynmodel_serve")

STOOD_STILL = 1.0  # seconds that this loop may be late without having been stopped itself
SETTLED = 10.0  # a worker that lived this many seconds did not die "at once"
LONGEST_DELAY = 30.0

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCHLD)


class Supervisor:
    """Keeps ``plan.processes`` workers; :meth:`run` returns the exit status.

    :param read_plan: reads the INI file again; called on SIGHUP
    :param plan: the first reading
    :param command: ``(plan, control, sockets)`` with file descriptors -> the command line of a worker
    :param template_command: the same of a template
    :param sockets: bound; closed by :meth:`run`
    :param first: the template of the first generation, if it has been started already
    """

    def __init__(
        self,
        read_plan: Callable[[], Plan],
        plan: Plan,
        command: Command,
        template_command: Command,
        sockets: list[socket.socket],
        first: Template | None = None,
    ) -> None:
        self.read_plan = read_plan
        self.plan = plan
        self.command = command
        self.sockets = sockets
        self.listen = plan.listen
        self.workers: list[Child] = []
        self.generations = itertools.count(FIRST_GENERATION)
        self.generation = next(self.generations)
        self.proven = False
        self.fallback: tuple[int, Plan] | None = None  # that served before an unproven one
        self.reloading = False
        self.stopping = False
        self.status = 0
        self.failures = 0
        self.failed_at = float("-inf")
        self.not_before = float("-inf")
        self.selector = selectors.DefaultSelector()
        self.templates = Templates(template_command, sockets, self.selector, self._before_end, first)

    def run(self) -> int:
        """Serve until told to stop."""
        self._listen_to_signals()
        while self.workers or not self.stopping:
            if not self.stopping:
                self._start_missing()
                self._stop_surplus()
                self._end_templates()
            patience = self._patience()
            turned = time.monotonic()
            for key, _ in self.selector.select(patience):
                key.data()
            late = time.monotonic() - turned - patience if patience is not None else 0.0
            self._kill_silent(stood_still=late > STOOD_STILL)
            self._reap()
            self._tell_metrics()
        log.info("stopped")
        return self.status

    def _tell_metrics(self) -> None:
        live = self._live()
        ready = sum(worker.ready for worker in live)
        counts = {
            "wanted": 0 if self.stopping else self.plan.processes,
            "ready": ready,
            "starting": len(live) - ready,
            "stopping": len(self.workers) - len(live),
        }
        for state, count in counts.items():
            measuring.set_gauge(families.WORKERS, count, state)

    # What should be

    def _live(self) -> list[Child]:
        return [worker for worker in self.workers if worker.deadline is None]

    def _missing(self) -> int:
        live = self._live()
        current = sum(worker.generation == self.generation for worker in live)
        if not self.proven:
            return 1 - current
        # A reload replaces a quarter of the workers at a time: so much memory more than usual.
        room = self.plan.processes + max(1, self.plan.processes // 4) - len(live)
        return min(self.plan.processes - current, room)

    def _start_missing(self) -> None:
        while self._missing() > 0 and time.monotonic() >= self.not_before:
            try:
                child = self._new_worker()
            except OSError as error:
                delay = self._back_off(time.monotonic())
                log.error("can't start a worker: %s; next attempt in %.1f s", error, delay)
                return
            self.workers.append(child)
            self.selector.register(child.control, selectors.EVENT_READ, functools.partial(self._hear, child))
            if child.pid is not None:
                log.info("worker %d started", child.pid)

    def _new_worker(self) -> Child:
        """:raises OSError: no process can be started"""
        if self.templates.can_fork(self.plan, self.generation):
            return self.templates.fork(self.plan, self.generation)
        return Child.spawned(self.command, self.plan, self.sockets, self.generation)

    def _end_templates(self) -> None:
        """Those of generations that start no worker any more, or none as long as all workers live."""
        fallback = {self.fallback[0]} if self.fallback is not None and not self.proven else set()
        own = {self.generation} if self.plan.keeps_template or not self._is_complete() else set()
        self.templates.keep(own | fallback)

    def _is_complete(self) -> bool:
        live = self._live()
        is_reloaded = all(worker.ready and worker.generation == self.generation for worker in live)
        return self.proven and is_reloaded and len(live) == self.plan.processes

    def _stop_surplus(self) -> None:
        for worker in self._live():
            if worker.generation != self.generation and not worker.ready:  # overtaken by a reload
                self._stop_worker(worker)
        if not self.proven:
            return
        ready = sorted((w for w in self._live() if w.ready), key=lambda worker: worker.generation == self.generation)
        for worker in ready[: max(0, len(ready) - self.plan.processes)]:
            self._stop_worker(worker)
        if self.reloading and self._is_complete():
            self.reloading = False
            measuring.add(families.RELOADS, "done")
            log.info("reloaded: %d new workers", self.plan.processes)

    def _stop_worker(self, worker: Child) -> None:
        if worker.pid is not None:
            log.info("stopping worker %d", worker.pid)
        worker.stop()

    # What happens

    def _listen_to_signals(self) -> None:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)  # the loop reads the number from the pipe
        self.selector.register(reader, selectors.EVENT_READ, lambda: self._handle_signals(os.read(reader, 4096)))

    def _handle_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number in (signal.SIGTERM, signal.SIGINT):
                if self.stopping:
                    self._kill_all(number)
                else:
                    log.info("stopping on %s", signal.strsignal(number))
                    self._stop_all()
            elif self.stopping:
                continue
            elif number == signal.SIGHUP:
                self._reload()
            elif number in (signal.SIGTTIN, signal.SIGTTOU):
                change = 1 if number == signal.SIGTTIN else -1
                self.plan = replace(self.plan, processes=max(1, self.plan.processes + change))
                log.info("%d processes from now on", self.plan.processes)

    def _hear(self, worker: Child) -> None:
        data = worker.read()
        if data == b"":
            self._hang_up(worker)
        for line in (data or b"").decode(errors="replace").splitlines():
            word, _, rest = line.partition(" ")
            if word == "pid":
                worker.pid = int(rest)
                log.info("worker %d started", worker.pid)
            elif word == "ready":
                self._got_ready(worker)
            elif word == "failed":
                worker.cause = rest
            elif word == "stopping" and worker.deadline is None:
                # Something else stopped it. Fill its place now, not when it ends.
                log.info("worker %d is stopping by itself", worker.pid)
                worker.expect_end()
            elif word == "cut":
                log.error(
                    "worker %d cut off %s requests after %g s (graceful_timeout)",
                    *(worker.pid, rest, worker.graceful_timeout),
                )

    def _hang_up(self, worker: Child) -> None:
        if worker.control.fileno() != -1:
            self.selector.unregister(worker.control)
            worker.control.close()
            worker.hung_up = time.monotonic()

    def _got_ready(self, worker: Child) -> None:
        worker.ready = True
        log.info("worker %d ready", worker.pid)
        if worker.generation == self.generation and not self.proven:
            self.proven = True
            if self.fallback is None:
                places = ", ".join(describe(sock) for sock in self.sockets)
                log.info("serving on %s with %d processes", places, self.plan.processes)

    def _kill_silent(self, *, stood_still: bool) -> None:
        """Kill the workers that no longer answer.

        :param stood_still: this process itself was stopped, and probably the workers with it (a frozen container): the
            timeout of each starts again
        """
        now = time.monotonic()
        for process in (*self.workers, *self.templates):
            if now < process.silent_at:
                continue
            if stood_still:
                process.heard = now
                continue
            kind = "template" if isinstance(process, Template) else "worker"
            process.cause = f"no answer for {process.worker_timeout:g} s (worker_timeout)"
            log.error("%s %d: %s; killing it, the requests that it had are lost", kind, process.pid, process.cause)
            process.silent = True
            process.kill()

    def _reap(self) -> None:
        codes = dict(ended())
        for template in self.templates.reap(codes):
            for worker in self._unborn_of(template):
                if template.has_threads:
                    worker.stop()  # others take their places
                worker.cause = f"template {template.pid}, {template.how_it_ended()}"
        now = time.monotonic()
        for worker in list(self.workers):
            if worker.pid is None and worker.control.fileno() != -1:
                self._hear(worker)  # it may have ended before its number was read
            if worker.pid is not None and worker.pid in codes:
                worker.code = codes[worker.pid]
            if worker.code is not None or now >= worker.unborn_at:
                self._remove(worker)
            elif worker.deadline is not None and now >= worker.deadline:
                log.error("worker %s does not end; killing it", worker.pid)
                worker.kill()
                worker.deadline = float("inf")

    def _remove(self, worker: Child) -> None:
        if worker.control.fileno() != -1:
            self._hear(worker)  # its last messages
            self._hang_up(worker)
        self.workers.remove(worker)
        if worker.pid is not None:
            measuring.MEMORY.forget(worker.pid)
        if worker.deadline is None:
            self._died(worker)
        elif worker.pid is not None:
            log.info("worker %d stopped (%s)", worker.pid, worker.how_it_ended())

    def _before_end(self, template: Template) -> None:
        for worker in self._unborn_of(template):
            worker.stop()

    def _unborn_of(self, template: Template) -> list[Child]:
        return [each for each in self._live() if each.pid is None and each.generation == template.generation]

    def _died(self, worker: Child) -> None:
        cause = "silent" if worker.silent else "signal" if (worker.code or 0) < 0 else "exit"
        measuring.add(families.WORKER_DEATHS, cause)
        if worker.code == -signal.SIGBUS:
            self._read_copies()
        who = f"worker {worker.pid}" if worker.pid is not None else "a worker"
        how = worker.how_it_ended()
        if worker.generation != self.generation or self.proven:
            # Silence needs no back-off: it shows only after the timeout.
            delay = 0.0 if worker.silent and worker.ready else self._back_off(worker.started)
            log.error("%s died (%s); starting another in %.1f s", who, how, delay)
        elif self.fallback is None:
            log.error("%s could not load the application (%s)", who, how)
            self.status = 1
            self._stop_all()
        else:
            log.error("%s could not load the application (%s); the old workers go on", who, how)
            (self.generation, self.plan), self.proven, self.reloading = self.fallback, True, False
            measuring.add(families.RELOADS, "failed")

    def _read_copies(self) -> None:
        """Let the workers that start from now on read SQLite's files into memory of their own: a disk that fails to
        read is an error then, and no worker's end (decision 50).
        """
        if os.environ.get(READ_IN_PLACE) == "0":
            return
        os.environ[READ_IN_PLACE] = "0"
        self.templates.keep(set())  # they have read the settings
        log.error("a file could not be read in place: new workers start with dynmodel.sqlite_mmap_size = 0")

    def _back_off(self, started: float) -> float:
        """Seconds to wait after a worker's death before another one starts: 0, 0.5, 1, 2... when it keeps happening."""
        now = time.monotonic()
        if now - started >= SETTLED:
            self.failures = 0
        # Workers that die together for one reason count once.
        if started > self.failed_at:
            self.failures += 1
            self.failed_at = now
            delay = 0.0 if self.failures == 1 else min(LONGEST_DELAY, 0.5 * 2 ** (self.failures - 2))
            self.not_before = now + delay
        return max(0.0, self.not_before - now)

    def _patience(self) -> float | None:
        """Seconds until the next turn is due, if no event comes first."""
        now = time.monotonic()
        times = [worker.deadline for worker in self.workers if worker.deadline is not None]
        times += [worker.unborn_at for worker in self.workers]
        times += [process.silent_at for process in (*self.workers, *self.templates)]
        if not self.stopping and self._missing() > 0:
            times.append(self.not_before)
        times = [moment for moment in times if moment != float("inf")]
        return max(0.0, min(times) - now) if times else None

    # Requests of operators

    def _reload(self) -> None:
        try:
            plan = self.read_plan()
        except Exception as error:  # no error may end the processes that serve
            log.error("can't reload, the old workers go on: %s", error)
            measuring.add(families.RELOADS, "failed")
            return
        if plan.listen != self.listen:
            log.warning("where to listen has changed in [server:main]; that needs a restart")
        log.info("reloading")
        if self.proven:
            self.fallback = (self.generation, self.plan)
        self.generation, self.plan = next(self.generations), plan
        self.proven, self.reloading = False, True

    def _stop_all(self) -> None:
        self.stopping = True
        self.templates.keep(set())
        # First of all, so that the last copy is closed by the last worker, which has emptied the queue.
        for sock in self.sockets:
            take_nobody_more(sock)
            sock.close()
        for worker in self.workers:
            worker.last_orders()

    def _kill_all(self, number: int) -> None:
        log.error("%s again: ending at once", signal.strsignal(number))
        self.status = 1
        for worker in self.workers:
            worker.kill()


def describe(sock: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    if sock.family == socket.AF_UNIX:
        return f"unix:{sock.getsockname()}"
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if sock.family == socket.AF_INET6 else f"http://{host}:{port}"
