"""Reading rows of one table by their ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import Kept, Scopes, new_kept
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.errors import Forbidden
from dynmodel_pyramid.queries.sql.views import Models, ReverseSides
from dynmodel_pyramid.rows.encoding import RowEncoder

#: How many rows of a stream are in memory at a time, and how many ids are in one IN list.
CHUNK = 1000


class Row(NamedTuple):
    """One row as JSON, with its id and version."""

    id: int
    version: int
    body: bytes


class RowReads:
    """Reads rows of one version of one table, as a caller may see them."""

    def __init__(self, catalogue: Catalogue, model: Model, scopes: Scopes, *, author: str | None = None) -> None:
        """
        :param scopes: what the caller may do with this table, and with those that it links to
        :param author: who writes
        """
        self.catalogue = catalogue
        self.model = model
        self.scopes = scopes
        self.scope = scopes.scope(model)
        #: Gives the models of linked tables, from the caller's attempt, so that their use is proven as well.
        self.models = scopes.models
        self.author = author
        self.options = {"compiled_cache": model.compiled_cache}

    def refuse_no_reading(self) -> None:
        """:raises Forbidden: the caller has no grant to read the table"""
        if not self.scope.may_read:
            hint = "GET /me/ shows what it may do with it"
            raise Forbidden("this identity may not read rows of this table", hint=hint)

    @property
    def encoder(self) -> RowEncoder:
        if self.scopes.are_whole:
            return self.model.once(RowEncoder, partial(_encoder, self.models, self.scopes))
        sides = tuple(self._side_key(side) for side in self.model.definition.referrers if side.reverse is not None)
        kept: Kept = self.model.once(Kept, new_kept)
        encoder: RowEncoder = kept.get(
            ("encoder", self.scope.view.key, sides),
            self.models,
            lambda models: _encoder(models, self.scopes, self.model),
        )
        return encoder

    def _side_key(self, side: Referrer) -> Any:
        """What tells the caller's view of a reverse side from others'."""
        far = self.models(side.table_id)
        return None if far is None else (far.definition.version, self.scopes.view(far).key)

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the parameters in the encoder's statements."""
        return self.scopes.values(self.model, [side.table_id for side in self.model.definition.referrers])

    def _run(
        self, connection: sa.Connection, statement: sa.Executable, parameters: Any = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        return connection.execute(statement, parameters, execution_options=self.options)

    def get(self, connection: sa.Connection, row_id: int) -> Row | None:
        """One row; None if there is none."""
        encoder = self.encoder
        rows = encoder.prepared(connection, "one")(connection, {"row_id": row_id, **self.values})
        return Row(row_id, rows[0][0], encoder.row(rows[0][1:])) if rows else None

    def versions(self, connection: sa.Connection, ids: Sequence[int]) -> dict[int, int]:
        """The versions of those of the rows that the caller may read."""
        source = self.scope.view.source()
        among = self.catalogue.database.dialect.among(source.c.id, ids)
        query = sa.select(source.c.id, source.c._version).where(among)
        rows = connection.execute(query, self.scope.values, execution_options={"compiled_cache": None})
        return {row[0]: row[1] for row in rows}

    def encode(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[bytes]:
        """The rows with these ids, in this order, as JSON objects; ids of deleted rows are left out."""
        for rows in self.parts(connection, ids):
            yield from map(self.encoder.row, rows)

    def parts(self, connection: sa.Connection, ids: Sequence[int]) -> Iterator[list[Sequence[Any]]]:
        """The values of these rows, in the order of ``encoder.names``, in parts."""
        encoder, values = self.encoder, self.values
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            rows: Iterable[Sequence[Any]]
            low, high = min(part), max(part)
            if high - low < 2 * CHUNK:
                # New ids are mostly consecutive, and a range with two parameters is faster than a thousand parameters.
                rows = encoder.prepared(connection, "between")(connection, {"low": low, "high": high, **values})
            else:
                rows = self._run(connection, encoder.select.where(encoder.table.c.id.in_(part)), values)
            by_id = {row[0]: row for row in rows}
            yield [by_id[row_id] for row_id in part if row_id in by_id]


def _encoder(models: Models, scopes: Scopes, model: Model) -> RowEncoder:
    return RowEncoder(model, scopes.view(model), ReverseSides(models, scopes))
