"""PostgreSQL: a transaction that writes begins with its first statement, and which brings the proof along."""

import threading
import time

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.database import STAMP
from dynmodel_pyramid.database.cursors import FETCH, added, driver_connection, fetched, raw_cursor
from dynmodel_pyramid.telemetry import measuring


@pytest.fixture
def database() -> str:
    return "postgresql"


@pytest.fixture
def path(app):
    document = {"model_name": "Thing", "fields": {"size": "integer", "name": {"type": "string", "unique": True}}}
    return app.post_json("/table/", document, status=201).headers["Location"]


@pytest.fixture
def attempt(catalogue, path):
    attempt = Attempt(catalogue)
    attempt.model("Thing")
    return attempt


@pytest.fixture
def connection(attempt):
    connection = attempt.database.begin_writing(is_kept=True)
    yield attempt.open(connection, writes=True)
    attempt.database.dialect.end_writing(connection)


@pytest.fixture
def table(attempt):
    return attempt.database.engine.dialect.identifier_preparer.format_table(attempt.model("Thing").table)


@pytest.fixture
def insert(table):
    columns, values = "id, _version, _created, _updated, size", "1, 1, now(), now(), %(size)s"
    return f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING size"


def relabel(app) -> None:
    app.patch_json("/table/Thing/", {"label": "L"}, headers={"Content-Type": "application/merge-patch+json"})


def kept(app) -> set[str]:
    """The statements that the session keeps prepared."""
    with app.app.registry.dynmodel_catalogue.database.engine.connect() as connection:
        found = driver_connection(connection).execute("SELECT statement FROM pg_prepared_statements").fetchall()
    return {text for (text,) in found}


def modes(attempt, connection, model=None) -> list[str]:
    """The locks of a table, by default Thing, that the connection's session has, as another one sees them."""
    held = sa.text(
        "SELECT mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE pid = :pid AND relname = :t"
    )
    pid, name = driver_connection(connection).info.backend_pid, (model or attempt.model("Thing")).table.name
    with attempt.database.reading() as other:
        return sorted(other.scalars(held, {"pid": pid, "t": name}))


def test_a_row_proves_what_was_read_before_a_change(attempt, connection, insert):
    assert modes(attempt, connection) == []
    assert added(connection, insert, {"size": 5})[1] == [(5,)]
    assert modes(attempt, connection) == ["RowExclusiveLock"]
    with attempt.database.writer.connect() as change, change.begin():
        change.execute(sa.update(attempt.database.system.state).values(stamp="another"))
    attempt.confirm()


@pytest.mark.parametrize("way", ["statement", "cursor", "rows"])
def test_what_runs_afterwards_takes_the_proof_back(attempt, connection, insert, table, way, monkeypatch):
    judged = []
    monkeypatch.setattr(attempt, "judge", lambda connection, found: judged.append(found))
    added(connection, insert, {"size": 5})
    attempt.confirm()
    assert len(judged) == 1
    if way == "statement":
        connection.execute(sa.text(f"SELECT size FROM {table}"))
    elif way == "cursor":
        with raw_cursor(connection) as cursor:
            cursor.execute(f"SELECT size FROM {table}")
    else:
        fetched(connection, f"SELECT size FROM {table}", {})
    attempt.confirm()
    assert len(judged) == 2


@pytest.mark.parametrize("way", ["statement", "cursor", "rows", "savepoint", "confirm", "lock"])
def test_the_table_is_locked_before_any_statement(attempt, connection, way):
    if way == "statement":
        connection.execute(sa.text("SELECT 1"))
    elif way == "cursor":
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT 1")
    elif way == "rows":
        fetched(connection, "SELECT 1", {})
    elif way == "savepoint":
        connection.begin_nested()
    elif way == "confirm":
        attempt.confirm()
    else:
        attempt.lock(connection, writes=True)
    assert modes(attempt, connection) == ["RowExclusiveLock"]


