"""Long answers: rows that are sent while they are read. One module for both faces and all media types.

A :class:`RowStream` owns a connection and its transaction, which hinder others: on PostgreSQL a definition change of
its table waits for it, on SQLite the write-ahead log grows. So it gives the connection back

* when the last row is read, one part before the last one is sent;
* when the client is gone, or the server aborts the answer;
* after ``dynmodel.stream_timeout`` seconds, even if its client still reads;
* on PostgreSQL, when a definition change wants the table and the stream waits for its client
  (:meth:`dynmodel_pyramid.database.Dialect.end_streams`, called by another process, maybe on another host).

An answer that ends too early never looks complete: its connection is aborted.
"""

import logging
import threading
import time
from collections.abc import Generator, Iterator
from itertools import chain

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.errors import Unwritable
from dynmodel_pyramid.exchange.forms import Form, Rows
from dynmodel_pyramid.rows.reads import CHUNK
from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.clients import has_gone, log_gone
from dynmodel_pyramid.web.http.errors import first_line, log_unexpected, request_id
from dynmodel_pyramid.web.http.tree import ATTEMPT

log = logging.getLogger(__name__)

#: In the environment of our own server: the answer (``server.answers.Answer``).
ANSWER = "dynmodel.answer"
#: Seconds of waiting, in all, after which a stream counts as one that waits for its client.
PATIENCE = 1.0


class StreamEnded(Exception):
    """The stream was ended before its end; it has been logged."""


class RowStream:
    """The rows of a list: ``whole`` if they are ``CHUNK`` at most, else the body of an answer (PEP 3333).

    More than that are read at once, so a failure at the beginning is still answered as an error.

    :param connection: in a read transaction; the stream's own from :meth:`answer` on, unless it is ``whole``
    :param parts: reads the rows; only the first part may be empty
    """

    whole: Rows | None = None
    #: The first bytes of a body that was made before it is sent.
    _made = b""

    def __init__(self, request: Request, connection: sa.Connection, parts: Generator[Rows]) -> None:
        self._request = request
        self._dialect = request.environ[ATTEMPT].database.dialect
        self._connection = connection
        self._source = parts
        self._read: list[Rows] = []
        count = 0
        for rows in parts:
            self._read.append(rows)
            count += len(rows)
            if count > CHUNK:
                break
        else:
            self.whole = self._read[0] if len(self._read) == 1 else list(chain(*self._read))

    def answer(self, form: Form) -> Answer:
        """The rows as an answer, which begins the stream."""
        if self.whole is not None:
            answer = Answer(form.whole(self.whole))
        else:
            self._begin(form)
            if form.is_made_first:
                self._made = next(filter(None, self), b"")
            answer = Answer(app_iter=self)
        answer.headers["Content-Type"] = form.content_type
        return answer

    def discard(self) -> None:
        """Close the stream; no answer is made of it."""
        self._source.close()
        self._connection.close()

    def _begin(self, form: Form) -> None:
        settings = self._request.registry.dynmodel_settings
        # The time of a statement may pass while its rows wait for the client.
        self._dialect.bound_statements(self._connection, settings.stream_timeout)
        self._what = f"request {request_id(self._request)}: {self._request.method} {self._request.path}"
        self._body = form.parts(self._rows())
        self._turn = threading.Lock()  # held while the connection is used
        self._open, self._ended = True, ""
        self._waited, self._gave, self._is_slow = 0.0, time.monotonic(), False
        reason = f"it took longer than {settings.stream_timeout:g} s (dynmodel.stream_timeout)"
        self._timer = threading.Timer(settings.stream_timeout, self._end, (reason,))
        self._timer.daemon = True
        self._timer.start()
        self._answer = self._request.environ.get(ANSWER)
        if self._answer is not None:
            self._answer.gives_way = self._is_over
            self._answer.takes_long()

    def _rows(self) -> Iterator[Rows]:
        """The parts; each is yielded when the next one has been read."""
        current, *ahead = self._read
        self._read = []
        for following in chain(ahead, self._source):
            yield current
            current = following
        self._release()
        yield current

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._made:
            made, self._made = self._made, b""
            return made
        self._waited += time.monotonic() - self._gave
        with self._turn:
            if self._ended:
                raise self._over()
            try:
                if self._open and self._waited > PATIENCE and not self._is_slow:
                    self._is_slow = True
                    self._dialect.mark_stream(self._connection, waits=True)
                return next(self._body)
            except StopIteration:
                raise
            except sa.exc.DBAPIError as error:
                if has_gone(self._request):
                    self._ended = "the client has gone"
                    self._connection.invalidate()
                    self._abandon()
                    log_gone(self._request, "its answer is read no further")
                    raise self._over() from error
                self._break_off(f"the database: {first_line(error.orig)}")
                raise self._over() from error
            except Unwritable:
                self._abandon()
                raise
            except Exception as error:
                self._abandon()
                log_unexpected(error, self._request)
                raise
            finally:
                self._gave = time.monotonic()

    def _is_over(self) -> bool:
        """Whether waiting is in vain; our server calls it while its thread waits for the client."""
        with self._turn:
            if self._open and self._dialect.is_cut_off(self._connection):
                self._break_off("a definition change ended it, as its client did not read")
            return bool(self._ended)

    def _break_off(self, reason: str) -> None:
        self._ended = reason
        self._abandon()
        log.warning("%s: the answer was broken off: %s", self._what, reason)
        if self._answer is not None:
            self._answer.abort(reason)

    def _over(self) -> Exception:
        """The exception for the server. Our own server has reset the connection already; another one has to see an
        error.
        """
        is_reset = self._answer is not None and self._answer.gone
        return StopIteration() if is_reset else StreamEnded(self._ended)

    def _end(self, reason: str) -> None:
        """Called by another thread, while the stream waits for its client."""
        with self._turn:
            if self._open:
                self._break_off(reason)

    def _release(self) -> None:
        self._timer.cancel()
        self._open = False
        self._connection.close()

    def _abandon(self) -> None:
        """Throw the connection away, with the unread rows. It may be dead, so no statement is run on it."""
        if self._open:
            if self._dialect.ends_streams:
                self._connection.invalidate()
            self._source.close()
            self._release()

    def close(self) -> None:
        """Called by the server when the body is sent, or the client gone (PEP 3333)."""
        with self._turn:
            self._abandon()
