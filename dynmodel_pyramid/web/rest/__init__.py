"""``/rest/``: PostgREST's face over the same tables, rows and queries, for existing PostgREST clients (docs/rest.md).

PostgREST's documentation and observable behaviour decide here.

``resources``    the tree below ``/rest/``
``face``         PostgREST's preferences, queries, ranges and statuses
``views``        one view for each resource
``media``        ``Accept``, and rows in its media types
``reading``      GET and HEAD
``payload``      bodies -> documents: JSON, forms and CSV, leniently typed
``writing``      POST, PATCH, PUT, DELETE
``problems``     errors of this package -> PostgREST's code, status and body
``errors``       errors that only this face has
``openapi``      the description at ``/rest/``; ``openapi_columns`` has the columns of its tables
"""

from pyramid.config import Configurator

from dynmodel_pyramid.web.http.errors import add_error_writer
from dynmodel_pyramid.web.rest.problems import rest_error


def includeme(config: Configurator) -> None:
    add_error_writer(config, "rest", rest_error)
    config.include("dynmodel_pyramid.web.rest.views")
