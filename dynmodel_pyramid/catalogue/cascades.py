"""Deletes rows that others refer to, as ``on_delete`` says, and reports each changed row.

The database has the same rules, for users who delete by SQL. The service does not rely on them: a row that loses a link
has changed, gets a new version, and must be reported to history and feeds.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.catalogue.system_values import Filler, system_fields
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.catalogue.watching import RowWrites, WantedWrites
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Conflict

#: Ids in one IN list.
CHUNK = 500
#: The most rows that are named when a deletion is refused.
NAMED = 5


class Cascade:
    """One deletion, in the caller's transaction.

    :param models: the model of a table by its id, as the caller's attempt has it
    :param author: who deletes
    :param is_seen: whether a refusal may name rows of a table
    """

    def __init__(
        self,
        catalogue: Catalogue,
        connection: sa.Connection,
        models: Callable[[int], Model | None],
        author: str | None = None,
        *,
        is_seen: Callable[[Model], bool] = lambda model: True,
    ) -> None:
        self.catalogue = catalogue
        self.connection = connection
        self.models = models
        self.author = author
        self.is_seen = is_seen
        self.moment = now()
        #: The rows to delete, by table, in the order in which they were found.
        self.going: dict[int, dict[int, None]] = {}

    def delete(self, model: Model, ids: Iterable[int]) -> None:
        """Delete rows of a table, and apply ``on_delete`` to the rows that refer to them.

        :raises Conflict: a row that stays refers to one of them and its field restricts that
        """
        self._prepare({model.definition.id: ids})
        self._delete_found({})

    def make_way(self, rows: Mapping[int, Iterable[int]]) -> None:
        """All that :meth:`delete` does, except that these rows (ids by table) are left for the caller to delete.

        :raises Conflict: see :meth:`delete`
        """
        left = {table_id: set(ids) for table_id, ids in rows.items()}
        self._prepare(left)
        self._delete_found(left)

    def _prepare(self, rows: Mapping[int, Iterable[int]]) -> None:
        for table_id, ids in rows.items():
            self._find(self._model(table_id), list(ids))
        for table_id in self.going:
            self._refuse_restricted(self._model(table_id))
        for table_id, ids in list(self.going.items()):
            self._announce(self._model(table_id), "delete", list(ids), {})
        for table_id in self.going:
            self._let_go(self._model(table_id))

    def _delete_found(self, left: Mapping[int, Collection[int]]) -> None:
        self._unlink(left, found_only=True)
        try:
            order = self._in_order()
        except CycleError:
            self._unlink(self.going)
            order = list(reversed(self.going))
        for table_id in order:
            # Rows that were found later refer to earlier ones, also in the same table.
            ids = [row_id for row_id in reversed(self.going[table_id]) if row_id not in left.get(table_id, ())]
            self._delete(self._model(table_id), ids)

    def _announce(self, model: Model, operation: str, ids: list[int], values: dict[str, Any]) -> None:
        """Tell of rows before they are deleted, or lose a link; this can only be refused."""
        if self.catalogue.watches_wanted_rows:
            for part in chunks(ids):
                copies, pointers = [dict(values) for _ in part], [""] * len(part)
                wanted = WantedWrites(model, operation, part, copies, pointers, self.author, fixed=True)
                self.catalogue.announce(self.connection, wanted)

    def _in_order(self) -> list[int]:
        """The tables, each after those that refer to it.

        :raises CycleError: they refer to one another, or a table refers to itself and one statement doesn't delete its
            rows
        """
        order: TopologicalSorter[int] = TopologicalSorter()
        for table_id, ids in self.going.items():
            near = {referrer.table_id for referrer in self._model(table_id).definition.referrers} & set(self.going)
            order.add(table_id, *(near if len(ids) > CHUNK else near - {table_id}))
        return list(order.static_order())

    def _unlink(self, rows: Mapping[int, Collection[int]], *, found_only: bool = False) -> None:
        """Remove links between rows to delete, so that none blocks another. This need not be reported.

        A field that is required keeps its link.

        :param found_only: only links to tables that have rows to delete besides these
        """
        for table_id, ids in self.going.items():
            if found_only and ids.keys() <= set(rows.get(table_id, ())):
                continue
            model = self._model(table_id)
            for referrer in model.definition.referrers:
                for part in chunks(rows.get(referrer.table_id, ())):
                    self._lift(self._model(referrer.table_id), referrer, part)

    def _lift(self, near: Model, referrer: Referrer, ids: list[int]) -> None:
        field = self._field(near, referrer)
        if referrer.many:
            lines = lines_of(referrer.table_id, referrer.field_id, near.table.schema)
            self._run(near, sa.delete(lines).where(lines.c.row_id.in_(ids)))
        elif not field.required:
            values = {near.table.c[field.name]: sa.null()}
            self._run(near, sa.update(near.table).where(near.table.c.id.in_(ids)).values(values))

    def _model(self, table_id: int) -> Model:
        model = self.models(table_id)
        assert model is not None  # a table that is dropped is taken off the lists of those that it refers to
        return model

    def _run(self, model: Model, statement: sa.Executable) -> sa.CursorResult[*tuple[Any, ...]]:
        return self.connection.execute(statement, execution_options={"compiled_cache": model.compiled_cache})

    # Finding

    def _find(self, model: Model, ids: list[int]) -> None:
        """Note rows and all rows that are deleted with them. Lock them, so that no new row refers to them."""
        waiting = deque([(model, ids)])
        while waiting:
            model, ids = waiting.popleft()
            known = self.going.setdefault(model.definition.id, {})
            new = [row_id for row_id in ids if row_id not in known]
            known.update(dict.fromkeys(new))
            for part in chunks(new):
                self._run(model, sa.select(model.table.c.id).where(model.table.c.id.in_(part)).with_for_update()).all()
            for referrer in model.definition.referrers if new else ():
                if referrer.on_delete == "cascade":
                    near = self._model(referrer.table_id)
                    referring = [row_id for part in chunks(new) for row_id in self._referring(near, referrer, part)]
                    waiting.append((near, referring))

    def _referring(self, near: Model, referrer: Referrer, ids: list[int], limit: int | None = None) -> list[int]:
        """The rows of the near table that refer to one of these."""
        if referrer.many:
            lines = lines_of(referrer.table_id, referrer.field_id, near.table.schema)
            query = sa.select(lines.c.row_id).where(lines.c.value.in_(ids)).distinct().order_by(lines.c.row_id)
        else:
            column = near.table.c[self._field(near, referrer).name]
            query = sa.select(near.table.c.id).where(column.in_(ids)).order_by(near.table.c.id)
        return list(self._run(near, query.limit(limit)).scalars())

    @staticmethod
    def _field(near: Model, referrer: Referrer) -> FieldDefinition:
        return near.definition.by_id[referrer.field_id]

    # Doing

    def _pairs(self, model: Model, *actions: str) -> Iterator[tuple[Model, Referrer, list[int]]]:
        for referrer in model.definition.referrers:
            if referrer.on_delete in actions:
                for part in chunks(self.going[model.definition.id]):
                    yield self._model(referrer.table_id), referrer, part

    def _refuse_restricted(self, model: Model) -> None:
        for near, referrer, part in self._pairs(model, "restrict"):
            referring = self._referring(near, referrer, part)
            staying = [row_id for row_id in referring if row_id not in self.going.get(referrer.table_id, {})]
            if staying and not self.is_seen(near):
                raise Conflict(
                    "rows refer to it",
                    code="foreign_key_violation",
                    hint="change or delete these rows first",
                    fields=[],
                )
            if staying:
                named = ", ".join(map(str, staying[:NAMED])) + (", ..." if len(staying) > NAMED else "")
                raise Conflict(
                    f"{len(staying)} rows of {referrer.model_name} refer to it in {referrer.field}: {named}",
                    code="foreign_key_violation",
                    hint="change or delete these rows first",
                    fields=[referrer.field],
                )

    def _let_go(self, model: Model) -> None:
        for near, referrer, part in self._pairs(model, "set_null", "remove"):
            referring = self._referring(near, referrer, part)
            changing = [row_id for row_id in referring if row_id not in self.going.get(referrer.table_id, {})]
            if referrer.many:
                lines = lines_of(referrer.table_id, referrer.field_id, near.table.schema)
                self._run(near, sa.delete(lines).where(lines.c.value.in_(part)))
                values: dict[sa.Column[Any], Any] = {}
            else:
                values = {near.table.c[self._field(near, referrer).name]: sa.null()}
            self._announce(near, "update", changing, {} if referrer.many else {self._field(near, referrer).name: None})
            self._change(near, changing, values)

    def _change(self, near: Model, ids: list[int], values: dict[sa.Column[Any], Any]) -> None:
        """Set new values, and a new version, of rows."""
        table, store = near.table, self.catalogue.store
        filler = Filler(self.connection, store, near.field_types, near.definition, self.author, self.moment)
        system_values = filler.of_changed_row(system_fields(near.definition, near.field_types))
        values = values | {table.c[name]: value for name, value in system_values.items()}
        values |= {table.c._version: table.c._version + 1, table.c._updated: self.moment}
        for part in chunks(ids):
            statement = sa.update(table).where(table.c.id.in_(part)).values(values)
            self._report(near, "update", statement.returning(table.c.id, table.c._version))

    def _delete(self, model: Model, ids: list[int]) -> None:
        table = model.table
        for part in chunks(ids):
            statement = sa.delete(table).where(table.c.id.in_(part))
            self._report(model, "delete", statement.returning(table.c.id, table.c._version))

    def _report(self, model: Model, operation: str, statement: sa.Executable) -> None:
        rows = sorted(tuple(row) for row in self._run(model, statement))
        if rows:
            self.catalogue.report(self.connection, RowWrites(model.definition, operation, tuple(rows)))


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = list(ids)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]
