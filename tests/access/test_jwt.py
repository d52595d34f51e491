"""JSON Web Tokens: what is let in, and the attacks of RFC 8725 and of CVEs, which are not."""

import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dynmodel_pyramid.access.jwt import LEEWAY, LONGEST, Verifier, read_keys, verifier
from dynmodel_pyramid.access.keys import Secret
from dynmodel_pyramid.errors import ConfigurationProblem, Unauthenticated
from tests.access.signing import AUDIENCE, ISSUER, SECRET, claims, ec_key, jwk, jwks, part, rsa_key, token
from tests.room import Watch
from tests.web.identity.requests_of import settings_of

ROLES = {"clerk", "boss", "admin", "everyone", "authenticated"}
BASE = frozenset({"everyone", "authenticated"})


def by_secret(**settings: str) -> Verifier:
    return verifier(settings_of(**{"jwt_secret": SECRET, "jwt_audience": AUDIENCE, "jwt_issuer": ISSUER, **settings}))


@pytest.fixture
def by_keys(tmp_path):
    """A verifier with a file of two public keys: RSA "r", EC "e"."""

    def make(*documents, **settings):
        path = tmp_path / "keys.json"
        path.write_bytes(jwks(*(documents or (jwk(rsa_key(), "r"), jwk(ec_key(), "e")))))
        named = {"jwt_jwks_file": str(path), "jwt_audience": AUDIENCE, "jwt_issuer": ISSUER, **settings}
        return verifier(settings_of(**named))

    return make


def refused(found: Verifier, text: str, code: str = "invalid_credential") -> str:
    with pytest.raises(Unauthenticated) as raised:
        found.identity(text, ROLES)
    assert raised.value.code == code
    assert SECRET not in raised.value.detail
    return raised.value.detail


# Who it is


def test_an_identity():
    found = by_secret(jwt_roles="clerk boss").identity(token(role="clerk", name="Ann", team={"id": 7}), ROLES)
    assert (found.kind, found.id, found.name, found.email) == ("jwt", f"jwt:{ISSUER}|ann", "Ann", None)
    assert found.roles == BASE | {"clerk"}
    assert found.claims["team"] == {"id": 7}
    assert found.credential is None and not found.is_admin


def test_ids_of_two_subjects_are_never_equal():
    either = by_secret(jwt_issuer="")
    ids = {
        either.identity(token(iss=iss, sub=sub), ROLES).id for iss, sub in (("a|b", "c"), ("a", "b|c"), ("a%7Cb", "c"))
    }
    assert len(ids) == 3
    assert either.identity(token(iss=None), ROLES).id == "jwt:|ann"


@pytest.mark.parametrize(
    ("settings", "sent", "roles"),
    (
        ({}, {"role": "clerk"}, set()),
        ({"jwt_roles": "clerk"}, {"role": "boss"}, set()),
        ({"jwt_roles": "clerk boss"}, {"role": "admin"}, set()),
        ({"jwt_roles": "clerk boss"}, {"role": ["admin", "clerk", "boss", 7, None]}, {"clerk", "boss"}),
        ({"jwt_roles": "clerk absent"}, {"role": ["absent", "clerk"]}, {"clerk"}),
        ({"jwt_roles": "clerk admin"}, {"role": "admin"}, {"admin"}),
        ({"jwt_roles": "clerk"}, {"role": "clerk boss"}, set()),
        ({"jwt_roles": "clerk"}, {"role": "Clerk"}, set()),
        ({"jwt_roles": "clerk"}, {"role": {"clerk": True}}, set()),
        ({"jwt_roles": "clerk"}, {"roles": "clerk"}, set()),
        ({"jwt_roles": "clerk", "jwt_role_claim": ".app.roles"}, {"app": {"roles": ["clerk"]}}, {"clerk"}),
        ({"jwt_roles": "clerk", "jwt_role_claim": "app.roles"}, {"app": ["roles", "clerk"], "role": "clerk"}, set()),
        ({"jwt_roles": "clerk", "jwt_role_claim": '"https://a.b/r"'}, {"https://a.b/r": "clerk"}, {"clerk"}),
    ),
    ids=lambda part: str(sorted(part) if isinstance(part, set) else part),
)
def test_roles(settings, sent, roles):
    assert by_secret(**settings).identity(token(**sent), ROLES).roles == BASE | roles


def test_an_email_counts_when_it_is_verified():
    found = by_secret()
    for verified, email in ((True, "a@b.example"), (False, None), (None, None), ("true", None)):
        assert found.identity(token(email="a@b.example", email_verified=verified), ROLES).email == email


