"""Open mode (``dynmodel.access = open``), in which whoever sends no credential may do everything.

It is for development on one machine. So it serves only clients on that machine, and among these no page of another
site, which a browser on the machine may show:

* the peer is a loopback address, and no header shows a proxy, which would forward requests of others;
* ``Host`` is a loopback name. A page of a site whose name was rebound to 127.0.0.1 sends the site's name;
* ``Origin``, if there is one, is the service's own.
"""

import ipaddress
import logging
import re
from functools import lru_cache

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.database import SystemTables
from dynmodel_pyramid.errors import ConfigurationProblem, Forbidden
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.web.identity.origins import own_origins

log = logging.getLogger(__name__)

#: By which a proxy shows.
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
#: Characters of a name with a port (RFC 1035, 2.3.4).
LONGEST_HOST = 261
_KEYS = tuple(("HTTP_" + name.upper().replace("-", "_"), name) for name in PROXY_HEADERS)
_HOST = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")


def refuse(request: Request, settings: Settings) -> None:
    """Refuse a request that open mode is not for. Call it before anything else is done for the request.

    :raises Forbidden: code ``open_mode``
    """
    if settings.access != "open" or settings.open_to == "anywhere":
        return
    reason = _reason(request, settings)
    if reason is not None:
        raise Forbidden(
            f"dynmodel.access = open serves programs on the server's own machine only, and {reason}",
            hint="set dynmodel.access = enforced and send a token; or, to let everybody do everything, "
            "dynmodel.open_to = anywhere",
            code="open_mode",
        )


def _reason(request: Request, settings: Settings) -> str | None:
    environ = request.environ
    # Our server notes the peer before waitress replaces it by the address that a trusted proxy forwards.
    address = environ.get("REMOTE_ADDR")
    if not _is_loopback(address) or not _is_loopback(environ.get("dynmodel.peer", address)):
        return "the request comes from another one"
    for key, name in _KEYS:
        if key in environ:
            return f"the request comes through a proxy: it has {name}"
    if environ.get("dynmodel.proxied"):
        return "the request comes through a proxy: it has a header of one"
    host = environ.get("HTTP_HOST", "")
    if len(host) > LONGEST_HOST or not _is_loopback_host(host):
        return "the request's Host is no name of it, such as localhost"
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin not in own_origins(request, settings):
        return "the request's Origin is another site"
    return None


@lru_cache(256)
def _is_loopback(address: str | None) -> bool:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False  # such as the peer of a Unix socket, which is a proxy as a rule
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


@lru_cache(256)
def _is_loopback_host(host: str) -> bool:
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match[1].lower()
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name.strip("[]"))


def check_settings(settings: Settings) -> None:
    """What the start checks and tells.

    :raises ConfigurationProblem: open mode together with ``dynmodel.cors_origins``
    """
    if settings.access != "open":
        return
    if settings.cors_origins:
        raise ConfigurationProblem(
            "dynmodel.access = open does not go with dynmodel.cors_origins: pages of these origins could do everything",
            hint="set dynmodel.access = enforced, or take dynmodel.cors_origins out",
        )
    if settings.open_to == "anywhere":
        log.warning("dynmodel.access = open, dynmodel.open_to = anywhere: everybody who reaches this may do everything")
    else:
        log.warning("dynmodel.access = open: every program on this machine may do everything; for development only")


def tell_first_way_in(connection: sa.Connection, system: SystemTables, settings: Settings) -> None:
    """Tell in the log how the first token is made, while nobody can be let in."""
    accepts_others = settings.jwt_secret or settings.jwt_jwks_url or settings.jwt_jwks_file or settings.oidc_issuer
    if settings.access != "enforced" or accepts_others:
        return
    known = sa.exists().select_from(system.access.token), sa.exists().select_from(system.access.user)
    if not connection.scalar(sa.select(sa.or_(*known))):
        log.warning("there is no token and no user yet; the first way in: dynmodel-token create --role admin FILE.ini")
