"""``Prefer: handling=lenient``: the good rows of a body are written, and the answer tells the others.

As JSON it is one object: ``rows`` if the client wants them, ``refused``, and the counts. As NDJSON its first line has
the counts, and each further line a refused row.
"""

from array import array
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import orjson
from pyramid.response import Response

from dynmodel_pyramid.errors import Faulty
from dynmodel_pyramid.exchange import NDJSON
from dynmodel_pyramid.rows.imports import Merging
from dynmodel_pyramid.rows.lenient import LenientImport
from dynmodel_pyramid.rows.refused import RawTexts, Refused
from dynmodel_pyramid.web.http.answers import IN_MEMORY, RowsBody
from dynmodel_pyramid.web.http.conditions import best_offer
from dynmodel_pyramid.web.http.preferences import LENIENT_OFFERS
from dynmodel_pyramid.web.http.transactions import RequestTransaction
from dynmodel_pyramid.web.http.writing import Sent, Write

#: The most refused rows that are told; the others are counted.
MOST_TOLD = 100_000
#: The most refused rows in an error, because no row was good; and those that get hints.
MOST_IN_ERROR, MOST_HINTS = 100, 3


class Told:
    """The refused rows, in a temporary file."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY)
        self._numbers, self._ends = array("Q"), array("Q", [0])

    def take(self, refused: Refused) -> None:
        if len(self._numbers) < MOST_TOLD:
            text = _encoded(refused.document(hints=len(self._numbers) < MOST_HINTS))
            self._file.write(text)
            self._numbers.append(refused.number)
            self._ends.append(self._ends[-1] + len(text))

    def __iter__(self) -> Iterator[bytes]:
        """In the order of the body."""
        for place in sorted(range(len(self._numbers)), key=self._numbers.__getitem__):
            self._file.seek(self._ends[place])
            yield self._file.read(self._ends[place + 1] - self._ends[place])

    def first(self, count: int) -> list[Any]:
        return [orjson.loads(text) for text, _ in zip(self, range(count), strict=False)]

    def close(self) -> None:
        self._file.close()


def _encoded(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:  # lone surrogates of what the client sent
        return orjson.dumps(_storable(document))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return {key: _storable(item) for key, item in value.items()} if isinstance(value, dict) else value


def create_leniently(write: Write, sent: Sent, merging: Merging | None, texts: RawTexts) -> Response:
    """Add or upsert the good rows of a body.

    :raises Invalid: there are none; the first refused rows are in ``refused``
    """
    told, as_lines = Told(), best_offer(write.request, LENIENT_OFFERS) == NDJSON
    write.shows_rows = write.shows_rows and not as_lines
    write.reports = True
    importer = LenientImport(write.rows, sent.columns, merging, refused=told.take, raws=texts, position=sent.position)
    transaction = RequestTransaction(write.request, write.begin)
    try:
        importer.run(sent.documents, transaction, write.take if write.shows_rows else None)
    except Faulty as error:
        error.members |= {"refused_count": importer.refused_count, "refused": told.first(MOST_IN_ERROR)}
        told.close()
        raise
    except BaseException:
        told.close()
        raise
    counts = {"count": importer.count, "inserted": importer.inserted, "refused_count": importer.refused_count}

    def add(body: RowsBody) -> None:
        if as_lines:
            body.go_on(b"", b"\n", b"\n")
            body.add(orjson.dumps(counts))
        else:
            closing = b"]," + orjson.dumps(counts)[1:]
            body.go_on(b'],"refused":[' if write.shows_rows else b'{"refused":[', b",", closing)
        for text in told:
            body.add(text)
        told.close()

    status = 201 if merging is None or importer.inserted else 200
    kind = NDJSON if as_lines else LENIENT_OFFERS[0]
    return write.report(status, kind, importer.count, add, later=transaction.later)
