"""Lists in parts: of definitions, versions, quarantine and trash.

A part has a limited number of items even without ``limit``; ``Link`` has the address of the next part (RFC 8288).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries.grammar.parsing import LARGEST


@dataclass(frozen=True, slots=True)
class Page:
    """Items of a list: at most ``limit`` of them, from ``offset`` on."""

    limit: int
    offset: int = 0


def read_part(parameters: Mapping[str, str], usual: int, most: int) -> Page:
    """The part of a list that the parameters ``limit`` and ``offset`` ask for.

    :param usual: the number of items without ``limit``
    :raises Malformed: one of them is not a whole number, or ``limit`` is above ``most``
    """
    limit = whole_number("limit", parameters["limit"]) if "limit" in parameters else usual
    offset = whole_number("offset", parameters.get("offset", "0"))
    if limit > most:
        raise Malformed(
            f"limit={limit}: want at most {most}",
            code="invalid_parameter",
            hint='the header Link has the address of the next part, rel="next"',
            parameter="limit",
        )
    return Page(limit, offset)


def whole_number(name: str, text: str) -> int:
    """:raises Malformed: naming the parameter, if it is not a whole number of at least 0"""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST:
        raise Malformed(f"{name}={text}: want a whole number, 0 or above", code="invalid_parameter")
    return int(text)


def link_next(request: Request, answer: Response, page: Page, more: bool, **further: str | int) -> Response:
    """Add a link to the next part, if there is one.

    :param further: parameters of the link besides ``limit``; by default ``offset``
    """
    if more and page.limit:
        parameters = {"limit": page.limit, **(further or {"offset": page.offset + page.limit})}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer
