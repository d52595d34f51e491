"""``/rest/``: PostgREST's face over the same tables, rows and queries, for the clients that exist (docs/rest.md).

PostgREST's documentation and observable behaviour decide here.

``resources``    the tree below ``/rest/``
``views``        one view for each resource
``preferences``  ``Prefer``
``media``        ``Accept``, and rows as what it asks for
``reading``      GET and HEAD
``payload``      bodies -> documents; what JSON, forms and CSV say, leniently typed
``writing``      POST, PATCH, PUT, DELETE
``written``      the answers to writes
``problems``     every error of ours -> PostgREST's code, status and body
``errors``       errors that only this face has
``openapi``      the description at ``/rest/``
"""


def includeme(config) -> None:
    config.include("dynmodel_pyramid.web.rest.views")
