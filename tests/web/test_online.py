"""Changes of large tables on PostgreSQL: rules are in force first and proven later, which makes two versions."""

import threading

import pytest
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.changes import online, validate
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.definitions.compare import operations_between
from dynmodel_pyramid.definitions.model import TableDefinition
from tests.web.client import Client
from tests.web.test_plan import alike, statements

FIELDS = {"size": "integer", "note": "text", "far": "integer"}


@pytest.fixture
def database() -> str:
    return "postgresql"


@pytest.fixture
def large(make_app) -> Client:
    """To it two rows are many."""
    return Client(make_app(**{"dynmodel.online_rows": "2"}))


@pytest.fixture
def part(large) -> str:
    large.table({}, "Far")
    for number in (1, 2, 3):
        large.row("/table/1/", {"id": number})
    path = large.table(FIELDS, "Part")
    rows = [{"size": number, "note": "x", "far": number} for number in (1, 2, 3)]
    large.send("POST", f"{path}rows/", rows, status=201)
    analyse(large)
    return path


def analyse(client) -> None:
    sql(client, 'ANALYZE "Part"')


def sql(client, statement: str):
    with client.catalogue.database.writer.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL search_path = {client.catalogue.database.dialect.schema}")
        answer = connection.exec_driver_sql(statement)
        return answer.all() if answer.returns_rows else None


def document(**changes) -> dict:
    return {"model_name": "Part", "fields": {**FIELDS, **changes}}


def constraints(client) -> dict[str, bool]:
    """The table's checks and foreign keys, and whether they are valid."""
    query = """SELECT conname, convalidated FROM pg_constraint WHERE contype IN ('c', 'f')
               AND conrelid = '"Part"'::regclass"""
    return dict(map(tuple, sql(client, query)))


def is_not_null(client, column: str) -> bool:
    query = f"""SELECT attnotnull FROM pg_attribute WHERE attrelid = '"Part"'::regclass AND attname = '{column}'"""
    return sql(client, query)[0][0]


def versions(client, path: str) -> list[TableDefinition]:
    """All versions that the log has, in their order."""
    log = client.catalogue.store.system.change
    query = sa.select(log.c.document).where(log.c.table_id == int(path.split("/")[2])).order_by(log.c.version)
    with client.catalogue.database.reading() as connection:
        return [TableDefinition.from_stored(each) for each in connection.scalars(query)]


def kinds(client, path: str) -> list[list[str]]:
    """The steps of each version since the first."""
    found = versions(client, path)
    return [[step.kind for step in operations_between(*pair)] for pair in zip(found, found[1:], strict=False)]


CHANGES = {
    "minimum": ({"size": {"type": "integer", "min": 1}}, {"_ck_2_1_min"}),
    "required": ({"note": {"type": "text", "required": True}}, set()),
    "both": ({"size": {"type": "integer", "min": 1, "required": True}}, {"_ck_2_1_min"}),
    "link": ({"far": {"type": "link", "table": 1}}, {"_fk_2_3"}),
    "required link": ({"far": {"type": "link", "table": 1, "required": True}}, {"_fk_2_3"}),
    "new link": ({"other": {"type": "link", "table": 1}}, {"_fk_2_4"}),
    "new field": ({"extra": {"type": "integer", "min": 1, "default": 2}}, {"_ck_2_4_min"}),
    "renamed": ({"size": None, "wide": {"id": 1, "type": "integer", "max": 3, "label": "Wide"}}, {"_ck_2_1_max"}),
}


def wanted(name: str) -> dict:
    made = document(**CHANGES[name][0])
    made["fields"] = {key: field for key, field in made["fields"].items() if field is not None}
    return made


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_two_versions(large, part, name):
    rows = large.get(f"{part}rows/")
    planned = large.send("POST", f"{part}plan/", wanted(name), status=200).json
    with statements(large) as run:
        answer = large.send("PUT", part, wanted(name), status=200)
    assert answer.json["version"] == planned["next_version"] == 3
    assert [alike(each) for each in planned["statements"]] == [alike(each) for each in run]
    assert "pending" not in answer.json and large.get(part) == answer.json
    first, second = kinds(large, part)
    assert first[-1] == "validate_later" and second == ["validate"]
    there = constraints(large)
    assert set(there) == CHANGES[name][1] and all(there.values())
    for field in answer.json["fields"].values():
        column = next(each.column for each in versions(large, part)[-1].fields if each.id == field["id"])
        assert is_not_null(large, column) is field["required"]
    assert len(large.get(f"{part}rows/")) == len(rows)


