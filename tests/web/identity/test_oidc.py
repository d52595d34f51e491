"""Sign-in with an OpenID provider, and the attacks on it (RFC 9700, section 4)."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa
import webtest
from pyramid.config import Configurator

import dynmodel_pyramid
from dynmodel_pyramid.access.accounts.logins import Logins, free_name
from dynmodel_pyramid.access.oidc import provider
from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.errors import ConfigurationProblem, Malformed
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.web.identity.oidc import own_path
from tests import server_process
from tests.access.provider import CLIENT, CLIENT_SECRET, SmallProvider, small_provider
from tests.access.signing import rsa_key
from tests.web.identity.requests_of import settings_of

START, BACK = "/session/oidc/", "/session/oidc/callback/"


def settings_for(issuer: str, url: str = "http://localhost", **further: str) -> dict[str, str]:
    values = {
        "access": "open",
        "open_to": "anywhere",
        "public_url": url,
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_create_users": "true",
        "oidc_roles": "clerk boss",
        "insecure_loopback": "true",
        **further,
    }
    return {f"dynmodel.{name}": value for name, value in values.items()}


@pytest.fixture(scope="module")
def well_known():
    with small_provider() as found:
        yield found


@pytest.fixture
def at_provider(well_known) -> SmallProvider:
    well_known.behave()
    return well_known


@pytest.fixture(scope="module", params=DATABASES)
def wsgi(request, tmp_path_factory, well_known):
    with database_settings(request.param, tmp_path_factory.mktemp("oidc"), "enforced") as settings:
        made = dynmodel_pyramid.main({}, **{**settings, **settings_for(well_known.issuer)})
        yield made
        made.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def browser(wsgi, at_provider) -> webtest.TestApp:
    wsgi.registry.dynmodel_oidc = provider(wsgi.registry.dynmodel_settings)  # it remembers nothing
    wsgi.registry.dynmodel_settings.oidc_create_users = True
    return webtest.TestApp(wsgi)


def begun(browser, path=START) -> str:
    """Go to the provider; -> the path that it sends the browser back to."""
    answer = browser.get(path, status=303)
    sent = requests.get(answer.headers["Location"], allow_redirects=False, timeout=5)
    assert sent.headers["Location"].startswith("http://localhost" + BACK)
    return sent.headers["Location"].removeprefix("http://localhost")


def refused(browser, path, words, status=403) -> None:
    answer = browser.get(path, status=status)
    assert answer.json["code"] == ("sign_in_failed" if status == 403 else "busy")
    assert words in answer.json["detail"]
    assert "secret words" not in answer.text and CLIENT_SECRET not in answer.text
    assert "dynmodel_session" not in answer.headers.get("Set-Cookie", "")


def rows(browser, name) -> list:
    database = browser.app.registry.dynmodel_catalogue.database
    table = getattr(database.system.access, name)
    with database.reading() as connection:
        return connection.execute(sa.select(table).order_by(*table.primary_key)).all()


# The way in


def test_a_person_signs_in(browser, at_provider):
    assert browser.get("/").json["links"]["oidc"] == START.partition("?")[0]
    at_provider.person = {"sub": "first", "preferred_username": "zoe", "email": "z@a.example", "email_verified": True}
    answer = browser.get(f"{START}?next=/table/%3Fa%3D1", status=303)
    address = urlsplit(answer.headers["Location"])
    sent = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert set(sent) == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert sent["redirect_uri"] == "http://localhost" + BACK
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("dynmodel_oidc=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Path=/session/oidc;" in cookie and "Max-Age=600" in cookie
    assert not any(sent[name] in cookie for name in ("state", "nonce", "code_challenge"))
    back = requests.get(address.geturl(), allow_redirects=False, timeout=5).headers["Location"]
    answer = browser.get(back.removeprefix("http://localhost"), status=303)
    assert answer.headers["Location"] == "/table/?a=1"
    assert answer.headers["Cache-Control"] == "no-store" or "private" in answer.headers["Cache-Control"]
    session = next(text for text in answer.headers.getall("Set-Cookie") if text.startswith("dynmodel_session="))
    assert "HttpOnly" in session and "SameSite=Lax" in session
    user = rows(browser, "user")[-1]
    assert (user.name, user.email, sorted(user.roles), user.password) == ("zoe", "z@a.example", ["boss", "clerk"], None)
    assert browser.get("/session/").json == {"signed_in": True, "identity": f"user:{user.id}", "name": "zoe"}
    login = rows(browser, "login")[-1]
    assert (login.issuer, login.subject, login.user_id) == (at_provider.issuer, "first", user.id)
    assert [row.event for row in rows(browser, "audit")[-2:]] == ["user_created", "signed_in"]


def test_he_is_known_by_issuer_and_subject(browser, at_provider):
    at_provider.person = {"sub": "same", "preferred_username": "kim"}
    browser.get(begun(browser), status=303)
    first = browser.get("/session/").json
    browser.reset()
    at_provider.person = {"sub": "same", "preferred_username": "renamed"}
    browser.get(begun(browser), status=303)
    assert browser.get("/session/").json == first
    browser.reset()
    # Another account with the same name and e-mail address is somebody else.
    at_provider.person = {"sub": "other", "preferred_username": "KIM", "email": "z@a.example", "email_verified": True}
    browser.get(begun(browser), status=303)
    assert browser.get("/session/").json["name"] == "KIM-2"


def test_an_email_that_is_not_verified_is_not_kept(browser, at_provider):
    at_provider.person = {"sub": "unverified", "email": "boss@a.example", "email_verified": False}
    browser.get(begun(browser), status=303)
    user = rows(browser, "user")[-1]
    assert (user.name, user.email) == ("boss@a.example", None)


def test_who_is_not_known_is_refused_unless_a_setting_lets_him_in(browser, at_provider):
    browser.app.registry.dynmodel_settings.oidc_create_users = False
    at_provider.person = {"sub": "stranger", "preferred_username": "zoe"}
    count = len(rows(browser, "user"))
    refused(browser, begun(browser), "no user is known")
    assert len(rows(browser, "user")) == count
    assert rows(browser, "audit")[-1].event == "sign_in_refused"


def test_a_disabled_user_stays_out(browser, at_provider):
    at_provider.person = {"sub": "disabled", "preferred_username": "dis"}
    browser.get(begun(browser), status=303)
    browser.reset()
    database = browser.app.registry.dynmodel_catalogue.database
    user = database.system.access.user
    with database.writer.begin() as connection:
        connection.execute(sa.update(user).where(user.c.name == "dis").values(disabled=True))
    refused(browser, begun(browser), "disabled")


def test_a_second_attempt_needs_no_second_code(browser, at_provider, monkeypatch):
    """The database may be busy, or definitions may change, after the provider has taken the code."""
    sign_in, calls = Logins.sign_in, []

    def once_stale(self, claims, origin):
        calls.append(claims["sub"])
        if len(calls) == 1:
            raise Stale("the definition changed while the request ran")
        return sign_in(self, claims, origin)

    monkeypatch.setattr(Logins, "sign_in", once_stale)
    count = len(at_provider.exchanges)
    browser.get(begun(browser), status=303)
    assert calls == ["ann-1", "ann-1"] and len(at_provider.exchanges) == count + 1


def test_two_first_sign_ins_at_once_make_one_user(browser, at_provider, monkeypatch):
    at_provider.person = {"sub": "twice", "preferred_username": "twin"}
    other = webtest.TestApp(browser.app)
    first, second = begun(browser), begun(other)
    create, calls = Logins._create, []
    # On SQLite the other waits until this one has ended.
    is_alone = browser.app.registry.dynmodel_catalogue.database.dialect.name == "sqlite"

    def create_after_the_other(self, connection, claims, origin):
        calls.append(claims["sub"])
        if len(calls) == 1 and not is_alone:
            other.get(second, status=303)
        return create(self, connection, claims, origin)

    monkeypatch.setattr(Logins, "_create", create_after_the_other)
    browser.get(first, status=303)
    if is_alone:
        other.get(second, status=303)
    assert len(calls) == (1 if is_alone else 2)
    assert browser.get("/session/").json == other.get("/session/").json
    assert [row.name for row in rows(browser, "user") if row.name.startswith("twin")] == ["twin"]


def test_a_secret_in_the_form(browser, at_provider):
    at_provider.metadata = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}
    browser.get(begun(browser), status=303)
    assert at_provider.exchanges[-1]["client_secret"] == CLIENT_SECRET


# Attacks


def test_an_answer_counts_in_the_browser_that_asked(browser, at_provider):
    """A link to the attacker's answer would sign the victim in as the attacker."""
    attacker = webtest.TestApp(browser.app)
    link = begun(attacker)
    refused(browser, link, "begun no such sign-in")
    begun(browser)
    refused(browser, link, "begun no such sign-in")
    attacker.get(link, status=303)


