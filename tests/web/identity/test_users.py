"""Users at ``/user/``, their passwords, and the audit of both."""

import pytest

from tests.web.identity.conftest import PASSWORD
from tests.web.identity.test_tokens import faults


def test_an_administrator_makes_reads_changes_and_deletes_a_user(people):
    document = {"name": "Änn", "email": "ann@example.org", "roles": ["admin"], "claims": {"team": [1, 2]}}
    answer = people.send("POST", "/user/", {**document, "password": PASSWORD}, secret=people.admin, status=201)
    user = answer.json
    assert {name: user[name] for name in document} == document
    assert (user["identity"], user["has_password"], user["disabled"]) == (f"user:{user['id']}", True, False)
    assert answer.headers["ETag"] == '"1"'
    path = answer.headers["Location"]
    answer = people.send("GET", path, secret=people.admin, status=200)
    assert answer.json == user
    people.send("GET", path, secret=people.admin, If_None_Match='"1"', status=304)
    browser = people.sign_in(user)
    assert people.me(browser=browser)["claims"] == {"team": [1, 2]}
    change = {"roles": [], "claims": {"team": 3}, "email": None}
    people.send("PATCH", path, change, secret=people.admin, If_Match='"7"', status=412)
    answer = people.send("PATCH", path, change, secret=people.admin, If_Match='"1"', status=200)
    assert (answer.json["version"], answer.headers["ETag"]) == (2, '"2"')
    me = people.me(browser=browser)  # at the next answer
    assert (me["roles"], me["claims"], me["email"]) == (["authenticated", "everyone"], {"team": 3}, None)
    assert people.send("PATCH", path, change, secret=people.admin).json["version"] == 2
    assert user["id"] in [one["id"] for one in people.send("GET", "/user/?limit=1000", secret=people.admin).json]
    people.send("DELETE", path, secret=people.admin, status=204)
    people.send("GET", path, secret=people.admin, status=404)
    people.send("GET", "/me/", browser=browser, status=401)


def test_names_are_unique_in_any_case(people):
    first = people.send("POST", "/user/", {"name": "Straße"}, secret=people.admin, status=201).json
    answer = people.send("POST", "/user/", {"name": "STRASSE"}, secret=people.admin, status=409)
    assert answer.json["code"] == "name_taken"
    other = people.user()
    people.send("PATCH", f"/user/{other['id']}/", {"name": "strasse"}, secret=people.admin, status=409)
    people.send("PATCH", f"/user/{first['id']}/", {"name": "STRASSE"}, secret=people.admin, status=200)


@pytest.mark.parametrize(
    ("document", "expected"),
    (
        ({}, ("/name", "required")),
        ({"name": ""}, ("/name", "invalid_name")),
        ({"name": " x"}, ("/name", "invalid_name")),
        ({"name": "a\nb"}, ("/name", "invalid_name")),
        ({"name": "x" * 201}, ("/name", "too_long")),
        ({"name": 1}, ("/name", "wrong_type")),
        ({"name": "x", "email": "x" * 321}, ("/email", "too_long")),
        ({"name": "x", "roles": ["nonesuch"]}, ("/roles/0", "unknown_role")),
        ({"name": "x", "claims": []}, ("/claims", "wrong_type")),
        ({"name": "x", "claims": {"a": "x" * 20_000}}, ("/claims", "too_large")),
        ({"name": "x", "claims": {"a": "\0"}}, ("/claims", "unstorable_text")),
        ({"name": "x", "disabled": 1}, ("/disabled", "wrong_type")),
        ({"name": "x", "password": "short"}, ("/password", "too_short")),
        ({"name": "x", "version": 1}, ("/version", "unknown_key")),
        ([], ("", "wrong_type")),
    ),
)
def test_bad_documents(people, document, expected):
    assert faults(people.send("POST", "/user/", document, secret=people.admin, status=422)) == [expected]


def test_users_are_for_administrators(people):
    """A user sees himself; only a disabled, renamed or promoted self he does not make."""
    user, other = people.user(), people.user()
    browser = people.sign_in(user)
    own, foreign = f"/user/{user['id']}/", f"/user/{other['id']}/"
    assert people.send("GET", own, browser=browser, status=200).json == user
    for method, path in (("GET", foreign), ("GET", "/user/"), ("GET", "/user/99999/"), ("DELETE", own)):
        people.send(method, path, browser=browser, status=403)
        people.send(method, path, status=401)
    people.send("PATCH", own, {"roles": ["admin"]}, browser=browser, status=403)
    people.send("POST", "/user/", {"name": "new"}, browser=browser, status=403)
    people.send("GET", "/user/x/", secret=people.admin, status=404)


