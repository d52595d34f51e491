"""Compares the database with the promises of a definition.

The statements of a change (``ddl/``) are made from the comparison of two definitions. This module does not depend on
the changes that led to a table: it compares the table's parts with those of a new table, which is made and thrown away
(:mod:`dynmodel_pyramid.database.things`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.check_constraints import check_name
from dynmodel_pyramid.catalogue.list_tables import ON_DELETE_SQL, lines
from dynmodel_pyramid.catalogue.system_values import system_fields
from dynmodel_pyramid.catalogue.table_builder import Generator, foreign_key_name
from dynmodel_pyramid.changes.ddl.not_valid import required_name
from dynmodel_pyramid.database.things import KINDS, NOT_VALID, Thing, Things, foreign_key
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.definitions.store import LIST_PREFIX, DefinitionStore
from dynmodel_pyramid.definitions.trashed import TrashStore
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.fields import Reference

#: Prefixes of this package's names: other indexes were added by administrators.
_OURS = ("_ix_", "_ux_", "_sx_", "_fx_")
#: Names of temporary tables of changes, with the id of the changed table.
_TEMPORARY = ("rebuild", "rename", "moving", "links", "rebuild_links")
_LEFT_OVER = re.compile(rf"_(?:{'|'.join(_TEMPORARY)})_(\d+)(?:_\d+)?")


@dataclass(frozen=True, slots=True)
class Broken:
    """One difference from a definition's promises.

    :param kind: one of :data:`~dynmodel_pyramid.database.things.KINDS`, or ``counter``
    :param table: the table in the database: the definition's, or one that keeps a field's lists
    :param promised: as the database would print it; None: there should be none
    :param found: as the database prints it; None: there is none
    :param field: the name of its field, if it belongs to one
    """

    kind: str
    name: str
    table: str
    promised: str | None
    found: str | None
    field: str | None = None

    @property
    def detail(self) -> str:
        """One sentence."""
        what = " ".join(filter(None, ("the", self.kind.replace("_", " "), self.name)))
        where = "" if self.kind == "table" else f" of the table {self.table}"
        if self.found is None:
            return f"{what}{where} is missing" + (f"; promised is: {self.promised}" if self.promised else "")
        if self.promised is None:
            return f"{what}{where} should not be there" + (f": {self.found}" if self.found else "")
        return f"{what}{where} is: {self.found}; promised is: {self.promised}"

    @property
    def hint(self) -> str:
        """The mend: a change drops the wrong thing and makes the right one."""
        if self.promised is not None and self.found == self.promised + NOT_VALID:
            return f"validate it: ALTER TABLE {self.table} VALIDATE CONSTRAINT, with its name"
        if self.kind in ("index", "unique"):
            return "take the rule (unique, index or the rule over several fields) out of the definition and put it back"
        if self.kind in ("check", "foreign_key"):
            return "change the options of the field that it belongs to, and change them back"
        if self.kind == "counter":
            return "raise the counter before rows are added: rows were written past the service"
        return "compare with a backup: the table was changed past the service"


class Promises:
    """Compares tables in the caller's transaction, which may make temporary tables (``Database.rehearsing``)."""

    def __init__(self, connection: sa.Connection, generator: Generator, store: DefinitionStore) -> None:
        self.connection = connection
        self.generator = generator
        self.dialect = generator.dialect
        self.store = store
        self.trash = TrashStore(store.system)

    def broken(self, definition: TableDefinition) -> list[Broken]:
        """The differences of a live table, and of the tables of its lists, from the definition's promises.

        Fields whose type is not installed are not checked.
        """
        known, table = self._known(definition), definition.physical_name
        beginnings = [table, *(f"_{what}_{definition.id}" for what in _TEMPORARY)]
        relations = self.dialect.relations(self.connection, beginnings)
        if table in [thing.name for thing in relations]:
            # A purge makes no version, so it can't be noticed in between.
            locked = sa.table(quoted_name(table, quote=True), schema=self.dialect.schema)
            wait = self.dialect.settings.lock_timeout
            self.dialect.lock_tables(self.connection, [locked], writes=False, wait=wait)
        actual = dict(self.dialect.things(self.connection, table))
        promised = self._promised(known)
        trashed = [field.kept.column for field in self.trash.fields(self.connection, definition.id)]
        self._expect_trash(actual, promised, [name for name in trashed if not name.startswith(LIST_PREFIX)])
        self._excuse(actual, promised, definition, known)
        broken = list(_differences(table, promised, actual))
        if actual:
            broken += self._counters(known)
        for field, reference in self._lists(known):
            far = self._far(reference.table)
            name = link_table(definition.id, field.id)
            broken += self._list(
                name, {"row_id": (table, "CASCADE"), "value": (far, ON_DELETE_SQL[reference.on_delete])}, field
            )
        for name in trashed:
            if name.startswith(LIST_PREFIX):
                broken += self._list(name, {"row_id": (table, "CASCADE")}, None)
        broken += self._left_over(definition, relations)
        return [self._of_field(thing, definition) for thing in broken]

    # The promises

    def _known(self, definition: TableDefinition) -> TableDefinition:
        """The definition without fields whose types are not installed, and without rules that name them."""
        fields = tuple(field for field in definition.fields if self._is_known(field))
        gone = definition.by_id.keys() - {field.id for field in fields}
        indexes = tuple(index for index in definition.indexes if not gone & dict(index.fields).keys())
        return replace(definition, fields=fields, indexes=indexes)

    def _is_known(self, field: FieldDefinition) -> bool:
        try:
            self.generator.plain_column(field)
        except PluginMissing:
            return False
        return True

    def _promised(self, definition: TableDefinition) -> dict[Thing, str]:
        def make(metadata: sa.MetaData) -> tuple[sa.Table, list[sa.Index]]:
            table = self.generator.table(definition, metadata=metadata)
            for field in definition.fields:
                name = required_name(definition, field)
                if name in definition.pending:
                    table.append_constraint(sa.CheckConstraint(table.c[field.name].is_not(None), name=name))
                    table.c[field.name].nullable = True
            self.generator.conditions.checks(definition, table)
            return table, list(self.generator.indexes(definition, table).values())

        promised = dict(self._made(make))
        for field in definition.fields:
            reference = self.generator.reference(field)
            if reference is not None and not reference.many:
                on_delete = ON_DELETE_SQL[reference.on_delete]
                name, far = foreign_key_name(definition, field), self._far(reference.table)
                thing, text = foreign_key(name, [field.column], far, ["id"], on_delete, True)
                promised[thing] = text
        return promised

    def _made(self, make: Callable[[sa.MetaData], tuple[sa.Table, list[sa.Index]]]) -> Things:
        return self.dialect.promised_things(self.connection, make)

    def _far(self, table_id: int) -> str:
        try:
            return self.store.physical_name(self.connection, table_id)
        except LookupError:
            return f"(the table {table_id}, which is gone)"

    def _expect_trash(self, actual: dict[Thing, str], promised: dict[Thing, str], trashed: list[str]) -> None:
        """Expect the columns in the trash, of any type; they must not refuse any values."""
        for thing in (Thing("column", name) for name in trashed):
            text = actual.get(thing, " NOT NULL")
            demands = " NOT NULL" in text or " DEFAULT " in text
            promised[thing] = "without NOT NULL and DEFAULT" if demands else text
        for thing in [thing for thing in actual if thing.kind == "check" and thing not in promised]:
            # On SQLite a column keeps its checks in the trash, because nobody writes there.
            if any(f'"{name}"' in actual[thing] for name in trashed):
                del actual[thing]

    def _excuse(
        self, actual: dict[Thing, str], promised: dict[Thing, str], definition: TableDefinition, known: TableDefinition
    ) -> None:
        """Leave out permitted differences: unknown types, foreign rules, and rules that are not proven yet."""
        unknown = [field for field in definition.fields if field.id not in known.by_id]
        rules = {f"{begin}{definition.id}_{index.id}" for index in definition.indexes for begin in _OURS}
        for thing in list(actual):
            is_ours = thing.kind != "index" or thing.name.startswith(_OURS)
            is_unknown = any(_belongs_to(thing, definition, field) for field in unknown)
            is_unknown |= bool(unknown) and thing.name in rules and thing not in promised
            if is_unknown or not is_ours:
                del actual[thing]
            elif thing.name in definition.pending:
                actual[thing] = actual[thing].removesuffix(NOT_VALID)

    # Outside the table itself

    def _lists(self, definition: TableDefinition) -> list[tuple[FieldDefinition, Reference]]:
        references = ((field, self.generator.reference(field)) for field in definition.fields)
        return [(field, reference) for field, reference in references if reference is not None and reference.many]

    def _list(self, name: str, keys: dict[str, tuple[str, str]], field: FieldDefinition | None) -> Iterator[Broken]:
        """A table of lines, in use or in the trash.

        :param keys: far table and ON DELETE by column
        """

        def make(metadata: sa.MetaData) -> tuple[sa.Table, list[sa.Index]]:
            table = lines(name, metadata)
            index = f"_ix_{name.removeprefix('_links_')}"
            return table, [sa.Index(index, table.c.value, table.c.row_id)] if field is not None else []

        promised = dict(self._made(make))
        for column, (far, on_delete) in keys.items():
            thing, text = foreign_key(None, [column], far, ["id"], on_delete, True)
            promised[thing] = text
        for broken in _differences(name, promised, dict(self.dialect.things(self.connection, name))):
            yield replace(broken, field=field.name if field is not None else None)

    def _left_over(self, definition: TableDefinition, relations: Iterable[Thing]) -> Iterator[Broken]:
        """Leftovers: tables that a change of this table makes, and must drop or rename before it ends."""
        lists = {link_table(definition.id, field.id) for field in definition.fields}
        for thing in sorted(relations):
            left_over = _LEFT_OVER.fullmatch(thing.name)
            if left_over is not None and thing.name not in lists and int(left_over[1]) == definition.id:
                yield Broken(thing.kind, thing.name, thing.name, None, "")

    def _counters(self, definition: TableDefinition) -> Iterator[Broken]:
        """Check that no numbers are used twice: ids of rows, and numbers of indexed fields that count rows.

        The greatest number is read before its counter: rows may come in between.
        """
        table = self.generator.table(definition)
        greatest = self._greatest(table.c.id)
        last = self.dialect.last_id(self.connection, table)
        if last is not None and greatest > last:
            yield Broken("counter", "id", str(table.name), f"{greatest} or more", str(last), None)
        counter = self.store.system.counter.c
        for field in system_fields(definition, self.generator.field_types):
            if field.name not in table.c or not isinstance(table.c[field.name].type, sa.Integer):
                continue
            if field.is_unique or field.index:
                greatest = self._greatest(table.c[field.name])
                mine = sa.and_(counter.table_id == definition.id, counter.field_id == field.id)
                last = self.connection.scalar(sa.select(counter.last).where(mine)) or 0
                if greatest > last:
                    yield Broken("counter", field.name, str(table.name), f"{greatest} or more", str(last), field.name)

    def _greatest(self, column: sa.Column[Any]) -> int:
        query = sa.select(sa.func.max(column))
        return self.connection.scalar(query, execution_options={"compiled_cache": None}) or 0

    def _of_field(self, broken: Broken, definition: TableDefinition) -> Broken:
        if broken.field is not None:
            return broken
        thing = Thing(broken.kind, broken.name)
        field = next((field for field in definition.fields if _belongs_to(thing, definition, field)), None)
        return broken if field is None else replace(broken, field=field.name)


def _belongs_to(thing: Thing, definition: TableDefinition, field: FieldDefinition) -> bool:
    """Whether a thing belongs to the table, by its name, which is made of ids."""
    names = {foreign_key_name(definition, field), *(f"{begin}{definition.id}_{field.id}" for begin in _OURS)}
    if thing.kind == "column":
        return thing.name == field.column
    return thing.name in names or thing.name.startswith(check_name(definition, field, ""))


def _differences(table: str, promised: Things, actual: Things) -> Iterator[Broken]:
    """The differences; if the whole table is missing, only that."""
    if not actual:
        yield Broken("table", table, table, "", None)
        return
    differing = {thing for thing in {*promised, *actual} if promised.get(thing) != actual.get(thing)}
    for thing in sorted(differing, key=lambda thing: (KINDS.index(thing.kind), thing.name)):
        yield Broken(thing.kind, thing.name, table, promised.get(thing), actual.get(thing))
