"""What differs between the two faces of rows, ``/table/{id}/rows/`` and ``/rest/{model_name}``.

How lists are read (:mod:`~.listing`) and rows are written (:mod:`~.writing`) is written once; a face is a value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dynmodel_pyramid.exchange.forms import Form
from dynmodel_pyramid.queries import Query, Rules
from dynmodel_pyramid.web.http.preferences import PreferenceRules


class Accepted(Protocol):
    """What ``Accept`` asks for."""

    def form(self, names: Sequence[str], *, is_one: bool = False) -> Form:
        """How rows with these names are written.

        :param is_one: for the answer to a request that sent one row by itself
        """

    def refuse(self, count: int | str) -> None:
        """:raises Exception: the form has no place for this number of rows"""


@dataclass(frozen=True, slots=True)
class Face:
    """
    :param preferences: which there are, and how they are read
    :param accept: reads ``Accept`` for an answer to a write, of a request
    :param read_query: parses the query string, for a resource and by the rules of the catalogue
    :param exact_numbers: exact numbers are JSON numbers, not strings
    :param has_cursors: lists tell what continues them
    :param tells_range: every list has ``Content-Range``; else where something asks for a part or the number of rows
    :param beyond: makes the error for an offset and the total that it is beyond
    :param returns: the methods whose answers have the rows, unless ``Prefer`` says otherwise
    :param is_lenient: what a query says of the rows that are returned is judged where they are returned, and may group
        them; else always, and it may not
    :param varies: answers to writes come in several media types; those without rows name none
    :param ignored: the status of a POST whose rows were all there and left as they are
    :param unchanged: the status of a POST that made no new row, without a body
    :param written_range: ``Content-Range`` of a write, if any, by method, number of rows, and total if it is asked for
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
