"""Rows of tables into files, for scripts: all statements of an export see one moment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import console_scopes
from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.database.dialect import ONE_MOMENT
from dynmodel_pyramid.errors import Busy, Malformed, NotFound
from dynmodel_pyramid.exchange.contents import NO_PARAMETERS, Parameters
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.queries import QueryError, parse, split
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.querying import Queried, queried

#: How often an export begins again because a definition has changed, before its first row.
ATTEMPTS = 5


def export_rows(
    catalogue: Catalogue,
    table: str,
    query: str,
    format: Format,
    file: BinaryIO,
    *,
    parameters: Parameters = NO_PARAMETERS,
    watch: Callable[[int], None] = lambda count: None,
) -> int:
    """Write the rows that a query finds; -> how many.

    :param query: a query string (docs/queries.md)
    :param parameters: those of the format
    :raises NotFound: there is no such table
    :raises Malformed: the query is malformed, or the format is not written
    """
    if format.write is None:
        raise Malformed(f"{format.media_type} is only read")
    for number in range(ATTEMPTS):
        attempt = Attempt(catalogue, number)
        try:
            results = _results(attempt, table, query)
            with one_moment(attempt) as connection:
                shown = Shown(results.plan.names, results.rows.model, results.plan.query.select, parameters)
                return _write(format.write(shown), results, connection, file, watch)
        except Stale:
            continue
    raise Busy(f"the definition of {table} changed {ATTEMPTS} times")


def _results(attempt: Attempt, table: str, query: str) -> Queried:
    model = attempt.model(int(table) if table.isdecimal() else table)
    if model is None:
        raise NotFound(f"there is no table {table!r}")
    rows = row_service(attempt.catalogue, model, console_scopes(attempt.model))
    try:
        return queried(rows, "text", query, lambda rules: parse(split(query), rules))
    except QueryError as error:
        raise Malformed(f"--query: {error.detail}", hint=error.hint) from None


@contextmanager
def one_moment(attempt: Attempt) -> Iterator[sa.Connection]:
    """A connection that reads the attempt's tables as of one moment.

    :raises Stale: a definition has changed since the attempt looked at it
    """
    database = attempt.database
    with database.engine.connect().execution_options(**{ONE_MOMENT: True}) as connection:
        connection.begin()
        database.dialect.mark_stream(connection)
        attempt.open(connection)
        attempt.lock(connection)
        yield connection


def _write(
    form: Form,
    results: Queried,
    connection: sa.Connection,
    file: BinaryIO,
    watch: Callable[[int], None],
) -> int:
    count = 0

    def counted() -> Iterator[Sequence[Sequence[Any]]]:
        nonlocal count
        for rows in results.parts(connection, results.plan.limit, results.plan.offset, form.records):
            yield rows
            count += len(rows)
            watch(count)

    for part in form.parts(counted()):
        file.write(part)
    return count