def test_public_keys(by_keys):
    found = by_keys()
    assert found.identity(token(rsa_key(), "RS256", "r"), ROLES).id == f"jwt:{ISSUER}|ann"
    assert found.identity(token(ec_key(), "ES256", "e"), ROLES).id == f"jwt:{ISSUER}|ann"
    # Without a name the only key of the kind is meant.
    assert found.identity(token(rsa_key(), "RS256"), ROLES).id == f"jwt:{ISSUER}|ann"


# Attacks


def forged(header, payload, sign=lambda text: b"") -> str:
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(sign(text.encode()))}"


@pytest.mark.parametrize("algorithm", ("none", "None", "NONE", "nOnE", "", None, 0, ["HS256"], {}))
def test_no_algorithm(by_keys, algorithm):
    for found in (by_secret(), by_keys()):
        refused(found, forged({"alg": algorithm, "kid": "r"}, claims()))
        refused(found, forged({"alg": algorithm}, claims()))
        refused(found, forged({}, claims()))


def test_a_public_key_is_no_secret(by_keys):
    """Algorithm confusion: the token is signed by HMAC with the public key, which everybody knows."""
    public = rsa_key().public_key()
    forms = [
        public.public_bytes(Encoding.PEM, form) for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    ]
    forms += [public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), jwks(jwk(rsa_key(), "r"))]
    found = by_keys()
    for data in [*forms, *(form.strip() for form in forms)]:
        for header in ({"alg": "HS256", "kid": "r"}, {"alg": "HS256"}):
            text = forged(header, claims(), lambda text, key=data: hmac.digest(key, text, hashlib.sha256))
            refused(found, text)


def test_a_secret_in_the_set_is_no_key(by_keys):
    with pytest.raises(ConfigurationProblem, match="none of its keys"):
        by_keys({"kty": "oct", "kid": "s", "k": part(SECRET.encode()), "alg": "HS256"})
    found = by_keys({"kty": "oct", "kid": "s", "k": part(SECRET.encode())}, jwk(rsa_key(), "r"))
    refused(found, token(kid="s"))


def test_a_key_serves_its_own_algorithm_only(by_keys):
    found = by_keys(jwk(rsa_key(), "r", alg="RS256"), jwk(ec_key(), "e"), jwt_algorithms="RS256 PS256 ES256")
    found.identity(token(rsa_key(), "RS256", "r"), ROLES)
    refused(found, token(rsa_key(), "PS256", "r"))
    refused(found, token(rsa_key(), "RS512", "r"))
    refused(found, token(rsa_key(), "RS256", "e"))
    long = SECRET * 2
    refused(by_secret(jwt_secret=long), token(long, "HS512"))
    by_secret(jwt_algorithms="HS512", jwt_secret=long).identity(token(long, "HS512"), ROLES)


@pytest.mark.parametrize(
    "kid", ("", "x", "../../../../dev/null", "r' OR '1'='1", "r\0", "/keys.json", "http://evil.example/", "R", 7, ["r"])
)
def test_tricks_with_the_name_of_the_key(by_keys, kid):
    found = by_keys()
    for sign in (lambda text: hmac.digest(b"", text, "sha256"), lambda text: b""):
        refused(found, forged({"alg": "HS256", "kid": kid}, claims(), sign))
        refused(found, forged({"alg": "RS256", "kid": kid}, claims(), sign))


def test_keys_that_the_token_brings_are_not_read(by_keys):
    mine = rsa_key("of the attacker")
    for header in (
        {"jwk": jwk(mine, "r")},
        {"jku": "http://127.0.0.1:9/keys"},
        {"x5u": "http://127.0.0.1:9/keys"},
        {"jwk": jwk(mine), "kid": "r"},
    ):
        text = jwt.encode(claims(), mine, "RS256", headers=header)
        refused(by_keys(), text)
        # With a right signature they change nothing.
        by_keys().identity(jwt.encode(claims(), rsa_key(), "RS256", headers=header), ROLES)


@pytest.mark.parametrize("crit", (["b64"], ["exp"], [], "exp", None))
def test_critical_extensions_are_refused(crit):
    header = {"alg": "HS256", "crit": crit, "b64": True}
    sign = lambda text: hmac.digest(SECRET.encode(), text, "sha256")  # noqa: E731
    refused(by_secret(), forged(header, claims(), sign))
    by_secret().identity(forged({"alg": "HS256"}, claims(), sign), ROLES)


