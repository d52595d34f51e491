"""Attempts and transactions, which make each answer coherent.

Two tweens stand around Pyramid's router, with pyramid_tm's between them::

    attempts_tween            runs an attempt again when it was stale, till a deadline; then 503
      pyramid_tm              one transaction for a request that writes
        confirmation_tween    proves the answer, refusals included, before it is committed and sent
          exception views     problem documents
            router            traversal, view

Reads need no transaction manager: they have their own read transaction, which halves the time of a small request.
Definition changes have theirs in the definition service.
"""

import logging
import random
import time
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.dialect import ONE_MOMENT
from dynmodel_pyramid.database.replicas import ReplicaBehind
from dynmodel_pyramid.database.work import Abandoned
from dynmodel_pyramid.errors import ConfigurationProblem, Conflict, OutcomeUnknown, Violation
from dynmodel_pyramid.rows.imports import Transaction
from dynmodel_pyramid.telemetry import families
from dynmodel_pyramid.telemetry.measuring import CURRENT, add
from dynmodel_pyramid.tenants.tenants import Tenants
from dynmodel_pyramid.web.http.afterwards import Afterwards
from dynmodel_pyramid.web.http.clients import (
    attend,
    begin_work,
    complete_work,
    log_gone,
    refuse_gone,
    unread_answer,
)
from dynmodel_pyramid.web.http.consistency import POSITION, READS, leave_replica, reading_of, tell
from dynmodel_pyramid.web.http.errors import (
    UNDECIDED,
    database_error_view,
    domain_error_view,
    log_failure,
    log_unexpected,
    stale_view,
)
from dynmodel_pyramid.web.http.joined import JoinedConnection
from dynmodel_pyramid.web.http.once import SENT, AnswerTooLong, repeated
from dynmodel_pyramid.web.http.streams import ANSWER
from dynmodel_pyramid.web.http.tree import ATTEMPT, ATTEMPT_NUMBER, TENANT, Handler

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: In the environment: the work left for after the commit.
_AFTERWARDS = "dynmodel.afterwards"
#: In the environment: the connections lead to a server that takes no writes.
_READ_ONLY = "dynmodel.read_only"
#: Attributes that an attempt leaves on the request.
_LEFT_BEHIND = ("context", "exception", "exc_info", "view_name", "subpath", "traversed", "virtual_root", "root")


class AttemptFailure(Exception):
    """An error in an attempt, with its answer in case no further attempt is made.

    :param kind: the kind of a database error, see :class:`~dynmodel_pyramid.database.Failure`; "other" for all other
        errors
    """

    def __init__(self, error: Exception, kind: str, answer: Response) -> None:
        super().__init__(str(error))
        self.error = error
        self.kind = kind
        self.answer = answer


def writes(request: Request) -> bool:
    """pyramid_tm's ``tm.activate_hook``: safe methods need no transaction manager."""
    return request.method not in SAFE_METHODS


def attempts_tween_factory(handler: Handler, registry: Registry) -> Handler:
    timeout = registry.dynmodel_settings.lock_timeout
    tells = bool(registry.dynmodel_settings.replica_urls)

    def attempts_tween(request: Request) -> Response:
        begin_work(request)
        try:
            answer = attempts(request)
            if SENT in request.environ:
                answer = repeated(request, answer)
            if tells or "HTTP_PREFER" in request.environ:
                tell(request, answer)
        except Abandoned:
            if request.method in SAFE_METHODS:
                log_gone(request, "its work was stopped")
            else:
                log_gone(request, "its work was stopped, and nothing was written", logging.WARNING)
            return unread_answer()
        log_failure(answer, request)
        return answer

    def attempts(request: Request) -> Response:
        deadline = time.monotonic() + timeout
        number = 0
        while True:
            request.environ[ATTEMPT_NUMBER] = (number, deadline)
            try:
                return _finished(request, handler(request))
            except ReplicaBehind as behind:
                answer, cause = stale_view(behind, request), behind.code
            except Stale as stale:
                answer, cause = stale_view(stale, request), stale.cause
            except AttemptFailure as failure:
                cause = failure.kind
                answer = _after_failure(request, failure, number)
                if answer is None:
                    if failure.answer.status_int == 500 and failure.kind != "timeout":  # which is 500 at /rest/
                        log_unexpected(failure.error, request)
                    count_failure(cause)
                    return failure.answer
            finally:
                _close(request)
            refuse_gone(request)
            if not leave_replica(request):
                if time.monotonic() > deadline:
                    count_failure(cause)
                    return answer
                if number:
                    time.sleep(random.uniform(0, min(0.02 * 2**number, 0.5)))
                number += 1
                count_repetition(cause)
            for name in _LEFT_BEHIND:
                request.__dict__.pop(name, None)

    return attempts_tween


def count_repetition(cause: str) -> None:
    record = CURRENT.get()
    if record is not None:
        record.attempts += 1
        add(families.REPEATED, cause)


def count_failure(cause: str) -> None:
    if CURRENT.get() is not None and cause in families.FAILURES:
        add(families.DATABASE_ERRORS, cause)


