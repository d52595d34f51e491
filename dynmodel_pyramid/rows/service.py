"""The row service: reads and writes rows of one table.

Its functions take a connection whose transaction the caller began, opened as the caller's attempt
(:class:`dynmodel_pyramid.catalogue.attempt.Attempt`), and a scope. They never commit.
"""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, cached_property, partial
from itertools import repeat
from typing import Any

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.access.grants import ACTIONS, Action
from dynmodel_pyramid.catalogue.cascades import Cascade
from dynmodel_pyramid.catalogue.system_values import Filler, system_fields
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.catalogue.watching import RowWrites, WantedWrites
from dynmodel_pyramid.database.dialect import refuse_unsafe_ids
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, ProblemSink
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Invalid, PreconditionFailed, Problem
from dynmodel_pyramid.fields import Reference
from dynmodel_pyramid.queries.sql.subjects import SYSTEM
from dynmodel_pyramid.rows import judging
from dynmodel_pyramid.rows.keys import KeyReader, read_keys, resolve
from dynmodel_pyramid.rows.links import Held, Links
from dynmodel_pyramid.rows.permits import Permits
from dynmodel_pyramid.rows.prepared import PreparedInsert
from dynmodel_pyramid.rows.reading import ALL_RIGHTS, Rights, RowReader
from dynmodel_pyramid.rows.reads import RowReads
from dynmodel_pyramid.rows.repeating import Current, refuse_changes, same_json
from dynmodel_pyramid.rows.sent_names import renamed
from dynmodel_pyramid.rows.violations import Candidate, telling, write_all
from dynmodel_pyramid.telemetry.measuring import wrote

#: The values of rows by their fields, in the order of the rows.
ByField = Mapping[str, Sequence[Any]]


def by_field(rows: Sequence[Mapping[str, Any]]) -> ByField:
    """Rows that have the same fields, as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def rows_of(columns: ByField, names: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of columns, with some of their fields."""
    kept = [name for name in names if name in columns]
    return [dict(zip(kept, row, strict=True)) for row in zip(*[columns[name] for name in kept], strict=True)]


class NewRows:
    """Valid rows: the values of each by field, and its id if the client gives one.

    :param values: the rows, or their columns
    :param pointers: whether the pointers of problems begin with the row's number; the first one's is ``first``
    :param sent: the fields that the client sent for each; empty if the caller may write everything
    :param numbers: those of the rows; None: they follow one another
    """

    def __init__(
        self,
        values: list[dict[str, Any]] | dict[str, list[Any]],
        ids: list[int | None],
        pointers: bool = False,
        first: int = 0,
        sent: tuple[frozenset[str], ...] = (),
        numbers: Sequence[int] | None = None,
    ) -> None:
        self._values = values
        self.numbers = range(first, first + len(ids)) if numbers is None else numbers
        self.ids = ids
        self.pointers, self.sent = pointers, sent

    @property
    def values(self) -> list[dict[str, Any]]:
        """The rows, which may be changed."""
        if isinstance(self._values, dict):
            self._values = rows_of(self._values, self._values) if self._values else [{} for _ in self.ids]
        return self._values

    @property
    def columns(self) -> dict[str, list[Any]] | None:
        """The values by field, if they were judged so and nobody has asked for the rows."""
        return self._values if isinstance(self._values, dict) else None

    @property
    def places(self) -> list[str]:
        """The pointers of the rows."""
        return [f"/{number}" if self.pointers else "" for number in self.numbers]

    def some(self, places: Sequence[int]) -> "NewRows":
        """Copies of some of the rows."""
        ids, numbers = [self.ids[place] for place in places], [self.numbers[place] for place in places]
        values: list[dict[str, Any]] | dict[str, list[Any]]
        if isinstance(self._values, dict):
            values = {name: [column[place] for place in places] for name, column in self._values.items()}
        else:
            values = [dict(self._values[place]) for place in places]
        sent = tuple(self.sent[place] for place in places) if self.sent else ()
        return NewRows(values, ids, self.pointers, sent=sent, numbers=numbers)

    @classmethod
    def joined(cls, parts: Sequence["NewRows"]) -> "NewRows":
        """The rows of several."""
        return cls(
            [row for part in parts for row in part.values],
            [row_id for part in parts for row_id in part.ids],
            pointers=True,
            sent=tuple(sent for part in parts for sent in part.sent),
            numbers=[number for part in parts for number in part.numbers],
        )

    def candidates(self) -> list[Candidate]:
        """The rows for messages of the database's refusals."""
        return [
            Candidate(pointer, values if row_id is None else {**values, "id": row_id}, sent)
            for pointer, values, row_id, sent in zip(
                self.places, self.values, self.ids, self.sent or repeat(None, len(self.ids)), strict=True
            )
        ]


