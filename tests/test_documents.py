"""The examples of the documents, run in their order against a real server on an empty database."""

import pytest

from tests.documents import check, examples

DOCUMENTS = ("README.md", "docs/api.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples(document, server):
    found = list(examples(document))
    assert found
    for example in found:
        check(example, server.url)
