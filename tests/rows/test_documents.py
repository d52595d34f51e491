"""Documents that are made of the driver's rows are those that the rows' values make one by one."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.rows.documents import documents
from dynmodel_pyramid.rows.encoding import OPTIONS, json_rows
from dynmodel_pyramid.rows.prepared import Fetched

VALUES = (
    st.none()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.sampled_from([0.0, -0.0, 1e16, 5e-324, 1e-7])
    | st.text()
    | st.sampled_from(["\x00", "\x1f\x7f", '"\\/', "\u2028\u2029", "\ufeff", "\U0010ffff"])
)
#: What makes values of the driver's: Python's own, and JSON texts that are taken over as they are.
PROCESSES = (
    lambda value: None if value is None else bool(value),
    lambda value: None if value is None else orjson.Fragment(orjson.dumps([value])),
    str,
)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 30))
    count = draw(st.integers(1, width))
    names = draw(st.lists(st.text(max_size=3), min_size=count, max_size=count))
    rows = draw(st.lists(st.tuples(*[VALUES] * width), max_size=4))
    places = sorted(draw(st.sets(st.integers(0, width - 1))))
    return names, rows, [(place, draw(st.sampled_from(PROCESSES))) for place in places]


@given(tables())
def test_documents_are_those_of_the_values(table):
    names, rows, processors = table
    values = []
    for row in map(list, rows):
        for place, process in processors:
            row[place] = process(row[place])
        values.append(row[: len(names)])
    # The last one of equal names counts.
    wanted = orjson.dumps([dict(zip(names, row, strict=True)) for row in values], option=OPTIONS)
    assert json_rows(names, Fetched(rows, processors, len(names))) == wanted
    assert json_rows(names, values) == wanted
    few = Fetched(rows, processors, len(names)).page(2, len(names), backwards=True)
    assert json_rows(names, list(few)) == json_rows(names, few) == json_rows(names, values[:2][::-1])


def test_documents_of_many_values_and_names_that_are_no_identifiers():
    names = ["'\n", "rows", "n0", "document", *map(str, range(2000))]
    row = tuple(range(len(names)))
    assert documents(names, [row, row], [(1, str)]) == [dict(zip(names, row, strict=True)) | {"rows": "1"}] * 2
