"""Relationships between the generated classes of tables that link to one another."""

import gc
import threading
import weakref

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.exc import StaleDataError

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.errors import Conflict, PluginMissing
from dynmodel_pyramid.orm import class_groups
from dynmodel_pyramid.orm.sessions import DefinitionChanged

CUSTOMER = {"name": "string"}
ORDER = {"text": "string", "customer": {"type": "link", "table": "Customer", "reverse": "orders"}}


def define(app, name, fields, **rest):
    return app.post_json("/table/", {"model_name": name, "fields": fields, **rest}, status=201).json["id"]


def redefine(app, name, fields):
    app.put_json(f"/table/{name}/", {"model_name": name, "fields": fields}, status=200)


@pytest.fixture
def models(catalogue):
    return catalogue.models


@pytest.fixture
def reported(catalogue):
    """What was reported: (operation, table id, rows)."""
    seen = []
    catalogue.on_row_writes(lambda connection, writes: seen.append((writes.operation, writes.table_id, writes.rows)))
    return seen


@pytest.fixture
def orders(app, catalogue, models):
    """Customers 1 and 2, orders 1 to 3 of customer 1, order 4 of nobody."""
    define(app, "Customer", CUSTOMER)
    define(app, "Order", ORDER)
    with catalogue.session() as session:
        session.add_all([models.Customer(name="Ada"), models.Customer(name="Grace")])
        session.flush()
        session.add_all(models.Order(text=f"order {n}", customer=1 if n < 4 else None) for n in range(1, 5))
    return models


def tagged(app, catalogue, **options):
    """Tags 1 to 5; item 1 has the tags 3, 1, 2."""
    define(app, "Tag", {"name": "string"})
    define(app, "Item", {"name": "string", "tags": {"type": "links", "table": "Tag", "reverse": "items", **options}})
    Tag, Item = catalogue.models.Tag, catalogue.models.Item
    with catalogue.session() as session:
        session.add_all(Tag(name=f"tag {n}") for n in range(1, 6))
        session.flush()
        session.add(Item(name="item", tags=[3, 1, 2]))
    return Tag, Item


def lines(catalogue, item_class, row_id=1):
    """The lines of the list of a row, as the database has them."""
    (table,) = (table for table in item_class.metadata.tables.values() if "position" in table.c)
    with catalogue.database.reading() as connection:
        query = sa.select(table.c.position, table.c.value).where(table.c.row_id == row_id).order_by(table.c.position)
        return [tuple(row) for row in connection.execute(query, execution_options={"compiled_cache": None})]


# Navigation


def test_both_ways(catalogue, orders):
    Customer, Order = orders.Customer, orders.Order
    with catalogue.session(writes=False) as session:
        order = session.get(Order, 2)
        assert (order.customer, order.customer_row.name) == (1, "Ada")
        assert type(order.customer_row) is Customer is orders.Order.customer_row.property.mapper.class_
        assert [each.id for each in session.get(Customer, 1).orders] == [1, 2, 3]
        assert session.get(Customer, 2).orders == []
        assert session.get(Order, 4).customer_row is None


def test_setting_a_relationship_sets_the_id(catalogue, orders, reported):
    with catalogue.session() as session:
        order = session.get(orders.Order, 1)
        order.customer_row = session.get(orders.Customer, 2)
        session.flush()
        assert order.customer == 2
        new = orders.Order(text="new", customer_row=orders.Customer(name="new"))
        session.add(new)
        session.flush()
        assert new.customer == new.customer_row.id == 3
        order.customer_row = None
    assert reported == [
        ("update", 2, ((1, 2),)),
        ("insert", 2, ((5, 1),)),
        ("insert", 1, ((3, 1),)),
        ("update", 2, ((1, 3),)),
    ]
    with catalogue.session() as session:
        assert session.get(orders.Order, 1).customer is None


