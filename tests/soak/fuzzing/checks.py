"""What is true of every answer, whatever was asked."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.soak.fuzzing.wire import Answer, Request

#: What must never be in an answer: our insides.
INSIDES = ("Traceback", "sqlalchemy", "psycopg", "sqlite3", "_dynmodel", "site-packages", ".py", "SELECT ", "INSERT ")
PROBLEM = {"type", "title", "status", "detail", "code", "hint", "request_id"}
_REST_CODE = re.compile(r"PGRST\d{3}|[0-9A-Z]{5}")
_TAG = re.compile(r'(W/)?"[^"]+"')
_RANGE = re.compile(r"(items )?(\d+-\d+|\*)/(\d+|\*)")


@cache
def documented() -> tuple[frozenset[str], frozenset[str]]:
    """The codes of docs/errors.md: of answers, and of faults in ``errors``."""
    page = (Path(__file__).parents[3] / "docs" / "errors.md").read_text(encoding="utf-8")
    whole, _, faults = page.partition("## Codes in `errors`")
    codes = [frozenset(re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE)) for part in (whole, faults)]
    return codes[0], codes[1] | {"unknown_field", "extra_missing"}


def violations(request: Request, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer."""
    status = answer.status
    if status >= 500 and not (status == 503 and answer.get("Retry-After")):
        yield f"answered {status}"
        return
    yield from _headers(request, answer)
    if request.method == "HEAD" or status in (204, 304):
        if answer.body:
            yield "a body where there is none"
        return
    is_json = (answer.get("Content-Type") or "").split(";")[0].endswith("json")
    document = None
    if is_json and "ndjson" not in answer.get("Content-Type") and answer.body:
        try:
            document = json.loads(answer.content)
        except ValueError:
            yield "the body is not JSON"
            return
    if status >= 400 or (status >= 300 and answer.body):
        yield from _error(request, answer, document)


def _headers(request: Request, answer: Answer) -> Iterator[str]:
    length = answer.get("Content-Length")
    if length is not None and request.method != "HEAD" and int(length) != len(answer.body):
        yield f"Content-Length {length}, and {len(answer.body)} bytes"
    if answer.body and not answer.get("Content-Type"):
        yield "a body without Content-Type"
    if answer.status == 405 and not answer.get("Allow"):
        yield "405 without Allow"
    if answer.status == 416 and not answer.get("Content-Range"):
        yield "416 without Content-Range"
    tag, part = answer.get("ETag"), answer.get("Content-Range")
    if tag is not None and not _TAG.fullmatch(tag):
        yield f"ETag {tag}"
    if part is not None and not _RANGE.fullmatch(part):
        yield f"Content-Range {part}"
    location = answer.get("Location")
    if location is not None and not location.startswith("/"):
        yield f"Location {location}"
    for name, value in answer.headers:
        if not value.isprintable() and value:
            yield f"{name} has control characters"
    names = [name.lower() for name, _ in answer.headers if name.lower() not in ("vary", "link", "set-cookie")]
    for name in set(names):
        if names.count(name) > 1:
            yield f"{name} stands {names.count(name)} times"


def _error(request: Request, answer: Answer, document) -> Iterator[str]:
    text = answer.content.decode("utf-8", "replace")
    sent = request.target + repr(request.headers) + repr(request.body)
    for inside in INSIDES:
        if inside in text and inside not in sent:
            yield f"{inside} in the answer"
    if not isinstance(document, dict):
        yield "an error that is no JSON object"
        return
    if set(document) == {"code", "message", "details", "hint"}:
        if not _REST_CODE.fullmatch(str(document["code"])):
            yield f"code {document['code']}"
        if not document["message"]:
            yield "no message"
        return
    if not set(document) >= PROBLEM or not answer.get("Content-Type").startswith("application/problem+json"):
        yield "an error that is no problem document"
        return
    codes, faults = documented()
    is_rest = request.path.startswith("/rest") and _REST_CODE.fullmatch(document["code"])
    if document["code"] not in codes and not is_rest:
        yield f"the code {document['code']} is not documented"
    if document["status"] != answer.status or not document["detail"]:
        yield "status or detail"
    if document["code"] == "validation":
        told = document.get("errors") or []
        for each in told:
            if each["code"] not in faults:
                yield f"the code {each['code']} of a fault is not documented"
            if each["pointer"] and not each["pointer"].startswith("/"):
                yield f"the pointer {each['pointer']}"
        if len(told) > 100 or document.get("error_count", len(told)) < len(told):
            yield "error_count"
