"""Tables defined at run time, served over REST: a Pyramid application, and a part of other applications.

:func:`main` is the application of an INI file. :func:`includeme` mounts the service in another application::

    config.include("pyramid_tm")
    config.include("dynmodel_pyramid", route_prefix="/data")

Both import what they need when they are called: that takes half a second, and 40 MB, which the parent process of
``dynmodel-serve`` and the smaller scripts do without.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.router import Router


def main(global_config: Mapping[str, str], **settings: Any) -> "Router":
    """The WSGI application of an INI file (``paste.app_factory``)."""
    with _without_collections():
        from dynmodel_pyramid import application

        return application.main(global_config, **settings)


def includeme(config: "Configurator") -> None:
    """Mount the service under the include's ``route_prefix`` (docs/embedding.md)."""
    with _without_collections():
        from dynmodel_pyramid import application

        application.includeme(config)


@contextmanager
def _without_collections() -> Iterator[None]:
    """A context without automatic garbage collections.

    While modules are imported nearly nothing is garbage, and looking through all objects again and again took a fifth
    of the time: 0.94 to 0.76 s of processor time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
