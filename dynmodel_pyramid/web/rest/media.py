"""The media type of an answer, and the form of its rows: JSON, one object, without nulls, CSV.

Lists are answered in the other registered formats, too, as at the other face; PostgREST has no rule for these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.errors import UnsupportedParameter
from dynmodel_pyramid.exchange.contents import Parameters
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form, JsonForm, RestCsvForm, Rows
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.exchange.typed import exact_json, exactly
from dynmodel_pyramid.rows.encoding import json_rows
from dynmodel_pyramid.web.http.conditions import media_ranges
from dynmodel_pyramid.web.http.explained import PLANS, Explanation, explanation, may_explain
from dynmodel_pyramid.web.http.media_types import accepted_parameters
from dynmodel_pyramid.web.rest.errors import not_available, single_object

JSON, CSV = "application/json", "text/csv"
OBJECT, ARRAY = "application/vnd.pgrst.object", "application/vnd.pgrst.array"
#: The media types that can be explained.
EXPLAINED = (JSON, CSV, OBJECT, f"{OBJECT}+json", ARRAY, f"{ARRAY}+json")


@dataclass(frozen=True, slots=True)
class File:
    """A registered format that PostgREST does not have.

    :param parameters: those of the media type
    """

    format: Format
    parameters: Parameters

    def form(self, shown: Callable[[Parameters], Shown]) -> Form:
        """The form of a list.

        :param shown: makes what the format gets to know of the list
        :raises RestError: a parameter means nothing
        """
        assert self.format.write is not None  # as it is offered
        try:
            return self.format.write(shown(self.parameters))
        except UnsupportedParameter as error:
            raise not_available([self.format.media_type], error.detail) from None


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


def negotiated(request: Request, *, reads: bool = False) -> Media | Explanation | File:
    """The first available one of the client's media types, in its own order (PostgREST, "Media Types").

    :param reads: whether the other formats are among them, and execution plans, if the deployment allows these
    :raises RestError: none is available
    """
    header = request.headers.get("Accept", "").strip()
    if header in ("", "*/*", JSON):
        return Media(JSON)
    wanted, formats = media_ranges(header), request.registry.dynmodel_formats
    plans = PLANS if reads and may_explain(request) else ()
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
        if reads and name in formats.writable:
            format = formats.of(name)
            return File(format, accepted_parameters(header, name, format.parameters))
    raise not_available([name for name, _ in wanted])
