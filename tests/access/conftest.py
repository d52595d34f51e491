"""Fixtures: ``accounts`` are those of one database for a whole module, with cheap hashes."""

import itertools

import pytest
from argon2 import PasswordHasher

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.passwords import Passwords
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_names = itertools.count(1)


def cheap_hashes(accounts: Accounts) -> None:
    """Let hashes cost nothing; the object stays, because others hold it."""
    Passwords.__init__(accounts.passwords, 2, CHEAP)


@pytest.fixture(scope="module", params=DATABASES)
def accounts(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("accounts"), "enforced") as raw:
        further = {"dynmodel.signin_failures": "3", "dynmodel.signin_failures_by_address": "5"}
        database = Database(Settings({**raw, **further}))
        upgrade.upgrade(database)
        made = Accounts(database)
        cheap_hashes(made)
        yield made
        database.close()


@pytest.fixture
def user(accounts):
    """A new user with the password ``right password``."""
    with accounts.database.writer.begin() as connection:
        return accounts.users.create(
            connection,
            name=f"Ann {next(_names)}",
            roles=("admin",),
            claims={"team": 7},
            password=accounts.passwords.hash("right password"),
        )


@pytest.fixture
def address():
    """An address that no other test has."""
    number = next(_names)
    return f"10.1.{number // 256}.{number % 256}"


def stamp_of(accounts: Accounts) -> str:
    with accounts.database.reading() as connection:
        return accounts.database.state(connection).access_stamp


@pytest.fixture
def settings(database, tmp_path):
    with database_settings(database, tmp_path, "enforced") as found:
        yield found
