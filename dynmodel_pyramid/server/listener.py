"""Listening sockets: what waitress's servers do otherwise here. They belong to a ``Server``, which decides."""

import socket

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer, UnixWSGIServer

from dynmodel_pyramid.server.channel import Channel


class _Listening:
    channel_class = Channel
    draining = False

    def __init__(self, owner, application, adj: Adjustments, sock: socket.socket):
        self.ledger = owner.ledger
        self.multiprocess = owner.multiprocess
        self.begin = owner.begin
        self.forget = owner.forget
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

    def add_task(self, task: Channel) -> None:
        task.ask_to_start()

    def maintenance(self, now):
        """Nothing: the server looks at its channels between two turns of the loop, as it may close them."""


class TcpListener(_Listening, TcpWSGIServer):
    pass


class UnixListener(_Listening, UnixWSGIServer):
    pass


def listen(owner, application, adj: Adjustments, sock: socket.socket):
    kind = UnixListener if sock.family == socket.AF_UNIX else TcpListener
    return kind(owner, application, adj, sock)
