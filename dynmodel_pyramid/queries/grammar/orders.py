"""``order``, and the parameters that are lists of names."""

import re
from typing import NoReturn

from dynmodel_pyramid.queries.grammar.cursor import Cursor
from dynmodel_pyramid.queries.grammar.habits import order_meant
from dynmodel_pyramid.queries.grammar.syntax import OrderTerm

_MODIFIERS = re.compile(r"(?:\.(asc|desc))?(?:\.(nullsfirst|nullslast))?[ \t]*")


def read_order(cursor: Cursor) -> tuple[OrderTerm, ...]:
    """A whole order: at least one term."""
    terms = [read_term(cursor)]
    while cursor.take(","):
        terms.append(read_term(cursor))
    if not cursor.at_end():
        _fault(cursor, "a comma or the end, .asc or .desc before .nullsfirst or .nullslast")
    return tuple(terms)


def read_term(cursor: Cursor) -> OrderTerm:
    cursor.count()
    if cursor.next_is("-"):
        _fault(cursor, "the name of a field, or an aggregate")
    column = cursor.measure()
    relation = None
    if cursor.next_is("("):
        if column.path or column.aggregate is not None:
            cursor.fault("a comma or the end")
        relation = column.name
        cursor.position += 1
        column = cursor.column()
        cursor.skip_blanks()
        if not cursor.take(")"):
            cursor.fault(")", hint="an order by a relation names one field: relation(field)")
    cursor.skip_blanks()
    direction, nulls = cursor.taken(_MODIFIERS).groups()
    return OrderTerm(column, direction == "desc", None if nulls is None else nulls == "nullsfirst", relation)


def _fault(cursor: Cursor, expected: str) -> NoReturn:
    start = cursor.text.rfind(",", 0, cursor.position) + 1
    term = cursor.text[start:].partition(",")[0]
    cursor.fault(expected, hint=order_meant(term))


def read_columns(cursor: Cursor, *, have_sources: bool) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """``a,b:"c d"``: the value of ``columns``; -> the fields, and the names that some of them have in the body.

    :param have_sources: whether fields may have such names; PostgREST has none
    """
    names: list[str] = []
    sources: list[tuple[str, str]] = []
    while not names or cursor.take(","):
        cursor.count()
        names.append(cursor.name("the name of a field")[0])
        if have_sources and cursor.take(":"):
            sources.append((names[-1], cursor.name("the name of a column in the body")[0]))
    cursor.expect_end("a comma or the end")
    return tuple(names), tuple(sources)


def read_names(cursor: Cursor) -> tuple[str, ...]:
    """``a,b,"c d"``: the value of ``on_conflict``."""
    names: list[str] = []
    while not names or cursor.take(","):
        cursor.count()
        names.append(cursor.name("the name of a field")[0])
    cursor.expect_end("a comma or the end")
    return tuple(names)
