"""How much SQL one query may become: counted while it is made, before the database sees any of it.

Parsing counts what a client wrote (:mod:`~queries.grammar.rules`). What that becomes differs: one cast to a time is a
thousand elements, and an item of a relation that is spread stands in a subquery of its own.
"""

from typing import TypeVar

import sqlalchemy as sa

from dynmodel_pyramid.queries.errors import QueryTooComplex

#: Some twenty microseconds each, to be made and written.
MOST_ELEMENTS = 30_000
#: SQLite takes 32,766 (Implementation Limits, 9).
MOST_PARAMETERS = 32_000

Element = TypeVar("Element", bound=sa.ClauseElement)


class Budget:
    """What is left of one query's. ``spent`` is the number of elements so far."""

    def __init__(self, elements: int = MOST_ELEMENTS, parameters: int = MOST_PARAMETERS) -> None:
        self.most = elements
        self.spent = 0
        self._parameters = parameters
        self._counted: set[sa.ClauseElement] = set()

    def spend(self, element: Element) -> Element:
        """Count all that an element is made of, except for what was counted before; -> the element.

        :raises QueryTooComplex: the query has become too much
        """
        left: list[sa.ClauseElement] = [element]
        while left:
            each = left.pop()
            if each in self._counted:
                continue
            if isinstance(each, sa.FromClause):
                self._counted.add(each)  # many columns of it may be named: it is written once
            if isinstance(each, sa.TableClause):
                continue
            self.spent += 1
            if isinstance(each, sa.BindParameter):
                self._parameters -= len(each.value or ()) if each.expanding else 1
            if self.spent > self.most or self._parameters < 0:
                raise QueryTooComplex(
                    "the query is more SQL than this server sends to the database",
                    parameter="query",
                    hint="use fewer casts, values and relations, or ask in several queries",
                )
            left.extend(each.get_children())
        self._counted.add(element)
        return element
