"""The references of definitions, and what far tables must know of them (:class:`Referrer`). Pure: no database."""

from collections.abc import Iterable
from dataclasses import replace

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields import FieldTypes, Reference, schema


def reference_of(field: FieldDefinition, field_types: FieldTypes) -> Reference | None:
    """A field's reference; None also if the field's type is not installed."""
    return field_types[field.type].reference(field.options) if field.type in field_types else None


def referrers(definition: TableDefinition, field_types: FieldTypes) -> dict[int, tuple[Referrer, ...]]:
    """Far table -> how this table refers to it."""
    by_table: dict[int, tuple[Referrer, ...]] = {}
    for field in sorted(definition.fields, key=lambda field: field.id):
        reference = reference_of(field, field_types)
        if reference is None:
            continue
        referrer = Referrer(
            table_id=definition.id,
            field_id=field.id,
            model_name=definition.model_name,
            field=field.name,
            table=definition.physical_name,
            column=field.column,
            on_delete=reference.on_delete,
            reverse=reference.reverse,
            many=reference.many,
            reverse_limit=reference.reverse_limit,
        )
        by_table[reference.table] = (*by_table.get(reference.table, ()), referrer)
    return by_table


def touched(
    before: TableDefinition | None, after: TableDefinition | None, field_types: FieldTypes
) -> dict[int, tuple[Referrer, ...]]:
    """Each other table whose references by this table change -> the new references, in order of id."""
    old, new = (referrers(definition, field_types) if definition is not None else {} for definition in (before, after))
    own = {definition.id for definition in (before, after) if definition is not None}
    return {far: new.get(far, ()) for far in sorted({*old, *new} - own) if old.get(far) != new.get(far)}


def with_referrers(far: TableDefinition, table_id: int, new: tuple[Referrer, ...]) -> TableDefinition:
    """``far`` with these references by a table; its version stays.

    :raises Invalid: the name of a reverse side is taken
    """
    others = [referrer for referrer in far.referrers if referrer.table_id != table_id]
    _refuse_taken(far, others, new)
    return replace(
        far, referrers=tuple(sorted([*others, *new], key=lambda referrer: (referrer.table_id, referrer.field_id)))
    )


def _refuse_taken(far: TableDefinition, others: Iterable[Referrer], new: Iterable[Referrer]) -> None:
    taken = {name_key(field.name): f"a field of {far.model_name}" for field in far.fields}
    taken |= {name_key(alias.name): f"an alias of {field.name}" for field in far.fields for alias in field.aliases}
    taken |= {
        name_key(referrer.reverse): f"the reverse side of {referrer.model_name}.{referrer.field}"
        for referrer in others
        if referrer.reverse is not None
    }
    problems = []
    for referrer in new:
        if referrer.reverse is None:
            continue
        key = name_key(referrer.reverse)
        if key in taken:
            pointer = f"/fields/{escape(referrer.field)}/reverse"
            problems.append(Problem(pointer, "duplicate_name", f"{taken[key]} has this name"))
        taken[key] = f"the reverse side of {referrer.model_name}.{referrer.field}"
    if problems:
        raise Invalid(problems)


def with_own_id(definition: TableDefinition, field_types: FieldTypes) -> TableDefinition:
    """A new table with its id in references to itself, which are 0 until then."""

    def settled(field: FieldDefinition) -> FieldDefinition:
        if reference_of(field, field_types) is None:
            return field
        kinds = field_types[field.type].options_schema().children
        own = {kind.name: definition.id for kind in kinds
               if isinstance(kind.typ, schema.Table) and field.options[kind.name] == 0}  # fmt: skip
        return replace(field, options={**field.options, **own}) if own else field

    return replace(definition, fields=tuple(map(settled, definition.fields)))
