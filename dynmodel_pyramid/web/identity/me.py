"""``/me/``: who the caller is, and what it may do."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.permissions import anybody
from dynmodel_pyramid.web.identity.resources import Me


def includeme(config: Configurator) -> None:
    add_resource_view(config, Me, {"GET": get_me}, anybody)


def get_me(context: Me, request: Request) -> Response:
    no_parameters(request)
    caller: Caller = context.attempt.caller
    return json_answer(encode({**identity_document(caller), "tables": table_rights(context)}))


def identity_document(caller: Caller) -> dict[str, Any]:
    identity = caller.identity
    return {
        "kind": identity.kind,
        "id": identity.id,
        "name": identity.name,
        "email": identity.email,
        "claims": dict(identity.claims),
        "roles": sorted(identity.roles),
        "admin": caller.is_admin,
        "definitions": caller.definitions,
        "read_only": identity.narrowing.read_only,
    }


def table_rights(context: Me) -> dict[str, Any]:
    """What the caller may do with each table, by model name."""
    return {}
