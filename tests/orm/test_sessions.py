"""ORM sessions for scripts: classes by name, transactions, reports, and the proof that classes are current."""

import gc
import importlib
import weakref

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.exc import StaleDataError

from dynmodel_pyramid.orm.sessions import DefinitionChanged, ModelSession, UnreportedWrite, tables_in

FIELDS = {"name": "string", "price": "number", "stock": "integer"}


@pytest.fixture
def product(app, catalogue):
    app.post_json("/table/", {"model_name": "Product", "fields": FIELDS})
    rows = [{"name": f"Product {n}", "price": n * 5.5, "stock": n} for n in range(1, 5)]
    app.post_json("/table/1/rows/", rows)
    return catalogue.models["Product"]


def redefine(app, **fields):
    return app.put_json("/table/1/", {"model_name": "Product", "fields": {**FIELDS, **fields}}, status=200)


def names(app):
    return [row["name"] for row in app.get("/table/1/rows/?order=id").json]


def test_models_are_a_mapping(app, catalogue, product):
    app.post_json("/table/", {"model_name": "items", "fields": {"a": "string"}})
    models = catalogue.models
    assert list(models) == ["Product", "items"] and len(models) == 2
    assert models["Product"] is product is models.Product is models["product"]
    assert "Product" in models and "Nothing" not in models
    assert models["items"].__name__ == "items" and callable(models.items)
    with pytest.raises(KeyError):
        models["Nothing"]
    with pytest.raises(AttributeError, match="no table called Nothing"):
        models.Nothing  # noqa: B018
    app.delete("/table/1/")
    assert list(models) == ["items"]
    with pytest.raises(KeyError):
        models["Product"]


def test_models_are_always_current(app, catalogue, product):
    redefine(app, colour="string")
    again = catalogue.models["Product"]
    assert again is not product
    assert again.__definition__.version == 2 and hasattr(again, "colour")


def test_many_names_are_listed_in_parts(catalogue, product, app, monkeypatch):
    for number in range(4):
        app.post_json("/table/", {"model_name": f"T{number}", "fields": {"a": "string"}})
    # The package has a function of the name of the module.
    monkeypatch.setattr(importlib.import_module("dynmodel_pyramid.orm.classes"), "CHUNK", 2)
    assert list(catalogue.models) == ["Product", "T0", "T1", "T2", "T3"]


@pytest.mark.parametrize("writes", (True, False))
def test_a_session_reads_and_writes(app, catalogue, product, writes):
    with catalogue.session(writes=writes) as session:
        dear = session.scalars(select(product).where(product.price > 10).order_by(product.price)).all()
        assert [row.price for row in dear] == [11, 16.5, 22]
        dear[0].name = "changed"
        session.add(product(name="added", price=1.5))
        session.delete(dear[2])
        session.flush()
        # One's own writes are seen.
        assert session.scalar(select(sa.func.count()).select_from(product)) == 4
    assert names(app) == ["Product 1", "changed", "Product 3", "added"]
    first, second = app.get("/table/1/rows/1/"), app.get("/table/1/rows/2/")
    assert first.headers["ETag"] == '"1-1"' and second.headers["ETag"] == '"1-2"'


def test_an_error_rolls_back(app, catalogue, product):
    with pytest.raises(ZeroDivisionError), catalogue.session() as session:
        session.add(product(name="lost"))
        session.flush()
        raise ZeroDivisionError
    assert "lost" not in names(app)
    # Nothing is left locked.
    app.post_json("/table/1/rows/", {"name": "next"}, status=201)


def test_lost_updates_are_refused(app, catalogue, product):
    with pytest.raises(StaleDataError), catalogue.session(writes=False) as session:
        row = session.get(product, 1)
        app.patch_json("/table/1/rows/1/", {"stock": 50})
        row.stock -= 1
    assert app.get("/table/1/rows/1/").json["stock"] == 50


def test_every_flush_is_reported_with_versions(catalogue, product):
    seen = []
    catalogue.on_row_writes(lambda connection, writes: seen.append((writes.operation, writes.table_id, writes.rows)))
    with catalogue.session() as session:
        new = [product(name="a"), product(name="b")]
        session.add_all(new)
        session.flush()
        ids = [row.id for row in new]
        assert seen == [("insert", 1, ((ids[0], 1), (ids[1], 1)))]
        seen.clear()
        session.get(product, 1).stock = 7
        session.get(product, 2).stock = 2  # the value it has
        session.delete(session.get(product, 3))
    assert seen == [("update", 1, ((1, 2),)), ("delete", 1, ((3, 1),))]
    seen.clear()
    with catalogue.session() as session:
        row = session.get(product, 1)
        session.expire(row)
        session.delete(row)
    assert seen == [("delete", 1, ((1, 2),))]


def test_a_reporter_can_refuse(app, catalogue, product):
    def refuse(connection, writes):
        raise PermissionError("no")

    catalogue.on_row_writes(refuse)
    with pytest.raises(PermissionError), catalogue.session() as session:
        session.add(product(name="refused"))
    assert len(names(app)) == 4


