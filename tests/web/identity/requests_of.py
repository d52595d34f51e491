"""Requests without an application, for tests of plain functions."""

from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.settings import Settings


def settings_of(**values: str) -> Settings:
    return Settings({f"dynmodel.{name}": value for name, value in values.items()})


def request_of(
    method: str = "GET", *, peer: str | None = "127.0.0.1", environ: dict[str, Any] = {}, **headers: str | None
) -> Request:
    """A request to localhost; a header that is None is left out."""
    request = Request.blank("/table/", method=method, base_url="http://localhost:6543")
    if peer is not None:
        request.environ["REMOTE_ADDR"] = peer
    for name, value in headers.items():
        name = name.replace("_", "-")
        if value is None:
            request.headers.pop(name, None)
        else:
            request.headers[name] = value
    request.environ.update(environ)
    return request
