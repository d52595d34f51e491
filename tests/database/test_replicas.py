"""What is known of replicas, without a server."""

import time

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database.replicas import Replicas

NOWHERE = "postgresql+psycopg://127.0.0.1:1/nothing"


@pytest.fixture
def replicas():
    made = Replicas(sa.create_engine(NOWHERE), [sa.create_engine(NOWHERE)], 0.4, 0.01)
    yield made
    made.close()


def test_a_change_of_access_is_made_even_if_the_primary_goes_away_behind_it(replicas):
    def position():
        raise sa.exc.OperationalError("", {}, Exception("away"))

    replicas.note_change()
    started = time.monotonic()
    replicas.let_all_have(position)
    assert time.monotonic() - started >= 0.4  # by now no replica that lacks it is read from


def test_behind_a_failover_no_replica_is_read_before_it_was_looked_at(replicas):
    primary, [replica] = replicas._primary, replicas.all
    replica.answered_at = time.monotonic()  # it does not hang
    primary.see(time.monotonic(), (1, 100))
    replica.see(time.monotonic(), (120, 1))
    assert replica.is_usable
    primary.see(time.monotonic(), (2, 110))
    assert not replica.is_usable
    replica.see(time.monotonic(), (120, 2))
    assert replica.is_usable
