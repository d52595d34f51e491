"""Errors of this package -> PostgREST's body, code and status (PostgREST, "Errors"; PostgreSQL, appendix A).

This is the only module that knows both. Faults that PostgREST leaves to the database (conversions, missing columns) are
found here before the database is asked. So the codes are the database's, and the messages ours.
"""

import json
from collections.abc import Iterable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.definitions.problems import unescape
from dynmodel_pyramid.web.rest.face import VARY

#: Our code -> PostgREST's code, and the status; None: our own status.
CODES: dict[str, tuple[str, int | None]] = {
    "malformed": ("PGRST100", 400),
    "malformed_json": ("PGRST102", 400),
    "malformed_csv": ("PGRST102", 400),
    "malformed_file": ("PGRST102", 400),
    "malformed_gzip": ("PGRST102", 400),
    "malformed_encoding": ("PGRST102", 400),
    "invalid_query": ("PGRST100", 400),
    "query_too_complex": ("PGRST100", 400),
    "invalid_parameter": ("PGRST100", 400),
    "unknown_parameter": ("PGRST100", 400),
    "unknown_operator": ("42883", 404),  # operator does not exist: undefined_function
    "invalid_operand": ("22P02", 400),
    "unknown_cast": ("42704", 400),
    "unknown_field": ("42703", 400),
    "unknown_relation": ("PGRST200", 400),
    "ambiguous_relation": ("PGRST201", 300),
    "not_sortable": ("42883", 404),  # could not identify an ordering operator
    "too_many_rows": ("PGRST100", 400),
    "unauthenticated": ("PGRST302", 401),
    "invalid_credential": ("PGRST301", 401),
    "expired_credential": ("PGRST303", 401),
    "forbidden": ("42501", 403),  # insufficient_privilege
    "open_mode": ("42501", 403),
    "foreign_origin": ("42501", 403),
    "too_many_requests": ("PGRST000", 429),
    "not_found": ("PGRST125", 404),
    "method_not_allowed": ("PGRST117", 405),
    "not_acceptable": ("PGRST107", 406),
    "unsupported_media_type": ("PGRST102", 400),
    "payload_too_large": ("PGRST102", 413),
    "range_not_satisfiable": ("PGRST103", 416),
    "invalid_cursor": ("PGRST100", 400),
    "missing_filter": ("21000", 400),
    "invalid_preference": ("PGRST122", 400),
    "too_many_affected": ("PGRST124", 400),
    "invalid_idempotency_key": ("PGRST100", 400),
    "idempotency_key_refused": ("PGRST100", 400),
    "idempotency_key_reused": ("PGRST100", 422),
    "answer_too_long": ("PGRST100", 400),
    "request_in_progress": ("55P03", 409),
    "answer_withheld": ("42501", 409),
    "too_many_keys": ("PGRST000", 429),
    "unsupported_by_database": ("PGRST127", 400),
    "field_type_missing": ("PGRST127", 400),
    "extra_missing": ("PGRST127", 400),
    "unique_violation": ("23505", 409),
    "foreign_key_violation": ("23503", 409),
    "required_violation": ("23502", 400),
    "check_violation": ("23514", 400),
    "ids_exhausted": ("2200H", 400),
    "conflict": ("23503", 409),
    # feature_not_supported: an option that an earlier release accepted.
    "pattern_unsupported": ("0A000", 409),
    "schema_unsupported": ("0A000", 409),
    "validation": ("22000", 400),
    "internal_error": ("XX000", 500),
    "answer_lost": ("XX000", 500),
    "statement_timeout": ("57014", 500),
    # Nothing was changed, and the request may be repeated: 503 with Retry-After, where PostgREST has 500.
    "busy": ("55P03", 503),
    "database_unavailable": ("PGRST000", 503),
    "database_read_only": ("25006", 503),
    "outcome_unknown": ("08007", 503),
}
#: The code of a document's first fault -> PostgREST's code, and the status.
FAULTS: dict[str, tuple[str, int]] = {
    "unknown_field": ("PGRST204", 400),
    "required": ("23502", 400),
    "unknown_row": ("23503", 409),
    "not_a_key": ("22P02", 400),
    "wrong_type": ("22P02", 400),
    "invalid_format": ("22P02", 400),
    "unstorable_text": ("22P05", 400),
    "not_a_choice": ("22P02", 400),
    "out_of_range": ("22003", 400),
    "too_long": ("22001", 400),
    "read_only": ("428C9", 400),
}
#: For invalid_format of a time, in a body or in a query: invalid_datetime_format.
_INVALID_TIME = "22007"
_TIMES = {"date", "time", "date-time", "duration"}
#: For other faults, which break rules of the table.
BROKEN_RULE = ("23514", 400)


