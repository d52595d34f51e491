"""The types and names that a table made of a file gets."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.definitions.names import field_name_fault, name_key
from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.contents import Broken, ColumnType, DocumentContents, RecordContents
from dynmodel_pyramid.exchange.inference import ids
from dynmodel_pyramid.exchange.inference.columns import Column
from dynmodel_pyramid.exchange.inference.names import field_name, model_name
from dynmodel_pyramid.exchange.inference.tables import Corrections, arranged, guessing, propose
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options

TYPES = FieldTypes()
TYPES.load_entry_points()
HOW = guessing(TYPES)
BERLIN = guessing(TYPES, "Europe/Berlin")
UTC = datetime.UTC


def texts(*cells, how=HOW):
    column = Column("a", how, is_text=True)
    for cell in cells:  # each in a part of its own
        column.look([cell])
    return column


def found(*cells, how=HOW):
    return texts(*cells, how=how).found()


def values(*cells, how=HOW, **kind):
    column = Column("a", how, **kind)
    column.look(cells)
    return column.found()


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["true", "FALSE", None], "boolean"),
        (["1", "0"], "integer"),
        (["yes", "no"], "string"),
        (["-9223372036854775808", "9223372036854775807", ""], "integer"),
        (["9223372036854775808"], "string"),
        (["007", "12"], "string"),
        (["+4930123"], "string"),
        (["-0"], "string"),
        (["1,5"], "string"),
        (["1 000"], "string"),
        (["12%"], "string"),
        ([" 5", "6 "], "integer"),
        (["1", "2.5"], "number"),
        ([".5", "-.25"], "number"),
        (["1.0", "2.5"], "number"),
        (["1.", "2"], "string"),
        (["0.1234567890123456789", "1"], "decimal"),
        (["1e-7", "1.5E+300"], "number"),
        (["1e16"], "number"),
        (["1E5", "2e5"], "string"),
        (["1e999"], "string"),
        (["e5"], "string"),
        (["19.90", "5.00", "7"], "decimal"),
        (["1.1", "1.10"], "string"),
        (["32.35100", "32.3513", "32"], "decimal"),
        (["2026-01-31", "2026/2/1"], "date"),
        (["2026-02-30"], "string"),
        (["31/01/2026"], "string"),
        (["20260131"], "integer"),
        (["2026-01-31T12:00:00Z", "2026-01-31 12:00+02:00"], "datetime"),
        (["2026-01-31T12:00:00"], "string"),
        (["2026-01-31", "2026-01-31T12:00:00Z"], "string"),
        (["12:30:00", "23:59:59.5"], "time"),
        (["12:30"], "string"),
        (["6F9619FF-8B86-D011-B42D-00CF4FC964FF"], "uuid"),
        (['["a","b"]', "[]"], "tags"),
        (['["a","a"]', "[1]"], "json"),
        (['{"a": 1}'], "json"),
        (["[citation needed]"], "string"),
        (["x" * 255], "string"),
        (["x" * 256], "text"),
        (["two\nlines"], "text"),
        ([None, ""], "string"),
    ],
)
def test_a_type_is_taken_if_all_texts_are_values_of_it(cells, type_):
    assert found(*cells)["type"] == type_


def test_options_and_notes():
    assert found("19.90", "123.45") == {"type": "decimal", "precision": 18, "scale": 2}
    assert found(f"{10**30}.5") == {"type": "decimal", "precision": 32, "scale": 1}
    assert found("2026-01-31 12:00", how=BERLIN) == {"type": "datetime", "timezone": "Europe/Berlin"}
    assert found("2026-03-29 02:30", how=BERLIN)["type"] == "string"  # there is no such time
    column = texts("2026-01-31 12:00")
    column.found()
    assert "timezone=" in column.note
    column = texts("1.1", "1.10")
    column.found()
    assert "zeros" in column.note


MIDNIGHT, NOON = datetime.datetime(2026, 1, 31), datetime.datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        ([True, None], "boolean"),
        ([1, 2], "integer"),
        ([1, 2.5], "number"),
        ([2**60, 2.5], "string"),
        ([Decimal("1.10"), 5], "decimal"),
        ([True, 1], "string"),
        ([5, "x"], "string"),
        (["5", "6"], "string"),
        (["2026-01-31"], "date"),
        ([datetime.date(2026, 1, 31), MIDNIGHT], "date"),
        ([NOON], "string"),
        ([NOON.replace(tzinfo=UTC)], "datetime"),
        ([datetime.time(12)], "time"),
        ([["a"], []], "tags"),
        ([["a"], {}], "json"),
        ([{"longitude": 13.4, "latitude": 52.5}], "point"),
        ([[1]], "json"),
        ([2**70], "string"),
    ],
)
def test_values_have_the_types_of_their_own(cells, type_):
    assert values(*cells)["type"] == type_


def test_values_of_json_never_become_texts():
    assert values(5, "x", is_json=True)["type"] == "json"
    assert values(NOON, how=BERLIN)["timezone"] == "Europe/Berlin"
    assert values("x" * 300, declared={"type": "string"})["type"] == "text"
    assert values(5, declared={"type": "integer", "min": 1}) == {"type": "integer", "min": 1}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.integers().map(str),
            st.decimals(allow_nan=False, allow_infinity=False).map(str),
            st.floats().map(repr),
            st.from_regex(r"-?\d{0,3}(\.\d{0,3})?(e-?\d)?", fullmatch=True),
            st.dates().map(str),
            st.datetimes(timezones=st.just(UTC)).map(str),
            st.text(max_size=5),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_stored_says_the_same(cells):
    """Of any texts: a value that is read back is the same number, or the same text of its type."""
    column = found(*cells)
    field_type = TYPES[column.pop("type")]
    options = read_options(field_type, column)
    form, node = field_type.text_form(options), field_type.schema_node(options)
    if field_type.other_names[0] in ("str", "longtext"):
        return
    stored = [form.to_text(node.deserialize(form.from_text(cell))) for cell in cells if cell]
    given_ = [cell for cell in cells if cell]
    for one, other in zip(given_, stored, strict=True):
        try:
            assert Decimal(one.strip()) == Decimal(other) or ("." in one and float(one) == float(other))
        except ArithmeticError:
            assert form.to_text(node.deserialize(form.from_text(other))) == other


def test_names_are_made_valid():
    assert field_name("  Total\n(%) ", 1, ()) == "Total (%)"
    assert field_name("_version", 1, ()) == "version"
    assert field_name("", 3, ()) == field_name(None, 3, ()) == "column 3"
    assert field_name("OID", 1, ()) == "OID_2"
    assert field_name("a", 1, {"a", "a_2"}) == "a_3"
    assert field_name("x__[y", 1, ()) == "x[y"
    assert len(field_name("ä" * 100, 1, {"ä" * 31}).encode()) <= 63
    assert model_name("sales/2026 ") == "sales 2026"
    assert model_name("rpc") is None
    assert model_name("…\u200b") == "…"
    assert model_name("__") is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=4))
def test_any_header_makes_valid_names(header):
    taken = set()
    for place, text in enumerate(header, 1):
        name = field_name(text, place, taken)
        assert field_name_fault(name) is None and name_key(name) not in taken
        taken.add(name_key(name))


def records(names, *rows, **kind):
    return RecordContents(names, iter([rows]), **{"is_text": True, **kind})


def test_a_table_of_records():
    made = propose(
        records(["ID", "a", "A", None, ""], ["1", "x", "1", None, "y"], Broken("bad"), ["2", "y", "", "", "z"]), HOW
    )
    assert made.fields == {"a": {"type": "string"}, "A_2": {"type": "integer"}, "column 5": {"type": "string"}}
    assert made.names == ["id", "a", "A_2", None, "column 5"]
    assert (made.rows, made.broken, made.faults) == (3, 1, ["/1: bad"])
    ids_column = {"name": "ID", "field": "id", "type": None, "nulls": 0, "samples": ["1", "2"], "distinct": ["1", "2"]}
    assert made.columns[0] == {**ids_column, "note": "the ids of the rows"}
    assert made.columns[2] == {
        "name": "A",
        "field": "A_2",
        "type": "integer",
        "nulls": 0,
        "samples": ["1"],
        "distinct": ["1"],
    }
    assert made.columns[3]["note"] == "left out: it has neither a name nor values"
    again = arranged(records(["ID", "a", "A", None, ""], ["1", "x", "1", None, "y"]), made)
    assert again.names == ["id", "a", "A_2", "column 5"] and list(again.chunks) == [[["1", "x", "1", "y"]]]


@pytest.mark.parametrize("cells", [["1", None], ["0"], ["x"], ["2", "1", "2"], [str(2**60)]])
def test_a_column_that_has_no_ids_is_renamed(cells):
    made = propose(records(["id"], *([cell] for cell in cells)), HOW)
    assert list(made.fields) == ["id_2"] and made.columns[0]["note"].startswith("no ids of rows: ")


def test_ids_out_of_order(monkeypatch):
    assert propose(records(["id", "a"], ["2", "x"], ["1", "y"]), HOW).names == ["id", "a"]
    monkeypatch.setattr(ids, "MOST", 2)
    assert propose(records(["id", "a"], ["2", "x"], ["1", "y"], ["3", "z"]), HOW).names == ["id_2", "a"]
    assert propose(records(["id", "a"], ["1", "x"], ["2", "y"], ["3", "z"]), HOW).names == ["id", "a"]


def test_a_table_of_documents():
    documents = [{"a": 1}, {"b": "x", "a": 2}, 5, {"a": None, "_c": [1]}]
    made = propose(DocumentContents(documents), HOW)
    assert {name: field["type"] for name, field in made.fields.items()} == {"a": "integer", "b": "string", "c": "json"}
    assert [column["nulls"] for column in made.columns] == [1, 2, 2]
    assert made.broken == 1
    assert list(arranged(DocumentContents(documents), made).documents)[3] == {"a": None, "c": [1]}


def test_bounds():
    wide = {f"k{number}": 1 for number in range(2001)}
    for contents in (DocumentContents([wide]), records([str(number) for number in range(2001)])):
        with pytest.raises(TooLarge):
            propose(contents, HOW)
    parts = []
    propose(DocumentContents([{"a": 1}] * 2500), HOW, check=lambda: parts.append(1))
    assert len(parts) == 3


def test_corrections():
    said = {"a": "text", "b": {"name": "bee", "required": True}, "c": None, "id": {"type": "integer", "name": "number"}}
    corrections = Corrections(said, frozenset({"NA"}))
    contents = [["a", " b", "c", "id"], ["1", "NA", "3", "4"], ["1", "2", "3", "5"]]
    made = propose(records(*contents), HOW, corrections)
    assert made.fields == {
        "a": {"type": "text"},
        "bee": {"type": "integer", "required": True},
        "number": {"type": "integer"},
    }
    assert made.names == ["a", "bee", None, "number"]
    assert list(arranged(records(*contents), made, corrections).chunks)[0][0] == ["1", None, "4"]
    for wrong in ({"x": "text"}, {"a": {"name": "x"}, "c": {"name": "X"}}, {"a": {"name": 5}}):
        with pytest.raises(Malformed):
            propose(records(*contents), HOW, Corrections(wrong))


def test_files_without_columns_give_no_fields():
    for contents in (records([]), records([None]), DocumentContents([]), DocumentContents([{}])):
        assert propose(contents, HOW).fields == {}


def test_declared_types():
    types = [ColumnType("decimal", {"precision": 20, "scale": 4}), None]
    made = propose(records(["a", "b"], [Decimal(1), 1.5], is_text=False, types=types), HOW)
    assert made.fields == {"a": {"type": "decimal", "precision": 20, "scale": 4}, "b": {"type": "number"}}
