"""docs/operators.md is up to date."""

from tests import document_operators


def test_the_tables_are_up_to_date():
    told = document_operators.PAGE.read_text(encoding="utf-8")
    assert told == document_operators.page(), "run python -m tests.document_operators"


def test_lines_are_short():
    lines = document_operators.PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []
