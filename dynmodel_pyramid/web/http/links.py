"""``Link`` of a page: the addresses of the next and the previous one (RFC 8288)."""

from urllib.parse import unquote_plus

from pyramid.request import Request

from dynmodel_pyramid.rows.querying import PageOfRows
from dynmodel_pyramid.web.http.answers import Answer

#: Parameters of the query string that a link with a cursor replaces.
_REPLACED = ("_after", "_before", "offset")


def link_header(request: Request, answer: Answer, text: str, page: PageOfRows) -> None:
    """Add the header, with addresses relative to the request's own.

    :param text: the query string
    """
    pairs = [(unquote_plus(part.partition("=")[0]), part) for part in text.split("&") if part]
    links = []
    for relation, parameter, cursor in (("next", "_after", page.next), ("prev", "_before", page.prev)):
        if cursor is not None:
            others = [part for name, part in pairs if name not in _REPLACED]
            links.append((relation, [*others, f"{parameter}={cursor}"]))
    if page.skipped is not None:
        relation = "prev" if any(name == "_before" for name, _ in pairs) else "next"
        links.append((relation, [*(part for name, part in pairs if name != "offset"), f"offset={page.skipped}"]))
    if links:
        answer.add("Link", ", ".join(_link(request, *link) for link in links))


def _link(request: Request, relation: str, parts: list[str]) -> str:
    # Clients may send angle brackets, which would end the address in the header.
    query = "&".join(parts).replace("<", "%3C").replace(">", "%3E")
    return f'<{request.path}?{query}>; rel="{relation}"'
