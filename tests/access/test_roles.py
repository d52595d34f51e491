"""Roles: stored, kept by their stamp, and changed under locks that other changes and writes of rows respect."""

import threading
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.current import CurrentAccess
from dynmodel_pyramid.access.document_reading import read_roles
from dynmodel_pyramid.access.document_writing import roles_document
from dynmodel_pyramid.access.grants import Access, Role
from dynmodel_pyramid.access.store import load, role_from_stored, role_to_stored, save
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.changes.access_service import AccessService
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.changes.whole_schema import WholeSchema
from dynmodel_pyramid.errors import Busy, Conflict, Forbidden, Invalid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

ORDER = {"model_name": "Order", "fields": {"text": "string", "size": "integer", "made": "datetime"}}


@pytest.fixture(scope="module", params=DATABASES)
def catalogue(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("roles")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        catalogue = wsgi.registry.dynmodel_catalogue
        DefinitionService(catalogue).create(ORDER)
        yield catalogue
        catalogue.database.close()


@pytest.fixture
def service(catalogue):
    service = AccessService(catalogue)
    service.change(lambda access, tables: {})
    return service


def put(service, document, **keywords):
    return service.change(lambda access, tables: read_roles(document, access.roles, tables), **keywords)


def role(grants, table="Order"):
    return {"roles": {"clerk": {"tables": {table: grants}}}}


# Documents

CONDITIONS = st.sampled_from(
    ["text=eq.a", "size=gt.3&text=neq.{user.name}", "or=(text.is.null,made.lt.{now})", "size=in.{user.claims.sizes}"]
)
FIELDS = st.sampled_from([["*"], ["text"], ["text", "size"], [], ["*", "id"], ["*", "-text", "-size"], ["*", "text"]])
PRESETS = st.fixed_dictionaries(
    {}, optional={"text": st.sampled_from(["{user.id}", "x", None]), "size": st.integers(-5, 5)}
)
CHECKS = st.one_of(CONDITIONS, st.just(True))
KINDS = {"rows": CHECKS, "fields": FIELDS, "check": CHECKS, "preset": PRESETS}
MEMBERS = {
    "read": ("rows", "fields"),
    "create": ("fields", "check", "preset"),
    "update": ("rows", "fields", "check", "preset"),
    "delete": ("rows",),
}


def grants(members):
    one = st.fixed_dictionaries({}, optional={name: KINDS[name] for name in members})
    return st.one_of(st.booleans(), one, st.lists(one, max_size=3))


TABLE = st.fixed_dictionaries({}, optional={action: grants(members) for action, members in MEMBERS.items()})
ROLE = st.fixed_dictionaries(
    {},
    optional={
        "label": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
        "tables": st.fixed_dictionaries(
            {}, optional={"Order": TABLE, "*": st.just({"read": True, "create": {"fields": ["*"]}})}
        ),
        "definitions": st.sampled_from(["none", "read", "write"]),
    },
)


@settings(max_examples=60)
@given(roles=st.dictionaries(st.sampled_from(["a", "b-c", "everyone"]), ROLE, max_size=3))
def test_a_document_and_its_roles_round_trip(catalogue, roles):
    with catalogue.database.reading() as connection:
        tables = Tables(catalogue, connection)
        read = read_roles({"roles": roles}, {}, tables)
        printed = roles_document(read, tables)
        assert read_roles(printed, {}, tables) == read
        assert roles_document(read_roles(printed, {}, tables), tables) == printed
    for name, value in read.items():
        assert role_from_stored(name, role_to_stored(value)) == value
        for grants in value.tables.values():
            assert isinstance(hash(grants), int)


# Stored, and in force


def test_current_access_follows_the_stamp(catalogue, service):
    database = catalogue.database
    current = CurrentAccess(database)
    put(service, role({"read": True}))
    with database.reading() as connection:
        state = database.state(connection)
        first = current.of(state, connection)
        assert first.stamp == state.access_stamp and first.revision == state.access
        assert current.of(state.access_stamp, connection) is first
    assert list(first.roles) == ["clerk"]
    put(service, {"roles": {}})
    with database.reading() as connection:
        assert current.of(state, connection) is first  # the attempt is proven later
        later = current.of(database.state(connection), connection)
        assert later.roles == {} and later.revision == first.revision + 1
        # Of an unknown stamp, the roles are those that the transaction sees.
        assert current.of("unknown", connection).stamp == later.stamp


def test_record_renews_the_access_stamp_only(catalogue):
    database = catalogue.database
    with database.writer.begin() as connection:
        before = database.state(connection)
        after = changes.record(connection, database, "user:7", "user:1")
        assert database.state(connection) == after
        line = connection.execute(
            sa.select(database.system.access.change).where(database.system.access.change.c.revision == after.access)
        ).one()
    assert (after.definitions, after.stamp, after.access) == (before.definitions, before.stamp, before.access + 1)
    assert (line.subject, line.changed_by, line.stamp) == ("user:7", "user:1", after.access_stamp)


def test_equal_roles_are_not_stored_again(catalogue):
    with catalogue.database.writer.begin() as connection:
        before = Access({"a": Role("a", "x")})
        assert not save(connection, catalogue.database, before, {"a": Role("a", "x")})
        assert save(connection, catalogue.database, Access(), {"a": Role("a", "x"), "b": Role("b")})
        _, stored = load(connection, catalogue.database)
        assert {"a": Role("a", "x"), "b": Role("b")}.items() <= stored.roles.items()
        assert save(connection, catalogue.database, stored, {})
        assert load(connection, catalogue.database)[1].roles == {}


# Locks and races


@contextmanager
def holding(database):
    """A connection in a transaction that writes, and a function that ends it."""
    with database.writer.connect() as writer:
        transaction = writer.begin()

        def release():
            transaction.commit()
            writer.close()  # then SQLite lets others write

        yield writer, release


def waits(run, release, *, seconds=0.3):
    """Whether ``run``, in a thread, waits until ``release`` was called; -> what it returned or raised."""
    result = []

    def target():
        try:
            result.append(run())
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    time.sleep(seconds)
    assert not result, "it did not wait"
    release()
    thread.join(20)
    assert result, "it still waits"
    return result[0]


def test_a_change_waits_for_writes_that_share_access(catalogue, service):
    database = catalogue.database
    with holding(database) as (writer, release):
        changes.share(writer, database)
        outcome = waits(lambda: put(service, role({"read": True})), release)
    assert outcome.changed
    with database.reading() as one, database.reading() as two:
        changes.share(one, database)
        changes.share(two, database)  # writers do not wait for one another


@pytest.mark.parametrize("catalogue", ["postgresql"], indirect=True)
def test_the_wait_is_bounded(catalogue, service, monkeypatch):
    database = catalogue.database
    monkeypatch.setattr(database.settings, "lock_timeout", 0.4)
    with database.reading() as writer:
        changes.share(writer, database)
        with pytest.raises(Busy):
            put(service, role({"read": True}))


def in_use(catalogue, service):
    """Drops a field in a thread while a change of roles that names it is about to be committed."""
    database = catalogue.database
    definitions = DefinitionService(catalogue)
    name = f"T{time.monotonic_ns()}"
    table = definitions.create({"model_name": name, "fields": {"x": "string", "y": "string"}}).definition
    return database, definitions, name, table


def test_a_field_that_a_role_names_meanwhile_is_not_dropped(catalogue, service):
    database, definitions, name, table = in_use(catalogue, service)
    with holding(database) as (writer, release):
        changes.hold(writer, database)
        catalogue.store.lock_state(writer)
        _, before = load(writer, database)
        roles = read_roles(role({"read": {"rows": "x=eq.a"}}, name), before.roles, Tables(catalogue, writer))
        save(writer, database, before, roles)
        changes.record(writer, database, changes.GRANTS, None)

        def drop():
            return definitions.change(table.id, lambda now: {"model_name": name, "fields": {"y": "string"}})

        outcome = waits(drop, release)
    assert isinstance(outcome, Conflict) and outcome.code == "in_use_by_access"
    assert outcome.members["grants"] == [f"clerk: {name}.read"]


def test_a_role_cannot_name_a_field_that_is_dropped_meanwhile(catalogue, service):
    database, definitions, name, table = in_use(catalogue, service)
    with holding(database) as (writer, release):
        catalogue.store.lock_state(writer)
        without = definitions.read({"model_name": name, "fields": {"y": "string"}}, table, lambda key: None)
        catalogue.store.update(writer, without)
        outcome = waits(lambda: put(service, role({"read": {"rows": "x=eq.a"}}, name)), release)
    assert isinstance(outcome, Invalid)
    assert outcome.problems[0].code == "unknown_field"


# Who may change roles in a document of the schema


def test_a_schema_document_whose_roles_differ_needs_permission(catalogue, service):
    schema = WholeSchema(catalogue)

    def refuse():
        raise Forbidden("no")

    put(service, role({"read": True}))
    _, definitions, access = schema.current()
    document = schema.document(definitions, access=access)
    assert document["access"] == role({"read": True})
    for call in (schema.plan, schema.apply):
        call(document, allow_access=refuse)
        call({"tables": document["tables"]}, allow_access=refuse)
        with pytest.raises(Forbidden):
            call({**document, "access": role({"read": False})}, allow_access=refuse)
    assert schema.canonical(document) == document
    loose = {**document, "access": role({"read": [{"fields": ["*"]}]})}
    assert schema.canonical(loose) == document
