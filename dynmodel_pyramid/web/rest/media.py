"""The media type of an answer, and the form of its rows: JSON, one object, without nulls, CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.exchange.forms import Form, JsonForm, RestCsvForm, Rows
from dynmodel_pyramid.exchange.typed import exact_json, exactly
from dynmodel_pyramid.rows.encoding import json_rows
from dynmodel_pyramid.web.http.conditions import media_ranges
from dynmodel_pyramid.web.http.explained import PLANS, Explanation, explanation, may_explain
from dynmodel_pyramid.web.rest.errors import not_available, single_object

JSON, CSV = "application/json", "text/csv"
OBJECT, ARRAY = "application/vnd.pgrst.object", "application/vnd.pgrst.array"
#: The media types that can be explained.
EXPLAINED = (JSON, CSV, OBJECT, f"{OBJECT}+json", ARRAY, f"{ARRAY}+json")


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
            return RestCsvForm(names)
        encode = stripped_rows if self.stripped else json_rows
        return JsonForm(names, content_type, is_single=self.is_single, encode=encode)

    def refuse(self, count: int | str) -> None:
        """:raises RestError: one object is asked for, and there are no rows or several"""
        if self.is_single and count != 1:
            raise single_object(count)


def stripped_rows(names: Sequence[str], rows: Rows) -> bytes:
    """A JSON array of rows without their null members."""
    return exact_json(stripped(exactly(json_rows(names, rows))))


def stripped(value: Any) -> Any:
    """A value without null members of objects, at any depth, as by PostgreSQL's ``json_strip_nulls``."""
    if isinstance(value, dict):
        return {name: stripped(item) for name, item in value.items() if item is not None}
    return [stripped(item) for item in value] if isinstance(value, list) else value


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