def test_setting_the_id_sets_the_relationship(catalogue, orders):
    with catalogue.session() as session:
        order = session.get(orders.Order, 1)
        assert order.customer_row.name == "Ada"
        order.customer = 2
        new = orders.Order(customer=2)
        session.add(new)
        session.flush()
        assert order.customer_row.name == new.customer_row.name == "Grace"


def test_the_reverse_side_is_for_reading(app, catalogue, orders):
    with catalogue.session() as session:
        session.get(orders.Customer, 2).orders.append(session.get(orders.Order, 4))
    assert app.get("/table/Order/rows/4/").json["customer"] is None


def test_self_reference(app, catalogue, models):
    define(app, "Person", {"boss": {"type": "link", "table": "Person", "reverse": "staff", "on_delete": "set_null"}})
    Person = models.Person
    with catalogue.session() as session:
        boss = Person()
        session.add_all([Person(boss_row=boss), Person(boss_row=boss)])
        session.flush()
        staff = session.scalars(select(Person).where(Person.boss_row == boss).order_by(Person.id)).all()
        assert boss.staff == staff and len(staff) == 2 and boss.boss_row is None
        chief = aliased(Person)
        query = select(Person.id).join(Person.boss_row.of_type(chief)).where(chief.id == boss.id)
        assert sorted(session.scalars(query)) == [each.id for each in staff]


def test_circular_links(app, catalogue, models, reported):
    define(app, "A", {"n": "integer"})
    define(app, "B", {"a": {"type": "link", "table": "A", "reverse": "bs"}})
    redefine(app, "A", {"n": "integer", "b": {"type": "link", "table": "B", "reverse": "as_"}})
    A, B = models.A, models.B
    assert A.b_row.property.mapper.class_ is B and B.a_row.property.mapper.class_ is A
    with catalogue.session() as session:
        b = B(a_row=A(b_row=B(a_row=A(n=4))))
        session.add(b)
        session.flush()
        assert b.a_row.b_row.a_row.n == 4
        assert b.a_row.b_row.as_ == [b.a_row] and b.a_row.bs == [b]
        for row in (b, b.a_row, b.a_row.b_row, b.a_row.b_row.a_row):
            session.delete(row)
    assert sorted(reported[-2:]) == [("delete", 1, ((1, 1), (2, 1))), ("delete", 2, ((1, 1), (2, 1)))]


def test_joins_and_conditions(catalogue, orders):
    Customer, Order = orders.Customer, orders.Order
    statements = (
        select(Order.id).join(Order.customer_row).where(Customer.name == "Ada"),
        select(Order.id).where(Order.customer_row.has(Customer.name == "Ada")),
        select(Order.id).join(Customer.orders).where(Customer.name == "Ada"),
    )
    with catalogue.session() as session:
        for statement in statements:
            assert sorted(session.scalars(statement)) == [1, 2, 3]
            assert set(session._used) == {1, 2}, str(statement)
        names = session.scalars(select(Customer.name).where(~Customer.orders.any()))
        assert list(names) == ["Grace"]


@pytest.mark.parametrize("how", (selectinload, joinedload))
def test_eager_loading(catalogue, orders, how):
    Customer, Order = orders.Customer, orders.Order
    with catalogue.session(writes=False) as session:
        found = session.scalars(select(Order).options(how(Order.customer_row)).order_by(Order.id)).all()
        assert set(session._used) == {1, 2}
        # Whoever is loaded is asked for no more.
        assert [row.__dict__["customer_row"] and row.customer_row.name for row in found] == ["Ada", "Ada", "Ada", None]
    with catalogue.session(writes=False) as session:
        query = select(Customer).options(how(Customer.orders)).order_by(Customer.id)
        found = session.scalars(query).unique().all()
        assert [[each.id for each in row.__dict__["orders"]] for row in found] == [[1, 2, 3], []]


# Lists


