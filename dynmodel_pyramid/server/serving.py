"""The server: waitress on sockets that are bound already, with a stop that loses nothing.

The thread of :meth:`Server.run` starts the others and watches them (``dispatch``); the polling thread does the rest.

When waitress itself stops, it drops the requests that wait for a thread, gives running ones five seconds, and closes
connections even if their client has just sent a request. This server instead

1. stops accepting; when nobody is left to accept, it first takes in what waits in the listening socket's queue;
2. answers every request it has or still receives, the last one on a connection with ``Connection: close``;
3. closes a connection on which nothing has happened for ``IDLE_GRACE`` seconds, after a last look for a request on it;
4. ends when no connection is left, or when the graceful timeout is over.

A client may still send a request in the very moment in which an idle connection is closed. HTTP cannot prevent that;
the client may send the request again if it is idempotent (RFC 9112, section 9.3.1).
"""

import gc
import logging
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.adjustments import Adjustments

from dynmodel_pyramid.server.balance import FULL, Balance
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.departures import INTERVAL, departed
from dynmodel_pyramid.server.dispatch import Threads
from dynmodel_pyramid.server.gate import Gate
from dynmodel_pyramid.server.ledger import Ledger
from dynmodel_pyramid.server.listener import Listener, listen
from dynmodel_pyramid.server.pages import Pages
from dynmodel_pyramid.server.settings import Limits
from dynmodel_pyramid.telemetry import families, measuring

log = logging.getLogger("dynmodel_pyramid.server")
IDLE_GRACE = 1.0
#: Seconds after which a computing thread lets another have the interpreter (Python's default: 0.005). While a long
#: answer is made, short requests and the polling thread wait that long dozens of times each.
SWITCH_INTERVAL = 0.0005
DRAIN_TURN = 0.05  # seconds between two looks at the connections while stopping


def settle() -> None:
    """Call it when the application is loaded: what is there by then stays, so no later garbage collection need look
    through it. They took a fifth of the processor time of long lists.
    """
    gc.collect()
    gc.freeze()