#: PostgREST's code, the status (None: as it is), message, and details: a text, or an array for PGRST201.
Told = tuple[str, int | None, str, Any]


def rest_error(
    request: Request, status: int, code: str, detail: str, hint: str | None, members: dict[str, Any]
) -> Response:
    """The answer to an error; ``code`` may already be PostgREST's."""
    rest_code: str
    known: int | None
    rest_code, known = CODES.get(code, (code, None))
    message, details = detail, members.get("details")
    words = _WORDS.get(code)
    if words is not None:
        rest_code, known, message, details = words(request, detail, members, rest_code, known)
    if hint is None:
        hint = next((fault["hint"] for fault in members.get("errors", ()) if "hint" in fault), None)
    document = {"code": rest_code, "message": message, "details": details, "hint": hint}
    answer = Response(json.dumps(document).encode(), status=known or status, content_type="application/json")
    answer.charset = "utf-8"
    answer.vary = VARY
    answer.headers["Proxy-Status"] = f"PostgREST; error={rest_code}"
    return answer


def _table(request: Request) -> str:
    return getattr(getattr(request, "context", None), "__name__", "") or ""


def _format_of(request: Request, name: str) -> Any:
    """The format of a field's values, as JSON Schema names it; None if there is none, or no such field."""
    model = getattr(request.context, "model", None)
    if model is None or name not in model.definition.by_name:
        return None
    field = model.definition.by_name[name]
    return model.field_types[field.type].json_schema(field.options).get("format")


