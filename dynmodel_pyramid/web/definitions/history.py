"""Views of the versions of a definition: ``/table/{id}/history/`` and below."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.history import TableHistory, Version, operation_documents
from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.revert import reverting
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.definitions.expressions import moment_text
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.web.definition_resources import DifferenceResource, History, HistoryVersion, Revert
from dynmodel_pyramid.web.definitions.tables import definition_answer
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.body import refuse_body
from dynmodel_pyramid.web.http.conditions import refuse_other_version
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part, whole_number
from dynmodel_pyramid.web.http.transactions import read_connection
from dynmodel_pyramid.web.http.tree import BelowTable

#: How many versions a part of the history has, and the most that it may have: a version may have hundreds of steps.
USUAL, MOST = 25, 100


def _history(context: BelowTable, request: Request) -> TableHistory:
    return TableHistory(context.attempt.catalogue, read_connection(request), context.model.definition.id)


def _document(version: Version, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": version.number,
        "changed_at": moment_text(version.changed_at),
        "changed_by": version.changed_by,
        "steps": steps,
    }


def list_versions(context: History, request: Request) -> Response:
    parameters = no_parameters(request, "limit", "offset", "before")
    before = parameters.pop("before", None)
    number = None if before is None else whole_number("before", before)
    page = read_part(parameters, USUAL, MOST)
    entries, more = _history(context, request).page(page.limit, page.offset, number)
    answer = json_answer(encode([_document(*entry) for entry in entries]))
    return link_next(request, answer, page, more, before=entries[-1][0].number if entries else 0)


def get_version(context: HistoryVersion, request: Request) -> Response:
    no_parameters(request)
    version, steps = _history(context, request).with_its_operations(context.number)
    return json_answer(encode({**_document(version, steps), "definition": table_document(version.definition)}))


def get_difference(context: DifferenceResource, request: Request) -> Response:
    no_parameters(request)
    numbers = context.__parent__.__parent__.number, context.number
    before, after = (version.definition for version in _history(context, request).at(*numbers))
    document = {"from": before.version, "to": after.version, "steps": operation_documents(before, after)}
    return json_answer(encode(document))


def revert(context: Revert, request: Request) -> Response:
    parameters = no_parameters(request, "on_error")
    refuse_body(request)
    service = DefinitionService(context.attempt.catalogue, principal=context.attempt.principal)
    table_id = context.model.definition.id
    precondition = context.attempt.held(refuse_other_version(request))
    outcome = service.execute(
        table_id,
        reverting(service, table_id, context.__parent__.number, precondition=precondition),
        on_error=parameters.get("on_error", FAIL),
        author=author_of(request),
    )
    context.attempt.settle()
    return definition_answer(request, outcome)
