"""Attempts and transactions: how each answer is made coherent.

Two tweens stand around Pyramid's router, with pyramid_tm's between them::

    attempts_tween            runs an attempt again when it was stale, till a deadline; then 503
      pyramid_tm              one transaction for a request that writes
        confirmation_tween    proves the answer, refusals included, before it is committed and sent
          exception views     problem documents
            router            traversal, view

Reads need no transaction manager: they have a read transaction of their own, at half the price of a small request.
Definition changes have theirs in the definition service.
"""

import random
import time

import sqlalchemy as sa
from pyramid.response import Response
from sqlalchemy.orm import Session
from zope.sqlalchemy import mark_changed

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.tables.work import Stale, Work
from dynmodel_pyramid.web.errors import database_error_view, stale_view
from dynmodel_pyramid.web.resources import ATTEMPT, WORK

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Failures of the database after which an attempt is worth another, besides stale definitions.
TRANSIENT = ("busy", "away")
#: What an attempt leaves on the request.
_LEFT_BEHIND = ("context", "exception", "exc_info", "view_name", "subpath", "traversed", "virtual_root", "root")


class DatabaseFailure(Exception):
    """A database error in an attempt, with the answer that it gets if no other attempt is made."""

    def __init__(self, error: sa.exc.DBAPIError, answer: Response):
        super().__init__(str(error))
        self.error = error
        self.answer = answer


def writes(request) -> bool:
    """pyramid_tm's ``tm.activate_hook``: safe methods need no transaction manager."""
    return request.method not in SAFE_METHODS


def attempts_tween_factory(handler, registry):
    def attempts_tween(request):
        deadline = None
        attempt = 0
        while True:
            request.environ[ATTEMPT] = attempt
            try:
                return handler(request)
            except Stale as stale:
                answer = stale_view(stale, request)
            except DatabaseFailure as failure:
                work = request.environ[WORK]
                database = work.database
                try:
                    again = work.is_stale() or database.failure(failure.error).kind in TRANSIENT
                except sa.exc.DBAPIError:  # the database has gone away altogether
                    again = True
                if not again:
                    return failure.answer
                answer = failure.answer if failure.answer.status_int == 503 else stale_view(None, request)
            finally:
                _close(request)
            timeout = registry.dynmodel_settings.lock_timeout
            deadline = deadline or time.monotonic() + timeout
            if time.monotonic() > deadline:
                return answer
            if attempt:
                time.sleep(random.uniform(0, min(0.02 * 2**attempt, 0.5)))
            attempt += 1
            for name in _LEFT_BEHIND:
                request.__dict__.pop(name, None)

    return attempts_tween


def confirmation_tween_factory(handler, registry):
    def confirmation_tween(request):
        answer = handler(request)
        work = request.environ.get(WORK)
        if work is None:
            return answer
        error = getattr(request, "exception", None)
        if isinstance(error, Stale):
            raise error
        if error is not None and request.environ.get("tm.active"):
            request.tm.doom()
        if isinstance(error, sa.exc.DBAPIError):
            raise DatabaseFailure(error, answer)
        try:
            work.confirm()
        except sa.exc.DBAPIError as failed:
            raise DatabaseFailure(failed, database_error_view(failed, request)) from failed
        return answer

    return confirmation_tween


def read_connection(request) -> sa.Connection:
    """The attempt's connection, in a read transaction; it is closed when the answer is made."""
    work: Work = request.environ[WORK]
    connection = work.database.engine.connect()
    request.environ["dynmodel.connection"] = connection
    connection.begin()
    return work.open(connection)


def detached_read_connection(request) -> sa.Connection:
    """A connection in a read transaction that outlives the view, for a stream; who takes it closes it."""
    work: Work = request.environ[WORK]
    connection = work.database.engine.connect()
    try:
        connection.begin()
        work.open(connection)
        work.lock(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def write_connection(request) -> sa.Connection:
    """The attempt's connection, in the transaction of ``request.tm``."""
    work: Work = request.environ[WORK]
    if not request.environ.get("tm.active"):
        raise ConfigurationProblem(
            "pyramid_tm is not active for this request",
            hint="a tm.activate_hook must let the requests under the service's route pass that write",
        )
    request.environ["dynmodel.writes"] = True
    session = Session(work.database.writer)
    try:
        connection = session.connection()
        mark_changed(session, request.tm)
    except BaseException:
        session.close()
        raise
    return work.open(connection, writes=True)


def _close(request) -> None:
    connection = request.environ.pop("dynmodel.connection", None)
    if connection is not None:
        connection.close()
