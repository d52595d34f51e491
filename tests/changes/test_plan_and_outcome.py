"""A plan and the change never differ: types, values, rules and on_error drawn at random, on both databases at once.

Two fields of a table change at once. The plan says whether it is allowed, with which refusals, and how many values are
kept, lost and filled in; then the change is made. What a plan says must come true, and be the same on both databases.
"""

import os
from contextlib import ExitStack

import pytest
import webtest
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.contract import ANY_DATABASE
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.every_type import written_types

ON_ERROR = ["fail", "null", "default", "quarantine", "round", "truncate"]
#: Texts that spell what other types have, empty things and nothing among them.
SPELLINGS = ["", " ", "null", "NULL", '"null"', "true", "0", "1", "1.0", "-3", "1e400", "[]", "[1]", "[null]", "{}",
             '["a"]', "2026-01-31", "2026-01-31T12:00:00Z", "12:30:00", "x", "X", "a,b", "[1,5)", "é"]  # fmt: skip
TYPES = {
    **written_types(),
    "link": ({"table": "Far"}, st.sampled_from([1, 2, 3])),
    "links": ({"table": "Far"}, st.lists(st.sampled_from([1, 2, 3]), unique=True)),
}
#: Rules of the types that have some which rows may break.
RULES = {
    "string": [{}, {"max_length": 2}, {"pattern": "[a-z0-9]*"}, {"choices": ["x", "1"]}],
    "text": [{}, {"max_length": 2}],
    "integer": [{}, {"max": 1}, {"min": 1}],
    "number": [{}, {"max": 1}],
}
NOT_SORTED = {"json", "tags", "links"}


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    with ExitStack() as stack:
        made = {}
        for name in DATABASES:
            own = stack.enter_context(database_settings(name, tmp_path_factory.mktemp(name)))
            wsgi = dynmodel_pyramid.main({}, **own)
            stack.callback(wsgi.registry.dynmodel_catalogue.database.close)
            made[name] = webtest.TestApp(wsgi)
            made[name].post_json("/table/", {"model_name": "Far", "fields": {}})
            made[name].post_json("/table/1/rows/", [{}, {}, {}])
        yield made


@st.composite
def field(draw, name: str | None = None, *, values: bool) -> dict:
    """A field's document; with ``values`` those of three rows under ``rows``."""
    kind = name or draw(st.sampled_from(["string", "text", "json", *TYPES]))
    options, strategy = TYPES[kind]
    made = {"type": kind, **options, **draw(st.sampled_from(RULES.get(kind, [{}])))}
    alone = strategy.map(lambda value: value[0] if isinstance(value, tuple) else value)
    if values:
        spelt = alone | st.sampled_from(SPELLINGS) if kind in ("string", "text", "json") else alone
        return {**made, "rows": draw(st.lists(spelt, min_size=3, max_size=3))}
    default = draw(st.none() | alone) if kind not in ("link", "links") else None
    return {**made, "default": default}


@st.composite
def changes(draw) -> dict:
    """Two fields before, and what they become."""
    before = {name: draw(field(values=True)) for name in ("one", "two")}
    after = {}
    for name, old in before.items():
        keeps = draw(st.booleans())
        after[name] = draw(field(old["type"] if keeps else None, values=False))
    flags = {
        name: (draw(st.sampled_from([False, False, True])), draw(st.booleans()), draw(st.integers(0, 3)))
        for name in before
    }
    words = draw(
        st.sampled_from(ON_ERROR) | st.fixed_dictionaries({name: st.sampled_from(ON_ERROR) for name in before})
    )
    return {"before": before, "after": after, "flags": flags, "words": words, "null": draw(st.booleans())}


def documents(app: webtest.TestApp, change: dict) -> tuple[dict, dict, list[dict]]:
    types = app.app.registry.dynmodel_catalogue.field_types
    before, after = {}, {}
    for name, old in change["before"].items():
        unique, required, later = change["flags"][name]
        before[name] = {key: value for key, value in old.items() if key != "rows"}
        before[name] |= {"required": required and old["type"] != "links", "unique": unique and _is_sorted(types, old)}
        new = change["after"][name]
        after[name] = {
            **new,
            "required": later & 1 == 1 and new["type"] != "links",
            "unique": bool(later & 2) and _is_sorted(types, new),
        }
    rows = [{name: old["rows"][number] for name, old in change["before"].items()} for number in range(3)]
    if change["null"]:
        rows.append({name: None for name in before if not before[name]["required"]})
    return before, after, rows


