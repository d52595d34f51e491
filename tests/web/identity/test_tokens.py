"""Tokens at ``/token/``: who may make which, and how they end."""

import datetime

import pytest

import dynmodel_pyramid
from dynmodel_pyramid.definitions.store import now
from tests.web.identity.conftest import PASSWORD, People


def faults(answer):
    return [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]]


def test_an_administrator_makes_a_token(people):
    people.send("POST", "/table/", {"model_name": "Order", "fields": {"text": "string"}}, secret=people.admin)
    document = {"name": "dashboard", "roles": ["admin"], "tables": ["order"], "read_only": True}
    document["expires_at"] = "2099-01-31T12:00:00+02:00"
    answer = people.send("POST", "/token/", document, secret=people.admin, status=201)
    assert answer.headers["Cache-Control"] == "no-store"
    made = answer.json
    secret = made.pop("secret")
    assert secret.startswith("dyn_")
    assert made == people.send("GET", answer.headers["Location"], secret=people.admin, status=200).json
    assert made["tables"] == ["Order"]
    assert made["expires_at"] == "2099-01-31T10:00:00.000000Z"
    assert made["created_by"].startswith("token:")
    assert made["last_used_at"] is None
    me = people.me(secret=secret)
    assert (me["id"], me["admin"], me["read_only"]) == (made["identity"], False, True)
    people.accounts.recogniser.usage.wait()
    answer = people.send("GET", f"/token/{made['id']}/", secret=people.admin)
    assert answer.json["last_used_at"] is not None
    assert secret not in people.send("GET", "/token/", secret=people.admin).text
    # It is narrowed, so it is no administrator: it makes no token that is not.
    people.send("POST", "/token/", {"name": "x"}, secret=secret, status=403)
    people.send("GET", "/token/", secret=secret, status=403)


def test_a_revoked_token_is_nobody(people):
    made = people.send("POST", "/token/", {"name": "x", "roles": ["admin"]}, secret=people.admin, status=201).json
    assert people.me(secret=made["secret"])["admin"]
    people.send("DELETE", f"/token/{made['id']}/", secret=made["secret"], status=204)  # itself, too
    people.send("GET", "/me/", secret=made["secret"], status=401)
    for method in ("GET", "DELETE"):
        people.send(method, f"/token/{made['id']}/", secret=people.admin, status=404)


def test_what_ends_is_over_for_all_processes(people):
    """At the next answer, whatever they remember."""
    wsgi = dynmodel_pyramid.main({}, **people.settings)
    try:
        other = People(wsgi)
        user = people.user("admin")
        token, browser = people.token("admin"), people.sign_in(user)
        own = people.token("admin", user_id=user["id"])
        elsewhere = other.browser()
        elsewhere.set_cookie("dynmodel_session", browser.cookies["dynmodel_session"])
        for how in ({"secret": token}, {"browser": elsewhere}, {"secret": own}):
            assert other.me(**how)["admin"]
        number = other.me(secret=token)["id"].partition(":")[2]
        people.send("DELETE", f"/token/{number}/", secret=people.admin, status=204)
        other.send("GET", "/me/", secret=token, status=401)
        people.send("DELETE", "/session/", browser=browser, status=204)
        other.send("GET", "/me/", browser=elsewhere, status=401)
        people.send("PATCH", f"/user/{user['id']}/", {"roles": []}, secret=people.admin, status=200)
        assert not other.me(secret=own)["admin"]
        people.send("PATCH", f"/user/{user['id']}/", {"disabled": True}, secret=people.admin, status=200)
        other.send("GET", "/me/", secret=own, status=401)
    finally:
        wsgi.registry.dynmodel_catalogue.database.close()


def test_a_user_has_his_own(people):
    user, other = people.user("admin"), people.user()
    browser = people.sign_in(other)
    made = people.send("POST", "/token/", {"name": "mine"}, browser=browser, status=201).json
    assert (made["user"], made["identity"], made["roles"]) == (other["id"], other["identity"], [])
    assert people.me(secret=made["secret"])["id"] == other["identity"]
    assert [token["id"] for token in people.send("GET", "/token/", browser=browser).json] == [made["id"]]
    foreign = people.send("POST", "/token/", {"name": "x", "user": user["id"]}, secret=people.admin, status=201).json
    for method in ("GET", "DELETE"):
        people.send(method, f"/token/{foreign['id']}/", browser=browser, status=404)
    people.send("POST", "/token/", {"name": "x", "user": user["id"]}, browser=browser, status=403)
    people.send("DELETE", f"/token/{made['id']}/", browser=browser, status=204)
    people.send("GET", "/me/", secret=made["secret"], status=401)


