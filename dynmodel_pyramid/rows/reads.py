"""Reading rows of one table: one, a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.attempt import Work
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.rows.encoding import RowEncoder
from dynmodel_pyramid.rows.links import Models
from dynmodel_pyramid.rows.page import Page, order_clauses
from dynmodel_pyramid.rows.scope import EVERYTHING, Scope

#: Rows of a stream that are in memory at a time, and rows whose ids stand in one IN list.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One row as JSON, with its id and version."""

    id: int
    version: int
    body: bytes


class RowReads:
    """What is read of the rows of one version of one table, as one scope sees them."""

    def __init__(
        self,
        catalogue: Catalogue,
        model: Model,
        scope: Scope = EVERYTHING,
        *,
        models: Models | None = None,
        author: str | None = None,
    ):
        """
        :param models: gives the models of other tables, which links lead to; those of the caller's work, so that their
            use is proven as well
        :param author: who writes
        """
        self.catalogue = catalogue
        self.model = model
        self.scope = scope
        self.models = models or Work(catalogue).model
        self.author = author
        self.options = {"compiled_cache": model.compiled_cache}

    @property
    def encoder(self) -> RowEncoder:
        if self.scope is EVERYTHING:
            return self.model.once(RowEncoder, lambda model: RowEncoder(model, EVERYTHING))
        return RowEncoder(self.model, self.scope)

    def _run(self, connection: sa.Connection, statement, parameters=None) -> sa.CursorResult:
        return connection.execute(statement, parameters, execution_options=self.options)

    def get(self, connection: sa.Connection, row_id: int) -> Row | None:
        """One row; None if there is none."""
        encoder = self.encoder
        found = encoder.prepared(connection, "one")(connection, row_id=row_id)
        return Row(row_id, found[0][0], encoder.row(found[0][1:])) if found else None

    def page(self, connection: sa.Connection, page: Page) -> bytes:
        """The rows of a page as one JSON array in memory."""
        encoder = self.encoder
        if page.order or page.limit is None:
            return encoder.rows(self._run(connection, self._page_query(encoder, page)))
        return encoder.rows(encoder.prepared(connection, "page")(connection, limit=page.limit, offset=page.offset))

    def _page_query(self, encoder: RowEncoder, page: Page) -> sa.Select:
        query = encoder.select.order_by(*order_clauses(page, self.model, self.scope))
        if page.limit is not None:
            query = query.limit(page.limit)
        return query.offset(page.offset) if page.offset else query

    def encode(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[bytes]:
        """The rows with these ids, in this order, as JSON objects; ids that are gone are left out."""
        for rows in self._rows(connection, ids):
            yield from map(self.encoder.row, rows)

    def objects(self, connection: sa.Connection, ids: Sequence[int]) -> bytes:
        """The same objects with commas between: a third of the time."""
        return b",".join(self.encoder.rows(rows)[1:-1] for rows in self._rows(connection, ids) if rows)

    def _rows(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[list[Sequence]]:
        encoder = self.encoder
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            low, high = min(part), max(part)
            if high - low < 2 * CHUNK:
                # New ids mostly follow one another, and two parameters are read faster than a thousand.
                rows = encoder.prepared(connection, "between")(connection, low=low, high=high)
            else:
                rows = self._run(connection, encoder.select.where(self.model.table.c.id.in_(part)))
            found = {row[0]: row for row in rows}
            yield [found[row_id] for row_id in part if row_id in found]
