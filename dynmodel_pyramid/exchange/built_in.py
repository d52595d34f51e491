"""The built-in formats: JSON, NDJSON and CSV."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from dynmodel_pyramid.exchange import CSV, NDJSON
from dynmodel_pyramid.exchange.documents import Documents, parse_json, too_long
from dynmodel_pyramid.exchange.formats import USUAL, Format, Incoming
from dynmodel_pyramid.exchange.forms import CsvForm, Form, JsonForm, NdJsonForm
from dynmodel_pyramid.exchange.incoming import read_csv, read_ndjson
from dynmodel_pyramid.exchange.outgoing import Texts
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.imports import Document
from dynmodel_pyramid.rows.service import Rows, refuse_other_than_object


def _read_json(file: BinaryIO, rows: Rows, columns: Columns, longest: int) -> Incoming:
    """An array of documents, or one document."""
    documents = Documents(file, longest)
    if documents.is_array:
        return Incoming(map(Document, documents))
    file.seek(0)
    text = file.read(longest + 1)
    if len(text) > longest:
        raise too_long(longest)
    document = parse_json(text)
    refuse_other_than_object(document)
    return Incoming([Document(document)], is_one=True)


def _read_ndjson(file: BinaryIO, rows: Rows, columns: Columns, longest: int) -> Incoming:
    return Incoming(read_ndjson(file, longest))


def _read_csv(file: BinaryIO, rows: Rows, columns: Columns, longest: int) -> Incoming:
    return Incoming(read_csv(file, rows, columns, longest))


def _write_json(names: Sequence[str], texts: Callable[[], Texts]) -> Form:
    return JsonForm(names)


def _write_ndjson(names: Sequence[str], texts: Callable[[], Texts]) -> Form:
    return NdJsonForm(names)


def _write_csv(names: Sequence[str], texts: Callable[[], Texts]) -> Form:
    return CsvForm(names, texts())


JSON_FORMAT = Format(USUAL, _read_json, _write_json)
NDJSON_FORMAT = Format(NDJSON, _read_ndjson, _write_ndjson)
CSV_FORMAT = Format(CSV, _read_csv, _write_csv)
