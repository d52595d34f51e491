"""ORM sessions for scripts and shells.

    with catalogue.session() as session:
        Product = catalogue.models["Product"]
        for product in session.scalars(select(Product).where(Product.price > 10)):
            product.price = 10

A request proves its answer by :class:`~..catalogue.attempt.Attempt`; a session proves the classes that it used. It
compares the definition of each class when the class is first used, for an early and clear error, and again before the
commit. The second comparison is the proof: on SQLite the whole transaction sees one moment, and on PostgreSQL the
statements have locked the tables by then. A block that only reads is proven at its end in the same way. Textual SQL is
not examined.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.sql import visitors

from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.cascades import Cascade
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.constraint_violations import KINDS, violated_fields, violation
from dynmodel_pyramid.catalogue.table_builder import DEFINITION, Model
from dynmodel_pyramid.catalogue.watching import RowWrites
from dynmodel_pyramid.database.dialect import refuse_unsafe_ids
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.orm.announcing import announce
from dynmodel_pyramid.orm.flush import changed_rows, definition_of, fill, is_row, settle_lists, stale_relationships
from dynmodel_pyramid.orm.flush_checks import check_values

#: How many compiled statements a session keeps. They are freed with it, and so are the classes that they name.
STATEMENTS = 100


class DefinitionChanged(Conflict):
    """A class that a session used no longer matches its definition; nothing was committed."""

    code = "definition_changed"

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"the definition of {', '.join(names)} changed; nothing was committed",
            hint="get the class again from catalogue.models, and run it again",
        )

    def __str__(self) -> str:
        return f"{self.detail} ({self.hint})"


class UnreportedWrite(Conflict):
    """A statement that writes rows past the session's unit of work, so that these rows could not be reported."""

    code = "unreported_write"

    def __init__(self) -> None:
        super().__init__(
            "rows are written through objects here (session.add, attributes, session.delete), so that each write is "
            "judged and reported; this statement would go past that"
        )


