"""Many documents judged by columns, which gives what judging them one by one gives (:class:`~.reading.RowReader`).

It reads only what is certainly right. As soon as anything is doubtful, the documents are read one by one, which finds
the faults and tells them: so there is one code for those. 1,000 documents of 20 fields take 5 us each so instead of 90.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import colander

from dynmodel_pyramid.database.dialect import LARGEST_GIVEN_ID
from dynmodel_pyramid.definitions.expressions import evaluate
from dynmodel_pyramid.errors import OptionUnsupported
from dynmodel_pyramid.fields.columns import are, are_within, judged
from dynmodel_pyramid.rows.reading import MISSING, Rights, RowReader, WritableField

#: From this many documents on it is faster.
FROM = 20
_Missing = type(MISSING)
#: The types of what is no value.
_EMPTY = frozenset({type(None), _Missing})


@dataclass(frozen=True, slots=True)
class SentColumns:
    """The values of many documents by name; :data:`MISSING` where a document has none."""

    count: int
    columns: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class JudgedColumns:
    """
    :param values: the values to store, by field
    :param ids: the ids that the client gives
    """

    values: dict[str, list[Any]]
    ids: list[int | None]


def columns_of(documents: Sequence[Any], known: Callable[[str], bool]) -> SentColumns | None:
    """The documents by columns; None if one is not an object, or has a name that is not known.

    :param known: bounds the columns: hostile documents may have thousands of names each
    """
    if not are(documents, dict):
        return None
    first = documents[0]
    if len(first) > 1 and set(map(len, documents)) == {len(first)} and all(map(known, first)):
        try:  # nearly always they have the same names
            values = zip(*map(itemgetter(*first), documents), strict=True)
            return SentColumns(len(documents), dict(zip(first, map(list, values), strict=True)))
        except KeyError:
            pass
    names = set().union(*documents)
    if not all(map(known, names)):
        return None
    return SentColumns(
        len(documents), {name: [document.get(name, MISSING) for document in documents] for name in names}
    )


def judge(
    reader: RowReader, sent: SentColumns, rights: Rights, moment: datetime.datetime, links: Iterable[str]
) -> JudgedColumns | None:
    """What :meth:`RowReader.whole` and :meth:`RowReader.given_id` give for each document, if they find no fault.

    :param links: the fields whose values may be keys (:mod:`~.keys`), which are read one by one
    :returns: None if there is a fault, or may be one
    """
    columns = sent.columns
    if any((name not in reader.by_name and name != "id") or rights.hides(name) for name in columns):
        return None
    ids = _ids(columns.get("id"), sent.count)
    if ids is None or any(_may_have_keys(columns[name]) for name in links if name in columns):
        return None
    values = {}
    try:
        for entry in reader.fields:
            column = columns.get(entry.name)
            types = {_Missing} if column is None else {*map(type, column)}
            if _Missing in types and entry.required and entry.default is None and entry.name not in rights.presets:
                return None
            if column is None:
                values[entry.name] = _defaults(entry, sent.count, moment)
            elif types.isdisjoint(_EMPTY):
                values[entry.name] = judged(list(column), entry.node)
            elif entry.required and type(None) in types:
                return None
            else:
                given = [value for value in column if value is not None and value is not MISSING]
                values[entry.name] = _spread(column, judged(given, entry.node), entry, moment)
    except (colander.Invalid, OptionUnsupported):
        return None
    return JudgedColumns(values, ids)


def _ids(column: Sequence[Any] | None, count: int) -> list[int | None] | None:
    if column is None:
        return [None] * count
    given = [value for value in column if value is not None and value is not MISSING]
    if given and not (are(given, int) and are_within(given, 1, LARGEST_GIVEN_ID)):
        return None
    return [None if value is MISSING else value for value in column]


def _may_have_keys(column: Sequence[Any]) -> bool:
    types = {*map(type, column)}
    if list in types and any(type(value) is list and dict in map(type, value) for value in column):
        return True
    return dict in types


def _defaults(entry: WritableField, count: int, moment: datetime.datetime) -> list[Any]:
    if entry.expression is None:
        return [entry.default] * count
    return [evaluate(entry.expression, entry.node, moment) for _ in range(count)]


def _spread(column: Sequence[Any], given: list[Any], entry: WritableField, moment: datetime.datetime) -> list[Any]:
    """The judged values, with those of nulls and of missing values between them."""
    source = iter(given)
    return [
        entry.empty if value is None else _defaults(entry, 1, moment)[0] if value is MISSING else next(source)
        for value in column
    ]
