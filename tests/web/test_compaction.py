"""Tables give way to copies of themselves, whatever they have, while they are read, written and changed."""

import threading

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.access.principal import Principal
from dynmodel_pyramid.changes import compaction
from dynmodel_pyramid.changes.compaction import Compaction
from dynmodel_pyramid.changes.ddl.postgresql_compaction import TableCopy
from dynmodel_pyramid.errors import Busy, Conflict, Forbidden, NotFound
from tests.web.test_trash_fields import drop, restore, trash

pytestmark = pytest.mark.parametrize("database", ["postgresql"])

FIELDS = {
    "code": {"type": "string", "unique": True, "max_length": 40, "required": True},
    "folded": {"type": "string", "unique_ignore_case": True},
    "size": {"type": "integer", "index": True, "default": 7, "required": True, "min": 0},
    "price": {"type": "decimal", "precision": 12, "scale": 2},
    "text": {"type": "text", "index": "search"},
    "number": {"type": "autonumber", "unique": True},
    "made": "created_by",
    "maker": {"type": "link", "table": "Maker", "on_delete": "set_null", "reverse": "products"},
    "parent": {"type": "link", "table": "Product%s :x", "on_delete": "cascade", "reverse": "children"},
    "makers": {"type": "links", "table": "Maker", "reverse": "listed"},
    'odd "% (x)s:y': {"type": "json"},
    "gone": "string",
    "converted": "string",
    "gone_list": {"type": "links", "table": "Maker"},
}
RULES = {
    "unique": [{"name": "both", "fields": ["code", "size"]}],
    "indexes": [{"name": "down", "fields": [{"field": "size", "descending": True}]}],
}


def sql(client, *statements):
    with client.catalogue.database.changing() as connection:
        for statement in statements:
            statement = statement.replace("{}", f"{client.catalogue.database.dialect.schema}.")
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def columns(client, number):
    """(all that count, those that are there)."""
    dialect = client.catalogue.database.dialect
    with client.catalogue.database.reading() as connection:
        _, definition = client.catalogue.store.by_id(connection, number)
        name = definition.physical_name
        return dialect.counted_columns(connection, name), len(dialect.column_names(connection, name))


@pytest.fixture
def shop(fresh):
    """A table with everything, some trash, and 300 columns that were dropped."""
    makers = fresh.table({"name": "string"}, "Maker")
    fields = {**FIELDS, "parent": {**FIELDS["parent"], "table": "Product"}}
    path = fresh.table(fields, "Product", **RULES)
    fresh.table(
        {"product": {"type": "link", "table": "Product"}, "all": {"type": "links", "table": "Product"}}, "Order"
    )
    for number in range(3):
        fresh.row(makers, {"name": f"m{number}"})
    for number in range(60):
        row = {"code": f"c{number}", "folded": f"F{number}", "size": number, "price": "1.50", "text": f"word{number} x"}
        row |= {"maker": number % 3 + 1, "makers": [2, 1], "parent": number or None, 'odd "% (x)s:y': {"a": number}}
        row |= {"gone": f"g{number}", "converted": f"{number}" if number % 2 else "x", "gone_list": [3]}
        fresh.row(path, row)
    for number in range(20):
        fresh.row("/table/3/", {"product": number + 1, "all": [number + 1, 60 - number]})
    drop(fresh, path, "gone", "gone_list")
    fresh.send("PATCH", f"{path}?on_error=quarantine", {"fields": {"converted": "integer"}}, status=200)
    names = [f"x{number}" for number in range(300)]
    for action in ("ADD COLUMN {} int", "DROP COLUMN {}"):
        sql(fresh, 'ALTER TABLE {}"Product" ' + ", ".join(action.format(name) for name in names))
    sql(fresh, 'CREATE INDEX tuned ON {}"Product" (size, code)', "COMMENT ON INDEX {}tuned IS 'by ''me'''")
    sql(fresh, "COMMENT ON TABLE {}\"Product\" IS 'mine 100%s'", 'GRANT SELECT ON {}"Product" TO PUBLIC')
    sql(fresh, 'ALTER TABLE {}"Product" SET (fillfactor = 80)', 'ALTER TABLE {}"Product" ALTER size SET STATISTICS 7')
    return path


