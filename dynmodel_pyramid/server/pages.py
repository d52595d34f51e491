"""Operators' pages. They are answered even when all worker threads are busy.

The polling thread answers ``live_page`` by itself. The application answers ``ready_page``, in a separate thread and
within a time limit. Clients that ask meanwhile share the answer.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from wsgiref.types import WSGIApplication

from dynmodel_pyramid.server.answers import Prepared, live, refusal
from dynmodel_pyramid.server.channel import Channel
from dynmodel_pyramid.server.listener import Listener
from dynmodel_pyramid.server.settings import Limits

log = logging.getLogger("dynmodel_pyramid.server")


class Pages:
    """
    :param listener: the listener whose application is asked
    """

    def __init__(self, limits: Limits, url_prefix: str, listener: Listener) -> None:
        self._pages: dict[str, Callable[[Channel], None]] = {}
        if limits.live_page:
            self._pages[url_prefix + limits.live_page] = self._live
        if limits.ready_page:
            self._pages[url_prefix + limits.ready_page] = self._ready
        self._listener = listener
        self._timeout = limits.page_timeout
        self._waiting: list[tuple[Channel, float]] = []
        self._asking = False

    def is_for(self, request: Any) -> bool:
        return request.command in ("GET", "HEAD") and not request.query and request.path in self._pages

    def take(self, channel: Channel) -> bool:
        """Answer ``channel.requests[0]``, now or soon, if it asks for such a page."""
        request = channel.requests[0]
        if not self.is_for(request):
            return False
        self._pages[request.path](channel)
        return True

    def look(self, now: float) -> None:
        """Called once a second, so that nobody waits longer than the limit."""
        late = [channel for channel, since in self._waiting if now - since > self._timeout]
        if late:
            self._waiting = [(channel, since) for channel, since in self._waiting if now - since <= self._timeout]
            self._answer(late, self._no_answer())

    def _live(self, channel: Channel) -> None:
        channel.reply(live())

    def _ready(self, channel: Channel) -> None:
        self._waiting.append((channel, time.monotonic()))
        if not self._asking:
            self._asking = True
            environ = self._environ(channel)
            threading.Thread(target=self._ask, args=(environ,), name="ready-page", daemon=True).start()

    @staticmethod
    def _environ(channel: Channel) -> dict[str, Any]:
        """The environment of a plain GET, without anything of this client's."""
        environ = channel.task_class(channel, channel.requests[0]).get_environment()
        own = [key for key in environ if key.startswith("HTTP_") and key != "HTTP_HOST"]
        for key in (*own, "dynmodel.answer", "CONTENT_LENGTH", "CONTENT_TYPE"):
            environ.pop(key, None)
        environ["REQUEST_METHOD"] = "GET"
        return environ

    def _ask(self, environ: dict[str, Any]) -> None:
        try:
            answer = _called(self._listener.application, environ)
        except Exception:
            log.exception("the application can't answer %s", environ["PATH_INFO"])
            answer = refusal(
                "500 Internal Server Error", code="internal_error", detail="the check failed", closes=False
            )
        with suppress(OSError):  # the server may have stopped meanwhile: then nobody waits
            self._listener.trigger.pull_trigger(lambda: self._answered(answer))

    def _answered(self, answer: Prepared) -> None:
        self._asking = False
        waiting, self._waiting = self._waiting, []
        self._answer([channel for channel, _ in waiting], answer)

    def _answer(self, channels: list[Channel], answer: Prepared) -> None:
        for channel in channels:
            if channel.connected and channel.requests:
                channel.reply(answer)

    def _no_answer(self) -> Prepared:
        detail = f"the application did not answer within {self._timeout:g} seconds"
        return refusal("503 Service Unavailable", code="not_ready", detail=detail, retry_after=1, closes=False)


def _called(application: WSGIApplication, environ: dict[str, Any]) -> Prepared:
    """The whole answer of a WSGI application (PEP 3333)."""
    begun: list[Any] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        begun[:] = [status, headers]
        return written.append

    parts = application(environ, start_response)
    try:
        body = b"".join([*written, *parts])
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = begun
    headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return Prepared(status, headers, body, closes=False)
