"""Upserts by the row service: rows are added, or written over those that a uniqueness finds."""

import threading

import pytest

from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.errors import Conflict, Forbidden, Invalid, Malformed, Violation
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.upserts import Upsert
from tests.rows.writing import Table, scope_of

FIELDS = {
    "sku": {"type": "string", "unique": True},
    "name": {"type": "string", "required": True},
    "n": {"type": "integer", "default": 5},
    "a": "integer",
    "b": "string",
    "mail": {"type": "string", "unique_ignore_case": True},
}


@pytest.fixture
def table(catalogue):
    made = Table(catalogue, FIELDS, unique=[{"name": "rule", "fields": ["a", "b"]}])
    made.insert(
        {"sku": "x", "name": "X", "a": 1, "b": "p", "mail": "Me@here"}, {"sku": "y", "name": "Y", "a": 1, "b": "q"}
    )
    return made


def upsert(table, documents, on_conflict=None, *, scope=None, columns=None, missing_default=True, **further):
    rows = table.rows(**({"scope": scope} if scope else {}))
    read = Columns(rows, columns, missing_default=missing_default)
    upsert = Upsert(rows, documents, on_conflict, columns=read, **further)
    with table.writing() as connection:
        done = upsert.run(connection)
        return done.ids, sorted(done.inserted)


def fault(table, documents, *arguments, **further):
    with pytest.raises(Invalid) as refused:
        upsert(table, documents, *arguments, **further)
    return [f"{problem.pointer} {problem.code}" for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("key", "on_conflict"),
    [({"id": 2}, None), ({"id": 2}, ("id",)), ({"sku": "y"}, ("sku",)), ({"a": 1, "b": "q"}, ("b", "a"))],
)
def test_merge(table, key, on_conflict):
    new = {name: {"id": 40, "sku": "z", "a": 1, "b": "z"}[name] for name in key}
    ids, inserted = upsert(table, [{**new, "name": "new"}, {**key, "name": "old", "n": 6}], on_conflict)
    assert ids == [inserted[0], 2] and inserted[0] > 2
    assert table.reports == [("insert", ((inserted[0], 1),)), ("update", ((2, 2),))]
    assert table.stored("name", "n", "_version") == [("X", 5, 1), ("old", 6, 2), ("new", 5, 1)]


def test_case_is_folded(table):
    assert upsert(table, [{"mail": "ME@HERE", "name": "Me"}], ("mail",)) == ([1], [])
    assert table.stored("mail", "name")[0] == ("ME@HERE", "Me")


def test_ignore(table):
    documents = [{"sku": "x", "name": "!"}, {"sku": "z", "name": "Z"}, {"sku": "z", "name": "again"}]
    ids, inserted = upsert(table, documents, ("sku",), ignore=True)
    assert ids == inserted and len(ids) == 1
    assert table.stored("sku", "name") == [("x", "X"), ("y", "Y"), ("z", "Z")]
    assert [report[0] for report in table.reports] == ["insert"]
    assert upsert(table, documents, ("sku",), ignore=True) == ([], [])
    assert upsert(table, [{"id": 70, "name": "a"}, {"id": 70, "name": "b"}], ignore=True) == ([70], [70])


def test_ignore_by_every_uniqueness(table):
    """Without on_conflict a row that any rule would refuse is left out."""
    documents = [
        {"id": 1, "name": "by id"},
        {"sku": "x", "name": "by a field"},
        {"mail": "ME@HERE", "name": "without case"},
        {"a": 1, "b": "q", "name": "by two fields"},
        {"a": 1, "name": "new"},
        {"a": 1, "name": "null is equal to nothing"},
        {"sku": "y", "mail": "me@here", "name": "by two rows"},
        {"sku": "z", "name": "new, too"},
        {"sku": "z", "name": "again"},
    ]
    ids, inserted = upsert(table, documents, ignore=True)
    assert sorted(ids) == inserted
    assert table.stored("name")[2:] == [("new",), ("null is equal to nothing",), ("new, too",)]
    assert table.stored("name", "_version")[:2] == [("X", 1), ("Y", 1)]
    assert upsert(table, [documents[0], *documents[1:4], documents[6]], ignore=True) == ([], [])
    # What is merged is known by one uniqueness, and others still refuse.
    with pytest.raises(Violation):
        upsert(table, [{"sku": "x", "name": "merged"}])


def test_the_same_row_twice(table):
    assert fault(table, [{"id": 1, "n": 1}, {"id": 1, "n": 2}]) == ["/1 duplicate_item"]
    new = [{"sku": "z", "name": "Z"}, {"sku": "z", "name": "again"}]
    assert fault(table, new, ("sku",)) == ["/1 duplicate_item"]
    assert fault(table, [{"id": 70, "name": "a"}, {"id": 70, "name": "b"}]) == ["/1 duplicate_item"]
    assert len(table.stored("id")) == 2


