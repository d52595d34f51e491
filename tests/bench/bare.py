"""The yardstick: a Pyramid application with one traversal view that does nothing."""

from pyramid.config import Configurator
from pyramid.response import Response

BODY = b'{"status": "ok", "database": "none"}'


class Leaf:
    pass


def main(global_config, **settings):
    """The WSGI application of an INI file (``paste.app_factory``); it answers under ``/leaf``, and ``/live``."""
    tree = {"leaf": Leaf(), "live": Leaf()}
    with Configurator(settings=settings, root_factory=lambda request: tree) as config:
        config.add_view(lambda context, request: Response(BODY, content_type="application/json"), context=Leaf)
    return config.make_wsgi_app()
