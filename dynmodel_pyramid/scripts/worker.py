"""A worker process of ``dynmodel-serve``: waitress on sockets that the parent bound, with a stop that loses nothing.

waitress itself, when it stops, drops the requests that wait for a thread, gives running ones five seconds, and closes
connections whatever their client has just sent. A worker instead

1. stops accepting; when nobody is left to accept, it first takes in what waits in the listening socket's queue;
2. answers every request it has or still receives, the last one on a connection with ``Connection: close``;
3. closes a connection on which nothing has happened for ``IDLE_GRACE`` seconds, after a last look for a request on it;
4. ends when no connection is left, or when the graceful timeout is over.

A client may still send a request in the very moment in which an idle connection is closed. HTTP has no means against
that; it lets the client send it again, if it is idempotent (RFC 9112, section 9.3.1).
"""

import argparse
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import WSGITask

from dynmodel_pyramid.scripts.pulse import Pulse
from dynmodel_pyramid.scripts.serve import IniFile

IDLE_GRACE = 1.0
DRAIN_TURN = 0.05  # seconds between two looks at the connections while stopping
EXIT_MARGIN = 1.0  # seconds beyond the graceful timeout that the interpreter has for its own end


class DrainingTask(WSGITask):
    """A request whose answer says ``Connection: close`` when the worker is stopping."""

    def get_environment(self):
        environ = super().get_environment()
        environ["wsgi.multiprocess"] = True  # waitress does not know of the other workers
        return environ

    def build_response_header(self):
        # As if the client had asked for it: so waitress's own rules for HTTP/1.0 and 1.1 apply.
        if self.channel.server.draining and not self.channel.has_more():
            self.request.headers["CONNECTION"] = "close"
        return super().build_response_header()


