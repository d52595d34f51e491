"""What a JSON Schema costs is known before it is used; no schema and no value hold a process."""

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.fields import json_schemas
from dynmodel_pyramid.fields.schema_costs import CHAIN, LARGEST, MOST, Costs
from dynmodel_pyramid.testing.driver import TableDriver

NODE = {"$ref": "#/$defs/node"}
TREE = {
    "$defs": {"node": {"properties": {"left": NODE, "right": NODE, "rest": {"items": NODE}}, "required": ["x"]}},
    **NODE,
}


def costs(schema) -> Costs:
    return Costs(schema, len)


def nested(levels, keyword="allOf", width=2):
    """Each level judges the same value by the one below, ``width`` times."""
    parts = {"s0": {"type": "integer"}}
    parts |= {f"s{n}": {keyword: [{"$ref": f"#/$defs/s{n - 1}"}] * width} for n in range(1, levels + 1)}
    return {"$defs": parts, "$ref": f"#/$defs/s{levels}"}


def unevaluated(levels):
    schema = {"properties": {"a": {}}}
    for _ in range(levels):
        schema = {"allOf": [schema], "unevaluatedProperties": {}}
    return schema


HOSTILE = {
    "allOf doubles": nested(20),
    "anyOf doubles": nested(20, "anyOf"),
    "oneOf doubles": nested(20, "oneOf"),
    "dependentSchemas double": {
        "$defs": {"s0": {}} | {f"s{n}": {"dependentSchemas": {key: {"$ref": f"#/$defs/s{n - 1}"} for key in "ab"}}
                               for n in range(1, 20)},
        "$ref": "#/$defs/s19",
    },
    "if doubles": {
        "$defs": {"s0": {}} | {f"s{n}": {key: {"$ref": f"#/$defs/s{n - 1}"} for key in ("if", "then", "not")}
                               for n in range(1, 20)},
        "$ref": "#/$defs/s19",
    },
    "unevaluatedProperties": unevaluated(20),
    "items double by depth": {"items": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}},
    "members double by depth": {"additionalProperties": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}},
    "contains and items": {"contains": {"$ref": "#"}, "items": {"$ref": "#"}},
    "patterns of members": {"patternProperties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}},
    "by two ways": {"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}}},
    "by anchors": {"$dynamicAnchor": "node", "items": {"anyOf": [{"$dynamicRef": "#node"}, {"$ref": "#node"}]}},
    "a long chain": nested(CHAIN + 1, width=1),
    "a chain of recursions": {
        "$defs": {"s9": {}} | {f"s{n}": {"items": {"allOf": [{"$ref": f"#/$defs/s{n}"}, {"$ref": f"#/$defs/s{n + 1}"}]}}
                               for n in range(9)},
        "$ref": "#/$defs/s0",
    },
    "a large one": {"enum": list(range(LARGEST))},
    "itself": {"$ref": "#"},
    "itself by allOf": {"allOf": [{"$ref": "#"}]},
    "itself by not": {"not": {"$ref": "#"}},
    "itself by an anchor": {"$anchor": "a", "anyOf": [{"$ref": "#a"}]},
    "itself by a dynamic anchor": {"$dynamicAnchor": "a", "if": {"$dynamicRef": "#a"}},
    "an inner $id": {"$defs": {"a": {"$id": "other"}}},
    "the metaschema": {"$ref": "https://json-schema.org/draft/2020-12/schema"},
}  # fmt: skip


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_what_costs_too_much_is_refused_when_it_is_defined(schema):
    with pytest.raises(ValueError, match="."):
        costs(schema)


def test_the_answer_says_why(app):
    fields = {"value": {"type": "json", "schema": HOSTILE["allOf doubles"]}}
    (fault,) = app.post_json("/table/", {"model_name": "Bad", "fields": fields}, status=422).json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/fields/value/schema", "invalid_option")
    assert "more than 5000 paths through $ref" in fault["detail"]


GOOD = {
    "true": True,
    "false": False,
    "nothing": {},
    "a tree": TREE,
    "a list": {"properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}}},
    "nested little": nested(8),
    "many alternatives": {"items": {"oneOf": [{"properties": {"t": {"const": n}}} for n in range(200)]}},
    "a wide one": {"properties": {f"k{n}": {"$ref": "#/$defs/a"} for n in range(900)}, "$defs": {"a": {}}},
    "its own $id": {"$id": "http://x/y", "$defs": {"a/b": {"$anchor": "z"}}, "allOf": [{"$ref": "y#z"}],
                    "not": {"$ref": "http://x/y#/$defs/a~1b"}},
    "dynamic": {"$dynamicAnchor": "node", "properties": {"rest": {"items": {"$dynamicRef": "#node"}}}},
    "a member called $ref": {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}},
    "no lists where lists are": {"properties": [1], "allOf": 5, "items": 7, "prefixItems": {"a": 1}, "$ref": 5},
}  # fmt: skip


@pytest.mark.parametrize("schema", GOOD.values(), ids=GOOD)
def test_usual_schemas_are_taken(schema):
    assert max(cost for cost, _ in costs(schema).by_depth) < MOST


def test_recursion_costs_the_same_at_each_depth():
    at = costs(TREE).by_depth
    assert len(at) == 101 and len(set(at[1:])) <= 2


def test_paths_are_counted():
    """Judged with a custom keyword that counts, a value is judged no more often than was said."""
    for schema in (nested(6), nested(4, "anyOf", 3), TREE, GOOD["a list"], unevaluated(4)):
        counted = _counting(schema)
        value = {"left": {"x": 1, "left": {"x": 1}}, "rest": [{"x": 1}, {"x": 2}], "x": 1, "next": {"value": 1}}
        for judged in (1, "text", value):
            made = jsonschema_rs.Draft202012Validator(counted, keywords={"count": _Count}, offline=True)
            _Count.seen = 0
            made.is_valid(judged)
            assert _Count.seen <= costs(schema).of(judged)[0]


class _Count:
    seen = 0

    def __init__(self, parent_schema, value, schema_path):
        pass

    def validate(self, instance):
        _Count.seen += 1


def _counting(schema):
    """The schema, each of whose parts tells that it is used."""
    if isinstance(schema, list):
        return [_counting(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _counting(item) for key, item in schema.items()}
    is_schema = not schema or not schema.keys().isdisjoint({"$ref", "type", "allOf", "anyOf", "properties", "items"})
    return made | {"count": True} if is_schema else made


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "left", "$ref"]), inner, max_size=3)
    ),
    max_leaves=12,
)
REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#a", "#/properties/a", "#/nowhere"])
SCHEMAS = st.recursive(
    st.booleans() | st.just({}) | st.builds(lambda to: {"$ref": to}, REFERENCES) | st.just({"type": "string"}),
    lambda inner: st.dictionaries(
        st.sampled_from(["allOf", "anyOf", "oneOf", "prefixItems"]), st.lists(inner, min_size=1, max_size=3), max_size=2
    ) | st.dictionaries(
        st.sampled_from(["not", "if", "then", "items", "contains", "additionalProperties", "unevaluatedProperties"]),
        inner, max_size=3,
    ) | st.dictionaries(
        st.sampled_from(["properties", "patternProperties", "$defs", "dependentSchemas"]),
        st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2), max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(SCHEMAS, JSON)
def test_any_document_is_refused_or_judges_within_its_cost(schema, value):
    if json_schemas.unsupported(schema) is not None:
        return
    node = json_schemas.node_for(schema)
    by_library = jsonschema_rs.Draft202012Validator(schema, offline=True).is_valid(value)
    for judge in (node, node.brief):
        try:
            judge.validator(judge, value)
            assert by_library
        except json_schemas.colander.Invalid:
            assert not by_library


def test_a_value_that_is_too_large_for_its_schema_is_refused(app, monkeypatch):
    monkeypatch.setattr(json_schemas, "MOST_KEYWORDS", 1000)
    table = TableDriver(app, {"type": "json", "schema": {"items": {"allOf": [{"type": "integer"}] * 10}}})
    table.add_value([1] * 30)
    (fault,) = table.refuse({"value": [1] * 100})
    assert (fault["pointer"], fault["code"]) == ("/value", "too_complex")


def test_a_long_text_and_a_large_pattern_are_refused_together(app):
    table = TableDriver(app, {"type": "json", "schema": {"pattern": r"^\p{L}{25}-\p{L}{25}$"}})
    table.add_value("é" * 25 + "-" + "é" * 25)
    assert table.refuse({"value": "a" * 100_000})[0]["code"] == "too_complex"


def test_of_large_values_one_fault_is_told(app):
    table = TableDriver(app, {"type": "json", "schema": {"items": {"type": "integer"}}})
    (fault,) = table.refuse({"value": [1, "x"] * 5000})
    assert (fault["pointer"], fault["code"]) == ("/value/1", "schema_mismatch")
    either = [{"items": {"type": "integer"}}, {"items": {"type": "boolean"}}]
    table.define({"value": {"type": "json", "schema": {"anyOf": either}}})
    (fault,) = table.refuse({"value": ["x"] * 5000})
    assert (fault["pointer"], fault["code"]) == ("/value", "schema_mismatch")


def test_many_refused_rows_are_told_briefly(app):
    table = TableDriver(app, {"type": "json", "schema": {"items": {"type": "integer"}}})
    answer = table.app.post_json(f"{table.path}rows/", [{"value": ["x"] * 10}] * 50, status=422).json
    assert len(answer["errors"]) == 100 and answer["error_count"] == 10 * 10 + 40


def test_true_and_false_are_schemas_at_both_faces(app):
    anything = TableDriver(app, {"type": "json", "schema": True})
    anything.add_value({"a": 1})
    nothing = TableDriver(app, {"type": "json", "schema": False})
    assert nothing.refuse({"value": 1})[0]["code"] == "schema_mismatch"
    assert anything.definition["fields"]["value"]["schema"] is True
    definitions = app.get("/rest/").json["definitions"]
    for table in (anything, nothing):
        assert "value" in definitions[table.model_name]["properties"]
    app.get(f"/rest/{anything.model_name}?select=value->a", status=200)


def test_compiled_schemas_are_kept_within_a_bound():
    for number in range(100):
        json_schemas.node_for({"const": number})
    assert json_schemas._compiled.cache_info().currsize <= 64
    assert json_schemas._pattern_size.cache_info().currsize <= 256
