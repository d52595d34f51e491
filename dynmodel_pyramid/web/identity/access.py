"""Views of roles and grants: ``/access/``, ``/access/role/{name}/``, ``/access/plan/``."""

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.document_reading import read_roles, with_role
from dynmodel_pyramid.access.document_writing import role_document, roles_document
from dynmodel_pyramid.access.grants import Access, Role
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.changes.access_change import MakeRoles
from dynmodel_pyramid.changes.access_service import AccessOutcome, AccessService
from dynmodel_pyramid.definitions.patching import merge
from dynmodel_pyramid.errors import NotFound, PreconditionFailed
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, media_type_of, read_json
from dynmodel_pyramid.web.http.conditions import if_match, is_unchanged
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.preferences import preferred_return
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.identity.audited import audit_of
from dynmodel_pyramid.web.identity.resources import AccessPlan, AccessResource, BelowAccess, RoleResource


def _tagged(answer: Response, access: Access) -> Response:
    answer.headers["ETag"] = f'"{access.revision}"'
    return answer


def _precondition(request: Request) -> Callable[[Access], None]:
    matches = if_match(request)

    def check(access: Access) -> None:
        if matches is not None and not matches(str(access.revision)):
            raise PreconditionFailed(f"the current revision of roles and grants is {access.revision}")

    return check


def _service(context: BelowAccess) -> AccessService:
    return AccessService(context.attempt.catalogue, principal=context.attempt.principal)


def _shown(request: Request, found: AccessOutcome) -> Response:
    if is_unchanged(request, str(found.access.revision)):
        return _tagged(empty_answer(304), found.access)
    return _tagged(json_answer(encode(found.document)), found.access)


def _change(context: BelowAccess, request: Request, make_roles: MakeRoles, name: str | None = None) -> AccessOutcome:
    caller = context.attempt.caller
    done = _service(context).change(
        make_roles,
        name=name,
        precondition=_precondition(request),
        author=caller.identity.id,
        audit=audit_of(request, caller),
    )
    context.attempt.settle()
    return done


def _changed(request: Request, done: AccessOutcome, status: int = 200) -> Response:
    preferences = preferred_return(request)
    if preferences.is_empty:
        answer = empty_answer(204 if status == 200 else status)
    else:
        answer = json_answer(encode(done.document), status)
    preferences.tell(answer)
    return _tagged(answer, done.access)


# All roles


def get_access(context: AccessResource, request: Request) -> Response:
    no_parameters(request)
    return _shown(request, _service(context).current())


def _reading(document: Any, *, is_patch: bool) -> MakeRoles:
    def make_roles(access: Access, tables: Tables) -> Mapping[str, Role]:
        wanted = merge(roles_document(access.roles, tables), document) if is_patch else document
        return read_roles(wanted, access.roles, tables)

    return make_roles


def put_access(context: AccessResource, request: Request) -> Response:
    no_parameters(request)
    document = read_json(request)
    return _changed(request, _change(context, request, _reading(document, is_patch=False)))


def patch_access(context: AccessResource, request: Request) -> Response:
    no_parameters(request)
    patch = read_json(request, MERGE_PATCH)
    return _changed(request, _change(context, request, _reading(patch, is_patch=True)))


def plan_access(context: AccessPlan, request: Request) -> Response:
    """The plan of a PUT of ``/access/`` with this body, or of a PATCH with this merge patch."""
    no_parameters(request)
    document = read_json(request, ("application/json", MERGE_PATCH[0]))
    is_patch = media_type_of(request) == MERGE_PATCH[0]
    found = _service(context).plan(_reading(document, is_patch=is_patch), precondition=_precondition(request))
    return json_answer(encode(found))


# One role


def get_role(context: RoleResource, request: Request) -> Response:
    no_parameters(request)
    found = _service(context).current(context.__name__)
    _refuse_missing(found.access, context.__name__)
    return _shown(request, found)


def _refuse_missing(access: Access, name: str) -> None:
    if name not in access.roles:
        raise NotFound(f"there is no role {name!r:.100}", hint="PUT it, or look at /access/")


def put_role(context: RoleResource, request: Request) -> Response:
    no_parameters(request)
    name, document = context.__name__, read_json(request)
    is_new = False

    def make_roles(access: Access, tables: Tables) -> Mapping[str, Role]:
        nonlocal is_new
        is_new = name not in access.roles
        return with_role(name, document, access.roles, tables)

    done = _change(context, request, make_roles, name)
    answer = _changed(request, done, 201 if is_new else 200)
    if is_new:
        answer.headers["Location"] = path(request, "access", "role", name)
    return answer


def patch_role(context: RoleResource, request: Request) -> Response:
    no_parameters(request)
    name, patch = context.__name__, read_json(request, MERGE_PATCH)

    def make_roles(access: Access, tables: Tables) -> Mapping[str, Role]:
        _refuse_missing(access, name)
        wanted = merge(role_document(access.roles[name], tables), patch)
        return with_role(name, wanted, access.roles, tables)

    return _changed(request, _change(context, request, make_roles, name))


def delete_role(context: RoleResource, request: Request) -> Response:
    no_parameters(request)
    name = context.__name__

    def make_roles(access: Access, tables: Tables) -> Mapping[str, Role]:
        _refuse_missing(access, name)
        return {other: role for other, role in access.roles.items() if other != name}

    done = _change(context, request, make_roles, name)
    return _tagged(empty_answer(204), done.access)
