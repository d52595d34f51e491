"""One change said by PUT, by PATCH, and by documents of the whole schema: one definition, one plan, the same rows."""

import copy

import pytest

MERGE_PATCH = "application/merge-patch+json"
FIELDS = {
    "a": {"type": "string", "max_length": 9, "label": "A"},
    "b": {"type": "integer", "default": 3},
    "c": {"type": "string", "index": True},
}
ROWS = [{"a": "1", "b": 10, "c": "x"}, {"a": None, "b": 20, "c": "22"}]

#: What a PUT has for fields, what a PATCH has; then the names and what the first row has, or the code of the refusal.
A, B, C = FIELDS.values()
CASES = {
    "rename": ({"b": B, "c": C, "n": {**A, "renamed_from": "a"}}, {"n": {"renamed_from": "a"}}, {"n": "1"}),
    "rename and drop": (
        {"c": C, "n": {**A, "renamed_from": "a"}},
        {"b": None, "n": {"renamed_from": "a"}},
        {"n": "1", "b": ...},
    ),
    "rename to the name of another one": (
        {"b": B, "c": {**A, "renamed_from": "a"}},
        {"a": None, "c": {"renamed_from": "a"}},
        {"c": "1", "a": ...},
    ),
    "rename and retype": (
        {"b": B, "c": C, "n": {"type": "text", "label": "A", "renamed_from": "a"}},
        {"n": {"type": "text", "renamed_from": "a"}},
        {"n": "1"},
    ),
    "an alias": (
        {"b": B, "c": C, "n": {**A, "aliases": ["a"]}},
        {"n": {"aliases": ["a"]}},
        {"n": "1"},
    ),
    "swap by renamed_from": (
        {"a": {**C, "renamed_from": "c"}, "b": B, "c": {**A, "renamed_from": "a"}},
        {"a": {"renamed_from": "c"}, "c": {"renamed_from": "a"}},
        "conflicting_name",
    ),
    "renamed and still there": (
        {**FIELDS, "n": {**A, "renamed_from": "a"}},
        {"a": {"label": "A"}, "n": {"renamed_from": "a"}},
        "conflicting_name",
    ),
    "two of one": (
        {"b": B, "n": {**A, "renamed_from": "a"}, "c": {**A, "renamed_from": "a"}},
        {"a": None, "n": {"renamed_from": "a"}, "c": {"renamed_from": "a"}},
        "duplicate_id",
    ),
    "done already": ({**FIELDS, "b": {**B, "renamed_from": "earlier"}}, {"b": {"renamed_from": "earlier"}}, {}),
    "retype": ({**FIELDS, "a": {"type": "integer", "label": "A"}}, {"a": "integer"}, {"a": 1}),
    "lossy": ({**FIELDS, "c": {"type": "integer", "index": True}}, {"c": "integer"}, "lossy_change"),
    "required": ({**FIELDS, "a": {**A, "required": True}}, {"a": {"required": True}}, "lossy_change"),
    "options": ({**FIELDS, "b": {**B, "max": 15}}, {"b": {"max": 15}}, "lossy_change"),
    "add": ({**FIELDS, "n": {"type": "string", "default": "x"}}, {"n": {"type": "string", "default": "x"}}, {"n": "x"}),
    "a type that isn't": ({**FIELDS, "n": "nothing"}, {"n": "nothing"}, "unknown_type"),
}
#: Those that need the ids of fields, which documents of the whole schema don't have.
BY_ID = {
    "swap": (
        {"a": {**C, "id": 3}, "b": B, "c": {**A, "id": 1}},
        {"a": {"id": 3}, "c": {"id": 1}},
        {"a": "x", "c": "1"},
    ),
    "rename to the name of another one": (
        {"a": {**C, "id": 3}, "b": B},
        {"a": {"id": 3}, "c": None},
        {"a": "x", "c": ...},
    ),
    "an id beside another field's name": (
        {"b": B, "c": {**C, "id": 3, "renamed_from": "a"}},
        {"a": None, "c": {"id": 3, "renamed_from": "a"}},
        "conflicting_name",
    ),
    "no such id": ({**FIELDS, "n": {"type": "string", "id": 7}}, {"n": {"type": "string", "id": 7}}, "unknown_id"),
}


