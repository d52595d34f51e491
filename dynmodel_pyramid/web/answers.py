"""The responses of this package."""

import json
from typing import Any

import orjson
from pyramid.response import Response


class Answer(Response):
    """A response whose ``Location`` stays a path (RFC 9110, 10.2.2); WebOb would guess a host before it."""

    def _abs_headerlist(self, environ):
        return self.headerlist


def encode(document: Any) -> bytes:
    """A document as JSON. Whole numbers of more than 64 bits (a field's default may be one) are beyond orjson."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(body: bytes, status: int = 200) -> Answer:
    return Answer(body, status=status, content_type="application/json", charset=None)


def html_answer(page: str) -> Answer:
    answer = Answer(page, content_type="text/html", charset="utf-8")
    # Nothing is loaded from anywhere and no script runs.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return answer


def empty_answer(status: int = 204) -> Answer:
    return Answer(status=status, content_type=None)
