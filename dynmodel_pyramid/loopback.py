"""Whether a request comes from a program on the server's own machine.

* the peer is a loopback address, and no header shows a proxy, which would forward requests of others;
* ``Host`` is a loopback name. A page of a site whose name was rebound to 127.0.0.1 sends the site's name.
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

#: By which a proxy shows.
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
#: Characters of a name with a port (RFC 1035, 2.3.4).
LONGEST_HOST = 261
_KEYS = tuple(("HTTP_" + name.upper().replace("-", "_"), name) for name in PROXY_HEADERS)
_HOST = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")


def why_not_local(environ: Mapping[str, Any]) -> str | None:
    """The reason why a request is no local one; None if it is.

    :param environ: of WSGI
    """
    # Our server notes the peer before waitress replaces it by the address that a trusted proxy forwards.
    address = environ.get("REMOTE_ADDR")
    if not is_loopback(address) or not is_loopback(environ.get("dynmodel.peer", address)):
        return "the request comes from another one"
    for key, name in _KEYS:
        if key in environ:
            return f"the request comes through a proxy: it has {name}"
    if environ.get("dynmodel.proxied"):
        return "the request comes through a proxy: it has a header of one"
    host = environ.get("HTTP_HOST", "")
    if len(host) > LONGEST_HOST or not _is_loopback_host(host):
        return "the request's Host is no name of it, such as localhost"
    return None


@lru_cache(256)
def is_loopback(address: str | None) -> bool:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False  # such as the peer of a Unix socket, which is a proxy as a rule
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


@lru_cache(256)
def _is_loopback_host(host: str) -> bool:
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match[1].lower()
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name.strip("[]"))
