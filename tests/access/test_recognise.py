"""Secrets become identities: what ends them, what they may have, and what it costs."""

import datetime
import time

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.secrets import new_session, new_token
from dynmodel_pyramid.access.identity import Narrowing
from dynmodel_pyramid.definitions.store import now
from tests.access.conftest import stamp_of


@pytest.fixture
def make(accounts):
    def make(**values):
        with accounts.database.writer.begin() as connection:
            return accounts.tokens.create(connection, **{"name": "t", "roles": (), **values})

    return make


def found(accounts, secret, kind="token"):
    return accounts.recogniser.found(kind, secret, stamp_of(accounts))


def begin(accounts, user):
    with accounts.database.writer.begin() as connection:
        return accounts.sessions.begin(connection, user.id, None)


@pytest.fixture
def statements(accounts):
    """The statements on the tables of access."""
    seen = []

    def note(connection, cursor, statement, *others):
        if "_dynmodel_token" in statement or "_dynmodel_session" in statement:
            seen.append(statement)

    sa.event.listen(accounts.database.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(accounts.database.engine, "before_cursor_execute", note)


def test_a_token_of_nobody(accounts, make):
    narrowing = Narrowing(frozenset({1, 2}), read_only=True)
    token, secret = make(roles=("clerk",), narrowing=narrowing)
    identity = found(accounts, secret)
    assert (identity.kind, identity.id, identity.name) == ("token", f"token:{token.id}", "t")
    assert identity.roles == {"everyone", "authenticated", "clerk"}
    assert identity.narrowing == narrowing
    assert (identity.credential.kind, identity.credential.id) == ("token", token.id)
    with accounts.database.reading() as connection:
        row = connection.execute(sa.select(accounts.tables.token).where(accounts.tables.token.c.id == token.id)).one()
    assert secret not in str(row)


def test_a_token_of_a_user_has_at_most_his_roles(accounts, make, user):
    _, secret = make(roles=("admin", "clerk"), user_id=user.id)
    identity = found(accounts, secret)
    assert (identity.id, identity.name, identity.claims) == (user.identity_id, user.name, {"team": 7})
    assert identity.roles == {"everyone", "authenticated", "admin"}
    change(accounts, user, roles=("clerk",))
    assert found(accounts, secret).roles == {"everyone", "authenticated", "clerk"}


def change(accounts, user, **values):
    with accounts.database.writer.begin() as connection:
        changes.hold(connection, accounts.database)
        current = accounts.users.by_id(connection, user.id, lock=True)
        return accounts.users.change(connection, current, values, None)


def test_tokens_and_sessions_end_with_the_user(accounts, make, user):
    _, token = make(roles=("admin",), user_id=user.id)
    session = begin(accounts, user)
    assert found(accounts, token).id == found(accounts, session, "session").id == user.identity_id
    change(accounts, user, disabled=True)
    assert found(accounts, token) is found(accounts, session, "session") is None
    change(accounts, user, disabled=False)
    assert found(accounts, token) is not None
    assert found(accounts, session, "session") is None
    with accounts.database.writer.begin() as connection:
        accounts.users.delete(connection, user, None)
    assert found(accounts, token) is None


def test_a_new_password_ends_sessions(accounts, user):
    session = begin(accounts, user)
    assert found(accounts, session, "session") is not None
    with accounts.database.writer.begin() as connection:
        accounts.users.set_password(connection, user, "hash")
    other = Accounts(accounts.database)  # another process, which has seen nothing
    assert found(other, session, "session") is None
    # This one has it in its cache; the proof of the answer finds the row gone and lets it be forgotten.
    accounts.recogniser.forget(found(accounts, session, "session").credential)
    assert found(accounts, session, "session") is None


def test_tokens_expire(accounts, make, monkeypatch):
    _, secret = make(expires_at=now() + datetime.timedelta(seconds=100))
    assert found(accounts, secret) is not None
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment + 101)
    assert found(accounts, secret) is None


def test_sessions_end_when_idle_and_in_any_case(accounts, user):
    table = accounts.tables.session
    for column, age in (("seen_at", 28_801), ("expires_at", 1)):
        session = begin(accounts, user)
        with accounts.database.writer.begin() as connection:
            past = now() - datetime.timedelta(seconds=age)
            connection.execute(sa.update(table).where(table.c.user_id == user.id).values({column: past}))
        assert found(accounts, session, "session") is None


def test_secrets_of_one_kind_are_none_of_the_other(accounts, make, user):
    _, token = make()
    assert found(accounts, token, "session") is None
    assert found(accounts, begin(accounts, user), "token") is None