def everything(client):
    """All rows, the trash, and what the database says of the table besides its columns' numbers."""
    lists = {path: client.get(f"{path}rows/?limit=1000") for path in ("/table/1/", "/table/2/", "/table/3/")}
    with client.catalogue.database.reading() as connection:
        dialect = client.catalogue.database.dialect
        things = dialect.things(connection, "Product")
        query = (
            "SELECT obj_description(oid), relacl::text, reloptions::text, "
            "(SELECT obj_description(to_regclass(:tuned))), "
            "(SELECT attstattarget FROM pg_attribute WHERE attrelid = c.oid AND attname = 'size'), "
            "(SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) "
            "FROM pg_class c WHERE oid = to_regclass(:name)"
        )
        names = {"name": f'{dialect.schema}."Product"', "tuned": f"{dialect.schema}.tuned"}
        told = tuple(connection.execute(sa.text(query), names).one())
        columns = dialect.column_names(connection, "Product")
        kept = ", ".join(name for name in columns if name.startswith("_trash_"))
        old = connection.exec_driver_sql(f'SELECT id, {kept} FROM {dialect.schema}."Product" ORDER BY id').all()
    return lists, things, told, columns, [tuple(row) for row in old]


def test_everything_is_taken_over(fresh, shop):
    before, version = everything(fresh), fresh.get(shop)["version"]
    counted, there = columns(fresh, 2)
    assert counted - there >= 300
    done = Compaction(fresh.catalogue).run(2, 60)
    assert done.is_done and done.dropped == 0
    assert columns(fresh, 2) == (there, there)
    assert everything(fresh) == before
    assert fresh.get(f"{shop}health/")["differences"] == []
    assert fresh.get(shop)["version"] == version + 1
    assert "compact" not in str(fresh.catalogue.database.dialect.things)
    # It is used as before.
    row = fresh.row(shop, {"code": "new", "maker": 1, "makers": [1], "parent": 60})
    assert (row["id"], row["number"]) == (61, 61)
    fresh.refused("POST", f"{shop}rows/", {"code": "new"}, status=409, code="unique_violation")
    fresh.send("POST", f"{shop}rows/", {"code": "other", "maker": 99}, status=422)
    restore(fresh, shop, next(each["number"] for each in trash(fresh, shop) if each["name"] == "gone"))
    assert fresh.get(f"{shop}rows/5/")["gone"] == "g4"
    fresh.send("DELETE", "/table/3/rows/?id=gt.0", status=204)
    fresh.send("DELETE", "/table/2/rows/1/", status=204)
    assert fresh.get(f"{shop}rows/") == []  # each was a child of the one before
    assert Compaction(fresh.catalogue).run(2, 0).is_done
    assert Compaction(fresh.catalogue).cancel(2) is False


def steps(client, shop, between):
    """A compaction, with something done before each step; -> the phases that it went through."""
    phases = []
    work = Compaction(client.catalogue)
    while not (progress := work.progress(2)).is_done:
        phases.append(progress.phase)
        between(len(phases), progress.phase)
        work.run(2, 0)
        assert len(phases) < 200
    return phases


