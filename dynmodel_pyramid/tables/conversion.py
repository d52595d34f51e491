"""Carrying the values of a column over to another field type.

A value keeps its text form if it can: the text of a json field becomes the document that it spells. Else it is taken as
the JSON value it is (1.0 becomes the integer 1). What the new type refuses is not carried over, and the caller decides
what becomes of it.

Where both types have SQL text forms, one statement converts what these can do, and Python the rest. That agrees: by the
contract they give what the texts lead to, a value that keeps its text form leads to the same (text forms round-trip),
and whatever has to be taken as the JSON value it is has no other way, so that SQL gave NULL for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.errors import Conflict, Malformed
from dynmodel_pyramid.fields import FieldTypes

#: What becomes of values that can't be carried over.
ON_ERROR = ("fail", "null", "default")
BATCH = 1000
SAMPLES = 10


def check_on_error(on_error: str) -> None:
    if on_error not in ON_ERROR:
        raise Malformed(f"on_error={on_error}: want one of {', '.join(ON_ERROR)}", code="invalid_parameter")


@dataclass(slots=True)
class Losses:
    """Values that could not be carried over: how many, and the first few."""

    field: FieldDefinition
    #: Whether the values may not be told.
    hidden: bool = False
    count: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row_id: int, text: str, reason: str) -> None:
        self.count += 1
        if len(self.samples) < SAMPLES:
            told = {} if self.hidden else {"value": text[:200], "reason": reason}
            self.samples.append({"id": row_id, **told})

    def refuse(self) -> None:
        raise Conflict(
            f"{self.count} values of the field {self.field.name!r} can't become {self.field.type}",
            code="lossy_change",
            hint="mend the values, or say on_error=null or on_error=default",
            field=self.field.name,
            count=self.count,
            samples=self.samples,
        )


def converter(
    field_types: FieldTypes, before: FieldDefinition, after: FieldDefinition
) -> Callable[[Any], tuple[Any, str | None]]:
    """A function of stored value -> (new stored value, None) or (None, reason)."""
    old, new = field_types[before.type], field_types[after.type]
    node = new.schema_node(after.options)
    to_text = old.text_form(before.options).to_text
    new_form = new.text_form(after.options)

    def convert(value: Any) -> tuple[Any, str | None]:
        text = to_text(value)
        try:
            direct, refusal = node.deserialize(value), None
            if new_form.to_text(direct) == text:
                return direct, None
        except colander.Invalid as error:
            direct, refusal = None, "; ".join(error.asdict().values())
        try:
            return node.deserialize(new_form.from_text(text)), None
        except ValueError as error:
            reason = str(error)
        except colander.Invalid as error:
            reason = "; ".join(error.asdict().values())
        if refusal is None:
            return direct, None
        # Of a value that JSON has as it is, the direct reason says more.
        return None, refusal if isinstance(value, int | float) else reason

    return convert


def in_database(
    field_types: FieldTypes, before: FieldDefinition, after: FieldDefinition, source: sa.ColumnElement, dialect: str
) -> sa.ColumnElement | None:
    """The converted value in SQL, NULL where :func:`converter` must judge; None where the types have no such way."""
    to_text = field_types[before.type].text_form(before.options).sql_to_text
    from_text = field_types[after.type].text_form(after.options).sql_from_text
    return None if to_text is None or from_text is None else from_text(to_text(source, dialect), dialect)


def convert_column(
    connection: sa.Connection,
    table: sa.TableClause,
    source: sa.ColumnElement,
    target: sa.ColumnElement,
    convert: Callable[[Any], tuple[Any, str | None]],
    losses: Losses,
    as_text: Callable[[Any], str],
    substitute: Callable[[], Any] | None,
    expression: sa.ColumnElement | None,
) -> None:
    """Fill ``target`` from ``source`` in all rows: what ``expression`` can do at once, the rest ``BATCH`` at a time.

    Lost values become what ``substitute`` gives, each its own.
    """
    if expression is not None:
        at_once = sa.update(table).where(source.is_not(None)).values({target: expression})
        connection.execute(at_once, execution_options={"compiled_cache": None})
    fill = _fill(table, target)
    for rows in _batches(connection, table, source, target):
        changes = []
        for row_id, value in rows:
            converted, reason = convert(value)
            if reason is not None:
                losses.add(row_id, as_text(value), reason)
                converted = substitute() if substitute is not None else None
            if converted is not None:
                changes.append({"_row_id": row_id, "_new_value": converted})
        if changes:
            connection.execute(fill, changes, execution_options={"compiled_cache": None})


def fill_column(
    connection: sa.Connection, table: sa.TableClause, target: sa.ColumnElement, make: Callable[[], Any]
) -> None:
    """Give ``target`` a value in all rows where it is null, each its own, ``BATCH`` at a time.

    :raises colander.Invalid: the field refuses what is made
    """
    fill = _fill(table, target)
    for rows in _batches(connection, table, table.c.id, target):
        changes = [{"_row_id": row_id, "_new_value": make()} for row_id, _ in rows]
        connection.execute(fill, changes, execution_options={"compiled_cache": None})


def _fill(table: sa.TableClause, target: sa.ColumnElement) -> sa.Update:
    return (
        sa.update(table)
        .where(table.c.id == sa.bindparam("_row_id"))
        .values({target: sa.bindparam("_new_value", type_=target.type)})
    )


def _batches(
    connection: sa.Connection, table: sa.TableClause, source: sa.ColumnElement, target: sa.ColumnElement
) -> Iterator[list]:
    """(id, value) of the rows that are not converted yet."""
    to_do = sa.select(table.c.id, source).where(source.is_not(None), target.is_(None))
    last = None
    while True:
        query = to_do.order_by(table.c.id).limit(BATCH)
        if last is not None:
            query = query.where(table.c.id > last)
        rows = connection.execute(query, execution_options={"compiled_cache": None}).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
