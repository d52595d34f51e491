"""Explains why an identity may take an action on a row, or may not: each grant's conditions, asked of the row."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.compiling import compiled, slots_of
from dynmodel_pyramid.access.conditions import Condition, ConditionBroken, Step, leaves
from dynmodel_pyramid.access.document_writing import condition_text, grant_document
from dynmodel_pyramid.access.grants import Action, Grant
from dynmodel_pyramid.access.operands import Literals
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import NotFound


class Explainer:
    """Explains the grants of one caller on one table."""

    def __init__(self, caller: Caller, model: Model, tables: Tables, connection: sa.Connection) -> None:
        self.caller, self.model, self.tables, self.connection = caller, model, tables, connection
        self.moment = datetime.datetime.now(datetime.UTC)

    def explain(self, action: Action, row_id: int | None) -> dict[str, Any]:
        """
        :raises NotFound: there is no such row
        """
        if row_id is not None and not self._is_there(row_id):
            raise NotFound(f"the table {self.model.definition.model_name} has no row {row_id}")
        admin = self.caller.is_admin
        grants = [] if admin else self._grants(action, row_id)
        allowed = True if admin else _any(grants)
        answer = {"allowed": allowed, "by": "admin" if admin else None, "grants": grants}
        if not admin and action in ("update", "delete"):
            # Writes find readable rows only.
            answer["readable"] = readable = _any(self._grants("read", row_id))
            answer["allowed"] = False if False in (allowed, readable) else None if None in (allowed, readable) else True
        holding = next((grant for grant in grants if grant["holds"]), None)
        if holding is not None and answer["allowed"]:
            answer["by"] = f"{holding['role']}: {self.model.definition.model_name}.{action}"
        return answer

    def _grants(self, action: Action, row_id: int | None) -> list[dict[str, Any]]:
        grants = self.caller.grants(self.model.definition.id).of(action)
        return [self._grant(grant, action, row_id) for grant in grants]

    def _grant(self, grant: Grant, action: Action, row_id: int | None) -> dict[str, Any]:
        told = {
            "role": grant.role,
            "number": grant.number,
            "grant": grant_document(grant, action, self.model, self.tables),
        }
        if grant.rows is None:
            return {**told, "holds": True, "conditions": []}
        parts = [self._part(part, row_id) for part in _parts(grant.rows)]
        holds = [part["holds"] for part in parts]
        return {**told, "holds": False if False in holds else None if None in holds else True, "conditions": parts}

    def _part(self, condition: Condition, row_id: int | None) -> dict[str, Any]:
        """A part of a condition; ``holds`` is None if there is no row to ask."""
        told: dict[str, Any] = {"condition": condition_text(condition, self.model, self.tables)}
        values = []
        try:
            for slot in slots_of(condition, self.model, self.tables):
                held = slot.values(self.caller.identity, self.moment)
                if held is None:
                    detail = f"{{{slot.placeholder.name}}} has no value of {slot.subject.name} for this identity"
                    return {**told, "holds": False, "detail": detail}
                values.append(held)
            holds = None if row_id is None else self._is_there(row_id, condition, values)
        except ConditionBroken as error:
            return {**told, "holds": False, "detail": error.detail}
        return {**told, "holds": holds}

    def _is_there(self, row_id: int, condition: Condition | None = None, values: Sequence[Sequence[Any]] = ()) -> bool:
        table = self.model.table
        statement = sa.select(table.c.id).where(table.c.id == row_id)
        if condition is not None:
            statement = statement.where(compiled(condition, self.model, self.tables, table, Literals(values)))
        return self.connection.execute(statement).first() is not None


def _any(grants: list[dict[str, Any]]) -> bool | None:
    holds = [grant["holds"] for grant in grants]
    return True if True in holds else None if None in holds else False


def _parts(condition: Condition) -> Iterator[Condition]:
    """The parts of a condition that must all hold: each filter of the table itself, and those of relations together."""
    together = []
    for level in condition.levels:
        if level.path:
            together.append(level)
            continue
        related = [item for item in level.filters if any(Step.read(leaf.column.name) for leaf in leaves((item,)))]
        for item in level.filters:
            if item not in related:
                yield replace(condition, levels=(replace(level, filters=(item,)),))
        if related:
            together.append(replace(level, filters=tuple(related)))
    if together:
        yield replace(condition, levels=tuple(together))
