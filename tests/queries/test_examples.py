"""What texts mean: the examples of PostgREST's documentation and of its tests, and ours."""

import pytest

from dynmodel_pyramid.fields.operators import Syntax
from dynmodel_pyramid.queries import Query, print_query, split
from dynmodel_pyramid.queries.grammar.syntax import (
    Column,
    Condition,
    Embed,
    Field,
    Group,
    Level,
    OrderTerm,
    RowCount,
    Star,
)
from tests.queries.grammar import Rules, parse


def field(name, **options):
    return Field(Column(name), **options)


def condition(name, operator, value, **options):
    return Condition(Column(name), operator, value, **options)


def only(query: Query):
    """The one filter of a query that has nothing else."""
    assert query == Query(levels=(Level(filters=query.root.filters),))
    (found,) = query.root.filters
    return found


CONDITIONS = {
    "age=lt.13": condition("age", "lt", "13"),
    "age=not.eq.2": condition("age", "eq", "2", negated=True),
    "student=is.true": condition("student", "is", "true"),
    "student=is.NULL": condition("student", "is", "null"),
    "student=not.is.Unknown": condition("student", "is", "unknown", negated=True),
    "student=is.not_null": condition("student", "is", "not_null"),
    "name=eq.": condition("name", "eq", ""),
    'name=eq."a,b"': condition("name", "eq", '"a,b"'),
    "name=eq. a.b,(c) ": condition("name", "eq", " a.b,(c) "),
    "name=eq.not.eq.1": condition("name", "eq", "not.eq.1"),
    "name=like.*MS*": condition("name", "like", "*MS*"),
    "name=ilike.a%25": condition("name", "ilike", "a%"),
    "name=imatch.^a.*(b|c)$": condition("name", "imatch", "^a.*(b|c)$"),
    "n=isdistinct.7": condition("n", "isdistinct", "7"),
    "last_name=like(any).{O*,P*}": condition("last_name", "like", ("O*", "P*"), quantifier="any"),
    "last_name=not.like(all).{O*,*n}": condition("last_name", "like", ("O*", "*n"), negated=True, quantifier="all"),
    'a=eq(any).{"x,y", b c ,"",\\,,"null"}': condition("a", "eq", ("x,y", "b c", "", ",", "null"), quantifier="any"),
    "a=eq(any).{a\\ ,b\\\\ }": condition("a", "eq", ("a ", "b\\"), quantifier="any"),
    "a=gte(any).{}": condition("a", "gte", (), quantifier="any"),
    "id=in.(1,2,3)": condition("id", "in", ("1", "2", "3")),
    "id=in.( 1, 2)": condition("id", "in", ("1", " 2")),
    "id=in.()": condition("id", "in", ()),
    'id=in.("")': condition("id", "in", ("",)),
    "id=in.(,)": condition("id", "in", ("", "")),
    'name=in.("Hebdon,John","Williams,Mary")': condition("name", "in", ("Hebdon,John", "Williams,Mary")),
    "name=in.(%22Quote:%5C%22%22,%22Backslash:%5C%5C%22)": condition("name", "in", ('Quote:"', "Backslash:\\")),
    'name=in.(5",a"b")': condition("name", "in", ('5"', 'a"b"')),
    "tags=cs.{example, new}": condition("tags", "cs", "{example, new}"),
    'data=cs.{"a":[1]}': condition("data", "cs", '{"a":[1]}'),
    "period=ov.[2017-01-01,2017-06-30]": condition("period", "ov", "[2017-01-01,2017-06-30]"),
    "range=adj.(1,10)": condition("range", "adj", "(1,10)"),
    "my_tsv=fts(french).amusant": condition("my_tsv", "fts", "amusant", language="french"),
    "my_tsv=plfts.The%20Fat+Cats": condition("my_tsv", "plfts", "The Fat Cats"),
    "my_tsv=not.wfts(french).amusant": condition("my_tsv", "wfts", "amusant", negated=True, language="french"),
    "data->>blood_type=eq.A-": Condition(Column("data", ("blood_type",), True), "eq", "A-"),
    "data->a->-1->>0=eq.1": Condition(Column("data", ("a", -1, 0), True), "eq", "1"),
    'data->"a.b"->"0"=eq.1': Condition(Column("data", ("a.b", "0")), "eq", "1"),
    "data->!@#$%^&*_a=eq.1".replace("#", "%23").replace("&", "%26"): Condition(
        Column("data", ("!@#$%^&*_a",)), "eq", "1"
    ),
    "data->first-name->12ab=eq.1": Condition(Column("data", ("first-name", "12ab")), "eq", "1"),
    '"information.cpe"=like.*MS*': condition("information.cpe", "like", "*MS*"),
    "Unit%20Price=lt.200": condition("Unit Price", "lt", "200"),
    '"order"=eq.1': condition("order", "eq", "1"),
    '"a\\"b\\\\"=eq.1': condition('a"b\\', "eq", "1"),
    "نام=eq.محمد".encode().decode("latin-1"): condition("نام", "eq", "محمد"),
    "%D9%85=eq.1;b=eq.2": condition("م", "eq", "1;b=eq.2"),
    "हिन्दी=is.null".encode().decode("latin-1"): condition("हिन्दी", "is", "null"),
    "or=(age.lt.18,age.gt.21)": Group("or", (condition("age", "lt", "18"), condition("age", "gt", "21"))),
    "not.and=(a.gte.0,a.lte.100)": Group("and", (condition("a", "gte", "0"), condition("a", "lte", "100")), True),
    "or=(age.eq.14,not.and(age.gte.11,age.lte.17))": Group(
        "or",
        (
            condition("age", "eq", "14"),
            Group("and", (condition("age", "gte", "11"), condition("age", "lte", "17")), True),
        ),
    ),
    'or=(age_range.adj."[18,21)",age_range.cs."[30,35]")': Group(
        "or", (condition("age_range", "adj", "[18,21)"), condition("age_range", "cs", "[30,35]"))
    ),
    "and=(arr.not.cs.{1,2,3},id.not.in.(1,3))": Group(
        "and", (condition("arr", "cs", "{1,2,3}", negated=True), condition("id", "in", ("1", "3"), negated=True))
    ),
    "and=( and ( id.in.( 1, 2 ) , id.eq.3 ) , or ( id.eq.2 , id.eq.3 ) )": Group(
        "and",
        (
            Group("and", (condition("id", "in", ("1", " 2 ")), condition("id", "eq", "3 "))),
            Group("or", (condition("id", "eq", "2 "), condition("id", "eq", "3 "))),
        ),
    ),
    "or=(t.plfts(german).Art Spass, t.fts(english).impossible)": Group(
        "or",
        (
            condition("t", "plfts", "Art Spass", language="german"),
            condition("t", "fts", "impossible", language="english"),
        ),
    ),
    "or=(and_starting_col.eq.smth,or.eq.1,and.is.null,not.not.eq.1)": Group(
        "or",
        (
            condition("and_starting_col", "eq", "smth"),
            condition("or", "eq", "1"),
            condition("and", "is", "null"),
            condition("not", "eq", "1", negated=True),
        ),
    ),
    'or=(a.eq(any).{x,"y,z"},a.like(all)."{\\"}\\"}",data->a->>b.eq.1)': Group(
        "or",
        (
            condition("a", "eq", ("x", "y,z"), quantifier="any"),
            condition("a", "like", ("}",), quantifier="all"),
            Condition(Column("data", ("a", "b"), True), "eq", "1"),
        ),
    ),
    "or=(actors.is.null,directors.not.is.null)": Group(
        "or", (condition("actors", "is", "null"), condition("directors", "is", "null", negated=True))
    ),
    "or=(a.eq.)": Group("or", (condition("a", "eq", ""),)),
}

