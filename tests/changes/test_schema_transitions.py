"""From any document to any other, with rows: the plan says what is done, and doing it again does nothing."""

import random

import pytest
import webtest

from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.whole_schema import WholeSchema
from dynmodel_pyramid.errors import DynmodelError

ROUNDS = 25
TYPES = ("string", "integer", "boolean", "date", "json", "link", "link", "links", "autonumber", "decimal")
VALUES = {"string": "1", "integer": 7, "boolean": True, "date": "2026-01-31", "json": {"a": 1}, "decimal": "1.5"}


def field(chance, names):
    kind = chance.choice(TYPES)
    options = {"type": kind}
    if kind in ("link", "links"):
        options["table"] = chance.choice(names)
        if chance.random() < 0.3:
            options["reverse"] = chance.choice(("r", "s", "x"))
    if kind == "link":
        options["on_delete"] = chance.choice(("restrict", "set_null", "cascade"))
    if kind not in ("json", "links") and chance.random() < 0.3:
        options["index"] = True
    if kind == "string" and chance.random() < 0.3:
        options |= {"required": True, "default": "1"}
    return options


def document(chance, current):
    """Some tables; of the fields that are there already some stay, and some tables were called otherwise."""
    names, tables = chance.sample("ABCDE", chance.randint(0, 4)), {}
    for name in names:
        known = current.get(name, {"fields": {}})["fields"]
        fields = {each: field(chance, names) for each in chance.sample("xyz", chance.randint(0, 3))}
        kept = {each: known[each] for each in fields if type(known.get(each)) is str}
        tables[name] = {"fields": fields | kept}
        if current and chance.random() < 0.35:
            tables[name]["renamed_from"] = chance.choice(list(current))
    return {"tables": tables}


@pytest.mark.parametrize("seed", (1, 2))
def test_transitions(app, seed):
    chance, schema, applied = random.Random(seed), WholeSchema(app.app.registry.dynmodel_catalogue), 0
    for _ in range(ROUNDS):
        before = schema.document(schema.current()[1])
        wanted, on_error = document(chance, before["tables"]), chance.choice(("fail", "null", "default"))
        try:
            planned = schema.plan(wanted, on_error=on_error)
            refused = next((violation.code for plan in planned.changes for violation in plan.violations), None)
        except DynmodelError as error:
            refused = error.code
        if refused:
            with pytest.raises(DynmodelError) as told:
                schema.apply(wanted, on_error=on_error)
            assert told.value.code == refused
            assert schema.document(schema.current()[1]) == before
            continue
        done = schema.apply(wanted, on_error=on_error)
        applied += 1
        assert sorted(map(outcome, (each.change for each in planned.changes))) == sorted(map(outcome, done.changes))
        after = schema.document(done.definitions)
        assert after == schema.document(schema.current()[1])
        assert schema.apply(after).state == schema.apply(wanted).state == done.state
        write_rows(app, after["tables"])
    assert applied > ROUNDS / 2


def outcome(change: TableChange) -> tuple:
    """Which table becomes what. Ids of new tables are drawn when they are made, and an undone draw may skip some."""
    return change.model_name, change.before.id if change.before else None, change.after is None


def write_rows(app: webtest.TestApp, tables) -> None:
    for name, table in tables.items():
        kinds = {each: kind if type(kind) is str else kind["type"] for each, kind in table["fields"].items()}
        row = {each: VALUES[kind] for each, kind in kinds.items() if kind in VALUES}
        made = app.post_json(f"/table/{name}/rows/", row, status=201).json
        own = {each: [made["id"]] if kind == "links" else made["id"] for each, kind in kinds.items()
               if kind in ("link", "links") and table["fields"][each]["table"] == name}  # fmt: skip
        app.patch_json(f"/table/{name}/rows/{made['id']}/", own, status=200)
        app.get(f"/table/{name}/rows/", status=200)


def test_a_type_that_is_gone_holds_up_only_its_own_table(app):
    catalogue = app.app.registry.dynmodel_catalogue
    schema = WholeSchema(catalogue)
    tables = {"A": {"fields": {"x": "colour"}}, "B": {"fields": {"a": {"type": "link", "table": "A"}}}}
    schema.apply({"tables": tables})
    del catalogue.field_types._types["colour"]
    exported = schema.document(schema.current()[1])
    assert list(exported["tables"]["A"]["fields"]) == ["x"]
    exported["tables"]["B"]["fields"]["y"] = "integer"
    assert [change.after.model_name for change in schema.apply(exported).changes] == ["B"]
    exported["tables"]["A"]["label"] = "new"
    with pytest.raises(DynmodelError) as told:
        schema.apply(exported)
    assert (told.value.code, told.value.members["pointer"]) == ("field_type_missing", "/tables/A")
