"""Documents -> values: what passes, and every fault with its pointer."""

import pytest

from dynmodel_pyramid.database.dialect import LARGEST_GIVEN_ID, LARGEST_ID
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.definitions.reading import read_table
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.rows.reading import ALL_RIGHTS, Rights, RowReader, parse_id
from dynmodel_pyramid.rows.service import refuse_other_than_object


@pytest.fixture
def definition(catalogue) -> TableDefinition:
    document = {
        "model_name": "T",
        "fields": {
            "must": {"type": "string", "required": True},
            "n": {"type": "integer", "default": 5},
            "list": {"type": "json", "default": [1]},
            "short": {"type": "string", "max_length": 3, "choices": ["abc", "x"]},
        },
    }
    return read_table(document, None, catalogue.field_types)


@pytest.fixture
def reader(catalogue, definition) -> RowReader:
    return RowReader(catalogue.model(definition))


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1", 1), ("10", 10), ("9" * 16, int("9" * 16))]
    + [
        (text, None)
        for text in ("", "01", "00", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1_0", "9" * 17, "١", "²", "x", "1\0", "0x1")
    ],
)
def test_ids_in_addresses(text, number):
    assert parse_id(text) == number


def test_escape():
    assert escape("a/b~c") == "a~1b~0c"
    assert escape("/" * 1000) == "~1" * 200 + "…"


def faults(problems: Problems) -> list[str]:
    return [f"{problem.pointer} {problem.code}" for problem in problems.found]


def test_whole(reader):
    problems = Problems()
    values = reader.whole({"must": "x", "id": 4, "short": "abc"}, "", problems, ALL_RIGHTS)
    assert values == {"must": "x", "n": 5, "list": [1], "short": "abc"}
    assert reader.whole({"must": "", "n": None, "list": None}, "", problems, ALL_RIGHTS) == {
        "must": "",
        "n": None,
        "list": None,
        "short": None,
    }
    assert problems.total == 0


def test_faults_of_a_whole_row(reader):
    problems = Problems()
    reader.whole({"n": "x", "short": "y", "a/b": 1}, "/3", problems, ALL_RIGHTS)
    reader.whole([], "/4", problems, ALL_RIGHTS)
    reader.whole({"must": None}, "/5", problems, ALL_RIGHTS)
    assert sorted(faults(problems)) == [
        "/3/a~1b unknown_field",
        "/3/must required",
        "/3/n wrong_type",
        "/3/short not_a_choice",
        "/4 wrong_type",
        "/5/must required",
    ]
    assert problems.total == 6


def test_part(reader):
    problems = Problems()
    assert reader.part({"n": 1, "id": 2}, "", problems, ALL_RIGHTS) == {"n": 1}
    assert reader.part({}, "", problems, ALL_RIGHTS) == {}
    assert reader.part({"list": None, "n": 1.0}, "", problems, ALL_RIGHTS) == {"list": None, "n": 1}
    assert problems.total == 0
    reader.part({"must": None, "what": 1}, "", problems, ALL_RIGHTS)
    reader.part("x", "", problems, ALL_RIGHTS)
    assert faults(problems) == ["/must required", "/what unknown_field", " wrong_type"]


def test_fields_that_the_caller_does_not_know(reader):
    rights = Rights({"must"}.__contains__)
    for read in (reader.whole, reader.part):
        problems = Problems()
        read({"must": "x", "n": "?"}, "", problems, rights)
        assert faults(problems) == ["/n unknown_field"]


def test_a_default_is_of_each_row_alone(reader):
    """Rows share the validated default; the service never changes a value."""
    first = reader.whole({"must": "x"}, "", Problems(), ALL_RIGHTS)
    second = reader.whole({"must": "x"}, "", Problems(), ALL_RIGHTS)
    assert first["list"] == second["list"] == [1]


@pytest.mark.parametrize("value", [1, 1.0, LARGEST_GIVEN_ID])
def test_given_id(value):
    problems = Problems()
    assert RowReader.given_id({"id": value}, "", problems) == value
    assert problems.total == 0


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "out_of_range"),
        (LARGEST_GIVEN_ID + 1, "out_of_range"),
        (LARGEST_ID + 1, "out_of_range"),
        (True, "wrong_type"),
        (1.5, "wrong_type"),
        ("1", "wrong_type"),
    ],
)
def test_bad_given_id(value, code):
    problems = Problems()
    RowReader.given_id({"id": value}, "/2", problems)
    assert faults(problems) == [f"/2/id {code}"]


def test_problems_are_bounded():
    problems = Problems()
    for number in range(1000):
        problems.add(f"/{number}", "invalid", "x")
    assert (len(problems.found), problems.total) == (100, 1000)
    with pytest.raises(Invalid) as refused:
        problems.raise_if_any()
    assert (len(refused.value.problems), refused.value.total) == (100, 1000)
    assert "999 more" in refused.value.detail
    Problems().raise_if_any()


def test_documents_of_a_body():
    refuse_other_than_object({"a": 1})
    for body in (None, 1, "x", True):
        with pytest.raises(Invalid):
            refuse_other_than_object(body)
