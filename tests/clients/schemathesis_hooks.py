"""What schemathesis can't find in a description: values of formats that JSON Schema does not know, files, ids of rows.

It is loaded by ``SCHEMATHESIS_HOOKS``.
"""

import re
import uuid

import colander
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

from dynmodel_pyramid.fields.contract import named_format
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.queries.grammar.documents import GROUPS
from dynmodel_pyramid.testing.strategies import drawn
from tests.clients import schemathesis_counts, schemathesis_files  # noqa: F401 (they register themselves)
from tests.clients import schemathesis_state as state
from tests.document_types import installed
from tests.every_type import written_types

#: Rows of the table that links lead to, and the user that fields of the type ``user`` name.
ROWS, USER = (1, 2, 3), "user:1"
#: Addresses of definitions, which take merge patches.
DEFINITIONS = ("/table/{table}/", "/table/{table}/plan/", "/schema/", "/schema/plan/")
_TEXTS = {
    "select": ["*", "id", "id,a_string", "number:a_integer", "a_string,id"],
    "order": ["id", "id.desc", "a_string.desc.nullslast,id", "a_decimal.asc"],
    "conditions": ["(id.eq.1)", "(id.gt.1,a_string.is.null)", "(id.in.(1,2),not.or(id.lt.3,a_integer.gt.4))"],
    "having": ["(count().gt.0)"],
    "conditions-in-text": ["id.eq.1", "id.gt.1,or(a_string.is.null,id.lt.9)"],
    "condition": ["not.is.null", "gt.0"],
    "field-names": ["a_string", "a_string,a_integer,a_boolean"],
    "field-name": ["a_string"],
    "range": ["0-24", "5-", "0-0"],
    "entity-tags": ["*", '"1"', 'W/"a", "b"'],
    "on-error": ["fail"],
    "json-object": ["{}"],
    "model-name": ["Made_of_a_file"],
    "time-zone": ["Europe/Berlin"],
    "words": ["NULL", "-,n/a"],
    "path": ["/"],
    "ip-address": ["192.0.2.1", "2001:db8::1"],
    "partial-time": ["12:30", "23:59:59.5"],
    "day-time-duration": ["PT1H", "P1W2DT3S"],
}


def _value(pair):
    """A strategy gives values, or pairs of a value and the answer."""
    return pair[0] if isinstance(pair, tuple) else pair


def _texts_of_type(name, options, strategy):
    return strategy.map(_value).filter(lambda value: isinstance(value, str) and "\0" not in value)


for name, texts in _TEXTS.items():
    schemathesis.openapi.format(name, st.sampled_from(texts))
schemathesis.openapi.format("idempotency-key", st.integers().map(lambda _: str(uuid.uuid4())))
_FORMATS = {named_format(known.field_type): known.name for known in installed()}
for format, name in _FORMATS.items():
    if format not in _TEXTS and name in written_types() and format not in ("string", "text"):
        options, strategy = written_types()[name]
        schemathesis.openapi.format(format, _texts_of_type(name, options, strategy))
for known in installed():
    conditions = ["is.null", "not.is.null"]
    if "integer" == known.name:
        conditions += ["eq.1", "gt.-5", "in.(1,2)", "eq(any).{1,2}"]
    names = {operator.name for operator in known.field_type.operators}
    schemathesis.openapi.format(
        f"condition-{known.name}", st.sampled_from([text for text in conditions if "is" in names or "is" not in text])
    )
#: Field -> the validator of its type, and a valid text, where the schema allows each text.
_VALID = {}
for name, (options, strategy) in written_types().items():
    known = next(each.field_type for each in installed() if each.name == name)
    schema = known.request_schema(read_options(known, dict(options)))
    texts = [value for value in map(_value, (pair[0] for pair in drawn(strategy, 5))) if isinstance(value, str)]
    if schema.get("format") == named_format(known) or name in ("time", "duration"):
        _VALID[f"a_{name}"] = known.schema_node(read_options(known, dict(options))), texts[0]
_BEGINS = re.compile(r"(not\.)?[a-z]+(\([^()]+\))?\.")


def _is_id(value):
    return type(value) in (int, float) and 0 < value < 2**53 and value == int(value)


def _is_valid(name, value):
    try:
        _VALID[name][0].deserialize(value)
    except colander.Invalid:
        return False
    return True


