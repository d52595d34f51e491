"""The views below ``/rest/``, one for each resource."""

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.web.http.methods import View, add_resource_view, later
from dynmodel_pyramid.web.http.permissions import by_grants
from dynmodel_pyramid.web.http.seen import near_tables
from dynmodel_pyramid.web.http.tree import ROUTE, Resource
from dynmodel_pyramid.web.rest.errors import unknown_function, unknown_schema, unknown_table
from dynmodel_pyramid.web.rest.face import VARY
from dynmodel_pyramid.web.rest.resources import Function, Functions, Rest, RestTable


def includeme(config: Configurator) -> None:
    _add(config, Rest, GET=later("rest.openapi", "describe"))
    names = {"POST": "create_rows", "PATCH": "update_rows", "PUT": "put_row", "DELETE": "delete_rows"}
    writes = {method: later("rest.writing", name) for method, name in names.items()}
    _add(config, RestTable, GET=later("rest.reading", "read_rows"), **writes)
    for kind in (Function, Functions):
        config.add_view(refuse_function, context=kind, route_name=ROUTE, name="")


def _add(config: Configurator, resource: type, **views: View) -> None:
    allow = ",".join(("OPTIONS", "GET", "HEAD", *(method for method in views if method != "GET")))
    varied: dict[str, View] = {method: _varied(view) for method, view in views.items()}
    add_resource_view(config, resource, varied, by_grants, offers=None, check=_check, allow=allow, options_status=200)


def _varied(view: View) -> View:
    def answer(context: Resource, request: Request) -> Response:
        made = view(context, request)
        made.vary = VARY
        return made

    return answer


def _check(context: Resource, request: Request) -> None:
    check_profile(request)
    if isinstance(context, RestTable) and context.model is None:
        if "/" in context.__name__:
            raise NotFound("there is nothing at this address")
        near = near_tables(context.attempt, context.__name__, most=1)
        raise unknown_table(context.__name__, request.registry.dynmodel_settings.rest_schema, near)


def check_profile(request: Request) -> None:
    """Check the schema that a client names (PostgREST, "Schemas"); there is only one.

    :raises RestError: it is another one
    """
    schema = request.registry.dynmodel_settings.rest_schema
    header = "Accept-Profile" if request.method in ("GET", "HEAD") else "Content-Profile"
    profile = request.headers.get(header, schema)
    if profile != schema:
        raise unknown_schema(profile, schema)


def refuse_function(context: Function | Functions, request: Request) -> Response:
    check_profile(request)
    name = context.__name__ if isinstance(context, Function) else ""
    raise unknown_function(name, request.registry.dynmodel_settings.rest_schema)