class ModelSession(Session):
    """An ORM session on generated classes; :func:`session` makes it.

    :param writes: whether its transactions write from their first statement on. Otherwise they begin as reads, which
        block nobody, and the first flush changes to a connection that writes.
    :param author: who writes, for the fields that say so
    """

    def __init__(self, catalogue: Catalogue, *, writes: bool = True, author: str | None = None) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.author = author
        cache: sa.util.LRUCache[Any, Any] = sa.util.LRUCache(STATEMENTS)
        self._reader = catalogue.database.engine.execution_options(compiled_cache=cache)
        self._writer = catalogue.database.writer.execution_options(compiled_cache=cache)
        self._writes = self._writing = writes
        #: The definitions of the classes used in this transaction, by table id; several if versions were mixed.
        self._used: dict[int, list[TableDefinition]] = {}
        #: The groups of tables that statements named; relationships may have reached further tables of these groups.
        self._groups: set[sa.MetaData] = set()
        #: Kept from the beginning of a flush until its end.
        self._gone: list[tuple[TableDefinition, tuple[int, int]]] = []
        #: The connection whose transaction is being committed, if somebody is told of it.
        self._committing: sa.Connection | None = None
        self._written: list[Any] = []

    def get_bind(self, mapper: Any = None, **arguments: Any) -> sa.Engine:
        self._writing = self._writing or self._flushing
        return self._writer if self._writing else self._reader

    def use(self, definition: TableDefinition) -> None:
        """Note that this transaction uses a class made of this definition.

        :raises DefinitionChanged: it is not current
        """
        if self.note(definition):
            self.confirm()

    def note(self, definition: TableDefinition) -> bool:
        """As :meth:`use`, leaving the comparison to the commit; -> whether it is new."""
        known = self._used.setdefault(definition.id, [])
        if any(definition is other for other in known):
            return False
        known.append(definition)
        return True

    def confirm(self) -> None:
        """Prove that every class used in this transaction is current. It is a proof only if all writes are flushed.

        :raises DefinitionChanged: naming those that are not
        """
        if self._used:
            self._compare(self.connection())

    def _compare(self, connection: sa.Connection) -> None:
        table = self.catalogue.store.system.table.c
        query = sa.select(table.id, table.document).where(table.dropped_at.is_(None), table.id.in_(self._used))
        current = {
            row[0]: self.catalogue.upgraded(TableDefinition.from_stored(row[1])) for row in connection.execute(query)
        }
        changed = {
            definition.model_name
            for number, definitions in self._used.items()
            for definition in definitions
            if current.get(number) != definition
        }
        if changed:
            raise DefinitionChanged(sorted(changed))

    def explain(self, error: sa.exc.DBAPIError) -> None:
        """After a database error, before the rollback: raise the reason if it is a change of definitions.

        :raises DefinitionChanged: a class used is not current
        """
        for metadata in self._groups:
            for table in metadata.tables.values():
                self.note(table.info[DEFINITION])
        if self._used:
            with self.catalogue.database.reading() as connection:
                try:
                    self._compare(connection)
                except DefinitionChanged as changed:
                    raise changed from error

    def flush(self, objects: Any = None) -> None:
        """Write new and changed rows, then delete rows, with what ``on_delete`` asks for the rows that refer to them.

        In this order, a row that has just been linked to another row does not block the deletion.

        :raises Invalid: a value breaks a rule of its field
        :raises Conflict: a row that stays refers to one that is deleted, and its field restricts that; or the row
            breaks another rule of the database (``unique_violation``, ``foreign_key_violation``)
        """
        try:
            self._write_then_delete(objects)
        except sa.exc.IntegrityError as error:
            self.explain(error)
            raise self.violated(error) from error

    def violated(self, error: sa.exc.IntegrityError) -> Exception:
        """A broken rule, in words of the definition; for other database errors the error itself."""
        failure = self.catalogue.database.failure(error)
        if failure.kind not in KINDS:
            return error
        known = [definition for definitions in self._used.values() for definition in definitions]
        return violation(
            failure, next((definition for definition in known if violated_fields(failure, definition)), None)
        )

    def _write_then_delete(self, objects: Any) -> None:
        gone = list(self.deleted)
        if gone:
            self.add_all(gone)  # no longer marked as deleted
            super().flush()
            for row in gone:
                if is_row(row):  # the lines of lists follow
                    self.delete(row)
            with self.no_autoflush:
                self._make_way([row for row in gone if is_row(row)])
        super().flush(objects)
        if gone:
            self.expire_all()

    def _make_way(self, rows: list[Any]) -> None:
        self._writing = True
        ids: dict[int, list[int]] = {}
        for row in rows:
            self.use(definition_of(row))
            ids.setdefault(definition_of(row).id, []).append(row.id)
        attempt = Attempt(self.catalogue)
        Cascade(self.catalogue, self.connection(), lambda number: self._model(attempt, number), self.author).make_way(
            ids
        )

    def model(self, table_id: int) -> Model:
        return self._model(Attempt(self.catalogue), table_id)

    def _model(self, attempt: Attempt, table_id: int) -> Model:
        """The model of a table that a deletion reaches.

        :raises DefinitionChanged: it is not the version that the classes used here refer to
        """
        try:
            model = attempt.model(table_id)
        except Stale:
            model = None
        if model is None:
            raise DefinitionChanged([f"table {table_id}"])
        self.use(model.definition)
        return model

    def bulk_save_objects(self, *arguments: Any, **options: Any) -> NoReturn:
        raise UnreportedWrite()

    bulk_insert_mappings = bulk_update_mappings = bulk_save_objects


def tables_in(statement: Any) -> Iterator[sa.Table]:
    """The generated tables that a statement names."""
    for element in visitors.iterate(statement):
        table = getattr(element, "table", element)
        while isinstance(table, sa.AliasedReturnsRows):
            table = table.element
        if isinstance(table, sa.Table) and DEFINITION in table.info:
            yield table