class Server:
    """Serves any WSGI application; :meth:`run` returns after :meth:`stop` was called and the requests are answered.

    :param sockets: already bound
    :param multiprocess: other processes serve the same application
    """

    def __init__(
        self,
        application: WSGIApplication,
        sockets: list[socket.socket],
        limits: Limits,
        graceful_timeout: float,
        *,
        multiprocess: bool,
    ) -> None:
        self.graceful_timeout = graceful_timeout
        self.multiprocess = multiprocess
        self.stopping = False
        self.last_orders = False
        self.map: dict[int, Any] = {}
        self.adj = Adjustments(sockets=sockets, **limits.waitress)
        self.ledger = Ledger(limits)
        self.to_close: deque[Channel] = deque()  # to be closed by the polling thread; others may append
        self.gate = Gate(self.ledger, self.adj, self.map)
        self.balance = Balance()
        self.dispatcher = Threads(self.adj.threads)
        self.listeners = [listen(self, application, self.adj, sock) for sock in sockets]
        self.pages = Pages(limits, self.adj.url_prefix, self.listeners[0])
        self._next_look = self._next_departures = 0.0
        self._on_stopping: Callable[[], None] = lambda: None
        self._on_look: Callable[[], None] = lambda: None
        self._deadline: float | None = None  # of a stop that has begun
        self._began_to_stop = 0.0

    def stop(self, last_orders: bool = False) -> None:
        """Begin to stop; may be called from a signal handler, from any thread, and again.

        :param last_orders: no other process will accept from the sockets, so take in what waits in their queues
        """
        self.last_orders = self.last_orders or last_orders
        self.stopping = True
        self.listeners[0].pull_trigger()

    def run(self, on_stopping: Callable[[], None] = lambda: None, on_look: Callable[[], None] = lambda: None) -> int:
        """Serve, then drain; returns how many requests the graceful timeout cut off.

        Call it in the main thread if signal handlers call :meth:`stop`: it runs no request, and waits for nothing long.

        :param on_look: called about once a second, by the polling thread, also while the server drains
        """
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._on_stopping, self._on_look = on_stopping, on_look
        self.dispatcher.lead(self._turn)
        # From here on this thread is the polling thread.
        cut = sum(channel.is_busy() for channel in self._channels())
        for channel in self._channels():
            channel.close_soon()
        self._close()
        # A request whose client has gone has no connection any more, but may be about to commit.
        # Idle threads, too, need a moment to end.
        left = (self._deadline or 0.0) - time.monotonic()
        self.dispatcher.shutdown(timeout=max(0.2, left))
        measuring.store()
        return max(cut, len(self.dispatcher.threads))

    def begin(self, channel: Channel) -> None:
        """Start ``channel.requests[0]``: answer it here and now, or hand it to a thread."""
        request = channel.requests[0]
        if request.error:
            channel.service()
        elif not self.pages.take(channel) and not self.gate.holds(channel):
            self.dispatcher.add_task(channel)

    def _turn(self) -> bool:
        """Poll once; false when the server has stopped."""
        if self.stopping and self._is_drained():
            return False
        timeout = self.adj.asyncore_loop_timeout if not self.stopping else DRAIN_TURN
        if self.dispatcher.hurries:
            timeout = 0.0
        elif self.dispatcher.is_busy:
            timeout = min(timeout, INTERVAL)
        began = time.monotonic()
        if pause := self.balance.pause(began):
            timeout = min(timeout, pause)
        accepts = not self.stopping and self.gate.is_open() and not any(listener.pauses for listener in self.listeners)
        self.balance.tell(len(self.map) if accepts else FULL, began)
        self._close()  # what the requests since the turn before have broken off
        wasyncore.loop(timeout=timeout, use_poll=self.adj.asyncore_use_poll, map=self.map, count=1)
        self._close()
        self.gate.admit()
        now = time.monotonic()
        if now >= self._next_departures:
            self._next_departures = now + INTERVAL
            for channel in departed(self._channels()):
                channel.handle_close()  # the application sees it, and writing fails
        if now >= self._next_look:
            self._next_look = now + self.adj.cleanup_interval
            for channel in self._channels():
                try:
                    channel.check(now)
                except Exception:  # as in the loop, an error of one connection ends only that one
                    log.exception("an error while a connection was looked at")
                    channel.close_soon()
            for listener in self.listeners:
                listener.pauses = False
            self.gate.look(now)
            self.pages.look(now)
            self.dispatcher.poke()
            self._tell_metrics()
            self._on_look()
        return True

    def _tell_metrics(self) -> None:
        queue, set_gauge = self.dispatcher.queue, measuring.set_gauge
        set_gauge(families.QUEUED, len(queue))
        set_gauge(families.THREADS, self.adj.threads, "most")
        set_gauge(families.THREADS, len(queue.running), "busy")
        set_gauge(families.CLIENTS, len(self._channels()))
        set_gauge(families.SPOOLED, self.ledger.spooled)
        if measuring.active:
            measuring.refresh()

    def _is_drained(self) -> bool:
        """Begin to stop, or go on with it; true when no connection is left, or the graceful timeout is over."""
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self.graceful_timeout
            self._began_to_stop = time.time()  # wall clock: to be compared with waitress's last_activity
            for listener in self.listeners:
                listener.draining = True
            self._on_stopping()
        if now >= self._deadline:
            return True
        accepting = self._close_listeners()
        self._close_idle(self._began_to_stop)
        return not accepting and not self._channels()

    def _close(self) -> None:
        while self.to_close:
            self.to_close.popleft().handle_close()

    def _channels(self) -> list[Channel]:
        return [entry for entry in self.map.values() if isinstance(entry, Channel)]

    def _close_listeners(self) -> bool:
        """Stop accepting; true when a queue must be emptied first and there is no room to do so now."""
        waiting = False
        for listener in self.listeners:
            if listener.socket is None:
                continue
            if self.last_orders and not self._accept_queued(listener):
                waiting = True
                continue
            # Not listener.close(): that would close the trigger, by which threads wake this loop.
            wasyncore.dispatcher.close(listener)
        return waiting

    def _accept_queued(self, listener: Listener) -> bool:
        """Accept what waits; true when the queue is empty.

        Every process closes its copy of the socket right after its queue was empty, and the kernel refuses clients when
        the last copy is closed: so the last worker's look decides. Whoever stops them all lets nobody into the queue
        any more (``last_orders``).
        """
        poll = select.poll()
        poll.register(listener.socket, select.POLLIN)
        for _ in range(self.adj.backlog):
            if not poll.poll(0):
                return True
            if not self.gate.is_open():
                return False
            listener.handle_accept()
        return False

    def _close_idle(self, began: float) -> None:
        now = time.time()
        for channel in self._channels():
            # Less than nothing if the clock was put back.
            if 0 <= now - max(began, channel.last_activity) < IDLE_GRACE or channel.is_busy():
                continue
            if not channel.has_unread():
                channel.handle_close()
