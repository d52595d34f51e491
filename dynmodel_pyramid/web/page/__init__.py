"""The page for people at ``/ui/``: files that a browser loads, which then uses the public API as every client does.

``resources``  the part of the tree below ``/ui/``
``views``      the document, and the files
``assets``     the files: their hash, codings and media types
``editors``    the modules that field types of plugins bring

``static/`` has the files. ``static/js/kit/index.js`` tells which parts there are to build with, and
CONTRIBUTING.md how to add one. Nothing here holds data: the page shows what ``/me/`` and the other addresses answer to
whoever is signed in.
"""

from pathlib import Path

from pyramid.config import Configurator
from pyramid.settings import asbool

from dynmodel_pyramid.web.page.assets import Assets
from dynmodel_pyramid.web.page.editors import TypeEditors


def includeme(config: Configurator) -> None:
    registry = config.registry
    registry.dynmodel_page = registry.dynmodel_type_editors = None
    # By claims, a browser's first requests name no tenant.
    if registry.dynmodel_settings.page and (registry.dynmodel_tenant or registry.dynmodel_settings.tenants != "claim"):
        # Pyramid's own setting for development: files that change are read again.
        reload = asbool(registry.settings.get("reload_assets"))
        editors = TypeEditors(lambda: registry.dynmodel_field_types, reload=reload)
        registry.dynmodel_type_editors = editors
        registry.dynmodel_page = Assets(Path(__file__).with_name("static"), editors.files, reload=reload)
    config.include("dynmodel_pyramid.web.page.views", route_prefix=None)
