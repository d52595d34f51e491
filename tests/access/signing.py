"""Keys and tokens of an issuer."""

import base64
import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ISSUER, AUDIENCE = "https://issuer.example", "dynmodel"
SECRET = "a secret of more than thirty-two bytes"


@cache
def rsa_key(name: str = "first", bits: int = 2048) -> RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str | None = None, **members: Any) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    algorithm = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    document = {**algorithm.to_jwk(key.public_key(), as_dict=True), **members}
    document.pop("key_ops", None)
    return document if kid is None else {**document, "kid": kid}


def jwks(*documents: dict[str, Any]) -> bytes:
    return json.dumps({"keys": documents}).encode()


def claims(**further: Any) -> dict[str, Any]:
    """Claims of a token that ends in a minute; one that is None is left out."""
    now = int(time.time())
    every = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 60, **further}
    return {name: value for name, value in every.items() if value is not None}


def token(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **further: Any) -> str:
    return jwt.encode(claims(**further), key, algorithm, headers=None if kid is None else {"kid": kid})


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
