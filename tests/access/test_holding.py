"""What takes access away waits for the writes that were proven before it, on both databases."""

import threading

import pytest

from dynmodel_pyramid.access import changes


@pytest.fixture
def waits(accounts):
    """A function that tells whether a change waits for a write of rows that is under way."""
    database = accounts.database

    def waits(change) -> bool:
        done = threading.Event()

        def run():
            with database.writer.begin() as connection:
                change(connection)
            done.set()

        with database.writer.connect() as writer, writer.begin():
            changes.share(writer, database)
            thread = threading.Thread(target=run)
            thread.start()
            waited = not done.wait(0.15)
        thread.join(10)
        assert done.is_set()
        return waited

    return waits


def test_changes_wait_for_writes(accounts, user, waits):
    with accounts.database.writer.begin() as connection:
        token, _ = accounts.tokens.create(connection, name="t", roles=())
    assert waits(lambda connection: changes.hold(connection, accounts.database))
    assert waits(lambda connection: changes.record(connection, accounts.database, "grants", None))
    assert waits(lambda connection: accounts.tokens.revoke(connection, token.id))
    assert waits(lambda connection: accounts.sessions.end(connection, 1))
    assert waits(lambda connection: accounts.users.change(connection, user, {"disabled": True}, None))
    assert waits(lambda connection: accounts.users.set_password(connection, user, None))
    assert waits(lambda connection: accounts.users.delete(connection, user, None))


def test_writes_wait_for_no_other_writes(accounts, waits):
    """Except on a database with one writer."""
    shared = waits(lambda connection: changes.share(connection, accounts.database))
    assert shared is accounts.database.dialect.confirms_first
