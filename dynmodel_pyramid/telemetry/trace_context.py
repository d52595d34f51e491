"""W3C Trace Context (https://www.w3.org/TR/trace-context/): the headers ``traceparent`` and ``tracestate``.

They are parsed strictly: a header that is not as the recommendation says counts as none. What is passed on is bounded.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_KEY = r"[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}"
_MEMBER = re.compile(rf"({_KEY})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e])")
#: Members of ``tracestate`` (section 3.3.1.1), and its characters that everybody passes on (section 3.3.1.5).
MOST_MEMBERS, MOST_STATE = 32, 512
#: Characters of a ``traceparent`` of a later version that are looked at.
_MOST_PARENT = 256


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The trace that a request belongs to.

    :ivar parent_id: of the span that sent it
    """

    trace_id: str
    parent_id: str
    flags: str = "00"
    state: str = ""

    def headers(self, span_id: str | None = None) -> dict[str, str]:
        """For a request that is sent because of this one.

        :param span_id: of the span that sends it; None: a new one
        """
        headers = {"traceparent": f"00-{self.trace_id}-{span_id or secrets.token_hex(8)}-{self.flags}"}
        return headers | ({"tracestate": self.state} if self.state else {})


def trace_context(environ: Mapping[str, Any]) -> TraceContext | None:
    """That of a request (an environment of WSGI); None if it has none, or a wrong one."""
    parent = environ.get("HTTP_TRACEPARENT")
    if parent is None or len(parent) > _MOST_PARENT:
        return None
    match = _PARENT.fullmatch(parent.strip(" \t"))
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    # Of a later version only what is known here is passed on, as version 00: the flag "sampled".
    sampled = f"{int(flags, 16) & 1:02x}"
    return TraceContext(trace_id, parent_id, sampled, _state(environ.get("HTTP_TRACESTATE", "")))


def _state(text: str) -> str:
    """The header without empty members; empty if it is wrong, or longer than all must pass on."""
    if len(text) > 2 * MOST_STATE:
        return ""
    members = [member.strip(" \t") for member in text.split(",")]
    members = [member for member in members if member]
    found = [_MEMBER.fullmatch(member) for member in members]
    keys = {match[1] for match in found if match is not None}
    state = ",".join(members)
    is_right = len(keys) == len(members) <= MOST_MEMBERS and len(state) <= MOST_STATE
    return state if is_right else ""
