"""How PostgREST's specification is read and judged; ``python -m tests.clients.postgrest_spec`` asks it."""

from pathlib import Path

import pytest

from tests.clients.postgrest_spec import comparing, fixtures, haskell
from tests.clients.postgrest_spec.documented import ROWS
from tests.soak.fuzzing.wire import Answer

#: Written in the same way, but by us.
SPECIFICATION = """
spec withConfig =
 describe "Things" $ do
  -- a remark: get "/none" `shouldRespondWith` 200
  it "are listed" $ do
    get "/thing?id=eq.1"
      `shouldRespondWith` [json| [{"id": 1}] |]
      { matchHeaders = [matchContentTypeJson, "Content-Range" <:> "0-0/*"] }
    let sent = [json| { name: "a" } |]
    request methodPatch "/thing" (rangeHdrs $ ByteRangeFromTo 0 1) sent
      `shouldRespondWith` "" { matchStatus = 204, matchHeaders = [matchHeaderAbsent hLocation] }
    post "/thing" (encode thing) `shouldRespondWith` 400
"""


def test_requests_and_wanted_answers_are_read():
    reading = haskell.read(SPECIFICATION, "ThingSpec.hs")
    first, second = reading.pairs
    assert (first.place, first.line, first.method, first.target) == ("Things / are listed", 6, "GET", "/thing?id=eq.1")
    assert first.status == 200 and first.wanted_body.value() == [{"id": 1}]
    assert ("is", "Content-Range", "0-0/*") in first.wanted_headers
    assert second.headers == [("Range-Unit", "items"), ("Range", "0-1")] and second.body == '{"name": "a"}'
    assert (second.status, second.wanted_body, second.wanted_headers) == (204, "", [("absent", "Location", "")])
    assert reading.unread == [("ThingSpec.hs", 12, "the name encode")]


def test_statements_of_a_script():
    script = "a ';' -- ; no\n; b $$ ; $$ /* ; */; c \"d;e\" $f$ ;$f$"
    assert [each.strip() for each in fixtures.statements(script)] == [
        "a ';' -- ; no",
        "b $$ ; $$ /* ; */",
        'c "d;e" $f$ ;$f$',
    ]


@pytest.mark.parametrize(
    ("came", "wanted", "own_id", "same"),
    [
        ([{"id": 1, "a": 2}], [{"a": 2}], False, True),
        ([{"id": 1, "a": 2}], [{"a": 2}], True, False),
        ({"t": "2026-01-31T12:00:00Z"}, {"t": "2026-01-31T12:00:00+00:00"}, True, True),
        ({"t": True}, {"t": 1}, True, False),
        ([1, 2], [2, 1], True, False),
    ],
)
def test_documents_are_compared(came, wanted, own_id, same):
    assert comparing.alike(came, wanted, own_id) is same


def test_answers_are_compared():
    first = haskell.read(SPECIFICATION, "ThingSpec.hs").pairs[0]
    headers = [("Content-Type", "application/json; charset=utf-8"), ("Content-Range", "0-0/*")]
    assert not comparing.differences(first, Answer(200, headers, b'[{"id": 1}]', 0.0), True)
    told = comparing.differences(first, Answer(206, headers[:1], b"[]", 0.0), True)
    assert [each.partition(":")[0] for each in told] == ["status", "Content-Range", "body"]


def test_differences_that_are_documented_are_in_the_page():
    page = (Path(__file__).parents[2] / "docs/rest.md").read_text()
    assert not [row for row in ROWS if f"\n| {row}" not in page]
