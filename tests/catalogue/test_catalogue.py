"""The catalogue of definitions: bounded, by number and by name, and new after each change."""

import gc
import sys
import threading
import weakref
from types import SimpleNamespace

import pytest

from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.catalogue import UNKNOWN, Snapshot
from dynmodel_pyramid.changes.service import DefinitionService

CAPACITY = 40


@pytest.fixture
def catalogue(make_app):
    return make_app(**{"dynmodel.class_cache_columns": str(CAPACITY)}).app.registry.dynmodel_catalogue


@pytest.fixture
def service(catalogue):
    return DefinitionService(catalogue)


def create(service, name: str, fields: int = 4) -> int:
    document = {"model_name": name, "fields": {f"f{number}": "integer" for number in range(fields)}}
    return service.create(document).definition.id


def kept(snapshot: Snapshot, ids) -> list[int]:
    return [number for number in ids if snapshot.by_id(number) is not UNKNOWN]


def test_bounded_by_columns(catalogue, service):
    ids = [create(service, f"T{number}") for number in range(12)]
    for number in ids:
        attempt = Attempt(catalogue)
        assert attempt.model(number).definition.id == number
        there = kept(attempt.snapshot, ids)
        assert number in there
        assert sum(4 + 4 for _ in there) <= CAPACITY
    assert len(there) == CAPACITY // 8


def test_the_least_recently_used_goes_first(catalogue, service):
    ids = [create(service, f"T{number}") for number in range(6)]
    for number in ids[:5]:
        Attempt(catalogue).model(number)
    Attempt(catalogue).model(ids[0])
    attempt = Attempt(catalogue)
    attempt.model(ids[5])
    assert kept(attempt.snapshot, [ids[5]]) == [ids[5]]
    assert attempt.snapshot.by_id(ids[1]) is UNKNOWN
    assert attempt.snapshot.by_id(ids[0]) is not UNKNOWN


def test_a_table_wider_than_the_cache_works(catalogue, service):
    number = create(service, "Wide", CAPACITY * 2)
    other = create(service, "Other")
    for key in (number, other, number, "wide", "OTHER"):
        assert Attempt(catalogue).model(key) is not None


def test_by_name(catalogue, service):
    number = create(service, "Straße")
    for key in ("Straße", "strasse", "STRASSE", number):
        assert Attempt(catalogue).model(key).definition.id == number
    assert Attempt(catalogue).model("Strase") is None
    service.change(number, lambda definition: {"model_name": "New", "fields": {}})
    assert Attempt(catalogue).model("strasse") is None
    assert Attempt(catalogue).model("new").definition.version == 2
    service.drop(number)
    for key in ("new", number):
        assert Attempt(catalogue).model(key) is None


def test_what_is_absent_is_found_once_it_is_there(catalogue, service):
    for _ in range(2):
        assert Attempt(catalogue).model("later") is None
        assert Attempt(catalogue).model(1) is None
    assert create(service, "Later") == 1
    assert Attempt(catalogue).model("later") is Attempt(catalogue).model(1) is not None


def test_absent_names_are_bounded(catalogue, service):
    number = create(service, "Here")
    for each in range(CAPACITY * 5):
        attempt = Attempt(catalogue)
        assert attempt.model(f"nothing{each}") is None
        assert attempt.model(1000 + each) is None
    snapshot = attempt.snapshot
    remembered = [each for each in range(CAPACITY * 5) if snapshot.by_name(f"nothing{each}") is None]
    assert len(remembered) <= CAPACITY
    assert len([each for each in range(CAPACITY * 5) if snapshot.by_id(1000 + each) is None]) <= CAPACITY
    assert Attempt(catalogue).model(number) is not None


def test_a_change_forgets_what_it_touches_and_no_more(catalogue, service):
    one, other = create(service, "One"), create(service, "Other")
    models = {number: Attempt(catalogue).model(number) for number in (one, other)}
    service.change(one, lambda definition: {"fields": {"f0": "integer"}})
    assert Attempt(catalogue).model(other) is models[other]
    changed = Attempt(catalogue).model(one)
    assert changed is not models[one]
    assert (changed.definition.version, models[one].definition.version) == (2, 1)


def test_a_change_that_changes_nothing_makes_no_version(catalogue, service):
    number = create(service, "Same")
    before = Attempt(catalogue).snapshot
    outcome = service.change(number, lambda definition: {"fields": {f"f{each}": "integer" for each in range(4)}})
    assert (outcome.changed, outcome.definition.version) == (False, 1)
    assert Attempt(catalogue).snapshot is before


def test_old_classes_are_collected(catalogue, service):
    number = create(service, "Old")
    old = weakref.ref(catalogue.models["Old"])
    service.change(number, lambda definition: {"fields": {"other": "string"}})
    assert catalogue.models["Old"] is not old()
    gc.collect()
    assert old() is None


def test_a_snapshot_that_many_threads_use():
    """Tables are looked up while others are added and forgotten."""

    def model(number: int):
        definition = SimpleNamespace(id=number, model_name=f"T{number}", fields=())
        return SimpleNamespace(definition=definition)

    snapshot = Snapshot(None, CAPACITY)
    faults: list[Exception] = []
    over = threading.Event()

    def look_up():
        while not over.is_set():
            for number in range(60):
                snapshot.by_id(number)

    def tried(act):
        try:
            act()
        except Exception as error:
            faults.append(error)
            over.set()

    def add():
        for turn in range(300):
            for number in range(60):
                if snapshot.add(model(number)).definition.id != number or over.is_set():
                    return
            if turn % 10 == 0:
                snapshot.following(None, [])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        readers = [threading.Thread(target=tried, args=(look_up,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        tried(add)
    finally:
        over.set()
        for reader in readers:
            reader.join()
        sys.setswitchinterval(interval)
    assert faults == []
    assert len(snapshot._models) == CAPACITY // 4


def test_a_table_that_is_asked_for_after_the_connection_is_closed_is_proven_as_well(app, catalogue):
    app.post_json("/table/", {"model_name": "First", "fields": {"a": "string"}})
    app.post_json("/table/", {"model_name": "Second", "fields": {"a": "string"}})
    attempt = Attempt(catalogue)
    attempt.model("First")
    with catalogue.database.reading() as connection:
        attempt.open(connection)
        attempt.confirm()
    attempt.model("Second")
    attempt.confirm()
    app.patch_json("/table/Second/", {"label": "L"}, headers={"Content-Type": "application/merge-patch+json"})
    attempt.model("second")
    attempt.model(1)
    with pytest.raises(Stale):
        attempt.confirm()
