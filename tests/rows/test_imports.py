"""Rows that come in any number: judged and set aside in parts, and written in one transaction when all are good."""

import threading

import pytest

from dynmodel_pyramid.database import sqlite
from dynmodel_pyramid.errors import Conflict, Invalid, Violation
from dynmodel_pyramid.rows import staging
from dynmodel_pyramid.rows.entries import Columns, Faults
from dynmodel_pyramid.rows.imports import Import, Merging, Transaction
from dynmodel_pyramid.rows.parts import PART, PART_BYTES, Document
from tests.rows.writing import Table, scope_of


class Own(Transaction):
    """A transaction of a test, and how many documents were read when it began."""

    def __init__(self, table, seen):
        self.database, self.seen = table.catalogue.database, seen
        self.connection, self.began = None, []
        self.is_staged = False
        table.reports.clear()

    def stage(self):
        self.connection, self.is_staged = self.database.staging(), True
        return self.connection

    def begin(self):
        self.began.append(len(self.seen))
        if self.connection is None:
            self.connection = self.database.writer.connect()
        else:
            self.database.writes_from_now_on(self.connection)
        self.connection.begin()
        return self.connection

    def end(self, *, commit):
        if self.connection is not None:
            if self.connection.in_transaction():
                (self.connection.get_transaction().commit if commit else self.connection.get_transaction().rollback)()
            self.database.unstage(self.connection)


def imported(table, documents, merging=None, position=lambda: 0, **further):
    """-> the import, the transaction, and the ids that were told of each part."""
    rows, seen, parts = table.rows(**further), [], []

    def each():
        for document in documents:
            seen.append(document)
            yield document if isinstance(document, Document) else Document(document)

    made, transaction, good = Import(rows, Columns(rows), merging, position=position), Own(table, seen), False
    try:
        made.run(each(), transaction, lambda connection, ids: parts.append(list(ids)))
        good = True
    finally:
        transaction.end(commit=good)
    return made, transaction, parts


def faults(table, documents, *arguments):
    with pytest.raises(Invalid) as refused:
        imported(table, documents, *arguments)
    return [f"{problem.pointer} {problem.code}" for problem in refused.value.problems], refused.value.total


@pytest.fixture(params=["staged", "kept"])
def kept(request, monkeypatch):
    """Rows in a temporary table, where the database has one for them, and in a temporary file."""
    if request.param == "kept":
        monkeypatch.setattr(staging.StagedRows, "takes", staticmethod(lambda rows: False))


def test_parts(catalogue, kept):
    table = Table(catalogue, {"n": "integer"})
    count = 2 * PART + 1
    made, transaction, parts = imported(table, [{"n": number} for number in range(count)])
    assert transaction.began == [count]
    assert [len(ids) for ids in parts] == [PART, PART, 1]
    assert (made.count, made.inserted) == (count, count)
    ids = [row_id for part in parts for row_id in part]
    assert table.stored("id", "n", "_version") == [(row_id, number, 1) for number, row_id in enumerate(ids)]
    assert [row for operation, rows in table.reports for row in rows] == [(row_id, 1) for row_id in ids]
    assert {operation for operation, _ in table.reports} == {"insert"}
    assert transaction.is_staged


def test_no_transaction_begins_before_all_is_judged(catalogue, kept):
    table = Table(catalogue, {"n": "integer"})
    before = Faults()
    before.add("/n", "invalid_format", "told before")
    documents = [{"n": "x"}, Document(None, before), {"n": 1}] * PART
    found, total = faults(table, documents)
    assert total == 2 * PART and len(found) == Invalid.MAX_PROBLEMS
    assert found[:3] == ["/0/n wrong_type", "/1/n invalid_format", "/3/n wrong_type"]
    assert faults(table, [{"n": 1}] * 2 * PART + [{"n": "x"}]) == ([f"/{2 * PART}/n wrong_type"], 1)
    assert table.stored("n") == []


def test_one_part_is_written_as_it_is(catalogue):
    table = Table(catalogue, {"n": "integer"})
    for count in (0, 1, PART):
        _, transaction, parts = imported(table, [{"n": 1}] * count)
        assert (transaction.began, transaction.is_staged) == ([count], False)
        assert [len(ids) for ids in parts] == [count]