SELECTS = {
    "": (),
    "*": (Star(),),
    "first_name,age": (field("first_name"), field("age")),
    " a , b ": (field("a"), field("b")),
    "fullName:full_name,90_x:birth": (field("full_name", alias="fullName"), field("birth", alias="90_x")),
    "id,json_data->phones->0->>number": (field("id"), Field(Column("json_data", ("phones", 0, "number"), True))),
    "full_name,salary::text,x::double precision": (
        field("full_name"),
        field("salary", cast="text"),
        field("x", cast="double precision"),
    ),
    "alias:name->a-b::cast": (Field(Column("name", ("a-b",)), "alias", "cast"),),
    "amount.sum()": (field("amount", aggregate="sum"),),
    "count(),n:count()::text,observation.count(),count": (
        RowCount(),
        RowCount("n", "text"),
        field("observation", aggregate="count"),
        field("count"),
    ),
    "a:data->tax::numeric.avg()::int": (Field(Column("data", ("tax",)), "a", "numeric", "avg", "int"),),
    "title,director:directors(id,last_name)": (
        field("title"),
        Embed("directors", (field("id"), field("last_name")), "director"),
    ),
    "roles(character,films(title, year))": (
        Embed("roles", (field("character"), Embed("films", (field("title"), field("year"))))),
    ),
    "a:addresses!billing!inner(*),actors!left!hint(),b!c()": (
        Embed("addresses", (Star(),), "a", "billing", "inner"),
        Embed("actors", (), None, "hint", "left"),
        Embed("b", (), None, "c"),
    ),
    'x!leftover(),y!"left"()': (Embed("x", (), None, "leftover"), Embed("y", (), None, "left")),
    "title,...directors!d!inner(name,...a(b))": (
        field("title"),
        Embed("directors", (field("name"), Embed("a", (field("b"),), spread=True)), None, "d", "inner", True),
    ),
    "rel(data->0),x": (Embed("rel", (Field(Column("data", (0,))),)), field("x")),
    '"count"(*),"*","a b:c":"d,e"': (Embed("count", (Star(),)), field("*"), field("d,e", alias="a b:c")),
    "имя:名前": (field("名前", alias="имя"),),
}

