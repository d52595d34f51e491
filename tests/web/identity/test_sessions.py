"""Signing in and out at ``/session/``, and the cookie."""

import pytest

from tests.web.identity.conftest import PASSWORD, SAME_ORIGIN


def test_sign_in_and_out(people):
    user = people.user("admin")
    browser = people.browser()
    document = {"name": user["name"].upper(), "password": PASSWORD}
    answer = people.send("POST", "/session/", document, browser=browser, status=201)
    assert answer.json == {"signed_in": True, "identity": user["identity"], "name": user["name"]}
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = answer.headers["Set-Cookie"]
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"):
        assert f"; {attribute}" in cookie
    assert "secure" not in cookie.lower() and "domain" not in cookie.lower()
    assert people.send("GET", "/session/", browser=browser).json == answer.json
    me = people.me(browser=browser)
    assert (me["kind"], me["id"], me["admin"]) == ("user", user["identity"], True)
    secret = browser.cookies["dynmodel_session"]
    answer = people.send("DELETE", "/session/", browser=browser, status=204)
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert "dynmodel_session" not in browser.cookies
    # The session itself has ended, not only the cookie.
    browser.set_cookie("dynmodel_session", secret)
    people.send("GET", "/me/", browser=browser, status=401)


def test_the_cookie_is_secure_behind_https(people):
    user = people.user()
    browser = people.browser()
    browser.extra_environ["wsgi.url_scheme"] = "https"
    answer = people.send("POST", "/session/", {"name": user["name"], "password": PASSWORD}, browser=browser)
    assert "; secure" in answer.headers["Set-Cookie"]


def test_each_sign_in_has_a_new_secret(people):
    """A session that somebody planted before the sign-in (session fixation) is not the one that is signed in."""
    user, other = people.user(), people.user()
    browser = people.browser()
    browser.set_cookie("dynmodel_session", "A" * 43)
    people.sign_in(user, browser=browser)
    first = browser.cookies["dynmodel_session"]
    assert first != "A" * 43
    people.sign_in(other, browser=browser)
    assert browser.cookies["dynmodel_session"] != first
    assert people.me(browser=browser)["id"] == other["identity"]


def test_a_cookie_of_no_session_is_refused_and_forgotten(people):
    browser = people.browser()
    browser.set_cookie("dynmodel_session", "A" * 43)
    answer = people.send("GET", "/table/", browser=browser, status=401)
    assert answer.json["code"] == "invalid_credential"
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    browser.set_cookie("dynmodel_session", "junk; x")
    answer = people.send("GET", "/session/", browser=browser, status=200)
    assert answer.json == {"signed_in": False, "identity": None, "name": None}
    people.send("DELETE", "/session/", browser=browser, status=204)


@pytest.mark.parametrize(
    "cookies",
    (
        # Another service of the host, with a shorter path, or a longer one.
        "{own}; dynmodel_session=other",
        "dynmodel_session=other; {own}",
        # What other applications of the host may have set.
        'a="\\377"; {own}',
        'a="x; {own}',
        'dynmodel_session="{secret}"',
        "a=\xe9; b; =c; {own}",
        "dynmodel_sessions=x; {own}; dynmodel_session",
    ),
)
def test_cookies_of_others_do_not_hide_the_own_one(people, cookies):
    user = people.user()
    secret = people.sign_in(user).cookies["dynmodel_session"]
    me = people.me(Cookie=cookies.format(own=f"dynmodel_session={secret}", secret=secret))
    assert me["id"] == user["identity"]


def test_browsers_keep_no_answers(people):
    """They would show them after the sign-out, when somebody goes back."""
    browser = people.sign_in(people.user("admin"))
    for path, status in (("/me/", 200), ("/table/", 200), ("/table/Nothing/", 404)):
        assert people.send("GET", path, browser=browser, status=status).headers["Cache-Control"] == "no-store"
        answer = people.send("GET", path, secret=people.admin, status=status)
        assert answer.headers["Cache-Control"] == "private"


def test_forms_sign_in(people):
    user = people.user()
    fields = {"name": user["name"], "password": PASSWORD}
    assert people.browser().post("/session/", fields, headers=SAME_ORIGIN, status=201).json["signed_in"]
    twice = f"name=x&password=y&name={user['id']}"
    answer = people.browser().post("/session/", twice, headers=SAME_ORIGIN, expect_errors=True)
    assert (answer.status_int, answer.json["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("headers", ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}))
def test_no_other_site_signs_its_visitors_in(people, headers):
    user = people.user()
    document = {"name": user["name"], "password": PASSWORD}
    answer = people.browser().post_json("/session/", document, headers=headers, expect_errors=True)
    assert (answer.status_int, answer.json["code"]) == (403, "foreign_origin")
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_password_and_the_limit(people):
    user = people.user()
    answers = set()
    browser = people.browser()
    for name in (user["name"], user["name"], user["name"], "nobody"):
        answer = people.send("POST", "/session/", {"name": name, "password": "wrong"}, browser=browser, status=401)
        document = answer.json
        document.pop("request_id")
        answers.add(str(document))
        assert "Set-Cookie" not in answer.headers
    assert len(answers) == 1
    answer = people.send("POST", "/session/", {"name": user["name"], "password": PASSWORD}, browser=browser, status=429)
    assert answer.json["code"] == "too_many_requests"
    assert 800 < int(answer.headers["Retry-After"]) <= 900
    people.sign_in(user)


@pytest.mark.parametrize(
    "document",
    (
        {},
        [],
        {"name": "x"},
        {"name": 1, "password": "x"},
        {"name": "x", "password": "x", "z": 1},
        {"name": "x", "password": "é" * 513},
    ),
)
def test_bad_documents(people, document):
    people.send("POST", "/session/", document, browser=people.browser(), status=422)


def test_names_that_no_user_can_have(people):
    for name in ("\0", "\ud800", "x" * 10_000):
        people.send("POST", "/session/", {"name": name, "password": "x"}, browser=people.browser(), status=401)
    people.send("POST", "/session/", {"name": "x" * 20_000, "password": "x"}, browser=people.browser(), status=400)


def test_a_disabled_user_is_out_at_once(people):
    user = people.user("admin")
    browser = people.sign_in(user)
    token = people.token("admin", user_id=user["id"])
    assert people.me(browser=browser)["admin"] and people.me(secret=token)["admin"]
    people.send("PATCH", f"/user/{user['id']}/", {"disabled": True}, secret=people.admin, status=200)
    people.send("GET", "/me/", browser=browser, status=401)
    people.send("GET", "/me/", secret=token, status=401)
    document = {"name": user["name"], "password": PASSWORD}
    people.send("POST", "/session/", document, browser=people.browser(), status=401)