@event.listens_for(ModelSession, "do_orm_execute")
def _before_statement(state: ORMExecuteState) -> None:
    tables = list(tables_in(state.statement))
    if tables and (state.is_insert or state.is_update or state.is_delete):
        raise UnreportedWrite()
    session = state.session
    assert isinstance(session, ModelSession)  # whose event it is
    for table in tables:
        session._groups.add(table.metadata)
        session.use(table.info[DEFINITION])


@event.listens_for(ModelSession, "loaded_as_persistent")
def _loaded(session: ModelSession, row: Any) -> None:
    # A row that is loaded together with another one (joinedload): the statement doesn't name its table.
    if DEFINITION in type(row).__table__.info:
        session.note(definition_of(row))


@event.listens_for(ModelSession, "before_flush")
def _before_flush(session: ModelSession, context: object, instances: object) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        session.use(definition_of(row))
    new, changed = list(filter(is_row, session.new)), changed_rows(session)
    for rows, are_new in ((new, True), (changed, False)):
        if rows:
            if session.catalogue.watches_wanted_rows:
                with session.no_autoflush:
                    announce(session.catalogue, session.connection(), session.model, rows, session.author, new=are_new)
            check_values(rows, session.catalogue.field_types, new=are_new)
            fill(session, session.catalogue, session.author, rows, new=are_new)
    for row in changed:
        settle_lists(row)
    # Later it would be too late: an expired row cannot be read any more.
    session._gone = [(definition_of(row), (row.id, row._version)) for row in session.deleted if is_row(row)]


@event.listens_for(ModelSession, "after_flush")
def _after_flush(session: ModelSession, context: object) -> None:
    modified = [row for row in session.dirty if session.is_modified(row)]
    session._written = [*session.new, *modified]
    written: dict[tuple[int, str], tuple[TableDefinition, str, list[tuple[int, int]]]] = {}

    def note(definition: TableDefinition, operation: str, row: tuple[int, int]) -> None:
        written.setdefault((definition.id, operation), (definition, operation, []))[2].append(row)

    refuse_unsafe_ids(max((row.id for row in session.new if is_row(row)), default=0))
    for operation, rows in (("insert", session.new), ("update", modified)):
        for row in filter(is_row, rows):
            note(definition_of(row), operation, (row.id, row._version))
    for definition, row in session._gone:
        note(definition, "delete", row)
    for definition, operation, rows in written.values():
        session.catalogue.report(session.connection(), RowWrites(definition, operation, tuple(sorted(rows))))


@event.listens_for(ModelSession, "after_flush_postexec")
def _after_flush_is_over(session: ModelSession, context: object) -> None:
    # After an id was set, the relationship leads to the row of that id.
    for row in session._written:
        stale = stale_relationships(row)
        if stale and row in session:  # a line of a list may be gone
            session.expire(row, stale)
    session._written = []


@event.listens_for(ModelSession, "before_commit")
def _before_commit(session: ModelSession) -> None:
    session.flush()
    session.confirm()
    if session.catalogue.watcher is not None:
        session._committing = session.connection()


@event.listens_for(ModelSession, "after_commit")
def _after_commit(session: ModelSession) -> None:
    if session._committing is not None and not session.in_nested_transaction():
        connection, session._committing = session._committing, None
        session.catalogue.committed(connection)


@event.listens_for(ModelSession, "after_transaction_end")
def _after_transaction(session: ModelSession, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session._writing, session._used, session._groups = session._writes, {}, set()


@contextmanager
def session(catalogue: Catalogue, *, writes: bool = True, author: str | None = None) -> Iterator[ModelSession]:
    """A session in one transaction: committed if the block ends without an error, else rolled back.

    :raises DefinitionChanged: a class that was used is not, or no longer, current
    """
    with ModelSession(catalogue, writes=writes, author=author) as session:
        try:
            yield session
            session.commit()
        except sa.exc.DBAPIError as error:
            session.explain(error)
            if isinstance(error, sa.exc.IntegrityError):
                raise session.violated(error) from error
            raise