@pytest.mark.parametrize(
    ("sent", "words"),
    (
        ({"aud": "other"}, "audience"),
        ({"aud": None}, "aud"),
        ({"aud": ["other"]}, "audience"),
        ({"aud": {AUDIENCE: 1}}, "audience"),
        ({"aud": [AUDIENCE, 7]}, "audience"),
        ({"aud": AUDIENCE.upper()}, "audience"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"exp": None}, "exp"),
        ({"exp": "9999999999"}, "exp"),
        ({"exp": True}, ""),
        ({"exp": "soon"}, ""),
        ({"exp": [9999999999]}, ""),
        ({"nbf": 9999999999}, "not valid yet"),
        ({"iat": 9999999999}, "not valid yet"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, ""),
        ({"sub": "a\0b"}, "sub"),
        ({"sub": "a" * 256}, "sub"),
        ({"x": "a\0b"}, "NUL"),
        ({"x": "\ud800"}, "JSON"),
        ({"x": float("nan")}, "JSON"),
    ),
    ids=str,
)
def test_claims_that_are_refused(sent, words):
    payload = claims(**sent)
    sign = lambda text: hmac.digest(SECRET.encode(), text, "sha256")  # noqa: E731
    code = "expired_credential" if sent.get("exp") is True else "invalid_credential"
    assert words in refused(by_secret(), forged({"alg": "HS256"}, payload, sign), code)


def test_its_end():
    found, now = by_secret(), int(time.time())
    found.identity(token(exp=now - LEEWAY + 5), ROLES)
    refused(found, token(exp=now - LEEWAY - 1), "expired_credential")


def test_a_remembered_token_ends_too(monkeypatch):
    found, now = by_secret(), time.time()
    text = token(exp=int(now) + 10)
    found.identity(text, ROLES)
    assert len(found._verified) == 1
    monkeypatch.setattr("dynmodel_pyramid.access.jwt.time.time", lambda: now + 10 + LEEWAY + 1)
    monkeypatch.setattr("dynmodel_pyramid.access.jwt.verified_claims", lambda *_: pytest.fail("was verified"))
    with pytest.raises(pytest.fail.Exception, match="was verified"):
        found.identity(text, ROLES)
    assert not found._verified


def test_remembered_tokens_are_bounded(monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.access.jwt.MOST_REMEMBERED", 3)
    found = by_secret()
    for number in range(5):
        found.identity(token(sub=str(number)), ROLES)
    assert len(found._verified) == 3


def test_all_older_ones_are_revoked():
    found = by_secret(jwt_not_before="2026-01-31T12:00:00Z")
    edge = 1769860800
    assert "jwt_not_before" in refused(found, token(iat=edge - 1), "expired_credential")
    refused(found, token(iat=None), "expired_credential")
    found.identity(token(iat=edge), ROLES)


def test_without_an_audience_tokens_name_none():
    found = by_secret(jwt_audience="")
    refused(found, token())
    found.identity(token(aud=None), ROLES)
    several = by_secret(jwt_audience="a b", jwt_issuer="i j")
    several.identity(token(aud=["x", "b"], iss="j"), ROLES)


@pytest.mark.parametrize(
    "text",
    (
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "\udcff",
        f"{part(b'[' * 5000)}.e30.",
        f"{part(['alg'])}.e30.",
        f"{part({'alg': 'HS256'})}.{part([1])}.",
        f"{part({'alg': 'HS256', 'enc': 'A128GCM'})}.e30.",
        "a" * (LONGEST + 1),
    ),
    ids=lambda text: ascii(text[:20]),
)
def test_what_is_no_token(text):
    refused(by_secret(), text)


def test_a_huge_token():
    sign = lambda text: hmac.digest(SECRET.encode(), text, "sha256")  # noqa: E731
    assert "longer" in refused(by_secret(), token(x="a" * 7000))
    for nested in (b"[" * 3000, b'{"a":' * 1000):
        refused(by_secret(), forged({"alg": "HS256"}, nested, sign))
    refused(by_secret(), forged({"alg": "HS256"}, b'{"exp":' + b"9" * 5000 + b"}", sign))


def test_a_changed_token(by_keys):
    head, body, signature = token(rsa_key(), "RS256", "r", role="clerk").split(".")
    other = part({**claims(role="boss")})
    refused(by_keys(), f"{head}.{other}.{signature}")
    refused(by_keys(), f"{head}.{body}.")
    refused(by_keys(), f"{head}.{body}.{signature[:-8]}AAAAAAAA")
    refused(by_keys(), token(rsa_key("of the attacker"), "RS256", "r"))


# Settings


@pytest.mark.parametrize(
    ("settings", "words"),
    (
        ({"jwt_secret": "x" * 31}, "jwt_secret is shorter than 32"),
        ({"jwt_secret": SECRET, "jwt_algorithms": "HS256 HS512"}, "jwt_secret is shorter than 64"),
        ({"jwt_secret": SECRET, "jwt_jwks_url": "https://a.example"}, "want one of them"),
        ({"jwt_secret": SECRET, "jwt_algorithms": "RS256"}, "want some of HS256"),
        ({"jwt_secret": SECRET, "jwt_algorithms": "none"}, "want some of HS256"),
        ({"jwt_jwks_url": "https://a.example", "jwt_algorithms": "RS256 HS256"}, "want some of ES256"),
        ({"jwt_jwks_url": "https://a.example"}, "needs dynmodel.jwt_audience"),
        ({"jwt_jwks_url": "https://a.example", "jwt_audience": "a"}, "needs dynmodel.jwt_issuer"),
        ({"jwt_jwks_url": "http://a.example", "jwt_audience": "a", "jwt_issuer": "i"}, "want https"),
        ({"jwt_jwks_url": "file:///etc/keys", "jwt_audience": "a", "jwt_issuer": "i"}, "https"),
        ({"jwt_jwks_url": "http://127.0.0.1:9", "jwt_audience": "a", "jwt_issuer": "i"}, "want https"),
        ({"jwt_jwks_file": "/nothing/here", "jwt_audience": "a", "jwt_issuer": "i"}, "No such file"),
    ),
    ids=str,
)
def test_settings_that_contradict_each_other(settings, words):
    with pytest.raises(ConfigurationProblem, match=words) as raised:
        verifier(settings_of(**settings))
    assert SECRET not in str(raised.value) and "x" * 31 not in str(raised.value)


def test_no_setting_no_verifier():
    assert verifier(settings_of()) is None


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(
        "dynmodel_pyramid.access.jwt.importlib.import_module", lambda name: __import__("no_such_module")
    )
    with pytest.raises(ConfigurationProblem, match=r'pip install "dynmodel_pyramid\[jwt\]"'):
        verifier(settings_of(jwt_secret=SECRET))


# Key sets


@pytest.mark.parametrize(
    "data",
    (
        b"",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"[" * 100_000,
        jwks({"kty": "RSA"}),
        jwks({"kty": ["RSA"]}),
        jwks({"kty": "EC", "crv": "P-192"}),
        jwks({"kty": "EC", "crv": ["P-256"]}),
        jwks(jwk(rsa_key(), "r", use="enc")),
        jwks(jwk(rsa_key(), "r", alg="RSA-OAEP")),
        jwks(jwk(rsa_key(), "r", alg=["RS256"])),
        jwks(jwk(rsa_key(), "r", n="!")),
        jwks(jwk(rsa_key("small", 1024), "r")),
        jwks({**jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(), as_dict=True), "key_ops": ["verify"]}),
        jwks({**jwk(rsa_key(), "r"), "key_ops": ["encrypt"]}),
        jwks({**jwk(rsa_key()), "kid": 7}),
        jwks(*[jwk(rsa_key(), "r")] * 101),
    ),
    ids=lambda data: data[:30].decode(),
)
def test_sets_without_a_usable_key(data):
    with pytest.raises(ValueError):
        read_keys(data, frozenset({"RS256", "ES256"}))