def test_the_state_is_read_when_the_lock_is_there(attempt, connection, insert, monkeypatch):
    """Also if the row had to wait for it, so that a change has come between the two."""
    found = []
    monkeypatch.setattr(attempt, "prove_by", lambda connection, row: found.append(row[STAMP]))
    with attempt.database.writer.connect() as change, change.begin():
        attempt.database.dialect.lock_exclusively(change, attempt.model("Thing").definition.physical_name)
        writer = threading.Thread(target=added, args=(connection, insert, {"size": 5}))
        writer.start()
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = :pid")
        pid = driver_connection(connection).info.backend_pid
        while writer.is_alive() and not change.scalar(waits, {"pid": pid}):
            time.sleep(0.01)
        assert writer.is_alive()
        change.execute(sa.update(attempt.database.system.state).values(stamp="another"))
    writer.join()
    assert found == ["another"]


def test_the_server_tells_how_long_the_locks_were_waited_for(attempt, connection, insert, monkeypatch):
    """Not how long the row took."""
    observed = []
    monkeypatch.setattr(measuring, "active", True)
    monkeypatch.setattr(measuring, "observe", lambda family, seconds, *labels: observed.append((seconds, *labels)))
    token = measuring.CURRENT.set(measuring.Record())
    began = time.monotonic()
    try:
        added(connection, insert.replace("%(size)s", "%(size)s + length(pg_sleep(0.5)::text)"), {"size": 5})
    finally:
        measuring.CURRENT.reset(token)
    [(seconds, lock)] = observed
    assert lock == "tables"
    assert 0 < seconds < time.monotonic() - began - 0.5


def test_all_tables_of_the_attempt_are_locked(app, attempt, insert):
    app.post_json("/table/", {"model_name": "Other", "fields": {"a": "string"}}, status=201)
    other = attempt.model("Other")
    connection = attempt.open(attempt.database.begin_writing(is_kept=True), writes=True)
    added(connection, insert, {"size": 5})
    found = modes(attempt, connection, other), modes(attempt, connection)
    attempt.database.dialect.end_writing(connection)
    assert found == (["RowExclusiveLock"], ["RowExclusiveLock"])


def test_a_lock_is_waited_for_until_the_deadline(catalogue, path, insert):
    attempt = Attempt(catalogue, deadline=time.monotonic() + 0.2)
    attempt.model("Thing")
    connection = attempt.open(attempt.database.begin_writing(is_kept=True), writes=True)
    with attempt.database.writer.connect() as change, change.begin():
        attempt.database.dialect.lock_exclusively(change, attempt.model("Thing").definition.physical_name)
        with pytest.raises(sa.exc.DBAPIError) as caught:
            added(connection, insert, {"size": 5})
    assert attempt.database.failure(caught.value).kind == "busy"
    attempt.database.dialect.end_writing(connection)


def test_rows_of_all_kinds(app, path):
    for number, size in enumerate([None, 1, 40_000, 3_000_000_000, -1, None, 2**53 - 1, 0] * 4):
        name = None if number % 3 == 0 else str(number)
        row = app.post_json(f"{path}rows/", {"size": size, "name": name}, status=201).json
        assert (row["size"], row["name"]) == (size, name)


def test_one_prepared_statement_serves_rows_of_all_kinds(app, path):
    before = kept(app)
    for number, size in enumerate([None, 1, 40_000, 3_000_000_000, -1, None, 2**53 - 1, 0] * 4):
        app.post_json(f"{path}rows/", {"size": size, "name": None if number % 3 == 0 else str(number)}, status=201)
    assert len([text for text in kept(app) - before if text.startswith("INSERT")]) == 1


