"""Sign-in with an OpenID provider: the code flow with PKCE (OpenID Connect Core 1.0; RFC 7636; RFC 9700).

A sign-in has two halves. :meth:`Provider.begin` sends the browser to the provider, and gives it a cookie. When it comes
back, :meth:`Provider.end` wants the cookie's state with the answer, so that an answer counts only in the browser that
asked. The cookie is signed, and holds no secret: state, nonce and the verifier of PKCE are derived from its random seed
by a key that only this service has. So every process can end what another one has begun, and nothing is stored.

The provider's documents and keys are fetched over a bounded transport (:mod:`~.fetching`), and its ID tokens are
verified as all JSON Web Tokens are (:mod:`~.jwt`).
"""

import base64
import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from dynmodel_pyramid.access.fetching import FetchFailed, fetch, refuse_url
from dynmodel_pyramid.access.jwt import library, read_keys, verified_claims
from dynmodel_pyramid.access.keys import ASYMMETRIC, RETRY, FetchedKeys, KeySet
from dynmodel_pyramid.errors import Busy, ConfigurationProblem, Forbidden, Unauthenticated
from dynmodel_pyramid.nesting import loads
from dynmodel_pyramid.settings import Settings

log = logging.getLogger(__name__)

#: Seconds that a sign-in may take; characters of a code; sign-ins that a process ends at a time, each with its thread.
LIFETIME, LONGEST_CODE, MOST_AT_A_TIME = 600, 4096, 4


class SignInFailed(Forbidden):
    """A sign-in with the provider came to nothing."""

    code = "sign_in_failed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, hint="begin again at /session/oidc/")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    #: How this service shows its secret: ``client_secret_basic`` or ``client_secret_post``.
    method: str
    #: Whether every answer names the issuer (RFC 9207).
    names_issuer: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that has begun.

    :param next: where the browser goes afterwards
    :param ends: the time (of ``time.time``) at which it is void
    """

    seed: str
    next: str
    ends: int


class Provider:
    """The provider of the settings. Any thread may call it, outside of transactions."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer
        self._settings = settings
        self._key = self._mac(settings.oidc_client_secret.encode(), "sign-in with OpenID Connect")
        self._metadata: tuple[float, Metadata] | None = None
        self._tried_at = float("-inf")
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_AT_A_TIME)
        self._keys = FetchedKeys(self._load_keys, settings.jwks_max_age)

    # The two halves

    def begin(self, redirect_uri: str, next: str) -> tuple[str, str]:
        """
        :param redirect_uri: where the browser comes back to
        :return: the cookie, and the address to send the browser to
        :raises Busy: the provider can't be reached
        """
        flow = Flow(secrets.token_urlsafe(32), next, int(time.time()) + LIFETIME)
        verifier = self._derived(flow, "verifier")
        challenge = hashlib.sha256(verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._settings.oidc_scopes),
            "state": self._derived(flow, "state"),
            "nonce": self._derived(flow, "nonce"),
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
        endpoint = self.metadata().authorization_endpoint
        return self._written(flow), f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    def flow(self, cookie: str | None, state: str | None) -> Flow:
        """The sign-in that an answer belongs to.

        :raises SignInFailed: this browser has begun no such sign-in
        """
        flow = self._read(cookie or "")
        if flow is None or not hmac.compare_digest(self._derived(flow, "state").encode(), (state or "").encode()):
            raise SignInFailed("this browser has begun no such sign-in, or it took too long")
        return flow

    def end(self, flow: Flow, parameters: Mapping[str, str], redirect_uri: str) -> Mapping[str, Any]:
        """The claims of who signed in; ``sub`` is his name at the provider.

        :param parameters: of the provider's answer
        :raises SignInFailed: the provider refuses, or what it says is not valid
        :raises Busy: the provider can't be reached
        """
        metadata = self.metadata()
        issuer = parameters.get("iss")
        if issuer != self.issuer and (issuer is not None or metadata.names_issuer):
            raise SignInFailed("the answer is of another provider (iss)")
        if "error" in parameters:
            raise SignInFailed(f"the provider refused: {_word(parameters['error'])}")
        code = parameters.get("code", "")
        if not 0 < len(code) <= LONGEST_CODE:
            raise SignInFailed("the provider's answer has no code")
        if not self._places.acquire(blocking=False):
            raise Busy("many people sign in at the moment")
        try:
            answer = self._exchanged(metadata, code, self._derived(flow, "verifier"), redirect_uri)
            return self._claims(answer, self._derived(flow, "nonce"))
        finally:
            self._places.release()

    # The cookie

    @staticmethod
    def _mac(key: bytes, text: str) -> bytes:
        return hmac.digest(key, text.encode(), "sha256")

    def _derived(self, flow: Flow, purpose: str) -> str:
        return _base64(self._mac(self._key, f"{purpose} {flow.seed}"))

    def _written(self, flow: Flow) -> str:
        text = _base64(json.dumps([flow.seed, flow.next, flow.ends]).encode())
        return f"{text}.{_base64(self._mac(self._key, 'cookie ' + text))}"

    def _read(self, cookie: str) -> Flow | None:
        text, _, signature = cookie.partition(".")
        right = _base64(self._mac(self._key, "cookie " + text))
        if not hmac.compare_digest(signature.encode(), right.encode()):
            return None
        seed, next, ends = json.loads(base64.urlsafe_b64decode(text + "=="))
        return Flow(seed, next, ends) if time.time() < ends else None

    # The provider

    def metadata(self) -> Metadata:
        """:raises Busy: it can't be fetched"""
        known = self._metadata
        now = time.monotonic()
        if known is not None and now - known[0] < self._settings.jwks_max_age:
            return known[1]
        if self._lock.acquire(blocking=False):
            try:
                if now - self._tried_at >= RETRY:
                    self._tried_at = now
                    known = self._metadata = now, self._fetch_metadata()
            except (FetchFailed, ValueError) as error:
                log.warning("the OpenID provider: %s", error)
            finally:
                self._lock.release()
        if known is None:
            raise Busy("the OpenID provider can't be reached at the moment", retry_after=int(RETRY))
        return known[1]

    def _fetch_metadata(self) -> Metadata:
        """:raises ValueError: it is not as the standard says"""
        url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        document = _object(self._fetch(url))
        if document.get("issuer") != self.issuer:
            raise ValueError(f"{url} is of the issuer {_word(document.get('issuer'))}, not of {self.issuer}")
        places = []
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            place = document.get(name)
            if not isinstance(place, str):
                raise ValueError(f"{url} has no {name}")
            refuse_url(place, loopback=self._settings.insecure_loopback)
            places.append(place)
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        known = ("client_secret_basic", "client_secret_post")
        method = next((name for name in known if isinstance(methods, list) and name in methods), None)
        if method is None:
            raise ValueError(f"{url} takes no client's secret: it wants one of {_word(methods)}")
        names_issuer = document.get("authorization_response_iss_parameter_supported") is True
        authorization, token, keys = places
        return Metadata(authorization, token, keys, method, names_issuer)

    def _load_keys(self) -> KeySet:
        return read_keys(self._fetch(self.metadata().jwks_uri), ASYMMETRIC)

    def _fetch(self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] = {}) -> bytes:
        return fetch(url, loopback=self._settings.insecure_loopback, form=form, headers=headers)

    def _exchanged(self, metadata: Metadata, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The answer to a code (OpenID Connect Core, 3.1.3)."""
        client_id, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if metadata.method == "client_secret_basic":
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": client_id, "client_secret": secret}
        try:
            answer = _object(self._fetch(metadata.token_endpoint, form, headers))
        except (FetchFailed, ValueError) as error:
            log.warning("the OpenID provider: %s", error)
            raise Busy("the OpenID provider can't be reached at the moment") from None
        if "error" in answer:
            raise SignInFailed(f"the provider refused the code: {_word(answer['error'])}")
        return answer

    def _claims(self, answer: dict[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token (OpenID Connect Core, 3.1.3.7)."""
        token, client_id = answer.get("id_token"), self._settings.oidc_client_id
        if not isinstance(token, str) or len(token) > 65_536:
            raise SignInFailed("the provider sent no ID token")
        try:
            claims = verified_claims(token, self._keys, [client_id], [self.issuer])
        except Unauthenticated as error:
            raise SignInFailed(f"the provider's ID token is not accepted: {error.detail}") from None
        sent = claims.get("nonce")
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode("utf-8", "replace"), nonce.encode()):
            raise SignInFailed("the provider's ID token belongs to another sign-in (nonce)")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else client_id) != client_id:
            raise SignInFailed("the provider's ID token is for another client (azp)")
        if "at_hash" in claims and claims["at_hash"] != _access_token_hash(token, answer.get("access_token")):
            raise SignInFailed("the provider's ID token belongs to another access token (at_hash)")
        return claims


