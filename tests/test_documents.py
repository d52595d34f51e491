"""The examples of the documents, run in their order against a real server on an empty database."""

import pytest

from tests.documents import SCRIPTS, Shell, examples

DOCUMENTS = ("README.md", "docs/api.md", "docs/quick-start.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples(document, server):
    found = list(examples(document, ("curl", *SCRIPTS)))
    assert found
    shell = Shell(server.url, str(server.ini))
    for example in found:
        shell.check(example)
