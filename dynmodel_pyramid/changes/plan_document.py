"""What a change would do, as the JSON document that a client gets before it is done."""

from typing import Any

from dynmodel_pyramid.changes.apply import Rehearsed
from dynmodel_pyramid.changes.comparison import Difference
from dynmodel_pyramid.changes.ddl.runner import COSTS, Statement
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.values.column_values import Carried
from dynmodel_pyramid.changes.values.violations import Finding
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.operations import Step, Validate, step_document

#: Database -> (lock, while it is held) of a whole change; PostgreSQL's manual, 13.3.1, and SQLite's "File Locking".
LOCKS = {
    "postgresql": (
        ("SHARE ROW EXCLUSIVE", "values are made and judged: rows can be read, not written"),
        ("ACCESS EXCLUSIVE", "statements run, till the commit: rows can be neither read nor written"),
    ),
    "online": (
        ("ACCESS SHARE", "values are judged: rows can be read and written"),
        ("ACCESS EXCLUSIVE", "rules are put in force for what is written, the first version: no row is looked at"),
        ("SHARE UPDATE EXCLUSIVE", "rules are proven for all rows: rows can be read and written"),
        ("ACCESS EXCLUSIVE", "what is proven is noted, the second version: no row is looked at"),
    ),
    "sqlite": (("RESERVED", "the whole change: rows of all tables can be read, not written"),),
}


def plan_document(rehearsed: Rehearsed) -> dict[str, Any]:
    """The plan for one table."""
    change, evolution = rehearsed.change, rehearsed.evolution
    dialect = evolution.generator.dialect.name
    locks = LOCKS["online" if evolution.put_off else dialect]
    locks = [{"mode": mode, "while": during} for mode, during in locks]
    before, after = change.live_before, change.after
    findings = list(evolution.findings.findings)
    return {
        "action": _action(change),
        "table": None if before is None else change.id,
        "model_name": (after or before).model_name,
        "version": None if before is None else before.version,
        "next_version": rehearsed.versions + (0 if before is None else before.version),
        "allowed": not findings,
        "rows": rehearsed.rows,
        "locks": [] if before is None else locks,
        "steps": _whole(change, rehearsed) or _steps(change, rehearsed, findings),
        "statements": [statement.sql for statement in evolution.ddl.statements],
    }


def plan_documents(changes: list[Rehearsed]) -> dict[str, Any]:
    """Name -> plan of each table that would change: its new name, or the one that it had where it is dropped."""
    return {
        each.change.model_name: plan_document(each) for each in sorted(changes, key=lambda it: it.change.model_name)
    }


def _action(change: TableChange) -> str:
    if change.after is None:
        return "drop"
    if change.live_before is not None:
        return "change"
    return "restore" if change.restored else "create"


def unchanged_plan(definition: TableDefinition) -> dict[str, Any]:
    """The plan of a change that changes nothing; nobody has counted rows for it."""
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


def _whole(change: TableChange, rehearsed: Rehearsed) -> list[dict[str, Any]]:
    """A table that comes or goes is one step."""
    if change.after is not None and change.live_before is not None:
        return []
    findings = rehearsed.evolution.findings.findings
    step = {"kind": f"{_action(change)}_table", **_effort(rehearsed.evolution.ddl.statements, rehearsed)}
    return [{**step, "refused": [_refusal(finding) for finding in findings]}]


def _steps(change: TableChange, rehearsed: Rehearsed, findings: list[Finding]) -> list[dict[str, Any]]:
    steps = Difference(change.before, change.after).steps
    if rehearsed.evolution.put_off:
        steps = (*steps, Validate(tuple(sorted(rehearsed.evolution.put_off)), ()))
    refused: dict[int, list[Finding]] = {}
    for finding in findings:
        refused.setdefault(_place(steps, finding), []).append(finding)
    return [
        {
            **step_document(step),
            **_effort(rehearsed.evolution.ddl.of([step.key]), rehearsed),
            **_values(step, rehearsed.carried),
            "refused": [_refusal(finding) for finding in refused.get(place, ())],
        }
        for place, step in enumerate(steps)
    ]


def _place(steps: tuple[Step, ...], finding: Finding) -> int:
    """The step that a finding is about: that of its aspect, else one of a field that it concerns."""
    keys = [step.key for step in steps]
    if (finding.aspect, finding.number) in keys:
        return keys.index((finding.aspect, finding.number))
    return next(place for place, (_, number) in enumerate(keys) if number in (finding.number, *finding.fields))


def _effort(statements: list[Statement], rehearsed: Rehearsed) -> dict[str, Any]:
    """The statements of a step, and what they cost: ``none`` where the database has nothing to do."""
    usual = "ACCESS EXCLUSIVE" if rehearsed.evolution.generator.dialect.name == "postgresql" else "RESERVED"
    costs = [statement.cost for statement in statements]
    cost = max(costs, key=COSTS.index) if costs else "none"
    return {
        "cost": cost,
        "lock": next((statement.lock for statement in statements if statement.lock), usual) if statements else None,
        "rows_written": rehearsed.rows if cost == "rewrite" else 0,
        "statements": [statement.sql for statement in statements],
    }


def _values(step: Step, carried: dict[int, Carried]) -> dict[str, Any]:
    """What becomes of values, for a step that converts, restores or fills some."""
    aspect, number = step.key
    made = carried.get(number)
    if made is None or aspect not in ("type", "options", "field", "required"):
        return {}
    if aspect == "required":
        return {"values": {"filled": made.filled}}
    if made.before is None:
        return {}
    return {
        "values": {
            "total": made.values,
            "converted": made.values - made.lost.count,
            "changed": made.changed.count,
            "lost": made.lost.count,
            "filled": made.filled,
            "returned": made.returned,
            "changed_samples": made.changed.told,
            "lost_samples": made.lost.told,
        }
    }


def _refusal(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "detail": finding.detail,
        "hint": finding.hint,
        "count": finding.count,
        "samples": finding.samples,
    }
