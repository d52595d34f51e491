"""The conversion of values to another field type, or to other options of the same type.

A value keeps its text form if possible: a text that becomes json is parsed as a JSON document. Else it is converted as
a JSON value (1.0 becomes the integer 1). A value that the new type refuses is lost, and the caller decides what becomes
of it. A value never becomes null by a conversion: the text ``null`` becomes a JSON string.

If both types have SQL text forms, one expression converts the values that these can handle, and Python the rest. Both
agree: by the contract, SQL text forms give the same result as Python's or NULL; text forms round-trip; and for a value
that is converted as a JSON value, SQL gives NULL.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.changes.values.column_values import UNCACHED, ColumnValues, SideTable, streamed
from dynmodel_pyramid.changes.values.far_keys import FarKeys, no_keys
from dynmodel_pyramid.changes.values.violations import SAMPLES
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields import FieldTypes

#: A stored value -> (the new stored value, None), or (None, why it can't be converted).
Convert = Callable[[Any], tuple[Any, str | None]]
#: A lost value: (id of the row, old value, its text, reason).
Lost = tuple[int, Any, str, str]


def converter(
    field_types: FieldTypes, before: FieldDefinition, after: FieldDefinition, far_key: FarKeys = no_keys
) -> Convert:
    """
    :param far_key: gives the keys of links
    """
    new = field_types[after.type]
    node = new.schema_node(after.options)
    node = getattr(node, "brief", node)
    to_text = text_maker(field_types, before, far_key)
    new_form = new.text_form(after.options)
    key = far_key(after)
    if key is not None:
        return lambda value: key.id_of(to_text(value))

    def convert(value: Any) -> tuple[Any, str | None]:
        text = to_text(value)
        try:
            direct, refusal = node.deserialize(value), None
            if new_form.to_text(direct) == text:
                return direct, None
        except colander.Invalid as error:
            direct, refusal = None, "; ".join(error.asdict().values())
        try:
            spelt = node.deserialize(new_form.from_text(text))
            if spelt is not None:
                return spelt, None
            reason = "spells null, which is no value"
        except ValueError as error:
            reason = str(error)
        except colander.Invalid as error:
            reason = "; ".join(error.asdict().values())
        if refusal is None:
            return direct, None
        # For a value that JSON has directly, the direct reason says more.
        return None, refusal if isinstance(value, int | float) else reason

    return convert


def repairer(
    field_types: FieldTypes, before: FieldDefinition, after: FieldDefinition, word: str, far_key: FarKeys = no_keys
) -> Convert | None:
    """A function that makes the nearest value of one that :func:`converter` can't convert; None: the type offers no
    such repair.
    """
    new = field_types[after.type]
    repair = new.repairs.get(word)
    if repair is None:
        return None
    node, to_text = new.schema_node(after.options), text_maker(field_types, before, far_key)

    def repaired(value: Any) -> tuple[Any, str | None]:
        try:
            return node.deserialize(repair(to_text(value), after.options)), None
        except ValueError as error:
            return None, str(error)
        except colander.Invalid as error:
            return None, "; ".join(error.asdict().values())

    return repaired


def text_maker(field_types: FieldTypes, field: FieldDefinition, far_key: FarKeys) -> Callable[[Any], str]:
    """The maker of the texts of a field's values: of a link with a key, the keys of the far rows."""
    key = far_key(field)
    return field_types[field.type].text_form(field.options).to_text if key is None else key.text_of


def in_database(
    field_types: FieldTypes,
    before: FieldDefinition,
    after: FieldDefinition,
    source: sa.ColumnElement[Any],
    dialect: str,
    *,
    surely: bool = False,
) -> sa.ColumnElement[Any] | None:
    """The converted value in SQL, NULL where :func:`converter` must decide; None if the types can't be converted in
    SQL.

    :param surely: it is known to make a value of each; then None if that would not be faster
    """
    to_text = field_types[before.type].text_form(before.options).sql_to_text
    form = field_types[after.type].text_form(after.options)
    from_text = form.sql_sure_from_text if surely else form.sql_from_text
    return None if to_text is None or from_text is None else from_text(to_text(source, dialect), dialect)