def _after_failure(request: Request, failure: AttemptFailure, number: int) -> Response | None:
    """The answer in case it is too late for a further attempt; None if no further attempt is worth making."""
    attempt: RequestAttempt = request.environ[ATTEMPT]
    kind = failure.kind
    if kind not in ("timeout", "too_complex") and leave_replica(request, is_away=kind == "away"):
        return failure.answer  # whatever it was, the primary decides
    if kind in ("away", "statement", "other") and _has_gone(request):
        return stale_view(Stale("the tenant is gone"), request)  # the next attempt finds none
    if kind == "read_only":
        # The primary has become a replica, or the service has only a replica: its connections lead nowhere. Or they
        # were opened while a file could not be written. Nothing was written, so the request may run again: on whichever
        # server is the primary now, or by a connection that opens the file anew.
        request.environ[_READ_ONLY] = True
        return failure.answer if number == 0 else None
    if kind == "away":
        # A pooled connection may have been dead for long; the pool has thrown all of them away by now. If a new
        # connection fails, too, nobody waits for the database: the threads are needed for other requests.
        return failure.answer if number == 0 else None
    if kind == "busy":
        return failure.answer
    if kind in ("timeout", "too_complex"):
        return None
    try:
        stale = attempt.is_stale()
    except sa.exc.DBAPIError:
        return None
    return stale_view(Stale("a definition has changed"), request) if stale else None


def _has_gone(request: Request) -> bool:
    """Whether the request's tenant has been dropped, which explains that its tables are missing."""
    tenants: Tenants | None = request.registry.dynmodel_tenants
    if tenants is None:
        return False
    try:
        return tenants.forget_gone(request.environ[TENANT])
    except sa.exc.DBAPIError:
        return False


def confirmation_tween_factory(handler: Handler, registry: Registry) -> Handler:
    def confirmation_tween(request: Request) -> Response:
        unexpected: list[Exception] = []
        request.environ[UNDECIDED] = unexpected
        try:
            answer = handler(request)
        finally:
            del request.environ[UNDECIDED]
        error = getattr(request, "exception", None)
        if error is not None or unexpected:
            refuse_gone(request)  # it may be the stopped statement's error
        attempt: RequestAttempt | None = request.environ.get(ATTEMPT)
        if attempt is None:
            for fault in unexpected:
                log_unexpected(fault, request)
            return answer
        if isinstance(error, Stale | ReplicaBehind):
            raise error
        once = attempt.once
        if isinstance(error, OutcomeUnknown):
            return answer  # another attempt might write twice
        if error is not None and request.environ.get("tm.active"):
            request.tm.doom()
        # A rule that is broken may be one of a newer definition, and the transaction may have failed.
        cause = error.__cause__ if isinstance(error, Violation) else error
        if isinstance(cause, sa.exc.DBAPIError):
            raise AttemptFailure(cause, attempt.database.failure(cause).kind, answer)
        if unexpected:
            # Such as a driver's error for a column of another type than the statement was made for.
            raise AttemptFailure(unexpected[0], "other", answer)
        try:
            if error is None and once is not None:
                once.keep(answer)
            attempt.confirm()
            if error is None and once is not None:
                once.commit()
        except (AnswerTooLong, Conflict, OutcomeUnknown) as refusal:
            if request.environ.get("tm.active"):
                request.tm.doom()
            return domain_error_view(refusal, request)
        except sa.exc.DBAPIError as failed:
            refuse_gone(request)
            kind = attempt.database.failure(failed).kind
            raise AttemptFailure(failed, kind, database_error_view(failed, request)) from failed
        if "dynmodel.writes" in request.environ:
            complete_work(request)
        return answer

    return confirmation_tween


def read_connection(request: Request) -> sa.Connection:
    """The attempt's connection, in a read transaction, which ends when the answer is made."""
    attempt: RequestAttempt = request.environ[ATTEMPT]
    connection = request.environ["dynmodel.connection"] = attempt.database.begin_reading()
    attend(request, connection)
    return attempt.open(connection)


def rows_connection(request: Request) -> sa.Connection:
    """The same for rows, of a replica if there is one that may answer."""
    attempt: RequestAttempt = request.environ[ATTEMPT]
    database = attempt.database
    reading = None if database.replicas is None else reading_of(request, database.replicas)
    if reading is None:
        return read_connection(request)
    attempt.reading = reading  # a failure to connect is the replica's
    connection = request.environ["dynmodel.connection"] = database.begin_reading_from(reading)
    attend(request, connection)
    return attempt.open_replica(connection, reading)


def detached_read_connection(request: Request) -> sa.Connection:
    """A connection in a read transaction that outlives the view, for a stream; the caller closes it.

    All its statements see one moment, so that a count agrees with the rows that are sent.
    """
    attempt: RequestAttempt = request.environ[ATTEMPT]
    request.environ[READS] = True
    connection = attempt.database.engine.connect().execution_options(**{ONE_MOMENT: True})
    try:
        attend(request, connection)
        connection.begin()
        attempt.database.dialect.mark_stream(connection)
        attempt.open(connection)
        attempt.lock(connection)
    except BaseException:
        attempt.leave()
        connection.close()
        raise
    return connection


