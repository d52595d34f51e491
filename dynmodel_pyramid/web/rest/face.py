"""The face of PostgREST (:mod:`~dynmodel_pyramid.web.http.faces`)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pyramid.request import Request

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.queries import Pairs, Query, Rules, parse, split
from dynmodel_pyramid.web.http.faces import Face
from dynmodel_pyramid.web.http.preferences import RETURNS, PreferenceRules
from dynmodel_pyramid.web.http.ranges import content_range
from dynmodel_pyramid.web.rest.errors import RestError, bad_preferences, out_of_range
from dynmodel_pyramid.web.rest.media import Media, negotiated
from dynmodel_pyramid.web.rest.resources import RestTable

_ALWAYS = ("count", "tx", "handling")


#: What answers depend on, besides the address (PostgREST, "Vary Header").
VARY = ("Accept", "Prefer", "Range")
_NUMBERED = re.compile(r"\[[0-9]+\]\Z")
_NEGATIVE = re.compile("-[0-9]+")


def read_query(context: RestTable, text: str, rules: Rules) -> Query:
    """
    :raises RestError: a negative limit
    :raises Malformed: the query is malformed
    """
    return _query_of(split(text), rules)


def read_reading_query(text: str, rules: Rules) -> Query:
    """The query of a GET. A number in brackets behind a name is ignored: ra-data-postgrest numbers the conditions on a
    field, ``name[0]=ilike.*a*&name[1]=ilike.*b*``.

    :raises: as :func:`read_query`
    """
    return _query_of([(_NUMBERED.sub("", name), value) for name, value in split(text)], rules)


def _query_of(sent: Pairs, rules: Rules) -> Query:
    pairs = []
    for name, value in sent:
        word = name.rpartition(".")[2]
        if word in ("limit", "offset") and _NEGATIVE.fullmatch(value):
            if word == "limit":
                raise out_of_range("Limit should be greater than or equal to zero.")
            value = "0"
        # Nothing selected is everything, in the whole query.
        if value or name != "select":
            pairs.append((name, value))
    query = parse(pairs, replace(rules, lenient=True))
    for name in query.reading_only:
        raise Malformed(f"{name} is of the other face, /table/{{id}}/rows/", code="invalid_parameter")
    return query


def _refuse_preferences(refused: list[str], heeded: Sequence[str]) -> RestError:
    return bad_preferences(refused)


def _beyond(offset: int, total: int) -> RestError:
    return out_of_range(f"An offset of {offset} was requested, but there are only {total} rows.", total)


def _written_range(method: str, count: int, total: int | None) -> str | None:
    return None if method == "PUT" else content_range(0, count if method == "PATCH" else 0, total)


def _accept(request: Request) -> Media:
    media = negotiated(request)
    assert isinstance(media, Media)  # it explains nothing
    return media


REST = Face(
    preferences=PreferenceRules(
        known={
            "resolution": ("merge-duplicates", "ignore-duplicates"),
            "missing": ("default", "null"),
            "return": RETURNS,
            "count": ("exact", "planned", "estimated"),
            "tx": ("commit", "rollback"),
            "handling": ("strict", "lenient"),
            "max-affected": (),
        },
        heeded={
            "GET": _ALWAYS,
            "HEAD": _ALWAYS,
            "POST": ("resolution", "missing", "return", *_ALWAYS),
            "PATCH": ("missing", "return", "max-affected", *_ALWAYS),
            "DELETE": ("return", "max-affected", *_ALWAYS),
            "PUT": ("return", *_ALWAYS),
        },
        refuse=_refuse_preferences,
        passed_over=("timezone", "max-affected"),
        is_exact=True,
    ),
    accept=_accept,
    read_query=read_query,
    exact_numbers=True,
    has_cursors=False,
    tells_range=True,
    beyond=_beyond,
    returns=frozenset(),
    is_lenient=True,
    varies=True,
    ignored=201,
    unchanged=200,
    written_range=_written_range,
)
