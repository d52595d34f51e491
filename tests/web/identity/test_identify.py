"""How a request is identified, by each way in which a secret may come."""

import base64

import pytest
from pyramid import testing
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError
from pyramid.interfaces import ISecurityPolicy

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.identity import ANONYMOUS
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.testing.databases import database_settings
from dynmodel_pyramid.web.http.tree import ATTEMPT
from dynmodel_pyramid.web.identity.identify import host_identity
from tests.host import host_config
from tests.web.identity.conftest import People

NOBODY = {"kind": "anonymous", "id": None, "roles": ["everyone"]}


def basic(password, name="anything"):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def short(document):
    return {name: document[name] for name in ("kind", "id", "roles")}


def test_anonymous(people):
    me = people.me()
    assert short(me) == NOBODY
    assert (me["admin"], me["definitions"], me["tables"]) == (False, "none", {})


def test_the_ways_of_a_token(people):
    secret = people.token("admin")
    expected = short(people.me(secret=secret))
    assert expected["kind"] == "token"
    assert expected["roles"] == ["admin", "authenticated", "everyone"]
    assert short(people.me(Authorization=basic(secret))) == expected
    assert short(people.me(Authorization=f"bearer   {secret} ")) == expected
    people.send("GET", "/rest/", apikey=secret, status=200)


@pytest.mark.parametrize(
    "header",
    (
        "Bearer dyn_wrong",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer",
        "Bearer a b",
        basic("wrong"),
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Digest username=x",
        "",
        "Bearer " + "x" * 20_000,
    ),
)
def test_a_wrong_credential_is_nobody(people, header):
    """It is 401: neither anonymous nor the next credential."""
    browser = people.sign_in(people.user())
    for path in ("/me/", "/table/", "/session/", "/nothing/"):
        answer = people.send("GET", path, browser=browser, Authorization=header, status=401)
        assert answer.json["code"] == "invalid_credential"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = people.send("GET", "/rest/", Authorization=header, apikey=people.admin, status=401)
    assert answer.json["code"] == "PGRST301"


def test_apikey_is_for_rest_only(people):
    assert short(people.me(apikey=people.admin)) == NOBODY
    assert people.send("GET", "/rest/", apikey="wrong", status=401).json["code"] == "PGRST301"
    people.send("GET", "/rest/", apikey="wrong", secret=people.admin, status=200)  # Authorization wins


def test_no_secret_is_read_from_an_address(people):
    for name in ("apikey", "access_token", "token"):
        answer = people.send("GET", f"/me/?{name}={people.admin}", status=400)
        assert answer.json["code"] == "unknown_parameter"
    people.send("GET", f"/rest/?apikey={people.admin}", status=200)


def test_a_session_is_no_token_and_a_token_no_session(people):
    user = people.user("admin")
    browser = people.sign_in(user)
    session = browser.cookies["dynmodel_session"]
    people.send("GET", "/me/", secret=session, status=401)
    other = people.browser()
    other.set_cookie("dynmodel_session", people.admin)
    people.send("GET", "/me/", browser=other, status=401)


