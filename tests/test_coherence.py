"""Small versions of ``python -m tests.soak.coherence``, and cases that a soak would seldom meet."""

import pytest
import sqlalchemy as sa

from tests.soak.coherence import run_coherence, with_large_tables
from tests.soak.fleet import WITHOUT_CHECK, running_fleet
from tests.soak.redefiner import EveryRedefiner


@pytest.mark.long
def test_no_answer_is_stale(database):
    """With each kind of redefinition that there is."""
    with running_fleet(database, 2, adapt=with_large_tables) as fleet:
        run = run_coherence(fleet, redefinitions=12, clients=3, pause=0.01, seconds=300, each_once=True)
    assert run.figures.violations == {}, run.figures.samples
    kinds = {*EveryRedefiner.FIRST, "PUT", "PATCH", "POST", "on_error null", "on_error default", "on_error quarantine"}
    assert {kind for kind in kinds if not run.tally[kind]} == set()
    assert len(run.seen) > 6
    assert run.tally["compared"] > 100


@pytest.mark.long
def test_a_time_to_live_is_found_out(database):
    with running_fleet(database, 2, without=WITHOUT_CHECK) as fleet:
        run = run_coherence(fleet, redefinitions=12, clients=3, pause=0.01, seconds=60)
    assert sum(run.figures.violations.values()) > 0


@pytest.fixture
def two_apps(make_app):
    """Two applications on one database, as two processes are."""
    return make_app(), make_app()


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_a_definition_change_by_name_takes_the_table_that_has_the_name_now(two_apps, method):
    here, there = two_apps
    for name in ("Product", "Other"):
        here.post_json("/table/", {"model_name": name, "fields": {"a": "string"}})
    assert there.get("/table/Product/").json["id"] == 1
    for number, name in ((1, "Old"), (2, "Product")):
        here.patch_json(f"/table/{number}/", {"model_name": name})
    if method == "DELETE":
        there.delete("/table/Product/")
        here.get("/table/1/", status=200)
        here.get("/table/2/", status=404)
        return
    send = there.put_json if method == "PUT" else there.patch_json
    fields = {"a": "string", "b": "string"}
    send("/table/Product/", {"model_name": "Product", "fields": fields} if method == "PUT" else {"fields": fields})
    assert list(here.get("/table/2/").json["fields"]) == ["a", "b"]
    assert list(here.get("/table/1/").json["fields"]) == ["a"]


@pytest.mark.parametrize("database", ["postgresql"])
def test_an_isolation_that_hides_the_newer_state_is_not_taken_over(settings, database, make_app):
    url = sa.make_url(settings["sqlalchemy.url"])
    url = url.update_query_dict({"options": "-c default_transaction_isolation=serializable"})
    settings["sqlalchemy.url"] = url.render_as_string(hide_password=False)
    catalogue = make_app().app.registry.dynmodel_catalogue
    with catalogue.database.reading() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"


@pytest.mark.parametrize("changed_again", [False, True])
def test_a_restored_backup_is_noticed_though_it_counts_the_same_numbers_again(two_apps, make_app, changed_again):
    here, there = two_apps
    here.post_json("/table/", {"model_name": "Product", "fields": {"a": "string"}})
    here.post_json("/table/1/rows/", {"a": "x"})
    # A check would hinder DROP COLUMN.
    here.patch_json("/table/1/", {"fields": {"b": {"type": "email", "lowercase": False}}})
    assert there.get("/table/1/rows/").json == [{"id": 1, "a": "x", "b": None}]
    restore_first_version(here.app.registry.dynmodel_catalogue.database)
    wanted, version = {"id": 1, "a": "x"}, "1"
    if changed_again:
        make_app().patch_json("/table/1/", {"fields": {"c": "integer"}})
        wanted, version = {**wanted, "c": None}, "2"
    for path in ("/table/1/rows/", "/table/Product/rows/", "/table/1/rows/?limit=5"):
        answer = there.get(path)
        assert (answer.json, answer.headers["Definition-Version"]) == ([wanted], version)
    there.post_json("/table/1/rows/", {"b": "y"}, status=422)


def restore_first_version(database) -> None:
    """What restoring a backup from before the second change does to the one table."""
    state, table, log = database.system.state, database.system.table, database.system.change
    with database.changing() as connection:
        first = connection.execute(sa.select(log).where(log.c.revision == 1)).one()
        connection.execute(sa.delete(log).where(log.c.revision > 1))
        connection.execute(sa.update(state).values(definitions=1, stamp=first.stamp))
        connection.execute(sa.update(table).values(version=1, document=first.document))
        prepare = connection.dialect.identifier_preparer.quote_identifier
        schema = f"{prepare(database.dialect.schema)}." if database.dialect.schema else ""
        connection.exec_driver_sql(f'ALTER TABLE {schema}"Product" DROP COLUMN "b"')