def test_what_is_required_is_required_of_new_rows(table):
    assert upsert(table, [{"id": 1, "n": 9}]) == ([1], [])
    assert fault(table, [{"id": 1, "n": 9}, {"id": 9, "n": 9}, {"n": 9}]) == ["/1/name required", "/2/name required"]
    assert fault(table, [{"id": 1, "name": None}]) == ["/0/name required"]


def test_nulls_are_not_the_same(table):
    ids, inserted = upsert(table, [{"sku": None, "name": "1"}, {"name": "2"}], ("sku",))
    assert ids == inserted and len(ids) == 2
    assert len(upsert(table, [{"a": 1, "b": None, "name": "3"}] * 2, ("a", "b"))[1]) == 2


def test_other_rules_still_hold(table):
    for document in ({"sku": "x", "mail": "new", "name": "!"}, {"id": 1, "mail": "new", "name": "!"}):
        with pytest.raises(Violation):
            upsert(table, [document], ("mail",))
    assert fault(table, [{"id": 7, "sku": "x", "n": 1}], ("sku",)) == ["/0/id read_only"]
    assert upsert(table, [{"id": 1, "sku": "x", "n": 1}], ("sku",)) == ([1], [])


def test_the_target_must_be_unique(table):
    for names in (("n",), ("a",), ("sku", "a"), ("nope",), ()):
        with pytest.raises(Malformed) as refused:
            upsert(table, [], names)
        assert refused.value.members["parameter"] == "on_conflict"
        assert "sku" in refused.value.hint


def test_columns(table):
    documents = [{"id": 1, "name": "one", "n": 7, "junk": 1}, {"id": 50, "name": "new", "n": 7, "a": 8}]
    assert upsert(table, documents, columns=("id", "name")) == ([1, 50], [50])
    assert table.stored("name", "n", "a") == [("one", 5, 1), ("Y", 5, 1), ("new", 5, None)]
    upsert(table, [{"id": 1, "name": "one", "n": 7}])
    assert upsert(table, [{"id": 1}], columns=("id", "n", "a")) == ([1], [])
    assert table.stored("n", "a")[0] == (5, None)
    assert upsert(table, [{"id": 1}], columns=("id", "n"), missing_default=False) == ([1], [])
    assert table.stored("n")[0] == (None,)
    assert fault(table, [{"id": 1}], columns=("id", "name")) == ["/0/name required"]
    with pytest.raises(Malformed) as refused:
        upsert(table, [], columns=("id", "nope"))
    assert refused.value.code == "unknown_field"


def test_many_rows_in_few_statements(table):
    documents = [{"sku": f"s{n}", "name": "first"} for n in range(300)]
    assert len(upsert(table, documents, ("sku",))[1]) == 300
    assert table.statements <= 12
    ids, inserted = upsert(table, [{**each, "name": "second"} for each in documents], ("sku",))
    assert len(ids) == 300 and not inserted
    assert table.statements <= 12
    assert {row[0] for row in table.stored("name")[2:]} == {"second"}


def test_nothing_named(table):
    assert upsert(table, [{"id": 1}]) == ([1], [])
    assert table.reports == []
    assert upsert(table, []) == ([], [])


def test_faults(table):
    documents = [3, {"id": "1"}, {"id": 1, "n": "x"}, {"sku": 1, "nope": 2}]
    found = ["/0 wrong_type", "/1/id wrong_type", "/2/n wrong_type", "/3/sku wrong_type", "/3/nope unknown_field"]
    assert fault(table, documents) == found


def test_numbers_have_no_gaps(catalogue):
    fields = {"k": {"type": "string", "unique": True}, "number": "autonumber", "v": "integer"}
    table = Table(catalogue, fields)
    upsert(table, [{"k": "a"}, {"k": "b"}, {"k": "b"}, {"k": "c"}], ("k",), ignore=True)
    upsert(table, [{"k": "c", "v": 1}, {"k": "d"}], ("k",))
    assert sorted(table.stored("k", "number")) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert upsert(table, [{"k": "c", "number": 3, "v": 2}], ("k",))[1] == []
    assert fault(table, [{"k": "c", "number": 4}], ("k",)) == ["/0/number read_only"]
    assert fault(table, [{"k": "z", "number": 4}], ("k",)) == ["/0/number read_only"]


def test_scope(table):
    scope = scope_of(table.rows().model, condition=lambda table: table.c.id != 1)
    with pytest.raises(Conflict) as refused:
        upsert(table, [{"sku": "x", "name": "!"}], ("sku",), scope=scope)
    assert refused.value.code == "unique_violation"
    assert upsert(table, [{"sku": "y", "name": "!"}], ("sku",), scope=scope) == ([2], [])
    with pytest.raises(Forbidden):
        upsert(table, [{"id": 2, "n": 1}], scope=scope_of(table.rows().model, writable=frozenset({"name"})))


