"""The cached plans of one version of a table, and their statements.

A request finds its plan by the text of its query. One with another filter value, or another cursor, has another text:
it finds the frame of its plan, translates its conditions, and takes over the statement that was made for conditions of
the same structure. A page of 100 rows of 20 columns on SQLite, in process, by a filter value that nobody had asked for
before: 2.0 ms without this, 0.6 with it, 0.4 if the text is known. By a new cursor: 1.8, 0.7, 0.5.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.queries.sql.plans import Frame, Plan, Shape
from dynmodel_pyramid.rows.prepared import PreparedSelect

#: The most elements of SQL in them; about 5 MB. A plan of a page with filters and order has about thirty.
PLANS_WEIGH = 10_000
#: The most plans, frames and statements.
PLANS = 256
#: The name of the statement that counts a plan's rows; those of its pages are named by their shapes.
COUNT = "count"


class KeptPlan:
    """A plan with the statements that were made of it, by their names."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
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

    Two statements of one name differ in values only if their conditions have the same structure: that is what
    SQLAlchemy's own cache of statements goes by ("SQL Compilation Caching"), here of the conditions alone, as the
    frame is the same. The key of a condition takes 10 us, that of 20 columns 100.

    Lists of IN are rendered when their values are known, so statements with them are not shared.
    """

    def __init__(self, kept: KeptPlans, frame: Frame) -> None:
        self._kept, self._frame = kept, frame

    def knows(self, name: Shape | str, conditions: Sequence[sa.ColumnElement[bool]]) -> bool:
        """Whether such a statement was made before."""
        structure = self._structure(conditions)
        return structure is not None and self._kept.get((self._frame, name, structure[0])) is not None

    def statement(
        self,
        name: Shape | str,
        conditions: Sequence[sa.ColumnElement[bool]],
        dialect: sa.Dialect,
        make: Callable[[], sa.Select[*tuple[Any, ...]]],
        weight: int,
    ) -> PreparedSelect:
        """A statement over the rows of the frame.

        :param name: what is made of the rows
        :param conditions: of the rows
        :param make: makes the statement, which has these very conditions
        :param weight: of the conditions, elements of SQL
        """
        structure = self._structure(conditions)
        if structure is None:
            return PreparedSelect(make(), dialect)
        key, values = (self._frame, name, structure[0]), structure[1]
        known: PreparedSelect | None = self._kept.get(key)
        if known is not None:
            return known.with_values(values)
        made = PreparedSelect(make(), dialect, replaceable=values)
        if made.takes_values:
            self._kept.keep(key, made, self._frame.weight + weight)
        return made

    def _structure(
        self, conditions: Sequence[sa.ColumnElement[bool]]
    ) -> tuple[Any, Sequence[sa.BindParameter[Any]]] | None:
        """What conditions are without their values, and the parameters that have these; None: nobody knows."""
        if not conditions:
            return (), ()
        if not self._frame.has_known_types:
            return None
        key = (conditions[0] if len(conditions) == 1 else sa.and_(*conditions))._generate_cache_key()
        return None if key is None else (key.key, key.bindparams)
