"""Conditions that can't be asked: each error names the field, the operator, the value and what is wanted."""

import pytest

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.queries.sql.comparisons import condition
from tests.document_types import built_in

REFUSED = {
    ("integer_", "eq", "x"): "integer_, eq: want a whole number of at most 64 bits, not 'x'",
    ("integer_", "eq", "9223372036854775808"): "integer_, eq: want a whole number of at most 64 bits",
    ("integer_", "eq", "1" * 500): "not '1{100}\\.\\.\\.'$",
    ("integer_", "in", "1"): "want a list of values",
    ("integer_", "eq", ("1",)): "want one value",
    ("integer_", "in", ("1", "y")): "integer_, in: .* not 'y'",
    ("decimal_", "gt", "1_0"): "decimal_, gt: want a decimal number such as 19.90, not '1_0'",
    ("date_", "lt", "2026-02-30"): "date_, lt: there is no such day, not '2026-02-30'",
    ("boolean_", "eq", "ja"): "boolean_, eq: want true or false, not 'ja'",
    ("boolean_", "is", "1"): "boolean_, is: want null, not_null, true, false or unknown, not '1'",
    ("integer_", "is", "true"): "integer_, is: want null or not_null, not 'true'",
    ("text_", "like", "a\\"): "want a character after the last backslash",
    ("text_", "like", "a" * 10_001): "want a pattern of at most 10000 characters",
    ("text_", "eq", "a\0b"): r"text_, eq: no value has the character U\+0000",
    ("text_", "eq", "\udc80"): r"text_, eq: no value has the character U\+DC80",
    ("integer_range_", "cs", "[3,1]"): "integer_range_, cs: the lower bound must not be above the upper one",
    ("tags_", "cs", "{a"): "tags_, cs: want an array of texts",
    ("tags_", "cs", "[1]"): "tags_, cs: want a string, not a number",
    ("json_", "cs", "{"): "json_, cs: want JSON",
    ("uuid_", "eq", "7"): "uuid_, eq: want a UUID",
    ("number_", "eq", "NaN"): "number_, eq: want a number",
}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("name", "operator", "value"), REFUSED, ids=lambda value: str(value)[:20])
def test_a_bad_value_is_refused(table, database, name, operator, value):
    with pytest.raises(Malformed, match=REFUSED[name, operator, value]) as caught:
        condition(table.subject(database, name), operator, value)
    assert caught.value.code == "invalid_operand"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_long_lists_are_bounded(table, database):
    """The longest that are taken run, and longer ones are refused."""
    subject = table.subject(database, "integer_")
    texts = [str(number) for number in range(10_001)]
    assert table.ids(database, condition(subject, "in", texts[:10_000], negated=True))
    assert table.ids(database, condition(subject, "eq", texts[:500], quantifier="any"))
    with pytest.raises(Malformed, match="want at most 10000 values, not 10001"):
        condition(subject, "in", texts)
    with pytest.raises(Malformed, match="want at most 500 values, not 501"):
        condition(subject, "eq", texts[:501], quantifier="all")
    array, links = "{" + ",".join(texts) + "}", "[" + ",".join(texts) + "]"
    for operator in ("cs", "cd", "ov"):
        table.ids(database, condition(table.subject(database, "tags_"), operator, array))
        table.ids(database, condition(table.subject(database, "links_"), operator, links))


def test_an_operator_that_a_type_has_not(table):
    with pytest.raises(Malformed, match="integer_ takes no operator like") as caught:
        condition(table.subject("sqlite", "integer_"), "like", "1*")
    assert caught.value.code == "unknown_operator"
    assert caught.value.hint == "it takes eq neq in is isdistinct gt gte lt lte"
    with pytest.raises(Malformed) as caught:
        condition(table.subject("sqlite", "text_"), "x" * 1000, "1*")
    assert len(caught.value.detail) < 200
    assert "fts" in caught.value.hint.split()


@pytest.mark.parametrize(
    ("operator", "value", "options"),
    [
        ("neq", ["a"], {"quantifier": "any"}),
        ("eq", ["a"], {"quantifier": "some"}),
        ("eq", "a", {"quantifier": "any"}),
        ("eq", "a", {"language": "english"}),
        ("in", ["a"], {"quantifier": "any"}),
    ],
)
def test_modifiers_that_an_operator_has_not(table, operator, value, options):
    with pytest.raises(Malformed, match=f"^text_, {operator}: "):
        condition(table.subject("postgresql", "text_"), operator, value, **options)


def test_a_language_that_is_none(table):
    with pytest.raises(Malformed, match="there is no language klingon") as caught:
        condition(table.subject("postgresql", "text_"), "fts", "a", language="klingon")
    assert "english" in caught.value.hint


def test_no_order_by_ranges_and_arrays():
    """They are compared, but no index has them in order, and no cursor could hold them."""
    for kind in built_in():
        names = {operator.name for operator in kind.field_type.operators}
        if names & {"cs", "adj"}:
            assert not is_sortable(kind.field_type), kind.name
