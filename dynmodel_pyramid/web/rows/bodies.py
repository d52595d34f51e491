"""Files of rows in the bodies of requests."""

from dataclasses import replace
from typing import BinaryIO

from pyramid.request import Request

from dynmodel_pyramid.exchange.binding import mapped
from dynmodel_pyramid.exchange.contents import Contents, Note
from dynmodel_pyramid.queries import Query
from dynmodel_pyramid.web.http.body import media_type_of, reading_of


def contents_of(request: Request, file: BinaryIO, query: Query, note: Note | None = None) -> Contents:
    """What a body holds, under the names of fields where the query names its columns.

    :param note: see :class:`~dynmodel_pyramid.exchange.contents.Reading`
    """
    format = request.registry.dynmodel_formats[media_type_of(request)]
    contents: Contents = format.read(file, replace(reading_of(request, format), note=note))
    return mapped(contents, query.columns or (), dict(query.sources)) if query.sources else contents
