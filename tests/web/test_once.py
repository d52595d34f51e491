"""Requests with an Idempotency-Key: a write is carried out at most once, and repetitions get its answer."""

import datetime
import gzip
import json
import threading

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.grants import Access, Fields, Grant, Role, TableGrants
from dynmodel_pyramid.access.identity import Identity, Narrowing
from dynmodel_pyramid.access.kept_answers import KeptAnswers
from dynmodel_pyramid.access.rights import rights_of
from dynmodel_pyramid.errors import Malformed, TooManyRequests
from dynmodel_pyramid.scripts.purge import main as purge
from dynmodel_pyramid.web.http.once import read_key
from tests.server_process import write_ini

ROWS = "/table/1/rows/"
JSON = {"Content-Type": "application/json"}
FIELDS = {"name": {"type": "string", "unique": True}, "size": {"type": "integer"}}


@pytest.fixture
def items(app):
    app.post_json("/table/", {"model_name": "Item", "fields": FIELDS})
    return app


def send(app, method, path, body=b"", key="k", status=None, **headers):
    """A request with a key; the names of headers have _ for -."""
    sent = {**JSON, "Idempotency-Key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = app.request(path, method=method, body=body, headers=sent, expect_errors=True)
    assert status in (None, answer.status_int), answer
    return answer


def is_repeated(answer):
    return answer.headers.get("Idempotency-Replayed") == "true"


def names(app):
    return [row["name"] for row in app.get(ROWS).json]


def kept(app):
    database = app.app.registry.dynmodel_catalogue.database
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(database.system.answer))


# The key


@pytest.mark.parametrize(
    "sent, key", {"abc": "abc", '"abc"': "abc", ' "a b\\"\\\\" ': 'a b"\\', "x" * 255: "x" * 255}.items()
)
def test_a_key_is_a_string_with_quotes_or_without(sent, key):
    assert read_key(sent) == key


@pytest.mark.parametrize(
    "sent", ("", '""', "a b", "a,b", "a;b", '"a"x', '"a', '"a";b=1', "ä", "x" * 256, f'"{"x" * 256}"')
)
def test_other_texts_are_no_keys(sent):
    with pytest.raises(Malformed) as caught:
        read_key(sent)
    assert caught.value.code == "invalid_idempotency_key"


# Repetitions

WRITES = {
    "one row": ("POST", ROWS, {"name": "a"}, {}),
    "rows": ("POST", ROWS, [{"name": "b"}, {"name": "c"}], {}),
    "upsert": (
        *("POST", f"{ROWS}?on_conflict=name", [{"name": "a", "size": 2}]),
        {"Prefer": "resolution=merge-duplicates"},
    ),
    "csv": ("POST", ROWS, b"name,size\nd,1\n", {"Content-Type": "text/csv", "Prefer": "return=minimal"}),
    "gzip": ("POST", ROWS, gzip.compress(b'{"name": "e"}'), {"Content-Encoding": "gzip"}),
    "rest": ("POST", "/rest/Item", [{"name": "f"}], {"Prefer": "return=headers-only"}),
    "row/": ("PUT", "/table/1/row/", {"name": "g"}, {}),
    "put": ("PUT", f"{ROWS}1/", {"name": "h"}, {"If-Match": '"1-2"'}),
    "patch": ("PATCH", f"{ROWS}1/", {"size": 5}, {"If-Match": '"1-3"', "Prefer": "return=minimal"}),
    "filtered": ("PATCH", f"{ROWS}?size=eq.1", {"size": 6}, {}),
    "rest patch": ("PATCH", "/rest/Item?size=eq.6", {"size": 7}, {}),
    "batch": ("POST", "/batch/", [{"operation": "insert", "table": "Item", "row": {"name": "i"}}], {}),
    "delete": ("DELETE", f"{ROWS}2/", b"", {}),
    "new table": ("POST", "/table/", {"model_name": "Other", "fields": {}}, {}),
    "file": (*("POST", "/table/?from=file&name=Loaded", b"name,size\nd,1\n"), {"Content-Type": "text/csv"}),
    "dropped field": ("PATCH", "/table/1/", {"fields": {"size": None}}, {}),
    "revert": ("POST", "/table/1/history/1/revert/", b"", {}),
    "dropped again": ("PATCH", "/table/1/", {"fields": {"size": None}}, {}),
    "restored field": ("POST", "/table/1/trash/2/restore/", b"", {}),
    "dropped at last": ("PATCH", "/table/1/", {"fields": {"size": None}}, {}),
    "purged field": ("DELETE", "/table/1/trash/3/", b"", {}),
    "role": ("PUT", "/access/role/reader/", {"tables": {"Item": {"read": True}}}, {}),
    "schema": ("PATCH", "/schema/", {"tables": {"Third": {"fields": {}}}}, {}),
    "renamed table": ("PATCH", "/table/Item/", {"model_name": "Thing"}, {}),
    "dropped table": ("DELETE", "/table/2/", b"", {}),
    "restored table": ("POST", "/trash/2/restore/", b"", {}),
}


