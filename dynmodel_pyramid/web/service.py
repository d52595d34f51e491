"""Views of the service itself: what it is, which field types it has, and whether it is well."""

import importlib.metadata

import orjson
import sqlalchemy as sa
from pyramid.response import Response

from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.registry import Registered
from dynmodel_pyramid.fields.schema import mapping_json_schema
from dynmodel_pyramid.web.answers import html_answer, json_answer
from dynmodel_pyramid.web.conditions import best_offer
from dynmodel_pyramid.web.errors import problem
from dynmodel_pyramid.web.methods import add_resource_view
from dynmodel_pyramid.web.page import LISTED, service_page
from dynmodel_pyramid.web.resources import FieldTypesResource, Live, Ready, Root, Traverser, path
from dynmodel_pyramid.web.tables import no_parameters

ROOT_OFFERS = ("application/json", "text/html")


def includeme(config) -> None:
    config.add_traverser(Traverser, Root)
    add_resource_view(config, Root, offers=ROOT_OFFERS, GET=describe)
    add_resource_view(config, FieldTypesResource, GET=list_field_types)
    add_resource_view(config, Live, GET=live)
    add_resource_view(config, Ready, GET=ready)


def describe(context: Root, request) -> Response:
    no_parameters(request)
    description = service_document(context, request)
    if best_offer(request, ROOT_OFFERS) == "text/html":
        _, tables = context.work.definitions(LISTED + 1)
        answer = html_answer(service_page(description, tables[:LISTED], more=len(tables) > LISTED))
    else:
        answer = json_answer(orjson.dumps(description))
    answer.vary = "Accept"
    return answer


def service_document(context: Root, request) -> dict:
    catalogue = context.work.catalogue
    return {
        "name": "dynmodel_pyramid",
        "version": importlib.metadata.version("dynmodel_pyramid"),
        "database": catalogue.database.dialect.name,
        "capabilities": {
            "field_types": catalogue.field_types.names(),
            "media_types": ["application/json"],
            "nulls_not_distinct": catalogue.database.dialect.nulls_not_distinct,
        },
        "links": {
            "tables": path(request, "table"),
            "field_types": path(request, "field-type"),
            "live": path(request, "live"),
            "ready": path(request, "ready"),
        },
    }


def field_type_document(registered: Registered) -> dict:
    field_type = registered.field_type
    return {
        "name": registered.name,
        "description": (type(field_type).__doc__ or "").strip(),
        "distribution": registered.distribution or None,
        "distribution_version": registered.version or None,
        "options": mapping_json_schema(field_type.options_schema()),
        "operators": [{"name": known.name, "description": known.description} for known in field_type.operators],
        "sortable": is_sortable(field_type),
    }


def list_field_types(context: FieldTypesResource, request) -> Response:
    no_parameters(request)
    types = request.registry.dynmodel_catalogue.field_types
    return json_answer(orjson.dumps([field_type_document(registered) for registered in types]))


def live(context: Live, request) -> Response:
    return json_answer(b'{"status":"live"}')


def ready(context: Ready, request) -> Response:
    try:
        upgrade.check(request.registry.dynmodel_catalogue.database)
    except (sa.exc.SQLAlchemyError, ConfigurationProblem):
        return problem(request, 503, "not_ready", "the database can't be reached, or its system tables don't fit")
    return json_answer(b'{"status":"ready"}')
