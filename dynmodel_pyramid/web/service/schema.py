"""``/schema/`` and ``/schema/plan/``: all definitions as one document."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.plan_document import plan_documents
from dynmodel_pyramid.changes.whole_schema import DROP, KEEP, PATCH, WholeSchema
from dynmodel_pyramid.database import State
from dynmodel_pyramid.errors import Malformed, PreconditionFailed
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, media_type_of, read_json
from dynmodel_pyramid.web.http.conditions import if_match, is_unchanged
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.preferences import preferred_return
from dynmodel_pyramid.web.identity.audited import audit_of
from dynmodel_pyramid.web.resources import Schema, SchemaPlan


def _one_of(parameters: dict[str, str], name: str, known: tuple[str, ...]) -> str:
    """A parameter's value; by default the first known one."""
    value = parameters.get(name, known[0])
    if value not in known:
        raise Malformed(
            f"the parameter {name} is {value!r}", code="invalid_parameter", hint=f"want {' or '.join(known)}"
        )
    return value


def _tag(context: Schema | SchemaPlan, state: State) -> str:
    """The tag of the document that this caller sees."""
    return f"{state.stamp}-{state.access_stamp}" if context.attempt.caller.is_admin else state.stamp


def _with_state(context: Schema | SchemaPlan, answer: Response, state: State) -> Response:
    answer.headers["ETag"] = f'"{_tag(context, state)}"'
    answer.headers["Definitions-Revision"] = str(state.definitions)
    return answer


def _precondition(context: Schema | SchemaPlan, request: Request) -> Callable[[State], None]:
    matches = if_match(request)

    def check(state: State) -> None:
        if matches is not None and not matches(_tag(context, state)):
            raise PreconditionFailed("the definitions have changed since, or roles and grants have")

    return check


def _allow_access(context: Schema | SchemaPlan) -> Callable[[], None]:
    def allow() -> None:
        caller = context.attempt.caller
        if not caller.is_admin:
            raise caller.refused("change roles and grants")

    return allow


def get_schema(context: Schema, request: Request) -> Response:
    full = _one_of(no_parameters(request, "full"), "full", ("false", "true")) == "true"
    schema = WholeSchema(context.attempt.catalogue)
    state, definitions, access = schema.current()
    if is_unchanged(request, _tag(context, state)):
        return _with_state(context, empty_answer(304), state)
    document = schema.document(definitions, full=full, access=access if context.attempt.caller.is_admin else None)
    return _with_state(context, json_answer(encode(document)), state)


def put_schema(context: Schema, request: Request) -> Response:
    parameters = no_parameters(request, "on_error", "others")
    return _apply(context, request, read_json(request), _one_of(parameters, "others", (DROP, KEEP)), parameters)


def patch_schema(context: Schema, request: Request) -> Response:
    parameters = no_parameters(request, "on_error")
    return _apply(context, request, read_json(request, MERGE_PATCH), PATCH, parameters)


def _apply(context: Schema, request: Request, document: Any, others: str, parameters: dict[str, str]) -> Response:
    schema = WholeSchema(context.attempt.catalogue, principal=context.attempt.principal)
    caller = context.attempt.caller
    done = schema.apply(
        document,
        others,
        precondition=_precondition(context, request),
        on_error=parameters.get("on_error", FAIL),
        author=caller.identity.id,
        allow_access=_allow_access(context),
        audit=audit_of(request, caller),
    )
    context.attempt.settle()
    preferences = preferred_return(request)
    if preferences.is_empty:
        answer = empty_answer(204)
    else:
        access = done.access if caller.is_admin else None
        answer = json_answer(encode(schema.document(done.definitions, access=access)))
    preferences.tell(answer)
    return _with_state(context, answer, done.state)


def plan_schema(context: SchemaPlan, request: Request) -> Response:
    """The plan of a PUT with this body, or of a PATCH with this merge patch."""
    document = read_json(request, ("application/json", MERGE_PATCH[0]))
    is_patch = media_type_of(request) == MERGE_PATCH[0]
    parameters = no_parameters(request, "on_error", *(() if is_patch else ("others",)))
    planned = WholeSchema(context.attempt.catalogue).plan(
        document,
        PATCH if is_patch else _one_of(parameters, "others", (DROP, KEEP)),
        precondition=_precondition(context, request),
        on_error=parameters.get("on_error", FAIL),
        allow_access=_allow_access(context),
    )
    plan: dict[str, Any] = {"tables": plan_documents(planned.changes)}
    if planned.access is not None:
        plan["access"] = planned.access
    return _with_state(context, json_answer(encode(plan)), planned.state)
