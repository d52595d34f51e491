"""Relative times in queries over HTTP: at both faces, in documents, in writes by filter, from page to page."""

import datetime
from urllib.parse import quote

import pytest

DAY = datetime.timedelta(days=1)
OFFSETS = {"old": -40 * DAY, "week": -7.5 * DAY, "recent": -DAY / 12, "coming": DAY / 12, "far": 40 * DAY}


@pytest.fixture(scope="module")
def http(client):
    return client.app


@pytest.fixture(scope="module")
def table(http):
    fields = {
        "name": "string",
        "at": {"type": "datetime", "timezone": "Asia/Tokyo"},
        "day": "date",
        "at_time": "time",
        "made": "created_time",
    }
    http.post_json("/table/", {"model_name": "Event", "fields": fields}, status=201)
    now = datetime.datetime.now(datetime.UTC)
    rows = [
        {"name": name, "at": (now + offset).isoformat(), "day": (now + offset).date().isoformat()}
        for name, offset in OFFSETS.items()
    ]
    http.post_json("/table/Event/rows/", rows, status=201)
    return "/table/Event/"


def names(answer):
    return [row["name"] for row in answer.json]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("at=lt.now", ["old", "week", "recent"]),
        ("at=gte.now-7d&at=lt.now", ["recent"]),
        ("at=gte.now-2w&at=lte.now", ["week", "recent"]),
        ("at=gt.now%2B1mo", ["far"]),
        ("at=gt.now 1mo", ["far"]),
        ("or=(at.lt.now-1mo,at.gt.now%2B1mo)", ["old", "far"]),
        ("day=lt.today-6d", ["old", "week"]),
        ("day=in.(today-40d,today%2B40d)", ["old", "far"]),
        ("day=gt(any).{today-41d,tomorrow}&day=lt.yesterday", ["old", "week"]),
        ("made=gte.now-1h&made=lte.now", ["old", "week", "recent", "coming", "far"]),
        ("_created=lt.today-1d", []),
        ("at=isdistinct.now&name=eq.old", ["old"]),
        ("at_time=lt.now", []),
        ("name=eq.now", []),
    ],
)
def test_conditions(http, table, query, found):
    for address in (f"{table}rows/", "/rest/Event"):
        assert names(http.get(f"{address}?select=name&order=id&{query}")) == found


def test_documents_and_writes(http, table):
    where = {"select": ["name"], "where": {"at": {"gte": "now-7d", "lt": "now+3h"}}, "order": "id"}
    assert names(http.post_json(f"{table}query/", where)) == ["recent", "coming"]
    changed = http.patch_json(
        f"{table}rows/?at=gt.now%2B1mo", {"at_time": "00:00"}, headers={"Prefer": "return=representation"}
    )
    assert names(changed) == ["far"]


def test_groups(http, table):
    asked = "select=name,at.max()&having=(at.max().gt.now)&order=name"
    assert names(http.get(f"{table}rows/?{asked}")) == ["coming", "far"]


def test_they_are_evaluated_for_each_request(http, table):
    row = http.post_json(f"{table}rows/", {"name": "made now"}, status=201).json
    first = names(http.get(f"{table}rows/?select=name&made=lte.now&order=id"))
    http.post_json(f"{table}rows/", {"name": "made later"}, status=201)
    assert names(http.get(f"{table}rows/?select=name&made=lte.now&order=id")) == [*first, "made later"]
    http.delete(f"{table}rows/?id=gte.{row['id']}", status="*")


def test_pages_keep_the_moment_of_the_first(http, table):
    asked = f"{table}rows/?select=name&made=lte.now&order=name&limit=2"
    first = http.get(asked)
    http.post_json(f"{table}rows/", {"name": "zzz"}, status=201)
    seen, page = names(first), first
    while "next" in page.headers["Link"]:
        link = next(part for part in page.headers["Link"].split(", ") if 'rel="next"' in part)
        page = http.get(link[link.index("<") + 1 : link.index(">")])
        seen += names(page)
    assert "zzz" not in seen and len(seen) == 5
    assert "zzz" in names(http.get(f"{table}rows/?select=name&made=lte.now&order=name"))
    http.delete(f"{table}rows/?name=eq.zzz", status="*")


@pytest.mark.parametrize("text", ["now-7", "now-1m", "soon", "now+9999999y", "yesterday-1d-1d-1d-1d-1d"])
def test_what_is_refused(http, table, text):
    answer = http.get(f"{table}rows/?at=lt.{quote(text)}", status=400)
    assert answer.json["code"] == "invalid_operand" and "at, lt: want" in answer.json["detail"]


def test_bodies_have_none(http, table):
    http.post_json(f"{table}rows/", {"name": "x", "at": "now"}, status=422)
    http.post(f"{table}rows/", "name,at\nx,now\n", headers={"Content-Type": "text/csv"}, status=422)
