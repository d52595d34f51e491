"""Views of the trash, ``/table/{id}/trash/`` and ``/trash/``, and of a table's health."""

import datetime
import logging
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.health import health_document, health_of
from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.trash import Kept, TableTrash
from dynmodel_pyramid.changes.trash_fields import FieldTrash
from dynmodel_pyramid.definitions.trashed import DroppedTable, KeptField
from dynmodel_pyramid.definitions.writing import field_document
from dynmodel_pyramid.web import definition_resources as resources
from dynmodel_pyramid.web.definitions.tables import definition_answer
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import read_optional_json
from dynmodel_pyramid.web.http.conditions import refuse_other_version
from dynmodel_pyramid.web.http.errors import request_id
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.tree import path

log = logging.getLogger(__name__)

#: How many tables a part of the trash has, and the most that it may have: the rows of each are counted.
USUAL, MOST = 100, 1000


def _moment(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def get_health(context: resources.Health, request: Request) -> Response:
    """The answer is 200 even for a damaged table; ``status`` and the log report damage."""
    no_parameters(request)
    definition = context.model.definition
    health = health_of(context.attempt.catalogue, definition)
    context.attempt.confirm()
    if health.broken:
        log.warning(
            "request %s: table %d is damaged: it has %d differences from its definition, the first: %s",
            *(request_id(request), definition.id, len(health.broken), health.broken[0].detail),
        )
    return json_answer(encode(health_document(health)))


# Fields


def kept_field_document(entry: Kept) -> dict[str, Any]:
    what = entry.what
    assert isinstance(what, KeptField)
    definition = field_document(what.field, 0)
    del definition["position"]
    return {
        "number": what.kept.id,
        "name": what.field.name,
        "field_id": what.field.id,
        "type": what.field.type,
        "reason": "replaced" if what.replaced else "dropped",
        "dropped_at": _moment(what.dropped_at),
        "dropped_version": what.version,
        "rows": entry.rows,
        "kept_until": _moment(entry.until),
        "definition": definition,
    }


def _fields(context: resources.FieldTrash | resources.TrashedField | resources.FieldRestore) -> FieldTrash:
    return FieldTrash(context.attempt.catalogue, principal=context.attempt.principal)


def list_fields(context: resources.FieldTrash, request: Request) -> Response:
    no_parameters(request)
    entries = _fields(context).fields(context.model.definition)
    return json_answer(encode([kept_field_document(entry) for entry in entries]))


def get_field(context: resources.TrashedField, request: Request) -> Response:
    no_parameters(request)
    (entry,) = _fields(context).fields(context.model.definition, context.number)
    return json_answer(encode(kept_field_document(entry)))


def restore_field(context: resources.FieldRestore, request: Request) -> Response:
    parameters = no_parameters(request, "on_error")
    outcome = _fields(context).restore_field(
        context.model.definition.id,
        context.__parent__.number,
        read_optional_json(request),
        precondition=context.attempt.held(refuse_other_version(request)),
        on_error=parameters.get("on_error", FAIL),
    )
    context.attempt.settle()
    return definition_answer(request, outcome)


def purge_field(context: resources.TrashedField, request: Request) -> Response:
    no_parameters(request)
    _, definition = _fields(context).purge_field(
        context.model.definition.id,
        context.number,
        precondition=context.attempt.held(refuse_other_version(request)),
    )
    context.attempt.settle()
    answer = empty_answer(204)
    answer.headers["Definition-Version"] = str(definition.version)
    return answer


# Tables


def kept_table_document(entry: Kept) -> dict[str, Any]:
    assert isinstance(entry.what, DroppedTable)
    definition = entry.what.definition
    return {
        "number": definition.id,
        "model_name": definition.model_name,
        "dropped_at": _moment(entry.what.dropped_at),
        "dropped_version": definition.version,
        "rows": entry.rows,
        "kept_until": _moment(entry.until),
    }


def _tables(context: resources.BelowTrash) -> TableTrash:
    return TableTrash(context.attempt.catalogue, principal=context.attempt.principal)


def list_tables(context: resources.TableTrash, request: Request) -> Response:
    page = read_part(no_parameters(request, "limit", "offset"), USUAL, MOST)
    entries, more = _tables(context).tables(page.limit, page.offset)
    return link_next(request, json_answer(encode([kept_table_document(entry) for entry in entries])), page, more)


def get_table(context: resources.TrashedTable, request: Request) -> Response:
    no_parameters(request)
    entry = _tables(context).table(context.number)
    assert isinstance(entry.what, DroppedTable)
    answer = json_answer(encode(kept_table_document(entry)))
    answer.headers["ETag"] = f'"{entry.what.definition.version}"'
    return answer


def restore_table(context: resources.TableRestore, request: Request) -> Response:
    parameters = no_parameters(request, "on_error")
    outcome = _tables(context).restore_table(
        context.__parent__.number,
        read_optional_json(request),
        precondition=refuse_other_version(request),
        on_error=parameters.get("on_error", FAIL),
    )
    context.attempt.settle()
    answer = definition_answer(request, outcome)
    answer.headers["Content-Location"] = path(request, "table", outcome.definition.id)
    return answer


def purge_table(context: resources.TrashedTable, request: Request) -> Response:
    no_parameters(request)
    _tables(context).purge_table(context.number, precondition=refuse_other_version(request))
    return empty_answer(204)
