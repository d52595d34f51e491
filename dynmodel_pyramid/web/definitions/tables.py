"""Views that change definitions: ``/table/`` and ``/table/{id}/``."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.service import DefinitionService, Outcome
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.web.definitions.from_file import create_from_file, is_from_file
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, read_json
from dynmodel_pyramid.web.http.conditions import refuse_other_version
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters
from dynmodel_pyramid.web.http.preferences import preferred_return
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.resources import Table, Tables


def definition_answer(request: Request, outcome: Outcome, status: int = 200) -> Response:
    """Answer the changed definition; the change's own locks prove that it is current."""
    definition = outcome.definition
    answer = json_answer(encode(table_document(definition)), status)
    preferences = preferred_return(request)
    if preferences.is_empty:
        answer = empty_answer(204 if status == 200 else status)
    preferences.tell(answer)
    answer.headers["ETag"] = f'"{definition.version}"'
    answer.headers["Definition-Version"] = str(definition.version)
    return answer


def _service(context: Tables | Table) -> DefinitionService:
    return DefinitionService(context.attempt.catalogue, principal=context.attempt.principal)


def create_table(context: Tables, request: Request) -> Response:
    if is_from_file(request):
        return create_from_file(context, request)
    no_parameters(request)
    outcome = _service(context).create(read_json(request), author_of(request))
    context.attempt.settle()
    answer = definition_answer(request, outcome, 201)
    answer.headers["Location"] = path(request, "table", outcome.definition.id)
    return answer


def _change(context: Table, request: Request, make_document: Callable[[TableDefinition], Any]) -> Response:
    parameters = no_parameters(request, "on_error")
    outcome = _service(context).change(
        context.model.definition.id,
        make_document,
        precondition=context.attempt.held(refuse_other_version(request)),
        on_error=parameters.get("on_error", FAIL),
        author=author_of(request),
    )
    context.attempt.settle()
    return definition_answer(request, outcome)


def put_table(context: Table, request: Request) -> Response:
    document = read_json(request)
    return _change(context, request, lambda definition: document)


def patch_table(context: Table, request: Request) -> Response:
    patch = read_json(request, MERGE_PATCH)
    return _change(context, request, lambda definition: patched(definition, patch))


def delete_table(context: Table, request: Request) -> Response:
    no_parameters(request)
    outcome = _service(context).drop(
        context.model.definition.id,
        precondition=context.attempt.held(refuse_other_version(request)),
        author=author_of(request),
    )
    context.attempt.settle()
    answer = empty_answer(204)
    answer.headers["Definition-Version"] = str(outcome.definition.version)
    return answer
