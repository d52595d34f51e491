"""Sign-ins: equal answers and costs for all failures, limits before hashing, and what the audit says."""

import datetime
import threading

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.access.accounts import passwords
from dynmodel_pyramid.access.accounts.audit import MOST_REFUSED, REFUSED, Origin
from dynmodel_pyramid.access.accounts.failures import network
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import TooManyRequests, Unauthenticated


def sign_in(accounts, name, password, address):
    return accounts.signing_in.sign_in(name, password, Origin(address=address))


@pytest.fixture
def hashes(accounts, monkeypatch):
    """Which passwords were hashed."""
    hashed = []
    real = accounts.passwords.hasher.verify

    class Counting:
        def __getattr__(self, name):
            return getattr(accounts_hasher, name)

        def verify(self, stored, password):
            hashed.append(password)
            return real(stored, password)

    accounts_hasher = accounts.passwords.hasher
    monkeypatch.setattr(accounts.passwords, "hasher", Counting())
    return hashed


def rows(accounts, table, *conditions):
    with accounts.database.reading() as connection:
        return list(connection.execute(sa.select(table).where(*conditions)).mappings())


def set_column(accounts, table, condition, **values):
    with accounts.database.writer.begin() as connection:
        connection.execute(sa.update(table).where(condition).values(values))


def test_a_session_begins(accounts, user, address):
    signed_in, secret = sign_in(accounts, user.name.upper(), "right password", address)
    _, other = sign_in(accounts, user.name, "right password", address)
    assert signed_in.id == user.id
    assert secret != other
    sessions = rows(accounts, accounts.tables.session, accounts.tables.session.c.user_id == user.id)
    assert len(sessions) == 2
    assert all(secret not in str(dict(session)) for session in sessions)
    events = rows(accounts, accounts.tables.audit, accounts.tables.audit.c.address == address)
    assert [(event["event"], event["identity"]) for event in events] == [("signed_in", user.identity_id)] * 2


def test_failures_are_equal_and_cost_a_hash(accounts, user, address, hashes):
    """Nobody learns whether there is such a user."""
    with accounts.database.writer.begin() as connection:
        disabled = accounts.users.create(
            connection,
            name=f"{user.name} off",
            password=accounts.passwords.hasher.hash("right password"),
            disabled=True,
        )
        without = accounts.users.create(connection, name=f"{user.name} without")
    errors = []
    tries = ((user.name, "wrong"), ("nobody", "wrong"), (disabled.name, "right password"), (without.name, ""))
    for name, password in tries:
        with pytest.raises(Unauthenticated) as raised:
            sign_in(accounts, name, password, address)
        errors.append((raised.value.code, raised.value.detail, raised.value.hint))
    assert len(set(errors)) == 1
    assert errors[0][0] == "invalid_credential"
    assert hashes == ["wrong", "wrong", "right password", ""]


def test_the_limit_of_a_user_comes_before_hashing(accounts, user, address, hashes):
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            sign_in(accounts, user.name, "wrong", address)
    hashes.clear()
    for name in (user.name, user.name.swapcase()):
        with pytest.raises(TooManyRequests) as raised:
            sign_in(accounts, name, "right password", address)
        assert 800 < raised.value.retry_after <= 900
    assert hashes == []
    # Nobody locks a user out elsewhere.
    sign_in(accounts, user.name, "right password", address.replace("10.1.", "10.2."))


def test_the_limit_of_an_address_counts_all_names(accounts, user, address, hashes):
    for number in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(accounts, f"nobody {number}", "wrong", address)
    with pytest.raises(TooManyRequests):
        sign_in(accounts, user.name, "right password", address)
    assert len(hashes) == 5


def test_a_disabled_user_has_no_more_attempts_than_others(accounts, user, address):
    """The right password forgets no failures: it would show that it is the right one."""
    with accounts.database.writer.begin() as connection:
        accounts.users.change(connection, user, {"disabled": True}, None)
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            sign_in(accounts, user.name, "right password", address)
    with pytest.raises(TooManyRequests):
        sign_in(accounts, user.name, "right password", address)


def test_success_forgets_the_failures_of_the_user(accounts, user, address):
    for _ in range(2):
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                sign_in(accounts, user.name, "wrong", address)
        sign_in(accounts, user.name, "right password", address)
    # The four failures of the address stay counted.
    with pytest.raises(Unauthenticated):
        sign_in(accounts, "nobody", "wrong", address)
    with pytest.raises(TooManyRequests):
        sign_in(accounts, user.name, "right password", address)