def test_links(catalogue):
    table = Table(catalogue, {"k": {"type": "string", "unique": True}, "n": "integer"})
    own = Table.__new__(Table)
    own.__dict__.update(table.__dict__)
    document = {
        "model_name": "L",
        "fields": {
            "k": {"type": "string", "unique": True},
            "one": {"type": "link", "table": "T"},
            "many": {"type": "links", "table": "T"},
        },
    }
    own.id = DefinitionService(catalogue).create(document).definition.id
    table.insert({"k": "a"}, {"k": "b"})
    upsert(own, [{"k": "x", "one": 1, "many": [1, 2]}, {"k": "y"}], ("k",))
    assert fault(own, [{"k": "x", "one": 9}, {"k": "y", "many": [1, 8]}, {"k": "z", "one": 7}], ("k",))
    upsert(own, [{"k": "x", "many": [2]}, {"k": "y", "one": 2}, {"k": "z", "many": [1]}], ("k",))
    with catalogue.database.reading() as connection:
        bodies = b"".join(own.rows().encode(connection, [1, 2, 3, 4, 5, 6, 7, 8]))
    assert b'"k":"x","one":1,"many":[2]' in bodies
    assert b'"k":"y","one":2,"many":[]' in bodies
    assert b'"k":"z","one":null,"many":[1]' in bodies


def test_several_at_once(table):
    """Of two that add the same row one finds the other's."""
    documents = [{"sku": f"s{number}", "name": "x"} for number in range(20)]
    found, ready = [], threading.Barrier(4)

    def run():
        upsert = Upsert(table.rows(), documents, ("sku",))
        ready.wait()
        with table.catalogue.database.writer.connect() as connection, connection.begin():
            found.append(upsert.run(connection))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(done.inserted) for done in found) == [0, 0, 0, 20]
    assert [len(done.ids) for done in found] == [20] * 4
    assert table.stored("_version")[2:] == [(4,)] * 20


GIVEN = {
    "number": {"type": "autonumber", "unique": True},
    "by": {"type": "created_by"},
    "last": {"type": "updated_by", "unique": True},
    "n": "integer",
}


def test_known_by_what_the_system_gives(catalogue):
    table = Table(catalogue, GIVEN, unique=[{"name": "rule", "fields": ["by", "n"]}])
    for author in ("ann", "bob"):
        given = table.rows(author=author)
        with table.writing() as connection:
            given.insert(connection, given.read([{"n": 1}], pointers=True))
    assert upsert(table, [{"number": 2, "n": 5}], ("number",)) == ([2], [])
    assert table.stored("n") == [(1,), (5,)]
    assert upsert(table, [{"last": "ann", "n": 6}], ("last",)) == ([1], [])
    assert upsert(table, [{"by": "bob", "n": 5}], ("n", "by"), ignore=True) == ([], [])
    assert upsert(table, [{"n": 7}], ("number",)) == ([3], [3])
    assert fault(table, [{"number": 9}], ("number",)) == ["/0/number read_only"]
    assert fault(table, [{"number": "1"}], ("number",)) == ["/0/number wrong_type"]
    assert fault(table, [{"number": 1, "by": "eve"}], ("number",)) == ["/0/by read_only"]


def test_what_the_system_gives_is_taken(catalogue):
    """The new row would have the value that another one has."""
    table = Table(catalogue, {"by": {"type": "created_by", "unique": True}, "n": "integer"})
    rows = table.rows(author="ann")
    for merging in (False, True):
        made = Upsert(rows, [{"n": 1}], ("by",), ignore=merging)
        if merging:
            with pytest.raises(Violation), table.writing() as connection:
                made.run(connection)
        else:
            with table.writing() as connection:
                made.run(connection)


def test_what_the_system_gives_is_taken_among_others(catalogue):
    fields = {"by": {"type": "created_by", "unique": True}, "n": {"type": "integer", "unique": True}}
    table = Table(catalogue, fields)
    rows = table.rows(author="ann")
    with table.writing() as connection:
        Upsert(rows, [{"n": 1}], ignore=True).run(connection)
    with pytest.raises(Conflict) as refused, table.writing() as connection:
        Upsert(rows, [{"n": 2}], ignore=True).run(connection)
    assert refused.value.code == "unique_violation"


@pytest.mark.parametrize("kind", ["created_time", "updated_time"])
def test_times_that_the_system_gives_are_not_unique(catalogue, kind):
    with pytest.raises(Invalid):
        Table(catalogue, {"at": {"type": kind, "unique": True}})