def test_lists_keep_their_order(app, catalogue, reported):
    Tag, Item = tagged(app, catalogue)
    reported.clear()
    with catalogue.session() as session:
        item = session.get(Item, 1)
        assert (list(item.tags), [tag.name for tag in item.tags_rows]) == ([3, 1, 2], ["tag 3", "tag 1", "tag 2"])
        assert session.get(Tag, 1).items == [item] and session.get(Tag, 5).items == []
        item.tags.append(4)
        session.flush()
        assert item.tags_rows[-1].name == "tag 4"
        item.tags.insert(0, 5)
        item.tags.remove(1)
        session.flush()
        item.tags_rows.append(session.get(Tag, 1))
        session.flush()
        assert list(item.tags) == [5, 3, 2, 4, 1]
    assert lines(catalogue, Item) == [(0, 5), (1, 3), (2, 2), (3, 4), (4, 1)]
    assert reported == [("update", 2, ((1, version),)) for version in (2, 3, 4)]
    with catalogue.session() as session:
        item = session.get(Item, 1)
        before = item._updated
        item.tags = [1, 2, 3]
        session.flush()
        assert item._updated > before
        item.tags_rows = [session.get(Tag, n) for n in (2, 5)]
        session.flush()
        item.tags[1] = 4
        session.flush()
        assert [tag.id for tag in item.tags_rows] == [2, 4]
    assert lines(catalogue, Item) == [(0, 2), (1, 4)]
    assert reported[3:] == [("update", 2, ((1, version),)) for version in (5, 6, 7)]
    with catalogue.session() as session:
        item = session.get(Item, 1)
        with session.no_autoflush:
            item.tags_rows.insert(0, item.tags_rows.pop())
        session.flush()
        item.tags.clear()
        item.name = "empty"
        session.flush()
        session.add(Item(tags_rows=[Tag(), session.get(Tag, 1)]))
    assert (lines(catalogue, Item), lines(catalogue, Item, 2)) == ([], [(0, 6), (1, 1)])
    assert reported[6:8] == [("update", 2, ((1, version),)) for version in (8, 9)]
    assert sorted(reported[8:]) == [("insert", 1, ((6, 1),)), ("insert", 2, ((2, 1),))]


def test_reading_a_list_with_gaps_changes_nothing(app, catalogue, reported):
    Tag, Item = tagged(app, catalogue)
    with catalogue.session() as session:
        session.delete(session.get(Tag, 1))
    assert lines(catalogue, Item) == [(0, 3), (2, 2)]
    reported.clear()
    with catalogue.session() as session:
        assert list(session.get(Item, 1).tags) == [3, 2]
    assert reported == []
    with catalogue.session() as session:
        session.get(Item, 1).tags.append(4)
    assert lines(catalogue, Item) == [(0, 3), (1, 2), (2, 4)]


def test_lists_of_one_s_own_kind(app, catalogue, models):
    define(app, "Page", {"see": {"type": "links", "table": "Page", "reverse": "seen_from"}})
    Page = models.Page
    with catalogue.session() as session:
        one, two = Page(), Page()
        one.see_rows = [two, one]
        session.add(one)
        session.flush()
        assert list(one.see) == [two.id, one.id] and two.see_rows == []
        assert two.seen_from == [one] and one.seen_from == [one]
        query = select(Page.id).where(Page._lines_1.any(value=two.id))
        assert session.scalars(query).all() == [one.id]


def test_joins_to_lists(app, catalogue):
    Tag, Item = tagged(app, catalogue)
    with catalogue.session(writes=False) as session:
        assert session.scalars(select(Item.name).join(Tag.items).where(Tag.name == "tag 2")).all() == ["item"]
        assert session.scalars(select(Item.name).where(Item.tags == 2)).all() == ["item"]
        assert session.scalars(select(Item.name).where(Item.tags_rows.any(Tag.name == "tag 4"))).all() == []
        (tag,) = session.scalars(select(Tag).options(joinedload(Tag.items)).where(Tag.id == 3)).unique()
        assert [item.id for item in tag.__dict__["items"]] == [1]