def _is_sorted(types, made: dict) -> bool:
    known = types[made["type"]]
    options = {key: value for key, value in made.items() if key not in ("type", "rows", "default", "table")}
    if "table" in made:
        return made["type"] == "link"
    return is_sortable(known) and known.column(read_options(known, options), ANY_DATABASE) is not None


def refusals(planned) -> list[tuple]:
    return [
        (each["code"], each["detail"], each["count"], each["samples"])
        for step in planned.json["steps"]
        for each in step["refused"]
    ]


def outcome(app: webtest.TestApp, change: dict) -> tuple:
    before, after, rows = documents(app, change)
    made = app.post_json("/table/", {"model_name": "T", "fields": before})
    path = made.headers["Location"]
    for number, row in enumerate(rows, start=1):
        app.post_json(f"{path}rows/", {"id": number, **row}, expect_errors=True)
    words = change["words"]
    query = words if isinstance(words, str) else ",".join(f"{name}:{word}" for name, word in words.items())
    wanted = {"model_name": "T", "fields": after}
    planned = app.post_json(f"{path}plan/?on_error={query}", wanted, expect_errors=True)
    changed = app.put_json(f"{path}?on_error={query}", wanted, expect_errors=True)
    told = (before, after, query, rows, planned.text, changed.text)
    there = app.get(f"{path}rows/").json
    kept = app.get(f"{path}quarantine/").json
    app.delete(path)
    app.delete(f"/trash/{path.split('/')[2]}/")
    event(f"plan {planned.status_int}, change {changed.status_int}")
    if planned.status_int != 200:
        assert changed.status_int == planned.status_int, told
        assert (changed.json["code"], changed.json["detail"]) == (planned.json["code"], planned.json["detail"]), told
        return planned.json["code"], planned.json["detail"]
    found = refusals(planned)
    assert planned.json["allowed"] is (not found)
    if found:
        assert changed.status_int == 409, told
        assert tuple(changed.json[name] for name in ("code", "detail", "count", "samples")) in found, told
        return sorted(map(repr, found)), None
    assert changed.status_int == 200, told
    steps = {
        step["field"]: step.get("values") for step in planned.json["steps"] if "field" in step and "values" in step
    }
    lost = 0
    for name, values in steps.items():
        if "lost" not in values:
            continue
        lost += values["lost"] if _word(words, name) == "quarantine" else 0
        if after[name]["type"] == "links":
            continue  # a list that is lost is empty, which is no null
        replaced = values["lost"] if after[name]["default"] is not None and _takes_default(words, name, after) else 0
        left = sum(row[name] is not None for row in there)
        filled = max((step["values"]["filled"] for step in planned.json["steps"]
                      if step.get("field") == name and "values" in step), default=0)  # fmt: skip
        assert left == values["converted"] + replaced + filled, (name, left, told)
    assert len(kept) == lost, told
    return there, [(line["field"], line["row"], line["value"], line["reason"]) for line in kept]


def _word(words, name: str) -> str:
    return words if isinstance(words, str) else words[name]


def _takes_default(words, name: str, after: dict) -> bool:
    word = _word(words, name)
    return word == "default" or (word == "quarantine" and after[name]["required"])


def _of(before: dict, after: dict, words="fail", flags=(False, True, 1)) -> dict:
    plain = {"type": "integer", "rows": [1, 2, 3]}
    return {
        "before": {"one": before, "two": plain},
        "after": {"one": {"default": None, **after}, "two": {"type": "integer", "default": None}},
        "flags": {"one": flags, "two": (False, False, 0)},
        "words": words,
        "null": False,
    }


@settings(
    deadline=None,
    max_examples=int(os.environ.get("DYNMODEL_PLANS", "40")),
    derandomize="DYNMODEL_PLANS" not in os.environ,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(change=_of({"type": "string", "rows": ["null", "x", "1"]}, {"type": "json"}))
@example(change=_of({"type": "string", "rows": ["null", "x", "1"]}, {"type": "json"}, "null"))
@example(change=_of({"type": "text", "rows": ["null", "[1]", "1"]}, {"type": "tags"}, "quarantine"))
@example(change=_of({"type": "text", "rows": ["null", "[1]", "[]"]}, {"type": "links", "table": "Far"}, "quarantine"))
@example(
    change=_of(
        {"type": "string", "rows": ["abc", "abd", "x"]},
        {"type": "string", "max_length": 2, "default": "x"},
        "default",
        (True, True, 3),
    )
)
@given(change=changes())
def test_what_a_plan_says_comes_true_on_both_databases(apps, change):
    found = {name: outcome(app, change) for name, app in apps.items()}
    one, two = found.values()
    assert one == two, change
