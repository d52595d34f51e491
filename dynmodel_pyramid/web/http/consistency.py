"""Reads from replicas: which requests may see older data, and what they are told (docs/scaling.md).

Without replicas nothing here costs anything: all data is the newest.
"""

from typing import TYPE_CHECKING

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.database.replicas import Position, Reading, Replicas
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.web.http.preferences import STRONG, preferred
from dynmodel_pyramid.web.http.tree import ATTEMPT

if TYPE_CHECKING:
    from dynmodel_pyramid.access.attempt import RequestAttempt

TOKEN = "Consistency-Token"
#: How old the data of an answer is at most, in seconds.
AGE = "Data-Age"
#: For browsers, which send it by themselves.
COOKIE = "dynmodel_consistency"
#: Seconds for which a browser sends it: by then every replica that is read from has the write.
COOKIE_AGE = 60
#: In the environment: the request has left the replicas; and the primary's place behind its write.
PRIMARY, POSITION = "dynmodel.primary", "dynmodel.position"
#: In the environment: the request reads rows, so it has written none.
READS = "dynmodel.reads"


def reading_of(request: Request, replicas: Replicas) -> Reading | None:
    """The replica that may answer a read of rows; None: the primary does.

    :raises Malformed: the token is none
    """
    environ = request.environ
    environ[READS] = True
    if PRIMARY in environ or is_strong(request):
        return None
    least = None
    header = environ.get("HTTP_CONSISTENCY_TOKEN")
    if header is not None:
        least = Position.read(header)
        if least is None:
            raise Malformed(
                f"{TOKEN} is none that this service gives",
                hint="send it as it came with the answer to a write, or leave it out",
            )
    if COOKIE in environ.get("HTTP_COOKIE", ""):
        cookie = Position.read(request.cookies.get(COOKIE, ""))
        if cookie is None:
            return None
        if least is None or (cookie.timeline, cookie.length) > (least.timeline, least.length):
            least = cookie
    return replicas.choose(least)


def is_strong(request: Request) -> bool:
    return preferred(request, STRONG[0], STRONG[1:])[STRONG[0]] is not None


def leave_replica(request: Request, *, is_away: bool = False) -> bool:
    """After an attempt that failed: whether it was one on a replica. Then the next one runs on the primary.

    :param is_away: the replica did not answer
    """
    attempt: RequestAttempt | None = request.environ.get(ATTEMPT)
    reading = None if attempt is None else attempt.reading
    if reading is None:
        return False
    if is_away:
        reading.replica.failed()
    request.environ[PRIMARY] = True
    return True


def tell(request: Request, answer: Response) -> None:
    """Add what the client needs to know of the data's age, to the answer of the whole request."""
    if "HTTP_PREFER" in request.environ and is_strong(request) and answer.status_int < 400:
        # Applied in any case: what does not come from a replica is the newest.
        applied = answer.headers.get("Preference-Applied")
        answer.headers["Preference-Applied"] = f"{applied}, {'='.join(STRONG)}" if applied else "=".join(STRONG)
    attempt: RequestAttempt | None = request.environ.get(ATTEMPT)
    if attempt is None or attempt.database.replicas is None:
        return
    if attempt.reading is not None:
        answer.headers[AGE] = f"{attempt.reading.age:.3f}"
    elif request.method not in ("GET", "HEAD", "OPTIONS") and READS not in request.environ:
        attempt.database.settle_access()
        if answer.status_int < 400:
            _tell_position(request, answer, attempt)


def _tell_position(request: Request, answer: Response, attempt: "RequestAttempt") -> None:
    position: Position | None = request.environ.get(POSITION)
    if position is None:
        try:
            position = attempt.database.position()
        except sa.exc.DBAPIError:
            return  # the write is done, and the next request will find the database away
    answer.headers[TOKEN] = position.token
    if "HTTP_COOKIE" in request.environ:
        answer.set_cookie(
            COOKIE, position.token, max_age=COOKIE_AGE, path="/", httponly=True, samesite="Lax",
            secure=request.scheme == "https",
        )  # fmt: skip
