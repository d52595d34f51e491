"""One table with a field of every built-in type that clients write: made, filled, altered and converted as a whole."""

from typing import Any

import pytest

from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.strategies import drawn
from dynmodel_pyramid.testing.values import same_json
from tests.every_type import written_types

ROWS = 20
TYPES = written_types()
FIELDS = {f"of_{name}": {"type": name, **options} for name, (options, _) in TYPES.items()}
HALVES = (list(FIELDS)[::2], list(FIELDS)[1::2])


@pytest.fixture(scope="module")
def pairs() -> dict[str, list[tuple[Any, Any]]]:
    """Field -> (value, answer) of each row."""
    return {f"of_{name}": drawn(strategy, ROWS) for name, (_, strategy) in TYPES.items()}


@pytest.fixture
def table(app, pairs) -> TableDriver:
    """With all rows; ``table.expected`` are their answers."""
    made = TableDriver(app, None)
    made.define(FIELDS)
    made.expected = made.add([{name: given[number][0] for name, given in pairs.items()} for number in range(ROWS)])
    for number, row in enumerate(made.expected):
        assert_same(row, {"id": row["id"], **{name: given[number][1] for name, given in pairs.items()}})
    return made


def assert_same(row: dict[str, Any], expected: dict[str, Any]) -> None:
    assert row.keys() == expected.keys()
    for name, value in row.items():
        assert same_json(value, expected[name]), f"{name} is {value!r:.100}, not {expected[name]!r:.100}"


def assert_rows(table: TableDriver, expected: list[dict[str, Any]]) -> None:
    """The list and every single row."""
    rows = table.rows()
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert_same(row, wanted)
        assert_same(table.row(row["id"]), wanted)


def test_rows_come_back(table):
    assert_rows(table, table.expected)
    for row in table.expected:
        given = {name: value for name, value in row.items() if name != "id"}
        assert_same(table.replace(row["id"], given), row)


def test_every_field_takes_the_name_of_the_next(table):
    renamed = dict(zip(FIELDS, [*list(FIELDS)[1:], next(iter(FIELDS))], strict=True))
    ids = {name: field["id"] for name, field in table.definition["fields"].items()}
    table.define({renamed[name]: {**field, "id": ids[name]} for name, field in FIELDS.items()})
    assert_rows(table, [{renamed.get(name, name): value for name, value in row.items()} for row in table.expected])
    for row in table.expected:
        given = {renamed[name]: value for name, value in row.items() if name != "id"}
        assert_same(table.replace(row["id"], given), {"id": row["id"], **given})


def test_fields_of_each_type_are_dropped_added_and_required(table, pairs):
    for half, rest in (HALVES, HALVES[::-1]):
        table.define({name: FIELDS[name] for name in rest})
        assert table.rows()[0].keys() == {"id", *rest}
        table.define(FIELDS)
        expected = [{name: None if name in half else value for name, value in row.items()} for row in table.expected]
        assert_rows(table, expected)
        # Every other row has its values again; those that have not get the default of a field that is required.
        for row in table.expected[::2]:
            assert_same(table.change(row["id"], {name: row[name] for name in half}), row)
        required = {name: {"required": True, "default": pairs[name][0][0]} for name in half}
        fields = {name: {**field, **required.get(name, {})} for name, field in FIELDS.items()}
        table.define(fields, query="?on_error=default")
        for number, row in enumerate(table.expected):
            if number % 2:
                row |= {name: pairs[name][0][1] for name in half}
        assert_rows(table, table.expected)
        table.define(FIELDS)


def test_all_become_text_and_themselves_again(table):
    table.define(dict.fromkeys(FIELDS, "text"))
    assert {type(value) for row in table.rows() for name, value in row.items() if name != "id"} == {str}
    table.define(FIELDS)
    assert_rows(table, table.expected)
