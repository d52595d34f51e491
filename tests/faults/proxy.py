"""A proxy between the service and PostgreSQL that delays, cuts, resets and swallows connections."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress

#: With it, closing a socket resets the connection (socket(7), SO_LINGER).
_RESETS = struct.pack("ii", 1, 0)


class Proxy:
    """
    :param target: the server's port on loopback, or the path of its socket
    """

    def __init__(self, target: int | str) -> None:
        self.target = target
        #: How much later all that the server says arrives.
        self.delay = 0.0
        #: Whether nothing is passed on: connections are accepted, and nobody answers.
        self.swallows = False
        #: Whether new connections are closed at once.
        self.refuses = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._lost: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._accept, "127.0.0.1", 0), self._loop
        ).result(5)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self.swallows:
            self._lost.append(to_client)
            return
        try:
            if self.refuses:
                raise ConnectionRefusedError
            if isinstance(self.target, str):
                server, to_server = await asyncio.open_unix_connection(self.target)
            else:
                server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            to_client.close()
            return
        pair = (to_client, to_server)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pass(client, to_server, is_late=False), self._pass(server, to_client, is_late=True)
            )
        finally:
            self._pairs.discard(pair)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_late: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if is_late and self.delay:
                    await asyncio.sleep(self.delay)
                while self.swallows:
                    await asyncio.sleep(0.05)
                sink.write(data)
                await sink.drain()
        sink.close()

    def cut(self, *, resets: bool = False) -> None:
        """End all connections: in order, or so that the next byte is answered by a reset."""

        def end() -> None:
            for pair in self._pairs:
                for writer in pair:
                    sock = writer.get_extra_info("socket")
                    if resets and sock is not None:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
                        writer.transport.abort()
                    else:
                        writer.close()

        self._loop.call_soon_threadsafe(end)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for writer in (*self._lost, *(writer for pair in self._pairs for writer in pair)):
                writer.transport.abort()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
