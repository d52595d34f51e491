"""Rows of any table, for the subscribers of an event, in its transaction."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import console_scopes
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.queries import parse, split
from dynmodel_pyramid.rows.encoding import json_rows
from dynmodel_pyramid.rows.querying import queried
from dynmodel_pyramid.rows.service import Rows


class Table:
    """The rows of one table: everything may be read and written, as by an administrator. The writes are events, too."""

    def __init__(self, rows: Rows, connection: sa.Connection, attempt: Attempt) -> None:
        self._rows, self._connection, self._attempt = rows, connection, attempt

    def get(self, row_id: int) -> dict[str, Any] | None:
        """One row as a JSON document; None if there is none."""
        row = self._rows.get(self._connection, row_id)
        return None if row is None else orjson.loads(row.body)

    def find(self, query: str = "", *, limit: int = 1000) -> list[dict[str, Any]]:
        """The rows that a query finds, in the grammar of ``rows/``: ``stock=lt.5&order=stock``.

        :param limit: the most rows; a limit in the query counts as well
        :raises Malformed: the query is malformed, or has an unknown name
        """
        rows = self._rows
        results = queried(rows, "text", query, lambda rules: parse(split(query), rules))
        own = results.plan.limit
        page = results.page(self._connection, limit if own is None else min(limit, own), results.plan.offset or 0)
        found: list[dict[str, Any]] = orjson.loads(json_rows(results.plan.names, page.rows))
        return found

    def add(self, *documents: dict[str, Any]) -> list[int]:
        """Add rows; -> their ids.

        :raises Invalid: with every fault
        """
        new = self._rows.read(documents, pointers=len(documents) > 1)
        ids = self._rows.insert(self._connection, new)
        self._attempt.confirm()
        return ids

    def change(self, row_id: int, document: dict[str, Any]) -> bool:
        """Assign the fields in the document; -> whether there is such a row.

        :raises Invalid: with every fault
        """
        version = self._rows.assign(self._connection, row_id, document)
        self._attempt.confirm()
        return version is not None

    def delete(self, row_id: int) -> bool:
        """Delete a row; -> whether there was one.

        :raises Conflict: a row that stays refers to it
        """
        is_gone = self._rows.delete(self._connection, row_id)
        self._attempt.confirm()
        return is_gone


class Tables:
    """The tables of a catalogue in one transaction."""

    def __init__(self, catalogue: Catalogue, connection: sa.Connection, author: str | None = None) -> None:
        self.catalogue, self.connection, self._author = catalogue, connection, author

    def __getitem__(self, key: int | str) -> Table:
        """
        :param key: a table's id or model name
        :raises LookupError: there is no such table
        :raises Stale: the request is to be run again, because the table has changed
        """
        attempt = Attempt(self.catalogue)
        model = attempt.model(key)
        if model is None:
            raise LookupError(f"there is no table {key!r}")
        rows = Rows(self.catalogue, model, console_scopes(attempt.model), author=self._author)
        rows.use_linked()
        attempt.open(self.connection, writes=True)
        return Table(rows, self.connection, attempt)

    def encoded(self, model: Model, ids: Sequence[int]) -> Iterator[bytes]:
        """Rows of a table, which may have been made in this transaction, as JSON objects."""
        rows = Rows(self.catalogue, model, console_scopes(Attempt(self.catalogue).model), author=self._author)
        return rows.encode(self.connection, ids)
