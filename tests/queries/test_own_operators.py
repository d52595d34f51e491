"""A type of a plugin declares operators of its own by the same door as the built-in ones, and clients ask with them."""

import json
import re
from urllib.parse import quote

import pytest
import webtest

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.fields.registry import FieldTypes
from dynmodel_pyramid.fields.types.text import Text
from dynmodel_pyramid.queries import Rules, parse, print_query, read_document, split
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.driver import make_application
from tests.documents import ROOT
from tests.examples.searched_text import SearchedText

TEXTS = ["cat", "cats and dogs", "dog", "", "ä🙂", None]
#: What is asked of the field -> the same in a document, and the texts that it finds.
ASKED = {
    "bw.cat": ({"bw": "cat"}, ["cat", "cats and dogs"]),
    "bw.": ({"bw": ""}, ["cat", "cats and dogs", "dog", "", "ä🙂"]),
    "not.bw.cat": ({"not.bw": "cat"}, ["dog", "", "ä🙂"]),
    "bw(any).{cats,ä}": ({"bw(any)": ["cats", "ä"]}, ["cats and dogs", "ä🙂"]),
    "bw(all).{c,ca}": ({"bw(all)": ["c", "ca"]}, ["cat", "cats and dogs"]),
    "bw(any).{}": ({"bw(any)": []}, []),
    "not.bw(any).{c,d}": ({"not.bw(any)": ["c", "d"]}, ["", "ä🙂"]),
    "len.(3,2)": ({"len": [3, 2]}, ["cat", "dog", "ä🙂"]),
    'len.("0")': ({"len": ["0"]}, [""]),
    "len.()": ({"len": []}, []),
    "not.len.(3)": ({"not.len": [3]}, ["cats and dogs", "", "ä🙂"]),
    "has.dogs": ({"has": "dogs"}, ["cats and dogs"]),
    "has(english).dogs": ({"has(english)": "dogs"}, ["cats and dogs", "dog"]),
    "not.has(english).dogs": ({"not.has(english)": "dogs"}, ["cat", "", "ä🙂"]),
}
#: What is refused -> the code, what the error says and its hint.
REFUSED = {
    "bw(some).{a}": ("invalid_query", "want any or all", None),
    "bw(any).a": ("invalid_query", "want { and }", None),
    "len.3": ("invalid_query", r"want \(", None),
    "len(any).{3}": (
        "invalid_query",
        "want a full stop",
        r"len takes a list; any or all follow bw eq .*, a language follows fts has phfts",
    ),
    "len.(x)": ("invalid_operand", "text, len: want a number of characters, not 'x'", None),
    "has().a": ("invalid_query", "want a language", None),
    "has(german).a": ("invalid_operand", "there is no language german", "known are english"),
    "bwx.a": ("invalid_query", "want an operator", r"operators are adj, bw, .*, has, .*, len, like"),
    "cs.a": ("unknown_operator", "text takes no operator cs", "it takes eq .* lte bw len has"),
}


@pytest.fixture(scope="module", params=DATABASES)
def asked(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("own")) as settings:
        wsgi = make_application(settings, {"searched_text": SearchedText})
        app = webtest.TestApp(wsgi)
        app.post_json("/table/", {"model_name": "Note", "fields": {"text": "searched_text", "mark": "integer"}})
        app.post_json("/table/Note/rows/", [{"text": text} for text in TEXTS])
        yield app
        wsgi.registry.dynmodel_catalogue.database.close()


def in_a_group(condition: str) -> str:
    """The condition as an item of ``or=(...)``."""
    operator, _, value = condition.removeprefix("not.").partition(".")
    nested = value if value.startswith("(") else '"' + value.replace('"', '\\"') + '"'
    return f"text.{'not.' if condition.startswith('not.') else ''}{operator}.{nested}"


@pytest.mark.parametrize("condition", ASKED)
def test_operators_are_asked_at_both_faces(asked, condition):
    document, wanted = ASKED[condition]
    raw, group = quote(condition), quote(f"({in_a_group(condition)},id.lt.0)")
    for query in (f"text={raw}", f"or={group}"):
        for path in ("/table/Note/rows/", "/rest/Note"):
            answer = asked.get(f"{path}?select=text&order=id&{query}", status=200)
            assert [row["text"] for row in answer.json] == wanted, (path, query)
    for where in ({"text": document}, {"text": condition}, in_a_group(condition), {"or": [{"text": document}]}):
        answer = asked.post_json("/table/Note/query/", {"select": "text", "order": "id", "where": where}, status=200)
        assert [row["text"] for row in answer.json] == wanted, where
    for path in ("/table/Note/rows/", "/rest/Note"):
        headers = {"Prefer": "tx=rollback, return=representation"}
        answer = asked.patch_json(f"{path}?select=text&order=id&text={raw}", {"mark": 1}, headers=headers, status=200)
        assert [row["text"] for row in answer.json] == wanted, f"PATCH {path}"


