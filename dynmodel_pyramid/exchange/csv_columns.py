"""Rows -> CSV, column by column: most columns need no step of Python for each value.

1,000 rows of 21 columns take 2.3 us a row; cell by cell they take 15 us.
"""

import datetime
from collections.abc import Sequence
from types import NoneType
from typing import Any

import orjson

from dynmodel_pyramid.exchange.delimited import CELLS, MARKS, write_cell
from dynmodel_pyramid.exchange.outgoing import Text, cell
from dynmodel_pyramid.rows.encoding import OPTIONS

_NUMBERS = {int, float, bool, NoneType}
_MOMENTS = {datetime.datetime, datetime.date, NoneType}
_TEXTS = {str, NoneType}


def csv_records(rows: Sequence[Sequence[Any]], forms: Sequence[Text | None]) -> list[str]:
    """One or more rows as records, without line ends.

    :param forms: of the columns, see :func:`~.outgoing.cell`
    """
    return list(map(",".join, zip(*map(_written_column, zip(*rows, strict=True), forms), strict=True)))


def _written_column(values: Sequence[Any], form: Text | None) -> Sequence[str]:
    kinds = set(map(type, values))
    if kinds <= _NUMBERS or kinds <= _MOMENTS:
        # None of them has a comma. NaN is null, too.
        texts = orjson.dumps(values, option=OPTIONS)[1:-1].decode().replace("null", "").replace('"', "")
        return texts.split(",")
    if not kinds <= _TEXTS:
        values = [cell(value, form) for value in values]
    texts = "".join(filter(None, values))
    marks = [mark for mark in MARKS if mark in texts]
    if marks == [","]:  # the most common one needs no search for each value
        return [f'"{value}"' if value and "," in value else value or CELLS[value] for value in values]
    if marks:
        return list(map(write_cell, values))
    if None in values or "" in values:
        return [value or CELLS[value] for value in values]
    return values
