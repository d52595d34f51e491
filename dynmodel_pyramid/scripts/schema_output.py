"""The output of ``dynmodel-schema``: a plan, table by table, in colour where wanted."""

import difflib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from dynmodel_pyramid.changes.apply import TablePlan
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.definitions.compare import operations_between
from dynmodel_pyramid.definitions.model import FieldDefinition, IndexDefinition, TableDefinition, same_json
from dynmodel_pyramid.definitions.schema_document import field_entry
from dynmodel_pyramid.errors import DynmodelError, Invalid
from dynmodel_pyramid.fields import FieldTypes

ADDED, GONE, CHANGED, WRONG = "+", "-", "~", "!"
_COLOURS = {ADDED: "32", GONE: "31", CHANGED: "33", WRONG: "1;31"}
#: The most ids of rows that are printed.
SAMPLES = 5


def wants_colour(stream: TextIO) -> bool:
    """Whether this is a terminal that knows colours, and NO_COLOR (no-color.org) is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def coloured(line: str, sign: str, *, colour: bool) -> str:
    """A line in the colour of its sign; unprintable characters are escaped."""
    shown = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in line)
    return f"\x1b[{_COLOURS[sign]}m{shown}\x1b[0m" if colour and sign in _COLOURS else shown


def plan_lines(plans: list[TablePlan], current: list[TableDefinition], field_types: FieldTypes) -> Iterator[str]:
    """The lines of a plan; none if nothing changes."""
    names = {definition.id: definition.model_name for definition in current}
    names |= {plan.change.id: plan.change.after.model_name for plan in plans if plan.change.after is not None}
    counts = {ADDED: 0, CHANGED: 0, GONE: 0}
    for plan in sorted(plans, key=lambda plan: plan.change.model_name):
        before, after = plan.change.before, plan.change.after
        sign = ADDED if before is None else GONE if after is None else CHANGED
        counts[sign] += 1
        rows = f" ({plan.rows} row{'s' if plan.rows != 1 else ''})" if before is not None else ""
        to_trash = ": goes to the trash" if after is None else ""
        yield f"{sign} table {_names(before, after, 'model_name')}{rows}{to_trash}"
        yield from _table_lines(plan, names, field_types)
    if plans:
        yield f"{counts[ADDED]} to create, {counts[CHANGED]} to change, {counts[GONE]} to drop."


def access_lines(differences: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of what a change of roles opens and closes."""
    signs = {"creates": ADDED, "opens": ADDED, "deletes": GONE, "closes": GONE, "changes": CHANGED}
    for each in differences:
        what = f"{signs[each['effect']]} role {each['role']}"
        if "definitions" in each:
            what += f": definitions: {each['definitions']['before']} -> {each['definitions']['after']}"
        elif "table" in each:
            what += f": {each['table']}.{each['action']}: {_grants(each['before'])} -> {_grants(each['after'])}"
        yield what


def _grants(grants: list[dict[str, Any]]) -> str:
    return "none" if not grants else ", ".join(_shown(grant) if grant else "all" for grant in grants)


def _names(before: Any, after: Any, attribute: str = "name") -> str:
    names = [getattr(part, attribute) for part in (before, after) if part is not None]
    return " -> ".join(dict.fromkeys(names))


def _table_lines(plan: TablePlan, names: Mapping[int, str], field_types: FieldTypes) -> Iterator[str]:
    before, after = plan.change.before, plan.change.after
    if after is not None:
        old = before or TableDefinition(0, "", 0, "", ())
        for what in ("label", "description"):
            if getattr(old, what) != getattr(after, what):
                yield f"    ~ {what}: {_shown(getattr(old, what))} -> {_shown(getattr(after, what))}"
        for field in (*(field for field in old.fields if field.id not in after.by_id), *after.fields):
            yield from _field_lines(old.by_id.get(field.id), after.by_id.get(field.id), names, field_types)
            if field.id in plan.values and before is not None:
                yield from _value_lines(plan.values[field.id])
        yield from _index_lines(old, after)
        if before is not None and any(operation.kind == "reorder" for operation in operations_between(before, after)):
            yield f"    ~ order: {', '.join(field.name for field in after.fields)}"
    for violation in plan.violations:
        yield from refusal_lines(violation.detail, violation.hint, violation.count, violation.samples, indent="    ")


def _field_lines(
    old: FieldDefinition | None, new: FieldDefinition | None, names: Mapping[int, str], field_types: FieldTypes
) -> Iterator[str]:
    before, after = ({} if field is None else field_entry(field, names, field_types) for field in (old, new))
    if old is None and new is not None:
        yield f"    + {new.name}: {_options(after)}"
    elif new is None and old is not None:
        yield f"    - {old.name}: {_options(before)}"
    elif old is not None and new is not None:
        keys = [key for key in {**before, **after} if not same_json(before.get(key), after.get(key))]
        changed = [f"{key}: {_shown(before.get(key))} -> {_shown(after.get(key))}" for key in keys if key != "type"]
        if "type" in keys:
            changed.insert(0, f"{old.type} -> {new.type}")
        if changed or old.name != new.name:
            yield f"    ~ {_names(old, new)}" + (f": {'; '.join(changed)}" if changed else "")


def _options(entry: dict[str, Any]) -> str:
    parts = [entry["type"], *(f"{key}: {_shown(value)}" for key, value in entry.items() if key != "type")]
    return ", ".join(parts)


def _value_lines(values: ColumnValues) -> Iterator[str]:
    counts = (
        (values.changed.count, "become another text"),
        (values.lost.count, "can't be carried over"),
        (values.filled, "nulls are filled"),
        (values.returned, "come back from the trash"),
    )
    parts = [f"{count} {what}" for count, what in counts if count]
    if parts:
        yield f"        of {values.total} values: {', '.join(parts)}"


def _index_lines(before: TableDefinition, after: TableDefinition) -> Iterator[str]:
    for index in before.indexes:
        if index not in after.indexes:
            yield f"    - {_index(index, before)}"
    for index in after.indexes:
        if index not in before.indexes:
            yield f"    + {_index(index, after)}"


def _index(index: IndexDefinition, definition: TableDefinition) -> str:
    parts = [
        definition.by_id[number].name + (" descending" if descending else "") for number, descending in index.fields
    ]
    nulls = "" if index.nulls_distinct else ", nulls equal"
    return f"{'unique' if index.unique else 'index'} {index.name} ({', '.join(parts)}){nulls}"


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def refusal_lines(
    detail: str, hint: str | None, count: int | None = None, samples: Sequence[dict[str, Any]] = (), *, indent: str = ""
) -> Iterator[str]:
    """The lines that say why a change is refused."""
    rows = ", ".join(str(sample["id"]) for sample in samples[:SAMPLES] if "id" in sample)
    affected = f" ({count} rows, such as {rows})" if count and rows else ""
    yield f"{indent}! {detail}{affected}" + (f"; {hint}" if hint else "")


def error_lines(error: Exception) -> Iterator[str]:
    if isinstance(error, Invalid):
        for problem in error.problems:
            yield f"! {problem.pointer or 'document'}: {problem.detail}"
        if error.total > len(error.problems):
            yield f"! and {error.total - len(error.problems)} more"
    elif isinstance(error, DynmodelError):
        members = error.members
        yield from refusal_lines(error.detail, error.hint, members.get("count"), members.get("samples", ()))
    else:
        yield f"! {error}"


def diff_lines(one: str, other: str, names: tuple[str, str]) -> Iterator[str]:
    """Lines as of ``diff -u``; none where the texts are the same."""
    yield from difflib.unified_diff(one.splitlines(), other.splitlines(), *names, lineterm="")
