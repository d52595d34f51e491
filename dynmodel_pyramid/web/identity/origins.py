"""Requests that only the service's own pages may send.

A browser adds cookies, and the password of Basic, to requests that pages of other sites make it send (cross-site
request forgery). So unsafe requests that bear them need proof that a page of the service sent them: an ``Origin`` that
is the service's own, or ``Sec-Fetch-Site: same-origin`` (Fetch Metadata Request Headers), which no page can forge.
Signing in needs it as well, so that no other site can sign its visitors in as somebody else.

The service's own origin is ``dynmodel.public_url``. Without the setting it is the origin that the request was sent to,
by ``Host``: a browser sends a cookie, or a password, only to the host that it has it from, so ``Origin`` and ``Host``
can agree only for a page of that very host. A proxy that changes ``Host``, or the scheme, makes them differ; then the
setting is needed.

A page cannot add a bearer token to a request unless it knows it: that needs no origin.
"""

from typing import Literal

from pyramid.request import Request

from dynmodel_pyramid.errors import Forbidden
from dynmodel_pyramid.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: How a credential came.
Carrier = Literal["bearer", "apikey", "basic", "cookie"]
#: Those that browsers send by themselves.
AMBIENT: frozenset[Carrier] = frozenset({"basic", "cookie"})
_OWN_PORTS = {"http": ":80", "https": ":443"}


def own_origins(request: Request, settings: Settings) -> tuple[str, ...]:
    """The origins of the service's own pages."""
    if settings.public_url:
        return (settings.public_url,)
    host = request.headers.get("Host", "").lower()
    return (f"{request.scheme}://{host.removesuffix(_OWN_PORTS.get(request.scheme, ''))}",) if host else ()


def is_own(request: Request, settings: Settings) -> bool:
    """Whether the browser says that a page of the service sent the request."""
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    return request.headers.get("Origin") in own_origins(request, settings)


def require_own(request: Request, settings: Settings) -> None:
    """For ``POST /session/``, whatever the request bears.

    :raises Forbidden: code ``foreign_origin``
    """
    if is_own(request, settings):
        return
    expected = settings.public_url or "the origin that it is sent to"
    raise Forbidden(
        f"the request must come from a page of this service: its Origin must be {expected}",
        hint="programs send a token (Authorization: Bearer dyn_...), which needs no Origin; "
        "behind a proxy set dynmodel.public_url",
        code="foreign_origin",
    )


def check(request: Request, settings: Settings, carrier: Carrier) -> None:
    """For a request with a credential.

    :raises Forbidden: code ``foreign_origin``
    """
    if carrier in AMBIENT and request.method not in SAFE_METHODS:
        require_own(request, settings)