def test_deleting_the_owner_deletes_its_lines(app, catalogue, reported):
    Tag, Item = tagged(app, catalogue)
    reported.clear()
    with catalogue.session() as session:
        item = session.get(Item, 1)
        item.tags.remove(1)
        session.delete(item)
    assert lines(catalogue, Item) == [] and reported[-1] == ("delete", 2, ((1, 2),))
    with catalogue.session() as session:
        item, tag = Item(tags=[1]), session.get(Tag, 1)
        session.add(item)
        session.flush()
        session.delete(item)
        session.delete(tag)
    assert lines(catalogue, Item, 2) == []


# Deleting


def reorder(app, **options):
    customer = {**ORDER["customer"], **options}
    redefine(app, "Order", {**ORDER, "customer": customer})


def test_restrict(app, catalogue, orders, reported):
    with pytest.raises(Conflict) as raised, catalogue.session() as session:
        session.delete(session.get(orders.Customer, 1))
    assert raised.value.code == "foreign_key_violation"
    assert app.get("/table/Customer/rows/1/").json["name"] == "Ada"
    reported.clear()
    with catalogue.session() as session:
        ada, grace = session.get(orders.Customer, 1), session.get(orders.Customer, 2)
        moved, *others = ada.orders
        for row in (*others, ada):
            session.delete(row)
        moved.customer_row = grace
    assert reported == [("update", 2, ((1, 2),)), ("delete", 2, ((2, 1), (3, 1))), ("delete", 1, ((1, 1),))] or (
        reported == [("update", 2, ((1, 2),)), ("delete", 1, ((1, 1),)), ("delete", 2, ((2, 1), (3, 1)))]
    )


def test_set_null(app, catalogue, orders, reported):
    reorder(app, on_delete="set_null")
    Customer, Order = orders.Customer, orders.Order
    reported.clear()
    with catalogue.session() as session:
        ada = session.get(Customer, 1)
        first, *_ = ada.orders
        first.text = "changed as well"
        session.delete(ada)
        session.flush()
        assert first.customer is None and first.customer_row is None and first._version == 3
        assert session.get(Order, 2)._version == 2
    assert reported == [("update", 2, ((1, 2),)), ("update", 2, ((1, 3), (2, 2), (3, 2))), ("delete", 1, ((1, 1),))]
    assert app.get("/table/Order/rows/1/").json == {"id": 1, "text": "changed as well", "customer": None}


def test_cascade(app, catalogue, orders, reported):
    reorder(app, on_delete="cascade")
    link = {"type": "link", "table": "Order", "on_delete": "cascade"}
    define(app, "Part", {"order": link})
    Customer, Order, Part = orders.Customer, orders.Order, orders.Part
    with catalogue.session() as session:
        session.add_all([Part(order=1), Part(order=4)])
    reported.clear()
    with catalogue.session() as session:
        ada, first, second = session.get(Customer, 1), session.get(Order, 1), session.get(Order, 2)
        first.text = "in vain"
        session.delete(ada)
        session.delete(second)
        session.flush()
        assert session.get(Order, 1) is None and session.get(Part, 1) is None and session.get(Part, 2) is not None
        assert session.scalars(select(Order.id)).all() == [4]
    assert reported[0] == ("update", 2, ((1, 2),))
    assert sorted(reported[1:]) == [
        ("delete", 1, ((1, 1),)),
        ("delete", 2, ((1, 2), (3, 1))),
        ("delete", 2, ((2, 1),)),
        ("delete", 3, ((1, 1),)),
    ]


def test_cascade_by_two_ways(app, catalogue, models, reported):
    """C and D go with A, and C with D: C goes first, though it is found first."""
    cascade = {"type": "link", "on_delete": "cascade"}
    for name, fields in (
        ("A", {"n": "integer"}),
        ("C", {"a": {**cascade, "table": "A"}}),
        ("D", {"a": {**cascade, "table": "A"}}),
    ):
        define(app, name, fields)
    redefine(app, "C", {"a": {**cascade, "table": "A"}, "d": {**cascade, "table": "D"}})
    with catalogue.session() as session:
        a = models.A()
        session.add(models.C(a_row=a, d_row=models.D(a_row=a)))
    with catalogue.session() as session:
        session.delete(session.get(models.A, 1))
    assert sorted(reported[-3:]) == [("delete", n, ((1, 1),)) for n in (1, 2, 3)]


