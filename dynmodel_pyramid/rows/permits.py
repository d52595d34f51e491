"""Which grant allows the write of a row.

One grant allows it whole: the row before (``rows``), all fields that are written, and the row afterwards (``check``).
Grants are tried in the order of the roles' names. Those that set no fields themselves, or the same ones (``preset``),
differ only in what they allow, so they are tried at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.grants import Action
from dynmodel_pyramid.access.scope import Permit
from dynmodel_pyramid.errors import Forbidden, Problem
from dynmodel_pyramid.rows.reads import RowReads

_UNCACHED = {"compiled_cache": None}
_WORDS: Mapping[Action, str] = {"create": "add", "update": "change", "delete": "delete"}
#: How many ids are asked about in one statement.
_MOST = 10_000


class Permits:
    """The permits of a caller for one action on the rows of a table, of whom not everything is allowed."""

    def __init__(self, rows: RowReads, action: Action, permits: Sequence[Permit]) -> None:
        self._rows, self._action = rows, action
        self.permits = permits

    def refuse_none(self) -> None:
        """:raises Forbidden: there is no permit at all"""
        if not self.permits:
            raise self.refused("rows")

    def only(self, permits: Sequence[Permit]) -> "Permits":
        """The same with some of the permits."""
        return Permits(self._rows, self._action, permits)

    def refused(self, what: str = "this row") -> Forbidden:
        return Forbidden(
            f"this identity may not {_WORDS[self._action]} {what}", hint="GET /me/ shows what it may do with the table"
        )

    def refused_check(self, pointers: Iterable[str] = ()) -> Forbidden:
        """
        :param pointers: of the rows that are refused, where they are known
        """
        refusal = Forbidden(
            "no grant of this identity allows the row as it would be",
            hint="GET /me/ shows what it may do with the table",
        )
        refusal.every = [Problem(pointer, refusal.code, refusal.detail) for pointer in pointers]
        return refusal

    def covering(
        self, names: Collection[str], values: Mapping[str, Any], missing: Collection[str] = ()
    ) -> tuple[Permit, ...]:
        """The permits for writing these fields.

        :param names: the fields that the client sends
        :param values: the stored values of a row
        :param missing: required fields without a value, which a grant has to set
        :raises Forbidden: there is none
        """
        permits = tuple(permit for permit in self.permits if _covers(permit, names, values, missing))
        if not permits:
            self.refuse_none()
            raise self.refused(f"the fields {', '.join(sorted(names))} together" if names else "such a row")
        return permits

    def holding(
        self, connection: sa.Connection, ids: Sequence[int], permits: Sequence[Permit]
    ) -> dict[int, tuple[Permit, ...]]:
        """For each row, the permits whose condition holds for it as it is now. Rows without any are left out."""
        if all(permit.rows is None for permit in permits):
            return {row_id: tuple(permits) for row_id in ids} if permits else {}
        holding = {}
        table = self._rows.model.table
        for start in range(0, len(ids), _MOST):
            part = ids[start : start + _MOST]
            conditions = [
                sa.true() if permit.rows is None else sa.func.coalesce(permit.rows(table), sa.false())
                for permit in permits
            ]
            query = sa.select(table.c.id, *[sa.type_coerce(condition, sa.Boolean()) for condition in conditions])
            for row_id, *flags in connection.execute(query.where(self._among(part)), execution_options=_UNCACHED):
                allowed = tuple(permit for permit, holds in zip(permits, flags, strict=True) if holds)
                if allowed:
                    holding[row_id] = allowed
        return {row_id: holding[row_id] for row_id in ids if row_id in holding}

    def failing(self, connection: sa.Connection, allowed: Mapping[int, Sequence[Permit]]) -> set[int]:
        """The written rows that no permit allows as they are now.

        :param allowed: the ids of the rows, with the permits of each
        """
        together: dict[tuple[Permit, ...], list[int]] = {}
        for row_id, permits in allowed.items():
            if all(permit.check is not None for permit in permits):
                together.setdefault(tuple(permits), []).append(row_id)
        failing: set[int] = set()
        table = self._rows.model.table
        for permits, ids in together.items():
            checks = [permit.check(table) for permit in permits if permit.check is not None]
            passes = sa.func.coalesce(sa.or_(*checks), sa.false())
            for start in range(0, len(ids), _MOST):
                query = sa.select(table.c.id).where(self._among(ids[start : start + _MOST]), sa.not_(passes))
                failing.update(connection.scalars(query, execution_options=_UNCACHED))
        return failing

    def _among(self, ids: Sequence[int]) -> sa.ColumnElement[bool]:
        return self._rows.catalogue.database.dialect.among(self._rows.model.table.c.id, ids)


def _covers(permit: Permit, names: Collection[str], values: Mapping[str, Any], missing: Collection[str]) -> bool:
    for name in names:
        if name in permit.presets:
            if values.get(name) != permit.presets[name]:
                return False
        elif name not in permit.names:
            return False
    return all(permit.presets.get(name) is not None for name in missing)


def by_presets(permits: Iterable[Permit]) -> list[tuple[Mapping[str, Any], tuple[Permit, ...]]]:
    """The permits that can be tried at once, each with the values that they set, in their order.

    Permits with others between them are not tried at once: the first one that holds says what is set.
    """
    found: list[tuple[Mapping[str, Any], list[Permit]]] = []
    for permit in permits:
        if found and found[-1][0] == permit.presets:
            found[-1][1].append(permit)
        else:
            found.append((permit.presets, [permit]))
    return [(presets, tuple(alike)) for presets, alike in found]


def first_presets(permits: Iterable[Permit]) -> tuple[Mapping[str, Any], tuple[Permit, ...]]:
    """What the first permit sets, and all permits that set the same."""
    first, *others = permits
    return first.presets, (first, *[permit for permit in others if permit.presets == first.presets])