@pytest.mark.parametrize("condition", REFUSED)
def test_what_operators_do_not_take_is_refused(asked, condition):
    code, detail, hint = REFUSED[condition]
    answer = asked.get(f"/table/Note/rows/?text={quote(condition)}", status=400)
    assert answer.json["code"] == code
    assert re.search(detail, answer.json["detail"])
    assert hint is None or re.search(hint, answer.json["hint"])
    answer = asked.get(f"/rest/Note?text={quote(condition)}", expect_errors=True)
    assert answer.status_int in (400, 404)
    assert hint is None or re.search(hint, answer.json["hint"])


def test_the_examples_of_the_page(asked):
    """docs/operators.md shows how the operators of this type are asked."""
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```query\n(.*?)^```", page, re.M | re.S)
    used = set()
    for line in lines.splitlines():
        asked.get(f"/table/Note/rows/?{quote(line, safe='&=')}", status=200)
        used |= {name for name in ("bw", "len", "has") if f"{name}." in line or f"{name}(" in line}
    assert used == {"bw", "len", "has"}


# The grammar


def registry(**types) -> FieldTypes:
    made = FieldTypes()
    for name, cls in types.items():
        made.register(name, cls, f"acme-{name}", "1.0")
    return made


def test_the_grammar_takes_the_operators_of_the_registered_types():
    rules = Rules(operators=registry(searched_text=SearchedText).operators)
    for condition, (document, _) in ASKED.items():
        query = parse([("text", condition)], rules)
        assert parse(print_query(query), rules) == query
        assert read_document({"where": {"text": document}}, rules) == query
        grouped = parse(split(f"or={quote('(' + in_a_group(condition) + ')')}"), rules)
        assert grouped.root.filters[0].items == query.root.filters
        assert parse(print_query(grouped), rules) == grouped
        json.dumps(document)


def declaring(*declared: Operator) -> type[Text]:
    return type("Declaring", (Text,), {"operators": (*operators.IDENTITY, *declared)})


def test_two_types_may_share_an_operator():
    one, other = (Operator("near", words, operators.EQ.condition, many=True) for words in ("is near", "sounds alike"))
    types = registry(first=declaring(one), second=declaring(other))
    assert types.operators["near"] == one.syntax


@pytest.mark.parametrize(
    ("syntax", "told"),
    [
        ({"many": True}, "a list"),
        ({"quantified": True}, "one value, or an array with any or all"),
        ({"searches": True}, "one value, with a language or without"),
    ],
)
def test_one_name_has_one_syntax(syntax, told):
    one = Operator("near", "is near", operators.EQ.condition)
    other = Operator("near", "is near", operators.EQ.condition, **syntax)
    types = registry(first=declaring(one))
    with pytest.raises(ConfigurationProblem) as caught:
        types.register("second", declaring(other), "acme-second", "2.0")
    assert str(caught.value) == (
        f"field type 'second' of acme-second 2.0: its operator 'near' takes {told}, and that of the field type 'first' "
        "of acme-first 1.0 takes one value (rename one of the two, or give it the other's syntax)"
    )
    assert "second" not in types and types.operators["near"] == one.syntax


def test_an_operator_is_declared_once():
    with pytest.raises(ConfigurationProblem, match="its operator 'eq' is declared twice"):
        registry(first=declaring(operators.EQ))


@pytest.mark.parametrize("name", ["Sounds like", "not", "", "9", "a-b", "_a", "bw\n"])
def test_a_name_that_the_grammar_can_not_read_is_refused(name):
    with pytest.raises(ValueError, match="want a name of a to z"):
        Operator(name, "is near", operators.EQ.condition)


@pytest.mark.parametrize("syntax", [{"many": True}, {"searches": True}])
def test_a_syntax_that_the_grammar_can_not_read_is_refused(syntax):
    with pytest.raises(ValueError, match="the operator 'near': with any and all"):
        Operator("near", "is near", operators.EQ.condition, quantified=True, **syntax)