#: Makers of the texts of old and of new values, in SQL.
SqlTexts = tuple[Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]], ...]


@dataclass(frozen=True, slots=True)
class Conversion:
    """The conversion of one column's values to another's: see :func:`convert_values`.

    :param expression: the new value in SQL, NULL where Python must decide; None: Python decides for all
    :param sure: the expression for values that are all made by SQL, if that is faster
    :param to_text: the text of an old value; ``new_to_text`` that of a new one
    :param sql_texts: makers of both in SQL; None if a type has none
    :param numbers: whether both are JSON numbers, so that 1 and 1.0 are equal
    :param same_storage: whether both columns have the same type, so that a value may stay as it is
    :param substitute: makes the replacement of a lost value; None: null
    :param repair: makes a near value of a lost one, or None; None: lost values stay so
    :param quarantine: stores lost values, in batches
    :param only: a condition for the rows to convert; the others have their values already
    """

    table: sa.FromClause
    source: sa.ColumnElement[Any]
    kind: sa.types.TypeEngine[Any]
    convert: Convert
    to_text: Callable[[Any], str]
    new_to_text: Callable[[Any], str]
    expression: sa.ColumnElement[Any] | None = None
    sure: sa.ColumnElement[Any] | None = None
    sql_texts: SqlTexts | None = None
    numbers: bool = False
    same_storage: bool = False
    substitute: Callable[[], Any] | None = None
    repair: Convert | None = None
    quarantine: Callable[[list[Lost]], None] | None = None
    only: sa.ColumnElement[bool] = field(default_factory=sa.true)

    def is_same_text(self, old: str, new: str) -> bool:
        return old == new or (self.numbers and new in (f"{old}.0", old.removesuffix(".0")))

    def other_text(self, old: sa.ColumnElement[Any], new: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """:meth:`is_same_text` in SQL, negated."""
        differs = old.is_distinct_from(new)
        if self.numbers:
            differs = sa.and_(differs, old.concat(".0").is_distinct_from(new), new.concat(".0").is_distinct_from(old))
        return differs

    def keep(self, lost: list[Lost]) -> None:
        """Put lost values into the quarantine, if there is one."""
        if lost and self.quarantine is not None:
            self.quarantine(lost)


@dataclass(frozen=True, slots=True)
class Batch:
    """Python's results for some rows.

    :param values: (id of the row, value) for the side table
    :param changed: (id of the row, text before, text after)
    """

    values: list[tuple[int, Any]]
    changed: list[tuple[int, str, str]]
    lost: list[Lost]
    #: (id of the row, text before, text after, why it could not stay)
    repaired: list[tuple[int, str, str, str]] = field(default_factory=list)

    def added_to(self, values: ColumnValues) -> ColumnValues:
        """The values, with these rows added to the counts."""
        changed = ({"id": row_id, "before": before, "after": after} for row_id, before, after in self.changed)
        lost = ({"id": row_id, "value": text, "reason": reason} for row_id, _, text, reason in self.lost)
        repaired = (
            {"id": row_id, "before": before, "after": after, "reason": reason}
            for row_id, before, after, reason in self.repaired
        )
        return replace(
            values,
            changed=values.changed.plus(changed),
            lost=values.lost.plus(lost),
            repaired=values.repaired.plus(repaired),
        )


def convert_values(
    connection: sa.Connection, values: ColumnValues, conversion: Conversion, make_side_table: Callable[[], SideTable]
) -> ColumnValues:
    """The converted values, with their counts."""
    source = conversion.source
    if conversion.expression is not None and conversion.sql_texts is not None:
        pairs = _pairs(conversion, conversion.expression, conversion.sql_texts)
        values, left = _survey(connection, values, conversion, pairs)
        # If SQL has no text to compare, Python decides whether the value changes.
        undecided = sa.and_(pairs.c.old.is_not(None), ~_is_decided(pairs))
        base, rows_left = conversion.expression, streamed(connection, pairs, undecided, pairs.c.old)
    else:
        count = sa.select(sa.func.count(source)).select_from(conversion.table).where(conversion.only)
        left = connection.execute(count, execution_options=UNCACHED).scalar_one()
        base = source if conversion.same_storage else sa.cast(sa.null(), conversion.kind)
        is_concerned = sa.and_(conversion.only, source.is_not(None))
        rows_left = streamed(connection, conversion.table, is_concerned, source)
        values = replace(values, total=left, is_same=conversion.same_storage)
    values = values.made_from(base)
    if not left:
        return replace(values, sure=conversion.sure)
    side_table, is_overridden = make_side_table(), False
    with closing(rows_left):
        for rows in rows_left:
            batch = in_python(rows, conversion)
            side_table.put(batch.values)
            conversion.keep(batch.lost)
            is_overridden |= bool(batch.values)
            values = batch.added_to(values)
    values = replace(values, is_same=values.is_same and not values.lost.count)
    return values.overridden_by(side_table) if is_overridden else values


def _pairs(conversion: Conversion, expression: sa.ColumnElement[Any], sql_texts: SqlTexts) -> sa.FromClause:
    """Old and new values, with their texts, in nested queries: texts made directly of the expressions would multiply
    them, and be nested too deeply for SQLite's parser. OFFSET keeps both databases from replacing the columns by the
    expressions, which would be computed several times for each row.
    """
    columns = (conversion.table.c.id, conversion.source.label("old"), expression.label("new"))
    pairs = sa.select(*columns).where(conversion.only).offset(0).subquery()
    old_text, new_text = (to_text(value) for to_text, value in zip(sql_texts, (pairs.c.old, pairs.c.new), strict=True))
    return sa.select(*pairs.c, old_text.label("old_text"), new_text.label("new_text")).offset(0).subquery()


def _is_decided(pairs: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(pairs.c.new.is_not(None), pairs.c.new_text.is_not(None))


def _survey(
    connection: sa.Connection, values: ColumnValues, conversion: Conversion, pairs: sa.FromClause
) -> tuple[ColumnValues, int]:
    """Count the results of SQL, in one scan; -> the values, and how many are left to Python."""

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    differs = sa.and_(_is_decided(pairs), conversion.other_text(pairs.c.old_text, pairs.c.new_text))
    columns = [sa.func.count(pairs.c.old), number(_is_decided(pairs)), number(differs)]
    if conversion.same_storage:
        columns.append(number(pairs.c.new.is_distinct_from(pairs.c.old)))
    counts = connection.execute(sa.select(*columns).select_from(pairs), execution_options=UNCACHED).one()
    total, converted, changed_count = counts[:3]
    changed = replace(values.changed, count=changed_count)
    if changed_count:
        query = sa.select(pairs.c.id, pairs.c.old_text, pairs.c.new_text).where(differs).order_by(pairs.c.id)
        rows = connection.execute(query.limit(SAMPLES), execution_options=UNCACHED)
        changed = changed.showing([{"id": row_id, "before": old, "after": new} for row_id, old, new in rows])
    is_same = conversion.same_storage and counts[3] == 0
    return replace(values, total=total, changed=changed, is_same=is_same), total - converted


def in_python(rows: Iterable[Sequence[Any]], conversion: Conversion) -> Batch:
    """The conversion's result for (id of the row, value)."""
    batch = Batch([], [], [])
    for row_id, value in rows:
        converted, reason = conversion.convert(value)
        text = conversion.to_text(value)
        if reason is not None and conversion.repair is not None:
            repaired, is_lost = conversion.repair(value)
            if is_lost is None:
                batch.repaired.append((row_id, text, conversion.new_to_text(repaired), reason))
                batch.values.append((row_id, repaired))
                continue
        if reason is not None:
            batch.lost.append((row_id, value, text, reason))
            if conversion.substitute is not None or conversion.expression is None:
                substitute = conversion.substitute() if conversion.substitute is not None else None
                batch.values.append((row_id, substitute))
            continue
        new_text = conversion.new_to_text(converted)
        if not conversion.is_same_text(text, new_text):
            batch.changed.append((row_id, text, new_text))
        stays = conversion.expression is None and conversion.same_storage
        # Values of one class whose texts differ may not be comparable, as ranges of days and of points in time.
        is_same = stays and type(converted) is type(value) and new_text == text and converted == value
        if not is_same:
            batch.values.append((row_id, converted))
    return batch