def test_refused_rows_leave_nothing_prepared_and_empty_nothing(app, path):
    """Each is refused when its statement would be prepared; the texts of locks are never prepared."""
    row = app.post_json(f"{path}rows/", {"name": "a"}, status=201).headers["Location"]
    for _ in range(5):
        app.get(row)
    before = kept(app)
    assert before
    for _ in range(40):
        app.post_json(f"{path}rows/", {"name": "a"}, status=409)
    assert kept(app) == before
    for number in range(5):
        app.post_json(f"{path}rows/", {"size": number}, status=201)
        app.post_json(f"{path}rows/", {"name": "a"}, status=409)
    assert [text[:6] for text in kept(app) - before] == ["INSERT"]


@pytest.mark.parametrize("name", ["100 %", "a%sb", "a%%b", "%(size)s", "Price-(EUR) / 1", "$1", "a:b"])
def test_names_like_placeholders(app, name):
    document = {"model_name": name, "fields": {"size": "integer", name: "string"}}
    path = app.post_json("/table/", document, status=201).headers["Location"]
    for number in range(1, 6):
        row = app.post_json(f"{path}rows/", {"size": number, name: "x"}, status=201).json
        assert row == {"id": number, "size": number, name: "x"}
        assert app.post_json(f"{path}row/", {"sise": 1}, status=422).json["errors"]


def test_a_column_of_another_type_is_written_at_once(app, path):
    for kind, value in (("integer", 5), ("string", "5"), ("integer", 5), ("number", 5.5), ("decimal", "5.50")):
        app.patch_json(path, {"fields": {"size": {"type": kind}}}, status=200)
        for _ in range(5):
            assert app.post_json(f"{path}rows/", {"size": value}, status=201).json["size"] == value


def test_what_was_prepared_under_another_version_is_forgotten(app, path, catalogue, table):
    """Nothing of it is left in the session, whatever comes of the refused attempt."""
    text = (
        f"INSERT INTO {table} (id, _version, _created, _updated, size) VALUES (%(id)s, 1, now(), now(), 1) RETURNING id"
    )
    for number in range(1, 4):
        attempt = Attempt(catalogue)
        attempt.model("Thing")
        if number == 3:
            relabel(app)
        connection = attempt.open(attempt.database.begin_writing(is_kept=True), writes=True)
        try:
            if number == 3:
                with pytest.raises(Stale):
                    added(connection, text, {"id": number})
            else:
                added(connection, text, {"id": number})
        finally:
            attempt.database.dialect.end_writing(connection)
    app.get(path + "rows/1/", status="*")
    assert not [
        text
        for text in kept(app)
        if text.startswith(f"INSERT INTO {table} (id, _version, _created, _updated, size) VALUES ($1")
    ]


def test_a_value_that_is_never_read_keeps_its_digits_in_a_column_of_another_type(app, catalogue, path):
    """Its INSERT is the same text for all types, as the column is not returned."""
    for kind, value in (("integer", 1), ("decimal", "9007199254740993.25"), ("string", "a")):
        app.patch_json(path, {"fields": {"size": {"type": kind, "write_only": True}}}, status=200)
        for _ in range(5):
            app.post_json(f"{path}rows/", {"size": value}, status=201)
        column = Attempt(catalogue).model("Thing").table.c.size
        with catalogue.database.reading() as connection:
            assert [str(size) for size in connection.scalars(sa.select(column))][-5:] == [str(value)] * 5


def test_another_attempt_of_the_transaction_locks_its_tables_as_well(app, attempt, connection, insert, monkeypatch):
    """Whether it is opened before the first statement or after it, as those of events are."""
    others = []
    for name in ("Before", "After"):
        app.post_json("/table/", {"model_name": name, "fields": {"a": "string"}}, status=201)
        others.append(Attempt(attempt.catalogue))
        others[-1].model(name)
    others[0].open(connection, writes=True)
    added(connection, insert, {"size": 5})
    others[1].open(connection, writes=True)
    for other, name in zip(others, ("Before", "After"), strict=True):
        assert modes(attempt, connection, other.model(name)) == ["RowExclusiveLock"]
    assert modes(attempt, connection) == ["RowExclusiveLock"]
    judged = []
    for each in (attempt, *others):
        monkeypatch.setattr(each, "judge", lambda connection, found, each=each: judged.append(each))
        each.confirm()
    assert judged == [attempt, *others]


