"""The media type of an answer, and the form of its rows: JSON, one object, without nulls, CSV."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pyramid.request import Request

from dynmodel_pyramid.exchange.delimited import write_record
from dynmodel_pyramid.exchange.forms import Form, JsonForm, Rows
from dynmodel_pyramid.exchange.outgoing import cell
from dynmodel_pyramid.rows.encoding import json_rows
from dynmodel_pyramid.web.http.conditions import media_ranges
from dynmodel_pyramid.web.http.explained import PLANS, Explanation, explanation, may_explain
from dynmodel_pyramid.web.rest.errors import not_available, single_object

JSON, CSV = "application/json", "text/csv"
OBJECT, ARRAY = "application/vnd.pgrst.object", "application/vnd.pgrst.array"
#: The media types that can be explained.
EXPLAINED = (JSON, CSV, OBJECT, f"{OBJECT}+json", ARRAY, f"{ARRAY}+json")


class Digits(str):
    """A number of JSON as it was written, with all its digits."""


@dataclass(frozen=True, slots=True)
class Media:
    """
    :param content_type: the answer's
    :param is_single: one object, for exactly one row
    :param stripped: null members are left out
    """

    content_type: str
    is_single: bool = False
    stripped: bool = False

    def form(self, names: Sequence[str], *, is_one: bool = False) -> Form:
        """The form of rows with these names; PostgREST answers an array even if one row was sent (``is_one``)."""
        content_type = f"{self.content_type}; charset=utf-8"
        if self.content_type == CSV:
            return CsvForm(names, content_type)
        encode = stripped_rows if self.stripped else json_rows
        return JsonForm(names, content_type, is_single=self.is_single, encode=encode)

    def refuse(self, count: int | str) -> None:
        """:raises RestError: one object is asked for, and there are no rows or several"""
        if self.is_single and count != 1:
            raise single_object(count)


class CsvForm(Form):
    """CSV whose last line has no LF."""

    def __init__(self, names: Sequence[str], content_type: str) -> None:
        self.content_type = content_type
        self.opening = csv_line(names)

    def part(self, rows: Rows) -> bytes:
        return b"".join([b"\n" + csv_line([cell(value, _compact) for value in row]) for row in rows])


def stripped_rows(names: Sequence[str], rows: Rows) -> bytes:
    """A JSON array of rows without their null members."""
    return dumps(stripped(exactly(json_rows(names, rows))))


def exactly(text: bytes) -> Any:
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def dumps(value: Any) -> bytes:
    return orjson.dumps(
        value, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=lambda number: orjson.Fragment(str(number))
    )


def stripped(value: Any) -> Any:
    """A value without null members of objects, at any depth, as by PostgreSQL's ``json_strip_nulls``."""
    if isinstance(value, dict):
        return {name: stripped(item) for name, item in value.items() if item is not None}
    return [stripped(item) for item in value] if isinstance(value, list) else value


def _compact(text: str) -> str:
    """JSON without blanks between its parts; a text stays itself."""
    if text[0] in "[{":
        return dumps(exactly(text.encode())).decode()
    return orjson.loads(text) if text[0] == '"' else text


def csv_line(cells: Iterable[str | None]) -> bytes:
    """A line of CSV: null is written as nothing, the empty text as two quotes."""
    return write_record(cells).removesuffix("\r\n").encode()


def negotiated(request: Request, *, explains: bool = False) -> Media | Explanation:
    """The first available one of the client's media types, in its own order (PostgREST, "Media Types").

    :param explains: whether execution plans are among them, if the deployment allows these
    :raises RestError: none is available
    """
    header = request.headers.get("Accept", "").strip()
    if header in ("", "*/*", JSON):
        return Media(JSON)
    wanted = media_ranges(header)
    plans = PLANS if explains and may_explain(request) else ()
    for name, parameters in wanted:
        is_stripped = parameters.get("nulls") == "stripped"
        base = name.removesuffix("+json")
        if name in ("*/*", "application/*", JSON, "application/problem+json"):
            return Media(JSON)
        if base == OBJECT:
            return Media(f"{OBJECT}+json" + ";nulls=stripped" * is_stripped, is_single=True, stripped=is_stripped)
        if base == ARRAY:
            return Media(f"{ARRAY}+json;nulls=stripped", stripped=True) if is_stripped else Media(JSON)
        if name in (CSV, "text/*"):
            return Media(CSV)
        if name in plans:
            return explanation(name, parameters, EXPLAINED)
    raise not_available([name for name, _ in wanted])