def test_the_plan_tells_both_halves(large, part):
    planned = large.send("POST", f"{part}plan/", wanted("both"), status=200).json
    by_kind = {step["kind"]: step for step in planned["steps"]}
    assert [lock["mode"] for lock in planned["locks"]] == [
        "ACCESS SHARE", "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE"
    ]  # fmt: skip
    assert by_kind["validate"]["lock"] == "SHARE UPDATE EXCLUSIVE" and by_kind["validate"]["cost"] == "scan"
    assert by_kind["change_options"]["cost"] == by_kind["set_required"]["cost"] == "metadata"
    sql = {kind: [planned["statements"][n] for n in step["statements"]] for kind, step in by_kind.items()}
    assert "NOT VALID" in sql["change_options"][-1]
    assert "NOT VALID" in sql["set_required"][0]
    assert "SET NOT NULL" in sql["set_required"][1]


UNDER_ONE_LOCK = {
    "on_error": (wanted("minimum"), "?on_error=null"),
    "dropped": ({"model_name": "Part", "fields": {"size": {"type": "integer", "min": 1}, "note": "text"}}, ""),
    "converted": (document(size={"type": "string", "required": True}, note={"type": "text", "max_length": 5}), ""),
    "only labels": (document(size={"type": "integer", "label": "Size"}), ""),
}


@pytest.mark.parametrize("name", UNDER_ONE_LOCK)
def test_what_could_not_be_taken_back_is_one_version(large, part, name):
    made, query = UNDER_ONE_LOCK[name]
    planned = large.send("POST", f"{part}plan/{query}", made, status=200).json
    assert large.send("PUT", f"{part}{query}", made, status=200).json["version"] == planned["next_version"] == 2


def test_a_small_table_is_changed_at_once(make_app):
    client = Client(make_app())
    path = client.table(FIELDS, "Part")
    client.row(path, {"size": 1})
    analyse(client)
    planned = client.send("POST", f"{path}plan/", wanted("minimum"), status=200).json
    assert client.send("PUT", path, wanted("minimum"), status=200).json["version"] == planned["next_version"] == 2
    assert not any("VALID" in statement for statement in planned["statements"])


def test_rows_refuse_it_before_any_lock(large, part):
    with statements(large) as run:
        told = large.refused("PUT", part, document(size={"type": "integer", "min": 2}), status=409, code="lossy_change")
    assert (told.json["count"], told.json["samples"][0]["id"]) == (1, 1)
    assert run == []


def slip_in(monkeypatch, client, statement: str) -> None:
    """Run the statement between the plan and the first version."""
    usual = online._putting_off

    def slipping(plan, make_changes):
        sql(client, statement)
        return usual(plan, make_changes)

    monkeypatch.setattr(online, "_putting_off", slipping)


SLIPS = {
    "minimum": 'UPDATE "Part" SET size = -1 WHERE id = 2',
    "required": 'UPDATE "Part" SET note = NULL WHERE id = 2',
    "both": 'UPDATE "Part" SET size = NULL WHERE id = 2',
    "link": 'UPDATE "Part" SET far = 99 WHERE id = 2',
    "renamed": 'UPDATE "Part" SET size = 99 WHERE id = 2',
}


@pytest.mark.parametrize("name", SLIPS)
def test_rows_that_slip_in_take_the_definition_back(large, part, monkeypatch, name):
    before = large.get(part)
    slip_in(monkeypatch, large, SLIPS[name])
    told = large.send("PUT", part, wanted(name), status=409).json
    assert told["code"] == "lossy_change"
    assert (told["count"], [sample["id"] for sample in told["samples"]]) == (1, [2])
    after = large.get(part)
    assert after == {**before, "version": 3}
    assert constraints(large) == {} and not is_not_null(large, "note")
    assert kinds(large, part)[1][-1] == "validate"
    monkeypatch.undo()
    rest = {"size": 1, "note": "x", "far": 1}
    large.send("PUT", f"{part}rows/2/", rest, status=200)
    assert large.send("PUT", part, wanted(name), status=200).json["version"] == 5


