"""A small OpenID provider on loopback: discovery, authorization, tokens, keys. It asks nobody for a password."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import jwt

from tests.access.signing import jwk, jwks, rsa_key
from tests.access.small_server import Answer, Asked, serving

CLIENT, CLIENT_SECRET = "dynmodel client", "a secret: of a client/with + signs"


class SmallProvider:
    """Tests change its attributes to make it misbehave."""

    issuer = ""

    def __init__(self) -> None:
        self.codes: dict[str, dict[str, str]] = {}
        self.exchanges: list[dict[str, str]] = []
        self.behave()

    def behave(self) -> None:
        """As a provider should."""
        self.person: dict[str, Any] = {"sub": "ann-1", "preferred_username": "ann"}
        self.metadata: dict[str, Any] = {}  # changes to it
        self.claims: dict[str, Any] = {}  # changes to those of ID tokens; None leaves one out
        self.tokens: dict[str, Any] = {}  # changes to the answer with tokens
        self.key, self.algorithm = rsa_key(), "RS256"
        self.redirected: dict[str, str | None] = {}  # changes to the parameters that come back
        self.fails = False

    def __call__(self, asked: Asked) -> Answer:
        if self.fails:
            return Answer(b"out of order", 500)
        views = {
            "/.well-known/openid-configuration": self.describe,
            "/authorize": self.authorize,
            "/token": self.token,
            "/keys": lambda asked: Answer(jwks(jwk(rsa_key(), "r"))),
        }
        return views[asked.path](asked) if asked.path in views else Answer(b"", 404)

    def describe(self, asked: Asked) -> Answer:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return Answer(json.dumps(document).encode())

    def authorize(self, asked: Asked) -> Answer:
        sent = {name: values[0] for name, values in parse_qs(asked.query, strict_parsing=True).items()}
        assert (sent["response_type"], sent["client_id"], sent["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = secrets.token_urlsafe(8)
        self.codes[code] = sent
        back = {"code": code, "state": sent["state"], "iss": self.issuer, "session_state": "x", **self.redirected}
        back = {name: value for name, value in back.items() if value is not None}
        return Answer(b"", 302, Location=f"{sent['redirect_uri']}?{urlencode(back)}")

    def token(self, asked: Asked) -> Answer:
        sent = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
        self.exchanges.append(sent)
        if "Authorization" in asked.headers:
            pair = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
            client, secret = map(unquote_plus, pair.split(":"))
        else:
            client, secret = sent["client_id"], sent["client_secret"]
        assert (client, secret) == (CLIENT, CLIENT_SECRET)
        flow = self.codes.pop(sent["code"], None)  # a code is good once
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if flow is None or flow["code_challenge"] != challenge or flow["redirect_uri"] != sent["redirect_uri"]:
            return Answer(b'{"error": "invalid_grant", "error_description": "secret words"}', 400)
        now = int(time.time())
        access_token = secrets.token_urlsafe(8)
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 60,
            "iat": now,
            "nonce": flow["nonce"],
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        id_token = jwt.encode(claims, self.key, self.algorithm, headers={"kid": "r"})
        answer = {"access_token": access_token, "token_type": "Bearer", "id_token": id_token, **self.tokens}
        return Answer(json.dumps(answer).encode())


@contextmanager
def small_provider() -> Iterator[SmallProvider]:
    found = SmallProvider()
    with serving(found) as url:
        found.issuer = url
        yield found
