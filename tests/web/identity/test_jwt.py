"""JSON Web Tokens over HTTP, at both faces."""

import time

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.access.signing import AUDIENCE, ISSUER, SECRET, token
from tests.web.identity.conftest import People


@pytest.fixture(scope="module", params=DATABASES)
def app(request, tmp_path_factory):
    named = {"jwt_secret": SECRET, "jwt_audience": AUDIENCE, "jwt_issuer": ISSUER, "jwt_roles": "clerk"}
    with database_settings(request.param, tmp_path_factory.mktemp("jwt"), "enforced") as settings:
        wsgi = dynmodel_pyramid.main({}, **{**settings, **{f"dynmodel.{name}": value for name, value in named.items()}})
        client = webtest.TestApp(wsgi)
        roles = {"roles": {"clerk": {}, "boss": {}}}
        client.put_json("/access/", roles, headers=bearer(People(wsgi).admin))
        yield client
        wsgi.registry.dynmodel_catalogue.database.close()


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_it_is_an_identity(app):
    me = app.get("/me/", headers=bearer(token(role=["clerk", "boss"]))).json
    assert me["id"] == f"jwt:{ISSUER}|ann"
    assert sorted(me["roles"]) == ["authenticated", "clerk", "everyone"]


@pytest.mark.parametrize(
    ("make_text", "code", "rest"),
    (
        (lambda: token("another secret of more than 32 bytes"), "invalid_credential", "PGRST301"),
        (lambda: token(aud="other"), "invalid_credential", "PGRST301"),
        (lambda: "nonsense", "invalid_credential", "PGRST301"),
        (lambda: token(exp=int(time.time()) - 100), "expired_credential", "PGRST303"),
    ),
)
def test_a_wrong_one_is_401_and_never_anonymous(app, make_text, code, rest):
    text = make_text()
    for path in ("/table/", "/me/", "/nothing", "/"):
        answer = app.get(path, headers=bearer(text), status=401)
        assert answer.json["code"] == code
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for headers in (bearer(text), {"apikey": text}):
        answer = app.get("/rest/T", headers=headers, status=401)
        assert answer.json["code"] == rest