@pytest.mark.parametrize("seconds", [-901, 3600], ids=["long-ago", "before-the-clock-was-put-back"])
def test_failures_are_forgotten_after_the_window(accounts, user, address, seconds):
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            sign_in(accounts, user.name, "wrong", address)
    table = accounts.tables.failure
    moment = now() + datetime.timedelta(seconds=seconds)
    set_column(accounts, table, sa.true(), first_at=moment, last_at=moment)
    with pytest.raises(Unauthenticated):
        sign_in(accounts, user.name, "wrong", address)
    sign_in(accounts, user.name, "right password", address)
    with accounts.database.writer.begin() as connection:
        accounts.failures.tidy(connection)
    # The address of this test, besides what other tests have counted.
    assert len(rows(accounts, table, table.c.first_at <= now())) == 1


def test_attempts_at_the_same_moment_do_not_pass_the_limit_together(accounts, user, address, hashes):
    outcomes, barrier = [], threading.Barrier(8)

    def attempt():
        barrier.wait()
        try:
            sign_in(accounts, user.name, "wrong", address)
        except (TooManyRequests, Unauthenticated) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert len(hashes) <= 3


def test_outdated_hashes_are_renewed(accounts, user, address, monkeypatch):
    from argon2 import PasswordHasher

    monkeypatch.setattr(accounts.passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    sign_in(accounts, user.name, "right password", address)
    with accounts.database.reading() as connection:
        stored = accounts.users.by_id(connection, user.id).password
    assert "t=2" in stored and "t=1" in user.password
    sign_in(accounts, user.name, "right password", address)


def test_refusals_are_one_row_a_minute_and_address(accounts, address, monkeypatch):
    audit, table = accounts.audit, accounts.tables.audit
    moment = now()
    monkeypatch.setattr("dynmodel_pyramid.access.accounts.audit.now", lambda: moment)  # all in one minute
    with accounts.database.writer.begin() as connection:
        connection.execute(sa.delete(table))
        for _ in range(3):
            audit.refused(connection, Origin(address=address))
        audit.refused(connection, Origin(address="2001:db8::1"))
        audit.refused(connection, Origin(address="2001:db8::ffff"))
    refused = rows(accounts, table, table.c.event == REFUSED)
    assert sorted((row["address"], row["count"]) for row in refused) == [(address, 3), ("2001:db8::/64", 2)]
    with accounts.database.writer.begin() as connection:
        for number in range(MOST_REFUSED + 20):
            audit.refused(connection, Origin(address=f"10.9.0.{number}"))
        audit.refused(connection, Origin(address=address))
    refused = {row["address"]: row["count"] for row in rows(accounts, table, table.c.event == REFUSED)}
    assert len(refused) == MOST_REFUSED + 1
    assert (refused[None], refused[address]) == (22, 4)


def test_old_events_are_deleted(accounts, address):
    table = accounts.tables.audit
    with accounts.database.writer.begin() as connection:
        accounts.audit.note(connection, "old", Origin(address=address))
        accounts.audit.note(connection, "new", Origin(address=address))
    set_column(accounts, table, table.c.event == "old", at=now() - datetime.timedelta(days=366))
    with accounts.database.writer.begin() as connection:
        accounts.audit.tidy(connection)
    assert [row["event"] for row in rows(accounts, table, table.c.address == address)] == ["new"]


def test_networks():
    assert network("192.0.2.7") == network("::ffff:192.0.2.7") == "192.0.2.7"
    assert network("::1") == "::/64"
    assert network(None) == network("junk") == "unknown"


def test_an_attempt_without_a_turn_to_hash_does_not_count(accounts, user, address, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT", 0.01)
    with accounts.passwords.turn(), accounts.passwords.turn():
        for _ in range(10):
            with pytest.raises(TooManyRequests):
                sign_in(accounts, user.name, "right password", address)
    sign_in(accounts, user.name, "right password", address)


def test_one_address_leaves_a_turn_to_the_others(accounts, user, address):
    """Of two, as many as ``dynmodel.password_hashes`` is by default."""
    with accounts.passwords.turn(address):
        with pytest.raises(TooManyRequests):
            sign_in(accounts, user.name, "right password", address)
        sign_in(accounts, user.name, "right password", address.replace("10.1.", "10.4."))
    sign_in(accounts, user.name, "right password", address)
