"""The values of all fields after a change of a definition, made beside the table. Nothing is changed yet."""

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.check_constraints import implication, judged_options
from dynmodel_pyramid.catalogue.table_builder import Generator
from dynmodel_pyramid.changes.on_error import Words
from dynmodel_pyramid.changes.table_change import Earlier
from dynmodel_pyramid.changes.values.column_values import UNCACHED, ColumnValues, SideTable, SourceTable, batches
from dynmodel_pyramid.changes.values.conversion import (
    Conversion,
    Lost,
    convert_values,
    converter,
    in_database,
    repairer,
    text_maker,
)
from dynmodel_pyramid.changes.values.dangling_links import lose_dangling_links
from dynmodel_pyramid.changes.values.far_keys import FarKeys, no_keys
from dynmodel_pyramid.changes.values.undo_conversions import undo_conversions
from dynmodel_pyramid.changes.values.violations import Samples
from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.fields import Reference, TextForm

#: Stores lost values of a field: (field before, field after, lost values).
Quarantine = Callable[[FieldDefinition, FieldDefinition, list[Lost]], None]


@dataclass(frozen=True, slots=True)
class StagingRequest:
    """The values to make.

    :param before: the present definition of the table
    :param far: gives the rows of a table by its id, to check links
    :param on_error: what becomes of values that can't be converted
    :param moment: the moment for ``default_expression``
    :param returning: restored fields by their ids, each with the place of its values in the trash
    :param earlier: values to restore if they were not overwritten (``TableChange``)
    :param quarantine: for ``on_error=quarantine``; None: lost values are not stored, as in a plan
    :param trusted: ids of fields whose values stay as they are, which the database proves later (``online.py``)
    :param counts_all: whether to count values that only a plan reports
    :param far_key: gives the keys of links, by which they are converted
    """

    before: TableDefinition
    far: Callable[[int], sa.FromClause]
    on_error: Words
    moment: datetime.datetime
    returning: Mapping[int, TrashedField] = field(default_factory=dict)
    earlier: Mapping[int, tuple[Earlier, ...]] = field(default_factory=dict)
    quarantine: Quarantine | None = None
    trusted: Collection[int] = frozenset()
    counts_all: bool = True
    far_key: FarKeys = no_keys

    def all_earlier(self) -> dict[int, tuple[Earlier, ...]]:
        """``earlier``, and the values in the trash of existing fields."""
        live = {number: trashed for number, trashed in self.returning.items() if number in self.before.by_id}
        return {
            **{number: (Earlier(trashed, (self.before.by_id[number],)),) for number, trashed in live.items()},
            **self.earlier,
        }


