"""The page at ``/docs/``: Swagger UI, if the extra ``docs`` is installed, else a link to the description.

Swagger UI weighs 1.5 MB, so it does not come with this package: its files are those of the distribution swagger-ui-py,
which is looked for and not imported. All is served from here, under a policy that allows neither inline scripts nor
other origins.
"""

from functools import cache
from hashlib import sha256
from html import escape
from importlib.util import find_spec
from pathlib import Path

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.permissions import anybody
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.openapi.resources import Docs
from dynmodel_pyramid.web.page.assets import Asset
from dynmodel_pyramid.web.page.views import SECURITY

#: Of the distribution: the package with the files, and those that are needed.
PACKAGE, BUNDLE = "swagger_ui", ("swagger-ui-bundle.js", "swagger-ui.css")
INSTALL = 'pip install "dynmodel_pyramid[docs]"'
#: Its own policy, because Swagger UI makes HTML of texts, which it has cleaned before; else that of the page.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
#: Levels of compression: the bundle is large, and is compressed while a client waits.
_LEVELS = {"br": 5, "gzip": 6}


class Viewer:
    """The files of the page, by their names.

    :param hash: of all files, as a segment of their addresses: so browsers may keep them
    """

    def __init__(self) -> None:
        folder = Path(__file__).with_name("static")
        paths = [*sorted(folder.iterdir()), *_bundle()]
        self.files = {found.name: Asset(found.read_bytes(), found.suffix, levels=_LEVELS) for found in paths}
        self.is_complete = all(name in self.files for name in BUNDLE)
        whole = b"".join(sha256(asset.content).digest() for asset in self.files.values())
        self.hash = sha256(whole).hexdigest()[:16]


def _bundle() -> list[Path]:
    """The files of Swagger UI; none if they are not installed."""
    try:
        spec = find_spec(PACKAGE)
    except ImportError:  # of a finder that refuses the name
        spec = None
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    found = [Path(place) / "static" / name for place in places for name in BUNDLE]
    return [each for each in found if each.is_file()]


#: One for all applications of the process.
_viewer = cache(Viewer)


def includeme(config: Configurator) -> None:
    config.registry.dynmodel_viewer = _viewer()
    add_resource_view(config, Docs, {"GET": show_docs}, anybody, offers=lambda request: ("text/html",))


def show_docs(context: Docs, request: Request) -> Response:
    no_parameters(request, "table")
    answer = Answer(_page(context.viewer, path(request)), content_type="text/html", charset="utf-8")
    answer.headers.update({**SECURITY, "Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
    return answer


def _page(viewer: Viewer, root: str) -> str:
    shown, files = escape(root), escape(f"{root}docs/{viewer.hash}/")
    scripts = ("swagger-ui-bundle.js", "viewer.js") if viewer.is_complete else ()
    styles = ("swagger-ui.css", "viewer.css") if viewer.is_complete else ("viewer.css",)
    head = "\n".join(
        [
            *(f'<link rel="stylesheet" href="{files}{name}">' for name in styles),
            *(f'<script src="{files}{name}" defer></script>' for name in scripts),
        ]
    )
    return _PAGE.format(root=shown, head=head, body=_VIEWER.format(root=shown) if viewer.is_complete else _PLAIN)


_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>API - dynmodel_pyramid</title>
<link rel="icon" href="data:,">
{head}
</head>
<body>
<header>
<h1>API</h1>
<a href="{root}openapi.json">openapi.json</a>
{body}
</body>
</html>
"""
_VIEWER = """\
<form><label for="table">Table</label> <input id="table" name="table" placeholder="all"> <button>Show</button></form>
</header>
<div id="viewer" data-root="{root}"></div>"""
_PLAIN = f"""\
</header>
<main>
<p>The link above leads to the description of this service in OpenAPI 3.1, as you may use it. Of one table it is
<code>table/Book/openapi.json</code>. Clients are generated of it, and many programs show it.</p>
<p>This page shows it if the viewer is installed: <code>{escape(INSTALL)}</code></p>
</main>"""
