"""Requests with an ``Idempotency-Key``: a write is carried out at most once, and repetitions get its answer.

The header is that of the IETF draft "The Idempotency-Key HTTP Header Field"
(draft-ietf-httpapi-idempotency-key-header). The answer is written in the transaction of the write
(:mod:`dynmodel_pyramid.access.kept_answers`). So that this is possible for changes of definitions as well, their
transaction is committed when the answer is made (:meth:`Once.hold`).

A repetition is an ordinary request until it fails, or until its write begins, where it finds the key. Then it gets the
answer (:func:`repeated`). Only answers to writes are kept: whatever else is answered has changed nothing.
"""

import hashlib
import logging
import math
import random
import re
from contextlib import ExitStack, suppress
from os import SEEK_CUR

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response
from webob.request import DisconnectionError

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.kept_answers import KeptAnswers, RequestKey, request_key
from dynmodel_pyramid.access.principal import Committed
from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.errors import Busy, Malformed, TooLarge
from dynmodel_pyramid.telemetry.lines import plain
from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.body import body_as_sent
from dynmodel_pyramid.web.http.errors import HttpError, database_error_view, domain_error_view, request_id
from dynmodel_pyramid.web.http.tree import ATTEMPT, TENANT

log = logging.getLogger(__name__)

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
#: In the environment: the header.
SENT = "HTTP_IDEMPOTENCY_KEY"
METHODS = frozenset({"POST", "PATCH", "PUT", "DELETE"})
#: First segments of addresses whose bodies have passwords, or whose answers have secrets: neither is kept anywhere.
SECRET = frozenset({"session", "token", "user"})
#: A String of Structured Fields (RFC 9651, section 3.3.3), or its characters without quotes.
_KEY = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,510})"|([!#-+\--:<-\[\]-~]{1,255})')
_LONGEST = 255
#: Headers that change what a request means, besides its method and address.
_MEANT = (
    *("Content-Type", "Content-Encoding", "Accept", "Prefer", "If-Match", "If-None-Match", "If-Unmodified-Since"),
    *("Range", "Content-Profile", "Accept-Profile", "Content-Disposition"),
)
#: Headers of an answer that are not kept.
_OF_ONE_ANSWER = frozenset({"content-length", "x-request-id", "set-cookie"})
_CHUNK = 262_144
#: One request with a key in so many deletes old answers.
_TIDIES = 100
#: In a request's environment: its fingerprint.
_FINGERPRINT = "dynmodel.fingerprint"


class KeyReused(HttpError):
    status, code = 422, "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            f"this {HEADER} was used for another request",
            hint="a repetition has the same method, address, headers and body; a new request needs a new key",
        )


class InProgress(HttpError):
    status, code, headers = 409, "request_in_progress", {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__(f"a request with this {HEADER} is still running", hint="repeat the request later")


class AnswerWithheld(HttpError):
    status, code = 409, "answer_withheld"

    def __init__(self, status: int) -> None:
        super().__init__(
            f"the request was carried out and answered with {status}; what you may see has changed since",
            hint="read what it was to change; do not send it again",
        )


class AnswerTooLong(HttpError):
    code = "answer_too_long"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the answer has more than {most} bytes, and no more are kept for an {HEADER}",
            hint="nothing was changed; send Prefer: return=minimal, or no key",
        )


def once_of(request: Request, attempt: RequestAttempt) -> "Once | None":
    """What a request with a key needs; None for one without it, and for one that only reads.

    :raises Malformed: the header is malformed, or not for this address
    """
    sent = request.environ.get(SENT)
    if sent is None or request.method not in METHODS:
        return None
    key = read_key(sent)
    if (request.matchdict.get("traverse") or ("",))[0] in SECRET:
        raise Malformed(
            f"{HEADER}: nothing is kept of requests with passwords, or of answers with secrets",
            code="idempotency_key_refused",
            hint="leave the header out",
        )
    return Once(request, attempt, request_key(attempt.caller, key))


def read_key(sent: str) -> str:
    """:raises Malformed: it is no key"""
    match = _KEY.fullmatch(sent.strip(" \t"))
    key = "" if match is None else match[2] or re.sub(r"\\(.)", r"\1", match[1])
    if not 0 < len(key) <= _LONGEST:
        raise Malformed(
            f"{HEADER}: want a string of 1 to {_LONGEST} visible ASCII characters",
            code="invalid_idempotency_key",
            hint='for example "8e03978e-40d5-43dd-bc93-6894a57f9324"',
        )
    return key


