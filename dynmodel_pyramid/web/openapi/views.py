"""The views of the descriptions: ``/openapi.json``, and ``/table/{id}/openapi.json`` of one table.

An answer's ``ETag`` is made of all that decides what it says, so that a client that has it already gets 304 without the
document being made.
"""

import hashlib
from collections.abc import Iterator

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.attempt import Stale
from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.web.http.answers import empty_answer, json_answer
from dynmodel_pyramid.web.http.conditions import is_unchanged
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.seen import each_seen, seen
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.openapi.callers import of_caller, package_version
from dynmodel_pyramid.web.openapi.document import Describer
from dynmodel_pyramid.web.openapi.resources import OpenApi, TableOpenApi

#: ``application/openapi+json`` of RFC 9512's kind is for YAML alone so far; JSON is what tools ask for.
OFFERS = ("application/json",)


def _tag(attempt: RequestAttempt, request: Request, *parts: object) -> str:
    """The tag of a document that this caller gets."""
    caller = attempt.caller
    identity = caller.identity
    who = (identity.kind, identity.id, sorted(identity.roles), identity.claims, identity.narrowing, caller.stamp)
    known = (package_version(), path(request), *parts, *who)
    return hashlib.blake2b(repr(known).encode(), digest_size=12).hexdigest()


def describe_table(context: TableOpenApi, request: Request) -> Response:
    no_parameters(request)
    definition = seen(context.attempt, context.model)
    assert definition is not None  # traversal finds visible tables only
    state = context.attempt.definitions(0)[0]
    tag = f"{definition.version}-{_tag(context.attempt, request, state.stamp)}"
    if is_unchanged(request, tag):
        answer = empty_answer(304)
    else:
        answer = json_answer(b"")
        Describer(of_caller(context.attempt, request)).one(definition).answer(answer)
    answer.headers["ETag"] = f'"{tag}"'
    answer.headers["Definition-Version"] = str(definition.version)
    return answer


def describe_all(context: OpenApi, request: Request) -> Response:
    no_parameters(request)
    state = context.attempt.definitions(0)[0]
    tag = _tag(context.attempt, request, state.stamp)
    if is_unchanged(request, tag):
        answer = empty_answer(304)
    else:
        answer = json_answer(b"")
        Describer(of_caller(context.attempt, request)).all(_each(context.attempt, state)).answer(answer)
    answer.headers["ETag"] = f'"{tag}"'
    answer.headers["Definitions-Revision"] = str(state.definitions)
    return answer


def _each(attempt: RequestAttempt, state: State) -> Iterator[TableDefinition]:
    """All definitions that the caller may see, as they were at a state.

    :raises Stale: they have changed since
    """
    for now, definition in each_seen(attempt):
        if now.stamp != state.stamp:
            raise Stale("definitions changed while they were described")
        yield definition
