"""Fields that ignore accents, and case beyond ASCII, are the same on both databases."""

import pytest

NAMES = ["Muñoz", "MUNOZ", "mun\u0303oz", "Straße", "STRASSE", "Łódź", "lodz", "Ørsted", "Æsop", "Ёлка", None]


@pytest.fixture
def found(app):
    """The names that a condition finds in a table; the field ``exact`` has the same values as ``name``."""
    fields = {"name": {"type": "string", "ignore_accents": True}, "exact": "string"}
    table = app.post_json("/table/", {"model_name": "Person", "fields": fields}).json["id"]
    path = f"/table/{table}/rows/"
    app.post_json(path, [{"name": name, "exact": name} for name in NAMES])

    def find(field, condition):
        rows = app.get(path, {field: condition, "order": "id"}).json
        rows = rows["rows"] if isinstance(rows, dict) else rows
        there = app.get("/rest/Person", {field: condition, "order": "id"}).json
        assert [row["id"] for row in there] == [row["id"] for row in rows]
        return [row["name"] for row in rows]

    find.app, find.path = app, f"/table/{table}/"
    return find


MUNOZ = ["Muñoz", "MUNOZ", "mun\u0303oz"]


def test_ilike_and_search(found):
    for condition in ("ilike.munoz", "ilike.MUÑ*", "ilike.mu_oz", "fts.muñoz", "fts.munoz", "wfts.MUN\u0303OZ"):
        assert found("name", condition) == MUNOZ, condition
    assert found("name", "ilike.strasse") == ["Straße", "STRASSE"]
    assert found("name", "ilike(any).{łódz,orsted,aesop,елка}") == ["Łódź", "lodz", "Ørsted", "Æsop", "Ёлка"]
    assert found("name", "not.ilike.*o*") == ["Straße", "STRASSE", "Ёлка"]
    assert found("name", "plfts.stra\u0308ße") == ["Straße", "STRASSE"]


def test_other_fields_and_operators_regard_accents(found):
    assert found("exact", "ilike.muñoz") == ["Muñoz"]
    assert found("exact", "ilike.ŁÓDŹ") == ["Łódź"]
    assert found("exact", "imatch.^ør") == ["Ørsted"]
    assert found("exact", "fts.straße") == ["Straße"]
    assert found("name", "eq.MUNOZ") == ["MUNOZ"]
    assert found("name", "like.MUN*") == ["MUNOZ"]
    assert found("name", "imatch.^munoz$") == ["MUNOZ"]


def test_the_option_is_set_and_lifted(found):
    fields = {"name": {"ignore_accents": False}, "exact": {"ignore_accents": True}}
    found.app.patch_json(found.path, {"fields": fields})
    assert found("name", "ilike.munoz") == ["MUNOZ"]
    assert found("exact", "ilike.munoz") == MUNOZ
    for value in ("yes", 1, "ignore"):
        fields = {"name": {"ignore_accents": value}}
        answer = found.app.patch_json(found.path, {"fields": fields}, status=422)
        assert "/fields/name/ignore_accents" in answer.text


def test_bounds_of_searches(found):
    for operator, text in (
        ("fts", "&".join("a" * 201)),
        ("plfts", "a " * 201),
        ("wfts", "-" * 26 + "a"),
        ("fts", "a &"),
    ):
        answer = found.app.get(f"{found.path}rows/", {"name": f"{operator}.{text}"}, status=400)
        assert answer.json["code"] == "invalid_operand", answer.json
