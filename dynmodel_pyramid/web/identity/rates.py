"""Requests a second: each identity, and without one each address, has a bucket of tokens.

A request takes one token. A bucket is refilled at ``dynmodel.requests_per_second`` up to ``dynmodel.requests_burst``.
Every process has buckets of its own, and its part of both numbers: the processes of ``dynmodel-serve`` are told by
:data:`PROCESSES` how many they are. So requests that are spread unevenly are refused a little early, never late.

The headers are those of "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
"""

import ipaddress
import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.errors import ConfigurationProblem, TooManyRequests
from dynmodel_pyramid.settings import PROCESSES, Settings
from dynmodel_pyramid.web.http.tree import TENANT

#: Buckets of identities, and as many of addresses, that a process keeps; the ones used longest ago are forgotten.
MOST = 10_000
#: Seconds of requests that may come at once, unless a setting says how many.
BURST_SECONDS = 10
#: In a request's environment: the headers of its answer, if it was let in, or refused.
_HEADERS, _REFUSED = "dynmodel.rate", "dynmodel.rate_refused"

Headers = tuple[tuple[str, str], ...]


class Rates:
    """The buckets of one process; any thread may call it.

    :param rate: tokens a second; 0: no limit
    :param burst: tokens of a full bucket
    :param clock: seconds, for tests
    """

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic, most: int = MOST
    ) -> None:
        self.rate, self.burst = rate, max(1.0, burst)
        self._clock, self._most = clock, most
        self._lock = threading.Lock()
        # Apart, so that a flood from many addresses makes no identity's bucket full again.
        self._identities: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._addresses: OrderedDict[str, tuple[float, float]] = OrderedDict()
        window = math.ceil(self.burst / rate) if rate else 0
        self._policy = ("RateLimit-Policy", f'"requests";q={int(self.burst)};w={window}')

    def take(self, identity: str | None, address: str | None) -> Headers:
        """Take a token of an identity, or, if it is None, of an address.

        :return: headers for the answer
        :raises TooManyRequests: there is none; ``headers`` of the error are for the answer
        """
        if not self.rate:
            return ()
        if identity is not None:
            buckets, key = self._identities, identity
        else:
            buckets, key = self._addresses, network(address)
        now = self._clock()
        with self._lock:
            left, since = buckets.pop(key, (self.burst, now))
            left = min(self.burst, left + (now - since) * self.rate)
            allowed = left >= 1
            left -= allowed
            buckets[key] = left, now
            if len(buckets) > self._most:
                buckets.popitem(last=False)
        full_in = math.ceil((self.burst - left) / self.rate)
        headers = (self._policy, ("RateLimit", f'"requests";r={int(left)};t={full_in}'))
        if not allowed:
            raise RateExceeded(max(1, math.ceil((1 - left) / self.rate)), headers)
        return headers


class RateExceeded(TooManyRequests):
    def __init__(self, retry_after: int, headers: Headers) -> None:
        super().__init__(
            "these are more requests than dynmodel.requests_per_second allows",
            retry_after,
            hint="wait as many seconds as Retry-After says; RateLimit-Policy has the limit",
        )
        self.headers = headers


@lru_cache(4096)
def network(address: str | None) -> str:
    """The key of an address: of IPv6 its network of 64 bits, which one client has as a whole."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or int(parsed) >> 64)


def processes() -> int:
    """How many processes serve together.

    :raises ConfigurationProblem: the environment says no number
    """
    text = os.environ.get(PROCESSES, "1")
    if not text.isdecimal() or not int(text):
        raise ConfigurationProblem(f"{PROCESSES} = {text}: want a whole number, at least 1")
    return int(text)


def rates(settings: Settings) -> Rates:
    """The buckets of this process."""
    count = processes()
    burst = settings.requests_burst or settings.requests_per_second * BURST_SECONDS
    return Rates(settings.requests_per_second / count, burst / count)


def limit(request: Request, limits: Rates, identity: Identity | None) -> None:
    """Take a token for a request, once, however often it is attempted.

    :param identity: None if it is not known yet: then the address pays, as for anonymous requests
    :raises TooManyRequests: there is none
    """
    if not limits.rate or _HEADERS in request.environ:
        return
    try:
        tenant = request.environ.get(TENANT)
        key = identity.id if identity is not None else None
        # The same id is another identity at another tenant.
        if key is not None and tenant is not None and tenant.name:
            key = f"{tenant.name} {key}"
        headers = limits.take(key, request.remote_addr)
    except RateExceeded as error:
        request.environ[_REFUSED] = error.headers
        raise
    request.environ[_HEADERS] = headers


def add_headers(answer: Response, request: Request) -> None:
    """Add the headers of the limit, also to an error."""
    for name, value in request.environ.get(_HEADERS) or request.environ.get(_REFUSED) or ():
        answer.headers[name] = value