def test_ids(catalogue, kept):
    """Those that are drawn are above all that the client gives, wherever these stand."""
    table = Table(catalogue, {"n": "integer"})
    documents = [{"n": 1}] * PART + [{"id": 5, "n": 2}, {"n": 3}, {"id": 2, "n": 4}]
    _, _, parts = imported(table, documents)
    ids = [row_id for part in parts for row_id in part]
    assert ids[PART] == 5 and ids[-1] == 2
    drawn = [*ids[:PART], ids[-2]]
    assert drawn == sorted(drawn) and drawn[0] > 5
    assert dict(table.stored("id", "n")) == {**dict.fromkeys(drawn, 1), 5: 2, 2: 4, ids[-2]: 3}
    [following] = table.insert({"n": 9})
    assert following > max(ids)
    with pytest.raises(Violation):
        imported(table, [{"n": 1}] * PART + [{"id": 5}])
    given = [{"id": 10_000 + number} for number in range(PART + 1)]
    assert [row_id for part in imported(table, given)[2] for row_id in part] == [each["id"] for each in given]


def test_values_of_the_system(catalogue, kept):
    fields = {
        "k": {"type": "string", "unique": True},
        "number": "autonumber",
        "by": "created_by",
        "changed_by": "updated_by",
        "made": "created_time",
        "uuid": {"type": "uuid", "default_expression": "uuid"},
        "day": {"type": "date", "default_expression": "today"},
    }
    table = Table(catalogue, fields)
    imported(table, [{"k": str(number)} for number in range(PART + 5)], author="ann")
    assert table.stored("number", "by", "changed_by") == [(number, "ann", "ann") for number in range(1, PART + 6)]
    assert len({row[0] for row in table.stored("uuid")}) == PART + 5
    assert len(set(table.stored("_created", "_updated", "day"))) <= 2
    with pytest.raises(Violation):
        imported(table, [{"k": f"x{number}"} for number in range(PART)] + [{"k": "1"}])
    table.insert({"k": "next"})
    assert table.stored("number")[-1] == (PART + 6,)


def test_links(catalogue, kept):
    table = Table(catalogue, {"k": "integer"})
    own = table.beside("L", {"one": {"type": "link", "table": "T"}, "many": {"type": "links", "table": "T"}})
    table.insert({"k": 1}, {"k": 2})
    good = [{"one": 1 + number % 2, "many": [2, 1][: number % 3]} for number in range(PART + 3)]
    imported(own, good)
    assert own.shown("one", "many") == [(row["one"], row["many"]) for row in good]
    bad = [{}] * PART + [{"one": 9}, {"many": [1, 8, 7]}, {"one": 8, "many": [9]}]
    found, total = faults(own, bad)
    wanted = [f"/{PART}/one", f"/{PART + 1}/many/1", f"/{PART + 1}/many/2", f"/{PART + 2}/one", f"/{PART + 2}/many/0"]
    assert (sorted(found), total) == (sorted(f"{pointer} unknown_row" for pointer in wanted), 5)
    found, total = faults(own, [{"one": 9}] * (PART + 7))
    assert (total, found[:2]) == (PART + 7, ["/0/one unknown_row", "/1/one unknown_row"])
    assert len(own.stored("id")) == PART + 3


def test_rows_that_refer_to_one_another(catalogue, kept):
    table = Table(catalogue, {"up": {"type": "link", "table": "T"}, "to": {"type": "links", "table": "T"}})
    last = 2 * PART
    documents = [{"id": number, "up": last + 1 - number, "to": [last]} for number in range(1, last + 1)]
    imported(table, documents)
    assert table.stored("up") == [(last + 1 - number,) for number in range(1, last + 1)]
    documents = [{"up": 1}] * PART + [{"up": last + PART * 9}, {"to": [last + PART * 9]}]
    found, total = faults(table, documents)
    assert (found, total) == ([f"/{PART}/up unknown_row", f"/{PART + 1}/to/0 unknown_row"], 2)