def test_writes_between_all_steps(fresh, shop, monkeypatch):
    """Values move between rows of a unique rule, rows come and go, links change; nothing is lost or doubled."""
    monkeypatch.setattr(compaction, "FIRST_PART", 7)
    monkeypatch.setattr(compaction, "PART_SECONDS", 0.0)
    monkeypatch.setattr(compaction, "LINES", 5)

    def between(number, phase):
        fresh.send("PATCH", f"{shop}rows/?code=eq.c10", {"code": f"t{number}"}, status=200)
        fresh.send("PATCH", f"{shop}rows/?code=eq.c40", {"code": "c10"}, status=200)
        fresh.send("PATCH", f"{shop}rows/?code=eq.t{number}", {"code": "c40"}, status=200)
        row = fresh.row(shop, {"code": f"n{number}", "parent": 60 if number % 2 else None, "makers": [3]})
        if number % 3 == 0:
            fresh.send("DELETE", f"{shop}rows/{row['id']}/", status=204)
        fresh.send("PATCH", "/table/3/rows/1/", {"product": 2 + number, "all": [60, 2 + number]}, status=200)
        before.append(everything(fresh)[0])

    before = []
    phases = steps(fresh, shop, between)
    assert list(dict.fromkeys(phases)) == list(compaction.PHASES[:-1]) or set(phases) == set(compaction.PHASES[:-1])
    assert everything(fresh)[0] == before[-1]
    counted, there = columns(fresh, 2)
    assert counted == there
    assert fresh.get(f"{shop}health/")["differences"] == []


def test_changes_of_definitions_begin_it_anew(fresh, shop):
    """So does a link to the table, and a purge, which makes no version. Two compactions of one table go on together."""
    other = Compaction(fresh.catalogue)
    fresh.looks_after = False  # the copy would be found

    def between(number, phase):
        if number == 4:
            fresh.send("PATCH", shop, {"fields": {"added": {"type": "integer", "default": 5}}}, status=200)
        elif number == 8:
            gone = next(each["number"] for each in trash(fresh, shop) if each["name"] == "gone")
            fresh.send("DELETE", f"{shop}trash/{gone}/", status=204)
        elif phase == "swapping" and "Late" not in {each["model_name"] for each in fresh.get("/table/")}:
            fresh.table({"to": {"type": "link", "table": "Product", "reverse": "late"}}, "Late")
        elif number % 2:
            other.run(2, 0)

    phases = steps(fresh, shop, between)
    assert phases.count("copying") >= 3
    assert fresh.get(f"{shop}rows/5/")["added"] == 5 and fresh.get(f"{shop}rows/5/")["late"] == []
    counted, there = columns(fresh, 2)
    assert counted == there
    assert fresh.get(f"{shop}health/")["differences"] == []


def stopped(client):
    """The mends of compactions that do not go on."""
    findings = client.app.get("/health/").json["findings"]
    return [each["mend"].partition(";")[0] for each in findings if each["code"] == "compaction_stopped"]


def test_what_cannot_be_taken_over_and_what_is_given_up(fresh, shop):
    work = Compaction(fresh.catalogue)
    fresh.looks_after = False
    sql(fresh, 'CREATE VIEW {}seen AS SELECT code FROM {}"Product"')
    with pytest.raises(Conflict, match="view"):
        work.run(2, 60)
    assert work.progress(2).obstacles and work.progress(2).phase == "none"
    sql(fresh, "DROP VIEW {}seen")
    before = everything(fresh)
    work.run(2, 0)
    assert work.left() == [2] and work.progress(2).phase == "copying"
    assert stopped(fresh) == []
    sql(fresh, """COMMENT ON TABLE {}_compact_2 IS '{"at": "2026-01-01T00:00:00+00:00"}'""")
    assert stopped(fresh) == ["dynmodel-compact CONFIG.ini 2, or POST /table/2/compact/, goes on with it"]
    assert work.cancel(2) and work.left() == []
    assert everything(fresh) == before
    # The table is dropped meanwhile: it does not go to the trash with triggers.
    fresh.send("DELETE", "/table/3/", status=204)
    work.run(2, 0)
    fresh.send("DELETE", shop, status=204)
    with pytest.raises(NotFound):
        work.run(2, 0)
    assert stopped(fresh) == ["dynmodel-compact CONFIG.ini --cancel 2"]
    fresh.send("POST", "/trash/2/restore/", status=200)
    fresh.row(shop, {"code": "back"})
    assert work.left() == [2]
    work.run(2, 60)
    assert work.left() == [] and fresh.get(f"{shop}rows/?code=eq.back")
    assert fresh.get(f"{shop}health/")["differences"] == []
    what_happens_in_the_midst(fresh, shop)


