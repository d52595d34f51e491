"""Listening sockets: waitress's servers, with some differences. They belong to a ``Server``, which decides."""

import errno
import logging
import socket
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication

from waitress.adjustments import Adjustments
from waitress.proxy_headers import PROXY_HEADERS
from waitress.server import BaseWSGIServer, TcpWSGIServer, UnixWSGIServer

from dynmodel_pyramid.server.balance import Balance
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.dispatch import Threads
from dynmodel_pyramid.server.gate import Gate
from dynmodel_pyramid.server.ledger import Ledger

log = logging.getLogger("dynmodel_pyramid.server")
#: How many connections are accepted before the others are looked at. Few, so that other processes get some, too.
AT_ONCE = 4


class Owner(Protocol):
    """The owner of the sockets: the ``Server``."""

    ledger: Ledger
    multiprocess: bool
    gate: Gate
    balance: Balance
    dispatcher: Threads
    #: All that waitress counts as connections.
    map: dict[int, Any]
    #: Channels that the polling thread closes after its turn.
    to_close: deque[Channel]

    def begin(self, channel: Channel) -> None: ...


class Listener(BaseWSGIServer):
    channel_class = Channel
    application: WSGIApplication
    draining = False
    pauses = False  # until the server's next look

    def __init__(self, owner: Owner, application: WSGIApplication, adj: Adjustments, sock: socket.socket) -> None:
        self.ledger = owner.ledger
        self.multiprocess = owner.multiprocess
        self.begin = owner.begin
        self.gate = owner.gate
        self.balance = owner.balance
        self.to_close = owner.to_close
        super().__init__(
            application,
            owner.map,
            True,
            sock,
            dispatcher=owner.dispatcher,
            adj=adj,
            bind_socket=False,
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
        )
        if not adj.trusted_proxy:
            self.application = _where_forwarded(self.application, application)

    def readable(self) -> bool:
        return (
            bool(self.accepting)
            and not self.pauses
            and self.gate.is_open()
            and not self.balance.pause(time.monotonic())
        )

    def handle_accept(self) -> None:
        for _ in range(AT_ONCE):
            now = time.monotonic()
            if not self.draining and self.balance.leaves(now):
                return
            try:
                accepted = self.accept()
                if accepted is None:
                    return
                connection, address = accepted
                self.set_socket_options(connection)
            except OSError as error:  # too many open files, or the client has gone already
                self.pauses = error.errno in (errno.EMFILE, errno.ENFILE)
                self.ledger.log.warning("accept", "can't accept a connection: %s", error)
                return
            channel = self.channel_class(self, connection, self.fix_addr(address), self.adj, map=self._map)
            try:
                self.gate.arrived(channel)
            except Exception:
                log.exception("no place was found for a connection")
                channel.close_soon()
            self.balance.accepted(len(self._map), now)
            if not self.readable():
                return

    def handle_error(self) -> None:
        # waitress would close the socket that raised an error; without this one nobody could connect any more.
        log.exception("an error while a connection was accepted")

    def add_task(self, task: Channel) -> None:
        task.ask_to_start()

    def pull_trigger(self) -> None:
        if not self.task_dispatcher.leads():
            super().pull_trigger()

    def maintenance(self, now: float) -> None:
        """Does nothing: the server looks at its channels between two turns of the loop, when it may close them."""


def _where_forwarded(cleaning: WSGIApplication, application: WSGIApplication) -> WSGIApplication:
    """waitress's middleware, for the few requests that have headers which it would take out: 1 us instead of 10.

    :param cleaning: the application in that middleware
    """
    names = frozenset(f"HTTP_{name}" for name in PROXY_HEADERS)

    def where_forwarded(environ: dict[str, Any], start_response: StartResponse, /) -> Iterable[bytes]:
        called = application if environ.keys().isdisjoint(names) else cleaning
        return called(environ, start_response)

    return where_forwarded


class TcpListener(Listener, TcpWSGIServer):
    pass


class UnixListener(Listener, UnixWSGIServer):
    pass


def listen(owner: Owner, application: WSGIApplication, adj: Adjustments, sock: socket.socket) -> Listener:
    kind = UnixListener if sock.family == socket.AF_UNIX else TcpListener
    return kind(owner, application, adj, sock)
