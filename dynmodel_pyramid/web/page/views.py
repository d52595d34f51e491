"""The views of the page: its document, and its files. Both are the same for everybody."""

from hashlib import sha256
from html import escape

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.encoded import chosen
from dynmodel_pyramid.web.http.answers import Answer, empty_answer
from dynmodel_pyramid.web.http.conditions import is_unchanged
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.permissions import anybody
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.page.assets import LEVELS, Files
from dynmodel_pyramid.web.page.resources import PageDocument, PageFile

#: No script and no style but those of the files, nothing of other origins, and no string becomes HTML.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "font", "manifest")),
        "img-src 'self' data: blob:",
        "form-action 'self'",
        *("base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"),
    )
)
SECURITY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OF_FILES = {name: SECURITY[name] for name in ("X-Content-Type-Options", "Cross-Origin-Resource-Policy")}
#: A year, the longest that caches take for granted (RFC 9111, 1.2.2; RFC 8246 for "immutable").
FOR_EVER = "public, max-age=31536000, immutable"


def includeme(config: Configurator) -> None:
    add_resource_view(config, PageDocument, {"GET": show_document}, anybody, offers=lambda request: ("text/html",))
    add_resource_view(config, PageFile, {"GET": show_file}, anybody, offers=None)


def show_document(context: PageDocument, request: Request) -> Response:
    root = path(request)
    segments = request.matchdict["traverse"][1:]
    page = _document(context.assets.refresh(), root, "/".join(("", *segments, ""))).encode()
    tag = sha256(page).hexdigest()[:16]
    if is_unchanged(request, tag):
        answer = empty_answer(304)
    else:
        answer = Answer(page, content_type="text/html", charset="utf-8")
    answer.headers.update({**SECURITY, "Cache-Control": "no-cache", "ETag": f'"{tag}"'})
    return answer


def _document(current: Files, root: str, place: str) -> str:
    """The document, with the addresses of the service and of the files.

    :param place: the path of the page
    """
    files = escape(f"{root}ui/static/{current.hash}/")
    preloads = "\n".join(f'<link rel="modulepreload" href="{files}{name}">' for name in current.needed(place))
    return current.document.replace("{root}", escape(root)).replace("{files}", files).replace("{preloads}", preloads)


def show_file(context: PageFile, request: Request) -> Response:
    asset = context.asset
    answer = Answer(headerlist=[("Content-Type", asset.media_type)])
    # A policy says what documents may do; as a header of a hundred files it would weigh a sixth of the first load.
    answer.headers.update(SECURITY if asset.suffix == ".svg" else _OF_FILES)
    answer.headers["Cache-Control"] = FOR_EVER
    coding = None
    if request.registry.dynmodel_settings.compress:
        offers = tuple(name for name in LEVELS if asset.body(name) is not None)
        coding = chosen(request.headers.get("Accept-Encoding", ""), offers)
    if coding is not None:
        answer.headers.update({"Content-Encoding": coding, "Vary": "Accept-Encoding"})
    answer.body = (None if coding is None else asset.body(coding)) or asset.content
    return answer