def test_unknown_secrets(accounts, statements):
    assert found(accounts, new_token()) is None
    assert len(statements) == 1
    for mistyped in ("dyn_", "dyn_" + "A" * 49, "é", "", "x" * 100_000):
        assert found(accounts, mistyped) is None
    assert len(statements) == 1
    assert found(accounts, new_session(), "session") is None


def test_a_known_secret_costs_no_statement(accounts, make, user, statements):
    """Until access changes; and the last use is noted once a minute, in another transaction."""
    token, secret = make()
    session = begin(accounts, user)
    stamp = stamp_of(accounts)
    statements.clear()
    for _ in range(20):
        assert accounts.recogniser.found("token", secret, stamp) is not None
        assert accounts.recogniser.found("session", session, stamp) is not None
    accounts.recogniser.usage.wait()
    kinds = sorted(statement.split()[0] for statement in statements)
    assert kinds == ["SELECT", "SELECT", "UPDATE"]  # the session was used just now: when it began
    with accounts.database.reading() as connection:
        assert accounts.tokens.by_id(connection, token.id).last_used_at is not None
    change(accounts, user, email="ann@example.org")
    statements.clear()
    assert found(accounts, session, "session").email == "ann@example.org"
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


def test_the_use_of_a_session_renews_its_idle_end(accounts, user):
    table = accounts.tables.session
    session = begin(accounts, user)
    before = now() - datetime.timedelta(seconds=120)
    with accounts.database.writer.begin() as connection:
        connection.execute(sa.update(table).where(table.c.user_id == user.id).values(seen_at=before))
    assert found(accounts, session, "session") is not None
    accounts.recogniser.usage.wait()
    with accounts.database.reading() as connection:
        seen = connection.scalar(sa.select(table.c.seen_at).where(table.c.user_id == user.id))
    assert seen.replace(tzinfo=datetime.UTC) > before + datetime.timedelta(seconds=100)


def test_the_cache_is_bounded(accounts, make, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.access.accounts.recognise.MOST", 2)
    secrets = [make()[1] for _ in range(4)]
    stamp = stamp_of(accounts)
    for secret in secrets:
        accounts.recogniser.found("token", secret, stamp)
    assert len(accounts.recogniser._known) <= 2


def test_a_user_has_a_bounded_number_of_sessions(accounts, user, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.access.accounts.sessions.MOST", 3)
    sessions = [begin(accounts, user) for _ in range(5)]
    alive = [found(accounts, session, "session") is not None for session in sessions]
    assert alive == [False, False, True, True, True]


def test_what_is_old_is_deleted(accounts, make, user):
    """Ended sessions, and tokens that expired long ago; those of users who use them stay."""
    old, _ = make(expires_at=now() - datetime.timedelta(days=31))
    recent, _ = make(expires_at=now() - datetime.timedelta(days=29))
    begin(accounts, user)
    table = accounts.tables.session
    with accounts.database.writer.begin() as connection:
        idle = now() - datetime.timedelta(seconds=28_801)
        connection.execute(sa.update(table).where(table.c.user_id == user.id).values(seen_at=idle))
    used = begin_of_another(accounts)
    accounts.tidy()
    with accounts.database.reading() as connection:
        assert accounts.tokens.by_id(connection, old.id) is None
        assert accounts.tokens.by_id(connection, recent.id) is not None
        assert list(connection.scalars(sa.select(table.c.user_id).where(table.c.user_id == user.id))) == []
    assert found(accounts, used, "session") is not None


def begin_of_another(accounts):
    with accounts.database.writer.begin() as connection:
        return accounts.sessions.begin(connection, accounts.users.create(connection, name="Another").id, None)


def test_what_renews_the_stamp(accounts, make, user):
    log = accounts.tables.change

    def subjects():
        with accounts.database.reading() as connection:
            return list(connection.scalars(sa.select(log.c.subject).order_by(log.c.revision)))

    before, known = stamp_of(accounts), subjects()
    make(user_id=user.id)
    begin(accounts, user)
    with accounts.database.writer.begin() as connection:
        accounts.users.set_password(connection, user, "hash")
    assert stamp_of(accounts) == before
    version = change(accounts, user, name=user.name).version  # as it was
    assert stamp_of(accounts) == before
    for values in ({"name": f"{user.name} b"}, {"roles": ()}, {"claims": {}}, {"email": "x"}, {"disabled": True}):
        changed = change(accounts, user, **values)
        assert stamp_of(accounts) != before
        before = stamp_of(accounts)
    assert changed.version == version + 5
    assert subjects() == [*known, *[user.identity_id] * 5]
