"""Queries as JSON mean what query strings mean."""

import pytest

from dynmodel_pyramid.queries import QueryError, QueryTooComplex, split
from tests.queries.grammar import Rules, parse, read_document

SAME = [
    ({}, ""),
    ({"select": "id,owner(name)"}, "select=id,owner(name)"),
    ({"select": []}, "select="),
    ({"select": ["*", "price::text", "n:count()"]}, "select=*,price::text,n:count()"),
    ({"where": {"price": "gte.10"}}, "price=gte.10"),
    ({"where": {"price": {"gte": 10, "lt": 20.5}}}, "price=gte.10&price=lt.20.5"),
    ({"where": {"price": {"not.eq": True}}}, "price=not.eq.true"),
    ({"where": {"id": {"not.in": [1, "a,b", False]}}}, 'id=not.in.(1,"a,b",false)'),
    ({"where": {"id": {"in": []}}}, "id=in.()"),
    ({"where": {"name": {"like(any)": ["O*", "P,*"]}}}, 'name=like(any).{O*,"P,*"}'),
    ({"where": {"body": {"not.fts(english)": "cat"}}}, "body=not.fts(english).cat"),
    (
        {"where": {"a": {"is": None}, "b": {"not.is": True}, "c": {"is": "Not_Null"}}},
        "a=is.null&b=not.is.true&c=is.not_null",
    ),
    ({"where": {"data->>a": {"eq": '"x"'}}}, 'data->>a=eq."x"'),
    ({"where": {'"or"': "is.null"}}, '"or"=is.null'),
    ({"where": {"order": "eq.1", "select": "eq.2"}}, '"order"=eq.1&"select"=eq.2'),
    ({"where": "a.eq.1,or(b.eq.2,c.is.null)"}, "a=eq.1&or=(b.eq.2,c.is.null)"),
    ({"where": ["a.eq.1,b.eq.2", {"c": "eq.3"}]}, "a=eq.1&b=eq.2&c=eq.3"),
    ({"where": {"not.or": [{"a": "eq.1"}, "b.eq.2"]}}, "not.or=(a.eq.1,b.eq.2)"),
    ({"where": {"or": [{"a": {"gt": 1, "lt": 5}}, "b.eq.2,c.eq.3"]}}, "or=(and(a.gt.1,a.lt.5),and(b.eq.2,c.eq.3))"),
    ({"where": {"or": [{"and": ["a.eq.1"]}, {"not.and": ["b.eq.1"]}]}}, "or=(and(a.eq.1),not.and(b.eq.1))"),
    ({"having": {"count()": {"gt": 1}, "price.sum()": "lt.5"}}, "having=(count().gt.1,price.sum().lt.5)"),
    ({"having": "n.gt.1,or(a.max().eq.1,n.eq.2)"}, "having=(n.gt.1,or(a.max().eq.1,n.eq.2))"),
    ({"having": {"or": [{"n": "gt.1"}, "count().in.(1,2)"]}}, "having=(or(n.gt.1,count().in.(1,2)))"),
    ({"where": {"having": "eq.1"}}, "having=eq.1"),
    ({"order": ["count().desc", "a->b.sum()"]}, "order=count().desc,a->b.sum()"),
    ({"order": "a.desc,b"}, "order=a.desc,b"),
    ({"order": ["a.desc.nullslast", "b(c)"]}, "order=a.desc.nullslast,b(c)"),
    ({"limit": 10, "offset": 5, "after": "x"}, "limit=10&offset=5&_after=x"),
    ({"before": "x"}, "_before=x"),
    ({"search": "x y"}, "_search=x y"),
    (
        {
            "select": [
                "id",
                {
                    "embed": "roles",
                    "alias": "cast",
                    "hint": "inner",
                    "join": "left",
                    "select": ["character", {"spread": "actors", "where": "a.eq.1", "limit": 2}],
                    "where": {"character": {"eq": "x"}},
                    "order": "character",
                },
            ]
        },
        'select=id,cast:roles!"inner"!left(character,...actors(*))&cast.character=eq.x&cast.order=character'
        "&cast.actors.a=eq.1&cast.actors.limit=2",
    ),
]


@pytest.mark.parametrize(("document", "text"), SAME, ids=str)
def test_documents_and_texts(document, text):
    assert read_document(document) == parse(split(text))


