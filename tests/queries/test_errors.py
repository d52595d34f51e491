"""Errors point at the character and tell what could stand there; guards refuse what is too much."""

import pytest

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries import QueryError, QueryTooComplex, split
from tests.queries.grammar import Rules, parse, read_document

#: Query string -> part, position, a piece of what was expected.
FAULTS = {
    "a=1": ("value", 1, "an operator"),
    "a": ("value", 1, "an operator"),
    "a=noop.0": ("value", 1, "an operator"),
    "a=not.not.eq.0": ("value", 5, "an operator"),
    "a=eq": ("value", 1, "an operator"),
    "a=EQ.1": ("value", 1, "an operator"),
    "a=in(any).(1)": ("value", 3, "a full stop"),
    "a=eq(some).{1}": ("value", 4, "any or all"),
    "a=fts().x": ("value", 5, "a language"),
    "a=eq(any).1": ("value", 9, "{ and }"),
    "a=eq(any).{1": ("value", 11, "a comma or }"),
    "a=eq(any).{1}}": ("value", 12, "the end"),
    "a=eq(any).{1,,2}": ("value", 12, "a value"),
    "a=eq(any).{{1}}": ("value", 10, "a value"),
    "a=eq(any).{1,NULL}": ("value", 12, "a value"),
    'a=eq(any).{"1}': ("value", 13, "a closing quote"),
    "a=in.1": ("value", 4, "("),
    "a=in.(1": ("value", 6, "a comma or )"),
    "a=in.(1)x": ("value", 7, "the end"),
    'a=in.("1': ("value", 7, "a closing quote"),
    'a=in.("1"2)': ("value", 8, "a comma or )"),
    'a=in.(1, "2")': ("value", 7, "the quote without a blank"),
    "a=is.nul": ("value", 4, "null, not_null"),
    "a=is.": ("value", 4, "null, not_null"),
    "a=is.nullx": ("value", 4, "null, not_null"),
    "a=is.null x": ("value", 8, "the end"),
    "or=()": ("value", 2, "the name of a field"),
    "or=": ("value", 1, "("),
    "or=a.eq.1": ("value", 1, "("),
    "or=(a.eq.1": ("value", 8, "a comma or )"),
    "or=(a.eq.1))": ("value", 9, "the end"),
    "or=(a)": ("value", 3, "a full stop and an operator"),
    "or=(a.eq.1,not.xor(b.eq.2))": ("value", 13, "an operator"),
    "or=(and()": ("value", 6, "the name of a field"),
    "or=(a.eq(any).": ("value", 12, "{ and }"),
    'or=(a.eq(any)."{1")': ("value", 15, "a comma or }"),
    "or=(range.cs.[1,10])": ("value", 16, "a full stop and an operator"),
    "not.not.or=(a.eq.1)": ("name", None, "not once"),
    "or->a=eq.1&or->=eq.1": ("name", 5, "an index or a key"),
    "a->>b->c=eq.1": ("name", 6, "the end of the path"),
    "a->--1=eq.1": ("name", 5, "an index or a key"),
    "a->99999999999=eq.1": ("name", 4, "an index of at most"),
    'a->"b=eq.1': ("name", 6, "a closing quote"),
    "a->b.c=eq.1": ("name", 5, "-> or the end"),
    "limit:a=1": ("name", 6, "a full stop"),
    'select"=a': ("name", 7, "a full stop"),
    "a.or!x=(b.eq.1)": ("name", 5, "a full stop"),
    "a:b=eq.1": ("name", 2, "a full stop, -> or the end"),
    "a..b=eq.1": ("name", 3, "the name of a field or of a relation"),
    '"a=eq.1': ("name", 3, "a closing quote"),
    '""=eq.1': ("name", 1, "the name of a field or of a relation"),
    "%20=eq.1": ("name", 2, "the name of a field or of a relation"),
    "=eq.1": ("name", 1, "the name of a field or of a relation"),
    "select=a,": ("value", 3, "*, the name of a field"),
    "select=a b)": ("value", 4, "a comma or the end"),
    "select=*x": ("value", 2, "a comma or the end"),
    "select=name!hint": ("value", 10, "("),
    "select=a!b!c()": ("value", 4, "one hint"),
    "select=a!left!inner()": ("value", 7, "one of !inner and !left"),
    "select=a(b": ("value", 4, "a comma or )"),
    "select=a->b(c)": ("value", 5, "a comma or the end"),
    "select=a::": ("value", 4, "the name of a type"),
    "select=a.total()": ("value", 2, "an aggregate"),
    "select=a.sum": ("value", 2, "an aggregate"),
    "select=count(*)": ("value", 6, "() after count"),
    "select=x:...a(b)": ("value", 3, "*, the name of a field"),
    "order=": ("value", 1, "the name of a field"),
    "order=id.ac": ("value", 3, "a comma or the end"),
    "order=id.descc": ("value", 8, "a comma or the end"),
    "order=id.nullslast.desc": ("value", 13, "a comma or the end"),
    "order=clients(name,id)": ("value", 13, ")"),
    "order=a->b(c)": ("value", 5, "a comma or the end"),
    "limit=": ("value", 1, "a whole number"),
    "a.limit=-1": ("value", 1, "a whole number"),
    "offset=1.5": ("value", 1, "a whole number"),
    "limit=99999999999999999999": ("value", 1, "a whole number"),
    "columns=": ("value", 1, "the name of a field"),
    "on_conflict=a b,c.d": ("value", 6, "a comma or the end"),
    "_after=": ("value", 1, "a cursor"),
    "_search=": ("value", 1, "a text"),
    "limit=1&limit=1": ("name", None, "each of them once"),
    "a.order=b&a.order=c": ("name", None, "each of them once"),
    "_after=a&_before=b": ("name", None, ""),
    "a=eq.%ff": ("value", None, "UTF-8"),
    "%ff=eq.1": ("name", None, "UTF-8"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults(text):
    part, position, expected = FAULTS[text]
    with pytest.raises(QueryError) as caught:
        parse(split(text))
    error = caught.value
    assert (error.part, error.position) == (part, position)
    assert error.code == "invalid_query"
    assert (error.expected or "").startswith(expected)
    assert error.parameter in error.detail or repr(error.parameter) in error.detail


def test_what_an_error_says():
    with pytest.raises(Malformed) as caught:
        parse([("or", "(a.eq.1,b.is.1)")])
    error = caught.value
    assert error.detail == "or: at character 14: want null, not_null, true, false or unknown, not '1'"
    assert error.members == {
        "parameter": "or",
        "part": "value",
        "position": 14,
        "expected": "null, not_null, true, false or unknown",
    }
    with pytest.raises(QueryError, match=r"^the name of the parameter 'a:b': at character 2: want .*, not ':'$"):
        parse([("a:b", "eq.1")])
    with pytest.raises(QueryError, match="not the end$"):
        parse([("a", "in.(1")])


def test_errors_do_not_repeat_all_of_a_long_name():
    with pytest.raises(QueryError) as caught:
        parse([("a" * 100_000, "x")])
    assert len(caught.value.detail) < 400


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("select=a,b,c", Rules(expressions=2)),
        ("a=eq.1&b=eq.1&c=eq.1", Rules(expressions=2)),
        ("or=(a.eq.1,b.eq.1)", Rules(expressions=2)),
        ("order=a,b,c", Rules(expressions=2)),
        ("columns=a,b,c", Rules(expressions=2)),
        ("a.limit=1&b.offset=1&c.limit=1", Rules(expressions=2)),
        ("select=a->b->c", Rules(expressions=2)),
        ("and=(or(and(a.eq.1)))", Rules(nesting=2)),
        ("a->b->c->d=eq.1", Rules(nesting=2)),
        ("select=a(b(c(d)))", Rules(embedding=2)),
        ("a.b.c.d=eq.1", Rules(embedding=2)),
        ("a=eq(any).{1,2}", Rules(expressions=2)),
        ("or=(a.like(all).{1,2})", Rules(expressions=3)),
        ("a=in.(1,2,3)", Rules(values=2)),
        ("a=in.(1,2)&or=(b.in.(3))", Rules(values=2)),
        ("a=in.(1,2)&b=eq(any).{3}", Rules(values=2)),
        ("abc=eq.1", Rules(size=6)),
        ("a=eq.1&b=eq", Rules(size=7)),
    ],
)
def test_guards(text, rules):
    with pytest.raises(QueryTooComplex) as caught:
        parse(split(text), rules)
    assert caught.value.code == "query_too_complex"
    if not text.endswith("=eq"):
        one_more = {
            name: getattr(rules, name) + 1 for name in ("expressions", "nesting", "embedding", "values", "size")
        }
        parse(split(text), Rules(**one_more))


@pytest.mark.parametrize(
    ("condition", "rules"),
    [
        ({"eq(any)": [1, 2]}, Rules(expressions=2)),
        ({"in": [1, 2, 3]}, Rules(values=2)),
        ({"in": [1, 2], "eq(any)": [3]}, Rules(values=2)),
        ({"in": [1], "not.in": [2, None]}, Rules(values=2)),
    ],
)
def test_guards_of_documents(condition, rules):
    """What is too much is refused for that, before any value is looked at."""
    with pytest.raises(QueryTooComplex):
        read_document({"where": {"a": condition}}, rules)


def test_values_of_a_list_are_no_expressions():
    query = parse([("id", f"in.({','.join(map(str, range(10_000)))})")])
    assert len(query.root.filters[0].value) == 10_000
