"""Tables of PostgREST with keys of their own, as tables that are keyed by ``id``."""

import json

import pytest

from tests.clients.keyed import AsKeyed, by_id
from tests.clients.postgrest_spec.fixtures import Column, Fixtures, Table


def table(name, columns, key, links, rows):
    made = {each: Column(each, "int8" if each == "id" else "text", None, False, None, []) for each in columns}
    constraints = {f"{name}_{column}_fkey": column for column in links}
    return Table("public", name, False, made, [key], [], links, [], constraints, rows)


@pytest.fixture
def fixtures():
    users = table("users", ["name", "status"], "name", {}, [{"name": "ann", "status": "on"}])
    notes = table("notes", ["id", "user"], "id", {"user": ("users", "name", "CASCADE")}, [{"id": 7, "user": "ann"}])
    details = table("details", ["id", "text"], "id", {"id": ("notes", "id", "CASCADE")}, [{"id": 7, "text": "x"}])
    return Fixtures({each.name: each for each in (users, notes, details)}, set(), set())


@pytest.fixture
def shown(fixtures):
    return AsKeyed(None, fixtures, set(fixtures.tables))


def test_tables_are_keyed_by_id(fixtures):
    made = by_id(fixtures).tables
    assert made["users"].rows == [{"id": 1, "name": "ann", "status": "on"}]
    assert made["users"].unique == [["name"]]
    assert made["notes"].links == {"user": ("users", "id", "CASCADE")}
    assert made["notes"].rows == [{"id": 7, "user": 1}]
    assert made["details"].links == {"id_notes": ("notes", "id", "CASCADE")}
    assert made["details"].rows == [{"id": 7, "text": "x", "id_notes": 7}]


@pytest.mark.parametrize(
    ("name", "select", "sent"),
    [
        ("users", "*", "name,status"),
        ("users", "status,name", "status,name"),
        ("users", "*,notes(count)", "name,status,notes(count)"),
        ("notes", "*", "id,...notes_user_fkey(user:name)"),
        ("notes", "by:user", "...notes_user_fkey(by:name)"),
        ("notes", "*,user(*)", "id,user(name,status)"),
        ("notes", "*, by:users!inner(*)", "id,...notes_user_fkey(user:name),by:users!inner(name,status)"),
        ("users", "notes_user_fkey(*, users())", "notes_user_fkey(id,...notes_user_fkey(user:name),users())"),
        ("notes", "id::text,missing", "id::text,missing"),
    ],
)
def test_columns_stand_in_select(shown, name, select, sent):
    assert shown.select(name, select) == sent


def test_keys_of_links_in_bodies(shown):
    body = shown.body("notes", b'[{"id": 8, "user": "ann"}, {"user": null}]')
    assert json.loads(body) == [{"id": 8, "user": {"name": "ann"}}, {"user": None}]


def test_upserts_are_by_the_key(shown):
    environ = {"QUERY_STRING": "columns=name", "HTTP_PREFER": "resolution=merge-duplicates"}
    assert shown.query("users", environ) == "columns=name&select=name%2Cstatus&on_conflict=name"