def _fingerprint(request: Request) -> str:
    """The digest of a whole request. The body is read in parts; whoever else reads it goes on where he was.

    :raises TooLarge: the body is too long
    """
    known: str | None = request.environ.get(_FINGERPRINT)
    if known is not None:
        return known
    environ = request.environ
    address = (environ.get(name, "") for name in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"))
    parts = [request.method, *address, *(request.headers.get(name, "\0") for name in _MEANT)]
    hasher = hashlib.sha256()
    for part in parts:
        text = part.encode("utf-8", "surrogateescape")
        hasher.update(b"%d:%b" % (len(text), text))
    position = request.body_file_raw.seek(0, SEEK_CUR) if request.is_body_seekable else 0
    file = body_as_sent(request)
    while chunk := file.read(_CHUNK):
        hasher.update(chunk)
    file.seek(position)
    environ[_FINGERPRINT] = hasher.hexdigest()
    return hasher.hexdigest()


class Once:
    """One attempt at a request with a key."""

    def __init__(self, request: Request, attempt: RequestAttempt, key: RequestKey) -> None:
        self._request, self._attempt, self._key = request, attempt, key
        self._answers: KeptAnswers = request.environ[TENANT].kept_answers
        #: The connection of the write, when it has begun.
        self._connection: sa.Connection | None = None
        #: The transaction of a change of definitions, to be committed, and what is called afterwards.
        self._held: ExitStack | None = None
        self._committed: Committed = lambda connection: None
        #: Whether the answer of this attempt is written.
        self.is_kept = False

    def prepare(self) -> None:
        _fingerprint(self._request)

    def claim(self, connection: sa.Connection) -> None:
        """
        :raises InProgress: another request with the key was not done in time, or is done now
        :raises KeyReused: the key belongs to another request
        """
        try:
            is_new = self._answers.claim(connection, self._key, _fingerprint(self._request))
        except sa.exc.DBAPIError as error:
            if self._answers.database.failure(error).kind != "busy":
                raise
            raise InProgress from error
        if not is_new:
            kept = self._answers.find(connection, self._key)
            if kept is not None and kept.fingerprint != _fingerprint(self._request):
                raise KeyReused
            raise InProgress
        self._connection = connection

    def hold(self, transaction: ExitStack, connection: sa.Connection, committed: Committed) -> None:
        assert self._held is None  # a request makes one transaction
        self._held, self._committed = transaction, committed

    def keep(self, answer: Response) -> None:
        """Write the answer, if the request has written.

        :raises AnswerTooLong: it can't be kept
        """
        if self._connection is None or (self._held is None and self._request.tm.isDoomed()):
            return
        most = self._answers.database.settings.max_kept_answer
        if _length(answer) > most:
            raise AnswerTooLong(most)
        headers = [(name, value) for name, value in answer.headerlist if name.lower() not in _OF_ONE_ANSWER]
        self._answers.keep(self._connection, self._key, answer.status_int, headers, answer.body)
        self.is_kept = True

    def commit(self) -> None:
        """Commit the transaction of :meth:`hold`, if there is one."""
        held, self._held = self._held, None
        if held is not None and self._connection is not None:
            held.close()
            self._committed(self._connection)

    def roll_back(self) -> None:
        """Undo the transaction of :meth:`hold`, if it is still open."""
        held, self._held = self._held, None
        if held is not None:
            with suppress(sa.exc.SQLAlchemyError):  # the connection may be gone
                held.__exit__(_Undone, _Undone(), None)

    def kept(self) -> Response | None:
        """The answer to this request that is kept from an earlier time.

        :raises Stale: access has changed meanwhile
        :raises AnswerWithheld: the caller may not see what it might see then
        """
        with self._answers.database.reading() as connection:
            found = self._answers.find(connection, self._key)
            if found is None:
                return None
            self._attempt.prove_caller(connection)
        if found.fingerprint != _fingerprint(self._request):
            return None
        if found.body and found.rights != self._key.rights:
            raise AnswerWithheld(found.status)
        answer = Answer(found.body, status=found.status, headerlist=found.headers)
        answer.headers[REPLAYED] = "true"
        if "X-Request-Id" in self._request.headers:
            answer.headers["X-Request-Id"] = request_id(self._request)
        return answer

    def tidy(self) -> None:
        """Delete some old answers, now and then."""
        if random.randrange(_TIDIES):
            return
        try:
            with self._answers.database.writer.begin() as connection:
                self._answers.tidy(connection)
        except (sa.exc.DBAPIError, Busy) as error:
            log.info("old answers could not be deleted now: %s", plain(str(getattr(error, "orig", error)).strip()))


def _length(answer: Response) -> float:
    if answer.content_length is not None:
        return int(answer.content_length)
    parts = answer.app_iter
    return sum(map(len, parts)) if isinstance(parts, list | tuple) else math.inf


class _Undone(Exception):
    """Makes a transaction end without a commit."""


def repeated(request: Request, answer: Response) -> Response:
    """The answer that is kept for a request, if there is one; else the given one.

    :param answer: the answer of the last attempt
    """
    attempt: RequestAttempt | None = request.environ.get(ATTEMPT)
    once = None if attempt is None else attempt.once
    if not isinstance(once, Once):
        return answer
    if 400 <= answer.status_int < 500 and not once.is_kept:
        try:
            return once.kept() or answer
        except AnswerWithheld as withheld:
            return domain_error_view(withheld, request)
        except Stale as stale:
            return domain_error_view(Busy(stale.detail), request)
        except (TooLarge, DisconnectionError):
            return answer  # the body is not that of the first request
        except sa.exc.DBAPIError as failed:
            return database_error_view(failed, request)
    once.tidy()
    return answer