def what_happens_in_the_midst(fresh, shop):
    """Of the table, by SQL; of the rights of whoever asks for the steps; of the table once more, which is purged."""

    def go_on_to(phase):
        while work.progress(2).phase != phase:
            work.run(2, 0)

    work, dropped = Compaction(fresh.catalogue), ('ALTER TABLE {}"Product" ADD x int', 'ALTER TABLE {}"Product" DROP x')
    sql(fresh, *dropped)
    go_on_to("swapping")
    sql(fresh, 'CREATE VIEW {}seen AS SELECT code FROM {}"Product"')
    with pytest.raises(Conflict, match="view"):
        work.run(2, 0)
    sql(fresh, "DROP VIEW {}seen", 'ALTER TABLE {}"Product" DISABLE TRIGGER ALL')
    row = fresh.row(shop, {"code": "nobody noted it"})
    sql(fresh, 'ALTER TABLE {}"Product" ENABLE TRIGGER ALL')
    go_on_to("proving")
    assert fresh.get(f"{shop}rows/{row['id']}/")["code"] == "nobody noted it"

    def refuse(connection):
        raise Forbidden("no administrator any more")

    left = work.progress(2)
    with pytest.raises(Forbidden):
        Compaction(fresh.catalogue, principal=Principal(refuse)).run(2, 60)
    assert work.progress(2) == left and work.run(2, 60).is_done
    sql(fresh, *dropped)
    work.run(2, 0)
    fresh.send("DELETE", shop, status=204)
    fresh.send("DELETE", "/trash/2/", status=204)
    assert work.left() == []


def test_a_database_without_plpgsql(fresh):
    fresh.table({"a": "string"}, "Thing")
    sql(
        fresh,
        'ALTER TABLE {}"Thing" ADD x int',
        'ALTER TABLE {}"Thing" DROP x',
        "ALTER LANGUAGE plpgsql RENAME TO gone",
    )
    try:
        assert "no_plpgsql" in {finding["code"] for finding in fresh.get("/health/")["findings"]}
        with pytest.raises(Conflict, match="without PL/pgSQL") as raised:
            Compaction(fresh.catalogue).run(1, 60)
        assert raised.value.code == "cannot_compact" and Compaction(fresh.catalogue).left() == []
    finally:
        sql(fresh, "ALTER LANGUAGE gone RENAME TO plpgsql")


@pytest.mark.parametrize("is_swapped", [True, False])
def test_cancelling_waits_for_a_swap(fresh, shop, monkeypatch, is_swapped):
    """Whoever gives a compaction up while the tables are swapped finds all of it done, or nothing."""
    before, version = everything(fresh), fresh.get(shop)["version"]
    swap, cancelled = TableCopy.swap, []
    cancelling = threading.Thread(target=lambda: cancelled.append(Compaction(fresh.catalogue).cancel(2)))

    def interrupted(self):
        cancelling.start()
        cancelling.join(0.5)
        assert cancelled == [] and cancelling.is_alive()
        if not is_swapped:
            raise Busy("the lock was not free in time")
        swap(self)

    monkeypatch.setattr(TableCopy, "swap", interrupted)
    work = Compaction(fresh.catalogue)
    if is_swapped:
        work.run(2, 60)
    else:
        with pytest.raises(Busy):
            work.run(2, 60)
    cancelling.join(30)
    assert cancelled == [not is_swapped]
    monkeypatch.undo()
    counted, there = columns(fresh, 2)
    assert (counted == there) is is_swapped
    assert fresh.get(shop)["version"] == version + is_swapped
    assert everything(fresh) == before
    assert work.left() == [] and fresh.get(f"{shop}health/")["differences"] == []
    assert work.run(2, 60).is_done
    assert everything(fresh) == before
