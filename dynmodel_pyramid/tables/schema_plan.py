"""What the change of one table would do, as JSON."""

from typing import Any

from dynmodel_pyramid.definitions.difference import steps_between
from dynmodel_pyramid.definitions.steps import step_document
from dynmodel_pyramid.tables.performing import Rehearsed


def table_plan(rehearsed: Rehearsed) -> dict[str, Any]:
    """``action`` is create, change or drop; ``values`` tells, by field, how many of them become what."""
    change = rehearsed.change
    before, after = change.before, change.after
    action = "create" if before is None else "drop" if after is None else "change"
    steps = [step_document(step) for step in steps_between(before, after)] if action == "change" else []
    return {
        "action": action,
        "rows": rehearsed.rows,
        "steps": steps,
        "values": {
            carried.after.name: counts for carried in rehearsed.carried.values() if (counts := _counts(carried))
        },
        "findings": [
            {"detail": each.detail, "hint": each.hint, "count": each.count, "samples": each.samples}
            for each in rehearsed.evolution.findings.findings
        ],
    }


def _counts(carried) -> dict[str, int]:
    counts = {
        "changed": carried.changed.count,
        "lost": carried.lost.count,
        "filled": carried.filled,
        "returned": carried.returned,
    }
    return {name: count for name, count in counts.items() if count}


def plan_documents(changes: list[Rehearsed]) -> dict[str, Any]:
    """Name -> plan of each table that would change: its new name, or the one that it had where it is dropped."""
    found: dict[str, Any] = {}
    for each in changes:
        found[each.change.model_name] = table_plan(each)
    return dict(sorted(found.items()))
