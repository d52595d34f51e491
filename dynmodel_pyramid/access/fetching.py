"""Documents of identity providers over HTTP: bounded, by https, and from the very address that is named."""

import http.client
import ipaddress
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from dynmodel_pyramid.telemetry.measuring import CURRENT

#: Bytes and seconds of one answer.
MOST, SECONDS = 262_144, 5.0


class FetchFailed(Exception):
    """The text names the address and the cause; it has no secrets."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: its target is not the address that the operator trusts."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


def refuse_url(url: str, *, loopback: bool) -> None:
    """
    :param loopback: whether http is allowed to addresses of this machine
    :raises ValueError: saying what is wanted
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("want an address that begins with https://") from None
    if not host or parts.username is not None or parts.fragment or not re.fullmatch("[!-~]+", url):
        raise ValueError("want an address that begins with https://")
    if parts.scheme == "https" or (parts.scheme == "http" and loopback and is_loopback(host)):
        return
    raise ValueError("want https; http goes with dynmodel.insecure_loopback, to an address of this machine")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch(
    url: str, *, loopback: bool = False, form: Mapping[str, str] | None = None, headers: Mapping[str, str] = {}
) -> bytes:
    """The body of the answer, whose status has to be 200; 400 as well after a form.

    :param form: sent by POST
    :raises FetchFailed: it could not be had
    """
    try:
        refuse_url(url, loopback=loopback)
    except ValueError as error:
        raise FetchFailed(f"{url}: {error}") from None
    body = None if form is None else urlencode(form).encode()
    record = CURRENT.get()
    trace = {} if record is None or record.trace is None else record.trace.headers()
    request = urllib.request.Request(url, body, {"Accept": "application/json", **trace, **headers})
    proxies = [urllib.request.ProxyHandler({})] if is_loopback(urlsplit(url).hostname or "") else []
    opener = urllib.request.build_opener(_NoRedirects, *proxies)
    deadline = time.monotonic() + SECONDS
    try:
        try:
            answer = opener.open(request, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            with error:
                if form is None or error.code != 400:
                    raise FetchFailed(f"{url} answered {error.code}") from None
                return _read(error.fp, url, deadline)
        with answer:
            if answer.status != 200:
                raise FetchFailed(f"{url} answered {answer.status}")
            return _read(answer, url, deadline)
    except (OSError, http.client.HTTPException) as error:
        raise FetchFailed(f"{url}: {getattr(error, 'reason', None) or type(error).__name__}") from error


def _read(answer: Any, url: str, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    # One receive at a time: a slow sender does not outlive the deadline by more than one.
    while part := answer.read1(65_536):
        size += len(part)
        if size > MOST:
            raise FetchFailed(f"{url} answered more than {MOST} bytes")
        if time.monotonic() > deadline:
            raise FetchFailed(f"{url} took longer than {SECONDS:g} seconds")
        parts.append(part)
    return b"".join(parts)