class Died(BaseException):
    """The process is gone."""


def die(monkeypatch, place: str) -> None:
    """Die after the first version, or after the proof."""
    if place == "before the proof":

        def dying(executor, table_id):
            raise Died

        monkeypatch.setattr(validate, "_proven", dying)
    else:
        usual = validate._proven

        def dying_later(executor, table_id):
            usual(executor, table_id)
            raise Died

        monkeypatch.setattr(validate, "_proven", dying_later)


def broken_off(client, path: str, monkeypatch, place: str) -> None:
    service = DefinitionService(client.catalogue)
    with monkeypatch.context() as patch:
        die(patch, place)
        with pytest.raises(Died):
            service.change(int(path.split("/")[2]), lambda current: wanted("both"))


@pytest.mark.parametrize("place", ["before the proof", "after the proof"])
@pytest.mark.parametrize("later", ["nothing", "label", "another rule", "drop", "far"])
def test_the_next_change_finishes_what_was_left(large, part, monkeypatch, place, later):
    broken_off(large, part, monkeypatch, place)
    assert large.get(f"{part}health/")["pending"] == ["_ck_2_1_min", "_ck_2_1_required"]
    assert large.get(part)["version"] == 2
    large.send("POST", f"{part}rows/", {"size": 0}, status=422)  # they hold already
    if later == "drop":
        large.send("DELETE", part, status=204)
        assert [each.version for each in versions(large, part)] == [1, 2, 3, 4]
        return
    if later == "far":
        # Another table's change that only concerns this one leaves it as it is.
        large.table({"part": {"type": "link", "table": "Part"}}, "Third")
        assert large.get(part)["version"] == 3
    wants = wanted("both")
    wants["fields"] |= {"note": {"type": "text", "label": "Note"}} if later == "label" else {}
    wants["fields"] |= {"far": {"type": "integer", "max": 5}} if later == "another rule" else {}
    planned = large.send("POST", f"{part}plan/", wants, status=200).json
    answer = large.send("PUT", part, wants, status=200).json
    assert answer["version"] == {"nothing": 3, "label": 4, "another rule": 5, "far": 4}[later]
    if later in ("label", "another rule"):
        assert planned["next_version"] == answer["version"]
    assert all(constraints(large).values()) and is_not_null(large, "size")
    assert versions(large, part)[-1].pending == ()


def test_what_was_left_may_have_to_be_taken_back(large, part, monkeypatch):
    with monkeypatch.context() as patch:
        slip_in(patch, large, SLIPS["both"])
        broken_off(large, part, monkeypatch, "before the proof")
    answer = large.send("PUT", part, document(note={"type": "text", "label": "Note"}), status=200).json
    assert answer["version"] == 4 and answer["fields"]["size"]["min"] is None
    assert constraints(large) == {}


def test_rows_are_read_and_written_during_the_proof(large, part, monkeypatch):
    """And the locks are those that the plan tells."""
    database, modes, usual = large.catalogue.database, {}, validate.not_valid.validate

    def held(connection) -> set[str]:
        query = """SELECT mode FROM pg_locks JOIN pg_class c ON c.oid = relation
                   WHERE relname = 'Part' AND pid = pg_backend_pid()"""
        return set(connection.exec_driver_sql(query).scalars())

    def validating(tools, definition, names):
        usual(tools, definition, names)
        if not tools.runner.is_real:
            return
        modes["proof"] = held(tools.connection)
        with database.writer.begin() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = 100")
            other.exec_driver_sql(f"SET LOCAL search_path = {database.dialect.schema}")
            assert other.exec_driver_sql('SELECT count(*) FROM "Part"').scalar() == 3
            other.exec_driver_sql("""UPDATE "Part" SET note = 'y' WHERE id = 1""")

    monkeypatch.setattr(validate.not_valid, "validate", validating)
    large.send("PUT", part, wanted("both"), status=200)
    assert "ShareUpdateExclusiveLock" in modes["proof"]
    assert not modes["proof"] & {"AccessExclusiveLock", "ExclusiveLock", "ShareLock", "ShareRowExclusiveLock"}


