"""Any query that the grammar can say, with any operators."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from dynmodel_pyramid.fields.operators import Syntax
from dynmodel_pyramid.queries.grammar.syntax import (
    AGGREGATES,
    IS_VALUES,
    Column,
    Condition,
    Embed,
    Field,
    Group,
    Level,
    OrderTerm,
    Query,
    RowCount,
    Star,
)

WORDS = (
    "select",
    "order",
    "limit",
    "offset",
    "having",
    "and",
    "or",
    "not",
    "columns",
    "_after",
    "_search",
    "count",
    "inner",
    "left",
    "null",
)
SPECIAL = st.text(st.sampled_from(" \"\\(){}[],.:!*->=&;%+'\t\nab0_$é名\u0301\xa0"), min_size=1, max_size=6)
NAMES = st.sampled_from(("a", "first_name", "b-c", "d e", "9", *WORDS)) | SPECIAL | st.text(min_size=1, max_size=4)
TEXTS = st.sampled_from(("1", "{a,b}", "[1,2)", "*a*", "NULL", "", *WORDS)) | SPECIAL | st.text(max_size=5)
TYPES = st.sampled_from(("text", "double precision", "int4", "типы"))
STEPS = st.integers(-(2**31) + 1, 2**31 - 1) | st.just("") | st.just("0") | NAMES


def optional(strategy):
    return st.none() | strategy


def tuples(strategy, least=0, most=3):
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


@st.composite
def columns(draw):
    path = draw(tuples(STEPS))
    return Column(draw(NAMES), path, bool(path) and draw(st.booleans()))


@st.composite
def measures(draw):
    """What order and having may name: a column, count(), or another aggregate."""
    column, aggregate = draw(columns()), draw(optional(st.sampled_from(AGGREGATES)))
    return draw(st.sampled_from((Column("", aggregate="count"), replace(column, aggregate=aggregate))))


#: Every syntax that an operator can have.
SYNTAXES = (Syntax(), Syntax(many=True), Syntax(quantified=True), Syntax(searches=True), Syntax(True, searches=True))


def operators():
    """The operators of some plugins, beside ``is``, which the grammar knows."""
    names = st.from_regex("[a-z][a-z0-9_]*", fullmatch=True).filter(lambda name: name not in ("not", "is"))
    some = st.dictionaries(names | st.sampled_from(("and", "or", "in", "desc")), st.sampled_from(SYNTAXES), max_size=4)
    return some.map(lambda syntaxes: {"is": Syntax(), **syntaxes})


@st.composite
def conditions(draw, operators: Mapping[str, Syntax], subjects=columns):
    operator, syntax = draw(st.sampled_from(sorted(operators.items(), key=lambda item: item[0])))
    quantifier = draw(st.sampled_from((None, "any", "all"))) if syntax.quantified else None
    language = draw(optional(st.sampled_from(("english", "pg catalog")))) if syntax.searches else None
    if syntax.many or quantifier:
        value = draw(tuples(TEXTS))
    else:
        value = draw(st.sampled_from(sorted(IS_VALUES)) if operator == "is" else TEXTS)
    return Condition(draw(subjects()), operator, value, draw(st.booleans()), quantifier, language)


def filters(operators: Mapping[str, Syntax], subjects=columns):
    return st.recursive(
        conditions(operators, subjects),
        lambda below: st.builds(Group, st.sampled_from(("and", "or")), tuples(below, least=1), st.booleans()),
        max_leaves=6,
    )


@st.composite
def fields(draw):
    aggregate = draw(optional(st.sampled_from(AGGREGATES)))
    result_cast = draw(optional(TYPES)) if aggregate else None
    return Field(draw(columns()), draw(optional(NAMES)), draw(optional(TYPES)), aggregate, result_cast)


@st.composite
def embeds(draw, below):
    spread = draw(st.booleans())
    alias = None if spread else draw(optional(NAMES))
    join = draw(st.sampled_from((None, "inner", "left")))
    return Embed(draw(NAMES), draw(tuples(below)), alias, draw(optional(NAMES)), join, spread)


ITEMS = st.recursive(
    st.just(Star()) | fields() | st.builds(RowCount, optional(NAMES), optional(TYPES)), embeds, max_leaves=5
)
PLACES = st.booleans(), st.sampled_from((None, True, False))
TERMS = st.builds(OrderTerm, columns(), *PLACES, optional(NAMES)) | st.builds(OrderTerm, measures(), *PLACES)
NUMBERS = st.integers(0, 2**63 - 1)


def levels(operators: Mapping[str, Syntax]):
    offsets = st.just(0) | NUMBERS
    having = tuples(filters(operators, measures), most=2)
    made = st.builds(
        Level, tuples(NAMES), tuples(filters(operators)), tuples(TERMS), optional(NUMBERS), offsets, having
    )
    return made.filter(lambda level: level != Level(level.path))


@st.composite
def queries(draw, operators: Mapping[str, Syntax]):
    after = draw(optional(st.text(min_size=1, max_size=5)))
    before = draw(optional(st.text(min_size=1, max_size=5))) if after is None else None
    said = tuple(draw(st.lists(levels(operators), max_size=3, unique_by=lambda level: level.path)))
    names = optional(tuples(NAMES, least=1))
    search = draw(optional(st.text(min_size=1, max_size=5)))
    return Query(draw(tuples(ITEMS)), said, draw(names), draw(names), after, before, search=search)