def table(client) -> str:
    path = client.table(copy.deepcopy(FIELDS), "T")
    client.send("POST", f"{path}rows/", ROWS, status=201)
    return path


def outcome(client, method: str, path: str, document: dict, plan: str, content_type: str, query: str) -> dict:
    """What a face tells of a change before it is made, and what there is afterwards."""
    planned = client.send("POST", f"{plan}{query}", document, content_type=content_type)
    changed = client.send(method, f"{path}{query}", document, content_type=content_type)
    tables = planned.json.get("tables")
    made = planned.json if tables is None else next(iter(tables.values()), {"action": "none", "steps": []})
    steps = made.get("steps")
    pointers = [each["pointer"].removeprefix("/tables/T") for each in planned.json.get("errors", [])]
    found = {
        "plan": planned.json.get("code") or (made["action"], steps),
        "pointers": sorted(pointers),
        "code": changed.json.get("code"),
        "status": changed.status_int,
        "rows": client.get("/table/T/rows/"),
    }
    definition = client.get("/table/T/")
    for field in definition["fields"].values():
        for alias in field["aliases"]:
            del alias["deprecated_at"]
    return {**found, "definition": definition}


def without_order(found: dict) -> dict:
    """Fields of a patch that are new names stand in their old places: PUT says where its own stand. The first text
    field stands for a row, so that depends on the order, too.
    """
    fields = {name: {**field, "position": 0} for name, field in found["definition"]["fields"].items()}
    rows = [dict(sorted(row.items())) for row in found["rows"]]
    steps = found["plan"]
    if isinstance(steps, tuple):
        kept = [_told(step) for step in steps[1] if step["kind"] != "reorder"]
        steps = steps[0], sorted(map(repr, kept))
    definition = {**found["definition"], "fields": fields, "display_field": None}
    return {**found, "definition": definition, "rows": rows, "plan": steps}


def _told(step: dict) -> dict:
    """A step without its statements, which serve a new order too, and without hints: some name the table."""
    for refusal in step["refused"]:
        del refusal["hint"]
    return {name: step[name] for name in step if name not in ("statements", "cost", "rows_written", "lock")}


def faces(put: dict, patch: dict, *, by_schema: bool) -> list[tuple]:
    whole, part = {"model_name": "T", "fields": put}, {"fields": patch}
    found = [
        ("PUT", "/table/T/", whole, "/table/T/plan/", "application/json"),
        ("PATCH", "/table/T/", part, "/table/T/plan/", MERGE_PATCH),
    ]
    if by_schema:
        found += [
            ("PUT", "/schema/", {"tables": {"T": {"fields": put}}}, "/schema/plan/", "application/json"),
            ("PATCH", "/schema/", {"tables": {"T": part}}, "/schema/plan/", MERGE_PATCH),
        ]
    return found


@pytest.mark.parametrize("case", [*CASES, *(f"{name}, by id" for name in BY_ID)])
def test_all_faces_do_the_same(fresh, case):
    by_id = case.endswith(", by id")
    put, patch, wanted = BY_ID[case.removesuffix(", by id")] if by_id else CASES[case]
    found = []
    for face in faces(put, patch, by_schema=not by_id):
        path = table(fresh)
        found.append(without_order(outcome(fresh, *face, "")))
        found[-1]["definition"].pop("id")
        for step in ("DELETE", path), ("DELETE", f"/trash/{path.split('/')[2]}/"):
            fresh.send(*step, status=204)
    for each in found[1:]:
        assert each == found[0]
    first = found[0]
    if isinstance(wanted, str):
        assert wanted in (first["code"], *_codes(fresh, put, patch))
        assert [row["a"] for row in first["rows"]] == ["1", None]
        return
    assert first["status"] == 200
    for name, value in wanted.items():
        assert first["rows"][0].get(name, ...) == value


def _codes(client, put: dict, patch: dict) -> list[str]:
    """The codes of all faults."""
    table(client)
    errors = client.send("PUT", "/table/T/", {"model_name": "T", "fields": put}).json.get("errors", [])
    return [each["code"] for each in errors]
