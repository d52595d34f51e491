"""Open mode (``dynmodel.access = open``), in which whoever sends no credential may do everything.

It is for development on one machine. So it serves only clients on that machine, and among these no page of another
site, which a browser on the machine may show:

* the request is a local one (:mod:`dynmodel_pyramid.loopback`);
* ``Origin``, if there is one, is the service's own.
"""

import logging

import sqlalchemy as sa
from pyramid.request import Request

from dynmodel_pyramid.database import SystemTables
from dynmodel_pyramid.errors import ConfigurationProblem, Forbidden
from dynmodel_pyramid.loopback import why_not_local
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.web.identity.origins import own_origins

log = logging.getLogger(__name__)


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
    reason = why_not_local(request.environ)
    if reason is not None:
        return reason
    origin = request.environ.get("HTTP_ORIGIN")
    if origin is not None and origin not in own_origins(request, settings):
        return "the request's Origin is another site"
    return None


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
