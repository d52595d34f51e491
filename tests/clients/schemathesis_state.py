"""What a description can't know: which tables, versions, views and numbers there are; and which refusals are meant.

A path with a name that nothing has is answered 404 and checks little. So valid values of a path's parameters become
those of something that is there, and the table that definitions are tried at is made again whenever it is gone.
"""

import os
from collections import Counter
from typing import Any

import requests
from schemathesis.generation.meta import TestPhase

#: The table whose definition is changed and dropped.
SPARE = "Spare"
#: The types of its fields when it is new.
SPARE_TYPES = {
    "a_string": "string",
    "a_integer": "integer",
    "a_boolean": "boolean",
    "a_decimal": "decimal",
    "a_point": "point",
}
#: The token that the requests of a group are sent with: none of them revokes it.
KEPT = "tried"
#: Parameter of a path -> the member of the items of the list above it.
_LISTS = {"view": "name", "version": "version", "n": "id", "name": "name"}
#: Codes of problems, of the whole or of a fault, that depend on what is stored or on other members of the document:
#: no schema tells them. Of anything else a refusal of a valid document is a failure.
MEANT = frozenset(
    {
        # Names and numbers of what is not there.
        *("unknown_field", "unknown_id", "unknown_role", "unknown_row", "unknown_table", "unknown_type"),
        *("unknown_user", "unknown_reference", "unknown_relation", "not_found", "role_not_held"),
        # Names: normal form C, bytes of UTF-8, words of Unicode's letters.
        "invalid_name",
        # Members that depend on one another.
        *("conflicting_key", "conflicting_name", "duplicate_id", "duplicate_item", "duplicate_name"),
        # Numbers that the service counts.
        "read_only",
        # Options of a field's type, which GET /field-type/ describes.
        *("unknown_option", "invalid_option"),
    }
)

_session = requests.Session()
_session.headers["Authorization"] = os.environ.get("TRIED_AS", "")
#: Code -> the refusals that were meant.
excused: Counter[str] = Counter()


def _ask(method: str, url: str, document: Any = None) -> Any:
    answer = _session.request(method, url, json=document, timeout=60)
    return answer.json() if answer.ok and answer.content else None


def make_spare(base: str) -> None:
    """A table with two versions, a view, and a value in the quarantine and in the trash."""
    fields = {**SPARE_TYPES, "a_integer": "string"}
    if _ask("POST", f"{base}/table/", {"model_name": SPARE, "fields": fields}) is None:
        return
    _ask(
        "POST",
        f"{base}/table/{SPARE}/rows/",
        [{"a_string": "a", "a_integer": "1"}, {"a_string": "b", "a_integer": "x"}],
    )
    changed = {"fields": {"a_integer": {"type": "integer"}}}
    _ask("PATCH", f"{base}/table/{SPARE}/?on_error=quarantine", changed)
    _ask("POST", f"{base}/table/{SPARE}/view/", {"name": "Late"})


def _items(base: str, path: str) -> list[Any]:
    listed = _ask("GET", base + path)
    if isinstance(listed, dict):
        return [{"name": name} for name in listed.get("roles", ())]
    return listed or []


def _row_of(base: str, above: str, value: Any) -> Any:
    """The id of a row that is there, in the place of one that is not."""
    if _ask("GET", f"{base}{above}{value}/") is not None:
        return value
    ids = [row["id"] for row in _ask("GET", f"{base}{above}?select=id&order=id&limit=20") or ()]
    if not ids:
        ids = [row["id"] for row in _ask("POST", f"{base}{above}?select=id", [{}, {}]) or ()]
    return ids[len(str(value)) % len(ids)] if ids else value


def fill_path(case: Any, base: str) -> None:
    """Let the path's parameters name what there is.

    In a sequence of requests, rows are those of earlier answers, or deleted by earlier requests.
    """
    is_sequence = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
    values, path = dict(case.path_parameters or {}), case.operation.path
    if "table" in values:
        is_known = _ask("GET", f"{base}/table/{values['table']}/health/") is not None if values["table"] else False
        if not is_known:
            make_spare(base)
            values["table"] = SPARE
    if "row_id" in values and not is_sequence:
        values["row_id"] = _row_of(base, path.partition("{row_id}")[0].format(**values), values["row_id"])
    for name, member in _LISTS.items():
        if name not in values:
            continue
        above = path.partition(f"{{{name}}}")[0].replace("/role/", "/").format(**values)
        items = _items(base, above)
        if not items and values.get("table") == SPARE and not is_sequence:
            # The last one was destroyed or restored: they come with a new table.
            _ask("DELETE", f"{base}/table/{SPARE}/")
            make_spare(base)
            items = _items(base, above)
        names = [item.get(member, item.get("number")) for item in items if item.get("name") != KEPT]
        if names and values[name] not in names:
            values[name] = names[len(str(values[name])) % len(names)]
            if "other" in values:
                values["other"] = names[0]
    if values != case.path_parameters:
        case.path_parameters = values


def fitting(case: Any, base: str) -> Any:
    """A value for the field that a value of the quarantine comes from: earlier requests may have changed its type."""
    table = f"{base}/table/{case.path_parameters['table']}/"
    name = (_ask("GET", f"{table}quarantine/{case.path_parameters['n']}/") or {}).get("field")
    field = (_ask("GET", table) or {}).get("fields", {}).get(name, {})
    return 5 if field.get("type") == "integer" else "5"


def codes(answer: Any) -> set[str]:
    """The codes of a problem: those of its faults, or its own."""
    try:
        problem = answer.json()
    except ValueError:
        return set()
    if not isinstance(problem, dict):
        return set()
    faults = problem.get("errors")
    return {fault["code"] for fault in faults} if faults else {problem.get("code", "")}


def is_meant(answer: Any) -> bool:
    """Whether a valid document was refused for what no schema tells."""
    found = codes(answer)
    if found and found <= MEANT:
        excused.update(found)
        return True
    return False


def is_for_another_type(case: Any, base: str, answer: Any) -> bool:
    """Whether a row was refused for values of fields alone whose types earlier requests have changed."""
    table = (case.path_parameters or {}).get("table", SPARE)
    fields = (_ask("GET", f"{base}/table/{table}/") or {}).get("fields", {})
    refused = {fault["pointer"].split("/")[-1] for fault in answer.json().get("errors", ())}
    return bool(refused) and all(
        name in fields and fields[name]["type"] != SPARE_TYPES.get(name, fields[name]["type"]) for name in refused
    )
