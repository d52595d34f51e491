"""The outermost tween: what a request does is recorded, and told when its answer is made.

An answer that is sent while it is made counts until its last part is made. Where nobody looks there is no tween, and
nothing is recorded.
"""

from collections.abc import Iterator
from time import monotonic
from typing import Any

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.telemetry.measuring import CURRENT, Record, finish
from dynmodel_pyramid.telemetry.resources import UNKNOWN, name_of
from dynmodel_pyramid.web.http.tree import ROUTE, Handler, Resource

#: In the environment of our own server: when the request was there, of ``time.monotonic``.
ARRIVED = "dynmodel.arrived"


class Observer:
    """
    :param registry: of the application
    """

    def __init__(self, registry: Registry) -> None:
        settings = registry.dynmodel_settings
        # Tenants have tables with the same ids.
        self._tells_tables = bool(settings.metrics_tables) and registry.dynmodel_tenants is None
        self._is_alone = registry.dynmodel_prefix is None

    def done(self, request: Request, record: Record, status: str) -> None:
        """The answer to a request is made.

        :param status: three digits
        """
        # Pyramid keeps all this among the attributes; what was not reached is missing.
        found = request.__dict__
        route = found.get("matched_route")
        if (route is None or route.name != ROUTE) and not self._is_alone:
            return  # the host application's own
        record.ended = monotonic()
        context, resource = found.get("context"), UNKNOWN
        if isinstance(context, Resource) and not found.get("view_name"):
            resource = name_of(context.__class__)
            if self._tells_tables:
                model = getattr(context, "model", None)
                record.table_id = None if model is None else model.definition.id
        finish(record, resource, request.environ["REQUEST_METHOD"], status)


class _Body:
    """The parts of an answer, while they are made; told of when they end."""

    def __init__(self, parts: Any, observer: Observer, request: Request, record: Record, status: str) -> None:
        self._parts, self._source = parts, iter(parts)
        self._observer, self._request, self._record, self._status = observer, request, record, status
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        before = CURRENT.set(self._record)
        try:
            part: bytes = next(self._source)
        finally:
            CURRENT.reset(before)
        return part

    def close(self) -> None:
        try:
            if hasattr(self._parts, "close"):
                self._parts.close()
        finally:
            if self._is_open:
                self._is_open = False
                self._observer.done(self._request, self._record, self._status)


def observing_tween_factory(handler: Handler, registry: Registry) -> Handler:
    if not registry.dynmodel_settings.metrics:
        return handler
    observer = Observer(registry)

    def observing_tween(request: Request) -> Response:
        record = Record(request.environ.get(ARRIVED))
        before = CURRENT.set(record)
        try:
            answer = handler(request)
        except BaseException:
            observer.done(request, record, "500")
            raise
        finally:
            CURRENT.reset(before)
        parts = answer.app_iter
        status = answer.status[:3]
        if isinstance(parts, (list, tuple)):
            observer.done(request, record, status)
        else:
            length = answer.content_length
            answer.app_iter = _Body(parts, observer, request, record, status)
            answer.content_length = length  # which WebOb has just forgotten
        return answer

    return observing_tween
