"""Answers that are kept for a key are for the identity that they were made for, while it has the same rights."""

import pytest

from dynmodel_pyramid.access.identity import Narrowing


@pytest.fixture(scope="module")
def book(people):
    """Rows of a table whose titles a clerk may read and write."""
    fields = {"title": {"type": "string"}, "price": {"type": "integer"}}
    table = people.send("POST", "/table/", {"model_name": "Book", "fields": fields}, secret=people.admin, status=201)
    grant(people, {"Book": {"read": True, "create": True}})
    return f"/table/{table.json['id']}/rows/"


def grant(people, tables):
    people.send("PUT", "/access/role/clerk/", {"tables": tables}, secret=people.admin)


def test_each_identity_has_its_own_keys(people, book):
    first, second, how = people.token("clerk"), people.token("clerk"), {"Idempotency_Key": "same"}
    answers = [people.send("POST", book, {"title": "a"}, secret=secret, **how) for secret in (first, second, first)]
    assert [answer.status_int for answer in answers] == [201, 201, 201]
    assert answers[0].json["id"] == answers[2].json["id"] != answers[1].json["id"]
    # No credential, and a wrong one, come to no answer.
    assert people.send("POST", book, {"title": "a"}, **how).status_int == 401
    assert people.send("POST", book, {"title": "a"}, secret="dyn_wrong", **how).status_int == 401


def test_a_user_has_the_same_keys_by_session_and_token(people, book):
    user = people.user("clerk")
    browser = people.sign_in(user)
    own = people.token("clerk", user_id=user["id"])
    send = {"method": "POST", "path": book, "document": {"title": "b"}, "Idempotency_Key": "u"}
    first = people.send(**send, browser=browser, status=201)
    again = people.send(**send, secret=own, status=201)
    assert again.body == first.body and again.headers["Idempotency-Replayed"] == "true"
    # A token that is narrower is not shown it, nor does it write.
    narrow = people.token("clerk", user_id=user["id"], narrowing=Narrowing(read_only=True))
    refused = people.send(**send, secret=narrow)
    assert refused.status_int == 409 and refused.json["code"] == "answer_withheld" and b'"b"' not in refused.body
    assert len(people.send("GET", f"{book}?title=eq.b", secret=people.admin).json) == 1


def test_an_answer_is_withheld_after_a_change_of_rights(people, book):
    secret = people.token("clerk")
    how = {"secret": secret, "Idempotency_Key": "r"}
    first = people.send("POST", book, {"title": "c", "price": 5}, **how, status=201)
    minimal = {"secret": secret, "Idempotency_Key": "m", "Prefer": "return=minimal"}
    people.send("POST", book, {"title": "c"}, **minimal, status=201)
    # A new user renews the stamp of access, but not the rights of others.
    people.user()
    assert people.send("POST", book, {"title": "c", "price": 5}, **how).body == first.body
    grant(people, {"Book": {"read": {"fields": ["title"]}, "create": True}})
    refused = people.send("POST", book, {"title": "c", "price": 5}, **how, status=409)
    assert refused.json["code"] == "answer_withheld"
    # An answer without a body shows nothing.
    assert people.send("POST", book, {"title": "c"}, **minimal, status=201).headers["Idempotency-Replayed"] == "true"
    grant(people, {})
    assert people.send("POST", book, {"title": "c", "price": 5}, **how).status_int == 409
    grant(people, {"Book": {"read": True, "create": True}})
    again = people.send("POST", book, {"title": "c", "price": 5}, **how, status=201)
    assert again.body == first.body
    assert len(people.send("GET", f"{book}?title=eq.c", secret=people.admin).json) == 2
