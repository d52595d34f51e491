"""The components that all descriptions share: parameters, headers, answers to errors, security schemes."""

from typing import Any

from dynmodel_pyramid.exchange.formats import Formats
from dynmodel_pyramid.queries.sql.searching import LONGEST
from dynmodel_pyramid.web.http.errors import MEDIA_TYPE, TITLES
from dynmodel_pyramid.web.http.preferences import RETURNS
from dynmodel_pyramid.web.identity.credentials import COOKIE
from dynmodel_pyramid.web.openapi.codes import CODES
from dynmodel_pyramid.web.openapi.operations import schema
from dynmodel_pyramid.web.openapi.shapes import TEXT, Schema, one_of

_TAGS = {"type": "string", "format": "entity-tags"}
_WHOLE = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1}
_RETURN = "`return=" + "`, `return=".join(RETURNS) + "`"


def _parameter(place: str, name: str, description: str, schema: Schema, example: str | int | None) -> dict[str, Any]:
    """An optional parameter. Its example is told in words: viewers would send a member ``example`` if one tries it."""
    told = description if example is None else f"{description}. Example: `{example}`"
    return {"name": name, "in": place, "description": told, "schema": schema}


def _query(name: str, description: str, schema: Schema, example: str | int | None = None) -> dict[str, Any]:
    return _parameter("query", name, description, schema, example)


def _header(name: str, description: str, schema: Schema = TEXT, example: str | None = None) -> dict[str, Any]:
    return _parameter("header", name, description, schema, example)


def _path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _number(name: str, description: str) -> dict[str, Any]:
    return _path(name, description, {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**53 - 1})


def _limit(most: int, usual: int) -> dict[str, Any]:
    told = f"The most items of the answer; without it {usual}. `Link` has the address of the next part"
    return _query("limit", told, {"type": "integer", "minimum": 0, "maximum": most, "default": usual})


def _flag(name: str, description: str) -> dict[str, Any]:
    return _query(name, description, {"type": "boolean", "default": False})


PARAMETERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": _header(
        "X-Request-Id",
        "Comes back as a header and in errors, and in the server's log, if it is of letters, digits, `.`, `_` and `-`",
    ),
    "If-Match": _header(
        "If-Match",
        "`ETag`s of the state that is to be changed, or `*`; of another state: 412",
        _TAGS,
        '"1"',
    ),
    "If-None-Match": _header(
        "If-None-Match",
        "`ETag`s that the client has; if one is current, the answer is 304",
        _TAGS,
        '"1"',
    ),
    "If-Match.row": _header("If-Match", "`ETag`s of the row as it may be; of another state: 412", _TAGS),
    "Idempotency-Key": _header(
        "Idempotency-Key",
        "A repetition with the same key gets the same answer, and nothing is written twice; take a new UUID",
        {"type": "string", "format": "idempotency-key"},
    ),
    "Consistency-Token": _header(
        "Consistency-Token",
        "That of an answer to a write: the rows are not older than it, whichever server they are read from",
        {"type": "string", "format": "consistency-token"},
    ),
    "Prefer.reading": _header("Prefer", "`consistency=strong`: the newest data, never a replica's (RFC 7240)"),
    "Prefer.return": _header("Prefer", f"{_RETURN} (RFC 7240)", example="return=minimal"),
    "Prefer.list": _header(
        "Prefer",
        "`count=exact`, `planned`, `estimated` or `bounded` (beyond 10,000 it is a least one): the total is in "
        "`Content-Range`; `consistency=strong`: the newest data, never a replica's",
        example="count=exact",
    ),
    "Prefer.batch": _header(
        "Prefer",
        f"{_RETURN}; `tx=rollback`: all is run, answered and undone; `handling=strict`",
        example="return=minimal",
    ),
    "Prefer.add": _header(
        "Prefer",
        f"{_RETURN}; `resolution=merge-duplicates` or `ignore-duplicates`; `missing=default`; `nested=write`; "
        "`count=exact`; `tx=rollback`; `handling=lenient` writes the good rows, `handling=strict` refuses preferences "
        "that can't be honoured",
        example="return=representation",
    ),
    "Prefer.filtered": _header(
        "Prefer",
        f"{_RETURN}; `count=exact`; `tx=rollback`; `handling=strict, max-affected=10` refuses to write more rows",
        example="return=representation",
    ),
    "Prefer.row": _header("Prefer", f"{_RETURN}; `nested=write`", example="return=minimal"),
    "Range": _header("Range", "The first and the last item, from 0", {"type": "string", "format": "range"}, "0-24"),
    "Content-Disposition": _header(
        "Content-Disposition", "The name of the file", example='attachment; filename="a.csv"'
    ),
    "limit": _query("limit", "The most rows of the answer; without it all", _WHOLE, 25),
    "offset": _query("offset", "How many items are left out before the first one", _WHOLE),
    "limit.1000": _limit(1000, 1000),
    "limit.100": _limit(1000, 100),
    "limit.25": _limit(100, 25),
    "after": _query("after", "Only those after this number", _WHOLE),
    "before": _query("before", "Only those before this number", _WHOLE),
    "select": _query(
        "select",
        "Fields, renamed (`pages:length`), cast (`price::text`), parts of json (`data->a`), rows of relations "
        "(`author(name)`), aggregates (`price.sum()`). Without it all fields",
        {"type": "string", "format": "select"},
    ),
    "order": _query(
        "order",
        "`field.desc.nullslast,other`; the id comes last by itself",
        {"type": "string", "format": "order"},
        "id.desc",
    ),
    "and": _query(
        "and", "Conditions that all must hold", {"type": "string", "format": "conditions"}, "(id.gt.1,id.lt.9)"
    ),
    "or": _query(
        "or", "Conditions of which one must hold", {"type": "string", "format": "conditions"}, "(id.eq.1,id.gt.9)"
    ),
    "not.and": _query(
        "not.and",
        "Conditions of which one must not hold",
        {"type": "string", "format": "conditions"},
        "(id.gt.1,id.lt.9)",
    ),
    "not.or": _query(
        "not.or", "Conditions of which none may hold", {"type": "string", "format": "conditions"}, "(id.eq.1,id.gt.9)"
    ),
    "having": _query("having", "Conditions on aggregates", {"type": "string", "format": "having"}),
    "_after": _query(
        "_after", "A cursor, which `Link` of a page has: the rows after it", {"type": "string", "format": "cursor"}
    ),
    "_before": _query("_before", "A cursor: the rows before it", {"type": "string", "format": "cursor"}),
    "columns": _query(
        "columns", "The fields of the body that are read; without it all", {"type": "string", "format": "field-names"}
    ),
    "on_conflict": _query(
        "on_conflict", "The unique fields by which existing rows are found", {"type": "string", "format": "field-names"}
    ),
    "_search": _query(
        "_search",
        "What a person typed to find rows, by the field that stands for a row",
        {"type": "string", "pattern": "\\S", "maxLength": LONGEST},
    ),
    "on_error": _query(
        "on_error",
        "What becomes of values that can't be converted: `fail`, `null`, `default`, `quarantine` or a repair of the "
        "type, such as `round`; by field: `price:null,code:quarantine`",
        {"type": "string", "format": "on-error", "default": "fail"},
        "fail",
    ),
    "others": _query(
        "others",
        "What becomes of tables that the document leaves out",
        {"type": "string", "enum": ["drop", "keep"], "default": "drop"},
    ),
    "table.shown": _query("table", "The model name or the number of a table", {"type": "string"}),
    "full": _flag("full", "With the options that have their defaults"),
    "field": _query("field", "The name or the number of a field", {"type": "string", "format": "field-name"}),
    "overwrite": _flag("overwrite", "Also where the field has a value by now"),
    "partial": _flag("partial", "Those that can be restored, and not all or none"),
    "from": _query("from", "`file`: the body is a file, of which the table is made", one_of("file")),
    "name.file": _query(
        "name", "The model name; without it that of the file", {"type": "string", "format": "model-name"}
    ),
    "plan": _query(
        "plan", "`true`: nothing is written; `part`: the body is the first part", one_of("false", "true", "part")
    ),
    "plan.rows": _query("_part", "`true`: the body is only the first part of the file", one_of("true")),
    "fields": _query(
        "fields",
        "A JSON object: what the fields are to be, where the proposal is wrong",
        {"type": "string", "format": "json-object"},
    ),
    "null": _query(
        "null", "Words that stand for null, with commas between them", {"type": "string", "format": "words"}
    ),
    "timezone": _query(
        "timezone", "The IANA name of the time zone of times without one", {"type": "string", "format": "time-zone"}
    ),
    "next": _query("next", "The path of the page to come back to", {"type": "string", "format": "path"}),
    "brief": _flag("brief", "Without the parts of the definitions"),
    "event": _query("event", "Only events of this kind", {"type": "string"}, "signed_in"),
    "identity": _query("identity", "Only what this identity did", {"type": "string"}, "user:7"),
    "explain.table": {**_query("table", "A table", {"type": "string", "minLength": 1}), "required": True},
    "explain.action": {
        **_query("action", "What it would do", one_of("read", "create", "update", "delete")),
        "required": True,
    },
    "explain.as": {
        **_query("as", "`user:7`, `token:3`, `anonymous` or a role", {"type": "string", "minLength": 1}, "everyone"),
        "required": True,
    },
    "explain.row": _query("row", "The id of a row", {**_WHOLE, "minimum": 1, "maximum": 2**53 - 1}),
    "model_name": _path("model_name", "The model name of a table", {"type": "string", "minLength": 1}),
    "table": _path("table", "The number or the model name of a table", {"type": "string", "minLength": 1}),
    "row_id": _path(
        "row_id", "The id of a row", {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**53 - 1}
    ),
    "version": _number("version", "The number of a version"),
    "other": _number("other", "The number of another version"),
    "view": _path("view", "The name of a saved view", {"type": "string", "minLength": 1}),
    "n": _number("n", "A number that the list has"),
    "name": _path("name", "A name that the list has", {"type": "string", "minLength": 1}),
}


