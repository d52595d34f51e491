"""Operators' pages. They are answered even when all worker threads are busy.

The polling thread answers ``live_page`` by itself, and ``metrics_page`` if the application has turned it on. The
application answers ``ready_page``, in a separate thread and within a time limit. Clients that ask meanwhile share the
answer.
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
from dynmodel_pyramid.telemetry import page as metrics

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
        self._metrics_path = url_prefix + limits.metrics_page if limits.metrics_page else None
        self._listener = listener
        self._timeout = limits.page_timeout
        self._waiting: list[tuple[Channel, float]] = []
        self._asking = False

    def is_for(self, request: Any) -> bool:
        if request.command not in ("GET", "HEAD") or request.query:
            return False
        return request.path in self._pages or (request.path == self._metrics_path and metrics.installed is not None)

    def take(self, channel: Channel) -> bool:
        """Answer ``channel.requests[0]``, now or soon, if it asks for such a page."""
        request = channel.requests[0]
        if not self.is_for(request):
            return False
        self._pages.get(request.path, self._metrics)(channel)
        return True

    def look(self, now: float) -> None:
        """Called once a second, so that nobody waits longer than the limit."""
        late = [channel for channel, since in self._waiting if now - since > self._timeout]
        if late:
            self._waiting = [(channel, since) for channel, since in self._waiting if now - since <= self._timeout]
            self._answer(late, self._no_answer())

    def _live(self, channel: Channel) -> None:
        channel.reply(live())

    def _metrics(self, channel: Channel) -> None:
        page, request = metrics.installed, channel.requests[0]
        environ = {"REMOTE_ADDR": channel.addr[0]} | {f"HTTP_{name}": value for name, value in request.headers.items()}
        if page is not None and page.is_for(environ):
            try:
                media_type, text = page.answer(environ.get("HTTP_ACCEPT", ""))
            except Exception:  # the thread that polls must not end
                log.exception("metrics can't be told")
                channel.reply(
                    refusal("500 Internal Server Error", code="internal_error", detail="the log says why", closes=False)
                )
                return
            headers = [("Content-Type", media_type), ("Cache-Control", "no-store")]
            channel.reply(Prepared("200 OK", headers, text, closes=False))
        elif page is not None and page.wants_token:
            answer = refusal("401 Unauthorized", code="unauthenticated", detail=metrics.WANTED, closes=False)
            answer.headers.append(("WWW-Authenticate", "Bearer"))
            channel.reply(answer)
        else:
            detail = f"there is nothing at {request.path}"
            channel.reply(refusal("404 Not Found", code="not_found", detail=detail, closes=False))

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
                try:
                    channel.reply(answer)
                except Exception:  # of one connection: the others wait for their answers, too
                    log.exception("an error while %r was answered", channel)
                    channel.close_soon()

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