def test_no_row_is_looked_at_under_the_exclusive_lock(large, part):
    """The scans of the table are counted by the database: none in the transactions that hold off readers."""
    database, scans = large.catalogue.database, []

    def scanned(connection) -> int:
        query = "SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname = 'Part'"
        with connection.connection.cursor() as cursor:
            return cursor.execute(query).fetchone()[0] or 0

    def begin(connection) -> None:
        # The database's figures go on from one transaction of a session to the next.
        connection.info["scanned"] = scanned(connection)

    def count(connection) -> None:
        query = """SELECT count(*) FROM pg_locks JOIN pg_class c ON c.oid = relation
                   WHERE relname = 'Part' AND pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'"""
        with connection.connection.cursor() as cursor:
            is_locked = cursor.execute(query).fetchone()[0]
        if is_locked:
            scans.append(scanned(connection) - connection.info["scanned"])

    sa.event.listen(database.engine, "begin", begin)
    sa.event.listen(database.engine, "commit", count)
    try:
        large.send("PUT", part, wanted("both"), status=200)
        assert scans == [0, 0]
        large.send("PUT", f"{part}?on_error=null", document(), status=200)
        scans.clear()
        large.send("PUT", f"{part}?on_error=null", wanted("both"), status=200)
        assert scans[0] > 0
    finally:
        sa.event.remove(database.engine, "commit", count)
        sa.event.remove(database.engine, "begin", begin)


def test_a_proof_that_waits_in_vain_is_told_by_the_version(make_app):
    client = Client(make_app(**{"dynmodel.online_rows": "1", "dynmodel.lock_timeout": "0.3"}))
    path = client.table(FIELDS, "Part")
    client.row(path, {"size": 1, "note": "x"})
    analyse(client)
    database, usual = client.catalogue.database, validate._proven

    def waiting(executor, table_id):
        with database.writer.begin() as other:
            other.exec_driver_sql(f"SET LOCAL search_path = {database.dialect.schema}")
            other.exec_driver_sql('LOCK TABLE "Part" IN SHARE UPDATE EXCLUSIVE MODE')
            return usual(executor, table_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validate, "_proven", waiting)
        assert client.send("PUT", path, wanted("required"), status=200).json["version"] == 2
        answer = client.app.put_json(path, wanted("both"), status=503)
        assert answer.json["code"] == "busy"
        assert answer.headers["Retry-After"]
    assert client.send("PUT", path, wanted("required"), status=200).json["version"] == 3


def test_writers_meet_no_worse_than_busy(large, part):
    """Rows are written while rules come and go."""
    stop, wrong = threading.Event(), []

    def write(number: int) -> None:
        app = webtest.TestApp(large.app.app)
        while not stop.is_set():
            answer = app.put_json(f"{part}rows/{number}/", {"size": number, "note": "z"}, expect_errors=True)
            busy = answer.status_int == 503 and answer.json["code"] == "busy" and "Retry-After" in answer.headers
            if answer.status_int != 200 and not busy:
                wrong.append(answer.text)

    writers = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(8):
            for made in (wanted("both"), document()):
                status = large.send("PUT", part, made).status_int
                assert status in (200, 503)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert wrong == []


@pytest.mark.parametrize(
    "field", [{"type": "integer", "default": 7}, {"type": "text", "default": "x", "required": True}]
)
def test_a_column_with_a_default_rewrites_no_row(large, part, field):
    query = """SELECT pg_relation_filenode('"Part"'::regclass)"""
    before = sql(large, query)
    large.send("PUT", part, document(extra=field), status=200)
    assert sql(large, query) == before
    assert {row["extra"] for row in large.get(f"{part}rows/")} == {field["default"]}
