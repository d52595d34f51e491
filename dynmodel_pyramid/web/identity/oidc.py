"""Views of ``/session/oidc/``: sign-in with an OpenID provider.

GET ``/session/oidc/?next=/path`` sends the browser to the provider, which sends it back to ``/session/oidc/callback/``.
There the session begins, and the browser goes on to ``next``, a path of this service's own origin.
"""

import re

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.accounts.logins import Logins
from dynmodel_pyramid.access.oidc import LIFETIME, Provider, SignInFailed, provider
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.tenants.claims import refuse_other_tenant
from dynmodel_pyramid.web.http.answers import empty_answer
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.permissions import anybody
from dynmodel_pyramid.web.http.tree import TENANT, path
from dynmodel_pyramid.web.identity.changing import accounts_of, origin_of
from dynmodel_pyramid.web.identity.credentials import sent_cookies, set_cookie
from dynmodel_pyramid.web.identity.resources import OidcCallback, OidcSignIn

COOKIE = "dynmodel_oidc"
#: Characters of ``next``: it is in the cookie, of which browsers keep 4,096 bytes.
LONGEST_NEXT = 1000
#: Parameters of the provider's answer that are read. There may be others: RFC 6749, 4.1.2, says to ignore them.
READ = ("state", "code", "iss", "error")
#: In a request's environment: who came back. The provider takes a code once, however often the request is attempted.
_CLAIMS = "dynmodel.oidc_claims"


def includeme(config: Configurator) -> None:
    config.registry.dynmodel_oidc = provider(config.registry.dynmodel_settings)
    add_resource_view(config, OidcSignIn, {"GET": begin}, anybody, offers=None)
    add_resource_view(config, OidcCallback, {"GET": end}, anybody, offers=None)


def begin(context: OidcSignIn, request: Request) -> Response:
    parameters = no_parameters(request, "next")
    cookie, address = _provider(request).begin(_redirect_uri(request), own_path(parameters.get("next"), path(request)))
    answer = _redirect(address)
    _set_flow(request, answer, cookie, LIFETIME)
    return answer


def end(context: OidcCallback, request: Request) -> Response:
    parameters: dict[str, str] = {}
    for name, value in request.GET.items():
        if name in READ and name in parameters:
            raise Malformed(f"the parameter {name} stands twice", code="invalid_parameter")
        parameters[name] = value
    known = _provider(request)
    cookies = sent_cookies(request, COOKIE)
    flow = known.flow(cookies[-1] if cookies else None, parameters.get("state"))
    claims = request.environ.get(_CLAIMS)
    if claims is None:
        # A sign-in ends once, however it ends.
        request.add_response_callback(_clear_flow)
        claims = known.end(flow, parameters, _redirect_uri(request))
        refuse_other_tenant(request.environ[TENANT], claims)
        request.environ[_CLAIMS] = claims
    accounts = accounts_of(request)
    _, secret = Logins(accounts, known.issuer).sign_in(claims, origin_of(request))
    # The sign-in is committed, and its answer shows nothing that could be stale.
    context.attempt.settle()
    answer = _redirect(own_path(flow.next, path(request)))
    set_cookie(request, answer, secret, accounts.database.settings.session_lifetime)
    return answer


def own_path(text: str | None, default: str) -> str:
    """A path of this service's own origin, as a browser reads it (URL Standard, 4.4): ``//`` and ``/\\`` begin a host,
    and tabs and line breaks are left out before that is looked at.

    :raises Malformed: it is something else
    """
    if text is None:
        return default
    if len(text) > LONGEST_NEXT or "\\" in text or not re.fullmatch(r"/(?:[!-.0-~][!-~]*)?", text):
        raise Malformed(
            "next is no path of this service",
            hint=f"want a path that begins with one slash, at most {LONGEST_NEXT} characters of ASCII",
            code="invalid_parameter",
            parameter="next",
        )
    return text


def _provider(request: Request) -> Provider:
    known: Provider | None = request.registry.dynmodel_oidc
    if known is None:  # the tree has no such place then
        raise SignInFailed("no OpenID provider is set up")
    return known


def _redirect_uri(request: Request) -> str:
    """Where the provider sends the browser: by the setting, never by what the request says its host is."""
    public_url: str = request.registry.dynmodel_settings.public_url
    return public_url + path(request, "session", "oidc", "callback")


def _redirect(address: str) -> Response:
    answer = empty_answer(303)
    answer.headers.update({"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return answer


def _set_flow(request: Request, answer: Response, value: str, seconds: int) -> None:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=seconds,
        path=path(request, "session", "oidc").rstrip("/"),
        httponly=True,
        # Lax: the provider sends the browser back from its own site.
        samesite="Lax",
        secure=request.registry.dynmodel_settings.public_url.startswith("https:"),
    )


def _clear_flow(request: Request, answer: Response) -> None:
    _set_flow(request, answer, "", 0)
