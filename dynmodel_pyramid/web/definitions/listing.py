"""Views that read definitions: GET of ``/table/`` and ``/table/{id}/``."""

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.conditions import is_unchanged
from dynmodel_pyramid.web.http.parameters import flag, no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.seen import CHUNK, each_seen, seen, seen_document
from dynmodel_pyramid.web.http.tree import sees_all
from dynmodel_pyramid.web.resources import Table, Tables

#: The most tables in an answer.
MOST = 1000


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
