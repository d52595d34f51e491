"""A small version of ``python -m tests.soak.flights``."""

import pytest

from tests.soak.flights import Client, Flights, compare, compare_order, compare_pages, compare_stream, load


@pytest.fixture(scope="module")
def flights() -> Flights:
    return Flights(3000)


def test_flights_come_back_as_they_were_sent(server, flights):
    with Client(server) as client:
        path = load(client, flights)
        compare_stream(client, path, flights)
        compare_pages(client, path, flights, size=700)
        compare_order(client, path, flights, [0, 1000, 2500], size=500)


def test_the_comparison_sees_a_difference(flights):
    rows = [{"id": number, **row} for number, row in enumerate(flights.rows(0, 20), start=1)]
    assert compare(rows, flights.rows(0, 20)) == 20
    with pytest.raises(AssertionError, match="row 7"):
        compare([*rows[:6], {**rows[6], "day": 1.0}, *rows[7:]], flights.rows(0, 20))
    with pytest.raises(ValueError, match="longer"):
        compare(rows[:-1], flights.rows(0, 20))
