"""One connection: waitress's channel, with these differences.

*Threads never wait for clients.* ``write_soon`` sends as much as the socket takes at once, and spools the rest. Only
beyond the bounds of the spools a thread waits, in a slot, or the answer is aborted.

*The polling thread decides.* It starts each request (``go_on``): it answers some by itself and hands the others to the
dispatcher. The next request of a connection is started when the answer before it is sent.

*An answer may be held back* until the disk has what was written (``hold``, ``release``); meanwhile nothing else happens
to its connection.

*An answer that is cut resets the connection*, so that no client takes it for whole.

*``100 Continue`` waits its turn*: the polling thread sends it when the answer before is sent.

The polling thread calls all methods but ``write_soon``, ``service``, ``send_continue`` and ``abort``, which any thread
may call.
"""

import socket
import struct
import time
from collections.abc import Callable, Hashable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import ClientDisconnected, HTTPChannel

from dynmodel_pyramid.server.answers import Answer, Prepared, refusal
from dynmodel_pyramid.server.heads import Memory
from dynmodel_pyramid.server.ledger import Client
from dynmodel_pyramid.server.spool import Spool
from dynmodel_pyramid.server.task import JOINED, PreparedTask, RequestTask
from dynmodel_pyramid.server.watch import ANSWER, BODY, HEAD, IDLE, QUEUED, WORK, Watch

#: Bytes that are sent to one connection before the polling thread looks at the others.
TURN = 1024 * 1024
#: Bytes of a body that are received at a time. A turn of the loop costs more than the copy of them.
BODY_PART = 64 * 1024
#: Seconds in which a client may go on sending after an answer that closes the connection; nobody reads it.
LINGER = 2.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)
_UNKNOWN = "the disk refused to keep what was written: look whether it is there before you repeat the request"


