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
    if pair.wanted_body is not None and pair.method != "HEAD" and (told := _body(pair, answer, own_id)):
        found.append(told)
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
    if lowered == "location" and came is not None:
        came = came.removeprefix("/rest")
    return f"{name}: {came!r} instead of {value!r}" if came != value else None


def _body(pair: Pair, answer: Answer, own_id: bool) -> str | None:
    text = answer.body.decode(errors="replace")
    wanted = pair.wanted_body
    if isinstance(wanted, str):
        try:
            document = json.loads(wanted) if wanted.strip()[:1] in "[{" else None
        except ValueError:
            document = None
        if document is None:
            return (
                f"body: {text[:400]!r} instead of {wanted[:400]!r}"
                if text.rstrip("\n") != wanted.rstrip("\n")
                else None
            )
    else:
        assert isinstance(wanted, Quoted)
        document = wanted.value()
    try:
        came = json.loads(text)
    except ValueError:
        return f"body: {text[:400]!r} is no JSON"
    if pair.status >= 400:
        return _error(came, document)
    if alike(came, document, own_id):
        return None
    return f"body: {json.dumps(came)[:600]} instead of {json.dumps(document)[:600]}"


def _error(came: Any, wanted: Any) -> str | None:
    if not isinstance(wanted, dict) or not isinstance(came, dict):
        return None if came == wanted else f"body: {came} instead of {wanted}"
    for name in ("code", "message", "details", "hint"):
        if name in wanted and came.get(name) != wanted[name]:
            return f"error's {name}: {came.get(name)!r} instead of {wanted[name]!r} ({wanted.get('code')})"
    return None


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
