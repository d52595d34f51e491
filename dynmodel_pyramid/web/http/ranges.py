"""The part of a list that a request asks for: ``limit`` and ``offset``, ``Range``, and ``Content-Range`` (RFC 9110,
section 14).

Ranges are of items, and have no unit, as in PostgREST ("Pagination and Count").
"""

import re
from dataclasses import dataclass

from pyramid.request import Request

from dynmodel_pyramid.web.http.errors import RangeNotSatisfiable

_RANGE = re.compile(r"(?:items[ \t]*=[ \t]*)?([0-9]{1,18})-([0-9]{1,18})?")


@dataclass(frozen=True, slots=True)
class Part:
    """``limit`` None: to the end. ``asked``: by the header ``Range``."""

    limit: int | None
    offset: int
    asked: bool = False


def part_of(request: Request, limit: int | None, offset: int) -> Part:
    """The part that both the query and the header ask for. Ranges of other units are ignored (RFC 9110, 14.2).

    :raises RangeNotSatisfiable: the range ends before it begins
    """
    match = _RANGE.fullmatch(request.environ.get("HTTP_RANGE", "").strip()) if request.method == "GET" else None
    if match is None or request.environ.get("HTTP_RANGE_UNIT", "items").strip() != "items":
        return Part(limit, offset)
    first, last = int(match[1]), None if match[2] is None else int(match[2])
    if last is not None and last < first:
        raise RangeNotSatisfiable(f"the range {first}-{last} ends before it begins")
    ends = [
        end
        for end in (None if limit is None else offset + limit, None if last is None else last + 1)
        if end is not None
    ]
    begin = max(first, offset)
    return Part(max(min(ends) - begin, 0) if ends else None, begin, True)


def content_range(offset: int, count: int, total: int | None) -> str:
    """``0-24/100``; ``*`` for an empty range or an unknown total."""
    rows = f"{offset}-{offset + count - 1}" if count else "*"
    return f"{rows}/{'*' if total is None else total}"


def beyond_the_end(offset: int, total: int) -> RangeNotSatisfiable:
    """The error for a part that begins after the end of a counted list."""
    return RangeNotSatisfiable(f"there are only {total} rows, none from {offset} on", total)
