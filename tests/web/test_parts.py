"""Lists that come in parts: each part tells where the next one is, and none is cut in silence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.parsing import LARGEST
from dynmodel_pyramid.web.definitions import listing, quarantine, trash
from dynmodel_pyramid.web.http.parts import Page, read_part


def followed(client, path: str) -> list[list]:
    """All parts of a list, by their links."""
    parts = []
    while path:
        answer = client.send("GET", path, status=200)
        parts.append(answer.json)
        link = answer.headers.get("Link")
        path = link.partition(">")[0].lstrip("<") if link else ""
        assert link is None or link.endswith('>; rel="next"')
    return parts


@pytest.mark.parametrize("most", [3, 4, 7, 100])
def test_tables(fresh, monkeypatch, most):
    monkeypatch.setattr(listing, "MOST", most)
    monkeypatch.setattr(listing, "CHUNK", 2)
    for number in range(7):
        fresh.table({"a": "string"}, f"T{number}")
    parts = followed(fresh, "/table/")
    assert [each["id"] for part in parts for each in part] == [1, 2, 3, 4, 5, 6, 7]
    assert {len(part) for part in parts[:-1]} <= {most}
    assert [len(part) for part in followed(fresh, "/table/?limit=3&offset=1")] == [3, 3]
    assert followed(fresh, "/table/?limit=0") == [[]]
    assert followed(fresh, f"/table/?offset={2**63 - 1}") == [[]]
    fresh.refused("GET", "/table/?limit=101", status=400, code="invalid_parameter")


def test_dropped_tables(fresh, monkeypatch):
    monkeypatch.setattr(trash, "USUAL", 2)
    for number in range(5):
        fresh.send("DELETE", fresh.table({"a": "string"}, f"T{number}"), status=204)
    assert [[each["number"] for each in part] for part in followed(fresh, "/trash/")] == [[1, 2], [3, 4], [5]]
    fresh.refused("GET", "/trash/?limit=1001", status=400, code="invalid_parameter")


def test_the_quarantine(fresh, monkeypatch):
    monkeypatch.setattr(quarantine, "MOST", 2)
    path = fresh.table({"a": "string", "b": "string"})
    fresh.send("POST", f"{path}rows/", [{"a": f"x{n}", "b": "y"} for n in range(5)], status=201)
    fresh.send("PATCH", f"{path}?on_error=quarantine", {"fields": {"a": {"type": "integer"}}}, status=200)
    assert [len(part) for part in followed(fresh, f"{path}quarantine/")] == [2, 2, 1]
    assert [len(part) for part in followed(fresh, f"{path}quarantine/?field=a")] == [2, 2, 1]
    assert followed(fresh, f"{path}quarantine/?field=b") == [[]]
    fresh.refused("GET", f"{path}quarantine/?limit=3", status=400, code="invalid_parameter")


@pytest.mark.parametrize(
    ("parameters", "page"),
    [
        ({}, Page(7)),
        ({"limit": "0"}, Page(0)),
        ({"limit": str(LARGEST), "offset": "7"}, Page(LARGEST, 7)),
        ({"offset": str(LARGEST)}, Page(7, LARGEST)),
    ],
)
def test_limit_and_offset(parameters, page):
    assert read_part(parameters, 7, LARGEST) == page


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["limit", "offset"]),
        st.one_of(st.text(max_size=6), st.text("0123456789 +-", max_size=21), st.integers().map(str)),
    )
)
def test_anything_is_understood_or_refused(parameters):
    """And what is understood says what was written."""
    try:
        page = read_part(parameters, 7, LARGEST)
    except Malformed as error:
        assert error.code == "invalid_parameter"
        assert any(not text.isdigit() or int(text) > LARGEST or len(text) > 19 for text in parameters.values())
        return
    assert page == Page(int(parameters.get("limit", 7)), int(parameters.get("offset", 0)))