def test_upserts(catalogue):
    table = Table(
        catalogue, {"k": {"type": "string", "unique": True}, "n": "integer", "up": {"type": "link", "table": "T"}}
    )
    documents = [{"k": str(number), "n": 1} for number in range(PART + 10)]
    made, transaction, _ = imported(table, documents, Merging(("k",), False))
    assert transaction.began == [PART + 10] and made.inserted == PART + 10
    changed = [{**document, "n": 2} for document in documents[5:]] + [{"k": "new", "n": 2}]
    made, _, _ = imported(table, changed, Merging(("k",), False))
    assert (made.count, made.inserted) == (PART + 6, 1)
    assert [row[0] for row in table.stored("n")] == [1] * 5 + [2] * (PART + 6)
    twice = [{"k": str(number)} for number in range(PART)] + [{"k": "7"}]
    assert faults(table, twice, Merging(("k",), False)) == ([f"/{PART} duplicate_item"], 1)
    assert imported(table, twice, Merging(("k",), True))[0].count == 0
    given = [{"n": 3}] * PART + [{"id": 999_999, "n": 4}, {"n": 3}]
    _, _, parts = imported(table, given, Merging(None, False))
    ids = [row_id for part in parts for row_id in part]
    assert len(set(ids)) == PART + 2 and min(ids) == ids[PART] == 999_999
    linked = [{"k": str(number), "up": 1} for number in range(PART)] + [{"k": "0x", "up": 9_999_999}]
    assert faults(table, linked, Merging(("k",), False)) == ([f"/{PART}/up unknown_row"], 1)


def counted(table, names, documents, merging, **further):
    """What an upsert says of itself, and what is there afterwards."""
    made, _, parts = imported(table, documents, merging, **further)
    ids = [row_id for part in parts for row_id in part]
    there = {row[0]: row[1:] for row in table.stored("id", *names)}
    return made.count, made.inserted, [there[row_id] for row_id in ids]


@pytest.mark.parametrize("key", [("k",), ("a", "b"), None])
def test_plain_upserts(catalogue, kept, key):
    """Which are written in a few statements on SQLite."""
    fields = {
        "k": {"type": "string", "unique_ignore_case": True},
        "a": "integer",
        "b": {"type": "decimal", "scale": 2},
        "n": {"type": "integer", "default": 7},
        "number": "autonumber",
        "by": "updated_by",
    }
    table = Table(catalogue, fields, unique=[{"name": "rule", "fields": ["a", "b"]}])
    count = PART + 10
    documents = [{"k": f"K{each}", "a": each, "b": "1.50", "n": each} for each in range(count)]
    names = ("k", "n", "number", "by", "_version")
    assert counted(table, names, documents, Merging(("k",), False), author="ann") == (
        count, count, [(f"K{each}", each, each + 1, "ann", 1) for each in range(count)],
    )  # fmt: skip
    assert [row for operation, rows in table.reports for row in rows] == [(row[0], 1) for row in table.stored("id")]
    ids = [row[0] for row in table.stored("id")]
    sent = [{"k": f"k{each}", "a": each, "b": "1.5", "n": -each} for each in range(5, count + 5)]
    if key is None:
        for document, row_id in zip(sent, [*ids[5:], *range(ids[-1] + 100, ids[-1] + 105)], strict=True):
            document["id"] = row_id
    wanted = [(f"k{each}", -each, each + 1, "bob", 2 if each < count else 1) for each in range(5, count + 5)]
    assert counted(table, names, sent, Merging(key, False), author="bob") == (count, 5, wanted)
    told = {
        operation: [row for name, rows in table.reports if name == operation for row in rows]
        for operation in ("insert", "update")
    }
    assert sorted(told["update"]) == [(row_id, 2) for row_id in ids[5:]]
    new = [row[0] for row in table.stored("id")][-5:]
    assert sorted(told["insert"]) == [(row_id, 1) for row_id in new]
    assert faults(table, [*sent, sent[3]], Merging(key, False)) == ([f"/{count} duplicate_item"], 1)
    another = {"k": "new", "a": -1, "b": "0", "n": 3} | ({"id": new[-1] + 50} if key is None else {})
    ignored = [*sent, another]
    assert counted(table, names, ignored, Merging(key, True), author="eve") == (1, 1, [("new", 3, count + 6, "eve", 1)])
    assert imported(table, ignored, Merging(key, True))[2] == [[]]
    if key == ("k",):
        # By every uniqueness: the rows are there by one or by another.
        each = [{"id": ids[1]}, {"k": "k2"}, {"a": 3, "b": "1.50"}, {"k": "k4", "a": 5, "b": "1.5"}]
        more = [{**each[number % 4], "n": 0} for number in range(PART + 2)]
        unlike = [dict.fromkeys(("k", "a", "b")) | document for document in more]
        everything = [*unlike, {"k": "newer", "a": -2, "b": "0", "n": 4}]
        wanted = [("newer", 4, count + 7, "eve", 1)]
        assert counted(table, names, everything, Merging(None, True), author="eve") == (1, 1, wanted)
        assert imported(table, everything, Merging(None, True))[2] == [[]]
        once = [{"k": f"K{number}", "a": number, "b": "1.50", "n": 0} for number in range(PART + 5)]
        assert imported(table, once, Merging(None, True))[2] == [[]]