class DrainingChannel(HTTPChannel):
    """A connection that knows whether it may be closed."""

    task_class = DrainingTask

    def has_more(self) -> bool:
        """Whether the client has sent more (it pipelines) than the request that is being answered."""
        return len(self.requests) > 1 or self._receiving() or self.has_unread()

    def has_unread(self) -> bool:
        sock = self.socket
        try:
            return sock is not None and bool(sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def is_busy(self) -> bool:
        """Whether a request is arriving, waits, runs, or has an answer that is not wholly sent."""
        return bool(self.requests or self.total_outbufs_len or self.close_when_flushed or self._receiving())

    def _receiving(self) -> bool:
        # Some clients end a request with a superfluous line break; that does not begin another.
        request = self.request
        return request is not None and (request.headers_finished or bool(request.header_plus.strip()))


class GracefulServer:
    """waitress over bound sockets; :meth:`run` returns after :meth:`stop` was called and the requests are answered.

    :param pulse: of this process; the loop beats
    """

    def __init__(
        self,
        application,
        sockets: list[socket.socket],
        limits: dict[str, str],
        graceful_timeout: float,
        pulse: Pulse,
    ):
        self.graceful_timeout = graceful_timeout
        self.pulse = pulse
        self.stopping = False
        self.last_orders = False
        self.map: dict = {}
        server = create_server(application, map=self.map, sockets=sockets, **limits)
        self.adj = server.adj
        self.dispatcher = server.task_dispatcher
        self.listeners = [entry for entry in self.map.values() if isinstance(entry, BaseWSGIServer)]
        for listener in self.listeners:
            listener.channel_class = DrainingChannel
            listener.draining = False

    def stop(self, last_orders: bool = False) -> None:
        """Begin to stop; may be called from a signal handler, from any thread, and again.

        :param last_orders: no other process will accept from the sockets, so take in what waits in their queues
        """
        self.last_orders = self.last_orders or last_orders
        self.stopping = True
        self.listeners[0].pull_trigger()

    def run(self, on_stopping=lambda: None) -> int:
        """Serve, then drain; returns how many requests the graceful timeout cut off."""
        while not self.stopping:
            self._turn(self.adj.asyncore_loop_timeout)
        deadline = time.monotonic() + self.graceful_timeout
        began = time.time()  # wall clock: to be compared with waitress's last_activity
        for listener in self.listeners:
            listener.draining = True
        on_stopping()
        while time.monotonic() < deadline:
            accepting = self._close_listeners()
            self._close_idle(began)
            if not accepting and not self._channels():
                break
            self._turn(DRAIN_TURN)
        cut = sum(channel.is_busy() for channel in self._channels())
        # A request whose client has gone has no connection any more, but may be about to commit.
        # Idle threads, too, need a moment to end.
        patience = max(0.2, deadline - time.monotonic())
        self.pulse.expect(patience)
        self.dispatcher.shutdown(timeout=patience)
        return max(cut, len(self.dispatcher.threads))

    def _turn(self, timeout: float) -> None:
        self.pulse.beat()
        timeout = min(timeout, self.pulse.interval)
        wasyncore.loop(timeout=timeout, use_poll=self.adj.asyncore_use_poll, map=self.map, count=1)

    def _channels(self) -> list[DrainingChannel]:
        return [entry for entry in self.map.values() if isinstance(entry, DrainingChannel)]

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

    def _accept_queued(self, listener) -> bool:
        """Accept what waits; true when the queue is empty.

        Every process closes its copy of the socket right after its queue was empty, and the kernel refuses clients
        when the last copy is closed: so the last worker's look decides, and what it can't see is a few microseconds.
        """
        poll = select.poll()
        poll.register(listener.socket, select.POLLIN)
        for _ in range(self.adj.backlog):
            if not poll.poll(0):
                return True
            if len(self.map) >= self.adj.connection_limit:
                return False
            listener.handle_accept()
        return False

    def _close_idle(self, began: float) -> None:
        now = time.time()
        for channel in self._channels():
            if now - max(began, channel.last_activity) < IDLE_GRACE or channel.is_busy():
                continue
            if not channel.has_unread():
                channel.handle_close()


class Parent:
    """The line to the parent process: says there what happens here, and learns from its end that all must stop.

    The parent closes its end to stop all workers, and the kernel closes it when the parent dies, however it dies.
    """

    def __init__(self, control: socket.socket):
        self.control = control
        self.server: GracefulServer | None = None

    def tell(self, message: str) -> None:
        try:
            self.control.sendall(message.encode() + b"\n")
        except OSError:
            pass  # the parent is dead; watch() deals with that

    def beat(self) -> None:
        try:
            self.control.send(b"alive\n", socket.MSG_DONTWAIT)
        except OSError:
            pass  # it is dead; or it is stopped and the line is full, so the loop must not wait for it

    def watch(self) -> None:
        """Wait for the end of the line (in a thread of its own), then stop; end the process if that takes too long."""
        try:
            self.control.recv(1)
        except OSError:
            pass
        if self.server is None:  # still loading: nothing to finish
            os._exit(1)
        self.server.stop(last_orders=True)
        time.sleep(self.server.graceful_timeout + EXIT_MARGIN)
        os._exit(1)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A worker of dynmodel-serve, which starts it; not for people.")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--socket", type=int, action="append", required=True)
    parser.add_argument("--graceful-timeout", type=float, required=True)
    parser.add_argument("--worker-timeout", type=float, required=True)
    parser.add_argument("config_uri")
    parser.add_argument("variables", nargs="*")
    arguments = parser.parse_args(argv)

    control, *sockets = [socket.socket(fileno=number) for number in (arguments.control, *arguments.socket)]
    for sock in (control, *sockets):
        # Processes that the application starts must not keep the port open, nor hide the parent's death.
        sock.set_inheritable(False)
    parent = Parent(control)
    pulse = Pulse(parent.beat, arguments.worker_timeout)
    threading.Thread(target=parent.watch, name="watch-parent", daemon=True).start()
    try:
        with pulse.without_loop():
            ini = IniFile(arguments.config_uri, arguments.variables)
            limits = ini.plan().limits
            server = GracefulServer(ini.load_application(), sockets, limits, arguments.graceful_timeout, pulse)
    except BaseException as error:  # an application that calls sys.exit() did not load either
        traceback.print_exc()
        parent.tell(f"failed {type(error).__name__}: {' '.join(str(error).split())[:2000]}")
        logging.shutdown()
        os._exit(1)  # threads that the application has started would keep an ordinary exit waiting

    parent.server = server
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    signal.signal(signal.SIGINT, lambda *_: server.stop())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent.tell("ready")
    cut = server.run(on_stopping=lambda: parent.tell("stopping"))
    if cut:
        parent.tell(f"cut {cut}")
        logging.shutdown()
        os._exit(0)  # threads still run the application's code; an ordinary exit could wait for them
    return 0


if __name__ == "__main__":
    sys.exit(main())