def mended(value, name=None):
    """Links lead to rows that are there, users exist, and whole numbers in json have 64 bits."""
    if isinstance(value, dict):
        return {key: mended(item, key) for key, item in value.items()}
    if name == "a_link" and _is_id(value):
        return ROWS[int(value) % len(ROWS)]
    if name == "a_links" and isinstance(value, list) and value and all(map(_is_id, value)):
        return sorted({ROWS[int(item) % len(ROWS)] for item in value})
    if name == "on_conflict" and isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ["id"]  # fields over which the table has a uniqueness
    if isinstance(value, list):
        return [mended(item) for item in value]
    if name == "expires_at" and isinstance(value, str):
        return "2099-01-01T00:00:00Z"  # a time that is to come
    if name == "query" and isinstance(value, str):
        return "id=gt.1&order=id.desc"  # the grammar of queries is none of JSON Schema
    if name in ("rows", "check") and isinstance(value, str):
        return "id=gt.1"
    if name == "a_user" and isinstance(value, str) and value.startswith("user:"):
        return USER
    if isinstance(value, str) and name in _VALID and not _is_valid(name, value):
        return _VALID[name][1]
    if name != "a_integer" and type(value) is int and not -(2**63) <= value < 2**63:
        return 7
    return value


def mended_patch(document, path):
    """A merge patch of definitions: a new field needs a type, and a new table fields."""
    if path.startswith("/schema/"):
        tables = document.get("tables", {})
        known = {
            name: value if value is None else mended_patch({"fields": {}, **value}, "")
            for name, value in tables.items()
        }
        return {**document, **({"tables": known} if tables else {})}
    fields = document.get("fields")
    if isinstance(fields, dict):
        named = {name: {"type": "string", **value} for name, value in fields.items() if isinstance(value, dict)}
        return {**document, "fields": {**fields, **named}}
    return document


def mended_query(document):
    """A query as a document: its texts have a grammar, and it names fields."""
    mended = {name: value for name, value in document.items() if name not in ("after", "before", "having")}
    if "select" in mended:
        mended["select"] = _mended_select(mended["select"])
    if "where" in mended:
        mended["where"] = _mended_where(mended["where"])
    if "order" in mended:
        mended["order"] = _known("order", mended["order"])
    return mended


def _known(format, value):
    """Texts, or an array of them, that have a format's grammar."""
    if isinstance(value, list):
        return [_known(format, value[0]).partition(",")[0]]
    return value if value in _TEXTS[format] else _TEXTS[format][len(value) % len(_TEXTS[format])]


def _mended_select(value):
    if isinstance(value, str):
        return _known("select", value)
    embeds = [item for item in value if isinstance(item, dict)]
    return ["id"] + [{"embed": "a_link", "select": ["id"], "join": item.get("join")} for item in embeds[:1]]


def _mended_where(value):
    if isinstance(value, str):
        return _known("conditions-in-text", value)
    if isinstance(value, list):
        return [_mended_where(item) for item in value]
    return {
        name if name in GROUPS else ("id", "a_integer")[len(name) % 2]: _mended_group(item)
        if name in GROUPS
        else _mended_condition(item)
        for name, item in value.items()
    }


def _mended_group(value):
    """What is nested in groups is described as any object (``web/openapi/schemas_of_queries.py``)."""
    items = [item for item in value if isinstance(item, str | dict) and item] if isinstance(value, list) else []
    return _mended_where(items or ["id.eq.1"])


def _mended_condition(value):
    if isinstance(value, str):
        return _known("condition", value)
    if not isinstance(value, dict) or not value:
        return "not.is.null"
    first = next(iter(value.values()))
    return {"in": [1, 2]} if isinstance(first, list) else {"is": None} if first is None else {"not.gt": 1}


def mend_query(case, is_negative):
    query, prefer = case.query or {}, str((case.headers or {}).get("Prefer", ""))
    for parameter in case.operation.query:
        name, schema = parameter.name, parameter.definition.get("schema", {})
        value, known = query.get(name), _TEXTS.get(schema.get("format"))
        if known and isinstance(value, str) and value not in known:
            query[name] = known[len(value) % len(known)]
        if "items" in schema and value is not None:
            # The pattern tells how a condition begins, and the type what its value is.
            items = value if isinstance(value, list) else [value]
            fits = [isinstance(item, str) and _BEGINS.match(item) for item in items]
            if not is_negative or all(fits):
                query[name] = [
                    item if fit and item[fit.end() :] else "not.is.null" for item, fit in zip(items, fits, strict=True)
                ]
    for name in ("_after", "_before", "having"):
        # Cursors come with answers, and belong to a query; having wants one that groups.
        if isinstance(query.get(name), str):
            del query[name]
    if isinstance(query.get("columns"), str) and is_negative:
        # It says that other members of the body are not read.
        del query["columns"]
    if "on_conflict" in query and "resolution" not in prefer:
        del query["on_conflict"]
    if case.operation.path.endswith(("/rows/", "/row/")) and case.method in ("PATCH", "DELETE"):
        # A filter is demanded. Of any table it stands in a parameter that is described.
        query.setdefault(*(("and", "(id.gt.0)") if "{table}" in case.operation.path else ("id", ["gt.0"])))
    if case.operation.path == "/schema/plan/" and "merge-patch" in str(case.media_type):
        # It is for the whole document: a parameter's schema can't ask for the body's media type.
        query.pop("others", None)
    if case.operation.path == "/table/" and case.method == "POST":
        # The parameters are for a file alone, and a file wants `from`, and a name if it has none: a parameter's schema
        # depends neither on the body's media type nor on other parameters.
        is_file = str(case.media_type) != "application/json"
        if not is_negative and not is_file:
            query.clear()
        elif not is_negative:
            query["from"] = "file"
        if query.get("from") == "file":
            query.setdefault("name", "Made_of_a_file")
    return query


