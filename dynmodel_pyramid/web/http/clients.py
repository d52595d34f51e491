"""Clients that go away before their answer is made: their work on rows is stopped, and nothing of it is written.

The server must tell (``waitress.client_disconnected`` in the environment); under servers that don't, requests run to
their end. A write is undone until its commit begins; after that it is committed. Changes of definitions run to their
end: they have transactions of their own, and who has begun a long one need not wait for it.
"""

import logging
from collections.abc import Callable

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.database.work import Work
from dynmodel_pyramid.web.http.errors import request_id
from dynmodel_pyramid.web.http.tree import ATTEMPT

log = logging.getLogger(__name__)

#: In the environment of waitress and of our own server: a function that says whether the client has gone.
_HAS_GONE = "waitress.client_disconnected"
#: In the environment: the request's :class:`Work`; missing where the server doesn't tell whether the client is there.
_WORK = "dynmodel.work"


def begin_work(request: Request) -> None:
    has_gone: Callable[[], bool] | None = request.environ.get(_HAS_GONE)
    if has_gone is not None:
        request.environ[_WORK] = Work(has_gone)


def attend(request: Request, connection: sa.Connection) -> None:
    """Stop what runs on this connection when the client goes away, until it is given back or the work is complete."""
    work: Work | None = request.environ.get(_WORK)
    if work is not None:
        work.stops(connection, request.environ[ATTEMPT].database.dialect.stopper(connection))


def refuse_gone(request: Request) -> None:
    """:raises dynmodel_pyramid.database.work.Abandoned: the client has gone"""
    work: Work | None = request.environ.get(_WORK)
    if work is not None:
        work.check()


def complete_work(request: Request) -> None:
    """Call it before a commit, which comes to its end whether the client is there or not.

    :raises dynmodel_pyramid.database.work.Abandoned: the client has gone
    """
    work: Work | None = request.environ.get(_WORK)
    if work is not None:
        work.complete()


def has_gone(request: Request) -> bool:
    work: Work | None = request.environ.get(_WORK)
    return work is not None and work.is_abandoned()


def log_gone(request: Request, outcome: str, level: int = logging.INFO) -> None:
    """One line for each request whose work was stopped."""
    what = (request_id(request), request.method, request.path)
    log.log(level, "request %s: %s %s: the client has gone: %s", *what, outcome)


def unread_answer() -> Response:
    """What the server gets for a client that has gone: nobody reads it. The status is nginx's, for its log."""
    return Response(status="499 Client Closed Request")
