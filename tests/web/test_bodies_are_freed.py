"""A request's body goes when its answer is there, and need not wait for the garbage collector."""

import gc
import io
import json
import tempfile
import weakref

import pytest
from webob import Request

from dynmodel_pyramid.web.http import body as web_body


class Body(io.BytesIO):
    """Weak references to it can be made."""


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("POST", "/table/1/rows/", [{"name": "a"}, {"name": "b"}], 201),
        ("POST", "/table/1/rows/", [{"name": "a"}] * 1500, 201),
        ("POST", "/table/1/rows/", [{"name": "a"}] * 1500 + [{"name": 1}], 422),
        ("POST", "/table/1/rows/", {"name": 1}, 422),
        ("POST", "/table/9/rows/", {"name": "a"}, 404),
        ("PATCH", "/table/1/rows/1/", {"name": "c"}, 200),
        ("PUT", "/table/1/rows/9/", {"name": "c"}, 404),
    ],
)
def test_body_goes_with_its_request(app, method, path, document, status):
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    app.post_json("/table/1/rows/", {"name": "first"})
    text = json.dumps(document).encode()
    environ = Request.blank(path, method=method, content_type="application/json", content_length=len(text)).environ
    environ["wsgi.input"] = body = Body(text)
    left, statuses = weakref.ref(body), []
    del body
    gc.collect()
    gc.disable()
    try:
        b"".join(app.app(environ, lambda told, headers, error=None: statuses.append(told)))
        del environ
        assert statuses[0].startswith(str(status))
        assert left() is None
    finally:
        gc.enable()


class Stream(io.RawIOBase):
    """A body as a server gives it that does not keep it: it can be read once."""

    def __init__(self, text: bytes):
        self._text = io.BytesIO(text)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._text.readinto(buffer)


ROWS = json.dumps([{"name": "a" * 50}] * 400).encode()  # above the 10 KB that WebOb keeps in memory
LARGE = json.dumps([{"name": "a" * 50}] * 1400).encode()  # read in two steps
BROKEN = json.dumps([{"name": "a" * 50}] * 400 + [{"name": 1}]).encode()
NDJSON = b'{"name": "a"}\n' * 1000
CSV = b"name\n" + b"a,b\n" * 5000


SENT = [
    ("POST", "/table/1/rows/", "application/json", LARGE),
    ("POST", "/table/1/rows/", "application/json", ROWS),
    ("POST", "/table/1/rows/", "application/json", BROKEN),
    ("POST", "/table/1/rows/", "application/x-ndjson", NDJSON),
    ("POST", "/table/1/rows/", "text/csv", CSV),
    ("POST", "/table/1/rows/", "text/plain", ROWS),
    ("POST", "/table/1/rows/", "application/json", b"[" * 30_000),
    ("POST", "/table/9/rows/", "application/json", ROWS),
    ("PATCH", "/table/1/", "application/json", ROWS),
    ("DELETE", "/table/1/rows/1/", "application/json", ROWS),
    ("POST", "/trash/1/", "application/json", ROWS),
    ("POST", "/table/1/history/1/revert/", "application/json", ROWS),
    ("POST", "/rest/Thing", "application/json", ROWS),
    ("POST", "/rest/Thing", "text/csv", CSV),
    ("PATCH", "/rest/Thing?id=eq.1", "application/json", ROWS),
    ("POST", "/rest/Thing", "application/json", b" " * 200_000 + b"1"),
]


@pytest.mark.parametrize("length", ["told", "not told", "too great"])
def test_temporary_files_are_closed_with_the_request(make_app, monkeypatch, caplog, length):
    app = make_app(**{"dynmodel.max_body_size": "100000"})
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    opened = []

    def temporary_file(*ignored):
        opened.append(tempfile.TemporaryFile())
        return opened[-1]

    monkeypatch.setattr(web_body, "TemporaryFile", temporary_file)
    monkeypatch.setattr(Request, "make_tempfile", temporary_file)  # where nobody has seen to it
    for method, path, kind, text in SENT:
        told = {"told": len(text), "too great": len(text) + 9, "not told": None}[length]
        environ = Request.blank(path, method=method, content_type=kind, content_length=told).environ
        environ["wsgi.input"], environ["wsgi.input_terminated"] = io.BufferedReader(Stream(text)), True
        environ.pop("webob.is_body_seekable", None)
        answer = Request(environ).send(app.app)
        assert str(answer.status_int)[0] in ("4" if length == "too great" else "24"), (method, path, answer)
        assert [file for file in opened if not file.closed] == [], (method, path, answer)
    assert opened and "Traceback" not in caplog.text