class Rows(RowReads):
    """The rows of one version of one table, for a caller who may write everything (else :mod:`~.permitted`)."""

    @property
    def reader(self) -> RowReader:
        return self.model.once(RowReader, RowReader)

    @property
    def links(self) -> Links:
        return self.model.once(Links, Links)

    @property
    def given(self) -> tuple[FieldDefinition, ...]:
        """The fields whose values the system makes at a write."""
        return self.model.once("given", lambda model: system_fields(model.definition, model.field_types))

    def use_linked(self) -> None:
        """Look up all tables that a write may reach, before its transaction begins, so that a later attempt locks them,
        too.
        """
        self.links.use(self.scopes)
        seen, waiting = {self.model.definition.id}, [self.model]
        while waiting:
            for referrer in waiting.pop().definition.referrers:
                if referrer.table_id not in seen:
                    seen.add(referrer.table_id)
                    near = self.models(referrer.table_id)
                    waiting += [near] if near is not None and referrer.on_delete == "cascade" else []

    def filler(self, connection: sa.Connection, moment: datetime.datetime) -> Filler:
        model = self.model
        return Filler(connection, self.catalogue.store, model.field_types, model.definition, self.author, moment)

    def rights(self, action: Action) -> Rights:
        """What the caller knows of the fields, when documents for an action are read."""
        return Rights(presets=self.reader.required) if self.catalogue.watches_wanted_rows else ALL_RIGHTS

    def knows(self, name: str, action: Action) -> bool:
        """Whether the table has a field, a former name of one, a reverse side or a system column of that name, which
        exists for the caller.
        """
        name = self.former_names.get(name, name)
        return name in SYSTEM or name in self.reader.by_name or name in self.reader.given

    def exists(self, name: str) -> bool:
        """Whether a document may name it in some action: else it is as if it did not exist."""
        return any(self.knows(name, action) for action in ACTIONS)

    def names(self) -> list[str]:
        """The names that documents may have in some action, for hints."""
        return [name for name in self.reader.writable() if name == "id" or self.exists(name)]

    @property
    def former_names(self) -> Mapping[str, str]:
        """The former names of fields that exist for the caller -> the present ones."""
        return self.reader.aliases.names

    def with_keys(self, document: Any, pointer: str, problems: ProblemSink) -> Any:
        """The document, with keys in the place of the objects in its links (:mod:`~.keys`)."""
        links = self.links.fields
        return read_keys(links, self.key_reader, document, pointer, problems) if links else document

    @cached_property
    def _key_readers(self) -> dict[int, KeyReader]:
        return {}

    def key_reader(self, field: FieldDefinition, reference: Reference) -> KeyReader | None:
        """What reads the keys of a link; None if the link does not exist for the caller."""
        if not self.exists(field.name):
            return None
        if reference.table not in self._key_readers:
            self._key_readers[reference.table] = KeyReader(self.scopes, self.models(reference.table))
        return self._key_readers[reference.table]

    def resolve(
        self,
        connection: sa.Connection,
        rows: Sequence[dict[str, Any]],
        pointers: Sequence[str],
        ids: Sequence[int] = (),
        copies: Iterable[dict[str, Any]] = (),
    ) -> None:
        """Put ids in the place of keys in the links of rows (:func:`~.keys.resolve`).

        :param ids: those of the rows, if they are new: then they may link to one another
        """
        own = (self.model.definition.id, zip(ids, rows, strict=True)) if ids else None
        resolve(connection, self.scopes, self.links.fields, rows, pointers, own, copies)

    def permits(self, action: Action) -> Permits | None:
        """The caller's permits; None if everything is allowed."""
        return None

    def read(self, documents: Sequence[Any], *, pointers: bool, first: int = 0) -> NewRows:
        """The rows of documents. It needs no transaction, so that none is open while many documents are validated.

        :param pointers: whether the pointers of problems begin with the document's number
        :param first: the number of the first document
        :raises Invalid: with every fault
        """
        problems, reader, moment, rights = Problems(), self.reader, now(), self.rights("create")
        if len(documents) >= judging.FROM:
            columns = judging.columns_of(documents, reader.is_writable)
            new = None if columns is None else self._judged(columns, pointers=pointers, first=first)
            if new is not None:
                new.sent = () if rights is ALL_RIGHTS else tuple(map(frozenset, documents))
                return new
        values, ids, sent = [], [], []
        for number, document in enumerate(documents, first):
            pointer = f"/{number}" if pointers else ""
            document, sink = renamed(reader, self.former_names, document, pointer, problems)
            document = self.with_keys(document, pointer, sink)
            values.append(reader.whole(document, pointer, sink, rights, moment))
            ids.append(reader.given_id(document, pointer, problems))
            if rights is not ALL_RIGHTS and type(document) is dict:
                sent.append(frozenset(document))
        problems.raise_if_any()
        return NewRows(values, ids, pointers, first, tuple(sent))

    def read_columns(
        self, columns: Mapping[str, Sequence[Any]], count: int, *, pointers: bool, first: int
    ) -> NewRows | None:
        """The same for documents that all have the same names, by their values under each name; None if there is a
        fault, or may be one, which :meth:`read` finds.
        """
        new = self._judged(judging.SentColumns(count, columns), pointers=pointers, first=first)
        if new is not None:
            new.sent = (frozenset(columns),) * count
        return new

    def _judged(self, columns: judging.SentColumns, *, pointers: bool, first: int) -> NewRows | None:
        links = [field.name for field, _ in self.links.fields]
        judged = judging.judge(self.reader, columns, self.rights("create"), now(), links)
        return None if judged is None else NewRows(judged.values, judged.ids, pointers, first)

    def insert(self, connection: sa.Connection, rows: NewRows, *, above: int = 0, own_links: bool = True) -> list[int]:
        """Add rows, all or none; -> their ids in the order of the documents.

        :param above: the greatest id that a client gave to any row of the request
        :param own_links: whether linked rows of this table must exist now; else the caller has deferred the foreign
            keys, and checks when all rows are there
        """
        if not rows.ids:
            return []
        ids = self.draw_ids(connection, rows.ids, above=above)
        if rows.columns is None or self.links.are_checked or self.catalogue.watches_wanted_rows:
            self.resolve(connection, rows.values, rows.places, ids)
            self.announce(connection, "insert", ids, rows.values, rows.places)
            if self.links.are_checked:
                own = None if own_links else False
                self.links.refuse_missing_rows(connection, self.scopes, rows.values, rows.places, ids, own=own)

        def store(places: Sequence[int]) -> None:
            some = rows if len(places) == len(ids) else rows.some(places)
            some_ids = [ids[place] for place in places]
            if some.columns is None:
                self.store(connection, some_ids, some.values)
            else:  # nobody has asked for the rows, so they have no links
                self._insert(connection, self.made(connection, some_ids, some.columns))

        with self.in_any_order(connection) if own_links else nullcontext():
            write_all(connection, self, rows.candidates, len(ids), store, self.undoing(connection, rows, ids))
        if self.catalogue.is_reported:
            self.report(connection, "insert", [(row_id, 1) for row_id in ids])
        else:
            wrote("insert", len(ids))
        return ids

    def undoing(self, connection: sa.Connection, rows: NewRows, ids: Sequence[int]) -> Callable[[], object] | None:
        """What takes back new rows, should one of them be refused; None if only a savepoint can.

        SQLite copies each page that changes behind a savepoint into a file: of 1,000 rows of 20 fields with an index,
        added to 80,000, that was 10 of 57 us a row. Rows whose ids were drawn just now are no others, so they can be
        deleted.
        """
        database = self.catalogue.database
        has_lines = self.links.lists or self.links.refer_to_itself
        if not database.dialect.goes_on_after_refusals or has_lines or any(rows.ids):
            return None
        key = self.model.table.c.id
        return lambda: self._run(connection, sa.delete(self.model.table).where(database.dialect.among(key, ids)))

    def insert_shown(self, connection: sa.Connection, rows: NewRows) -> Sequence[Any] | None:
        """Add one row and read it, by one statement: its values in the order of ``encoder.names``. None, with nothing
        done, where it takes more than that.
        """
        encoder, catalogue = self.encoder, self.catalogue
        # Whoever is told of the row may change it before it is read.
        if catalogue.is_reported:
            return None
        if rows.ids != [None] or encoder.shows_others or self.links.are_checked:
            return None
        prepared = encoder.insert(connection, self.model.table, catalogue.database.dialect)
        if prepared.refused or self.permits("create") is not None:
            return None
        moment = now()
        values = {**rows.values[0], "_version": 1, "_created": moment, "_updated": moment}
        if self.given:
            values |= self.filler(connection, moment).of_new_rows(self.given, 1)[0]
        try:
            with telling(self, lambda: rows.candidates()[0]):
                [shown] = prepared(connection, values)
        except sa.exc.DBAPIError as error:
            dialect = catalogue.database.dialect
            # SQLite says so of a table with the largest id, too.
            if dialect.goes_on_after_refusals and dialect.failure(error).kind == "full":
                self.draw_ids(connection, rows.ids)
            raise
        refuse_unsafe_ids(shown[0])
        wrote("insert", 1)
        return shown

    def draw_ids(self, connection: sa.Connection, ids: Sequence[int | None], *, above: int = 0) -> list[int]:
        """The ids of new rows: those that the client gives, and drawn ones for the rest."""
        chosen = [row_id for row_id in ids if row_id is not None]
        reserve = self.catalogue.database.dialect.reserve_ids
        drawn = iter(reserve(connection, self.model.table, len(ids) - len(chosen), above=max([above, *chosen])))
        return [next(drawn) if row_id is None else row_id for row_id in ids]

    def in_any_order(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """Rows of one request may refer to one another, in any order."""
        dialect = self.catalogue.database.dialect
        return dialect.foreign_keys_deferred(connection) if self.links.refer_to_itself else nullcontext()

    def store(self, connection: sa.Connection, ids: Sequence[int], values: Sequence[dict[str, Any]]) -> None:
        """Insert rows, their lists included."""
        self._insert(connection, self.made(connection, ids, by_field(values)))
        self.links.insert(connection, zip(ids, values, strict=True), self.options)

    def made(self, connection: sa.Connection, ids: Sequence[int], values: ByField) -> ByField:
        """New rows as they are stored, with their system values."""
        moment, count = now(), len(ids)
        stored = {**values, "_version": [1] * count, "_created": [moment] * count, "_updated": [moment] * count}
        if self.given:
            stored |= by_field(self.filler(connection, moment).of_new_rows(self.given, count))
        return {**stored, "id": ids}

    def _insert(self, connection: sa.Connection, values: ByField) -> None:
        prepared = self.model.once("insert", lambda model: PreparedInsert(model.table, connection.dialect))
        if prepared.refused:
            self._run(connection, sa.insert(self.model.table), rows_of(values, self.model.table.c.keys()))
        else:
            prepared.add_columns(connection, values)

    def hold(self, connection: sa.Connection, ids: Sequence[int]) -> None:
        """Lock rows against other writers until the transaction ends, in the order of the ids."""
        key = self.model.table.c.id
        among = self.catalogue.database.dialect.among(key, ids)
        self._run(connection, sa.select(key).where(among).order_by(key).with_for_update())

    def replace(
        self, connection: sa.Connection, row_id: int, document: Any, versions: Sequence[int] | None = None
    ) -> int | None:
        """Replace a row's values by the document's, or by defaults; -> its version, None if there is no such row.

        :param versions: the row must be at one of these versions
        :raises PreconditionFailed: it is at another version
        """
        read = partial(self.reader.whole, rights=ALL_RIGHTS, moment=now(), replaces=True)
        current = self._current(connection, row_id, versions)
        _, values = self._read(connection, read, row_id, document, current)
        return self._update(connection, row_id, values, versions)

    def assign(
        self, connection: sa.Connection, row_id: int, document: Any, versions: Sequence[int] | None = None
    ) -> int | None:
        """Assign the fields in the document; else like :meth:`replace`."""
        read = partial(self.reader.part, rights=ALL_RIGHTS)
        current = self._current(connection, row_id, versions)
        _, values = self._read(connection, read, row_id, document, current)
        return self._update(connection, row_id, values, versions)

    def _current(self, connection: sa.Connection, row_id: int, versions: Sequence[int] | None) -> Current:
        """A function that reads the row once, and locks it against other writers until the transaction ends."""

        @cache
        def current() -> dict[str, Any] | None:
            table = self.model.table
            self._run(connection, sa.select(table.c.id).where(table.c.id == row_id).with_for_update())
            row = self.get(connection, row_id)
            if row is not None and versions is not None and row.version not in versions:
                raise PreconditionFailed("the row has changed since", current=row.body)
            return None if row is None else orjson.loads(row.body)

        return current

    def _read(
        self, connection: sa.Connection, read: Callable[..., Any], row_id: int, document: Any, current: Current
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The document with present names; and the values to write, without values that only repeat the row's."""
        problems, reader = Problems(), self.reader
        document, sink = renamed(reader, self.former_names, document, "", problems, current)
        document = self.with_keys(document, "", sink)
        values = read(document, "", sink)
        if not problems.total:
            self.resolve(connection, [values], [""], copies=[document])
        if reader.repeatable:
            refuse_changes(reader, document, current, sink, self.rights("update"))
            values = {name: value for name, value in values.items() if name not in reader.repeatable}
        sent_id = document.get("id") if type(document) is dict else None
        if sent_id is not None and not same_json(sent_id, row_id):
            problems.add("/id", "read_only", "the id of a row never changes")
        problems.raise_if_any()
        return document, values

    def _update(
        self,
        connection: sa.Connection,
        row_id: int,
        values: dict[str, Any],
        versions: Sequence[int] | None,
        presets: Collection[str] = (),
    ) -> int | None:
        """
        :param presets: the fields whose values a grant alone gives: it may link to rows that the caller may not read
        """
        table = self.model.table
        statement = sa.update(table).where(*self._conditions(row_id, versions)).returning(table.c._version)
        moment = now()
        self.announce(connection, "update", [row_id] if values else (), [values], [""])
        if values:
            self.reader.refuse_emptied(values)  # what was missing, a grant or a listener may have set
            if self.links.are_checked:
                sent = {name: value for name, value in values.items() if name not in presets}
                self.refuse_missing_rows(connection, row_id, sent)
            columns = {name: value for name, value in values.items() if name in table.c}
            if self.given:
                columns |= self.filler(connection, moment).of_changed_row(self.given)
            # Parameters with the columns' names would clash with those of the conditions: a field may be called id_1.
            statement = statement.values(
                {
                    table.c[name]: sa.bindparam(f"_set_{name}", value, type_=table.c[name].type)
                    for name, value in columns.items()
                }
                | {table.c._version: table.c._version + 1, table.c._updated: moment}
            )
            with telling(self, lambda: Candidate("", values, values.keys() - set(presets), row_id)):
                version = self._run(connection, statement).scalar()
            if version is not None:
                self.links.replace(connection, row_id, values, self.options)
        else:
            version = self._run(
                connection, sa.select(table.c._version).where(*self._conditions(row_id, versions))
            ).scalar()
        if version is None:
            self._refuse_other_version(connection, row_id, versions)
        elif values:
            self.report(connection, "update", [(row_id, version)])
        return version

    def refuse_missing_rows(self, connection: sa.Connection, row_id: int, values: dict[str, Any]) -> None:
        """Check the links of a row that is changed."""
        held = self.held_links(connection, [row_id], values)
        self.links.refuse_missing_rows(connection, self.scopes, [values], [""], held=held)

    def held_links(self, connection: sa.Connection, ids: Sequence[int], names: Collection[str]) -> list[Held]:
        """What the links of rows hold already, as far as the caller may read it: he may repeat it, even if he may not
        read the linked rows.
        """
        is_known = self.scopes.are_whole and not self.links.named
        return [] if is_known else self.links.held(connection, self.model, ids, names)

    def delete(self, connection: sa.Connection, row_id: int, versions: Sequence[int] | None = None) -> bool:
        """Delete a row; -> whether it existed."""
        table = self.model.table
        if self.model.definition.referrers:
            return self._release(connection, row_id, versions)
        if self.catalogue.watches_wanted_rows:
            locked = sa.select(table.c.id).where(*self._conditions(row_id, versions)).with_for_update()
            self.announce_deletion(connection, list(self._run(connection, locked).scalars()))
        statement = sa.delete(table).where(*self._conditions(row_id, versions)).returning(table.c._version)
        version = self._run(connection, statement).scalar()
        if version is None:
            self._refuse_other_version(connection, row_id, versions)
            return False
        self.report(connection, "delete", [(row_id, version)])
        return True

    def _release(self, connection: sa.Connection, row_id: int, versions: Sequence[int] | None) -> bool:
        """Delete a row that others may refer to."""
        query = sa.select(self.model.table.c.id).where(*self._conditions(row_id, versions)).with_for_update()
        if self._run(connection, query).scalar() is None:
            self._refuse_other_version(connection, row_id, versions)
            return False
        self.cascade(connection).delete(self.model, [row_id])
        return True

    def cascade(self, connection: sa.Connection) -> Cascade:
        """The cascade of a deletion; its refusals name only what the caller may see."""
        return Cascade(self.catalogue, connection, self.models, self.author, is_seen=self._is_seen)

    def _is_seen(self, near: Model) -> bool:
        return self.scopes.view(near).key is None

    def _conditions(self, row_id: int, versions: Sequence[int] | None) -> list[sa.ColumnElement[bool]]:
        table = self.model.table
        conditions = [table.c.id == row_id]
        if versions is not None:
            conditions.append(table.c._version.in_(versions))
        return conditions

    def _refuse_other_version(self, connection: sa.Connection, row_id: int, versions: Sequence[int] | None) -> None:
        row = None if versions is None else self.get(connection, row_id)
        if row is not None:
            raise PreconditionFailed("the row has changed since", current=row.body)

    def announce(
        self,
        connection: sa.Connection,
        operation: str,
        ids: Sequence[int | None],
        values: Sequence[dict[str, Any]],
        pointers: Sequence[str],
    ) -> None:
        """Tell of rows before they are written; their values may be changed.

        :raises Invalid: a row is refused, or a new one still lacks a required value
        """
        if self.catalogue.watches_wanted_rows and ids:
            self.catalogue.announce(connection, WantedWrites(self.model, operation, ids, values, pointers, self.author))
            if operation == "insert":
                self.refuse_missing(values, pointers)

    def refuse_missing(self, rows: Sequence[dict[str, Any]], pointers: Sequence[str]) -> None:
        """:raises Invalid: a new row has no value for a required field"""
        self.reader.refuse_missing(rows, pointers)

    def announce_deletion(self, connection: sa.Connection, ids: Sequence[int]) -> None:
        """Tell of rows before they are deleted.

        :raises Invalid: it is refused
        """
        if self.catalogue.watches_wanted_rows and ids:
            empty, pointers = [dict[str, Any]() for _ in ids], [""] * len(ids)
            wanted = WantedWrites(self.model, "delete", ids, empty, pointers, self.author, fixed=True)
            self.catalogue.announce(connection, wanted)

    def report(self, connection: sa.Connection, operation: str, rows: list[tuple[int, int]]) -> None:
        """Report written rows: ids with their new versions."""
        self.catalogue.report(connection, RowWrites(self.model.definition, operation, tuple(rows)))


def refuse_other_than_object(body: Any) -> None:
    """:raises Invalid: the body of a POST is neither an array nor an object"""
    if type(body) is dict:
        return
    raise Invalid([Problem("", "wrong_type", "want an object, or an array of objects")])
