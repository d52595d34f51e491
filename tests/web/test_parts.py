"""Lists that come in parts: each part tells where the next one is, and none is cut in silence."""

import pytest

from dynmodel_pyramid.web.definitions import quarantine, tables, trash


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
    monkeypatch.setattr(tables, "MOST", most)
    monkeypatch.setattr(tables, "CHUNK", 2)
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
