"""What tests of writes need: a table, its rows, and what was reported of them."""

from contextlib import contextmanager

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.access.caller import CONSOLE
from dynmodel_pyramid.access.grants import Fields, Grant
from dynmodel_pyramid.access.scope import Permit, Scope
from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.access.views import GrantedView, Reading
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.queries.sql.views import WholeTable
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.service import Rows
from tests.queries.grammar import parse


class OneScope(Scopes):
    """One scope for the table of a test, and everything for all others."""

    def __init__(self, models, table_id, scope):
        super().__init__(models, CONSOLE)
        self.are_whole, self.group = scope is None, "test"
        self._own = (table_id, scope)

    def scope(self, model):
        table_id, scope = self._own
        return scope if scope is not None and model.definition.id == table_id else Scope(WholeTable(model))


def scope_of(model, *, readable=None, writable=None, condition=None) -> Scope:
    """A scope of the rows for which a condition holds, and of some fields; None for all."""
    by_name = {field.name: field.id for field in model.definition.fields}

    def fields(names):
        return Fields() if names is None else Fields(False, frozenset(by_name[name] for name in names))

    view = GrantedView(model, object(), [Reading(Grant("test", 0, fields(readable)), condition)])
    names = frozenset({"id", *by_name} if writable is None else writable)
    permit = Permit(Grant("test", 0), names, condition)
    return Scope(view, {}, lambda action: (permit,))


def rows_of(catalogue, model, scope=None, models=None) -> Rows:
    """The row service of a table for a test."""
    models = Attempt(catalogue).model if models is None else models
    return row_service(catalogue, model, OneScope(models, model.definition.id, scope))


class Table:
    """One table and what is written to it, each write in a transaction of its own."""

    def __init__(self, catalogue, fields, **further):
        self.catalogue = catalogue
        document = {"model_name": "T", "fields": fields, **further}
        self.id = DefinitionService(catalogue).create(document).definition.id
        self.reports: list[tuple] = []
        self.statements = 0
        catalogue.on_row_writes(self._note)

    def _note(self, connection, writes):
        if writes.table_id == self.id:
            self.reports.append((writes.operation, writes.rows))

    def beside(self, name: str, fields) -> "Table":
        """Another table of the same catalogue."""
        made = Table.__new__(Table)
        made.__dict__.update(self.__dict__)
        document = {"model_name": name, "fields": fields}
        made.id = DefinitionService(self.catalogue).create(document).definition.id
        return made

    def shown(self, *names) -> list[tuple]:
        """Values as answers show them."""
        with self.catalogue.database.reading() as connection:
            rows = self.rows()
            ids = connection.scalars(sa.select(rows.model.table.c.id).order_by(rows.model.table.c.id)).all()
            documents = map(orjson.loads, rows.encode(connection, ids))
            return [tuple(document[name] for name in names) for document in documents]

    def rows(self, scope: Scope | None = None, author: str | None = None) -> Rows:
        attempt = Attempt(self.catalogue)
        rows = rows_of(self.catalogue, attempt.model(self.id), scope, attempt.model)
        rows.author = author
        return rows

    @contextmanager
    def writing(self):
        engine = self.catalogue.database.writer
        sa.event.listen(engine, "before_cursor_execute", self._count)
        self.statements = 0
        try:
            with engine.connect() as connection, connection.begin():
                self.reports.clear()
                yield connection
        finally:
            sa.event.remove(engine, "before_cursor_execute", self._count)

    def _count(self, *ignored):
        self.statements += 1

    def insert(self, *documents) -> list[int]:
        rows = self.rows()
        with self.writing() as connection:
            return rows.insert(connection, rows.read(documents, pointers=True))

    def stored(self, *names) -> list[tuple]:
        table = self.rows().model.table
        with self.catalogue.database.reading() as connection:
            query = sa.select(*[table.c[name] for name in names]).order_by(table.c.id)
            return [tuple(row) for row in connection.execute(query)]


def level(*parameters):
    """``level(("a", "eq.1"))``"""
    return parse(parameters).root