def _access_token_hash(id_token: str, access_token: Any) -> str | None:
    """OpenID Connect Core, 3.1.3.6; the hash is that of the ID token's signature."""
    if not isinstance(access_token, str):
        return None
    head = json.loads(base64.urlsafe_b64decode(id_token.partition(".")[0] + "=="))
    size = {"256": "sha256", "384": "sha384"}.get(head["alg"][-3:], "sha512")  # EdDSA with Ed25519: SHA-512
    digest = hashlib.new(size, access_token.encode()).digest()
    return _base64(digest[: len(digest) // 2])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _object(data: bytes) -> dict[str, Any]:
    document = loads(data)
    if not isinstance(document, dict):
        raise ValueError("the answer is no JSON object")
    return document


def _word(said: Any) -> str:
    """A word of the provider's, for an error: short, and in ASCII."""
    return ascii(said)[:100]


def provider(settings: Settings) -> Provider | None:
    """The provider that the settings name, if any.

    :raises ConfigurationProblem: another setting is missing, or the library
    """
    if not settings.oidc_issuer:
        return None
    for name in ("public_url", "oidc_client_id", "oidc_client_secret"):
        if not getattr(settings, name):
            raise ConfigurationProblem(f"dynmodel.oidc_issuer needs dynmodel.{name}")
    if "openid" not in settings.oidc_scopes:
        raise ConfigurationProblem("dynmodel.oidc_scopes: want openid among them")
    try:
        refuse_url(settings.oidc_issuer, loopback=settings.insecure_loopback)
    except ValueError as error:
        raise ConfigurationProblem(f"dynmodel.oidc_issuer = {settings.oidc_issuer}: {error}") from None
    library("oidc_issuer", "oidc")
    return Provider(settings)
