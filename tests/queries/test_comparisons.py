"""Conditions find the same rows on both databases, and those that Python finds."""

import ipaddress
import operator
import random

import pytest

from dynmodel_pyramid.fields.operators import IN, IS
from dynmodel_pyramid.queries.sql.comparisons import condition, operators_of
from tests.document_types import built_in
from tests.queries.tables import Everything

FIELDS = [f"{known.name}_" for known in built_in() if known.field_type.fill is None and known.name[-5:] != "_time"]
FIELDS += ["long_", "id", "_version", "linked", "listed"]
PATTERNS = [
    "a*", "*a*", "A%", "_", "__", "%", "", "*", "a\\_c", "a\\%c", "a\\*c", "[a]", "a?c", "a\\\\c", "Ä", "ä*", "k",
    "*\n*",
    "%%%%", "_%_", "🙂", "é",
]  # fmt: skip
EXPRESSIONS = [
    "a", "^a", "c$", "^$", "", ".", "^.$", "a.c", "[a-c]", "[^a]", "^[^a]*$", r"\d", r"\D", r"\w", r"^\W+$", r"\s",
    r"^\S*$",
    r"\*", r"\\", r"\[", "[]a]", "[a-]", "[^]]", "a|b", "(a|b)+c", "(?:ab)?", "^.{2}$", "^.{2,}$", "x.y", "x\ny",
    r"x\ny",
    "ä", "[ä-ö]", "k", "K", "[[:upper:]]", "[^[:alnum:]]", "^(?:|a)$", "🙂", "a*?b", "^[%_?]", "[Z-a]", "()", "#",
    r"[\d-]",
]  # fmt: skip
WORDS = ["null", "not_null", "true", "FALSE", "unknown"]
FURTHER = {
    "integer_range_": ["[1,1)", "[10,10]", "(1,4]", "[3,)", "(,11)", "(,)", "empty", "[2,3]", "[20,30)"],
    "date_range_": ["[2026-01-31,2026-01-31]", "(,)", "empty", "[2026-02-01,)", "(,2026-01-01)"],
    "datetime_range_": [
        "[2026-01-31T13:00:00Z,2026-01-31T14:00:00Z)", "(2026-01-31T13:00:00Z,2026-01-31T14:00:00Z)", "empty", "(,)",
        "[2026-01-31T13:00:00.1Z,2026-01-31T13:00:00.2Z]", "(,2026-01-31T12:00:00Z]", "[2026-01-31T13:00:00Z,)",
    ],
    "tags_": ["{}", "{a}", "{b,a,c}", "a", '["a,b","\\""]', "{a,a}", "{ä,1}"],
    "multi_choice_": ["{}", "{a}", "{b,a}", "{gone}"],
    "json_": [
        "null", "1", "1.0", '"a"', "[]", "{}", "[1]", "[1,1]", "[2]",
        '{"a":1}', '{"a":1.0}', '{"b":{}}', '{"b":{"c":["x"]}}',
        "[[1]]", "[[]]", '["x"]', '{"a":null}', '{"a":1,"b":2}', '{"a":[{"b":2}]}', "true", "[null]",
        '[{"a":1}]', "1e23",
        '{"a":1,"b":{"c":[1,2,"x"],"d":null},"z":[1,2]}', "[1,2,[1],[1,2],\"x\"]",
    ],
    "links_": ["[]", "[1]", "[2,3]", "[3,2]", "7", "[1,2,3,4,5,6,7,8,9,10]"],
    "linked": ["[]", "[3]", "[3,6]"], "listed": ["[]", "[1,2]", "[2]"],
    "integer_": ["3", "-5"], "id": ["1", "0", "-3", "20"], "_version": ["1", "2"], "long_": ["2.0000000002", "0.5"],
    "link_": ["1", "7"], "decimal_": ["1", "1e2", "-0"], "rating_": ["0", "99", "3"], "text_": ["zz", "a'b"],
    "choice_": ["gone"],
    "percent_": ["5%"], "datetime_": ["2026-01-31T13:00:00+01:00"],
}  # fmt: skip


def test_every_field_is_there(table):
    assert set(FIELDS) >= set(table.models["sqlite"].definition.by_name)


