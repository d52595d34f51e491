"""Tables defined at run time, served over REST: a Pyramid application, and a part of other applications.

:func:`main` is the application of an INI file. :func:`includeme` mounts the service in another application::

    config.include("pyramid_tm")
    config.include("dynmodel_pyramid", route_prefix="/data")

Both import what they need when they are called: that takes more than a second, and 60 MB, which the parent process of
``dynmodel-serve`` and the smaller scripts do without.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.router import Router


def main(global_config: Mapping[str, str], **settings: Any) -> "Router":
    """The WSGI application of an INI file (``paste.app_factory``)."""
    from dynmodel_pyramid import application

    return application.main(global_config, **settings)


def includeme(config: "Configurator") -> None:
    """Mount the service under the include's ``route_prefix`` (docs/embedding.md)."""
    from dynmodel_pyramid import application

    application.includeme(config)