def test_a_user_gives_no_role_that_he_does_not_have(people):
    browser = people.sign_in(people.user())
    answer = people.send("POST", "/token/", {"name": "x", "roles": ["admin"]}, browser=browser, status=422)
    assert faults(answer) == [("/roles/0", "role_not_held")]
    answer = people.send("POST", "/token/", {"name": "x", "roles": ["nonesuch"]}, browser=browser, status=422)
    assert faults(answer) == [("/roles/0", "role_not_held")]  # it is not told which roles exist


def test_a_token_makes_and_revokes_no_tokens(people):
    """Else one that expires, or is narrowed, would make itself another."""
    user = people.user()
    browser = people.sign_in(user)
    made = people.send("POST", "/token/", {"name": "mine", "read_only": True}, browser=browser).json
    people.send("POST", "/token/", {"name": "more"}, secret=made["secret"], status=403)
    people.send("DELETE", f"/token/{made['id']}/", secret=made["secret"], status=403)
    path = f"/user/{user['id']}/password/"
    document = {"password": "another password", "old_password": PASSWORD}
    people.send("PUT", path, document, secret=made["secret"], status=403)
    assert len(people.send("GET", "/token/", secret=made["secret"], status=200).json) == 1


def test_a_user_has_a_bounded_number(people):
    user = people.user()
    browser = people.sign_in(user)
    for _ in range(3):
        people.send("POST", "/token/", {"name": "x"}, browser=browser, status=201)
    answer = people.send("POST", "/token/", {"name": "x"}, browser=browser, status=409)
    assert answer.json["code"] == "too_many_tokens"
    people.send("POST", "/token/", {"name": "x", "user": user["id"]}, secret=people.admin, status=409)


def test_an_administrator_who_is_signed_in_says_whose_a_token_is(people):
    """His own by default, so that it ends with him."""
    user = people.user("admin")
    browser = people.sign_in(user)
    own = people.send("POST", "/token/", {"name": "x"}, browser=browser, status=201).json
    nobodys = people.send("POST", "/token/", {"name": "x", "user": None}, browser=browser, status=201).json
    assert (own["user"], own["roles"]) == (user["id"], ["admin"])
    assert (nobodys["identity"], nobodys["roles"]) == (f"token:{nobodys['id']}", [])
    people.send("POST", "/token/", {"name": "x", "user": None}, browser=people.sign_in(people.user()), status=403)


def test_nobody_has_none(people):
    for method, path in (("GET", "/token/"), ("GET", "/token/1/"), ("DELETE", "/token/1/")):
        assert people.send(method, path, status=401).json["code"] == "unauthenticated"
    people.send("POST", "/token/", {"name": "x"}, status=401)
    plain = people.token()
    people.send("POST", "/token/", {"name": "x"}, secret=plain, status=403)
    people.send("GET", "/token/", secret=plain, status=403)


@pytest.mark.parametrize(
    ("document", "expected"),
    (
        ({}, ("/name", "required")),
        ({"name": "x" * 201}, ("/name", "too_long")),
        ({"name": "x", "secret": "x"}, ("/secret", "unknown_key")),
        ({"name": "x", "roles": "admin"}, ("/roles", "wrong_type")),
        ({"name": "x", "roles": ["admin"] * 101}, ("/roles", "too_many_items")),
        ({"name": "x", "user": "7"}, ("/user", "wrong_type")),
        ({"name": "x", "user": 10**9}, ("/user", "unknown_user")),
        ({"name": "x", "user": 10**40}, ("/user", "wrong_type")),
        ({"name": "x", "tables": ["Nonesuch"]}, ("/tables/0", "unknown_table")),
        ({"name": "x", "tables": [10**40]}, ("/tables", "wrong_type")),
        ({"name": "x", "tables": [10**9]}, ("/tables/0", "unknown_table")),
        ({"name": "x", "tables": "Order"}, ("/tables", "wrong_type")),
        ({"name": "x", "read_only": 1}, ("/read_only", "wrong_type")),
        ({"name": "x", "expires_at": "2099-01-01"}, ("/expires_at", "invalid_format")),
        ({"name": "x", "expires_at": "2099-01-01T00:00:00"}, ("/expires_at", "invalid_format")),
        ({"name": "x", "expires_at": 7}, ("/expires_at", "invalid_format")),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, ("/expires_at", "too_small")),
        ([], ("", "wrong_type")),
    ),
)
def test_bad_documents(people, document, expected):
    assert faults(people.send("POST", "/token/", document, secret=people.admin, status=422)) == [expected]


def test_an_expired_token_is_nobody(people):
    secret = people.token("admin", expires_at=now() - datetime.timedelta(seconds=1))
    assert people.send("GET", "/me/", secret=secret, status=401).json["code"] == "invalid_credential"


def test_lists_come_in_parts(people):
    people.token("admin")
    answer = people.send("GET", "/token/?limit=1", secret=people.admin, status=200)
    assert len(answer.json) == 1
    assert answer.headers["Link"] == '</token/?limit=1&offset=1>; rel="next"'
    people.send("GET", "/token/?limit=1001", secret=people.admin, status=400)
