"""The grammar of limit, offset and order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.rows.page import LARGEST, OrderTerm, Page, read_page


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, Page()),
        ({"limit": "0"}, Page(limit=0)),
        ({"limit": str(LARGEST), "offset": "7"}, Page(limit=LARGEST, offset=7)),
        ({"order": "a"}, Page(order=(OrderTerm("a"),))),
        ({"order": "a.asc"}, Page(order=(OrderTerm("a"),))),
        ({"order": "a.desc , b"}, Page(order=(OrderTerm("a", True), OrderTerm("b")))),
        ({"order": "a.nullsfirst"}, Page(order=(OrderTerm("a", False, True),))),
        ({"order": "a.desc.nullslast"}, Page(order=(OrderTerm("a", True, False),))),
        ({"order": "asc.desc"}, Page(order=(OrderTerm("asc", True),))),
        ({"order": "desc"}, Page(order=(OrderTerm("desc"),))),
    ],
)
def test_good(query, page):
    assert read_page(query.items()) == page


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["limit", "offset", "order", "x"]),
            st.one_of(st.text(max_size=6), st.text("ab.,descnullsfirtasc", max_size=12), st.integers().map(str)),
        ),
        max_size=3,
    )
)
def test_anything_is_understood_or_refused(parameters):
    """And what is understood says what was written."""
    try:
        page = read_page(parameters)
    except Malformed as error:
        assert error.code in ("unknown_parameter", "invalid_parameter")
        return
    given = dict(parameters)
    assert len(given) == len(parameters)
    assert set(given) <= {"limit", "offset", "order"}
    assert page.limit == (int(given["limit"]) if "limit" in given else None)
    assert page.offset == int(given.get("offset", 0))
    assert [term.name for term in page.order] == [
        part.strip().split(".")[0] for part in given.get("order", "").split(",") if part
    ]