def operands(table: Everything, name: str) -> list[str]:
    """Texts of values: those of rows, and some near them."""
    subject = table.subject("sqlite", name)
    texts = []
    for row in table.rows:
        if row.get(name) is not None:
            stored = subject.field_type.schema_node(subject.options).deserialize(row[name])
            texts.append(subject.field_type.text_form(subject.options).to_text(stored))
    return list(dict.fromkeys([*texts, *FURTHER.get(name, [])]))


def found(table: Everything, name: str, *arguments, **options) -> list[int]:
    """The rows that both databases find."""
    answers = {
        database: table.ids(database, condition(table.subject(database, name), *arguments, **options))
        for database in table.models
    }
    shown = [table.rows[number - 1].get(name) for number in set(answers["sqlite"]) ^ set(answers["postgresql"])]
    assert answers["sqlite"] == answers["postgresql"], (name, arguments, options, shown)
    return answers["sqlite"]


def choose(known, name: str, values: list[str]) -> list[str]:
    if known.name in ("like", "ilike"):
        return [*PATTERNS, *values]
    if known.name in ("match", "imatch"):
        return EXPRESSIONS
    if known.name == "is":
        return WORDS[:2] if known is IS or name in ("links_", "linked", "listed") else WORDS
    return values


def usable(table, name):
    return [known for known in operators_of(table.subject("sqlite", name)).values() if not known.searches]


@pytest.mark.parametrize("name", FIELDS)
def test_both_databases_find_the_same_rows(table, name):
    chance = random.Random(name)
    values = operands(table, name)
    for known in usable(table, name):
        taken = choose(known, name, values)
        for text in taken if len(taken) < 30 else chance.sample(taken, 30):
            value = [text, *chance.sample(taken, min(2, len(taken)))] if known.many else text
            if known.name in ("like", "ilike") and text.endswith("\\"):
                continue
            one = found(table, name, known.name, value)
            other = found(table, name, known.name, value, negated=True)
            assert not set(one) & set(other)
        some = taken[:2]
        if known.quantified:
            either = found(table, name, known.name, some, quantifier="any")
            both = found(table, name, known.name, some, quantifier="all")
            each = [set(found(table, name, known.name, text)) for text in some]
            assert set(either) == set.union(*each)
            assert set(both) == set.intersection(*each)


COMPARISONS = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def _place(value):
    """The place of a range in PostgreSQL's order: the empty one, then by lower bounds, then by upper ones."""
    if value.empty:
        return ((-1,), (0,))
    low = (0,) if value.lower is None else (1, value.lower, value.bounds[0] == "(")
    return low, (1,) if value.upper is None else (0, value.upper, value.bounds[1] == "]")


ORDER = {
    "ip_address_": lambda value: (ipaddress.ip_address(value).version, ipaddress.ip_address(value).packed),
    **{f"{kind}_range_": _place for kind in ("integer", "date", "datetime")},
}


@pytest.mark.parametrize(
    "name", [name for name in FIELDS if name not in ("id", "_version", "linked", "listed", "json_")]
)
def test_python_finds_the_same_rows(table, name):
    """Of nulls ``isdistinct`` alone finds any, and text compares as its bytes do."""
    subject = table.subject("sqlite", name)
    node, text_form = subject.field_type.schema_node(subject.options), subject.field_type.text_form(subject.options)
    key = ORDER.get(name, lambda value: value)
    rows = {number: None if row[name] is None else key(node.deserialize(row[name]))
            for number, row in enumerate(table.rows, 1)}  # fmt: skip
    for text in operands(table, name)[:25]:
        wanted = key(subject.field_type.operand_node(subject.options).deserialize(text_form.from_text(text)))
        for known in usable(table, name):
            compare = COMPARISONS.get(known.name)
            if compare is not None:
                expected = [number for number, value in rows.items() if value is not None and compare(value, wanted)]
                assert found(table, name, known.name, text) == expected, (known.name, text)
        assert found(table, name, "isdistinct", text) == [number for number, value in rows.items() if value != wanted]
        assert found(table, name, IN.name, [text]) == found(table, name, "eq", text)


@pytest.mark.parametrize("name", ["text_", "json_", "integer_", "tags_", "links_"])
def test_of_no_values(table, name):
    every = list(range(1, len(table.rows) + 1))
    assert found(table, name, "in", []) == []
    assert found(table, name, "in", [], negated=True) == every
    if name in ("text_", "integer_"):
        assert found(table, name, "eq", [], quantifier="any") == []
        assert found(table, name, "eq", [], quantifier="all") == every
