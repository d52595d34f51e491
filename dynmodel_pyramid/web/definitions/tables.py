"""Views of definitions: ``/table/`` and ``/table/{id}/``."""

import zlib
from collections.abc import Callable, Iterator
from itertools import islice
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
from dynmodel_pyramid.web.definitions.from_file import create_from_file, is_from_file
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, read_json
from dynmodel_pyramid.web.http.conditions import is_unchanged, refuse_other_version
from dynmodel_pyramid.web.http.methods import add_resource_view
from dynmodel_pyramid.web.http.parameters import author_of, flag, no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.permissions import writes_by_definitions
from dynmodel_pyramid.web.http.preferences import preferred_return
from dynmodel_pyramid.web.http.seen import CHUNK, each_seen, seen, seen_document
from dynmodel_pyramid.web.http.tree import path, sees_all
from dynmodel_pyramid.web.resources import Table, Tables

#: The most tables in an answer.
MOST = 1000


def includeme(config: Configurator) -> None:
    add_resource_view(config, Tables, {"GET": list_tables, "POST": create_table}, writes_by_definitions)
    one = {"GET": get_table, "PUT": put_table, "PATCH": patch_table, "DELETE": delete_table}
    add_resource_view(config, Table, one, writes_by_definitions)


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


def _brief(definition: TableDefinition) -> dict[str, Any]:
    """What lists for people show of a table."""
    shown = {name: getattr(definition, name) for name in ("id", "model_name", "version", "label", "description")}
    return {**shown, "fields": len(definition.fields)}


def list_tables(context: Tables, request: Request) -> Response:
    parameters = no_parameters(request, "limit", "offset", "brief")
    page = read_part(parameters, MOST, MOST)
    is_brief = flag(parameters, "brief")
    documents: list[bytes] = []
    more, state = False, None
    if sees_all(context.attempt):
        listed = _listed(context, page.offset, page.limit + 1)
    else:
        listed = islice(each_seen(context.attempt), page.offset, page.offset + page.limit + 1)
    for state, definition in listed:  # noqa: B007 the last state is used
        more = len(documents) == page.limit
        if not more:
            documents.append(encode(_brief(definition) if is_brief else seen_document(context.attempt, definition)))
    revision = context.attempt.definitions(0)[0] if state is None else state
    answer = json_answer(b"[" + b",".join(documents) + b"]")
    answer.headers["Definitions-Revision"] = str(revision.definitions)
    further: dict[str, str | int] = {"offset": page.offset + page.limit, "brief": "true"} if is_brief else {}
    return link_next(request, answer, page, more, **further)


def _listed(context: Tables, offset: int, most: int) -> Iterator[tuple[State, TableDefinition]]:
    """Definitions from an offset on, a few in memory at a time."""
    state: State | None = None
    while most > 0:
        now, definitions = context.attempt.definitions(min(CHUNK, most), offset)
        if state is not None and now.stamp != state.stamp:
            raise Stale("definitions changed while they were listed")
        state = now
        yield from ((state, definition) for definition in definitions)
        if len(definitions) < min(CHUNK, most):
            return
        offset, most = offset + len(definitions), most - len(definitions)


def create_table(context: Tables, request: Request) -> Response:
    if is_from_file(request):
        return create_from_file(context, request)
    no_parameters(request)
    outcome = _service(context).create(read_json(request), author_of(request))
    context.attempt.settle()
    answer = definition_answer(request, outcome, 201)
    answer.headers["Location"] = path(request, "table", outcome.definition.id)
    return answer


def get_table(context: Table, request: Request) -> Response:
    no_parameters(request)
    definition = seen(context.attempt, context.model)
    assert definition is not None  # traversal finds visible tables only
    body = encode(seen_document(context.attempt, definition))
    # What is seen of one version differs between callers; If-Match is for those who see it whole.
    tag = str(definition.version) if sees_all(context.attempt) else f"{definition.version}-{zlib.crc32(body):08x}"
    answer = empty_answer(304) if is_unchanged(request, tag) else json_answer(body)
    answer.headers["ETag"] = f'"{tag}"'
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
