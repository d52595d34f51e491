"""Bearer tokens of others: JSON Web Tokens (RFC 7519), as RFC 8725 says they should be verified.

The library is PyJWT (extra ``jwt``). It is imported when a setting needs it.
"""

import base64
import hashlib
import importlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from dynmodel_pyramid.access.fetching import fetch, refuse_url
from dynmodel_pyramid.access.identity import AUTHENTICATED, EVERYONE, Identity
from dynmodel_pyramid.access.keys import ASYMMETRIC, SYMMETRIC, FetchedKeys, FileKeys, Keys, KeySet, Secret, parse
from dynmodel_pyramid.errors import ConfigurationProblem, Unauthenticated
from dynmodel_pyramid.nesting import MAX_LEVELS, is_deep
from dynmodel_pyramid.settings import Settings

#: Bytes of a token; seconds that clocks may differ by.
LONGEST, LEEWAY = 8192, 30
#: Verified tokens that are remembered.
MOST_REMEMBERED = 1000
#: Characters of an issuer and of a subject (OpenID Connect Core, section 2, says so of subjects).
LONGEST_NAME = 255


def library(setting: str, extra: str = "jwt") -> Any:
    """PyJWT.

    :param setting: that needs it
    :raises ConfigurationProblem: it is not installed, or without cryptography
    """
    try:
        importlib.import_module("cryptography")
        return importlib.import_module("jwt")
    except ImportError:
        raise ConfigurationProblem(
            f"dynmodel.{setting} needs libraries that are not installed",
            hint=f'pip install "dynmodel_pyramid[{extra}]"',
        ) from None


class Verifier:
    """Says whose a token is. Any thread may call it, outside of transactions: it may fetch keys."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings, self._keys = settings, keys
        self._lock = threading.Lock()
        # Digest -> the keys it was verified with, the time (of time.time) at which it ends, its claims.
        self._verified: OrderedDict[bytes, tuple[KeySet, float, Mapping[str, Any]]] = OrderedDict()

    def identity(self, token: str, roles: Collection[str]) -> Identity:
        """
        :param roles: the names of all roles that exist, ``admin`` included
        :raises Unauthenticated: code ``invalid_credential`` or ``expired_credential``
        :raises Busy: the keys can't be had at the moment
        """
        settings = self._settings
        claims = self.claims(token)
        own = set(_role_names(claims, settings.jwt_role_claim)) & set(settings.jwt_roles) & set(roles)
        name = claims.get("name") or claims.get("preferred_username")
        # The provider lets people write any address into a profile: it counts if the provider has verified it.
        email = claims.get("email") if claims.get("email_verified") is True else None
        issuer = str(claims.get("iss", "")).replace("%", "%25").replace("|", "%7C")
        return Identity(
            "jwt",
            f"jwt:{issuer}|{claims['sub']}",
            name=name if isinstance(name, str) else None,
            email=email if isinstance(email, str) else None,
            roles=frozenset({EVERYONE, AUTHENTICATED, *own}),
            claims=claims,
        )

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is valid now; errors as for :meth:`identity`."""
        if len(token) > LONGEST:
            raise invalid(f"is longer than {LONGEST} bytes")
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        keys, now = self._keys.current(), time.time()
        with self._lock:
            known = self._verified.get(digest)
            if known is not None and known[0] is keys and now < known[1]:
                self._verified.move_to_end(digest)
                return known[2]
            self._verified.pop(digest, None)
        settings = self._settings
        claims = verified_claims(token, self._keys, settings.jwt_audience, settings.jwt_issuer)
        if settings.jwt_not_before:
            issued = claims.get("iat")
            if not _is_number(issued) or issued < settings.jwt_not_before:
                raise Unauthenticated(
                    "the JWT was issued before dynmodel.jwt_not_before, or does not say when (iat)",
                    hint="sign in again, or ask for a new token",
                    code="expired_credential",
                )
        with self._lock:
            self._verified[digest] = (keys, claims["exp"] + LEEWAY, claims)
            while len(self._verified) > MOST_REMEMBERED:
                self._verified.popitem(last=False)
        return claims


