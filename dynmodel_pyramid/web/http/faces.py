"""The differences between the two faces of rows, ``/table/{id}/rows/`` and ``/rest/{model_name}``.

Reading lists (:mod:`~.listing`) and writing rows (:mod:`~.writing`) is the same code for both; a face is a value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.queries import Query, Rules
from dynmodel_pyramid.web.http.preferences import PreferenceRules


class Accepted(Protocol):
    """The form of rows that ``Accept`` asks for."""

    def form(self, names: Sequence[str], *, is_one: bool = False) -> Form:
        """The form of rows with these names.

        :param is_one: the request sent a single row, not an array
        """

    def refuse(self, count: int | str) -> None:
        """:raises Exception: the form can't hold this number of rows"""


@dataclass(frozen=True, slots=True)
class Face:
    """
    :param preferences: the known preferences and how they are read
    :param accept: reads a request's ``Accept`` for an answer to a write
    :param read_query: parses the query string for a resource, by the rules of the catalogue
    :param exact_numbers: exact numbers are JSON numbers, not strings
    :param has_cursors: lists have cursors
    :param tells_range: every list has ``Content-Range``; else only if a part or the number of rows is asked for
    :param beyond: makes the error for an offset that is beyond the total
    :param returns: the methods whose answers have the rows, unless ``Prefer`` says otherwise
    :param is_lenient: the query's parts for returned rows are checked only if rows are returned, and may group them;
        else they are checked always, and may not group
    :param varies: answers to writes have several media types, and answers without rows have none
    :param ignored: the status of a POST whose rows all existed and were left as they are
    :param unchanged: the status of a POST that made no new row, without a body
    :param written_range: makes ``Content-Range`` of a write, if any, from method, number of rows, and total if asked
        for
    """

    preferences: PreferenceRules
    accept: Callable[[Any], Accepted]
    read_query: Callable[[Any, str, Rules], Query]
    exact_numbers: bool
    has_cursors: bool
    tells_range: bool
    beyond: Callable[[int, int], Exception]
    returns: frozenset[str]
    is_lenient: bool
    varies: bool
    ignored: int
    unchanged: int
    written_range: Callable[[str, int, int | None], str | None]
