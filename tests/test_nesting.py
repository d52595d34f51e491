"""How deep a text is, against a parser that looks at each character; and that the depth is known in time."""

import json
from io import BytesIO
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid import nesting
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.arrow.pages import groups_of
from dynmodel_pyramid.exchange.documents import Documents, parse_json
from dynmodel_pyramid.exchange.json_lines import read_lines

MOST = nesting.MAX_LEVELS


def deepest(text: str) -> int:
    level = most = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string, escaped = escaped or character != '"', not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "[{":
            level += 1
            most = max(most, level)
        elif character in "]}":
            level -= 1
    return most


MARKS = st.text(st.sampled_from('[]{}"\\,:a é☃'), max_size=30)
JSON = st.recursive(
    st.text(st.sampled_from('[]{}"\\a\n☃')) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('[]{}"\\'), max_size=2), inner),
)


@settings(max_examples=150, deadline=None)
@given(MARKS.filter(lambda text: "\\" not in text) | JSON.map(json.dumps), st.integers(1, 4), st.booleans())
def test_it_is_exact(text, most, is_cut):
    text = text[: len(text) * 2 // 3] if is_cut else text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nesting, "MAX_LEVELS", most)
        assert nesting.is_deep(text) == (deepest(text) > most)
        assert nesting.is_deep("]}" + text, 2) == (deepest(text) > most)


@settings(max_examples=200, deadline=None)
@given(MARKS)
def test_a_parser_comes_no_deeper(text):
    """Whatever the text is: what the parser has read when it finds the fault is not deeper."""
    try:
        json.loads(text)
        read = text
    except json.JSONDecodeError as error:
        read = text[: error.pos]
    with pytest.MonkeyPatch.context() as patch:
        for most in range(1, deepest(read)):
            patch.setattr(nesting, "MAX_LEVELS", most)
            assert nesting.is_deep(text)


DEEP = {
    "arrays": "[" * (MOST + 1) + "]" * (MOST + 1),
    "objects": '{"a":' * (MOST + 1) + "1" + "}" * (MOST + 1),
    "brackets in strings": '{"]}":["}]",' * (MOST // 2 + 1) + "1" + "]}" * (MOST // 2 + 1),
    "openings": "[" * 500_000,
    "openings in strings, too": '{"a":"[[[[","b":' * 100_000,
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_documents(kind):
    deep = DEEP[kind]
    with pytest.raises(Malformed, match="nested too deeply"):
        parse_json(deep.encode())
    for before in ("", '{"a": 1},', '{"a": ["\\"", {}]},' * 10_000):
        file = BytesIO(b"[%b%b]" % (before.encode(), deep.encode()))
        with pytest.raises(Malformed, match="nested too deeply"):
            for _ in Documents(file, 10_000_000):
                pass
        assert file.tell() <= len(before) + 3 * 65_536  # it is not read to its end
    with pytest.raises(ValueError, match="nested"):
        nesting.loads(deep)


def test_a_deep_document_in_several_parts():
    """No part alone is deep."""
    text = "[" * (MOST - 10) + '"' + "[" * 100_000 + '",' + '{"a":' * 11 + "1"
    with pytest.raises(Malformed, match="nested too deeply"):
        list(Documents(BytesIO(b"[" + text.encode()), 1_000_000))
    lines = ['{"a": "x', f'{{"a": {DEEP["arrays"]}}}', '{"a": [1]}']
    read = chain.from_iterable(read_lines(BytesIO("\n".join(lines).encode()), 1_000_000))
    assert [getattr(document, "detail", document) for document in read][1:] == [
        "the body is nested too deeply",
        {"a": [1]},
    ]


def test_a_deep_object_among_flat_ones():
    deep = '{"a":' * (MOST + 1) + "1" + "}" * (MOST + 1)
    body = f'{{"a":1}},{deep},{{"a":2}}'
    with pytest.raises(Malformed, match="nested too deeply"):
        list(Documents(BytesIO(b"[%b,3]" % body.encode()), 1_000_000))
    [_, broken, _] = chain.from_iterable(read_lines(BytesIO(body.replace("},{", "}\n{").encode()), 1_000_000))
    assert broken.detail == "the body is nested too deeply"


@pytest.mark.parametrize("text", ['{"a":"%s"}' % ("[" * 1_000_000), "[" + '["]",{"a":"[["}],' * 50_000 + "1]"])
def test_brackets_in_strings_are_no_levels(text):
    assert parse_json(text.encode()) == json.loads(text)
    assert list(Documents(BytesIO(b"[%b]" % text.encode()), 2_000_000)) == [json.loads(text)]


def test_the_most_levels():
    text = "[" * MOST + "]" * MOST
    assert parse_json(text.encode()) == json.loads(text) == nesting.loads("\ufeff".encode() + text.encode())


@pytest.mark.parametrize("mark", [b"\x19", b"\x1c"], ids=["lists", "structs"])
def test_footers_of_parquet(mark):
    """Nobody catches the error of a recursion there."""
    footer = mark * 100_000
    file = BytesIO(b"PAR1%b%bPAR1" % (footer, len(footer).to_bytes(4, "little")))
    with pytest.raises(Malformed, match="its footer can't be read"):
        groups_of(file)
