"""Lists of corrections for the quarantine, in JSON or CSV: ``[{"id": 1, "value": 5}, {"id": 2, "discard": true}]``."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.changes.corrections import MOST, Correction
from dynmodel_pyramid.changes.quarantine import OLD_TEXT, NewText
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Invalid, Malformed, Problem
from dynmodel_pyramid.exchange.delimited import read_records
from dynmodel_pyramid.exchange.documents import parse_json
from dynmodel_pyramid.exchange.headers import header_of
from dynmodel_pyramid.fields.numerals import whole
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.web.http.body import longest_document, media_type_of, read_document, refuse_media_type

_JSON, _CSV = "application/json", "text/csv"
_KNOWN = ("id", "value", "discard")
_FLAGS = {"true": True, "false": False}


def read_corrections(request: Request) -> list[Correction]:
    """
    :raises Invalid: with every fault, or for more than :data:`MOST` corrections
    :raises Malformed: the body is neither JSON nor CSV
    """
    refuse_media_type(request, (_JSON, _CSV))
    body = read_document(request)
    documents = list(_of_csv(body, longest_document(request))) if media_type_of(request) == _CSV else parse_json(body)
    if type(documents) is not list:
        raise Invalid([Problem("", "wrong_type", 'want an array such as [{"id": 1, "value": 250}]')])
    if len(documents) > MOST:
        raise Invalid([Problem("", "too_many_items", f"want at most {MOST} corrections, not {len(documents)}")])
    problems = Problems()
    corrections = [_correction(document, f"/{number}", problems) for number, document in enumerate(documents)]
    problems.raise_if_any()
    return corrections


def _correction(document: Any, pointer: str, problems: Problems) -> Correction:
    if type(document) is not dict:
        problems.add(pointer, "wrong_type", "want an object")
        return Correction(0, pointer)
    problems.unknown_keys(document, _KNOWN, pointer)
    number, discards = whole(document.get("id")), problems.flag(document, "discard", pointer)
    if "id" not in document:
        problems.add(f"{pointer}/id", "required", "is required: the number of the value")
    elif number is None:
        problems.add(f"{pointer}/id", "wrong_type", "want the number of a value")
    if discards and "value" in document:
        problems.add(f"{pointer}/value", "read_only", "a value that is discarded has no correction")
    return Correction(number or 0, pointer, document.get("value", OLD_TEXT), discards)


def _of_csv(body: bytes, longest: int) -> Iterator[dict[str, Any]]:
    """The first line has ``id``, and ``value`` or ``discard``; values are in the text forms of their fields."""
    records = (record for record in read_records(BytesIO(body), longest) if record != [None])
    header = header_of(next(records, []))
    if "id" not in header or not set(header) <= set(_KNOWN):
        raise Malformed(
            "the first line must name id, and value or discard", code="malformed_csv", hint="for example id,value"
        )
    for number, record in enumerate(records, 1):
        if len(record) != len(header):
            detail = f"record {number}: {len(record)} values stand under {len(header)} names"
            raise Malformed(detail, code="malformed_csv")
        document: dict[str, Any] = {str(name): text for name, text in zip(header, record, strict=True)}
        document["id"] = parse_id(document["id"] or "") or document["id"]
        if "discard" in document:
            document["discard"] = _FLAGS.get(document["discard"] or "false", document["discard"])
            if document["discard"] is True and document.get("value") is None:
                document.pop("value", None)
        if document.get("value") is not None:
            document["value"] = NewText(document["value"])
        yield document
