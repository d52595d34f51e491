"""A request's body goes when its answer is there, and need not wait for the garbage collector."""

import gc
import io
import json
import weakref

import pytest
from webob import Request


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