def test_a_failed_statement_leaves_its_transaction_open(attempt, connection, insert):
    """Otherwise what is run afterwards would be in a transaction of its own, without locks."""
    with pytest.raises(sa.exc.DBAPIError):
        added(connection, insert.replace("now()", "1 / 0"), {"size": 5})
    with pytest.raises(sa.exc.DBAPIError, match="aborted"):
        fetched(connection, "SELECT 1", {})


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_a_statement_that_is_not_even_sent_keeps_the_locks_for_the_next(attempt, connection, insert, value):
    with pytest.raises((sa.exc.DBAPIError, UnicodeError)):
        added(connection, insert, {"size": value})
    fetched(connection, "SELECT 1", {})
    assert modes(attempt, connection) == ["RowExclusiveLock"]


def test_a_lock_that_is_refused_was_waited_for(catalogue, path, insert, monkeypatch):
    observed = []
    monkeypatch.setattr(measuring, "active", True)
    monkeypatch.setattr(measuring, "observe", lambda family, seconds, *labels: observed.append((seconds, *labels)))
    attempt = Attempt(catalogue, deadline=time.monotonic() + 0.2)
    attempt.model("Thing")
    with attempt.database.writer.connect() as change, change.begin():
        attempt.database.dialect.lock_exclusively(change, attempt.model("Thing").definition.physical_name)
        for first in (insert, None):
            token = measuring.CURRENT.set(measuring.Record())
            connection = attempt.open(attempt.database.begin_writing(is_kept=True), writes=True)
            try:
                with pytest.raises(sa.exc.DBAPIError):
                    if first is None:
                        connection.execute(sa.text("SELECT 1"))
                    else:
                        added(connection, insert, {"size": 5})
                assert measuring.CURRENT.get().database > 0
            finally:
                measuring.CURRENT.reset(token)
                attempt.database.dialect.end_writing(connection)
    assert [(seconds > 0, lock) for seconds, lock in observed] == [(True, "tables")] * 2


def test_a_full_disk_is_told_as_such(app, catalogue, path):
    table = catalogue.database.engine.dialect.identifier_preparer.format_table(Attempt(catalogue).model("Thing").table)
    with catalogue.database.writer.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END$$;"
            f"CREATE TRIGGER no_space BEFORE INSERT ON {table} EXECUTE FUNCTION pg_temp.f()"
        )
    assert app.post_json(f"{path}rows/", {"size": 1}, status=503).json["code"] == "database_unavailable"


def test_a_refused_row_leaves_a_connection_that_can_be_used(app, path):
    app.post_json(f"{path}rows/", {"size": 1, "name": "a"}, status=201)
    for _ in range(5):
        refused = app.post_json(f"{path}rows/", {"size": 1, "name": "a"}, status=409).json
        assert refused["code"] == "unique_violation"
    assert app.get(f"{path}rows/").json == [{"id": 1, "size": 1, "name": "a"}]


def test_nobody_can_write_under_a_definition_that_has_gone(app, path, attempt, connection, insert):
    relabel(app)
    with pytest.raises(Stale):
        added(connection, insert, {"size": 5})


def test_a_fresh_request_says_no_deadline_as_that_of_the_session_is_the_same(attempt, connection, insert):
    assert len(connection.connection.info[FETCH].locks) == 1
    added(connection, insert, {"size": 5})
    assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"


@pytest.mark.parametrize("tells", [False, True])
def test_a_transaction_with_a_failed_statement_does_not_pass_for_committed(attempt, tells):
    database = attempt.database
    connection = database.begin_writing(is_kept=True)
    try:
        with pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql("SELECT 1 / 0")
        with pytest.raises(RuntimeError, match="has failed"):
            database.dialect.commit_writing(connection, tells=tells)
    finally:
        database.dialect.end_writing(connection)
