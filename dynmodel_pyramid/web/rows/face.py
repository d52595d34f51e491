"""The face ``/table/{id}/rows/`` (:mod:`~dynmodel_pyramid.web.http.faces`)."""

from collections.abc import Sequence

from pyramid.request import Request

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.forms import JsonForm
from dynmodel_pyramid.queries import Query, QueryError, Rules, parse, split
from dynmodel_pyramid.queries.grammar.habits import parameter_meant
from dynmodel_pyramid.queries.grammar.parsing import AT_THE_ROOT, EVERYWHERE, HAVING
from dynmodel_pyramid.rows.nested import WRITE
from dynmodel_pyramid.web.http.conditions import best_offer
from dynmodel_pyramid.web.http.faces import Face
from dynmodel_pyramid.web.http.preferences import (
    LENIENT_OFFERS,
    RETURNS,
    PreferenceRules,
    asks_for_good_rows,
)
from dynmodel_pyramid.web.http.ranges import beyond_the_end, content_range
from dynmodel_pyramid.web.resources import RowList

_PARAMETERS = ("select", "order", "limit", "offset", "having", "and", "or", "_after", "_before", "_search")
_ALWAYS = ("handling", "return", "tx", "count")
_ADDING = (*_ALWAYS, "missing", "resolution", "nested")


class _Json:
    """Answers to writes are JSON."""

    def form(self, names: Sequence[str], *, is_one: bool = False) -> JsonForm:
        return JsonForm(names, is_single=is_one)

    def refuse(self, count: int | str) -> None:
        """Accept any number of rows."""


_JSON = _Json()


def _accept(request: Request) -> _Json:
    best_offer(request, *[LENIENT_OFFERS] * asks_for_good_rows(request))
    return _JSON


def read_query(context: RowList, text: str, rules: Rules) -> Query:
    """:raises Malformed: the query is malformed"""
    try:
        return parse(split(text), rules)
    except QueryError as error:
        raise _unknown_parameter(error, context, rules, text) or error from None


def _unknown_parameter(error: QueryError, context: RowList, rules: Rules, text: str) -> Malformed | None:
    """A parameter that is no condition may be meant for another service: the error names it, not a place in it."""
    name = error.parameter
    known = name in EVERYWHERE or name in AT_THE_ROOT or name == HAVING or context.rows.knows(name, "read")
    if error.part != "value" or not name.isidentifier() or known:
        return None
    names = [field for field in context.rows.names() if context.rows.knows(field, "read")]
    meant = parameter_meant(name, dict(split(text)).get(name, ""), [*_PARAMETERS, *names], rules)
    hint = f"known are {', '.join(_PARAMETERS)}, and conditions such as id=eq.1"
    hint = f"{meant} {hint}" if meant else hint
    return Malformed(f"unknown parameter {name!r}", code="unknown_parameter", hint=hint, parameter=name)


def refuse_preferences(refused: list[str], heeded: Sequence[str]) -> Malformed:
    names = ", ".join(sorted(name for name in heeded if name != "handling"))
    return Malformed(
        f"Prefer: {', '.join(refused)[:200]} can't be honoured",
        code="invalid_preference",
        hint=f"here are {names}; without handling=strict others are ignored",
    )


def _written_range(method: str, count: int, total: int | None) -> str | None:
    adds = method in ("POST", "PUT")
    return None if adds and total is None else content_range(0, count, total)


TABLE = Face(
    preferences=PreferenceRules(
        known={
            "return": RETURNS,
            "handling": ("strict", "lenient"),
            "tx": ("commit", "rollback"),
            "missing": ("default",),
            "count": ("exact",),
            "resolution": ("merge-duplicates", "ignore-duplicates"),
            "nested": (WRITE,),
        },
        heeded={
            "POST": _ADDING,
            "PUT": _ADDING,
            "PATCH": (*_ALWAYS, "max-affected", "missing"),
            "DELETE": (*_ALWAYS, "max-affected"),
        },
        refuse=refuse_preferences,
    ),
    accept=_accept,
    read_query=read_query,
    exact_numbers=False,
    has_cursors=True,
    tells_range=False,
    beyond=beyond_the_end,
    returns=frozenset({"POST", "PUT", "PATCH"}),
    is_lenient=False,
    varies=False,
    ignored=200,
    unchanged=204,
    written_range=_written_range,
)