class Channel(HTTPChannel):
    task_class = RequestTask
    error_task_class = PreparedTask

    request: Any  # that is arriving, as waitress parses it, or None
    broken = False  # to be closed at once, by a reset
    begun = 0  # how many requests were begun
    began = 0.0  # when the last one was, of time.monotonic
    sent = 0  # bytes, in all
    lingers_until: float | None = None  # everything is sent; further input is read and thrown away
    may_be_sending = False  # the answer that closes the connection was given before all was read
    _next_waits = False  # requests[0] is to be started
    _continue_waits = False  # the client waits for 100 Continue
    _goes_on = False  # a request is being begun
    _sent_before = 0  # bytes of the answers before this one
    _corked: list[bytes] | None = None
    #: What must be done before the answer is sent, with its key; None: nothing. And the parts that wait for it.
    waits_for: tuple[Hashable, Callable[[], None]] | None = None
    _held: list[bytes]
    _is_released = False  # what was held is being sent, so that nothing more is held
    #: The part of WSGI's environment that is the same for all requests of a connection.
    environ: dict[str, Any] | None = None

    def __init__(
        self, server: Any, sock: socket.socket, addr: Any, adj: Adjustments, map: dict[int, Any] | None = None
    ) -> None:
        self.ledger = server.ledger
        self.peer = self.client = Client("")  # until the gate has found the client
        self.since = time.monotonic()
        self.answer = Answer(self)
        self.answer.end()  # the connection has no answer yet
        self.watch = Watch(self.ledger.limits, self.since)
        self.parser_class = Memory().parser
        super().__init__(server, sock, addr, adj, map=map)
        self.outbufs = [self._new_spool()]

    def _new_spool(self) -> Spool:
        return Spool(self.adj.outbuf_overflow, self._account)

    def _account(self, size: int) -> None:
        if self.ledger.account(self.client, size):
            self.server.task_dispatcher.poke()

    # Requests

    def ask_to_start(self) -> None:
        """Note that ``requests[0]`` is due; the polling thread will start it. waitress calls this from any thread."""
        self._next_waits = True

    def go_on(self) -> None:
        """Start the next request, if there is one and the answer before it is sent."""
        if self._goes_on:
            return  # called while a request is begun: the loop below starts the next one
        self._goes_on = True
        try:
            while self._next_waits and self.requests and self.connected and not self._is_answering():
                self._next_waits = self._continue_waits = False
                self.began = time.monotonic()
                self.begun += 1
                self._sent_before = self.sent
                self.server.begin(self)
        finally:
            self._goes_on = False
        if self._continue_waits and self.connected and not self.requests and not self._is_answering():
            self._continue_waits = False
            with self.outbuf_lock:
                if self.connected:
                    self._put(_CONTINUE)

    def reply(self, prepared: Prepared) -> None:
        """Answer ``requests[0]`` at once; no thread has it."""
        self.requests[0].error = prepared
        self.service()
        self.go_on()

    def service(self) -> bool:
        """Answer ``requests[0]``; -> whether the answer is held.

        Where it is not, the next request of the connection may have begun already, and ``waits_for`` be its own.
        """
        answer = self.answer = Answer(self)
        answer.is_held = self.waits_for is not None
        try:
            super().service()
        finally:
            answer.end()
        return answer.is_held

    # Reading

    def readable(self) -> bool:
        # In this order: the thread that runs a request sets waits_for before it takes the request from requests.
        return self.lingers_until is not None or (super().readable() and self.waits_for is None)

    def handle_read(self) -> None:
        if self.lingers_until is not None:
            self._read_and_forget()
            return
        super().handle_read()
        self.go_on()

    def recv(self, buffer_size: int) -> bytes:
        request = self.request
        # waitress copies the rest of what it has for each chunk of a chunked body: so it gets little at a time. And
        # what follows a body may be many small requests, which are parsed at once.
        if request is not None and request.headers_finished and not request.chunked:
            buffer_size = max(buffer_size, min(BODY_PART, getattr(request.body_rcv, "remain", 0)))
        return super().recv(buffer_size)

    def send_continue(self) -> None:
        """Note that the client waits for leave to send the body; the polling thread gives it when the answer before is
        sent. waitress calls this from any thread, and while the answer before is held.
        """
        self.request.expect_continue = False
        # Else it has no body, or is refused for its head: nothing more of it will come.
        self._continue_waits = not self.request.completed

    def is_receiving(self) -> bool:
        # Some clients end a request with a superfluous line break; that does not begin another.
        request = self.request
        return request is not None and (request.headers_finished or bool(request.header_plus.strip()))

    def has_unread(self) -> bool:
        sock = self.socket
        try:
            return sock is not None and bool(sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def has_more(self) -> bool:
        """Whether the client has sent more than the request that is being answered (pipelining)."""
        return len(self.requests) > 1 or self.is_receiving() or self.has_unread()

    def is_busy(self) -> bool:
        """Whether a request is arriving, waits, runs, or has an answer that is not wholly sent."""
        return bool(self.requests or self._is_answering() or self.close_when_flushed or self.is_receiving())

    def _is_answering(self) -> bool:
        """Whether a part of an answer is not sent."""
        # In this order: waits_for is reset after the answer is sent, or waits in outbufs.
        return self.waits_for is not None or self.total_outbufs_len > 0

    # Writing

    def writable(self) -> bool:
        # In this order: close_when_flushed is set after waits_for.
        return bool((super().writable() or self._next_waits or self._continue_waits) and self.waits_for is None)

    def handle_write(self) -> None:
        if self.close_when_flushed and not self.total_outbufs_len and self._lingers():
            return
        super().handle_write()
        self.go_on()

    def hold(self, key: Hashable, step: Callable[[], None]) -> None:
        """Hold the answer back until :meth:`release`, as :meth:`Answer.hold` tells."""
        if self.waits_for is None:
            self._held = []
        elif self.waits_for[0] != key:
            self.waits_for[1]()
        self.waits_for = key, step

    def release(self, *, is_kept: bool) -> None:
        """Send what was held back; any thread may call it, but one only, when the request has run.

        :param is_kept: whether what the answer promises was done; else the client is told that nobody knows
        """
        self._is_released = True
        try:
            if is_kept and self._held:
                # In one part: a second one might wait for the client.
                self.write_soon(b"".join(self._held))
            elif not is_kept:
                self._next_waits = False
                request = self.parser_class(self.adj)
                request.version = "1.1"
                request.error = refusal("503 Service Unavailable", code="outcome_unknown", detail=_UNKNOWN)
                self.requests.insert(0, request)
                self.service()
        except ClientDisconnected:
            pass
        finally:
            self._held, self._is_released = [], False
            # Not before: as long as it is set, the polling thread leaves the connection alone.
            self.waits_for = None
        self.server.pull_trigger()

    def hold_no_longer(self) -> None:
        """Do at once what the answer waits for: more parts of it may take a while, or it is too long for the memory."""
        if self.waits_for is None:
            return
        _, step = self.waits_for
        parts, self.waits_for, self._held = self._held, None, []
        self.answer.is_held = False
        try:
            step()
        except Exception as error:
            self.abort(f"what it promises could not be done: {error}")
            raise ClientDisconnected from error
        for part in parts:
            self.write_soon(part)

    def cork(self) -> None:
        """Hold back what is written, until :meth:`uncork`."""
        self._corked = []

    def uncork(self) -> None:
        """Send what was written meanwhile: at once, as far as that costs no long copy."""
        parts, self._corked = self._corked or [], None
        if sum(map(len, parts)) <= JOINED:
            parts = [b"".join(parts)] if parts else []
        for part in parts:
            self.write_soon(part)

    def write_soon(self, data: Any) -> int:
        if self._corked is not None:
            self._corked.append(data)
            return len(data)
        if self.waits_for is not None and not self._is_released:
            if isinstance(data, bytes) and len(data) + sum(map(len, self._held)) <= JOINED:
                self._held.append(data)
                return len(data)
            self.hold_no_longer()
        if self.total_outbufs_len:
            self._wait_for_room()
        with self.outbuf_lock:
            if not self.connected:
                raise ClientDisconnected
            size, waiting = len(data), self.total_outbufs_len
            if isinstance(data, ReadOnlyFileBasedBuffer):  # from wsgi.file_wrapper: it is on the disk already
                self.outbufs += [data, self._new_spool()]
                self.total_outbufs_len += size
            else:
                self._put(data)
            if self.total_outbufs_len and not waiting:
                self.server.pull_trigger()
        return size

    def _put(self, data: bytes) -> None:
        sent = 0
        if not self.total_outbufs_len:
            try:
                sent = self.send(data, do_close=False)
            except OSError:
                sent = 0  # the polling thread will meet the same error, and close
            self.sent += sent
        if sent < len(data):
            rest = memoryview(data)[sent:]
            try:
                self.outbufs[-1].append(rest)
            except OSError as error:
                self.abort(f"the temporary file can't be written: {error.strerror}")
                raise ClientDisconnected from error
            self.total_outbufs_len += len(rest)

    def _is_beyond_bounds(self) -> bool:
        waiting = self.total_outbufs_len
        if waiting >= self.adj.outbuf_high_watermark:
            return True
        return waiting > self.adj.outbuf_overflow and self.ledger.is_full(self.client)

    def _wait_for_room(self) -> None:
        """Wait, in a slot, until the answer is within its bounds; abort it where there is no slot."""
        if not self._is_beyond_bounds():
            return
        answer = self.answer
        if not answer.take_slot():
            self.abort("it is beyond the bounds of temporary files, and no slot is free in which it could wait")
            return
        self.server.task_dispatcher.step_down()
        answer.waiting = True
        try:
            while self.connected and self._is_beyond_bounds():
                self.server.pull_trigger()
                with self.outbuf_lock:
                    if self.connected and self._is_beyond_bounds():
                        self.outbuf_lock.wait(1.0)
                if self.connected and answer.gives_way is not None and answer.gives_way():
                    self.abort("others need what it holds")
        finally:
            answer.waiting = False

    def _flush_outbufs_below_high_watermark(self) -> None:
        """waitress makes the thread wait here. Instead, the next request waits until this answer is sent."""

    def _flush_some(self, do_close: bool = True) -> bool:
        sent_before = self.sent
        while self.sent - sent_before < TURN:
            buffer = self.outbufs[0]
            if not len(buffer):
                if len(self.outbufs) == 1:
                    break
                self.outbufs.pop(0).close()
                continue
            sent = self.send(buffer.get(self.sendbuf_len), do_close=do_close)
            if not sent:
                break
            buffer.skip(sent, True)
            self.total_outbufs_len -= sent
            self.sent += sent
        if self.sent > sent_before:
            self.last_activity = time.time()
        return self.sent > sent_before

    # Ending

    def abort(self, reason: str) -> None:
        """End the answer in its middle; the client sees a reset connection."""
        if not self.broken and self.connected:
            self.ledger.log.warning("aborted", "answer to %s aborted: %s", self.addr[0], reason)
        self.break_off()

    def break_off(self) -> None:
        self.broken = True
        with self.outbuf_lock:
            self.connected = False
            self.outbuf_lock.notify_all()
        # Not by handle_write: the socket may never be ready to write again.
        self.server.to_close.append(self)
        self.server.pull_trigger()

    def handle_close(self) -> None:
        if (self.broken or self.total_outbufs_len) and self.socket is not None:
            self.broken = True
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        super().handle_close()

    def _lingers(self) -> bool:
        """Whether to close the connection in two steps, because the client may still be sending a body that nobody will
        read.

        Closing it at once would reset it, and a reset can make the client lose the answer (RFC 9112, section 9.6).
        """
        if not self.may_be_sending or self.will_close or not self.connected:
            return False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        self.close_when_flushed = False
        self.lingers_until = time.monotonic() + LINGER
        return True

    def _read_and_forget(self) -> None:
        try:
            data = self.recv(self.adj.recv_bytes)  # closes at the end
        except OSError:
            self.handle_close()
            return
        del data

    def close_soon(self) -> None:
        """Close after this turn of the loop, even if a request is under way."""
        self.broken = self.broken or (bool(self.requests) and self.sent > self._sent_before)
        self.server.to_close.append(self)

    def del_channel(self, map: dict[int, Any] | None = None) -> None:
        super().del_channel(map)
        self.server.gate.left(self)

    # Once a second

    def phase(self) -> tuple[str, int]:
        """The phase that the connection is in, and how many bytes have passed in it so far."""
        # In this order: another thread sets waits_for, takes the request away, fills outbufs, and resets waits_for.
        has_requests, is_held = bool(self.requests), self.waits_for is not None
        if self.total_outbufs_len:
            return ANSWER, self.sent
        if is_held:
            return WORK, 0
        if has_requests:
            return (QUEUED if self.answer.ended else WORK), 0
        if self.is_receiving():
            request = self.request
            return (BODY, request.body_bytes_received) if request.headers_finished else (HEAD, 0)
        return IDLE, 0

    def phase_to_end(self) -> str | None:
        """The phase, if the connection may be closed now to make room for another; else None."""
        phase = self.phase()[0]
        if phase == WORK or self.broken or self.will_close or self.close_when_flushed:
            return None
        if phase == IDLE and (self.watch.phase != IDLE or self.has_unread()):
            return None  # the next request may be on its way
        return phase

    def check(self, now: float) -> None:
        """Cut off a client that is too slow, and close a connection that was idle for too long."""
        if self.broken or self.will_close:
            return
        if self.lingers_until is not None:
            if now > self.lingers_until:
                self.handle_close()
            return
        phase, amount = self.phase()
        failure = self.watch.look(now, phase, self.begun, amount)
        if failure is not None:
            self._cut(phase, failure)
        elif phase == IDLE:
            most = self.ledger.limits.header_timeout if not self.begun else self.adj.channel_timeout
            if now - self.watch.since > most:
                self.handle_close()  # not later, by will_close: its socket may never be ready to write

    def _cut(self, phase: str, failure: str) -> None:
        if phase == ANSWER:
            self.abort(failure)
            return
        self.ledger.log.warning("slow", "client %s cut: %s", self.addr[0], failure)
        request, self.request = self.request, None
        request.path = getattr(request, "path", "")  # waitress logs it when the request fails
        self.requests.append(request)
        self.begun += 1
        self.reply(refusal("408 Request Timeout", code="request_timeout", detail=f"the server {failure}"))