def test_upserts_that_are_not_plain(catalogue, kept):
    """They are as those of which each part is written by itself."""
    fields = {
        "k": {"type": "string", "unique": True},
        "u": {"type": "integer", "unique": True},
        "r": {"type": "string", "required": True},
    }
    table = Table(catalogue, fields)
    documents = [{"k": str(each), "u": each, "r": "x"} for each in range(PART + 5)]
    by_k = Merging(("k",), False)
    imported(table, documents, by_k)
    # Documents that name different fields, or repeat an id.
    mixed = [{"k": str(each), "r": "y"} if each % 2 else {"k": str(each), "u": -each} for each in range(PART + 5)]
    assert imported(table, mixed, by_k)[0].inserted == 0
    assert table.stored("u")[:4] == [(0,), (1,), (-2,), (3,)]
    first = table.stored("id")[0][0]
    assert imported(table, [{"k": "0", "id": first, "r": "z"}, *documents[1:]], by_k)[0].count == PART + 5
    assert faults(table, [*documents, {"k": "3", "r": "x"}], by_k) == ([f"/{PART + 5} duplicate_item"], 1)
    assert faults(table, [{"k": "0", "id": first + 1, "r": "z"}, *documents[1:]], by_k) == (["/0/id read_only"], 1)
    assert faults(table, [*documents, {"k": "n"}], by_k)[0] == [f"/{PART + 5}/r required"]
    # A value that another rule refuses.
    before = table.stored("k", "u", "r", "_version")
    with pytest.raises(Violation):
        imported(table, [*documents, {"k": "new", "u": 3, "r": "x"}], by_k)
    scope = scope_of(table.rows().model, condition=lambda made: made.c.u > 10)
    with pytest.raises(Conflict):
        imported(table, documents, by_k, scope=scope)
    assert table.stored("k", "u", "r", "_version") == before


def test_parts_are_bounded_by_bytes(catalogue, kept):
    table, read = Table(catalogue, {"n": "integer"}), [0]

    def position():
        read[0] += PART_BYTES // 2
        return read[0]

    _, transaction, parts = imported(table, [{"n": 1}] * 50, position=position)
    assert transaction.is_staged and sum(map(len, parts)) == 50


@pytest.mark.parametrize("pages", [0, 1000])
def test_nothing_is_left_of_a_staging(catalogue, monkeypatch, pages):
    """Whether its connection is used again or not."""
    monkeypatch.setattr(sqlite, "KEPT_PAGES", pages)
    table = Table(catalogue, {"n": "integer"})
    temporary = {
        "sqlite": "SELECT name FROM temp.sqlite_master",
        "postgresql": "SELECT relname FROM pg_class WHERE relpersistence = 't'",
    }[catalogue.database.dialect.name]
    for documents in ([{"n": 1}] * 3000, [{"n": 1}] * 1500 + [{"n": "x"}], [{"id": 1}] * 1500):
        try:
            imported(table, documents)
        except (Invalid, Violation):
            pass
        with catalogue.database.reading() as one, catalogue.database.reading() as other:
            assert [each.exec_driver_sql(temporary).all() for each in (one, other)] == [[], []]
    assert len(table.stored("n")) == 3000


def test_others_write_while_rows_are_judged(catalogue):
    """Neither the writer lock of SQLite nor a lock of the table is held."""
    table = Table(catalogue, {"n": "integer"})
    done = []

    def documents():
        for number in range(3 * PART):
            if number in (PART - 1, 2 * PART, 3 * PART - 1):
                other = threading.Thread(target=lambda: done.append(table.insert({"n": -1})))
                other.start()
                other.join(5)
                with catalogue.database.changing() as connection:
                    catalogue.database.dialect.lock_exclusively(connection, table.rows().model.definition.physical_name)
            yield {"n": number}

    imported(table, documents())
    assert len(done) == 3
    assert len(table.stored("n")) == 3 * PART + 3