def _query(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    parameter, position = members.get("parameter"), members.get("position")
    if parameter is None:
        return code, known, detail, None
    what, before = _parsed(request, parameter, members.get("part") == "name")
    return code, known, f'"failed to parse {what}" (line 1, column {(position or 1) + before})', detail


#: Characters of a value that an error repeats.
_REPEATED = 500


def _parsed(request: Request, parameter: str, is_name: bool) -> tuple[str, int]:
    """What PostgREST says that it was parsing, and how many characters it had put before it."""
    try:
        value = request.GET.get(parameter, "")
    except UnicodeDecodeError:
        value = ""
    value = value if len(value) <= _REPEATED else value[:_REPEATED] + "..."
    last = parameter.rpartition(".")[2]
    if is_name:
        return f"tree path ({parameter[:_REPEATED]})", 0
    if last in ("select", "columns", "on_conflict"):
        return f"{last} parameter ({value})", 0
    if last == "order":
        return f"order ({value})", 0
    if last in ("and", "or"):
        # There the operator is put before what stands in the parentheses.
        negation = "not." if parameter.endswith(f"not.{last}") else ""
        return f"logic tree ({value})", len(negation + last)
    return f"filter ({value})", 0


def _unknown_field(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    return code, known, f"column {members.get('table')}.{members.get('field')} does not exist", detail


def _unknown_relation(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    relation = members.get("relation", "?")
    if members.get("parameter") != "select":
        return "PGRST108", 400, f"'{relation}' is not an embedded resource in this request", members.get("details")
    pair = f"'{members.get('table')}' and '{relation}'"
    sought = "" if members.get("sought") is None else f" using the hint '{members['sought']}'"
    schema = request.registry.dynmodel_settings.rest_schema
    details = f"Searched for a foreign key relationship between {pair}{sought} in the schema '{schema}'"
    message = f"Could not find a relationship between {pair} in the schema cache"
    return code, known, message, f"{details}, but no matches were found."


def _ambiguous_relation(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    pair = f"'{members.get('table')}' and '{members.get('relation', '?')}'"
    message = f"Could not embed because more than one relationship was found for {pair}"
    return code, known, message, members.get("details")


def _not_sortable(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    if "relation" in members:
        message = f"A related order on '{members['relation']}' is not possible"
        pair = f"'{members.get('table')}' and '{members['relation']}'"
        return "PGRST118", 400, message, f"{pair} do not form a many-to-one or one-to-one relationship"
    return code, known, detail, None


def _operand(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    return _INVALID_TIME if members.get("format") in _TIMES else code, known, f"invalid input syntax: {detail}", None


def _not_found(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    return code, known, "Invalid path specified in request URL", None


def _method(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    return code, known, f"Unsupported HTTP method: {request.method}", None


def _json(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    return code, known, "Empty or invalid json", detail


def _range(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    details = "The lower boundary must be lower than or equal to the upper boundary in the Range header."
    return code, known, "Requested range not satisfiable", details


def _unique(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    names = ", ".join(members.get("fields", ()))
    message = f"duplicate key value violates unique constraint on ({names})"
    return code, known, message, _every(members.get("errors") or ()) or detail


def _parameter(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    if members.get("parameter") == "on_conflict":
        return "42P10", 400, "there is no unique or exclusion constraint matching the ON CONFLICT specification", detail
    return code, known, detail, None


def _affected(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    message = "Query result exceeds max-affected preference constraint"
    return code, known, message, f"The query affects {members.get('count')} rows"


def _required(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    names = ", ".join(members.get("fields", ()))
    return code, known, _null_in(names, _table(request)), detail


def _null_in(column: str, table: str) -> str:
    return f'null value in column "{column}" of relation "{table}" violates not-null constraint'


def _every(faults: Iterable[dict[str, Any]]) -> str:
    return "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults)


def _validation(request: Request, detail: str, members: dict[str, Any], code: str, known: int | None) -> Told:
    """A document with faults: the first one gives code and message, ``details`` has them all.

    Unknown columns come first: PostgREST finds them before the database sees a value.
    """
    faults = members.get("errors") or []
    if not faults:
        return code, known, detail, None
    first = next((fault for fault in faults if fault["code"] == "unknown_field"), faults[0])
    code, known = FAULTS.get(first["code"], BROKEN_RULE)
    column = unescape(first["pointer"].rsplit("/", 1)[-1])
    if first["code"] == "invalid_format" and _format_of(request, column) in _TIMES:
        code = _INVALID_TIME
    if first["code"] == "duplicate_item" and first["pointer"].count("/") <= 1:
        code = "21000"  # ON CONFLICT DO UPDATE command cannot affect row a second time
    every = _every(faults)
    message = f"{first['pointer']}: {first['detail']}"
    if first["code"] == "unknown_field":
        message = f"Could not find the '{column}' column of '{_table(request)}' in the schema cache"
    elif first["code"] == "required":
        message = _null_in(column, _table(request))
    elif first["code"] == "unknown_row":
        message = f'insert or update on table "{_table(request)}" violates foreign key constraint'
    return code, known, message, every


_WORDS = {
    "invalid_query": _query,
    "query_too_complex": _query,
    "unknown_field": _unknown_field,
    "unknown_relation": _unknown_relation,
    "ambiguous_relation": _ambiguous_relation,
    "not_sortable": _not_sortable,
    "invalid_operand": _operand,
    "invalid_parameter": _parameter,
    "too_many_affected": _affected,
    "not_found": _not_found,
    "method_not_allowed": _method,
    "malformed_json": _json,
    "range_not_satisfiable": _range,
    "unique_violation": _unique,
    "required_violation": _required,
    "validation": _validation,
}