class Staging:
    """Makes the values of one change in the caller's transaction, field by field (:meth:`values_of`)."""

    def __init__(self, connection: sa.Connection, generator: Generator, request: StagingRequest) -> None:
        self.connection = connection
        self.generator = generator
        self.request = request
        self.earlier = request.all_earlier()
        trashed = [*request.returning.values(), *(entry.kept for chain in self.earlier.values() for entry in chain)]
        self.source = SourceTable(generator, request.before, trashed)
        self.table = self.source.table
        self._side_tables: dict[int, SideTable] = {}

    def close(self) -> None:
        """Drop the side tables; needed if the transaction is to be committed."""
        for side_table in self._side_tables.values():
            side_table.drop()

    # One field

    def values_of(self, new: FieldDefinition, *, converts: bool) -> ColumnValues | None:
        """The values of a field after the change; None if the database computes them.

        :param converts: whether type or options have changed, so that values may change
        """
        old = self.request.before.by_id.get(new.id)
        if self.source.kind(new) is None:
            return None
        if old is None and new.id in self.request.returning:
            trashed = self.request.returning[new.id]
            return self._converted(trashed.field, new, self.source.values(trashed.field, trashed.column))
        if old is None:
            return self._added(new)
        if converts:
            return self._converted(old, new, self.source.values(old))
        if self.source.is_list(new):
            return None
        column = self.table.c[old.name]
        values = ColumnValues(new, column, old, column, is_same=True)
        return self._filled(values) if new.required and not old.required else values

    def _added(self, new: FieldDefinition) -> ColumnValues:
        kind = self.source.stored_as(new)
        value = None if self.source.is_list(new) else self.generator.default_value(new)
        expressions = expressions_of(self.generator.dialect.name)
        constant = sa.cast(sa.null(), kind) if value is None else expressions.constant(value, kind)
        values = ColumnValues(new, constant)
        return values if new.default_expression is None else self._with_own_defaults(values, sa.true())

    def _converted(self, old: FieldDefinition, new: FieldDefinition, source: sa.ColumnElement[Any]) -> ColumnValues:
        kind, hidden = self.source.stored_as(new), Samples(old.write_only or new.write_only)
        values = ColumnValues(new, source, old, source, changed=hidden, lost=hidden, repaired=hidden)
        if new.id in self.request.trusted:
            return replace(values, is_same=True)
        only: sa.ColumnElement[bool] = sa.true()
        if new.id in self.earlier:
            values = self._with_undone_conversions(values)
            only = sa.true() if values.side_table is None else ~values.side_table.has_row()
        same_storage = isinstance(source, sa.Column) and self._is_same_type(source.type, kind)
        obeying: ColumnValues | None = values
        if (old.type, old.options) != (new.type, new.options):
            obeying = self._obeying(values, only) if same_storage and old.type == new.type else None
        if obeying is not None:
            values = replace(obeying, is_same=same_storage)
        else:
            values = replace(self._convert(values, only, same_storage=same_storage), scanned=True)
        values = replace(values, is_same=values.is_same and values.side_table is None)
        reference = self.generator.reference(new)
        if reference is not None:
            values = self._without_dangling_links(values, reference)
        return self._filled(values) if new.required else values

    def _is_same_type(self, one: sa.types.TypeEngine[Any], other: sa.types.TypeEngine[Any]) -> bool:
        """Whether both store a value in the same way; columns declared alike may still have different forms."""
        if type(one) is not type(other) or repr(one) != repr(other):
            return False
        return one.compile(self.connection.dialect) == other.compile(self.connection.dialect)

    def _obeying(self, values: ColumnValues, only: sa.ColumnElement[bool]) -> ColumnValues | None:
        """The values with their counts, if the database can prove that all obey the changed options; else None.

        It takes one scan, and makes no texts of values.
        """
        new, source = values.after, values.old_values
        checks = self.generator.field_types[new.type].checks(source, new.options, self.generator.context)
        changed = judged_options(values.old, new, checks)
        if changed is None:
            return None
        changed -= self._implied(values, checks, changed)
        if not changed:
            return self._counted(values)
        rules = sa.and_(sa.true(), *(checks[name] for name in changed))
        broken = sa.func.coalesce(sa.func.sum(sa.case((~rules, 1), else_=0)), 0)
        counts = sa.select(sa.func.count(source), broken).select_from(self.table).where(only)
        total, number = self.connection.execute(counts, execution_options=UNCACHED).one()
        return replace(values, total=total, scanned=True) if number == 0 else None

    def _implied(self, values: ColumnValues, checks: Mapping[str, sa.ColumnElement[bool]], names: set[str]) -> set[str]:
        """The checks that present checks imply, which all rows obey: a bound that becomes wider, for example."""
        old = values.old
        if self.request.before.by_id.get(old.id) is not old:
            return set()  # the column is in the trash, and may have lost its checks
        present = self.generator.field_types[old.type].checks(values.old_values, old.options, self.generator.context)
        conditions = {name: implication(present[name], checks[name]) for name in names & present.keys()}
        possible = {name: condition for name, condition in conditions.items() if condition is not None}
        if not possible:
            return set()
        answers = self.connection.execute(sa.select(*possible.values()), execution_options=UNCACHED).one()
        return {name for name, answer in zip(possible, answers, strict=True) if answer}

    def _counted(self, values: ColumnValues) -> ColumnValues:
        """The counts of values that all stay as they are."""
        if not self.request.counts_all:
            return values
        query = sa.select(sa.func.count(values.source)).select_from(self.table)
        return replace(values, total=self.connection.execute(query, execution_options=UNCACHED).scalar_one())

    def _convert(self, values: ColumnValues, only: sa.ColumnElement[bool], *, same_storage: bool) -> ColumnValues:
        old, new = values.old, values.after
        types, dialect = self.generator.field_types, self.generator.dialect.name
        conversion = replace(
            self._conversion(values, old),
            numbers=self._is_number(old) and self._is_number(new),
            same_storage=same_storage,
            only=only,
        )
        if not self.source.is_list(new):
            conversion = replace(conversion, expression=self._in_database(values))
        if conversion.expression is not None and new.id not in self.earlier and self.request.far_key(new) is None:
            conversion = replace(conversion, sure=in_database(types, old, new, values.old_values, dialect, surely=True))
        if conversion.expression is values.source and same_storage:
            # As far as the types can check in SQL, no value changes, and all are valid.
            return replace(self._counted(values), is_same=True)
        forms = [types[form.type].text_form(form.options) for form in (old, new)]
        if conversion.expression is not None and forms[1].sql_to_text is not None:
            conversion = replace(conversion, sql_texts=tuple(_text_maker(form, dialect) for form in forms))
        with _refusing_defaults(new):
            return convert_values(self.connection, values, conversion, lambda: self._side_table(new))

    def _in_database(self, values: ColumnValues) -> sa.ColumnElement[Any] | None:
        """The converted values in SQL: see :func:`in_database`; links with a key are made of texts by it."""
        old, new, types, dialect = values.old, values.after, self.generator.field_types, self.generator.dialect.name
        key = self.request.far_key(new)
        if self.request.far_key(old) is not None:
            return None
        if key is None:
            return in_database(types, old, new, values.old_values, dialect)
        to_text = types[old.type].text_form(old.options).sql_to_text
        return None if to_text is None else key.in_database(to_text(values.old_values, dialect), self.table, dialect)

    def _conversion(self, values: ColumnValues, old: FieldDefinition) -> Conversion:
        """The conversion from the old field; Python decides for all values."""
        new, types = values.after, self.generator.field_types
        return Conversion(
            table=self.table,
            source=values.old_values,
            kind=self.source.stored_as(new),
            convert=converter(types, old, new, self.request.far_key),
            to_text=text_maker(types, old, self.request.far_key),
            new_to_text=types[new.type].text_form(new.options).to_text,
            substitute=self._substitute(new),
            repair=repairer(types, old, new, self.request.on_error.of(new), self.request.far_key),
            quarantine=self._quarantine(old, new),
        )

    def _is_number(self, field: FieldDefinition) -> bool:
        rules = self.generator.field_types[field.type].json_schema(field.options)
        return rules.get("type") in ("integer", "number")

    def _side_table(self, field: FieldDefinition) -> SideTable:
        if field.id not in self._side_tables:
            kind = self.source.stored_as(field)
            self._side_tables[field.id] = SideTable(self.connection, self.generator.dialect, self.table, field.id, kind)
        return self._side_tables[field.id]

    def _substitute(self, new: FieldDefinition) -> Callable[[], Any] | None:
        """The replacement of lost values; None for null. Quarantined values need it if null is refused."""
        word = self.request.on_error.of(new)
        takes_default = word == "default" or (word == "quarantine" and new.required)
        return self.generator.default_maker(new, self.request.moment) if takes_default else None

    def _quarantine(self, old: FieldDefinition, new: FieldDefinition) -> Callable[[list[Lost]], None] | None:
        keep = self.request.quarantine
        if keep is None or self.request.on_error.of(new) != "quarantine":
            return None
        return lambda lost: keep(old, new, lost)

    def _with_undone_conversions(self, values: ColumnValues) -> ColumnValues:
        """The values, overridden where old values are restored from the trash."""
        new, earlier = values.after, self.earlier[values.after.id]
        columns = [self.source.values(entry.kept.field, entry.kept.column) for entry in earlier]
        side_table = self._side_table(new)
        with _refusing_defaults(new):
            return undo_conversions(
                self.connection,
                values,
                self.generator,
                earlier,
                columns,
                side_table,
                lambda old_form: self._conversion(values, old_form),
                self.request.far_key,
            )

    def _without_dangling_links(self, values: ColumnValues, reference: Reference) -> ColumnValues:
        conversion, far = self._conversion(values, values.old), self.request.far(reference.table)
        return lose_dangling_links(
            self.connection, values, conversion, far, lambda: self._side_table(values.after), many=reference.many
        )

    def _filled(self, values: ColumnValues) -> ColumnValues:
        """The values, with the default instead of null for a required field under ``on_error=default``."""
        new = values.after
        if self.request.on_error.of(new) != "default" or (new.default is None and new.default_expression is None):
            return values
        is_null = values.expression.is_(None)
        count = sa.select(sa.func.count()).select_from(self.table).where(is_null)
        filled = self.connection.execute(count, execution_options=UNCACHED).scalar_one()
        values = replace(values, filled=filled, scanned=True)
        if not values.filled:
            return values
        if new.default_expression is not None:
            return self._with_own_defaults(values, is_null)
        kind = self.source.stored_as(new)
        default = sa.literal(self.generator.default_value(new), kind)
        expression = sa.func.coalesce(values.expression, default, type_=kind)
        return replace(values, expression=expression, is_same=False, sure=None)

    def _with_own_defaults(self, values: ColumnValues, condition: sa.ColumnElement[bool]) -> ColumnValues:
        """The values; rows that fulfil the condition get the value of ``default_expression``, each its own."""
        make_default = self.generator.default_maker(values.after, self.request.moment)
        assert make_default is not None
        side_table = self._side_table(values.after)
        with _refusing_defaults(values.after):
            for rows in batches(self.connection, self.table, condition):
                side_table.replace([(row_id, make_default()) for (row_id,) in rows])
        return values.overridden_by(side_table)


@contextmanager
def _refusing_defaults(field: FieldDefinition) -> Iterator[None]:
    """Refuse the change if only some values of the expression are valid, as a pattern may match only some UUIDs."""
    try:
        yield
    except colander.Invalid as error:
        raise Conflict(
            f"the field {field.name!r} refuses what its default_expression made: " + "; ".join(error.asdict().values()),
            code="lossy_change",
            field=field.name,
        ) from error


def _text_maker(form: TextForm, dialect: str) -> Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]:
    to_text = form.sql_to_text
    assert to_text is not None
    return lambda value: to_text(value, dialect)
