"""Lists that come in parts: of definitions, versions, and what is kept aside.

A part ends after so many items even where no ``limit`` asks for it; ``Link`` tells where the next one is (RFC 8288).
"""

from collections.abc import Mapping

from pyramid.response import Response

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.rows.page import Page, read_page


def read_part(parameters: Mapping[str, str], usual: int, most: int) -> Page:
    """The part of a list that the parameters ``limit`` and ``offset`` ask for.

    :param usual: items without ``limit``
    :raises Malformed: one of them is out of its grammar, or ``limit`` above ``most``
    """
    page = read_page(parameters.items())
    if page.limit is not None and page.limit > most:
        raise Malformed(
            f"limit={page.limit}: want at most {most}",
            code="invalid_parameter",
            hint='the header Link has the address of the next part, rel="next"',
            parameter="limit",
        )
    return page if page.limit is not None else Page(usual, page.offset)


def link_next(request, answer: Response, page: Page, more: bool, **further: str | int) -> Response:
    """Tell where the next part is, if there is one.

    :param further: parameters of the link besides ``limit``; ``offset`` where none are given
    """
    if more and page.limit:
        parameters = {"limit": page.limit, **(further or {"offset": page.offset + page.limit})}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer
