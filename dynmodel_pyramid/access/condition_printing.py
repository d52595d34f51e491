"""Conditions of grants as text, with today's names; :mod:`~.condition_texts` reads it back."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from dynmodel_pyramid.access.condition_texts import read_condition
from dynmodel_pyramid.access.conditions import (
    Condition,
    ConditionBroken,
    Step,
    is_existence,
    leaves,
    mapped,
    paths,
    query,
)
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import DynmodelError, Malformed
from dynmodel_pyramid.queries.grammar.parameters import joined
from dynmodel_pyramid.queries.grammar.printing import print_query
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.grammar.syntax import Column, Embed, Filter, Level, Path, Query, Star
from dynmodel_pyramid.queries.grammar.syntax import Condition as Leaf
from dynmodel_pyramid.queries.sql.relation_names import link_of
from dynmodel_pyramid.queries.sql.selection import Surroundings
from dynmodel_pyramid.queries.sql.views import Models, WholeTables


def print_condition(condition: Condition, model: Model, models: Models) -> str:
    """The text of a condition, with today's names; :func:`read_condition` reads it back.

    :raises ConditionBroken: it names something that is gone
    """
    asked = query(condition, model, models)
    far: dict[Path, Model] = {(): model}
    printed: dict[Path, Path] = {(): ()}
    selected: dict[Path, tuple[str, str, str | None] | None] = {}
    for path in paths(condition)[1:]:
        step, near = Step.read(path[-1]), far[path[:-1]]
        assert step is not None  # paths consist of steps
        found = models(step.far)
        if found is None:
            raise ConditionBroken("a condition leads to a table that is gone")
        far[path] = found
        taken = {printed[other][-1] for other in printed if len(other) == len(path) and other[:-1] == path[:-1]}
        asked_of_fields = _null_tests(asked.level(path[:-1]).filters)
        key, item = _called(step, near, models, taken | asked_of_fields)
        printed[path] = (*printed[path[:-1]], key)
        selected[path] = item
    needed = {path for path, item in selected.items() if item is not None} | set(_bare(condition, far))
    needed |= _doubled(paths(condition))
    levels = tuple(
        Level(printed[level.path], mapped(level.filters, partial(_with_key, level.path, printed)))
        for level in asked.levels
        if level.filters
    )
    select = _select((), needed, printed, selected, far) or (Star(),)
    pairs = print_query(Query(select=select, levels=levels))
    return joined(pairs)


def _null_tests(filters: tuple[Filter, ...]) -> set[str]:
    """The names of fields that are compared with null, so that no relation can have them."""
    return {leaf.column.name for leaf in leaves(filters) if is_existence(leaf) and Step.read(leaf.column.name) is None}


def _with_key(path: Path, printed: dict[Path, Path], leaf: Leaf) -> Leaf:
    if Step.read(leaf.column.name) is None:
        return leaf
    return replace(leaf, column=Column(printed[(*path, leaf.column.name)][-1]))


def _names_of(step: Step, near: Model, models: Models) -> Iterator[tuple[str, str | None]]:
    """(name, hint) by which the relation may be known, the plainest first."""
    link = step.link
    if not link.reverse:
        field = near.definition.by_id.get(link.field_id)
        if field is None or field.write_only:
            raise ConditionBroken(f"a condition follows a link of {near.definition.model_name} that is gone")
        yield field.name, None
        return
    for side in near.definition.referrers:
        if (side.table_id, side.field_id) == (link.table_id, link.field_id):
            if side.reverse is not None:
                yield side.reverse, None
            far = models(link.table_id)
            if far is not None:
                yield far.definition.model_name, None
                yield far.definition.model_name, side.field
            return
    raise ConditionBroken(f"a condition follows a link to {near.definition.model_name} that is gone")


def _called(step: Step, near: Model, models: Models, taken: set[str]) -> tuple[str, tuple[str, str, str | None] | None]:
    """The key of a relation in the text; and (key, name, hint) if ``select`` must tell."""
    names = Surroundings(Query(), models, WholeTables()).names(near)
    for name, hint in _names_of(step, near, models):
        try:
            relation = link_of(names, name, hint, models, WholeTables(), "select")
        except Malformed:
            continue
        if relation.id != step.link:
            continue
        if relation.far != step.far:
            raise ConditionBroken(f"the link {name} of {near.definition.model_name} leads to another table now")
        if hint is None and step.number == 1 and name not in taken:
            return name, None
        key = next(each for each in _aliases(name) if each not in taken and each not in _members(near))
        return key, (key, name, hint)
    raise ConditionBroken(f"a condition follows a relation of {near.definition.model_name} that has no name of its own")


def _aliases(name: str) -> Iterator[str]:
    return (f"{name}_{number}" for number in range(2, 1_000_000))


def _members(model: Model) -> set[str]:
    definition = model.definition
    fields = {name for field in definition.fields for name in (field.name, *(alias.name for alias in field.aliases))}
    return fields | {side.reverse for side in definition.referrers if side.reverse is not None}


def _bare(condition: Condition, far: dict[Path, Model]) -> Iterator[Path]:
    """Relations without filters, which only ``select`` tells, unless the name of a reverse side does."""
    asked = {(*level.path, leaf.column.name) for level in condition.levels for leaf in leaves(level.filters)}
    inner = {path[:-1] for path in paths(condition) if path}
    filtered = {level.path for level in condition.levels if level.filters}
    for path in paths(condition)[1:]:
        step = Step.read(path[-1])
        assert step is not None  # paths consist of steps
        if path in filtered or path in inner:
            continue
        sides = {(side.table_id, side.field_id): side.reverse for side in far[path[:-1]].definition.referrers}
        shown = step.link.reverse and sides.get((step.link.table_id, step.link.field_id)) is not None
        if path not in asked or not shown or step.number > 1:
            yield path


def _doubled(every: list[Path]) -> set[Path]:
    """Paths that end with a relation which is followed more than once from there: all in their order must be told."""
    told = {path: (path[:-1], path[-1].partition("#")[0]) for path in every if path}
    return {path for path, place in told.items() if list(told.values()).count(place) > 1}


def _select(
    path: Path,
    needed: set[Path],
    printed: dict[Path, Path],
    selected: dict[Path, tuple[str, str, str | None] | None],
    far: dict[Path, Model],
) -> tuple[Embed, ...]:
    """The relations that must be told, and those that lead to them."""
    embeds = []
    for below in sorted(printed, key=lambda each: 1 if not each else _number(each[-1])):
        if len(below) != len(path) + 1 or below[:-1] != path:
            continue
        items = _select(below, needed, printed, selected, far)
        if below in needed or items:
            key = printed[below][-1]
            item = selected[below]
            _, name, hint = item if item is not None else (key, key, None)
            embeds.append(Embed(name, items, None if key == name else key, hint))
    return tuple(embeds)


def _number(text: str) -> int:
    step = Step.read(text)
    return 1 if step is None else step.number


def is_readable(condition: Condition, model: Model, models: Models, rules: Rules) -> bool:
    """Whether the condition means with today's definitions what it meant when it was read."""
    try:
        return read_condition(print_condition(condition, model, models), model, models, rules) == condition
    except DynmodelError:
        return False