def parameters(formats: Formats) -> dict[str, dict[str, Any]]:
    """All parameters but those of tables."""
    names = sorted(known.name for known in formats if known.format.write is not None and not known.format.face)
    told = "The name of a format of rows: it stands for `Accept`, for links"
    return {**PARAMETERS, "_format": _query("_format", told, one_of(*names))}


def _told(description: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind, **more}}


HEADERS: dict[str, dict[str, Any]] = {
    "ETag": _told("The state of what is answered, for `If-Match` and `If-None-Match`"),
    "Location": _told("The address of what was made"),
    "Content-Location": _told("The address of what is answered"),
    "Content-Range": _told("Which items are sent, and how many there are: `0-24/100`"),
    "Content-Disposition": _told("The name of the file"),
    "Link": _told('The address of the next part, `rel="next"` (RFC 8288)'),
    "Preference-Applied": _told("The preferences that were honoured"),
    "Definition-Version": _told("The version of the table's definition", "integer"),
    "Definitions-Revision": _told("The number of changes of definitions so far", "integer"),
    "Deprecation": _told("Since when fields have former names (RFC 9745)"),
    "Idempotency-Replayed": _told("`true`: the answer to the first request with this key"),
    "Consistency-Token": _told("Where there are replicas: send it with reads that are to see this write"),
    "Data-Age": _told("The rows are a replica's, and at most so many seconds old", "number"),
    "X-Request-Id": _told("The request's own, or a new one"),
    "Retry-After": _told("Seconds", "integer"),
    "WWW-Authenticate": _told("`Bearer`"),
    "Allow": _told("The methods that are there"),
    "Accept": _told("The media types that are understood"),
    "RateLimit": _told("What is left of the rate, where one is set"),
    "RateLimit-Policy": _told("The rate, where one is set"),
    "Set-Cookie": _told("The session"),
}
_OF_STATUSES = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    415: ("Accept",),
    416: ("Content-Range",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def error_responses(*, rest: bool) -> dict[str, Any]:
    """The answers to errors, by status: each with an example of every code.

    :param rest: also those in PostgREST's form
    """
    made: dict[str, Any] = {}
    for status in sorted({status for _, status, _ in CODES}):
        title = TITLES.get(status) or {408: "Request Timeout"}[status]
        known = {code: meaning for code, of, meaning in CODES if of == status}
        headers = {
            name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *_OF_STATUSES.get(status, ()))
        }
        if rest:
            content = {"application/json": {"schema": schema("RestProblem")}}
            made[f"rest.{status}"] = {"description": title, "content": content}
        made[str(status)] = {
            "description": f"{title}: `{'`, `'.join(known)}`",
            "headers": headers,
            "content": {
                MEDIA_TYPE: {
                    "schema": schema("Problem"),
                    "examples": {
                        code: {"summary": meaning, "value": _example(status, title, code, meaning)}
                        for code, meaning in known.items()
                    },
                }
            },
        }
    return made


def _example(status: int, title: str, code: str, detail: str) -> dict[str, Any]:
    members = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, "hint": None}
    return {**members, "request_id": "5bb13b2d1707d9ea"}


SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token, `dyn_...`, or a JWT where they are set up"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The session of a user, which `POST /session/` opens. Requests that change something must come "
        "from a page of the service: `Origin`, or `Sec-Fetch-Site: same-origin`, which browsers send by themselves",
    },
}
