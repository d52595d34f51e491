"""The examples of docs/field-types.md keep the contract, and are as short as the page says."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from dynmodel_pyramid.testing import Case, FieldTypeConformance
from tests.examples.geometry import Geometry
from tests.examples.searched_text import SearchedText
from tests.examples.standard_number import StandardNumber


class TestStandardNumber(FieldTypeConformance):
    type_name = "standard_number"
    field_type = StandardNumber
    cases = [
        Case(
            valid=["9789024538270", ("978-0-471-11709-4", "9780471117094"), ("1-85798-218-5", "1857982185")],
            invalid=[("9789024538271", "invalid_format"), ("9" * 51, "invalid_format"), (9789024538270, "wrong_type")],
            texts={"978-9024538270": "9789024538270"},
        ),
        Case({"kind": "iban"}, ["NL91ABNA0417164300", ("de89 3704 0044 0532 0130 00", "DE89370400440532013000")]),
        Case({"kind": "issn"}, ["03785955", "00249319"], [("0378-5954", "invalid_format")]),
    ]


POSITIONS = st.lists(st.floats(-90, 90) | st.integers(-90, 90), min_size=2, max_size=3)


class TestGeometry(FieldTypeConformance):
    type_name = "geometry"
    field_type = Geometry
    cases = [
        Case(
            valid=[
                {"type": "Point", "coordinates": [13.123456789012345, 52]},
                {"type": "LineString", "coordinates": [[1, 2], [3, 4.5]]},
                {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            ],
            invalid=[
                ({"type": "Point", "coordinates": [1]}, "invalid_format"),
                ({"type": "Point", "coordinates": [True, 1]}, "invalid_format"),
                ({"type": "Point", "coordinates": ["1", 2]}, "invalid_format"),
                ({"type": "Point", "coordinates": {"a": 1}}, "invalid_format"),
                ({"type": "Point", "coordinates": None}, "invalid_format"),
                ({"type": "MultiPoint"}, "invalid_format"),
                ({"type": "Point", "coordinates": [1, 2], "crs": "x"}, "invalid_format"),
                ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, "invalid_format"),
                ({"type": ["Point"], "coordinates": [1, 2]}, "invalid_format"),
                ("POINT(1 2)", "invalid_format"),
            ],
            texts={'{"type": "Point", "coordinates": [1, 2]}': {"type": "Point", "coordinates": [1, 2]}},
            strategy=st.builds(lambda position: {"type": "Point", "coordinates": position}, POSITIONS),
        ),
        Case(
            {"kinds": ["Point"]},
            [{"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": [1, 2, 3]}],
            [({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "invalid_format")],
        ),
    ]


class TestSearchedText(FieldTypeConformance):
    type_name = "searched_text"
    field_type = SearchedText
    cases = [Case(valid=["cat", "cats and dogs", "12", "ä🙂"], invalid=[(1, "wrong_type")], texts={"a": "a"})]


@pytest.mark.parametrize("module", ("standard_number", "geometry"))
def test_a_type_takes_less_than_40_lines(module):
    assert len(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8").splitlines()) < 40
