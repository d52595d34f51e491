"""A value is read alike whichever way it comes: both faces, every format and method, defaults, options, conversions.

Values are generated for every installed type, and so are values that are nearly right. What the documentation says of
differences between the faces stands in the exceptions below; there are no others.
"""

import functools
import json
from typing import Any

import colander
import pytest
import webtest
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.fields import FieldTypes, TextForm
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.strategies import drawn
from dynmodel_pyramid.testing.values import HOSTILE, same_json
from tests.every_type import written_types
from tests.web.reading import Outcome, Ways, by_javascript

#: Of generated values of each type, and of those that are nearly right.
GOOD, NEAR = 12, 24
TYPES = written_types()
FIELD_TYPES = FieldTypes()
FIELD_TYPES.load_entry_points()

#: JSON texts of numbers at the edges of what types and parsers keep.
NUMBERS = (
    *("1.0", "1e0", "1E+2", "-0", "-0.0", "100e-2", "1.5", "0.5e1", "1.00000000000000000001", "1e-400", "1e400"),
    *("9007199254740992", "9007199254740993", "9007199254740992.0", "9007199254740993.0", "9007199254740992.9"),
    *("4503599627370497.3", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("123456789012345680000", "123456789012345678901", "1e21", "1e22", "100000000000000000000000", "1.5e300"),
    *("0.1234567890123456789012345", "0.1", "0.10000000000000001", "5e-324", "4.9e-324", "1" * 400),
)
#: Texts that are nearly a value of some type.
TEXTS = (
    *("1", "1.0", "+1", "1e2", "1.", ".5", "007", "-0", "1_000", "1,5", "0x10", "١٢", "½", "∞", "nan", "Infinity"),
    *("true", "TRUE", "t", "yes", "null", "none", "{}", "[]", "[1]", '{"a": 1, "a": 2}', '"x"', "1e-400", "1e400"),
    *("9007199254740993.0", "9007199254740993", "123456789012345680000", "0.1234567890123456789012345"),
    *(
        "2026-01-31",
        "2026-01-31T00:00:00Z",
        "2026-01-31 12:00:00+01:00",
        "2026-02-30",
        "12:00",
        "24:00:00",
        "P1D",
        "PT0S",
    ),
    *("[1,5]", "(,)", "empty", "{a,b}", "a b", " x ", "\t1\n", "x" * 300, "ǅ", "e\u0301", "\u200b1", "a@b.example"),
)


def _near(value: Any) -> st.SearchStrategy[Any]:
    """Values that are nearly this one."""
    near: list[Any] = [[value], {"value": value}]
    if type(value) is str:
        digits = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
        near += [f" {value}", f"{value}\n", value.upper(), value.swapcase(), value.translate(digits), value + value]
        near += [value[1:], value[:-1], f"+{value}", value.replace("-", "\u2212"), f'"{value}"']
    if type(value) in (int, float):
        near += [str(value), -value, value + 0.5, f"{value}.0", f" {value} ", f"{value}e0"]
    if type(value) is int and abs(value) < 10**300:
        near += [float(value), value * 10, value + 1, f"{value:,}"]
    if type(value) is list:
        near += [value + value, value[::-1], value[:1], [*value, None], [[item] for item in value], *value]
    if type(value) is bool:
        near += [int(value), str(value), str(value).lower()]
    return st.sampled_from(near)


def as_text(value: str, one: Outcome, text: Outcome) -> bool:
    """What JSON takes, its text gives too, and numbers that it refuses for another reason than their type likewise.

    The pages of the types say what texts may have besides: blanks around, a plus sign, needless zeros.
    """
    if one.is_refused and (value.startswith('"') or "wrong_type" in one.codes):
        return True
    return one.roughly() == text.roughly()


def rules_of(name: str) -> tuple[TextForm, colander.SchemaNode]:
    """The text form and the validator of a type."""
    known = FIELD_TYPES[name]
    options = read_options(known, dict(TYPES[name][0]))
    return known.text_form(options), known.schema_node(options)


@functools.cache
def forms_of(name: str) -> list[str]:
    """The text forms of good values."""
    (form, node), (_, strategy) = rules_of(name), TYPES[name]
    return [form.to_text(node.deserialize(value)) for value, _ in drawn(strategy, GOOD)]


@functools.cache
def values_of(name: str) -> list[str]:
    """JSON texts of good values of a type, of near ones, and of those that all types get; each once."""
    _, strategy = TYPES[name]
    plain = strategy.map(lambda value: value[0] if type(value) is tuple else value)
    good = [value for value, _ in drawn(plain, GOOD)]
    near = [value for value, _ in drawn(plain.flatmap(_near), NEAR)]
    every = [json.dumps(value) for value in [*good, *near, *HOSTILE]]
    return list(dict.fromkeys([*every, *NUMBERS]))


def texts_of(values: list[str], forms: list[str]) -> list[str]:
    """Texts that stand for values, or nearly. Nothing is no text in CSV, and ``NULL`` is null at /rest/."""
    found = [*forms, *map(text_of, values), *TEXTS]
    return [text for text in dict.fromkeys(found) if text not in ("", "NULL") and not UNSTORABLE.search(text)]


def text_of(value: str) -> str:
    """The text that a JSON value is read by where the field wants one: of a string the string itself."""
    if value[0] == '"':
        return json.loads(value)
    if value[0] in "-0123456789" and not value.lstrip("-").isdigit():
        return value
    return json.dumps(json.loads(value), ensure_ascii=False, separators=(",", ":"))


def has_bounds(name: str) -> bool:
    return {"min", "max"} <= {child.name for child in FIELD_TYPES[name].options_schema().children}


@pytest.fixture(scope="module", params=DATABASES)
def app(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("reading")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        yield webtest.TestApp(wsgi)
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture(scope="module")
def ways(app):
    made: dict[str, Ways] = {}

    def of(name: str) -> Ways:
        if name not in made:
            made[name] = Ways(app, "Of" + name.title().replace("_", ""), {"type": name, **TYPES[name][0]})
        return made[name]

    return of


def agree(values: list[str], one, other, names: str, rule=lambda value, one, other: one == other) -> None:
    bad = [(v[:80], a, b) for v, a, b in zip(values, one, other, strict=True) if not rule(v, a, b)]
    assert not bad, f"{names} differ in {len(bad)} of {len(values)}: {bad[:5]}"


@pytest.mark.parametrize("name", TYPES)
def test_json(ways, name):
    """Every way for JSON of the one face gives one outcome, also with the same codes; null is another matter."""
    way, values = ways(name), [value for value in values_of(name) if value != "null"]
    posted = way.post(values)
    assert any(not outcome.is_refused for outcome in posted)
    for other in (way.ndjson, way.upsert, way.merge, way.default):
        agree(values, posted, other(values), f"POST and {other.__name__}")
    # These read one document by the same functions.
    some = values[:GOOD:3] + values[GOOD::9]
    posted = [posted[values.index(value)] for value in some]
    for other in (way.put, way.patch, way.patch_by_filter):
        agree(some, posted, other(some), f"POST and {other.__name__}")


@pytest.mark.parametrize("name", [name for name in TYPES if has_bounds(name)])
def test_bounds(ways, name):
    """What is read as a value is read alike as a bound; codes may be those of the bound."""
    way, values = ways(name), [value for value in values_of(name) if value != "null"]

    def rule(value, one, other):
        # A bound of an exact decimal may have more digits than the values: then nothing is equal to it.
        return one == other or (one.is_refused and other.is_refused)

    agree(values, way.post(values), way.bounds(values), "values and bounds", rule)


@pytest.mark.parametrize("name", TYPES)
def test_the_other_face(ways, name):
    """What the one face takes, the other takes alike.

    docs/rest.md: values are leniently typed. What is no value of the field by itself is read by its text there.
    """
    way, values = ways(name), [value for value in values_of(name) if value != "null"]
    strict, lenient = way.post(values), way.rest(values)

    def rule(value, one, other):
        if one.is_refused and not other.is_refused:
            return True  # asked below
        return one == other or "wrong_type" in one.codes and other.is_refused

    agree(values, strict, lenient, "/table/ and /rest/", rule)
    by_text = {
        text_of(value): made
        for value, one, made in zip(values, strict, lenient, strict=True)
        if one.is_refused and not made.is_refused
    }
    agree(list(by_text), list(by_text.values()), way.csv(list(by_text)), "/rest/ and CSV")


@pytest.mark.parametrize("name", [name for name in TYPES if name not in ("json", "point")])
def test_json_and_its_text(ways, name):
    """A value and its text are read alike. The text of a place is no JSON; of a json field every text is a value."""
    way, values = ways(name), [value for value in values_of(name) if value != "null"]
    texts = {value: text_of(value) for value in values}
    values = [value for value, text in texts.items() if text and not UNSTORABLE.search(text)]
    agree(values, way.post(values), way.csv([texts[value] for value in values]), "JSON and CSV", as_text)


@pytest.mark.parametrize("name", TYPES)
def test_texts(ways, name):
    """A text is read alike in CSV at both faces, as a JSON string at /rest/, and where a text field gets the type."""
    way = ways(name)
    texts = texts_of(values_of(name), forms_of(name))
    read = way.csv(texts)
    assert any(not outcome.is_refused for outcome in read)

    def alike(text, one, other):
        return one.roughly() == other.roughly()

    def either(text, one, other):
        return one == other if not one.is_refused else other.is_refused

    if name == "json":
        # docs/types/json.md: a text that is no JSON stands for itself where a type changes. docs/rest.md: a text is
        # read by the text form where it is no value of the field by itself; of a json field every text is one.
        good = {text: made for text, made in zip(texts, read, strict=True) if made.stored is not None}
        agree(list(good), list(good.values()), way.converted(list(good)), "CSV and conversion")
        return
    agree(texts, read, way.rest_csv(texts), "CSV at the two faces", alike)
    agree(texts, read, way.rest_text(texts), "CSV and texts at /rest/", alike)
    agree(texts, read, way.converted(texts), "CSV and conversion", either)


def test_links(app):
    """Links have no defaults and no strategy: ids are those of rows that are there, and of rows that are not."""
    way = Ways(app, "Linking", {"type": "link", "table": "Linking"})
    app.post_json(f"{way.path}rows/", [{"key": f"far{number}"} for number in range(200)], status=201)
    values = ["1", "2.0", "3e0", "0", "-1", "1.5", "999999", '"1"', "true", "[1]", *NUMBERS]
    posted = way.post(values)
    assert [outcome.stored for outcome in posted[:3]] == [1, 2, 3] and posted[6].codes == {"unknown_row"}
    for other in (way.ndjson, way.upsert, way.merge, way.put, way.patch, way.patch_by_filter):
        agree(values, posted, other(values), f"POST and {other.__name__}")
    texts = [text_of(value) for value in values]
    read = way.csv(texts)
    agree(values, posted, read, "JSON and CSV", as_text)
    agree(texts, read, way.rest_csv(texts), "CSV at the two faces", lambda _, one, two: one.roughly() == two.roughly())


@pytest.mark.parametrize("name", TYPES)
def test_what_is_read_may_be_written_back(ways, name):
    """By PUT and in bulk, whatever client rewrote the numbers, and as CSV; and a filter finds the row by its text."""
    way = ways(name)
    app, path = way.app, way.path
    values = [value for value in values_of(name) if value != "null"]
    good = [value for value, made in zip(values, way.post(values), strict=True) if not made.is_refused]
    keyed = ", ".join(f'{{"key": "back{number}", "value": {value}}}' for number, value in enumerate(good))
    way.request("POST", f"{path}rows/", f"[{keyed}]", Content_Type="application/json")

    def stored():
        return app.get(f"{path}rows/?key=like.back*&order=id&limit=1000").json

    rows = stored()
    assert len(rows) == len(good) > 0
    rewritten = [by_javascript(row) for row in rows]
    merge = {"Prefer": "resolution=merge-duplicates"}
    for address in (f"{path}rows/?on_conflict=key", f"/rest/{way.name}?on_conflict=key"):
        for documents in (rows, rewritten):
            sent = [{"key": row["key"], "value": row["value"]} for row in documents]
            app.post_json(address, sent, headers=merge, status=[200, 201])
            assert same_json(stored(), rows)
    for row, other in list(zip(rows, rewritten, strict=True))[:: max(1, len(rows) // 10)]:
        assert same_json(app.put_json(f"{path}rows/{row['id']}", other, status=200).json, row)
        app.put_json(f"/rest/{way.name}?id=eq.{row['id']}", other, status=[200, 204])
    assert same_json(stored(), rows)
    csv = app.get(f"{path}rows/?key=like.back*&order=id&limit=1000", headers={"Accept": "text/csv"}).body
    app.request(f"{path}rows/?on_conflict=key", method="POST", body=csv, headers={"Content-Type": "text/csv", **merge})
    assert same_json(stored(), rows)
    if any(operator.name == "eq" for operator in FIELD_TYPES[name].operators):
        form, node = rules_of(name)
        for row in rows[:: max(1, len(rows) // 8)]:
            text = form.to_text(node.deserialize(row["value"]))
            for found in way.found_by(text):
                assert row["key"] in found, (row, text)
