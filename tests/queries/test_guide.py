"""docs/queries.md: each of its examples is a query."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

import dynmodel_pyramid
from dynmodel_pyramid.queries import print_query, split
from dynmodel_pyramid.queries.grammar.parsing import AT_THE_ROOT, EVERYWHERE
from tests.queries.grammar import OPERATORS, parse, read_document

PAGE = (Path(dynmodel_pyramid.__file__).parent.parent / "docs" / "queries.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"^```query\n(.*?)^```", PAGE, re.M | re.S) for line in block.splitlines()]
DOCUMENTS = re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize("line", LINES)
def test_queries(line):
    query = parse(split(quote(line, safe="&=")))
    assert parse(print_query(query)) == query
    assert print_query(query) != []


@pytest.mark.parametrize("text", DOCUMENTS)
def test_documents(text):
    query = read_document(json.loads(text))
    assert parse(print_query(query)) == query


def test_every_word_is_explained():
    for word in EVERYWHERE | AT_THE_ROOT | OPERATORS.keys():
        assert f"`{word}`" in PAGE
    assert len(LINES) > 20
    assert len(DOCUMENTS) == 3
