"""``Link`` of a page: where the next and the previous one are (RFC 8288)."""

from urllib.parse import unquote_plus

from pyramid.response import Response

from dynmodel_pyramid.rows.querying import PageOfRows

#: Parameters of the query string that a link to another page replaces.
_REPLACED = ("_after", "_before", "offset")


def link_header(request, answer: Response, text: str, page: PageOfRows) -> None:
    """Add the header; relative to the request's own address.

    :param text: the query string
    """
    kept = [part for part in text.split("&") if part and unquote_plus(part.partition("=")[0]) not in _REPLACED]
    links = []
    for relation, parameter, cursor in (("next", "_after", page.next), ("prev", "_before", page.prev)):
        if cursor is not None:
            # What a client may send and a header may not hold: angle brackets would end the address.
            query = "&".join([*kept, f"{parameter}={cursor}"]).replace("<", "%3C").replace(">", "%3E")
            links.append(f'<{request.path}?{query}>; rel="{relation}"')
    if links:
        answer.headers["Link"] = ", ".join(links)