@pytest.mark.parametrize(
    "write",
    (
        lambda session, cls: session.execute(sa.update(cls).values(stock=0)),
        lambda session, cls: session.execute(sa.delete(cls)),
        lambda session, cls: session.execute(sa.insert(cls), [{"name": "x"}]),
        lambda session, cls: session.execute(sa.insert(cls.__table__).values(name="x")),
        lambda session, cls: session.bulk_save_objects([cls(name="x")]),
        lambda session, cls: session.bulk_insert_mappings(cls, [{"name": "x"}]),
        lambda session, cls: session.bulk_update_mappings(cls, [{"id": 1, "name": "x"}]),
    ),
)
def test_writes_that_nobody_would_hear_of_are_refused(app, catalogue, product, write):
    with pytest.raises(UnreportedWrite), catalogue.session() as session:
        write(session, product)
    assert names(app)[0] == "Product 1" and len(names(app)) == 4


def test_a_class_of_yesterday_is_refused_at_once(app, catalogue, product):
    redefine(app, price="string")
    with pytest.raises(DefinitionChanged, match="definition of Product changed.*catalogue.models"):
        with catalogue.session() as session:
            session.scalars(select(product)).all()
    with pytest.raises(DefinitionChanged), catalogue.session() as session:
        session.add(product(name="x"))
    with pytest.raises(DefinitionChanged), catalogue.session() as session:
        session.execute(select(product.__table__.c.price))
    with pytest.raises(DefinitionChanged), catalogue.session() as session:
        session.get(product, 1)
    with catalogue.session() as session:
        assert session.get(catalogue.models["Product"], 1).price == "5.5"


def test_a_class_of_a_dropped_table_is_refused(app, catalogue, product):
    app.delete("/table/1/")
    with pytest.raises(DefinitionChanged), catalogue.session() as session:
        session.get(product, 1)


def test_a_change_without_ddl_is_a_change(app, catalogue, product):
    redefine(app, name={"type": "string", "max_length": 9})
    with pytest.raises(DefinitionChanged), catalogue.session() as session:
        session.add(product(name="too long now"))


def test_a_change_before_the_commit_is_found(app, catalogue, product):
    """Rows were read, and before anything is written the definition changes: the commit refuses."""
    with pytest.raises(DefinitionChanged), catalogue.session(writes=False) as session:
        session.use(product.__definition__)
        redefine(app, colour="string")
        session.add(product(name="x"))
    assert len(names(app)) == 4


def test_a_database_error_is_explained_by_the_change(app, catalogue, product, monkeypatch):
    monkeypatch.setattr(ModelSession, "confirm", lambda self: None)
    app.put_json("/table/1/", {"model_name": "Product", "fields": {"name": "string"}})
    with pytest.raises(DefinitionChanged) as raised, catalogue.session() as session:
        session.get(product, 1)
    assert isinstance(raised.value.__cause__, sa.exc.DBAPIError)
    with pytest.raises(sa.exc.DBAPIError), catalogue.session() as session:
        session.execute(sa.text("SELECT nothing FROM nowhere"))


def test_a_shell_reads_without_holding_writers_up(app, catalogue, product):
    with ModelSession(catalogue, writes=False) as session:
        row = session.get(product, 1)
        app.patch_json("/table/1/rows/2/", {"stock": 99}, status=200)
        row.stock = 5
        session.commit()
        app.patch_json("/table/1/rows/2/", {"stock": 100}, status=200)
        assert session.get(product, 2).stock == 100
    assert app.get("/table/1/rows/1/").json["stock"] == 5


def test_tables_are_found_wherever_they_stand(catalogue, product):
    other, table = aliased(product), product.__table__
    for statement in (
        select(product),
        select(product.price),
        select(other.price),
        select(sa.func.max(product.price)),
        select(sa.literal(1)).where(sa.exists().where(other.id == 1)),
        select(table),
        select(table.alias("a").c.price),
        select(select(product).subquery()),
        select(select(product.id).cte("c").c.id),
        select(product).join(other, other.id == product.id),
        select(sa.literal(1)).select_from(table),
        sa.union_all(select(product.id), select(other.id)),
    ):
        assert set(tables_in(statement)) == {table}, str(statement)
    assert list(tables_in(sa.text("SELECT 1"))) == []


def test_sessions_pin_no_class(app, catalogue, product):
    with catalogue.session() as session:
        session.scalars(select(product).where(product.price > 1)).all()
        session.add(product(name="x"))
    reference = weakref.ref(product)
    del product, session
    redefine(app, colour="string")
    app.get("/table/1/rows/")
    gc.collect()
    # The fixture holds one reference; nothing of the engine's does.
    holders = [holder for holder in gc.get_referrers(reference()) if type(holder).__name__ == "LRUCache"]
    assert holders == []
