"""``/schema/`` and ``/schema/plan/``: all definitions as one document."""

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
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
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.preferences import preferred_return
from dynmodel_pyramid.web.resources import Schema, SchemaPlan


def includeme(config: Configurator) -> None:
    add_resource_view(config, Schema, {"GET": get_schema, "PUT": put_schema, "PATCH": patch_schema})
    add_resource_view(config, SchemaPlan, {"POST": plan_schema})


def _one_of(parameters: dict[str, str], name: str, known: tuple[str, ...]) -> str:
    """A parameter's value; by default the first known one."""
    value = parameters.get(name, known[0])
    if value not in known:
        raise Malformed(
            f"the parameter {name} is {value!r}", code="invalid_parameter", hint=f"want {' or '.join(known)}"
        )
    return value


def _with_state(answer: Response, state: State) -> Response:
    answer.headers["ETag"] = f'"{state.stamp}"'
    answer.headers["Definitions-Revision"] = str(state.definitions)
    return answer


def _precondition(request: Request) -> Callable[[State], None]:
    matches = if_match(request)

    def check(state: State) -> None:
        if matches is not None and not matches(state.stamp):
            raise PreconditionFailed("the definitions have changed since")

    return check


def get_schema(context: Schema, request: Request) -> Response:
    full = _one_of(no_parameters(request, "full"), "full", ("false", "true")) == "true"
    state, definitions = context.attempt.definitions()
    if is_unchanged(request, state.stamp):
        return _with_state(empty_answer(304), state)
    document = WholeSchema(context.attempt.catalogue).document(definitions, full=full)
    return _with_state(json_answer(encode(document)), state)


def put_schema(context: Schema, request: Request) -> Response:
    parameters = no_parameters(request, "on_error", "others")
    return _apply(context, request, read_json(request), _one_of(parameters, "others", (DROP, KEEP)), parameters)


def patch_schema(context: Schema, request: Request) -> Response:
    parameters = no_parameters(request, "on_error")
    return _apply(context, request, read_json(request, MERGE_PATCH), PATCH, parameters)


def _apply(context: Schema, request: Request, document: Any, others: str, parameters: dict[str, str]) -> Response:
    schema = WholeSchema(context.attempt.catalogue)
    done = schema.apply(
        document, others, precondition=_precondition(request), on_error=parameters.get("on_error", FAIL)
    )
    context.attempt.settle()
    preferences = preferred_return(request)
    if preferences.is_empty:
        answer = empty_answer(204)
    else:
        answer = json_answer(encode(schema.document(done.definitions)))
    preferences.tell(answer)
    return _with_state(answer, done.state)


def plan_schema(context: SchemaPlan, request: Request) -> Response:
    """The plan of a PUT with this body, or of a PATCH with this merge patch."""
    document = read_json(request, ("application/json", MERGE_PATCH[0]))
    is_patch = media_type_of(request) == MERGE_PATCH[0]
    parameters = no_parameters(request, "on_error", *(() if is_patch else ("others",)))
    planned = WholeSchema(context.attempt.catalogue).plan(
        document,
        PATCH if is_patch else _one_of(parameters, "others", (DROP, KEEP)),
        precondition=_precondition(request),
        on_error=parameters.get("on_error", FAIL),
    )
    return _with_state(json_answer(encode({"tables": plan_documents(planned.changes)})), planned.state)
