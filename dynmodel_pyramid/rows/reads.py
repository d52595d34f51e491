"""Reading rows of one table by their ids."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.rows.encoding import RowEncoder
from dynmodel_pyramid.rows.links import Models
from dynmodel_pyramid.rows.scope import EVERYTHING, Scope

#: How many rows of a stream are in memory at a time, and how many ids are in one IN list.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One row as JSON, with its id and version."""

    id: int
    version: int
    body: bytes


class RowReads:
    """Reads rows of one version of one table, as one scope sees them."""

    def __init__(
        self,
        catalogue: Catalogue,
        model: Model,
        scope: Scope = EVERYTHING,
        *,
        models: Models | None = None,
        author: str | None = None,
    ) -> None:
        """
        :param models: gives the models of linked tables, from the caller's attempt, so that their use is proven as well
        :param author: who writes
        """
        self.catalogue = catalogue
        self.model = model
        self.scope = scope
        self.models = models or Attempt(catalogue).model
        self.author = author
        self.options = {"compiled_cache": model.compiled_cache}

    @property
    def encoder(self) -> RowEncoder:
        if self.scope is EVERYTHING:
            return self.model.once(RowEncoder, lambda model: RowEncoder(model, EVERYTHING))
        return RowEncoder(self.model, self.scope)

    def _run(
        self, connection: sa.Connection, statement: sa.Executable, parameters: Any = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        return connection.execute(statement, parameters, execution_options=self.options)

    def get(self, connection: sa.Connection, row_id: int) -> Row | None:
        """One row; None if there is none."""
        encoder = self.encoder
        rows = encoder.prepared(connection, "one")(connection, row_id=row_id)
        return Row(row_id, rows[0][0], encoder.row(rows[0][1:])) if rows else None

    def encode(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[bytes]:
        """The rows with these ids, in this order, as JSON objects; ids of deleted rows are left out."""
        for rows in self.parts(connection, ids):
            yield from map(self.encoder.row, rows)

    def parts(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[list[Sequence[Any]]]:
        """The values of these rows, in the order of ``encoder.names``, in parts."""
        encoder = self.encoder
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            rows: Iterable[Sequence[Any]]
            low, high = min(part), max(part)
            if high - low < 2 * CHUNK:
                # New ids are mostly consecutive, and a range with two parameters is faster than a thousand parameters.
                rows = encoder.prepared(connection, "between")(connection, low=low, high=high)
            else:
                rows = self._run(connection, encoder.select.where(self.model.table.c.id.in_(part)))
            by_id = {row[0]: row for row in rows}
            yield [by_id[row_id] for row_id in part if row_id in by_id]
