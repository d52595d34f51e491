"""Lists of rows: limit, offset and order."""

import pytest


def test_limit_and_offset(client, things):
    rows = client.get(f"{things}rows/")
    for query, part in {
        "limit=2": rows[:2],
        "limit=0": [],
        "offset=1": rows[1:],
        "limit=1&offset=1": rows[1:2],
        "offset=3": [],
        "limit=9223372036854775807": rows,
        "offset=9223372036854775807": [],
        "limit=9223372036854775807&offset=9223372036854775807": [],
        "limit=0001": rows[:1],
        "": rows,
        "&&": rows,
    }.items():
        assert client.get(f"{things}rows/?{query}") == part, query


@pytest.fixture(scope="module")
def ordered(client) -> str:
    path = client.table({"a": "string", "n": "integer", "u": {"type": "string", "required": True}})
    texts = ["b", None, "B", "a", "é", "z", "\U0001f680", "￿", None, "", "aa", "A", "ab"]
    for number, text in enumerate(texts):
        client.row(path, {"a": text, "n": None if number % 3 == 0 else number % 2, "u": str(number)})
    return path


def ids(client, path, order):
    return [row["id"] for row in client.get(f"{path}rows/?order={order}")]


def test_text_is_ordered_by_its_bytes(client, ordered):
    rows = client.get(f"{ordered}rows/")
    ascending = sorted([row for row in rows if row["a"] is not None], key=lambda row: row["a"].encode())
    nulls = [row["id"] for row in rows if row["a"] is None]
    known = [row["id"] for row in ascending]
    assert ids(client, ordered, "a") == known + nulls
    assert ids(client, ordered, "a.asc") == known + nulls
    assert ids(client, ordered, "a.desc") == nulls + known[::-1]
    assert ids(client, ordered, "a.nullsfirst") == nulls + known
    assert ids(client, ordered, "a.asc.nullslast") == known + nulls
    assert ids(client, ordered, "a.desc.nullslast") == known[::-1] + nulls
    assert ids(client, ordered, "id.desc") == sorted(known + nulls, reverse=True)


def test_the_id_decides_between_equals(client, ordered):
    rows = client.get(f"{ordered}rows/")
    for order, key in {
        "n": lambda row: (row["n"] is None, row["n"] or 0, row["id"]),
        "n.desc.nullslast": lambda row: (row["n"] is None, -(row["n"] or 0), row["id"]),
        "n,id.desc": lambda row: (row["n"] is None, row["n"] or 0, -row["id"]),
        "n.nullsfirst, u.desc": lambda row: (row["n"] is not None, row["n"] or 0, [-ord(c) for c in row["u"]] + [0]),
        "_version,_created.desc": lambda row: -row["id"],
    }.items():
        expected = [row["id"] for row in sorted(rows, key=key)]
        if order.startswith("_"):
            assert sorted(ids(client, ordered, order)) == sorted(expected)
        else:
            assert ids(client, ordered, order) == expected, order


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=-1", "invalid_query"),
        ("limit=", "invalid_query"),
        ("limit=1.0", "invalid_query"),
        ("limit=1e3", "invalid_query"),
        ("limit=0x1", "invalid_query"),
        ("limit=%2B1", "invalid_query"),
        ("limit=+1", "invalid_query"),
        ("limit=%D9%A1", "invalid_query"),
        ("limit=%C2%B2", "invalid_query"),
        ("limit=9223372036854775808", "invalid_query"),
        ("limit=" + "9" * 5000, "invalid_query"),
        ("limit=1&limit=1", "invalid_query"),
        ("limit=all", "invalid_query"),
        ("limit=1%00", "invalid_query"),
        ("limit=1%3BDROP%20TABLE%20x", "invalid_query"),
        ("limit", "invalid_query"),
        ("offset=-1", "invalid_query"),
        ("offset=99999999999999999999", "invalid_query"),
        ("offset=1&offset=2", "invalid_query"),
        ("order=", "invalid_query"),
        ("order=name&order=name", "invalid_query"),
        ("order=name,", "invalid_query"),
        ("order=,", "invalid_query"),
        ("order=.desc", "invalid_query"),
        ("order=name.up", "invalid_query"),
        ("order=name.desc.asc", "invalid_query"),
        ("order=name.desc.desc", "invalid_query"),
        ("order=name.nullsfirst.desc", "invalid_query"),
        ("order=name.nullsfirst.nullslast", "invalid_query"),
        ("order=name.desc.nullslast.asc", "invalid_query"),
        ("order=name.DESC", "invalid_query"),
        ("order=nothing", "unknown_field"),
        ("order=Name", "unknown_field"),
        ("order=name%3Bdrop%20table%20x", "invalid_query"),
        ("order=name;drop%20table%20x", "invalid_query"),
        ("order=(select%201)", "invalid_query"),
        ("order=1", "unknown_field"),
        ("order=name%00", "invalid_query"),
        ("order=_secret", "unknown_field"),
        ("order=ctid", "unknown_field"),
        ("order=rowid", "unknown_field"),
        ("order=extra", "not_sortable"),
        ("order=name,extra.desc", "not_sortable"),
        ("x=1", "unknown_parameter"),
        ("x=eq.1", "unknown_field"),
        ("name=eq", "invalid_query"),
        ("Limit=1", "unknown_parameter"),
        ("%00=1", "invalid_query"),
        ("=1", "invalid_query"),
        ("name", "invalid_query"),
        ("limit=1&%F0%9F%9A%80=2", "invalid_query"),
        ("limit%5B%5D=1", "invalid_query"),
    ],
)
def test_bad_query(client, things, query, code):
    answer = client.refused("GET", f"{things}rows/?{query}", status=400, code=code)
    assert answer.headers["Definition-Version"] == "1"


def test_parameters_where_there_are_none(client, things):
    for method, path in (
        ("GET", things),
        ("PUT", things),
        ("DELETE", things),
        ("GET", f"{things}rows/1"),
        ("PUT", f"{things}rows/1"),
        ("DELETE", f"{things}rows/1"),
        ("POST", "/table/"),
        ("GET", "/field-type/"),
    ):
        answer = client.refused(method, f"{path}?select=name", {}, status=400, code="unknown_parameter")
        assert "select" in answer.json["detail"]
    for query in ("on_error=", "on_error=ignore", "on_error=NULL", "on_error=null&on_error=null"):
        client.refused("PATCH", f"{things}?{query}", {}, status=400, code="invalid_parameter")