def _is_negative(case):
    return case.meta is not None and case.meta.generation.mode.is_negative


@schemathesis.hook
def before_call(context, case, kwargs):
    """What a description can't say of the whole of a request."""
    was_negative = _is_negative(case)
    _mend(case)
    if was_negative and not _is_negative(case):
        # What is mended is judged anew: the fault was none, such as an unknown header, or it is mended.
        _mend(case)


def _mend(case):
    base = case.operation.schema.get_base_url().rstrip("/")
    if case.path_parameters and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
        state.fill_path(case, base)
    if case.operation.path == "/session/" and case.headers is not None:
        # Browsers say from which page a request comes.
        case.headers["Origin"] = base
    headers = case.headers or {}
    for name, value in headers.items():
        if type(value) in (int, float, bool):
            # In sequences schemathesis takes numbers of answers for headers, which its own client refuses to send.
            headers[name] = str(value)
    is_negative = _is_negative(case)
    if isinstance(headers.get("Idempotency-Key"), str):
        # A key is for one request.
        headers["Idempotency-Key"] = str(uuid.uuid4())
    for name in ("If-Match", "If-None-Match"):
        if isinstance(headers.get(name), str) and headers[name] not in _TEXTS["entity-tags"]:
            headers[name] = _TEXTS["entity-tags"][len(headers[name]) % 3]
    if isinstance(case.body, dict | list):
        case.body = mended(case.body)
    if isinstance(case.body, dict) and case.operation.path.endswith("/query/") and not is_negative:
        case.body = mended_query(case.body)
    is_patch = case.method == "PATCH" or "merge-patch" in str(case.media_type)
    if isinstance(case.body, dict) and is_patch and not is_negative and case.operation.path in DEFINITIONS:
        case.body = mended_patch(case.body, case.operation.path)
    if case.operation.path.endswith("/quarantine/") and isinstance(case.body, bytes) and not is_negative:
        case.body = b"id,value\n1,5"
    if case.operation.path.endswith("/quarantine/{n}/restore/") and not is_negative:
        if isinstance(case.body, dict) and "value" in case.body:
            case.body = {"value": state.fitting(case, base)}
    case.query = mend_query(case, is_negative)
    if case.operation.path.endswith("/rows/plan/") and is_negative:
        # Of the first part of a file the last row is not looked at.
        case.query.pop("_part", None)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A valid document may be refused for what is stored, but not one with rows: what is stored they are given."""
    kind, path = type(failure).__name__, case.operation.path
    if kind == "AcceptedNegativeData" and path.endswith("/quarantine/") and isinstance(case.body, bytes):
        # The lines that are written above are judged by the schema of the document.
        return False
    if kind == "AcceptedNegativeData" and path.endswith("/rows/plan/") and response.status_code == 200:
        # A plan refuses nothing: it tells which rows would be refused, or what is wrong with the whole.
        told = response.json()
        return not (told["refused_count"] or "problem" in told)
    if kind == "RejectedPositiveData" and path.endswith("/quarantine/{n}/restore/") and response.status_code == 422:
        if not isinstance(case.body, dict) or "value" not in case.body:
            # The value that is kept fits its field no better than when it was put aside.
            return False
    if kind == "RejectedPositiveData" and path.startswith("/table/{table}/") and "geo+json" in str(case.media_type):
        if state.codes(response) == {"malformed_file"}:
            # Earlier requests have taken the table's field for places away.
            return False
    of_changed = path.startswith(("/table/{table}/row", f"/table/{state.SPARE}/row"))
    if kind == "RejectedPositiveData" and of_changed and response.status_code == 422:
        base = case.operation.schema.get_base_url().rstrip("/")
        if state.is_for_another_type(case, base, response):
            return False
    has_rows = path.startswith(("/table/Every/row", "/table/Every/query/"))
    return has_rows or not (kind == "RejectedPositiveData" and state.is_meant(response))
