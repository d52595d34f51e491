"""Documents that are judged by columns get the values that they get one by one; all others are left to that."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.errors import Forbidden, Invalid
from dynmodel_pyramid.fields.columns import Fast
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.rows import judging
from dynmodel_pyramid.rows.copying import copied_lines
from dynmodel_pyramid.testing.values import HOSTILE
from tests.document_types import installed
from tests.every_type import written_types
from tests.rows.writing import Table, scope_of

FIELDS = {
    "must": {"type": "string", "required": True},
    "n": {"type": "integer", "default": 5, "min": 0},
    "short": {"type": "string", "min_length": 1, "max_length": 3, "choices": ["abc", "x"]},
    "made": {"type": "datetime", "default_expression": "now"},
    "matching": {"type": "text", "pattern": "a+"},
    "link": {"type": "link", "table": "Far"},
    "links": {"type": "links", "table": "Far"},
}
GOOD = {"must": "ä", "n": 1, "short": "x", "matching": "aa", "link": 1, "links": [2, 1], "id": 7}


@pytest.fixture
def table(app, catalogue) -> Table:
    app.post_json("/table/", {"model_name": "Far", "fields": {"code": {"type": "string", "unique": True}}})
    return Table(catalogue, FIELDS)


def outcomes(rows, documents, monkeypatch) -> list:
    """What reading by columns, and reading one by one, give."""
    found = []
    for begin in (1, 10**9):
        monkeypatch.setattr(judging, "FROM", begin)
        try:
            new = rows.read(documents, pointers=True, first=5)
        except Invalid as error:
            found.append([(problem.pointer, problem.code, problem.detail) for problem in error.problems])
        except Forbidden as error:
            found.append(error.detail)
        else:
            values = [row | {"made": "made" in row} for row in new.values]
            found.append((repr(values), new.ids, new.places, new.sent))
    return found


@pytest.mark.parametrize("is_granted", [False, True])
def test_both_ways_give_the_same_values_and_faults(table, monkeypatch, is_granted):
    rows = table.rows()
    if is_granted:
        rows = table.rows(scope_of(rows.model, writable={"id", *FIELDS} - {"n"}))
    fine = {name: value for name, value in GOOD.items() if name != "n" or not is_granted}
    changed = [
        {},
        {"short": None, "id": None},
        *[{name: value} for name in GOOD for value in (*HOSTILE, None, [1], [1, 1], {"code": "x"}, [{"code": "x"}])],
        {"unknown": 1},
        {"_version": 1},
    ]
    for change in changed:
        one, other = outcomes(rows, [fine, {**fine, **change}, {"must": "x"}], monkeypatch)
        assert one == other, change
    for odd in (None, [], "x", {"must": None}, {}):
        one, other = outcomes(rows, [fine, odd], monkeypatch)
        assert one == other


def test_plain_documents_are_judged_by_columns(table):
    rows = table.rows()
    new = rows.read([GOOD, {"must": "x"}] * judging.FROM, pointers=True)
    assert new.columns is not None and new.columns["links"] == [[2, 1], []] * judging.FROM
    assert new.values[1]["n"] == 5 and new.columns is None


@given(st.data())
@settings(max_examples=150)
def test_many_values_are_judged_as_each_is(data):
    name = data.draw(st.sampled_from(sorted(NODES)))
    node, strategy = NODES[name]
    values = data.draw(st.lists(strategy, min_size=1, max_size=5))
    if data.draw(st.booleans()):
        values.insert(data.draw(st.integers(0, len(values))), data.draw(st.sampled_from(HOSTILE)))
    stored = node.fast_path.many(list(values))
    if stored is not None:
        assert repr(stored) == repr([node.deserialize(value) for value in values])


def _nodes() -> dict:
    """The validators that judge many values at once, and strategies of values for them."""
    types = {known.name: known.field_type for known in installed()}
    found = {}
    for name, (options, strategy) in written_types().items():
        node = types[name].schema_node(read_options(types[name], dict(options)))
        if isinstance(getattr(node, "fast_path", None), Fast):
            texts = strategy.map(lambda value: value[0] if type(value) is tuple else value)
            found[name] = node, texts | ODD.get(name, st.nothing())
    return found


ODD = {
    "decimal": st.from_regex(r"-?0{0,2}[0-9]{1,3}(\.[0-9]{0,3})?", fullmatch=True) | st.just("-0.00"),
    "email": st.from_regex(r"[A-Za-z0-9+.]{1,5}@(example|EXAMPLE|a-b|xn--a)\.(com|c-m|test)", fullmatch=True)
    | st.sampled_from(["Info@example.com", "a" * 65 + "@example.com", "a..b@example.com", "a@b", "a@ä.com"]),
    "date": st.sampled_from(["2026-W01-1", "20260101", "2026-02-30", " 2026-01-01", "2026-01-01\n"]),
    "datetime": st.sampled_from(["2026-01-01T24:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00.1Z"]),
    "uuid": st.uuids().map(lambda value: value.hex) | st.uuids().map(lambda value: str(value).upper()),
}
NODES = _nodes()


def test_copied_lines():
    columns = [[1, None, 2**63], ["a\tb", None, "\\N\n\r"], [Decimal("1.50"), None, Decimal(0)], [0.1, 1e300, None]]
    lines = copied_lines(columns, str)
    assert lines == b"1\ta\\tb\t1.50\t0.1\n\\N\t\\N\t\\N\t1e+300\n9223372036854775808\t\\\\N\\n\\r\t0\t\\N\n"
    assert copied_lines([[float("nan"), float("inf")]], str) == b"nan\ninf\n"
    moment, later = (datetime.datetime(2026, 12, 2, 9, hour, 1, 5, tzinfo=datetime.UTC) for hour in (1, 2))
    lines = copied_lines([[moment] * 3, [moment, later, moment], [moment, None, moment]], str)
    assert lines.decode().replace("2026-12-02T09:01:01.000005+00:00", "M").replace("T09:02", "T09:01").splitlines() == [
        "M\tM\tM",
        "M\t2026-12-02T09:01:01.000005+00:00\t\\N",
        "M\tM\tM",
    ]