def test_a_user_changes_his_password(people):
    user = people.user()
    browser, elsewhere = people.sign_in(user), people.sign_in(user)
    path = f"/user/{user['id']}/password/"
    answer = people.send("PUT", path, {"password": "another password"}, browser=browser, status=422)
    assert faults(answer) == [("/old_password", "required")]
    wrong = {"password": "another password", "old_password": "wrong"}
    assert people.send("PUT", path, wrong, browser=browser, status=403).json["code"] == "wrong_password"
    right = {"password": "another password", "old_password": PASSWORD}
    answer = people.send("PUT", path, right, browser=browser, status=204)
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    people.send("GET", "/me/", browser=elsewhere, status=401)  # all his sessions have ended
    people.sign_in(user, "another password")
    document = {"name": user["name"], "password": PASSWORD}
    people.send("POST", "/session/", document, browser=elsewhere, status=401)


def test_the_limit_of_sign_ins_holds_for_old_passwords(people):
    user = people.user()
    browser = people.sign_in(user)
    document = {"password": "another password", "old_password": "wrong"}
    for _ in range(3):
        people.send("PUT", f"/user/{user['id']}/password/", document, browser=browser, status=403)
    people.send("PUT", f"/user/{user['id']}/password/", document, browser=browser, status=429)


def test_an_administrator_sets_passwords(people):
    user, other = people.user(), people.user()
    path = f"/user/{user['id']}/password/"
    people.send("PUT", path, {"password": "another password"}, browser=people.sign_in(other), status=403)
    people.send("PUT", path, {"password": "another password"}, status=401)
    people.send("PUT", path, {"password": "another password"}, secret=people.admin, status=204)
    people.sign_in(user, "another password")
    people.send("PUT", path, {"password": None}, secret=people.admin, status=204)
    document = {"name": user["name"], "password": "another password"}
    people.send("POST", "/session/", document, browser=people.browser(), status=401)
    people.send("PUT", "/user/99999/password/", {"password": PASSWORD}, secret=people.admin, status=404)


def test_the_audit(people):
    """Events with their origin; no secret, no password, no claim."""
    user = people.user("admin", claims={"salary": 12345})
    browser = people.browser()
    wrong = {"name": user["name"], "password": "wrong"}
    people.send("POST", "/session/", wrong, browser=browser, status=401)
    people.sign_in(user, browser=browser)
    made = people.send("POST", "/token/", {"name": "robot"}, browser=browser, X_Request_Id="me-1", status=201).json
    people.send("DELETE", f"/token/{made['id']}/", browser=browser, status=204)
    people.send("PATCH", f"/user/{user['id']}/", {"claims": {}, "roles": []}, secret=people.admin, status=200)
    people.send("DELETE", "/session/", browser=browser, status=204)
    answer = people.send("GET", "/audit/?limit=7", secret=people.admin, status=200)
    events = answer.json
    assert [event["event"] for event in events] == [
        "signed_out",
        "user_changed",
        "token_revoked",
        "token_created",
        "signed_in",
        "sign_in_refused",
        "user_created",
    ]
    token_created = events[3]
    assert token_created["identity"] == user["identity"]
    assert token_created["request_id"] == "me-1"
    assert token_created["address"] == browser.extra_environ["REMOTE_ADDR"]
    assert token_created["detail"] == {"token": made["id"], "name": "robot", "user": user["id"]}
    assert events[1]["detail"]["changed"] == ["claims", "roles"]
    for secret in (made["secret"], PASSWORD, "wrong", "12345"):
        assert secret not in answer.text
    next_page = people.send("GET", answer.headers["Link"].partition(">")[0][1:], secret=people.admin, status=200)
    assert all(event["id"] < events[-1]["id"] for event in next_page.json)
    query = f"/audit/?event=signed_in&identity={user['identity']}&limit=1"
    found = people.send("GET", query, secret=people.admin, status=200)
    assert [(event["event"], event["identity"]) for event in found.json] == [("signed_in", user["identity"])]
    assert "Link" not in found.headers
    people.sign_in(people.user())
    further = people.send("GET", "/audit/?event=signed_in&limit=1", secret=people.admin, status=200).headers["Link"]
    assert "&event=signed_in" in further
    people.send("GET", "/audit/", status=401)
    people.send("GET", "/audit/", secret=people.token(), status=403)
