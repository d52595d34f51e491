"""``/rest/``: PostgREST's face over the same tables, rows and queries, for the clients that exist (docs/rest.md).

PostgREST's documentation and observable behaviour decide here.

``resources``    the tree below ``/rest/``
``face``         what is PostgREST's: preferences, queries, ranges, statuses
``views``        one view for each resource
``media``        ``Accept``, and rows as what it asks for
``reading``      GET and HEAD
``payload``      bodies -> documents; what JSON, forms and CSV say, leniently typed
``writing``      POST, PATCH, PUT, DELETE
``problems``     every error of ours -> PostgREST's code, status and body
``errors``       errors that only this face has
``openapi``      the description at ``/rest/``
"""

from pyramid.config import Configurator

from dynmodel_pyramid.web.http.errors import add_error_writer
from dynmodel_pyramid.web.rest.problems import rest_error


def includeme(config: Configurator) -> None:
    add_error_writer(config, "rest", rest_error)
    config.include("dynmodel_pyramid.web.rest.views")