ORDERS = {
    "age": (OrderTerm(Column("age")),),
    "age.desc,height.asc": (OrderTerm(Column("age"), True), OrderTerm(Column("height"))),
    "age.nullsfirst, x.desc.nullslast ": (OrderTerm(Column("age"), False, True), OrderTerm(Column("x"), True, False)),
    "location->>lat": (OrderTerm(Column("location", ("lat",), True)),),
    "json_col->0.desc,desc.desc": (OrderTerm(Column("json_col", (0,)), True), OrderTerm(Column("desc"), True)),
    "clients(json_col->key).desc.nullsfirst": (OrderTerm(Column("json_col", ("key",)), True, True, "clients"),),
    "name,clients( name ),id": (
        OrderTerm(Column("name")),
        OrderTerm(Column("name"), relation="clients"),
        OrderTerm(Column("id")),
    ),
}


def levels(*found):
    return Query(levels=found)


EMBEDDED = {
    "actors.order=last_name,first_name": levels(
        Level(("actors",), order=(OrderTerm(Column("last_name")), OrderTerm(Column("first_name"))))
    ),
    "actors.limit=10&actors.offset=2": levels(Level(("actors",), limit=10, offset=2)),
    "limit=0&offset=0": levels(Level(limit=0)),
    "roles.actors.first_name=like.*Tom*&roles.a=is.null&roles.actors.limit=1": levels(
        Level(("roles", "actors"), (condition("first_name", "like", "*Tom*"),), limit=1),
        Level(("roles",), (condition("a", "is", "null"),)),
    ),
    "roles.or=(a.eq.1)": levels(Level(("roles",), (Group("or", (condition("a", "eq", "1"),)),))),
    "a.not.and=(b.eq.1)&not.a.or=(b.eq.1)": levels(
        Level(
            ("a",),
            (Group("and", (condition("b", "eq", "1"),), True), Group("or", (condition("b", "eq", "1"),), True)),
        )
    ),
    '"not".and=(b.eq.1)': levels(Level(("not",), (Group("and", (condition("b", "eq", "1"),)),))),
    "rel.select=eq.1&rel._after=eq.2": levels(
        Level(("rel",), (condition("select", "eq", "1"), condition("_after", "eq", "2")))
    ),
    'rel."limit"=eq.1&rel.data->limit=eq.1': levels(
        Level(("rel",), (condition("limit", "eq", "1"), Condition(Column("data", ("limit",)), "eq", "1")))
    ),
    'columns="id",name&on_conflict=a,b&_after=a=b': Query(columns=("id", "name"), on_conflict=("a", "b"), after="a=b"),
    "_before=x": Query(before="x"),
    "": Query(),
    "&&": Query(),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions(text):
    assert only(parse(split(text))) == CONDITIONS[text]


@pytest.mark.parametrize("text", SELECTS)
def test_selects(text):
    assert parse([("select", text)]) == Query(SELECTS[text])


@pytest.mark.parametrize("text", ORDERS)
def test_orders(text):
    assert parse([("order", text)]) == levels(Level(order=ORDERS[text]))


@pytest.mark.parametrize("text", EMBEDDED)
def test_levels_and_lists(text):
    assert parse(split(text)) == EMBEDDED[text]


@pytest.mark.parametrize(
    "pairs",
    [split(text) for text in (*CONDITIONS, *EMBEDDED)]
    + [[("select", text)] for text in SELECTS]
    + [[("order", text)] for text in ORDERS],
    ids=str,
)
def test_what_is_printed_means_the_same(pairs):
    query = parse(pairs)
    printed = print_query(query)
    assert parse(printed) == query == parse(printed, Rules(lenient=True))
    assert print_query(parse(printed)) == printed


def test_leniencies():
    lenient = Rules(lenient=True)
    empty = [("order", ""), ("limit", ""), ("a.offset", ""), ("and", ""), ("a.not.or", "")]
    assert parse(empty, lenient) == Query()
    assert only(parse([("a", 'in.("x"y, "z",")')], lenient)).value == ('"x"y', ' "z"', '"')
    assert only(parse([("or", '(a.eq."x)')], lenient)).items == (condition("a", "eq", '"x'),)


def test_levels_by_path():
    query = parse(split("a.b.limit=1&x=eq.1"))
    assert query.level(("a", "b")) == Level(("a", "b"), limit=1)
    assert query.level(("a",)) == Level(("a",))
    assert query.root.filters == (condition("x", "eq", "1"),)
    assert hash(query) == hash(parse(split("a.b.limit=1&x=eq.1")))


def test_operators_of_others():
    rules = Rules(operators={"near": Syntax(), "among": Syntax(many=True)})
    assert only(parse([("place", "among.(1,2)")], rules)) == condition("place", "among", ("1", "2"))
    assert only(parse([("place", "near.1,2")], rules)) == condition("place", "near", "1,2")


def test_embeds_are_called_by_their_alias():
    (plain, named) = parse([("select", "a(),b:a()")]).select
    assert (plain.key, named.key) == ("a", "b")