def test_a_repetition_gets_the_same_answer_and_writes_nothing(items):
    for number, (name, (method, path, body, headers)) in enumerate(WRITES.items(), 1):
        first = send(items, method, path, body, f'"{name}"', **headers)
        assert first.status_int in (200, 201, 204) and not is_repeated(first), (name, first)
        before = items.get(ROWS).body, items.get("/schema/").body
        second = send(items, method, path, body, f'"{name}"', first.status_int, **headers)
        assert second.body == first.body, name
        assert dict(second.headers) == {**first.headers, "Idempotency-Replayed": "true"}, name
        assert (items.get(ROWS).body, items.get("/schema/").body) == before, name
        assert kept(items) == number


def test_what_is_no_write_is_not_kept(items):
    send(items, "POST", ROWS, {"nam": "a"}, status=422)
    send(items, "POST", ROWS, {"name": "a"}, status=201, Prefer="tx=rollback")
    answer = send(items, "POST", ROWS, {"name": "a"}, status=201)
    assert not is_repeated(answer) and names(items) == ["a"]
    # An error of the database, which comes in the transaction of the write.
    for _ in range(2):
        answer = send(items, "POST", ROWS, {"name": "a"}, "other", status=409)
        assert answer.json["code"] == "unique_violation" and not is_repeated(answer)
    assert send(items, "POST", ROWS, {"name": "b"}, "other", status=201) and kept(items) == 2
    # Requests that read ignore it.
    for key in ("k", "new"):
        assert not is_repeated(send(items, "POST", "/table/1/query/", {"select": ["name"]}, key, status=200))
    assert kept(items) == 2


def test_another_request_with_the_key_is_refused(items):
    send(items, "POST", ROWS, {"name": "a"}, status=201)
    for method, path, body, headers in (
        ("POST", ROWS, {"name": "b"}, {}),
        ("POST", f"{ROWS}?select=id", {"name": "a"}, {}),
        ("PATCH", f"{ROWS}1/", {"name": "a"}, {}),
        ("POST", ROWS, {"name": "c"}, {"Prefer": "return=minimal"}),
        ("POST", "/table/", {"model_name": "Other", "fields": {}}, {}),
    ):
        assert send(items, method, path, body, status=422, **headers).json["code"] == "idempotency_key_reused"
    assert send(items, "POST", "/rest/Item", {"name": "b"}, status=422).json["code"] == "PGRST100"
    assert names(items) == ["a"] and len(items.get("/table/").json) == 1


def test_addresses_of_secrets_refuse_a_key(items):
    for method, path in (("POST", "/token/"), ("PUT", "/user/1/password/"), ("POST", "/session/"), ("POST", "/user/")):
        assert send(items, method, path, {}, status=400).json["code"] == "idempotency_key_refused"
    assert send(items, "POST", ROWS, {"name": "a"}, "a b", status=400).json["code"] == "invalid_idempotency_key"


def test_a_long_answer_is_refused_before_anything_is_written(make_app):
    app = make_app(**{"dynmodel.max_kept_answer": "1000"})
    app.post_json("/table/", {"model_name": "Item", "fields": FIELDS})
    rows = [{"name": f"row {number}"} for number in range(2500)]  # of several parts
    refused = send(app, "POST", ROWS, rows, status=400)
    assert refused.json["code"] == "answer_too_long" and names(app) == []
    wide = {"model_name": "Wide", "fields": {f"f{number}": {"type": "string"} for number in range(30)}}
    assert send(app, "POST", "/table/", wide, status=400).json["code"] == "answer_too_long"
    assert len(app.get("/table/").json) == 1
    first = send(app, "POST", ROWS, rows, status=201, Prefer="return=minimal")
    again = send(app, "POST", ROWS, rows, status=201, Prefer="return=minimal")
    assert is_repeated(again) and again.body == first.body and len(names(app)) == 2500


