"""The cached plans of one version of a table, and their statements.

A request finds its plan by the text of its query. One with another filter value, or another cursor, has another text:
it finds the frame of its plan, translates its conditions, and takes over the statement that was made for conditions of
the same structure. A page of 100 rows of 20 columns on SQLite, in process, by a filter value that nobody had asked for
before: 2.0 ms without this, 0.6 with it, 0.4 if the text is known. By a new cursor: 1.8, 0.7, 0.5.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.queries.sql.plans import Conditions, Frame, Plan, Shape
from dynmodel_pyramid.rows.prepared import PreparedSelect

#: The most elements of SQL in them; about 5 MB. A plan of a page with filters and order has about thirty.
PLANS_WEIGH = 10_000
#: The most plans, frames and statements.
PLANS = 256
#: The name of the statement that counts a plan's rows; those of its pages are named by their shapes.
COUNT = "count"


class KeptPlan:
    """A plan with the statements that were made of it, by their names.

    :param is_long: whether its text is so long that nothing of it is kept for other requests
    """

    def __init__(self, plan: Plan, *, is_long: bool = False) -> None:
        self.plan = plan
        self.is_long = is_long
        self.statements: dict[Shape | str, PreparedSelect] = {}


class KeptPlans:
    """Those of one version of a table, by any keys; the least recently used ones are dropped."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, tuple[int, Any]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        """What is kept by this key; None: nothing."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def keep(self, key: Any, value: Any, weight: int) -> None:
        """
        :param weight: of all that the key and the value hold, as if nothing else held it
        """
        if weight > PLANS_WEIGH // 4:
            return
        with self._lock:
            self._weight += weight - self._kept.pop(key, (0, None))[0]
            self._kept[key] = weight, value
            while self._weight > PLANS_WEIGH or len(self._kept) > PLANS:
                self._weight -= self._kept.popitem(last=False)[1][0]


class SharedStatements:
    """The statements of all plans of one frame.

    Two statements of one name differ in values only if their conditions have the same structure, as the frame is the
    same. The structure of a condition takes 10 us, that of a statement of 20 columns 100.

    Lists of IN are rendered when their values are known, so statements with them are not shared.

    :param keeps: whether statements that are made are kept for others
    """

    def __init__(self, kept: KeptPlans, frame: Frame, *, keeps: bool) -> None:
        self._kept, self._frame, self._keeps = kept, frame, keeps

    def knows(self, name: Shape | str, conditions: Conditions) -> bool:
        """Whether there is a statement of that name for such conditions."""
        structure = self._structure(conditions)
        return structure is not None and self._kept.get((self._frame, name, structure[0])) is not None

    def find(self, name: Shape | str, conditions: Conditions) -> PreparedSelect | None:
        """The statement of that name for these conditions, if there is one for such conditions.

        :param name: what is made of the rows
        """
        structure = self._structure(conditions)
        if structure is None:
            return None
        known: PreparedSelect | None = self._kept.get((self._frame, name, structure[0]))
        return None if known is None else known.with_values(structure[1])

    def values_of(self, conditions: Conditions) -> Sequence[sa.BindParameter[Any]]:
        """Those that a statement with such conditions must be able to replace, to be kept."""
        structure = self._structure(conditions)
        return () if structure is None else structure[1]

    def keep(self, name: Shape | str, conditions: Conditions, made: PreparedSelect, weight: int) -> None:
        """Keep a statement for such conditions.

        :param conditions: those of the statement
        :param weight: of the conditions, elements of SQL
        """
        structure = self._structure(conditions)
        if structure is not None and self._keeps and made.takes_values:
            self._kept.keep((self._frame, name, structure[0]), made.without_values(), self._frame.weight + weight)

    def _structure(self, conditions: Conditions) -> tuple[Any, Sequence[sa.BindParameter[Any]]] | None:
        frame = self._frame
        is_known = frame.is_shared and (not conditions.clauses or frame.has_known_types)
        return conditions.structure if is_known else None
