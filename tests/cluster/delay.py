"""A proxy that lets what a server says come later, as over a long line.

So a replica lags: its log is under way for that long. ``recovery_min_apply_delay`` is no way to do it: commits wait
then, but locks are taken at once.
"""

import socket
import threading
import time
from collections import deque
from contextlib import suppress


class Delay:
    """
    :param target: the server's port on loopback
    :param seconds: how much later the server's bytes come; may be changed at any time
    """

    def __init__(self, target: int, seconds: float) -> None:
        self.target, self.seconds = target, seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue
            server.settimeout(None)
            self._open += [client, server]
            threading.Thread(target=self._pass, args=(client, server), daemon=True).start()
            self._pass_late(server, client)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        self._end(source, sink)

    def _pass_late(self, source: socket.socket, sink: socket.socket) -> None:
        parts: deque[tuple[float, bytes]] = deque()
        ready = threading.Condition()

        def read() -> None:
            data = b"-"
            while data:
                try:
                    data = source.recv(65536)
                except OSError:
                    data = b""
                with ready:
                    parts.append((time.monotonic(), data))
                    ready.notify()

        def write() -> None:
            while True:
                with ready:
                    while not parts:
                        ready.wait()
                    at, data = parts.popleft()
                time.sleep(max(0, at + self.seconds - time.monotonic()))
                if not data:
                    break
                try:
                    sink.sendall(data)
                except OSError:
                    break
            self._end(source, sink)

        for work in (read, write):
            threading.Thread(target=work, daemon=True).start()

    @staticmethod
    def _end(*sockets: socket.socket) -> None:
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        self._end(self._listener, *self._open)
