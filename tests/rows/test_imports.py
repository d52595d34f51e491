"""Rows that come in any number are held a part at a time."""

import pytest

from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.rows.entries import Columns, Faults
from dynmodel_pyramid.rows.imports import PART, Document, Import
from tests.rows.writing import Table


def test_parts(catalogue):
    table = Table(catalogue, {"n": "integer"})
    rows, seen, begun, parts = table.rows(), [], [], []

    def documents():
        for number in range(2 * PART + 1):
            seen.append(number)
            yield Document({"n": number})

    made = Import(rows, Columns(rows))
    with table.writing() as connection:

        def begin():
            begun.append(len(seen))
            return connection

        made.run(documents(), begin, lambda connection, ids: parts.append((len(seen), len(ids))))
    assert begun == [PART]
    assert parts == [(PART, PART), (2 * PART, PART), (2 * PART + 1, 1)]
    assert (made.count, made.inserted) == (2 * PART + 1, 2 * PART + 1)
    assert table.stored("n") == [(number,) for number in range(2 * PART + 1)]


def test_no_transaction_begins_before_a_good_part(catalogue):
    table = Table(catalogue, {"n": "integer"})
    rows, begun = table.rows(), []
    before = Faults()
    before.add("/n", "invalid_format", "told before")
    documents = [Document({"n": "x"}), Document(None, before), Document({"n": 1})]
    with pytest.raises(Invalid) as refused:
        Import(rows, Columns(rows)).run(documents * PART, lambda: begun.append(1), lambda connection, ids: None)
    assert begun == []
    assert refused.value.total == 2 * PART
    assert [problem.pointer for problem in refused.value.problems[:3]] == ["/0/n", "/1/n", "/3/n"]


def test_nothing(catalogue):
    table = Table(catalogue, {"n": "integer"})
    rows, begun = table.rows(), []
    Import(rows, Columns(rows)).run([], lambda: begun.append(1), lambda connection, ids: None)
    assert begun == [1]