def test_cascade_in_a_circle(app, catalogue, models, reported):
    define(app, "A", {"n": "integer"})
    define(app, "B", {"a": {"type": "link", "table": "A", "on_delete": "cascade", "required": True}})
    redefine(app, "A", {"b": {"type": "link", "table": "B", "on_delete": "cascade"}})
    with catalogue.session() as session:
        session.add_all([models.A(), models.A()])
        session.flush()
        session.add_all([models.B(a=1), models.B(a=2)])
        session.flush()
        session.get(models.A, 1).b = 2
        session.get(models.A, 2).b = 1
    reported.clear()
    with catalogue.session() as session:
        session.delete(session.get(models.A, 1))
    assert sorted(reported) == [("delete", 1, ((1, 2),)), ("delete", 1, ((2, 2),)), ("delete", 2, ((1, 1), (2, 1)))]


def test_rows_deleted_together_refer_to_rows_that_go_with_others(app, catalogue, orders):
    reorder(app, on_delete="cascade")
    define(app, "Invoice", {"order": {"type": "link", "table": "Order"}})
    with catalogue.session() as session:
        session.add(orders.Invoice(order=1))
    with catalogue.session() as session:
        ada, invoice = session.get(orders.Customer, 1), session.get(orders.Invoice, 1)
        session.delete(invoice)
        session.delete(ada)
    with catalogue.session() as session:
        assert session.scalars(select(orders.Order.id)).all() == [4]