def test_an_old_answer_counts_as_none_and_is_deleted(items, settings, tmp_path):
    database = items.app.registry.dynmodel_catalogue.database
    table = database.system.answer
    for key in ("k", "l"):
        send(items, "POST", ROWS, {"name": key}, key, status=201)
    with database.writer.begin() as connection:
        connection.execute(sa.update(table).values(kept_at=table.c.kept_at - datetime.timedelta(hours=25)))
    assert not is_repeated(send(items, "POST", ROWS, {"name": "other"}, status=201))
    assert is_repeated(send(items, "POST", ROWS, {"name": "other"}, status=201))
    assert purge([str(write_ini(tmp_path, settings, port=1))]) == 0 and kept(items) == 1


def test_an_identity_has_so_many_answers_kept(make_app):
    app = make_app(**{"dynmodel.max_kept_answers": "3"})
    app.post_json("/table/", {"model_name": "Item", "fields": FIELDS})
    for key in "abc":
        send(app, "POST", ROWS, {"name": key}, key, status=201)
    refused = send(app, "POST", ROWS, {"name": "d"}, "d", status=429)
    assert refused.json["code"] == "too_many_keys" and 80_000 < int(refused.headers["Retry-After"]) <= 86_400
    assert is_repeated(send(app, "POST", ROWS, {"name": "a"}, "a", status=201)) and names(app) == ["a", "b", "c"]
    app.post_json(ROWS, {"name": "d"}, status=201)
    answers = KeptAnswers(app.app.registry.dynmodel_catalogue.database)
    answers._most_size = 100
    with answers.database.reading() as connection, pytest.raises(TooManyRequests):
        answers._refuse_too_many(connection, connection.scalar(sa.select(answers.table.c.owner).limit(1)))


# At the same time


def test_requests_with_one_key_at_the_same_time_write_once(items):
    answers, start = [], threading.Barrier(6)

    def run():
        start.wait()
        answers.append(send(items, "POST", ROWS, [{"name": "a"}, {"name": "b"}]))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_int, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert sorted(map(is_repeated, answers)) == [False] + 5 * [True] and names(items) == ["a", "b"]


def test_the_second_waits_for_a_bounded_time(make_app):
    app = make_app(**{"dynmodel.lock_timeout": "0.2"})
    app.post_json("/table/", {"model_name": "Item", "fields": FIELDS})
    send(app, "POST", ROWS, {"name": "a"}, status=201)
    database = app.app.registry.dynmodel_catalogue.database
    table = database.system.answer
    with database.writer.connect() as connection:
        transaction = connection.begin()
        # As if the first one were still running.
        row = connection.execute(sa.delete(table).returning(*table.c)).one()._asdict()
        if database.dialect.schema is not None:
            transaction.commit()
            transaction = connection.begin()
            connection.execute(sa.insert(table), row)
        refused = send(app, "POST", ROWS, {"name": "a"})
        transaction.rollback()
    code = "busy" if database.dialect.schema is None else "request_in_progress"
    assert (refused.status_int, refused.json["code"]) == ({"busy": 503}.get(code, 409), code)
    assert refused.headers["Retry-After"] == "1"


def test_a_stale_attempt_runs_again_with_its_key(settings, make_app):
    """Another process changes the definition, which this one meets in the transaction of the write."""
    app, other = make_app(), make_app()
    app.post_json("/table/", {"model_name": "Item", "fields": FIELDS})
    send(app, "POST", ROWS, {"name": "a"}, "a", status=201)
    other.patch_json("/table/1/", {"fields": {"size": {"default": 7}}}, status=200)
    first = send(app, "POST", ROWS, {"name": "b"}, "b", status=201)
    assert first.json["size"] == 7 and not is_repeated(first)
    # The other one has the answer as well.
    second = send(other, "POST", ROWS, {"name": "b"}, "b", status=201)
    assert is_repeated(second) and second.body == first.body and names(other) == ["a", "b"]


# Rights


def test_rights_are_equal_whatever_the_order_of_their_parts():
    def caller(**more):
        grants = TableGrants(read=(Grant("clerk", 0, Fields(named=frozenset(more.pop("fields", (1, 2))))),))
        access = Access({"clerk": Role("clerk", tables={1: grants})}, stamp=more.pop("stamp", "s"))
        claims = more.pop("claims", {"team": "red", "exp": 1})
        return Caller(
            Identity("jwt", "jwt:x", roles=frozenset({"clerk", "everyone"}), claims=claims, **more), access, "s"
        )

    usual = rights_of(caller())
    assert rights_of(caller(claims={"exp": 2, "team": "red"}, stamp="t")) == usual
    assert rights_of(caller(fields=(1, 3), stamp="u")) != usual
    assert rights_of(caller(claims={"team": "blue"})) != usual
    assert rights_of(caller(narrowing=Narrowing(frozenset({1})))) != usual
