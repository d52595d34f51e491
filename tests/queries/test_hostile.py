"""Whatever a client sends, it is a query or an error of queries, and long texts take no longer than they must."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynmodel_pyramid.queries import QueryError, QueryTooComplex, print_query, split
from tests.queries.grammar import Rules, parse, read_document

#: Pieces of the grammar, so that texts get far into it.
PIECES = st.sampled_from(
    (
        *"a,.:()!*\"\\{}->&=% \t'",
        *(
            "not.",
            "and",
            "or(",
            "and=(",
            "select=",
            "order=",
            ".limit=1",
            "eq.",
            "eq(any).{",
            "in.(",
            "is.null",
            "fts(",
        ),
        *("->>", "::text", "...", ".sum()", "count()", "!inner", ".desc", "%22", "%ff", "é", "0", "\ud800", "\0"),
    )
)
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text()
BIG = 20_000
RULES = Rules(expressions=BIG * 10)


def parses(text: str, rules: Rules) -> None:
    """What parses can be printed and is the same again."""
    try:
        query = parse(split(text), rules)
    except QueryError as error:
        assert error.position is None or 0 < error.position <= len(text) + 1
    else:
        assert parse(print_query(query), rules) == query


@given(TEXTS)
@example("or=(a.eq(any).")
@example("a=eq(any).")
def test_any_text(text: str):
    parses(text, Rules())
    parses(text, Rules(lenient=True))


@given(st.sampled_from(("select", "order", "or", "a.not.and", "columns", "limit", "a", "a->b")), TEXTS)
def test_any_value(name: str, text: str):
    for lenient in (False, True):
        try:
            query = parse([(name, text)], Rules(lenient=lenient))
        except QueryError:
            continue
        assert parse(print_query(query)) == query


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "(" * BIG,
        "and=" + "(and" * BIG,
        "or=(" + "not.or(" * BIG,
        "select=" + "a(" * BIG,
        "select=" + "...a(" * BIG,
        "select=a" + "->a" * BIG,
        "order=a" + "->0" * BIG,
        ("a." * BIG) + "b=eq.1",
        "a=in.(" + ',"' * BIG,
        "a=in.(" + '"a,' * BIG,
        "a=in.(" + '"\\' * BIG,
        "a=in.(" + '"\\,' * BIG + ")",
        "or=(" + 'a.eq."x,' * BIG,
        "or=(" + "a.eq.{x," * BIG,
        "or=(" + "a.eq.{," * BIG + "}",
        "a=eq(any).{" + "\\" * BIG,
        "a=eq(any).{" + "a " * BIG,
        "a=eq(any).{" + "{" * BIG,
        "a=eq(" * BIG,
        "select=" + "a-" * BIG,
        "select=" + "a:" * BIG,
        "select=" + "a\t" * BIG,
        "select=a->" + "1" * BIG,
        "select=a->1" + "\t" * BIG + "x",
        "select=a->" + "a-" * BIG + ">",
        "limit=" + "1" * BIG,
        "limit=" + "٣" * BIG,
        "&" * BIG,
        "%" * BIG,
        "a=eq.1&" * BIG,
        '"' * BIG,
        "order=" + "a," * BIG,
        "columns=" + '"a",' * BIG,
    ],
    ids=lambda text: text[:20],
)
def test_long_texts(text: str, lenient: bool):
    """With few expressions allowed and with many; none hangs, and none exhausts the interpreter's stack."""
    parses(text, Rules(lenient=lenient))
    parses(text, Rules(RULES.expressions, lenient=lenient))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                (
                    "select",
                    "where",
                    "order",
                    "limit",
                    "offset",
                    "after",
                    "embed",
                    "spread",
                    "join",
                    "and",
                    "not.or",
                    "a",
                )
                + ("eq", "in", "not.is", "like(any)", "a->b")
            )
            | TEXTS,
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(("select", "where", "order", "limit", "offset", "after")), JSON) | JSON)
def test_any_document(document):
    try:
        query = read_document(document)
    except QueryError as error:
        assert isinstance(error.detail, str)
    else:
        assert parse(print_query(query)) == query


@pytest.mark.parametrize("make", [lambda below: {"and": [below]}, lambda below: {"not.or": [below, "a.eq.1"]}])
def test_deep_documents(make):
    where: object = "a.eq.1"
    for _ in range(900):
        where = make(where)
    with pytest.raises(QueryTooComplex):
        read_document({"where": where})


def test_deep_embedding_in_documents():
    select: list = ["a"]
    for _ in range(900):
        select = [{"embed": "a", "select": select}]
    with pytest.raises(QueryTooComplex):
        read_document({"select": select})