def test_unsafe_requests_by_cookie_or_basic_come_from_own_pages(people):
    user = people.user("admin")
    browser = people.sign_in(user)
    foreign = {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"}
    answer = people.send("POST", "/user/", {"name": "evil"}, browser=browser, **foreign, status=403)
    assert answer.json["code"] == "foreign_origin"
    people.send("POST", "/user/", {"name": "e"}, Authorization=basic(people.admin), status=403)
    people.send("POST", "/user/", {"name": "good"}, Authorization=basic(people.admin), Sec_Fetch_Site="same-origin")
    people.send("DELETE", "/session/", browser=browser, **foreign, status=403)
    assert people.send("GET", "/session/", browser=browser, **foreign, status=200).json["signed_in"]


@pytest.mark.parametrize(("role", "allowed"), (("admin", True), ("everyone", False)))
def test_the_policy_is_the_identity(people, role, allowed):
    """Pyramid's own names for who sends a request, and the permissions of views that an application adds."""
    policy = people.wsgi.registry.queryUtility(ISecurityPolicy)
    attempt, request = Attempt(people.wsgi.registry.dynmodel_catalogue), testing.DummyRequest()
    assert policy.identity(request) is policy.authenticated_userid(request) is None
    request.environ[ATTEMPT] = attempt
    attempt.caller = Caller(ANONYMOUS, Access(), "")
    assert policy.identity(request) is policy.authenticated_userid(request) is None
    identity = people.accounts.recogniser.found("token", people.token(role), "a stamp")
    attempt.caller = Caller(identity, Access(), "a stamp")
    assert policy.identity(request) == identity
    assert policy.authenticated_userid(request) == identity.id
    assert bool(policy.permits(request, None, "any")) is allowed
    assert policy.remember(request, "x") == policy.forget(request) == []


@pytest.fixture
def mounted(tmp_path):
    made = []

    def mount(**further) -> People:
        with database_settings("sqlite", tmp_path, "enforced") as settings:
            config = host_config(settings)
            if "identify" in further:
                config.set_dynmodel_identity(further["identify"])
            made.append(config.make_wsgi_app())
            return People(made[-1])

    yield mount
    for wsgi in made:
        wsgi.registry.dynmodel_catalogue.database.close()


def test_below_a_host_application_its_users_are_known(mounted):
    people = mounted()
    me = people.send("GET", "/data/me/", X_User="ann", status=200).json
    assert short(me) == {"kind": "host", "id": "host:ann", "roles": ["authenticated", "everyone"]}
    # What is not ours is the host's; a credential of ours counts, and is refused if it is wrong.
    assert people.send("GET", "/data/me/", Authorization="Negotiate x").json["id"] == "host:somebody"
    assert people.send("GET", "/data/me/", secret=people.admin).json["kind"] == "token"
    people.send("GET", "/data/me/", secret="dyn_wrong", status=401)


def test_a_host_application_maps_requests(mounted):
    said = {"ann": {"id": 7, "name": "Ann", "roles": ["admin"], "claims": {"team": 1}}, "bob": "bob"}
    people = mounted(identify=lambda request: said.get(request.headers.get("X-User")))
    me = people.send("GET", "/data/me/", X_User="ann").json
    assert (me["id"], me["name"], me["claims"], me["admin"]) == ("host:7", "Ann", {"team": 1}, True)
    assert people.send("GET", "/data/me/", X_User="bob").json["id"] == "host:bob"
    assert short(people.send("GET", "/data/me/").json) == NOBODY
    people.send("GET", "/data/me/", Authorization="Negotiate x", status=401)


def test_the_cookie_is_for_the_mount(mounted):
    people = mounted(identify=lambda request: None)
    with people.accounts.database.writer.begin() as connection:
        people.accounts.users.create(connection, name="Ann", password=people.accounts.passwords.hash("right password"))
    browser = people.browser()
    document = {"name": "ann", "password": "right password"}
    answer = people.send("POST", "/data/session/", document, browser=browser, status=201)
    assert "; Path=/data;" in answer.headers["Set-Cookie"]
    assert people.send("GET", "/data/me/", browser=browser).json["id"] == "user:1"


@pytest.mark.parametrize("said", (7, {}, {"id": ""}, {"id": 1, "role": "x"}, {"id": 1, "roles": "admin"}))
def test_a_host_application_that_says_nonsense(said):
    with pytest.raises(ConfigurationProblem, match="set_dynmodel_identity"):
        host_identity(said)


def test_two_functions_are_a_conflict(tmp_path):
    def one(config):
        config.set_dynmodel_identity(lambda request: None)

    def other(config):
        config.set_dynmodel_identity(lambda request: "x")

    with database_settings("sqlite", tmp_path) as settings:
        config = Configurator(settings=settings)
        for part in ("pyramid_tm", "dynmodel_pyramid", one, other):
            config.include(part)
        try:
            with pytest.raises(ConfigurationConflictError):
                config.commit()
        finally:
            config.registry.dynmodel_catalogue.database.close()
