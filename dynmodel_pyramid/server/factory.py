"""``use = egg:dynmodel_pyramid#server``: the server of an INI file (``paste.server_factory``)."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any
from wsgiref.types import WSGIApplication

from waitress.utilities import cleanup_unix_socket

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.server.last_orders import take_nobody_more
from dynmodel_pyramid.server.serving import Server, settle
from dynmodel_pyramid.server.settings import Limits, parse

GRACEFUL_TIMEOUT = 5.0


def server_factory(global_config: Mapping[str, str], **settings: str) -> Callable[[WSGIApplication], None]:
    """A function that serves an application in this process until SIGINT or SIGTERM.

    The server is made before the application is loaded, so bad settings or a port in use show at once.
    """
    try:
        limits = parse(settings)
        sockets = bind(limits)
    except ConfigurationProblem as problem:
        raise SystemExit(str(problem)) from None

    def serve(application: WSGIApplication) -> None:
        try:
            _serve(Server(application, sockets, limits, GRACEFUL_TIMEOUT, multiprocess=False))
        finally:
            if limits.adjustments.unix_socket:
                cleanup_unix_socket(limits.adjustments.unix_socket)

    return serve


def _serve(server: Server) -> None:
    for listener in server.listeners:
        print(f"Serving on {address_of(listener.socket)}", file=sys.stderr)

    def stop(number: int, frame: object) -> None:
        if server.stopping:
            raise KeyboardInterrupt
        for listener in server.listeners:
            take_nobody_more(listener.socket)
        server.stop(last_orders=True)

    settle()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def address_of(sock: socket.socket) -> str:
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{name}"
    host, port = name[:2]
    return f"http://[{host}]:{port}" if sock.family == socket.AF_INET6 else f"http://{host}:{port}"


def bind(limits: Limits) -> list[socket.socket]:
    """Sockets bound to the addresses in the settings; they do not listen yet.

    :raises ConfigurationProblem: an address is taken, or is not of this host
    """
    adjustments = limits.adjustments
    places: list[tuple[Any, Any, int, Any]]
    if adjustments.unix_socket:
        cleanup_unix_socket(adjustments.unix_socket)
        places = [(socket.AF_UNIX, socket.SOCK_STREAM, 0, adjustments.unix_socket)]
    else:
        places = adjustments.listen
    sockets = []
    for family, kind, protocol, address in places:
        sock = socket.socket(family, kind, protocol)
        sockets.append(sock)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind(address)
        except OSError as error:
            for bound in sockets:
                bound.close()
            raise ConfigurationProblem(f"can't listen on {address}: {error.strerror}") from error
    if adjustments.unix_socket:
        os.chmod(adjustments.unix_socket, adjustments.unix_socket_perms)
    return sockets