@pytest.mark.parametrize("state", ("", "x", "é", None))
def test_a_wrong_state(browser, at_provider, state):
    at_provider.redirected = {"state": state}
    refused(browser, begun(browser), "begun no such sign-in")


@pytest.mark.parametrize(
    "change", (lambda text: text[:-1], lambda text: "A" + text, lambda text: "", lambda text: "a.b")
)
def test_a_changed_cookie(browser, change):
    link = begun(browser)
    browser.set_cookie("dynmodel_oidc", change(browser.cookies["dynmodel_oidc"]))
    refused(browser, link, "begun no such sign-in")


def test_a_sign_in_takes_ten_minutes_at_most(browser, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.access.oidc.LIFETIME", 0)
    refused(browser, begun(browser), "took too long")


def test_a_code_is_good_once(browser):
    link = begun(browser)
    cookie = browser.cookies["dynmodel_oidc"]
    answer = browser.get(link, status=303)
    assert any("dynmodel_oidc=;" in text for text in answer.headers.getall("Set-Cookie"))
    refused(browser, link, "begun no such sign-in")
    browser.set_cookie("dynmodel_oidc", cookie)
    refused(browser, link, "'invalid_grant'")


def test_a_code_of_another_sign_in(browser):
    """PKCE: a stolen code is bound to the browser that asked for it."""
    victim = webtest.TestApp(browser.app)
    stolen = parse_qs(urlsplit(begun(victim)).query)["code"][0]
    own = begun(browser)
    code = parse_qs(urlsplit(own).query)["code"][0]
    refused(browser, own.replace(code, stolen), "'invalid_grant'")


@pytest.mark.parametrize(
    ("claims", "words"),
    (
        ({"nonce": "x"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ["x"]}, "nonce"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": [CLIENT, "other"]}, "azp"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"at_hash": "x"}, "at_hash"),
    ),
    ids=str,
)
def test_an_id_token_that_is_not_for_this(browser, at_provider, claims, words):
    at_provider.claims = claims
    refused(browser, begun(browser), words)


def test_several_audiences_with_the_right_party(browser, at_provider):
    at_provider.claims = {"aud": [CLIENT, "other"], "azp": CLIENT}
    browser.get(begun(browser), status=303)


def test_an_id_token_of_another_key(browser, at_provider):
    at_provider.key = rsa_key("of the attacker")
    refused(browser, begun(browser), "signature")
    # Core, 10.1, has HS256 with the client's secret; nobody needs it, so it is not accepted.
    at_provider.key, at_provider.algorithm = CLIENT_SECRET, "HS256"
    refused(browser, begun(browser), "not accepted")


@pytest.mark.parametrize("tokens", ({"id_token": None}, {"id_token": "x"}, {"id_token": ["x"]}, {"access_token": None}))
def test_tokens_that_are_none(browser, at_provider, tokens):
    at_provider.tokens = tokens
    refused(browser, begun(browser), "provider")


@pytest.mark.parametrize("iss", ("https://evil.example", "", None))
def test_mixed_up_issuers(browser, at_provider, iss):
    at_provider.redirected = {"iss": iss}
    count = len(at_provider.exchanges)
    refused(browser, begun(browser), "another provider")
    assert len(at_provider.exchanges) == count  # the code went nowhere


def test_a_provider_that_never_names_itself(browser, at_provider):
    at_provider.metadata = {"authorization_response_iss_parameter_supported": False}
    at_provider.redirected = {"iss": None}
    browser.get(begun(browser), status=303)


def test_the_provider_says_no(browser, at_provider):
    at_provider.redirected = {"code": None, "error": "access_denied\u202e" + "x" * 500}
    refused(browser, begun(browser), "access_denied\\u202e")


def test_parameters_that_stand_twice(browser):
    link = begun(browser)
    for name in ("state", "code", "iss"):
        answer = browser.get(f"{link}&{name}=x", status=400)
        assert answer.json["code"] == "invalid_parameter"


@pytest.mark.parametrize(
    "metadata",
    (
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://a.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {"token_endpoint_auth_methods_supported": 7},
    ),
    ids=str,
)
def test_a_provider_that_describes_itself_wrongly(browser, at_provider, metadata, caplog):
    at_provider.metadata = metadata
    refused(browser, START, "can't be reached", 503)
    assert "OpenID provider" in caplog.text


def test_a_provider_that_is_out_of_order(browser, at_provider):
    at_provider.fails = True
    refused(browser, START, "can't be reached", 503)
    at_provider.fails = False
    refused(browser, START, "can't be reached", 503)  # it is asked again after ten seconds
    browser.app.registry.dynmodel_oidc._tried_at -= 10
    link = begun(browser)
    at_provider.fails = True
    refused(browser, link, "can't be reached", 503)


# Where it leads


@pytest.mark.parametrize(
    "path", ("/", "/ui/", "/ui/?a=%2F%2Fb#c", "/a//b", "/.//", "/%5Cevil.example", "/@evil.example")
)
def test_own_paths(path):
    assert own_path(path, "/") == path


@pytest.mark.parametrize(
    "path",
    (
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/a b",
        " /a",
        "/\0",
        "/é",
        "/\u2028",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,a",
        "ui/",
        "?a",
        "@evil.example",
        "/" + "a" * 1000,
    ),
    ids=ascii,
)
def test_open_redirects(path, browser):
    with pytest.raises(Malformed):
        own_path(path, "/")
    answer = browser.get(START, {"next": path}, status=400)
    assert answer.json["parameter"] == "next"


def test_free_names():
    taken = {"ann", *(f"ann-{number}" for number in range(2, 5))}
    assert free_name("bob", taken.__contains__) == "bob"
    assert free_name("ann", taken.__contains__) == "ann-5"
    assert free_name("ann", lambda name: len(name) < 10).startswith("ann-")
    assert free_name("a\0\u202eb ", set().__contains__) == "ab"
    assert free_name(None, set().__contains__) == free_name(["x"], set().__contains__) == "user"
    assert len(free_name("x" * 1000, set().__contains__)) == 50


# Settings, and a real server


@pytest.mark.parametrize(
    ("further", "words"),
    (
        ({"public_url": ""}, "needs dynmodel.public_url"),
        ({"oidc_client_id": ""}, "needs dynmodel.oidc_client_id"),
        ({"oidc_client_secret": ""}, "needs dynmodel.oidc_client_secret"),
        ({"oidc_scopes": "profile"}, "want openid"),
        ({"insecure_loopback": "false"}, "want https"),
        ({"oidc_issuer": "http://a.example"}, "want https"),
    ),
    ids=str,
)
def test_settings_that_lack_something(further, words):
    values = settings_for("http://127.0.0.1:1")
    with pytest.raises(ConfigurationProblem, match=words) as raised:
        provider(settings_of(**{name.removeprefix("dynmodel."): value for name, value in values.items()} | further))
    assert CLIENT_SECRET not in str(raised.value)


def test_without_a_provider_there_is_no_such_place(make_app):
    make_app().get(START, status=404)


def test_below_a_prefix(tmp_path, at_provider):
    with database_settings("sqlite", tmp_path) as settings:
        settings = {**settings, **settings_for(at_provider.issuer), "tm.manager_hook": "pyramid_tm.explicit_manager"}
        with Configurator(settings=settings) as config:
            config.include("pyramid_tm")
            config.include("dynmodel_pyramid", route_prefix="/data")
        wsgi = config.make_wsgi_app()
        try:
            browser = webtest.TestApp(wsgi)
            answer = browser.get(f"/data{START}", status=303)
            assert "Path=/data/session/oidc;" in answer.headers["Set-Cookie"]
            back = requests.get(answer.headers["Location"], allow_redirects=False, timeout=5).headers["Location"]
            assert back.startswith(f"http://localhost/data{BACK}?")
            answer = browser.get(back.removeprefix("http://localhost"), status=303)
            assert answer.headers["Location"] == "/data/"
            assert browser.get("/data/session/").json["name"] == "ann"
        finally:
            wsgi.registry.dynmodel_catalogue.database.close()


def test_through_real_servers(tmp_path, monkeypatch, at_provider):
    port = server_process.free_port()
    monkeypatch.setattr(server_process, "free_port", lambda: port)
    url = f"http://127.0.0.1:{port}"
    with database_settings("sqlite", tmp_path) as settings:
        server = server_process.Server({**settings, **settings_for(at_provider.issuer, url)}, tmp_path)
        try:
            server.start()
            with requests.Session() as browser:
                answer = browser.get(f"{url}{START}?next=/session/", timeout=10)
                assert answer.json() == {"signed_in": True, "identity": "user:1", "name": "ann"}
                assert [found.status_code for found in answer.history] == [303, 302, 303]
                assert "dynmodel_oidc" not in browser.cookies
        finally:
            server.stop()
        assert CLIENT_SECRET not in server.log.read_text()
