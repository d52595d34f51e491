"""The page for people at ``/ui/``: files that a browser loads, which then uses the public API as every client does.

``resources``  the part of the tree below ``/ui/``
``views``      the document, and the files
``assets``     the files: their hash, codings and media types

``static/`` has the files. ``static/js/kit/index.js`` tells which parts there are to build with, and
CONTRIBUTING.md how to add one. Nothing here holds data: the page shows what ``/me/`` and the other addresses answer to
whoever is signed in.
"""

from pathlib import Path

from pyramid.config import Configurator
from pyramid.settings import asbool

from dynmodel_pyramid.web.page.assets import Assets


def includeme(config: Configurator) -> None:
    registry = config.registry
    registry.dynmodel_page = None
    if registry.dynmodel_settings.page:
        # Pyramid's own setting for development: files that change are read again.
        reload = asbool(registry.settings.get("reload_assets"))
        registry.dynmodel_page = Assets(Path(__file__).with_name("static"), reload=reload)
    config.include("dynmodel_pyramid.web.page.views", route_prefix=None)
