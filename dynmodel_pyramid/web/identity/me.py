"""``/me/``: who the caller is, and what it may do."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.grants import ACTIONS, Action
from dynmodel_pyramid.access.scope import Scope
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.seen import each_seen
from dynmodel_pyramid.web.identity.resources import Me


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
    """What the caller may do with the rows of each table, by model name."""
    attempt = context.attempt
    rights: dict[str, Any] = {}
    for _, definition in each_seen(attempt):
        if attempt.scopes.are_whole:
            rights[definition.model_name] = {"id": definition.id, **dict.fromkeys(ACTIONS, True)}
            continue
        model = attempt.model(definition.id)
        if model is not None:
            rights[definition.model_name] = {"id": definition.id, **_rights(attempt.scopes.scope(model), model)}
    return rights


def _rights(scope: Scope, model: Model) -> dict[str, Any]:
    """For each action: true for everything, false for nothing, else the fields, and whether for some rows only."""
    names = [field.name for field in model.definition.fields]
    reads: Any = scope.may_read
    if scope.view.key is not None and scope.may_read:
        shown = [name for name in names if scope.view.may_read(name)]
        reads = {"fields": shown, "some_rows": not scope.view.all_rows}
    return {"read": reads, **{action: _permitted(scope, action, names) for action in ACTIONS if action != "read"}}


def _permitted(scope: Scope, action: Action, names: list[str]) -> Any:
    permits = scope.of(action)
    if not permits:
        return permits is None
    if action == "delete":
        return {"some_rows": all(permit.rows is not None for permit in permits)}
    writable = [name for name in ("id", *names) if any(name in permit.names for permit in permits)]
    conditions = [permit.check if action == "create" else permit.rows for permit in permits]
    return {"fields": writable, "some_rows": all(condition is not None for condition in conditions)}
