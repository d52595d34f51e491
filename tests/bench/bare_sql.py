"""The yardstick of a start: a Pyramid application whose one view runs one SELECT by SQLAlchemy, and nothing else."""

import sqlalchemy as sa
from pyramid.config import Configurator


def main(global_config, **settings):
    """The WSGI application of an INI file (``paste.app_factory``); it answers under ``/table/``."""
    engine = sa.create_engine(settings["sqlalchemy.url"])

    def tables(request):
        with engine.connect() as connection:
            return {"tables": connection.scalar(sa.text("SELECT count(*) FROM sqlite_master"))}

    with Configurator(settings=settings) as config:
        config.add_route("tables", "/table/")
        config.add_view(tables, route_name="tables", renderer="json")
    return config.make_wsgi_app()
