"""Answers that the server gives by itself, and an application's view of the answer that it is giving."""

import json
from collections.abc import Callable, Hashable

from waitress.channel import HTTPChannel


class Prepared:
    """An answer that needs no application and no thread. It has ``to_response``, as waitress's errors have.

    :param closes: the connection is closed after it
    """

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes, *, closes: bool) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.closes = closes

    def to_response(self, ident: str | None) -> tuple[str, list[tuple[str, str]], bytes]:
        return self.status, list(self.headers), self.body


def live() -> Prepared:
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return Prepared("200 OK", headers, b'{"status":"live"}', closes=False)


def refusal(status: str, *, code: str, detail: str, retry_after: int | None = None, closes: bool = True) -> Prepared:
    """A problem document (RFC 9457)."""
    number, _, title = status.partition(" ")
    document = {"type": "about:blank", "title": title, "status": int(number), "code": code, "detail": detail}
    headers = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")]
    if retry_after is not None:
        headers.append(("Retry-After", str(retry_after)))
    return Prepared(status, headers, json.dumps(document).encode(), closes=closes)


class Answer:
    """The answer to one request, as its application may see it: ``environ["dynmodel.answer"]``.

    ``waiting`` is true while the application's thread waits for the client, in one of the few slots. Meanwhile the
    application should hold nothing that others need. ``gone`` is true when the connection is lost.
    """

    #: Called about once a second while the thread waits, in this thread; when it returns true the answer is aborted.
    gives_way: Callable[[], bool] | None = None
    waiting = False
    _has_slot = False
    ended = False
    is_held = False

    def __init__(self, channel: HTTPChannel) -> None:
        self._channel = channel

    @property
    def gone(self) -> bool:
        return not self._channel.connected

    def abort(self, reason: str) -> None:
        """End the connection, so that the client sees an error. May be called from any thread.

        The application's next part raises, and its ``close()`` is called as always.
        """
        if not self.ended:
            self._channel.abort(reason)

    def takes_long(self) -> None:
        """Say that the request takes long, or waits long for something, in the thread that runs it.

        Other requests are then served by another thread at once, instead of after some milliseconds.
        """
        self._channel.server.task_dispatcher.step_down()

    def hold(self, key: Hashable, step: Callable[[], None]) -> None:
        """Send nothing of the answer before a step is done. Call it before the first part is there.

        The step is called when the request has run, in any thread. Where several answers wait with the same key, only
        the step of the one that was held last is called, and stands for all of them. If it raises, the client gets 503
        ``outcome_unknown`` instead of the answer, or a reset connection instead of a long one.
        """
        self.is_held = True
        self._channel.hold(key, step)

    # For the server.

    def take_slot(self) -> bool:
        if not self._has_slot:
            self._has_slot = self._channel.ledger.take_slot()
        return self._has_slot

    def end(self) -> None:
        self.ended = True
        if self._has_slot:
            self._has_slot = False
            self._channel.ledger.return_slot()