def test_two_keys_of_one_name_are_no_choice():
    found = read_keys(jwks(jwk(rsa_key(), "r"), jwk(rsa_key("second"), "r")), frozenset({"RS256"}))
    assert found.find("r", "RS256") is None


def test_a_secret_may_have_any_name():
    assert Secret(SECRET, frozenset({"HS256"})).find("x", "HS256").value == SECRET.encode()


def test_a_file_is_read_again_when_it_has_changed(by_keys, tmp_path, monkeypatch, caplog):
    found = by_keys(jwk(rsa_key(), "r"))
    first, second = token(rsa_key(), "RS256", "r"), token(rsa_key("second"), "RS256", "s")
    found.identity(first, ROLES)
    refused(found, second)
    path = tmp_path / "keys.json"
    moments = iter(range(10_000_000, 20_000_000, 2))
    monkeypatch.setattr("dynmodel_pyramid.access.keys.time.monotonic", lambda: next(moments))
    path.write_bytes(b"{")
    found.identity(first, ROLES)  # the old ones stay
    assert "stay in use" in caplog.text
    path.write_bytes(jwks(jwk(rsa_key("second"), "s")))
    found.identity(second, ROLES)
    refused(found, first)  # also one that was remembered


def test_deep_tokens():
    """The header is parsed before the signature is known; PyJWT takes UTF-16, where a quote may be half a letter."""
    deep = "[" * 900 + "]" * 900
    header, body, signature = token().split(".")
    payload = json.dumps(claims()).replace("{", f'{{"team":{deep},', 1)
    heads = [f'{{"alg":"HS256","typ":{deep}}}', f'{{"\u2262":{deep}}}', deep]
    tokens = [f"{part(head.encode(kind))}.{body}.{signature}" for head in heads for kind in ("utf-8", "utf-16-le")]
    tokens += [f"{header}.{part(payload.encode())}.x", token(team=json.loads(deep))]
    assert max(map(len, tokens)) <= LONGEST
    for text in tokens:
        with Watch() as watch:
            refused(by_secret(), text)
        assert watch.looks and not watch.narrow
