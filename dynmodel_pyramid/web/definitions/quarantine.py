"""Views of values that a conversion could not convert: ``/table/{id}/quarantine/`` and below."""

from typing import Any
from urllib.parse import quote

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.scopes import console_scopes
from dynmodel_pyramid.changes.corrections import correct
from dynmodel_pyramid.changes.quarantine import OLD_TEXT, Quarantine
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.web.definition_resources import QuarantinedResource, QuarantineResource, Restoration
from dynmodel_pyramid.web.definitions.corrections import read_corrections
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import has_body, read_json
from dynmodel_pyramid.web.http.parameters import flag, no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.transactions import read_connection, write_connection
from dynmodel_pyramid.web.http.tree import BelowTable
from dynmodel_pyramid.web.http.writing import writing
from dynmodel_pyramid.web.rows.row import row_answer

#: How many values a part of the list has.
MOST = 1000


class _AllRows:
    """All rows of a table: whoever may write definitions is trusted in all data."""

    def __init__(self, context: BelowTable) -> None:
        attempt = context.attempt
        self.rows = row_service(attempt.catalogue, context.model, console_scopes(attempt.model))


def _quarantine(context: BelowTable) -> Quarantine:
    return Quarantine(_AllRows(context).rows)


def _table(context: BelowTable) -> Any:
    """The resource of the table."""
    while context.__name__ != "quarantine":
        context = context.__parent__
    return context.__parent__


def _field_id(quarantine: Quarantine, parameters: dict[str, str]) -> int | None:
    return quarantine.field_id(parameters["field"]) if "field" in parameters else None


def list_values(context: QuarantineResource, request: Request) -> Response:
    parameters = no_parameters(request, "field", "limit", "offset")
    quarantine = _quarantine(context)
    field_id = _field_id(quarantine, parameters)
    page = read_part(parameters, MOST, MOST)
    connection = read_connection(request)
    total = quarantine.count(connection, field_id)
    lines = quarantine.page(connection, page.limit, page.offset, field_id)
    answer = json_answer(encode([line.document() for line in lines]))
    part = f"{page.offset}-{page.offset + len(lines) - 1}" if lines else "*"
    answer.headers["Content-Range"] = f"{part}/{total}"
    field = {"field": quote(parameters["field"])} if "field" in parameters else {}
    return link_next(request, answer, page, page.offset + len(lines) < total, offset=page.offset + len(lines), **field)


def get_value(context: QuarantinedResource, request: Request) -> Response:
    no_parameters(request)
    return json_answer(encode(_quarantine(context).get(read_connection(request), context.number).document()))


def purge_values(context: QuarantineResource, request: Request) -> Response:
    parameters = no_parameters(request, "field")
    quarantine = _quarantine(context)
    field_id = _field_id(quarantine, parameters)
    quarantine.purge(write_connection(request), field_id)
    return empty_answer()


def purge_value(context: QuarantinedResource, request: Request) -> Response:
    no_parameters(request)
    _quarantine(context).purge_one(write_connection(request), context.number)
    return empty_answer()


def correct_values(context: QuarantineResource, request: Request) -> Response:
    """Correct or discard the values that a list names, all or none of them, or with ``partial`` those that can be."""
    parameters = no_parameters(request, "overwrite", "partial")
    overwrite, partial = (flag(parameters, name) for name in ("overwrite", "partial"))
    corrections = read_corrections(request)
    rows = writing(_AllRows(context), request)
    connection = write_connection(request)
    done = correct(Quarantine(rows), connection, corrections, overwrite=overwrite, partial=partial)
    return json_answer(encode(done.document()))


def restore_value(context: Restoration, request: Request) -> Response:
    overwrite = flag(no_parameters(request, "overwrite"), "overwrite")
    value = _value(read_json(request)) if has_body(request) else OLD_TEXT
    rows_context = _table(context)["rows"]
    rows = writing(_AllRows(context), request)
    connection = write_connection(request)
    row_id, version = Quarantine(rows).restore(connection, context.__parent__.number, value, overwrite=overwrite)
    answer = row_answer(rows_context[str(row_id)], request, rows, connection, version)
    if rows_context.deprecation is not None:
        answer.headers["Deprecation"] = rows_context.deprecation
    return answer


def _value(document: Any) -> Any:
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", 'want an object such as {"value": 1}')])
    problems = [Problem(f"/{escape(name)}", "unknown_key", "known is value") for name in document if name != "value"]
    if "value" not in document:
        problems.append(Problem("/value", "required", "is required; without a body the old text is tried anew"))
    if problems:
        raise Invalid(problems)
    return document["value"]