FAULTS = [
    ([], "document", "an object"),
    (None, "document", "an object"),
    ({"wher": {}}, "/wher", None),
    ({"columns": "a"}, "/columns", None),
    ({"limit": "1"}, "/limit", "a whole number, 0 or above"),
    ({"limit": True}, "/limit", "a whole number, 0 or above"),
    ({"offset": -1}, "/offset", "a whole number, 0 or above"),
    ({"limit": None}, "/limit", "a whole number, 0 or above"),
    ({"order": []}, "/order", "a text"),
    ({"order": ["a,b"]}, "/order/0", "the end"),
    ({"order": [1]}, "/order/0", "a text"),
    ({"select": 1}, "/select", "an array or a text"),
    ({"select": [1]}, "/select/0", "a text"),
    ({"select": ["a,b"]}, "/select/0", "the end"),
    ({"select": [{"alias": "x"}]}, "/select/0", "one of embed and spread"),
    ({"select": [{"embed": "x", "spread": "y"}]}, "/select/0", "one of embed and spread"),
    ({"select": [{"embed": None}]}, "/select/0", "the name of a relation"),
    ({"select": [{"embed": ""}]}, "/select/0/embed", "a text that is not empty"),
    ({"select": [{"spread": "x", "alias": "y"}]}, "/select/0/alias", "no alias"),
    ({"select": [{"embed": "x", "join": "right"}]}, "/select/0/join", "inner or left"),
    ({"select": [{"embed": "x", "after": "y"}]}, "/select/0/after", None),
    ({"select": [{"embed": "x"}, {"embed": "x"}]}, "/select/1", "another alias"),
    ({"select": [{"embed": "x", "where": {"a": 1}}]}, "/select/0/where/a", None),
    ({"where": 1}, "/where", "an object, an array or a text"),
    ({"where": [[]]}, "/where/0", "an object or a text"),
    ({"where": ""}, "/where", "the name of a field"),
    ({"where": {"a": {}}}, "/where/a", None),
    ({"where": {"a.b": "eq.1"}}, "/where/a.b", "-> or the end"),
    ({"where": {"~/": "eq.1"}}, "/where/~0~1", "the name of a field"),
    ({"where": {"a": "is.x"}}, "/where/a", "null, not_null, true, false or unknown"),
    ({"where": {"a": {"is": 1}}}, "/where/a/is", "null, not_null, true, false or unknown"),
    ({"where": {"a": {"eq": None}}}, "/where/a/eq", "a text, a number, true or false"),
    ({"where": {"a": {"eq": []}}}, "/where/a/eq", "a text, a number, true or false"),
    ({"where": {"a": {"in": "1"}}}, "/where/a/in", "an array"),
    ({"where": {"a": {"in": [None]}}}, "/where/a/in/0", "a text, a number, true or false"),
    ({"where": {"a": {"eq.": 1}}}, "/where/a/eq.", "the end"),
    ({"where": {"a": {"noop": 1}}}, "/where/a/noop", "an operator and a full stop"),
    ({"where": {"or": {"a": 1}}}, "/where/or", "an array of conditions"),
    ({"where": {"or": []}}, "/where/or", "an array of conditions"),
    ({"where": {"or": [{}]}}, "/where/or/0", "a condition"),
    ({"where": {"or": [["a.eq.1"]]}}, "/where/or/0", "an object or a text"),
    ({"having": {}}, "/having", "a condition"),
    ({"having": {"count(": "gt.1"}}, "/having/count(", "-> or the end"),
    ({"where": {"count()": "gt.1"}}, "/where/count()", "-> or the end"),
    ({"after": ""}, "/after", "a text that is not empty"),
    ({"after": "a", "before": "b"}, "/before", None),
]


@pytest.mark.parametrize(("document", "pointer", "expected"), FAULTS, ids=str)
def test_faults(document, pointer, expected):
    with pytest.raises(QueryError) as caught:
        read_document(document)
    assert caught.value.parameter == pointer
    assert expected is None or caught.value.expected == expected


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        ({"where": {"a": {"gt": 1, "lt": 2, "neq": 3}}}, Rules(expressions=2)),
        ({"where": {"or": ["a.eq.1", "b.eq.1"]}}, Rules(expressions=2)),
        ({"select": ["a", "b", "c"]}, Rules(expressions=2)),
        ({"order": ["a", "b", "c"]}, Rules(expressions=2)),
        ({"limit": 1, "offset": 1, "order": "a"}, Rules(expressions=2)),
        ({"where": {"or": [{"and": ["or(a.eq.1)"]}]}}, Rules(nesting=2)),
        ({"select": [{"embed": "a", "select": ["b(c(d))"]}]}, Rules(embedding=2)),
        ({"select": [{"embed": "a", "select": [{"spread": "b", "select": "c(d)"}]}]}, Rules(embedding=2)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_guards(document, rules):
    with pytest.raises(QueryTooComplex):
        read_document(document, rules)
    read_document(document, Rules(rules.expressions + 1, rules.nesting + 1, rules.embedding + 1))
