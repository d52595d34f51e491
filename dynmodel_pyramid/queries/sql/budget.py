"""Limits the SQL of one query. It is counted while it is made, before the database sees any of it.

Parsing counts the parts of the query's text (:mod:`~queries.grammar.rules`). Their SQL differs in size: one cast to a
time is a thousand elements, and each item of a spread relation has a subquery of its own.
"""

from typing import TypeVar

import sqlalchemy as sa

from dynmodel_pyramid.queries.errors import QueryTooComplex

#: The most elements; each takes about twenty microseconds to make and render.
MOST_ELEMENTS = 30_000
#: The most parameters; SQLite allows 32,766 (Implementation Limits, 9).
MOST_PARAMETERS = 32_000

Element = TypeVar("Element", bound=sa.ClauseElement)


class Budget:
    """The budget of one query. ``spent`` is the number of elements so far."""

    def __init__(self, elements: int = MOST_ELEMENTS, parameters: int = MOST_PARAMETERS) -> None:
        self.most = elements
        self.spent = 0
        self._parameters = parameters
        self._counted: set[sa.ClauseElement] = set()

    def rest(self) -> "Budget":
        """What is left, as a budget that does not count again what this one has counted."""
        rest = Budget(self.most - self.spent, self._parameters)
        rest._counted = self._counted.copy()
        return rest

    def spend(self, element: Element) -> Element:
        """Count all parts of an element that were not counted before; -> the element.

        :raises QueryTooComplex: the query has become too much
        """
        left: list[sa.ClauseElement] = [element]
        while left:
            part = left.pop()
            if part in self._counted:
                continue
            if isinstance(part, sa.FromClause):
                self._counted.add(part)  # many columns of it may be used: it is rendered once
            if isinstance(part, sa.TableClause):
                continue
            self.spent += 1
            if isinstance(part, sa.BindParameter):
                self._parameters -= len(part.value or ()) if part.expanding else 1
            if self.spent > self.most or self._parameters < 0:
                raise QueryTooComplex(
                    "the query is more SQL than this server sends to the database",
                    parameter="query",
                    hint="use fewer casts, values and relations, or ask in several queries",
                )
            left.extend(part.get_children())
        self._counted.add(element)
        return element
