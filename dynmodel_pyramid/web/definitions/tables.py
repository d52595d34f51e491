"""Views of definitions: ``/table/`` and ``/table/{id}/``."""

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.service import DefinitionService, Outcome
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, read_json
from dynmodel_pyramid.web.http.conditions import is_unchanged, refuse_other_version
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.preferences import preferred_return
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.resources import Table, Tables

#: How many tables an answer has, and how many are in memory at a time.
MOST, CHUNK = 1000, 50


def includeme(config: Configurator) -> None:
    add_resource_view(config, Tables, {"GET": list_tables, "POST": create_table})
    add_resource_view(config, Table, {"GET": get_table, "PUT": put_table, "PATCH": patch_table, "DELETE": delete_table})


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
    return DefinitionService(context.attempt.catalogue)


def list_tables(context: Tables, request: Request) -> Response:
    page = read_part(no_parameters(request, "limit", "offset"), MOST, MOST)
    documents: list[bytes] = []
    state: State | None = None
    while True:
        # A few at a time: the definitions of wide tables take much more memory than their JSON.
        wanted = min(CHUNK, page.limit - len(documents))
        now, definitions = context.attempt.definitions(wanted + 1, page.offset + len(documents))
        if state is not None and now.stamp != state.stamp:
            raise Stale("definitions changed while they were listed")
        state, more = now, len(definitions) > wanted
        documents += [encode(table_document(definition)) for definition in definitions[:wanted]]
        if not more or len(documents) == page.limit:
            break
    answer = json_answer(b"[" + b",".join(documents) + b"]")
    answer.headers["Definitions-Revision"] = str(state.definitions)
    return link_next(request, answer, page, more)


def create_table(context: Tables, request: Request) -> Response:
    no_parameters(request)
    outcome = _service(context).create(read_json(request), author_of(request))
    context.attempt.settle()
    answer = definition_answer(request, outcome, 201)
    answer.headers["Location"] = path(request, "table", outcome.definition.id)
    return answer


def get_table(context: Table, request: Request) -> Response:
    no_parameters(request)
    definition = context.model.definition
    if is_unchanged(request, str(definition.version)):
        answer = empty_answer(304)
    else:
        answer = json_answer(encode(table_document(definition)))
    answer.headers["ETag"] = f'"{definition.version}"'
    answer.headers["Definition-Version"] = str(definition.version)
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
