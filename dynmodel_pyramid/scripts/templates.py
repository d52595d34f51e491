"""The templates of ``dynmodel-serve``, which fork its workers: the parent's side.

A template belongs to a generation of the supervisor, and to a number of processes, by which limits are divided while
the application is loaded.
"""

import functools
import logging
import selectors
import socket
from collections.abc import Callable, Iterator, Mapping

from dynmodel_pyramid.scripts.child import Child, Command, Plan, Template, adopt_descendants

log = logging.getLogger("dynmodel_serve")


class Templates:
    """Starts, hears and ends templates; iterates over those that run.

    :param sockets: the listening sockets, which workers inherit from their template
    :param before_end: called with a template before it is ended
    :param first: one that has been started already
    """

    def __init__(
        self,
        command: Command,
        sockets: list[socket.socket],
        selector: selectors.BaseSelector,
        before_end: Callable[[Template], None],
        first: Template | None = None,
    ) -> None:
        self._command, self._sockets, self._selector, self._before_end = command, sockets, selector, before_end
        self._running: dict[int, Template] = {}  # by generation
        self._unfit: set[int] = set()  # generations that can't be forked
        self._can_adopt: bool | None = None
        if first is not None:
            self._add(first)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._running.values())

    def can_fork(self, plan: Plan, generation: int) -> bool:
        """Whether the workers of a generation are to be forked."""
        if not plan.preload or generation in self._unfit:
            return False
        if self._can_adopt is None:
            self._can_adopt = adopt_descendants()
            if not self._can_adopt:
                log.warning("this system can't preload the application: each worker loads it itself")
        return self._can_adopt

    def fork(self, plan: Plan, generation: int) -> Child:
        """A new worker, forked as soon as its template has loaded the application.

        :raises OSError: no process can be started
        """
        template = self._running.get(generation)
        if template is not None and template.plan.processes != plan.processes:
            self._end(template)
            template = None
        if template is None:
            template = Template.spawned(self._command, plan, self._sockets, generation)
            self._add(template)
        return Child.forked(template, plan)

    def _add(self, template: Template) -> None:
        self._running[template.generation] = template
        self._selector.register(template.control, selectors.EVENT_READ, functools.partial(self._hear, template))
        log.info("template %d started", template.pid)

    def keep(self, generations: set[int]) -> None:
        """End all other templates, and wait for that."""
        for template in list(self):
            if template.generation not in generations:
                self._end(template)

    def reap(self, codes: Mapping[int, int]) -> list[Template]:
        """Those that are among the processes that have ended.

        :param codes: exit codes by the number of the process
        """
        gone = [template for template in self if template.pid in codes]
        for template in gone:
            template.code = codes[template.pid or 0]
            if template.control.fileno() != -1:
                self._hear(template)  # its last messages
            self._forget(template)
            if template.loaded:
                log.error("template %d died (%s)", template.pid, template.how_it_ended())
        return gone

    def _end(self, template: Template) -> None:
        self._before_end(template)
        template.end()
        log.info("template %d ended", template.pid)
        self._forget(template)

    def _forget(self, template: Template) -> None:
        self._hang_up(template)
        del self._running[template.generation]

    def _hang_up(self, template: Template) -> None:
        if template.control.fileno() != -1:
            self._selector.unregister(template.control)
            template.control.close()

    def _hear(self, template: Template) -> None:
        data = template.read()
        if data == b"":
            self._hang_up(template)
        for line in (data or b"").decode(errors="replace").splitlines():
            word, _, rest = line.partition(" ")
            if word == "loaded":
                template.loaded = True
                log.info("template %d has loaded the application", template.pid)
            elif word == "failed":
                template.cause = rest
            elif word == "threads":
                log.warning("the application starts threads while it loads: each worker loads it itself")
                template.has_threads = True
                self._unfit.add(template.generation)
