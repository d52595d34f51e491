"""The plan of a change, as a JSON document for clients."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynmodel_pyramid.changes.apply import TablePlan
from dynmodel_pyramid.changes.ddl.runner import COSTS
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.changes.values.violations import Violation
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.compare import operations_between
from dynmodel_pyramid.definitions.operations import Operation, Validate, operation_document


def plan_document(plan: TablePlan) -> dict[str, Any]:
    """The plan for one table."""
    change = plan.change
    before = change.live_before
    return {
        "action": _action(change),
        "table": None if before is None else change.id,
        "model_name": change.model_name,
        "version": None if before is None else before.version,
        "next_version": plan.versions + (0 if before is None else before.version),
        "allowed": not plan.violations,
        "rows": plan.rows,
        "locks": [] if before is None else [{"mode": mode, "while": during} for mode, during in plan.locks],
        "steps": _whole(plan) or _operations(plan),
        "statements": [statement.sql for statement in plan.statements],
    }


def plan_documents(plans: list[TablePlan]) -> dict[str, Any]:
    """Name -> plan of each table that would change; the name is the new one, or the old one of a dropped table."""
    return {
        plan.change.model_name: plan_document(plan) for plan in sorted(plans, key=lambda plan: plan.change.model_name)
    }


def _action(change: TableChange) -> str:
    if change.after is None:
        return "drop"
    if change.live_before is not None:
        return "change"
    return "restore" if change.restored else "create"


def unchanged_plan(definition: TableDefinition) -> dict[str, Any]:
    """The plan of a change that changes nothing; no rows are counted for it."""
    return {
        "action": "none",
        "table": definition.id,
        "model_name": definition.model_name,
        "version": definition.version,
        "next_version": definition.version,
        "allowed": True,
        "rows": None,
        "locks": [],
        "steps": [],
        "statements": [],
    }


def _whole(plan: TablePlan) -> list[dict[str, Any]]:
    """A table that is created, dropped or restored is one step."""
    change = plan.change
    if change.after is not None and change.live_before is not None:
        return []
    step = {"kind": f"{_action(change)}_table", **_effort(range(len(plan.statements)), plan)}
    return [{**step, "refused": [_refusal(violation) for violation in plan.violations]}]


def _operations(plan: TablePlan) -> list[dict[str, Any]]:
    operations = operations_between(plan.change.old, plan.change.new)
    if plan.put_off:
        operations = (*operations, Validate(tuple(sorted(plan.put_off)), ()))
    refused: dict[int, list[Violation]] = {}
    for violation in plan.violations:
        refused.setdefault(_place(operations, violation), []).append(violation)
    return [
        {
            **operation_document(operation),
            **_effort([n for n, one in enumerate(plan.statements) if operation.key in one.keys], plan),
            **_values(operation, plan.values),
            "refused": [_refusal(violation) for violation in refused.get(place, ())],
        }
        for place, operation in enumerate(operations)
    ]


def _place(operations: tuple[Operation, ...], violation: Violation) -> int:
    """The operation that a violation belongs to: that of its aspect, else one of its fields."""
    keys = [operation.key for operation in operations]
    if (violation.aspect, violation.number) in keys:
        return keys.index((violation.aspect, violation.number))
    return next(place for place, (_, number) in enumerate(keys) if number in (violation.number, *violation.fields))


def _effort(numbers: Sequence[int], plan: TablePlan) -> dict[str, Any]:
    """The statements of an operation, by their places in the plan, because one may serve several operations; and their
    cost: ``none`` if the database has nothing to do.
    """
    statements = [plan.statements[number] for number in numbers]
    costs = [statement.cost for statement in statements]
    cost = max(costs, key=COSTS.index) if costs else "none"
    return {
        "cost": cost,
        "lock": next((statement.lock for statement in statements if statement.lock), plan.usual_lock)
        if statements
        else None,
        "rows_written": plan.rows if cost == "rewrite" else 0,
        "statements": list(numbers),
    }


def _values(operation: Operation, all_values: Mapping[int, ColumnValues]) -> dict[str, Any]:
    """The effects on values, for an operation that converts, restores or fills some."""
    aspect, number = operation.key
    values = all_values.get(number)
    if values is None or aspect not in ("type", "options", "field", "required"):
        return {}
    if aspect == "required":
        return {"values": {"filled": values.filled}}
    if values.before is None:
        return {}
    return {
        "values": {
            "total": values.total,
            "converted": values.total - values.lost.count,
            "changed": values.changed.count,
            "repaired": values.repaired.count,
            "lost": values.lost.count,
            "filled": values.filled,
            "returned": values.returned,
            "changed_samples": list(values.changed.rows),
            "repaired_samples": list(values.repaired.rows),
            "lost_samples": list(values.lost.rows),
        }
    }


def _refusal(violation: Violation) -> dict[str, Any]:
    return {
        "code": violation.code,
        "detail": violation.detail,
        "hint": violation.hint,
        "count": violation.count,
        "samples": list(violation.samples),
    }
