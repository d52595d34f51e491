"""Secrets: random, known by their form, and refused without a query if mistyped. And passwords."""

import hashlib
import re
import threading
import time

import pytest

from dynmodel_pyramid.access.accounts import passwords as module
from dynmodel_pyramid.access.accounts import secrets
from dynmodel_pyramid.access.accounts.passwords import Passwords, refuse_bad_password
from dynmodel_pyramid.errors import Invalid, TooManyRequests
from tests.access.conftest import CHEAP


def test_tokens_have_a_form_that_scanners_find():
    token = secrets.new_token()
    assert re.fullmatch(r"dyn_[A-Za-z0-9_-]{49}", token)
    assert secrets.is_token(token)
    assert secrets.new_token() != token
    assert secrets.digest(token) == hashlib.sha256(token.encode()).hexdigest()


def test_a_typing_error_is_no_token():
    token = secrets.new_token()
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert not secrets.is_token(token[:place] + other + token[place + 1 :])
    assert not secrets.is_token(token + "\n")
    assert not secrets.is_token(token[:-1])
    assert not secrets.is_session(token)
    assert secrets.is_session(secrets.new_session())


@pytest.mark.parametrize(
    ("password", "code"),
    (("x" * 7, "too_short"), ("é" * 513, "too_long"), (7, "wrong_type"), ("\ud800" * 9, "unstorable_text")),
)
def test_bad_new_passwords(password, code):
    with pytest.raises(Invalid) as raised:
        refuse_bad_password(password, "/password", new=True)
    assert raised.value.problems[0].code == code


def test_passwords_at_the_limits():
    for password in ("x" * 8, "é" * 512, "\0 " * 5):
        assert refuse_bad_password(password, "/password", new=True) == password
    assert refuse_bad_password("", "/password", new=False) == ""


def test_hashes_are_argon2id_and_verify():
    passwords = Passwords(1)
    stored = passwords.hash("right password")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(stored, "right password")
    assert not passwords.verify(stored, "wrong password")
    assert not passwords.is_outdated(stored)
    assert Passwords(1, CHEAP).is_outdated(stored)


def test_nobody_has_a_hash_of_the_same_cost(monkeypatch):
    """One hash is computed for a user who does not exist, and no password is his."""
    passwords = Passwords(1, CHEAP)
    verified = []
    monkeypatch.setattr(
        type(CHEAP),
        "verify",
        lambda self, stored, password, real=type(CHEAP).verify: (verified.append(stored), real(self, stored, password))[
            1
        ],
    )
    stored = passwords.hash("right password")
    assert not passwords.verify(None, "right password")
    assert not passwords.verify("no hash", "right password")
    assert passwords.verify(stored, "right password")
    assert len(verified) == 3
    assert verified[0].split("$")[:4] == stored.split("$")[:4]
    assert len(verified[0]) == len(stored)


def test_few_hash_at_a_time(monkeypatch):
    """Whoever would wait long is told to come back."""
    monkeypatch.setattr(module, "WAIT", 0.01)
    passwords, begun, over = Passwords(1, CHEAP), threading.Event(), threading.Event()

    def slowly(self, password):
        begun.set()
        assert over.wait(10)
        return "hash"

    monkeypatch.setattr(type(CHEAP), "hash", slowly)
    thread = threading.Thread(target=passwords.hash, args=("x",))
    thread.start()
    try:
        assert begun.wait(10)
        with pytest.raises(TooManyRequests) as raised:
            passwords.verify(None, "x")
        assert raised.value.retry_after == 1
    finally:
        over.set()
        thread.join()
    assert not passwords.verify(None, "x")  # the turn was given back


def test_few_wait_to_hash(monkeypatch):
    """The others would take all threads of the server."""
    monkeypatch.setattr(module, "WAIT", 10)
    passwords, begun, over = Passwords(1, CHEAP), threading.Event(), threading.Event()

    def slowly(self, password):
        begun.set()
        assert over.wait(10)
        return "hash"

    monkeypatch.setattr(type(CHEAP), "hash", slowly)
    threads = [threading.Thread(target=passwords.hash, args=("x",)) for _ in range(1 + module.MOST_WAITING)]
    for thread in threads:
        thread.start()
    try:
        assert begun.wait(10)
        time.sleep(0.1)  # until the others wait
        with pytest.raises(TooManyRequests):
            passwords.verify(None, "x")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not passwords.verify(None, "x")
