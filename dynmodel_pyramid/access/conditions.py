"""Conditions of grants, in the query grammar, with the ids of fields and relations in the place of names.

A condition is written like the filters of a query string: ``team=in.{user.claims.teams}&status=neq.closed``, or with
relations: ``team.members.name=eq.x`` asks whether the row has such a row over there. A placeholder stands for a whole
operand, and gets its value from the identity when a statement runs.
"""

from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.queries.grammar.syntax import Placeholder, Query
from dynmodel_pyramid.queries.sql.views import Models

__all__ = ["Condition", "Placeholder", "query"]


@dataclass(frozen=True, slots=True)
class Condition:
    """
    :param stored: the condition as JSON, as it is stored, by ids; hashable text
    """

    stored: str

    def to_stored(self) -> Any:
        raise NotImplementedError

    @property
    def has_placeholders(self) -> bool:
        raise NotImplementedError


def query(condition: Condition, model: Model, models: Models) -> Query:
    raise NotImplementedError
