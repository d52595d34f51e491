"""ETag, If-Match, If-None-Match and the version in a body."""

import pytest

GARBAGE = ["1", '"1', "1-1", "W/1", 'w/"1-1"', '"1-1" "2-2"', '*, "1-1"', "**", '"a b"', "", ",", '"\x7f"']


def test_etag_of_a_definition(fresh):
    path = fresh.table({"a": "string"})
    got = fresh.send("GET", path)
    assert got.headers["ETag"] == '"1"'
    for header in ('"1"', 'W/"1"', '"0", "1"', "*", ' "1" ', ',"1",', '"x,y","1"'):
        answer = fresh.send("GET", path, status=304, if_none_match=header)
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["Definition-Version"] == "1"
        fresh.send("HEAD", path, status=304, if_none_match=header)
    for header in ('"2"', '"0"', '""', '"1-1"', '"x,1"'):
        assert fresh.send("GET", path, status=200, if_none_match=header).json == got.json
    changed = fresh.send("PATCH", path, {"label": "x"}, status=200)
    assert changed.headers["ETag"] == '"2"'
    assert fresh.send("GET", path, status=200, if_none_match='"1"').headers["ETag"] == '"2"'


def test_if_match_of_a_definition(fresh):
    path = fresh.table({"a": "string"})
    document = {"fields": {"a": "string", "b": "string"}}
    for header in ('"2"', 'W/"1"', '"0", "2"', '"1-1"', '"²"', '"x,1"'):
        for method, body in (("PUT", document), ("PATCH", {"label": "x"}), ("DELETE", None)):
            answer = fresh.refused(method, path, body, status=412, code="precondition_failed", if_match=header)
            assert answer.headers["Definition-Version"] == "1"
            assert answer.json["hint"]
    assert fresh.send("PUT", path, document, status=200, if_match='"0", "1"').json["version"] == 2
    assert fresh.send("PATCH", path, {"label": "x"}, status=200, if_match="*").json["version"] == 3
    fresh.refused("DELETE", path, status=412, code="precondition_failed", if_match='"1","2"')
    fresh.send("DELETE", path, status=204, if_match='"3"')


@pytest.mark.parametrize("header", GARBAGE)
def test_garbage(client, things, header):
    wanted = {"status": 400, "code": "malformed"}
    for method, path, body in (
        ("PUT", things, {"fields": {}}),
        ("PATCH", things, {}),
        ("DELETE", things, None),
        ("PUT", f"{things}rows/1", {}),
        ("PATCH", f"{things}rows/1", {}),
        ("DELETE", f"{things}rows/1", None),
    ):
        answer = client.refused(method, path, body, if_match=header, **wanted)
        assert "If-Match" in answer.json["detail"]
    for path in (things, f"{things}rows/1"):
        assert "If-None-Match" in client.refused("GET", path, if_none_match=header, **wanted).json["detail"]


def test_version_in_the_body(fresh):
    path = fresh.table({"a": "string"})
    document = fresh.get(path)
    fresh.send("PATCH", path, {"label": "x", "version": 1}, status=200)
    for method, body in (("PUT", document), ("PATCH", {"version": 1}), ("PATCH", {"version": 3, "label": "y"})):
        fresh.refused(method, path, body, status=412, code="precondition_failed")
    assert fresh.send("PUT", path, {**document, "version": 2}, status=200).json["version"] == 3
    for version in ("3", 3.0, True, [3]):
        fresh.refused("PATCH", path, {"version": version}, status=422, code="/version read_only")
    fresh.refused("POST", "/table/", {**document, "model_name": "B"}, status=422, code="/version read_only")


def test_etag_of_a_row(fresh):
    path = fresh.table({"a": "string"})
    made = fresh.send("POST", f"{path}rows/", {"a": "x"}, status=201)
    row = made.headers["Location"]
    assert made.headers["ETag"] == '"1-1"'
    assert fresh.send("GET", row).headers["ETag"] == '"1-1"'
    answer = fresh.send("GET", row, status=304, if_none_match='W/"1-1"')
    assert answer.headers["ETag"] == '"1-1"'
    assert answer.headers["Definition-Version"] == "1"
    for method, body in (("PATCH", {"a": "y"}), ("PUT", {"a": "z"})):
        before = fresh.send("GET", row).headers["ETag"]
        changed = fresh.send(method, row, body, status=200)
        assert changed.headers["ETag"] not in (before, None)
        assert fresh.send("GET", row).headers["ETag"] == changed.headers["ETag"]
        assert fresh.send("GET", row, status=200, if_none_match=before).json == changed.json
    # Another definition is another representation.
    fresh.send("PATCH", path, {"fields": {"b": {"type": "string", "default": "new"}}}, status=200)
    answer = fresh.send("GET", row, status=200, if_none_match=changed.headers["ETag"])
    assert answer.json == {"id": 1, "a": "z", "b": "new"}
    assert answer.headers["ETag"] == '"2-3"'


def test_if_match_of_a_row(fresh):
    path = fresh.table({"a": "string"})
    fresh.row(path, {"a": "x"})
    row = f"{path}rows/1/"
    for header in (
        '"1-2"',
        'W/"1-1"',
        '"2-1"',
        '"1"',
        '"-"',
        '"1-x"',
        '"1-²"',
        '"1-01x"',
        '"1-' + "9" * 30 + '"',
        '""',
    ):
        for method, body in (("PUT", {"a": "y"}), ("PATCH", {"a": "y"}), ("PATCH", {}), ("DELETE", None)):
            answer = fresh.refused(method, row, body, status=412, code="precondition_failed", if_match=header)
            assert answer.json["current"] == {"id": 1, "a": "x"}
            assert answer.headers["Definition-Version"] == "1"
    fresh.send("PATCH", row, {"a": "y"}, status=200, if_match='"1-9", "1-1"')
    fresh.refused("PATCH", row, {"a": "z"}, status=412, code="precondition_failed", if_match='"1-1"')
    fresh.send("PUT", row, {"a": "z"}, status=200, if_match='"1-2"')
    fresh.send("PATCH", path, {"label": "other"}, status=200)
    fresh.refused("DELETE", row, status=412, code="precondition_failed", if_match='"1-3"')
    fresh.send("PATCH", row, {"a": "*"}, status=200, if_match="*")
    fresh.send("DELETE", row, status=204, if_match='"2-4"')
    fresh.refused("PUT", row, {}, status=404, code="not_found", if_match='"2-4"')
    fresh.refused("DELETE", row, status=404, code="not_found", if_match="*")


def test_many_tags(fresh):
    path = fresh.table({"a": "string"})
    fresh.row(path, {"a": "x"})
    many = ", ".join(f'"1-{number}"' for number in range(2, 5000))
    fresh.refused("DELETE", f"{path}rows/1", status=412, code="precondition_failed", if_match=many)
    fresh.send("DELETE", f"{path}rows/1", status=204, if_match=many + ', "1-1"')


def test_a_patch_of_nothing_changes_nothing(fresh):
    path = fresh.table({"a": "string"})
    fresh.row(path, {"a": "x"})
    before = fresh.stored()
    assert fresh.send("PATCH", f"{path}rows/1", {}, status=200).headers["ETag"] == '"1-1"'
    assert fresh.send("PATCH", path, {}, status=200).headers["ETag"] == '"1"'
    assert fresh.stored() == before


def test_a_hostile_list_of_tags_is_refused_at_once(client, things):
    """Many blanks between two elements took time that grew with their square."""
    answer = client.send("DELETE", f"{things}rows/1", status=400, if_match='"1",' + " " * 200_000 + "x")
    assert answer.json["code"] == "malformed"
