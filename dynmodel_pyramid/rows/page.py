"""Which part of a list, in which order: ``limit``, ``offset`` and ``order``."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import expression
from dynmodel_pyramid.catalogue.table_builder import SYSTEM_COLUMNS, Model
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.rows.aliases import aliases_of
from dynmodel_pyramid.rows.scope import Scope

LARGEST = 2**63 - 1
_MODIFIERS = {"asc", "desc", "nullsfirst", "nullslast"}


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """``nulls_first`` None: where PostgreSQL puts them, last when ascending, first when descending."""

    name: str
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """``limit`` None: all rows."""

    limit: int | None = None
    offset: int = 0
    order: tuple[OrderTerm, ...] = ()


def read_page(parameters: Iterable[tuple[str, str]]) -> Page:
    """The page that a query string asks for.

    :raises Malformed: naming the parameter that is unknown, repeated or out of its grammar
    """
    given: dict[str, str] = {}
    for name, text in parameters:
        if name not in ("limit", "offset", "order"):
            raise Malformed(
                f"unknown parameter {name!r}", code="unknown_parameter", hint="known are limit, offset, order"
            )
        if name in given:
            raise Malformed(f"the parameter {name} stands twice", code="invalid_parameter")
        given[name] = text
    limit = whole_number("limit", given["limit"]) if "limit" in given else None
    offset = whole_number("offset", given["offset"]) if "offset" in given else 0
    order = tuple(_term(part) for part in given["order"].split(",")) if "order" in given else ()
    return Page(limit, offset, order)


def whole_number(name: str, text: str) -> int:
    """:raises Malformed: naming the parameter: it is no whole number, 0 or above"""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST:
        raise Malformed(f"{name}={text}: want a whole number, 0 or above", code="invalid_parameter")
    return int(text)


def _term(text: str) -> OrderTerm:
    name, *modifiers = text.strip().split(".")
    if not name or not set(modifiers) <= _MODIFIERS or len(modifiers) > 2 or len(set(modifiers)) != len(modifiers):
        raise Malformed(
            f"order: {text!r} is not understood",
            code="invalid_parameter",
            hint="want field, then .asc or .desc, then .nullsfirst or .nullslast; terms are separated by commas",
        )
    direction = [word for word in modifiers if word in ("asc", "desc")]
    nulls = [word for word in modifiers if word not in ("asc", "desc")]
    if len(direction) > 1 or len(nulls) > 1 or (direction and nulls and modifiers[0] != direction[0]):
        raise Malformed(f"order: {text!r} contradicts itself", code="invalid_parameter")
    return OrderTerm(name, direction == ["desc"], None if not nulls else nulls == ["nullsfirst"])


def order_clauses(page: Page, model: Model, scope: Scope) -> list[sa.ColumnElement]:
    """ORDER BY of a page; the id comes last, so that pages never overlap.

    :raises Malformed: naming a field that is unknown or has no order
    """
    clauses: list[sa.ColumnElement] = []
    for term in page.order:
        expression, nullable = _expression(term.name, model, scope)
        clause = expression.desc() if term.descending else expression.asc()
        if nullable:
            first = term.descending if term.nulls_first is None else term.nulls_first
            clause = clause.nulls_first() if first else clause.nulls_last()
        clauses.append(clause)
    if not any(term.name == "id" for term in page.order):
        clauses.append(model.table.c.id.asc())
    return clauses


def _expression(name: str, model: Model, scope: Scope) -> tuple[sa.ColumnElement, bool]:
    if name == "id" or name in SYSTEM_COLUMNS:
        return model.table.c[name], False
    name = aliases_of(model).names.get(name, name)
    field = model.definition.by_name.get(name)
    if field is None or not scope.may_read(name):
        raise Malformed(f"order: the table has no field {name!r}", code="unknown_field")
    if field.write_only:
        raise Malformed(
            f"order: the field {name} is write_only, and the order would tell its values", code="not_sortable"
        )
    field_type = model.field_types[field.type]
    if not is_sortable(field_type):
        raise Malformed(f"order: a field of type {field.type} has no order ({name})", code="not_sortable")
    return expression(model, field), not field.required
