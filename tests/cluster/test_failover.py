"""The primary dies, and its replica takes over: one URL leads to whichever takes writes."""

import threading
import time

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import OPEN
from tests.cluster.bed import missing_programs, running_bed


@pytest.fixture
def pair():
    """A bed of its own, because its primary dies."""
    missing = missing_programs()
    if missing is not None:
        pytest.skip(missing)
    with running_bed() as bed:
        yield bed, bed.add_replica(synchronous=True)


def test_writes_go_on_and_none_is_lost(pair):
    bed, replica = pair
    wsgi = dynmodel_pyramid.main({}, **{"sqlalchemy.url": bed.url_of_all(), "dynmodel.lock_timeout": "2", **OPEN})
    app = webtest.TestApp(wsgi)
    app.post_json("/table/", {"model_name": "Thing", "fields": {"n": "integer"}})
    promotion = threading.Timer(0.5, replica.promote)
    acknowledged, unknown, codes = set(), set(), set()
    deadline = time.monotonic() + 30
    number, last = 0, None
    while last is None or number < last + 20:
        number += 1
        if number == 20:
            bed.primary.kill()
            promotion.start()
        answer = app.post_json("/table/Thing/rows/", {"n": number}, status="*")
        if answer.status_int == 201:
            acknowledged.add(number)
            if number > 20 and last is None:
                last = number
                replica.do("ALTER SYSTEM SET synchronous_standby_names = ''")
        else:
            codes.add(answer.json["code"])
            assert answer.status_int == 503
            if answer.json["code"] == "outcome_unknown":
                unknown.add(number)
            time.sleep(0.02)
        assert time.monotonic() < deadline, codes
    promotion.join()
    stored = {row["n"] for row in app.get("/table/Thing/rows/?limit=1000").json}
    assert acknowledged <= stored <= acknowledged | unknown
    assert codes <= {"database_unavailable", "outcome_unknown", "database_read_only"} and codes
    assert app.get("/table/Thing/").json["version"] == 1
    wsgi.registry.dynmodel_catalogue.database.close()
