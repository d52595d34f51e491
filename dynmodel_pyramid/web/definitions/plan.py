"""Views of plans: ``/table/{id}/plan/``, and ``plan/`` below a version's ``revert/``."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.apply import TablePlan
from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.plan_document import plan_document, unchanged_plan
from dynmodel_pyramid.changes.revert import reverting
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.web.definition_resources import Plan, RevertPlan
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, media_type_of, read_json, refuse_body
from dynmodel_pyramid.web.http.conditions import refuse_other_version
from dynmodel_pyramid.web.http.parameters import no_parameters


def plan_table(context: Plan, request: Request) -> Response:
    """The plan of a PUT with this body, or of a PATCH with this merge patch."""
    parameters = no_parameters(request, "on_error")
    definition = context.model.definition
    document = read_json(request, ("application/json", MERGE_PATCH[0]))
    is_patch = media_type_of(request) == MERGE_PATCH[0]

    def wanted(current: TableDefinition) -> Any:
        return patched(current, document) if is_patch else document

    service = DefinitionService(context.attempt.catalogue)
    plans = service.plan(
        definition.id,
        wanted,
        precondition=context.attempt.held(refuse_other_version(request)),
        on_error=parameters.get("on_error", FAIL),
    )
    return _plan_answer(context, plans)


def plan_revert(context: RevertPlan, request: Request) -> Response:
    """The plan of a POST on ``revert/``."""
    parameters = no_parameters(request, "on_error")
    refuse_body(request)
    service = DefinitionService(context.attempt.catalogue)
    table_id = context.model.definition.id
    precondition = context.attempt.held(refuse_other_version(request))
    changes = reverting(service, table_id, context.__parent__.__parent__.number, precondition=precondition)
    return _plan_answer(context, service.plan_of(table_id, changes, on_error=parameters.get("on_error", FAIL)))


def _plan_answer(context: Plan | RevertPlan, plans: list[TablePlan]) -> Response:
    context.attempt.settle()
    plan = plan_document(plans[0]) if plans else unchanged_plan(context.model.definition)
    answer = json_answer(encode(plan))
    answer.headers["Definition-Version"] = str(plan["version"])
    return answer