def staging_connection(request: Request) -> sa.Connection:
    """A connection for temporary tables, which :func:`write_connection` may go on with; it ends with the attempt."""
    attempt: RequestAttempt = request.environ[ATTEMPT]
    connection = request.environ["dynmodel.staging"] = attempt.database.staging()
    attend(request, connection)
    return connection


def write_connection(
    request: Request, prepare: Callable[[sa.Connection], None] = lambda connection: None
) -> sa.Connection:
    """The attempt's connection, in the transaction of ``request.tm``: the one of :func:`staging_connection`, if there
    is one.

    :param prepare: called with it before the attempt uses it
    """
    attempt: RequestAttempt = request.environ[ATTEMPT]
    if not request.environ.get("tm.active"):
        raise ConfigurationProblem(
            "pyramid_tm is not active for this request",
            hint="a tm.activate_hook must let the requests under the service's route pass that write",
        )
    request.environ["dynmodel.writes"] = True
    staged = request.environ.get("dynmodel.staging")
    if staged is not None:
        attempt.database.writes_from_now_on(staged)
    if attempt.once is not None:
        attempt.once.prepare()
    database = attempt.database
    if staged is not None:
        connection, transaction = staged, staged.begin()
        joined = JoinedConnection(connection, request.tm, transaction.commit, partial(_roll_back, transaction))
    else:
        # Watchers know a transaction by its connection, and that it is rolled back by a connection that is gone.
        connection = database.begin_writing(is_kept=attempt.catalogue.watcher is None)
        commit, end = partial(_commit, request, database, connection), partial(database.dialect.end_writing, connection)
        joined = JoinedConnection(connection, request.tm, commit, end)
    try:
        if staged is None:
            attend(request, connection)
        if attempt.once is not None:
            attempt.once.claim(connection)
        if attempt.catalogue.watcher is not None:
            request.tm.get().addAfterCommitHook(_tell_commit, (attempt.catalogue, connection))
        prepare(connection)
    except BaseException:
        joined.abort(None)
        raise
    return attempt.open(connection, writes=True)


def _commit(request: Request, database: Database, connection: sa.Connection) -> None:
    hold = getattr(request.environ.get(ANSWER), "hold", None)  # other servers have no such thing
    tells = database.replicas is not None
    request.environ[POSITION] = database.dialect.commit_writing(connection, tells=tells, hold=hold)


def _roll_back(transaction: sa.RootTransaction) -> None:
    """Roll back a transaction of a connection that somebody else keeps, who rolls back again if a commit failed."""
    if transaction.is_active:
        transaction.close()


def _tell_commit(is_committed: bool, catalogue: Catalogue, connection: sa.Connection) -> None:
    if is_committed:
        catalogue.committed(connection)


class RequestTransaction(Transaction):
    """The transaction of a request, for any number of rows.

    :param begin: begins it
    """

    def __init__(self, request: Request, begin: Callable[[], sa.Connection]) -> None:
        self._request = request
        self._begin = begin

    def begin(self) -> sa.Connection:
        return self._begin()

    def stage(self) -> sa.Connection:
        return staging_connection(self._request)

    def check(self) -> None:
        refuse_gone(self._request)

    def later(self, step: Callable[[], None]) -> None:
        environ, database = self._request.environ, self._request.environ[ATTEMPT].database
        afterwards = environ.get(_AFTERWARDS)
        connection = environ.get("dynmodel.staging")
        if environ[ATTEMPT].once is not None:
            step()  # the answer is kept in the same transaction
            return
        if afterwards is None and connection is not None and not self._request.tm.isDoomed():
            moment = database.dialect.keep_moment(connection)
            if moment is not None:
                afterwards = environ[_AFTERWARDS] = Afterwards(self._request, database, connection, moment)
        if afterwards is None:
            step()
        else:
            afterwards.add(step)


def _finished(request: Request, answer: Response) -> Response:
    afterwards = request.environ.get(_AFTERWARDS)
    return answer if afterwards is None else afterwards.run(answer)


def _close(request: Request) -> None:
    attempt: RequestAttempt | None = request.environ.get(ATTEMPT)
    if attempt is not None and attempt.once is not None:
        attempt.once.roll_back()
    connection = request.environ.pop("dynmodel.connection", None)
    if connection is not None:
        request.environ[ATTEMPT].database.end_reading(connection)
    afterwards = request.environ.pop(_AFTERWARDS, None)
    if afterwards is not None:
        afterwards.close()
    staged = request.environ.pop("dynmodel.staging", None)
    if staged is not None:
        request.environ[ATTEMPT].database.unstage(staged)
    if request.environ.pop(_READ_ONLY, None) is not None:
        request.environ[ATTEMPT].database.engine.dispose()  # now that the request has given its connections back
    if request.__dict__.pop("exc_info", None) is not None and request.exception is not None:
        # The traceback's frames refer to the request, in a cycle: the body would stay in memory until the garbage
        # collector's next full run. Tracebacks that matter have been logged.
        request.exception.__traceback__ = None
