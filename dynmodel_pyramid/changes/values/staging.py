"""The values of all fields after a change of a definition, and whether the rows allow it. Nothing is changed yet."""

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.check_constraints import judged_options
from dynmodel_pyramid.catalogue.list_tables import lines, lines_of, list_of
from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.changes.on_error import Words
from dynmodel_pyramid.changes.table_change import Earlier
from dynmodel_pyramid.changes.values.column_values import UNCACHED, Aside, Carried, Conversion, batches, convert_values
from dynmodel_pyramid.changes.values.conversion import converter, in_database
from dynmodel_pyramid.changes.values.dangling_links import lose_missing_rows
from dynmodel_pyramid.changes.values.source_table import working_table
from dynmodel_pyramid.changes.values.undo_conversions import bring_back
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import Conflict, PluginMissing
from dynmodel_pyramid.fields import TextForm
from dynmodel_pyramid.fields.types.json import JsonDocument

#: Told of the values of a field that can't be carried over: (id of the row, old value, its text, reason) of some rows.
KeepAside = Callable[[FieldDefinition, FieldDefinition, list[tuple[int, Any, str, str]]], None]


class Preparation:
    """Makes the values of one change in the caller's transaction.

    :param far: the rows of a table by its id, of which the ids are looked at
    :param on_error: what becomes of values that can't be carried over
    :param returning: fields that come back by their ids, each with where the trash keeps its values
    :param earlier: values that come back where nobody has written others since (``TableChange``)
    :param keep_aside: for ``quarantine``; a plan keeps nothing
    :param trusted: ids of fields whose values stay as they are, which the database proves later (``online.py``)
    :param counts_all: whether values are counted of which the change itself needs to know nothing, as a plan tells
    """

    def __init__(
        self,
        connection: sa.Connection,
        generator: Generator,
        before: TableDefinition,
        far: Callable[[int], sa.FromClause],
        *,
        on_error: Words,
        moment: datetime.datetime,
        returning: Mapping[int, TrashedField],
        earlier: Mapping[int, tuple[Earlier, ...]] | None = None,
        keep_aside: KeepAside | None = None,
        trusted: Collection[int] = (),
        counts_all: bool = True,
    ):
        self.connection = connection
        self.generator = generator
        self.before = before
        self.far = far
        self.on_error = on_error
        self.moment = moment
        self.returning = returning
        live = {number: kept for number, kept in returning.items() if number in before.by_id}
        self.earlier = {number: (Earlier(kept, (before.by_id[number],)),) for number, kept in live.items()}
        self.earlier |= earlier or {}
        self.keep_aside = keep_aside
        self.trusted = trusted
        self.counts_all = counts_all
        trashed = [*self.returning.values(), *(each.kept for chain in self.earlier.values() for each in chain)]
        self.table = working_table(generator, before, trashed)
        self._asides: dict[int, Aside] = {}

    def close(self) -> None:
        """Drop what is temporary; needed where the transaction is to go on."""
        for aside in self._asides.values():
            aside.drop()

    # One field

    def of(self, new: FieldDefinition, converts: bool) -> Carried | None:
        """The values of a field after the change; None where it has none of its own, as the database computes them.

        :param converts: whether type or options have changed so that values may
        """
        old = self.before.by_id.get(new.id)
        if self.kind(new) is None:
            return None
        if old is None and new.id in self.returning:
            trashed = self.returning[new.id]
            source = self._source(trashed.field, trashed.column)
            return self._converted(trashed.field, new, source, self.earlier.get(new.id, ()))
        if old is None:
            return self._added(new)
        if converts:
            return self._converted(old, new, self._source(old), self.earlier.get(new.id, ()))
        if self.is_list(new):
            return None
        column = self.table.c[old.name]
        carried = Carried(new, column, old, column, is_same=True)
        if new.required and not old.required:
            self._fill(carried)
        return carried

    def is_list(self, field: FieldDefinition) -> bool:
        reference = self.generator.reference(field)
        return reference is not None and reference.many

    def kind(self, field: FieldDefinition) -> sa.types.TypeEngine | None:
        """What the values are stored as; None for what the database computes. Lists are JSON arrays here."""
        if self.is_list(field):
            return JsonDocument()
        try:
            column = self.generator.column(field)
        except PluginMissing:
            return sa.types.NullType()
        return None if column is None else column.type

    def _source(self, field: FieldDefinition, kept_as: str | None = None) -> sa.ColumnElement:
        """The values of a field as they are, be they in a column, in lines of lists, or computed."""
        if self.is_list(field):
            schema = self.generator.dialect.schema
            kept = lines_of(self.before.id, field.id, schema)
            if kept_as is not None:
                kept = lines(kept_as, sa.MetaData(schema=schema))
            return sa.cast(list_of(self.table, kept, self.generator.dialect.name), JsonDocument())
        key = kept_as or field.name
        if key in self.table.c:
            return self.table.c[key]
        shown = self.generator.field_types[field.type].read_expression(self.table, field.options)
        return sa.type_coerce(shown, shown.type)  # never a column: that may be one of the system's

    def _added(self, new: FieldDefinition) -> Carried:
        kind = self.kind(new)
        value = None if self.is_list(new) else self.generator.default_value(new)
        constant = sa.cast(sa.null(), kind) if value is None else sa.literal(value, kind)
        if value is not None and self.generator.dialect.name == "postgresql":
            constant = sa.cast(constant, kind)  # alone in a condition a parameter has no type
        carried = Carried(new, constant)
        if new.default_expression is not None:
            self._make_all(carried, sa.true())
        return carried

    def _converted(
        self, old: FieldDefinition, new: FieldDefinition, source: sa.ColumnElement, earlier: tuple[Earlier, ...]
    ) -> Carried:
        types, dialect = self.generator.field_types, self.generator.dialect.name
        old_form, new_form = (types[each.type].text_form(each.options) for each in (old, new))
        kind = self.kind(new)
        carried = Carried(new, source, old, source)
        if new.id in self.trusted:
            carried.is_same = True
            return carried
        carried.lost.hidden = carried.changed.hidden = old.write_only or new.write_only
        only = self._bring_back(carried, earlier) if earlier else sa.true()
        how = Conversion(
            table=self.table,
            source=source,
            kind=kind,
            convert=converter(types, old, new),
            to_text=old_form.to_text,
            new_to_text=new_form.to_text,
            numbers=all(self._is_number(each) for each in (old, new)),
            same_storage=isinstance(source, sa.Column) and self._is_same_type(source.type, kind),
            substitute=self._maker(new),
            keep_aside=self._keeper(old, new),
            only=only,
        )
        if (old.type, old.options) == (new.type, new.options) or self._obey_checks(carried, how):
            carried.is_same = how.same_storage
        else:
            if not self.is_list(new):
                how.expression = in_database(types, old, new, source, dialect)
            if how.expression is source and how.same_storage:
                # As far as the types can tell in SQL no value changes, and all are taken.
                carried.is_same = True
                self._count(carried, how)
            elif how.expression is not None and new_form.sql_to_text is not None:
                how.sql_texts = tuple(_text_maker(form, dialect) for form in (old_form, new_form))
            if not carried.is_same:
                with self._refusing_defaults(new):
                    convert_values(self.connection, carried, how, lambda: self._aside(new, kind))
        carried.is_same &= carried.aside is None
        self._lose_missing_rows(carried, how)
        if new.required:
            self._fill(carried)
        return carried

    def _is_same_type(self, one: sa.types.TypeEngine, other: sa.types.TypeEngine) -> bool:
        """Whether a value is stored alike in both; columns declared alike may yet keep it in different forms."""
        declared = (each.compile(self.connection.dialect) for each in (one, other))
        return type(one) is type(other) and repr(one) == repr(other) and len(set(declared)) == 1

    def _is_number(self, field: FieldDefinition) -> bool:
        rules = self.generator.field_types[field.type].json_schema(field.options)
        return rules.get("type") in ("integer", "number")

    def _obey_checks(self, carried: Carried, how: Conversion) -> bool:
        """Whether the database can tell that all values obey the options that have changed: one scan, and no text."""
        old, new = carried.before, carried.after
        if old.type != new.type or not how.same_storage:
            return False
        checks = self.generator.field_types[new.type].checks(how.source, new.options, self.generator.context)
        judged = judged_options(old, new, checks)
        if judged is None:
            return False
        if not judged:
            self._count(carried, how)
            return True
        rules = sa.and_(sa.true(), *(checks[name] for name in judged))
        broken = sa.func.coalesce(sa.func.sum(sa.case((~rules, 1), else_=0)), 0)
        counts = sa.select(sa.func.count(how.source), broken).select_from(self.table).where(how.only)
        carried.values, number = self.connection.execute(counts, execution_options=UNCACHED).one()
        return number == 0

    def _count(self, carried: Carried, how: Conversion) -> None:
        """Count values that all stay as they are."""
        if self.counts_all:
            query = sa.select(sa.func.count(how.source)).select_from(self.table)
            carried.values = self.connection.scalar(query, execution_options=UNCACHED)

    def _aside(self, field: FieldDefinition, kind: sa.types.TypeEngine) -> Aside:
        if field.id not in self._asides:
            self._asides[field.id] = Aside(self.connection, self.table, field.id, kind)
        return self._asides[field.id]

    def _maker(self, new: FieldDefinition) -> Callable[[], Any] | None:
        """What lost values become; None for null. Quarantined ones do where null is refused."""
        word = self.on_error.of(new)
        takes_default = word == "default" or (word == "quarantine" and new.required)
        return self.generator.default_maker(new, self.moment) if takes_default else None

    def _keeper(self, old: FieldDefinition, new: FieldDefinition):
        if self.keep_aside is None or self.on_error.of(new) != "quarantine":
            return None
        return lambda rows: self.keep_aside(old, new, rows)

    def _bring_back(self, carried: Carried, earlier: tuple[Earlier, ...]) -> sa.ColumnElement[bool]:
        """-> in which rows nothing comes back from the trash, so that what there is must be converted."""
        new, kind = carried.after, self.kind(carried.after)
        types = self.generator.field_types

        def conversion(kept: FieldDefinition) -> Conversion:
            return Conversion(
                table=self.table,
                source=carried.source,
                kind=kind,
                convert=converter(types, kept, new),
                to_text=types[kept.type].text_form(kept.options).to_text,
                new_to_text=types[new.type].text_form(new.options).to_text,
                substitute=self._maker(new),
                keep_aside=self._keeper(kept, new),
            )

        columns = [self._source(each.kept.field, each.kept.column) for each in earlier]
        aside = self._aside(new, kind)
        with self._refusing_defaults(new):
            found = bring_back(self.connection, carried, self.generator, earlier, columns, aside, conversion)
        if not found:
            return sa.true()
        carried.override(aside)
        return ~aside.has_row()

    def _lose_missing_rows(self, carried: Carried, how: Conversion) -> None:
        reference = self.generator.reference(carried.after)
        if reference is not None:
            far, make_aside = self.far(reference.table), lambda: self._aside(carried.after, how.kind)
            lose_missing_rows(self.connection, carried, how, far, make_aside, many=reference.many)

    def _fill(self, carried: Carried) -> None:
        """With ``on_error=default`` a required field takes its default where it would be null."""
        field = carried.after
        if self.on_error.of(field) != "default" or (field.default is None and field.default_expression is None):
            return
        is_null = carried.expression.is_(None)
        count = sa.select(sa.func.count()).select_from(self.table).where(is_null)
        carried.filled = self.connection.scalar(count, execution_options=UNCACHED)
        if not carried.filled:
            return
        if field.default_expression is not None:
            self._make_all(carried, is_null)
            return
        value = sa.literal(self.generator.default_value(field), self.kind(field))
        carried.expression = sa.func.coalesce(carried.expression, value, type_=self.kind(field))
        carried.is_same = False

    def _make_all(self, carried: Carried, condition: sa.ColumnElement[bool]) -> None:
        """Give rows what ``default_expression`` makes, each its own."""
        maker = self.generator.default_maker(carried.after, self.moment)
        aside = self._aside(carried.after, self.kind(carried.after))
        with self._refusing_defaults(carried.after):
            for rows in batches(self.connection, self.table, condition):
                aside.replace([(row_id, maker()) for (row_id,) in rows])
        carried.override(aside)

    @contextmanager
    def _refusing_defaults(self, field: FieldDefinition) -> Iterator[None]:
        """Refuse the change where the field takes some values of its expression only, as a pattern takes some UUIDs."""
        try:
            yield
        except colander.Invalid as error:
            raise Conflict(
                f"the field {field.name!r} refuses what its default_expression made: "
                + "; ".join(error.asdict().values()),
                code="lossy_change",
                field=field.name,
            ) from error


def _text_maker(form: TextForm, dialect: str) -> Callable[[sa.ColumnElement], sa.ColumnElement]:
    return lambda value: form.sql_to_text(value, dialect)
