"""Views of the service itself: its description, field types and health."""

import importlib.metadata
from typing import Any

import colander
import orjson
import sqlalchemy as sa
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, Unauthenticated
from dynmodel_pyramid.exchange.formats import Formats, missing_extra
from dynmodel_pyramid.fields import FieldType, is_sortable
from dynmodel_pyramid.fields.pages import help_line
from dynmodel_pyramid.fields.registry import Failure, Registered, read_options
from dynmodel_pyramid.fields.schema import mapping_json_schema
from dynmodel_pyramid.telemetry.page import WANTED, MetricsPage
from dynmodel_pyramid.tenants.tenant import Tenant
from dynmodel_pyramid.web.http.answers import empty_answer, json_answer, rows_answer
from dynmodel_pyramid.web.http.conditions import best_offer
from dynmodel_pyramid.web.http.errors import note_cause, problem
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.permissions import anybody
from dynmodel_pyramid.web.http.tree import TENANT, Traverser, path
from dynmodel_pyramid.web.resources import FieldTypeResource, FieldTypesResource, Live, Metrics, Ready, Root

JSON, HTML = "application/json", "text/html"


def includeme(config: Configurator) -> None:
    config.add_traverser(Traverser, Root)
    add_resource_view(config, Root, {"GET": describe}, anybody, offers=root_offers)
    add_resource_view(config, FieldTypesResource, {"GET": list_field_types}, anybody)
    add_resource_view(config, FieldTypeResource, {"GET": show_field_type}, anybody)
    add_resource_view(config, Live, {"GET": live}, anybody)
    add_resource_view(config, Ready, {"GET": ready}, anybody)
    add_resource_view(config, Metrics, {"GET": show_metrics}, anybody, offers=None)


def root_offers(request: Request) -> tuple[str, ...]:
    return (JSON,) if request.registry.dynmodel_page is None else (JSON, HTML)


def describe(context: Root, request: Request) -> Response:
    """The service's document; a browser is sent to the page."""
    no_parameters(request)
    if best_offer(request, root_offers(request)) == HTML:
        answer = empty_answer(303)
        answer.headers["Location"] = path(request, "ui")
    else:
        answer = json_answer(orjson.dumps(service_document(context, request)))
    answer.vary = "Accept"
    return answer


def service_document(context: Root, request: Request) -> dict[str, Any]:
    catalogue = context.attempt.catalogue
    places = {} if context.page is None else {"ui": path(request, "ui")}
    if catalogue.database.settings.oidc_issuer:
        places["oidc"] = path(request, "session", "oidc")
    return {
        "name": "dynmodel_pyramid",
        "version": importlib.metadata.version("dynmodel_pyramid"),
        "database": catalogue.database.dialect.name,
        "capabilities": {
            "field_types": catalogue.field_types.names(),
            "media_types": ["application/json"],
            "formats": _formats(request.registry.dynmodel_formats),
            "max_body_size": request.registry.dynmodel_settings.max_body_size,
            "nulls_not_distinct": catalogue.database.dialect.nulls_not_distinct,
        },
        "links": {
            "tables": path(request, "table"),
            "rest": path(request, "rest"),
            "trash": path(request, "trash"),
            "schema": path(request, "schema"),
            "field_types": path(request, "field-type"),
            "docs": path(request, "docs"),
            "openapi": path(request, "openapi.json").rstrip("/"),
            "me": path(request, "me"),
            "session": path(request, "session"),
            "access": path(request, "access"),
            **places,
            "live": path(request, "live"),
            "ready": path(request, "ready"),
        },
    }


def _formats(formats: Formats) -> list[dict[str, Any]]:
    """The formats of rows, for clients that let people choose one. ``missing`` is the extra that installs one."""
    return [
        {
            "name": known.name,
            "media_type": known.format.media_type,
            "suffix": known.format.suffix or None,
            "reads": known.format.read is not None,
            "writes": known.format.write is not None,
            "is_text": known.format.is_text,
            "parameters": list(known.format.parameters),
            "missing": missing_extra(known.format),
        }
        for known in formats
        if not known.format.face
    ]


def field_type_document(known: Registered | Failure, request: Request, *, tells_cause: bool = True) -> dict[str, Any]:
    """A type's document for clients. ``value`` is the JSON Schema of a value under default options, ``editor`` the
    address of the module with which the page edits values.

    :param tells_cause: why a type has failed: the message of an error of Python, which may name files
    """
    origin = {
        "name": known.name,
        "status": "installed" if isinstance(known, Registered) else "failed",
        "distribution": known.distribution or None,
        "distribution_version": known.version or None,
    }
    if isinstance(known, Failure):
        return {**origin, "entry_point": known.entry_point, "cause": known.cause if tells_cause else None}
    field_type = known.field_type
    return {
        **origin,
        "help": help_line(field_type),
        "icon": field_type.icon or None,
        "editor": _editor_address(known.name, request),
        "description": (type(field_type).__doc__ or "").strip(),
        "options": mapping_json_schema(field_type.options_schema()),
        "repairs": list(field_type.repairs),
        "operators": [{"name": known.name, "description": known.description} for known in field_type.operators],
        "sortable": is_sortable(field_type),
        "value": _default_value_schema(field_type),
    }


def _editor_address(name: str, request: Request) -> str | None:
    editors = request.registry.dynmodel_type_editors
    file = None if editors is None else editors.file_name(name)
    return None if file is None else path(request, "ui", "static", "types", file).rstrip("/")


def _default_value_schema(field_type: FieldType) -> dict[str, Any] | None:
    """The schema of a value under default options; None for a type with required options."""
    try:
        options = read_options(field_type, {})
    except colander.Invalid:
        return None
    return field_type.json_schema(options)


def list_field_types(context: FieldTypesResource, request: Request) -> Response:
    no_parameters(request)
    types = request.registry.dynmodel_field_types
    tells = _tells_cause(context.__parent__.attempt)
    return json_answer(
        orjson.dumps([field_type_document(known, request, tells_cause=tells) for known in (*types, *types.failures)])
    )


def _tells_cause(attempt: RequestAttempt) -> bool:
    return attempt.caller.definitions != "none"


def show_field_type(context: FieldTypeResource, request: Request) -> Response:
    no_parameters(request)
    tells = _tells_cause(context.__parent__.__parent__.attempt)
    return json_answer(orjson.dumps(field_type_document(context.known, request, tells_cause=tells)))


def live(context: Live, request: Request) -> Response:
    return json_answer(b'{"status":"live"}')


def ready(context: Ready, request: Request) -> Response:
    try:
        tenant: Tenant | None = request.environ.get(TENANT)
        if tenant is None:
            request.registry.dynmodel_tenants.check()
        else:
            upgrade.check(tenant.database)
    except (sa.exc.SQLAlchemyError, ConfigurationProblem, OSError) as error:
        note_cause(error, request)
        return problem(request, 503, "not_ready", "the database can't be reached, or its system tables don't fit")
    return json_answer(b'{"status":"ready"}')


def show_metrics(context: Metrics, request: Request) -> Response:
    """Under our own server, the thread that polls answers this address, and this view is not asked."""
    page: MetricsPage | None = request.registry.dynmodel_metrics
    if page is None or not page.is_for(request.environ):
        if page is not None and page.wants_token:
            raise Unauthenticated(WANTED)
        raise HTTPNotFound()
    media_type, text = page.answer(request.headers.get("Accept", ""))
    answer = rows_answer(media_type, text)
    answer.add("Cache-Control", "no-store")
    return answer
