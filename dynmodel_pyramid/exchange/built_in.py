"""The built-in formats: JSON, NDJSON, CSV, and the CSV of PostgREST."""

from dataclasses import replace
from typing import BinaryIO

from dynmodel_pyramid.errors import UnsupportedParameter
from dynmodel_pyramid.exchange import CSV, NDJSON
from dynmodel_pyramid.exchange.contents import DocumentContents, Reading, Runs
from dynmodel_pyramid.exchange.csv_files import REST_PARAMETERS, read_csv, read_rest_csv
from dynmodel_pyramid.exchange.dialects import PARAMETERS, Dialect, dialect_of, public_charset
from dynmodel_pyramid.exchange.documents import Documents, parse_json, too_long
from dynmodel_pyramid.exchange.formats import USUAL, Format
from dynmodel_pyramid.exchange.forms import CsvForm, DialectForm, Form, JsonForm, NdJsonForm, RestCsvForm
from dynmodel_pyramid.exchange.json_lines import read_lines
from dynmodel_pyramid.exchange.plain_json import SHORT, flat_document
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.exchange.typed import is_number
from dynmodel_pyramid.rows.service import refuse_other_than_object


def _read_json(file: BinaryIO, reading: Reading) -> DocumentContents:
    """An array of documents, or one document."""
    short = min(SHORT, reading.longest)
    start = file.read(short + 1)
    file.seek(0)
    document = flat_document(start) if len(start) <= short else None
    if document is not None:
        return DocumentContents([document], is_one=True)
    documents = Documents(file, reading.longest, note=reading.note)
    if documents.is_array:
        return DocumentContents(Runs(documents.runs()))
    file.seek(0)
    text = file.read(reading.longest + 1)
    if len(text) > reading.longest:
        raise too_long(reading.longest)
    document = parse_json(text)
    refuse_other_than_object(document)
    return DocumentContents([document], is_one=True)


def _read_ndjson(file: BinaryIO, reading: Reading) -> DocumentContents:
    return DocumentContents(Runs(read_lines(file, reading.longest, reading.note)))


def _write_json(shown: Shown) -> JsonForm:
    return JsonForm(shown.names)


def _write_ndjson(shown: Shown) -> NdJsonForm:
    return NdJsonForm(shown.names)


def _write_csv(shown: Shown) -> Form:
    """
    :raises UnsupportedParameter: a parameter is one of reading alone, or has a value that means nothing
    """
    dialect = dialect_of(shown.parameters)
    if replace(dialect, given=frozenset()) == Dialect():
        return CsvForm(shown.names, shown.texts)
    for name in ("quote", "thousands", "null", "dialect"):
        if name in dialect.given:
            raise UnsupportedParameter(f"{name} is for bodies, not for answers", hint="leave it out")
    if dialect.charset not in ("utf-8", "utf-16"):
        # Other charsets lack most characters.
        raise UnsupportedParameter(f"charset={public_charset(dialect.charset)} is not written", hint="utf-8 or utf-16")
    numbers = []
    if dialect.decimal != ".":
        numbers = [name for name, field in shown.fields.items() if is_number(field.type, field.options)]
    return DialectForm(shown.names, shown.texts, dialect, numbers)


def _write_rest_csv(shown: Shown) -> RestCsvForm:
    return RestCsvForm(shown.names)


JSON_FORMAT = Format(USUAL, _read_json, _write_json, suffix=".json")
NDJSON_FORMAT = Format(NDJSON, _read_ndjson, _write_ndjson, suffix=".ndjson")
CSV_FORMAT = Format(CSV, read_csv, _write_csv, suffix=".csv", parameters=PARAMETERS)
REST_CSV_FORMAT = Format(CSV, read_rest_csv, _write_rest_csv, suffix=".csv", parameters=REST_PARAMETERS, face="rest")
