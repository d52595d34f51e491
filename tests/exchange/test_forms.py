"""Forms write rows together, and by columns; what they write is what each value alone would be."""

import datetime
import json
from io import BytesIO

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.exchange.delimited import read_records, write_record
from dynmodel_pyramid.exchange.forms import CsvForm, NdJsonForm
from dynmodel_pyramid.exchange.outgoing import cell
from dynmodel_pyramid.rows.encoding import OPTIONS

TEXTS = st.text(st.sampled_from('aé",;\r\n\\{}[]: \U0001f680'), max_size=6) | st.sampled_from(
    ["null", "", "true", "\n"]
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats() | st.booleans()
UTC = st.just(datetime.UTC)
MOMENTS = st.datetimes(timezones=UTC) | st.datetimes() | st.dates()
DOCUMENTS = st.recursive(
    TEXTS | st.integers(-9, 9),
    lambda deeper: (
        st.lists(deeper, max_size=3) | st.dictionaries(st.sampled_from(["a", "id", 'q"']), deeper, max_size=2)
    ),
    max_leaves=4,
)
VALUES = [TEXTS, NUMBERS, MOMENTS, DOCUMENTS.map(orjson.dumps).map(orjson.Fragment), DOCUMENTS]


@st.composite
def tables(draw) -> tuple[list[str], list[tuple]]:
    """Names and rows; a column has values of one kind, some of them null."""
    columns = draw(st.lists(st.sampled_from([*VALUES, st.one_of(VALUES)]), min_size=1, max_size=4))
    rows = st.tuples(*[st.none() | values if draw(st.booleans()) else values for values in columns])
    names = [f'na"me {number}' for number in range(len(columns))]
    return names, draw(st.lists(rows, min_size=1, max_size=5))


@given(tables())
@settings(max_examples=150)
def test_columns_of_csv_are_as_their_cells(table):
    names, rows = table
    texts = {names[0]: lambda text: f"<{text}>"}
    form = CsvForm(names, texts)
    expected = [write_record(map(cell, row, map(texts.get, names))) for row in rows]
    assert form.whole(rows) == (write_record(names) + "".join(expected)).encode()
    if len(names) > 1:  # else a null is an empty line
        cells = [list(map(cell, row, map(texts.get, names))) for row in rows]
        assert list(read_records(BytesIO(form.whole(rows)))) == [names, *cells]


@given(tables())
@settings(max_examples=100)
def test_lines_of_json_are_as_their_rows(table):
    names, rows = table
    form = NdJsonForm(names)
    lines = [orjson.dumps(dict(zip(names, row, strict=True)), option=OPTIONS) + b"\n" for row in rows]
    assert form.whole(rows) == b"".join(lines)


def test_rows_within_rows_stay_on_their_line():
    rows = [(1, [{"id": 2}, {"id": 3}], '},{"id":'), (4, orjson.Fragment(b'[{"id":5},{"id":6}]'), None)]
    lines = NdJsonForm(["id", "far", "text"]).whole(rows).decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 4]