def verified_claims(token: str, keys: Keys, audiences: Collection[str], issuers: Collection[str]) -> dict[str, Any]:
    """Verify a token's signature, end, audience and issuer.

    :param audiences: one of them has to be named; none: the token must name none (RFC 7519, 4.1.3)
    :param issuers: none: any
    :raises Unauthenticated: code ``invalid_credential`` or ``expired_credential``
    """
    jwt = importlib.import_module("jwt")
    try:
        _refuse_deep(token)
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if "crit" in header:
            raise invalid("has a header crit, and no extension is known here")
        if not isinstance(algorithm, str) or not isinstance(kid, str | None):
            raise invalid("has a malformed header")
        key = keys.find(kid, algorithm)
        if key is None:
            raise invalid("is signed by an algorithm or a key that is not accepted here")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.value,
            # By the key's kind and the settings; the token chooses among them.
            algorithms=sorted(key.algorithms),
            audience=list(audiences) or None,
            issuer=list(issuers) or None,
            leeway=LEEWAY,
            options={"require": ["exp", "sub", *(["iss"] if issuers else [])]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated(
            "the JWT has expired", hint="sign in again, or ask for a new token", code="expired_credential"
        ) from None
    except jwt.MissingRequiredClaimError as error:
        raise invalid(f"has no claim {error.claim}") from None
    except jwt.InvalidAudienceError:
        raise invalid("is for another audience (aud)") from None
    except jwt.InvalidIssuerError:
        raise invalid("is of another issuer (iss)") from None
    except jwt.ImmatureSignatureError:
        raise invalid("is not valid yet (nbf, iat)") from None
    except (jwt.PyJWTError, ValueError):
        raise invalid("is malformed, or its signature is wrong") from None
    _refuse_bad_values(claims)
    return claims


def _refuse_deep(token: str) -> None:
    """Look at the parts of a token that PyJWT parses, the first one before it knows the signature.

    :raises ValueError: one is nested too deeply, or is not UTF-8, though PyJWT would take UTF-16 and UTF-32
    """
    header, _, rest = token.partition(".")
    for part in (header, rest.rpartition(".")[0]):
        if len(part) > MAX_LEVELS:  # the text is shorter than its base64
            text = base64.urlsafe_b64decode(part.encode() + b"=" * (-len(part) % 4)).decode()
            if "\0" in text or is_deep(text):
                raise ValueError


def invalid(what: str) -> Unauthenticated:
    return Unauthenticated(f"the JWT {what}", hint="ask its issuer for another one", code="invalid_credential")


def _refuse_bad_values(claims: dict[str, Any]) -> None:
    """Refuse values that are no JSON, or that no database stores."""
    if not _is_number(claims["exp"]):
        raise invalid("has a claim exp that is no number")
    for name in ("sub", "iss"):
        value = claims.get(name, "")
        if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable():
            raise invalid(f"has a claim {name} that is no text of at most {LONGEST_NAME} printable characters")
    if not claims["sub"]:
        raise invalid("has no claim sub")
    try:
        text = json.dumps(claims, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        raise invalid("has a claim that is no JSON value") from None
    if "\\u0000" in text:
        raise invalid("has a claim with NUL")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _role_names(claims: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    value: Any = claims
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]


def verifier(settings: Settings) -> Verifier | None:
    """The verifier that the settings ask for, if any.

    :raises ConfigurationProblem: the settings contradict each other, or the library is missing
    """
    sources = [name for name in ("jwt_secret", "jwt_jwks_url", "jwt_jwks_file") if getattr(settings, name)]
    if not sources:
        return None
    source = sources[0]
    if len(sources) > 1:
        raise ConfigurationProblem(f"dynmodel.{sources[0]} and dynmodel.{sources[1]}: want one of them")
    kind, default = (SYMMETRIC, {"HS256"}) if source == "jwt_secret" else (ASYMMETRIC, {"RS256", "ES256"})
    algorithms = frozenset(settings.jwt_algorithms or default)
    if not algorithms <= kind:
        raise ConfigurationProblem(
            f"dynmodel.jwt_algorithms = {' '.join(settings.jwt_algorithms)}: with dynmodel.{source} want some of "
            + " ".join(sorted(kind))
        )
    library(source)
    if source == "jwt_secret":
        shortest = max(int(name[2:]) // 8 for name in algorithms)  # as long as the hash (RFC 7518, 3.2)
        if len(settings.jwt_secret.encode()) < shortest:
            raise ConfigurationProblem(
                f"dynmodel.jwt_secret is shorter than {shortest} bytes, and could be guessed",
                hint=f'python -c "import secrets; print(secrets.token_urlsafe({shortest}))" makes one',
            )
        return Verifier(settings, Secret(settings.jwt_secret, algorithms))
    for name in ("jwt_audience", "jwt_issuer"):
        if not getattr(settings, name):
            raise ConfigurationProblem(
                f"dynmodel.{source} needs dynmodel.{name}", hint="the issuer signs tokens for others with the same keys"
            )
    if source == "jwt_jwks_file":
        path = Path(settings.jwt_jwks_file)
        try:
            return Verifier(settings, FileKeys(path, lambda data: read_keys(data, algorithms)))
        except (OSError, ValueError) as error:
            raise ConfigurationProblem(f"dynmodel.jwt_jwks_file = {path}: {error}") from None
    url = settings.jwt_jwks_url
    try:
        refuse_url(url, loopback=settings.insecure_loopback)
    except ValueError as error:
        raise ConfigurationProblem(f"dynmodel.jwt_jwks_url = {url}: {error}") from None
    return Verifier(
        settings,
        FetchedKeys(
            lambda: read_keys(fetch(url, loopback=settings.insecure_loopback), algorithms), settings.jwks_max_age
        ),
    )


def read_keys(data: bytes, algorithms: frozenset[str]) -> KeySet:
    """The keys of a JWK Set.

    :raises ValueError: it has no usable ones
    """
    jwk = importlib.import_module("jwt").PyJWK
    return parse(data, algorithms, lambda document: jwk(document).key)
