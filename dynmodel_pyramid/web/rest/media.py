"""Which media type an answer has, and rows as that: JSON, one object, without nulls, CSV."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dynmodel_pyramid.exchange.delimited import write_record
from dynmodel_pyramid.exchange.outgoing import cell
from dynmodel_pyramid.rows.encoding import OPTIONS
from dynmodel_pyramid.web.http.conditions import media_ranges
from dynmodel_pyramid.web.http.errors import NotAcceptable
from dynmodel_pyramid.web.http.explained import PLANS, Explanation, explanation
from dynmodel_pyramid.web.rest.errors import RestError

JSON, CSV = "application/json", "text/csv"
OBJECT, ARRAY = "application/vnd.pgrst.object", "application/vnd.pgrst.array"
#: Of whose answers there are execution plans.
EXPLAINED = (JSON, CSV, OBJECT, f"{OBJECT}+json", ARRAY, f"{ARRAY}+json")


class Digits(str):
    """A number of JSON as it is written, with all its digits."""


@dataclass(frozen=True, slots=True)
class Media:
    """
    :param content_type: of the answer
    :param single: one object, of one row and no other number of rows
    :param stripped: members that are null are left out
    """

    content_type: str
    single: bool = False
    stripped: bool = False

    @property
    def is_csv(self) -> bool:
        return self.content_type == CSV

    @property
    def header(self) -> str:
        return f"{self.content_type}; charset=utf-8"

    def encoded(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
        """All rows at once; ``single`` takes the first one."""
        if self.is_csv:
            return (csv_line(names) + self.lines(names, rows)).removesuffix(b"\n")
        made = self.objects(names, rows)
        return made if self.single else b"[" + made + b"]"

    def frame(self, names: Sequence[str]) -> tuple[bytes, bytes, bytes, bool]:
        """What a body that is made in parts begins with, has between the parts, ends with; and whether that stands
        before the first part, too."""
        if self.is_csv:
            return csv_line(names).removesuffix(b"\n"), b"\n", b"", True
        return (b"", b"", b"", False) if self.single else (b"[", b",", b"]", False)

    def lines(self, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
        """Rows as lines of CSV, the last one ended, too."""
        return b"".join([csv_line([cell(value, _compact) for value in row]) for row in rows])

    def objects(self, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
        """Rows as JSON objects with commas between."""
        body = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows], option=OPTIONS)[1:-1]
        return dumps(stripped(exactly(b"[" + body + b"]")))[1:-1] if self.stripped else body


def exactly(text: bytes) -> Any:
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def dumps(value: Any) -> bytes:
    return orjson.dumps(
        value, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=lambda number: orjson.Fragment(str(number))
    )


def stripped(value: Any) -> Any:
    """Without the members of objects that are null, at any depth, as PostgreSQL's ``json_strip_nulls`` has it."""
    if isinstance(value, dict):
        return {name: stripped(item) for name, item in value.items() if item is not None}
    return [stripped(item) for item in value] if isinstance(value, list) else value


def _compact(text: str) -> str:
    """JSON without blanks between its parts; a text is itself."""
    if text[0] in "[{":
        return dumps(exactly(text.encode())).decode()
    return orjson.loads(text) if text[0] == '"' else text


def csv_line(cells: Iterable[str | None]) -> bytes:
    """Null is nothing, the empty text two quotes; lines end with LF."""
    return write_record(cells).removesuffix("\r\n").encode() + b"\n"


def negotiated(request, *, explains: bool = False) -> Media | Explanation:
    """The first of the client's media types, by its own order, that there is (PostgREST, "Media Types").

    :param explains: execution plans are among them, where the deployment allows it
    :raises NotAcceptable: none
    """
    header = request.headers.get("Accept", "").strip()
    if header in ("", "*/*", JSON):
        return Media(JSON)
    wanted = media_ranges(header)
    plans = PLANS if explains and request.registry.dynmodel_settings.plan_enabled else ()
    for name, parameters in wanted:
        is_stripped = parameters.get("nulls") == "stripped"
        base = name.removesuffix("+json")
        if name in ("*/*", "application/*", JSON, "application/problem+json"):
            return Media(JSON)
        if base == OBJECT:
            return Media(f"{OBJECT}+json" + ";nulls=stripped" * is_stripped, single=True, stripped=is_stripped)
        if base == ARRAY:
            return Media(f"{ARRAY}+json;nulls=stripped", stripped=True) if is_stripped else Media(JSON)
        if name in (CSV, "text/*"):
            return Media(CSV)
        if name in plans:
            return explanation(name, parameters, EXPLAINED)
    told = ", ".join(name for name, _ in wanted)
    raise RestError(NotAcceptable.status, "PGRST107", f"None of these media types are available: {told}")
