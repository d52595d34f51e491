"""What is different between an answer and the answer that is wanted."""

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from tests.clients.postgrest_spec.haskell import Pair, Quoted
from tests.soak.fuzzing.wire import Answer

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:\d\d)?)?$")


def differences(pair: Pair, answer: Answer, own_id: bool) -> list[str]:
    """Kinds of differences, each with what came and what is wanted.

    :param own_id: whether rows have an ``id`` there too; else it is left out of what came
    """
    found = []
    if answer.status != pair.status:
        found.append(f"status: {answer.status} instead of {pair.status}")
    for kind, name, value in pair.wanted_headers:
        told = _header(kind, name, value, answer)
        if told:
            found.append(told)
    if pair.wanted_body is not None and pair.method != "HEAD":
        found += _body(pair, answer, own_id)
    return found


def _header(kind: str, name: str, value: str, answer: Answer) -> str | None:
    came = answer.get(name)
    lowered = name.lower()
    if lowered == "preference-applied" and came is not None:
        came = ", ".join(each for each in came.split(", ") if each != "tx=rollback") or None
    if kind == "absent":
        return f"{name}: {came!r} instead of none" if came is not None else None
    if kind == "has":
        return f"{name}: {came!r} lacks {value!r}" if came is None or value not in came else None
    if lowered == "content-length":
        return None  # bodies are compared, and JSON may be written in several ways
    if lowered in ("location", "content-location") and came is not None:
        came = came.removeprefix("/rest")
    return f"{name}: {came!r} instead of {value!r}" if came != value else None


def _body(pair: Pair, answer: Answer, own_id: bool) -> list[str]:
    text = answer.body.decode(errors="replace")
    wanted = pair.wanted_body
    document = wanted.value() if isinstance(wanted, Quoted) else _document(wanted)
    if document is None:
        alike_text = text.rstrip("\n") == wanted.rstrip("\n")
        return [] if alike_text else [f"body: {text[:400]!r} instead of {wanted[:400]!r}"]
    try:
        came = json.loads(text)
    except ValueError:
        return [f"body: {text[:400]!r} is no JSON"]
    if pair.status >= 300 and isinstance(came, dict) and isinstance(document, dict) and "code" in came:
        return _error(came, document)
    if alike(came, document, own_id):
        return []
    return [f"body: {json.dumps(came)[:600]} instead of {json.dumps(document)[:600]}"]


def _document(text: str) -> Any:
    try:
        return json.loads(text) if text.strip()[:1] in ("[", "{") else None
    except ValueError:
        return None


def _error(came: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    return [
        f"error's {name}: {came.get(name)!r} instead of {wanted[name]!r} ({wanted.get('code')})"
        for name in ("code", "message", "details", "hint")
        if name in wanted and came.get(name) != wanted[name]
    ]


def alike(came: Any, wanted: Any, own_id: bool) -> bool:
    if isinstance(wanted, dict) and isinstance(came, dict):
        extra = set(came) - set(wanted)
        if set(wanted) - set(came) or (extra and (own_id or extra != {"id"})):
            return False
        return all(alike(came[key], wanted[key], own_id) for key in wanted)
    if isinstance(wanted, list) and isinstance(came, list):
        return len(came) == len(wanted) and all(alike(*each, own_id) for each in zip(came, wanted, strict=True))
    if isinstance(wanted, bool) or isinstance(came, bool):
        return wanted is came
    if isinstance(wanted, str) and isinstance(came, str) and wanted != came:
        return bool(_TIME.match(wanted) and _TIME.match(came)) and _moment(wanted) == _moment(came)
    return bool(came == wanted)


def _moment(text: str) -> datetime:
    text = re.sub(r"([+-]\d\d)$", r"\1:00", text.replace("Z", "+00:00"))
    made = datetime.fromisoformat(text)
    return made if made.tzinfo else datetime.fromisoformat(text + "+00:00")


def name_of(pair: Pair) -> str:
    return unquote(pair.target.partition("?")[0].strip("/"))