def test_a_long_chain_goes(app, catalogue, models, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.catalogue.cascades.CHUNK", 100)
    define(app, "Link", {"before": {"type": "link", "table": "Link", "on_delete": "cascade"}})
    with catalogue.session() as session:
        session.add(models.Link())
        session.flush()
        session.add_all(models.Link() for _ in range(1100))
        session.flush()
        for row in session.scalars(select(models.Link).where(models.Link.id > 1)):
            row.before = row.id - 1
    with catalogue.session() as session:
        session.delete(session.get(models.Link, 1))
        session.flush()
        assert session.scalars(select(models.Link.id)).all() == []


def test_remove(app, catalogue, reported):
    Tag, Item = tagged(app, catalogue)
    reported.clear()
    with catalogue.session() as session:
        item = session.get(Item, 1)
        assert list(item.tags) == [3, 1, 2]
        session.delete(session.get(Tag, 1))
        session.flush()
        assert list(item.tags) == [3, 2] and [tag.id for tag in item.tags_rows] == [3, 2]
    assert reported == [("update", 2, ((1, 2),)), ("delete", 1, ((1, 1),))]


def test_lists_can_restrict(app, catalogue):
    Tag, Item = tagged(app, catalogue, on_delete="restrict")
    with pytest.raises(Conflict), catalogue.session() as session:
        session.delete(session.get(Tag, 1))
    with catalogue.session() as session:
        tag, tags = session.get(Tag, 1), session.get(Item, 1).tags
        assert 1 in tags
        session.delete(tag)
        tags.remove(1)
    assert lines(catalogue, Item) == [(0, 3), (1, 2)]


def test_deleting_people_with_their_bosses(app, catalogue, models):
    define(app, "Person", {"boss": {"type": "link", "table": "Person", "on_delete": "cascade"}})
    Person = models.Person
    with catalogue.session() as session:
        first = Person()
        session.add_all([first, Person(boss_row=Person(boss_row=first)), Person()])
        session.flush()
        assert [(row.id, row.boss) for row in session.scalars(select(Person).order_by(Person.id))] == [
            (1, None),
            (2, None),
            (3, 1),
            (4, 3),
        ]
    with catalogue.session() as session:
        first, third = session.get(Person, 1), session.get(Person, 3)
        session.delete(first)
        session.delete(third)
    with catalogue.session() as session:
        assert session.scalars(select(Person.id)).all() == [2]


# Values that the system gives


def test_given_values(app, catalogue, models):
    define(app, "Person", {"name": "string"})
    fields = {
        "number": {"type": "autonumber"},
        "made": {"type": "created_by"},
        "changed": {"type": "updated_by"},
        "person": {"type": "link", "table": "Person", "on_delete": "set_null"},
    }
    define(app, "Note", fields)
    Person, Note = models.Person, models.Note
    with catalogue.session(author="ada") as session:
        person = Person(name="x")
        session.add_all([Note(person_row=person), Note()])
    with catalogue.session(author="grace") as session:
        one, two = session.scalars(select(Note).order_by(Note.id))
        assert [(row.number, row.made, row.changed) for row in (one, two)] == [(1, "ada", "ada"), (2, "ada", "ada")]
        two.person_row = one.person_row
        session.flush()
        assert (two.number, two.made, two.changed, two._version) == (2, "ada", "grace", 2)
    with catalogue.session(author="alan") as session:
        session.delete(session.get(Person, 1))
        session.flush()
        assert {row.changed for row in session.scalars(select(Note))} == {"alan"}


# Coherence


def test_versions_are_checked(app, catalogue, orders):
    with pytest.raises(StaleDataError), catalogue.session(writes=False) as session:
        order = session.get(orders.Order, 1)
        app.patch_json("/table/Order/rows/1/", {"text": "meanwhile"})
        order.customer_row = session.get(orders.Customer, 2)
    with pytest.raises(StaleDataError), catalogue.session(writes=False) as session:
        order = session.get(orders.Order, 1)
        app.patch_json("/table/Order/rows/1/", {"text": "meanwhile again"})
        session.delete(order)
    assert app.get("/table/Order/rows/1/").json["customer"] == 1


@pytest.mark.parametrize("reach", ("lazy", "joined", "joins"))
def test_a_linked_table_changes(app, catalogue, orders, reach):
    Order = orders.Order
    redefine(app, "Customer", {"name": "string", "age": "integer"})
    with pytest.raises(DefinitionChanged, match="Customer"), catalogue.session(writes=False) as session:
        if reach == "lazy":
            session.get(Order, 1).customer_row  # noqa: B018
        elif reach == "joined":
            session.scalars(select(Order).options(joinedload(Order.customer_row))).all()
        else:
            session.execute(select(Order.id).join(Order.customer_row)).all()
    # Who reaches for nothing else is not concerned.
    with catalogue.session() as session:
        session.get(Order, 1).text = "of the old group"
    assert orders.Order is not Order and orders.Order.customer_row.property.mapper.class_ is orders.Customer


def test_a_column_that_is_gone_is_explained(app, catalogue, orders):
    Order = orders.Order
    redefine(app, "Customer", {"age": "integer"})
    with pytest.raises(DefinitionChanged, match="Customer"), catalogue.session(writes=False) as session:
        session.scalars(select(Order).options(joinedload(Order.customer_row))).all()


def test_lists_of_an_old_definition(app, catalogue):
    Tag, Item = tagged(app, catalogue)
    redefine(app, "Item", {"name": "string"})
    with pytest.raises(DefinitionChanged, match="Item"), catalogue.session(writes=False) as session:
        session.scalars(select(Item._lines_2.property.mapper.class_)).all()


# Groups


def test_a_group_lasts_while_its_definitions_do(app, catalogue, orders):
    Customer, Order = orders.Customer, orders.Order
    define(app, "Other", {"a": "string"})
    assert orders.Customer is Customer and orders.Order is Order
    define(app, "Invoice", {"order": {"type": "link", "table": "Order"}})
    assert orders.Customer is not Customer
    assert orders.Order.customer_row.property.mapper.class_ is orders.Customer
    assert orders.Invoice.order_row.property.mapper.class_ is orders.Order
    assert orders.Other.metadata is not orders.Order.metadata
    redefine(app, "Invoice", {"text": "string"})
    assert len(orders.Invoice.metadata.tables) == 1
    assert orders.Order.metadata is orders.Customer.metadata is not orders.Invoice.metadata


def test_a_model_that_is_read_anew_joins_its_neighbours(catalogue, orders):
    Customer, Order = orders.Customer, orders.Order
    snapshot = catalogue.snapshot
    with snapshot._lock:
        snapshot._forget(2)
    assert orders.Order is Order and orders.Customer is Customer
    with snapshot._lock:
        snapshot._forget(1)
    assert orders.Order.customer_row.property.mapper.class_ is orders.Customer is Customer


def test_names_that_clash(app, catalogue, models):
    link = {"type": "link", "table": "Far"}
    define(app, "Far", {"a_row": "string"})
    fields = {
        "a": {**link, "reverse": "metadata"},
        "a_row": {**link, "reverse": "registry"},
        "b": {"type": "links", "table": "Far"},
        "b_rows": "string",
        "metadata": {"type": "links", "table": "Far", "reverse": "registry_"},
    }
    define(app, "Near", fields)
    Far, Near = models.Far, models.Near
    with catalogue.session() as session:
        far = Far(a_row="x")
        near = Near(a_row_=far, a_row_row=far, b_rows="text", b_rows_=[far], metadata_rows=[far])
        session.add(near)
        session.flush()
        assert (near.a, near.a_row, list(near.b), list(near.metadata_)) == (1, 1, [1], [1])
        assert far.metadata_ == far.registry_ == far.registry__ == [near]


def test_the_limit(app, catalogue, models, monkeypatch):
    define(app, "Hub", {"a": "string"})
    for number in range(60):
        define(app, f"Spoke{number}", {"hub": {"type": "link", "table": "Hub", "reverse": f"spokes{number}"}})
    Hub = models.Hub
    inside = [number for number in range(60) if hasattr(Hub, f"spokes{number}")]
    assert inside == list(range(class_groups.LIMIT - 1))
    assert models.Spoke0.hub_row.property.mapper.class_ is Hub
    last = models.Spoke59
    assert not hasattr(last, "hub_row") and models.Spoke59 is last and models.Hub is Hub
    with catalogue.session() as session:
        session.add(Hub(a="x"))
        session.flush()
        session.add(last(hub=1))
    with pytest.raises(Conflict, match="Spoke59"), catalogue.session() as session:
        session.delete(session.get(Hub, 1))


def test_a_type_that_is_missing_leaves_the_others_alone(make_app, app, orders):
    define(app, "Extra", {"n": "number", "order": {"type": "link", "table": "Order", "reverse": "extras"}})
    other = make_app().app.registry.dynmodel_catalogue
    other.field_types._types.pop("number")
    assert not hasattr(other.models.Order, "extras") and hasattr(other.models.Order, "customer_row")
    with pytest.raises(PluginMissing):
        other.models.Extra  # noqa: B018


def test_threads_get_one_class(catalogue, orders):
    for model in [Attempt(catalogue).model(number) for number in (1, 2)]:
        model.group = None
    start, found = threading.Barrier(8), []

    def ask(name):
        start.wait()
        found.append(catalogue.models[name])

    threads = [threading.Thread(target=ask, args=(("Order", "Customer")[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {orders.Order, orders.Customer} and len(found) == 8


def test_old_groups_are_collected(app, catalogue, orders):
    classes = []
    for number in range(50):
        redefine(app, "Customer", {"name": {"type": "string", "max_length": number + 10}})
        with catalogue.session() as session:
            Customer, Order = orders.Customer, orders.Order
            query = select(Order).join(Order.customer_row).options(joinedload(Order.customer_row))
            assert session.scalars(query.where(Customer.name == "Ada")).first().customer_row.orders
        classes += [weakref.ref(Customer), weakref.ref(Order)]
    del Customer, Order, query
    gc.collect()
    alive = [number for number, reference in enumerate(classes) if reference() is not None]
    assert set(alive) <= {98, 99}
