"""The values of placeholders: what an identity, and a moment, put into a condition."""

import datetime
from dataclasses import replace
from functools import partial
from typing import Any

import colander

from dynmodel_pyramid.access.conditions import EVERYTHING, Condition, Placeholder, Step, mapped, query
from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.queries.grammar.syntax import Condition as Leaf
from dynmodel_pyramid.queries.grammar.syntax import Path
from dynmodel_pyramid.queries.sql.comparisons import operator_of
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.relations import Models

_CLAIMS = "user.claims."


class Unbound(DynmodelError):
    """A placeholder has no value, or one that the field can't be compared with: its grant does not hold."""

    code = "unbound_placeholder"

    def __init__(self, placeholder: Placeholder, why: str) -> None:
        super().__init__(f"{{{placeholder.name}}} {why}")
        self.placeholder = placeholder


def value_of(placeholder: Placeholder, identity: Identity, moment: datetime.datetime) -> Any:
    """Its JSON value.

    :param moment: in UTC
    :raises Unbound: it is absent, null or empty
    """
    name = placeholder.name
    if name == "now":
        return moment.isoformat().replace("+00:00", "Z")
    if name == "today":
        return moment.date().isoformat()
    value: Any
    if name.startswith(_CLAIMS):
        value = identity.claims
        for step in name.removeprefix(_CLAIMS).split("."):
            value = value.get(step) if hasattr(value, "get") else None
    else:
        value = {"user.id": identity.id, "user.name": identity.name, "user.email": identity.email}[name]
    if value is None or value in ("", [], {}):
        raise Unbound(placeholder, "has no value for this identity")
    return value


def bound(
    condition: Condition, identity: Identity, moment: datetime.datetime, model: Model, models: Models
) -> Condition:
    """The condition with the values of an identity in the place of placeholders.

    :raises Unbound: one of them has no value, or one that is no value of the field
    :raises ConditionBroken: the condition names something that is gone
    """
    named = query(condition, model, models)
    far: dict[Path, Model] = {(): model}
    levels = []
    for level, today in zip(condition.levels, named.levels, strict=True):
        step = Step.read(level.path[-1]) if level.path else None
        found = None if step is None else models(step.far)
        names = Names(found or far[()], EVERYTHING)
        texts = iter(mapped(today.filters, partial(_bound, identity, moment, names)))
        # The same shape, with ids for names.
        levels.append(
            replace(level, filters=tuple(_with_values(old, new) for old, new in zip(level.filters, texts, strict=True)))
        )
    return replace(condition, levels=tuple(levels))


def _with_values(old: Any, new: Any) -> Any:
    if isinstance(old, Leaf):
        return replace(old, value=new.value)
    return replace(old, items=tuple(_with_values(one, other) for one, other in zip(old.items, new.items, strict=True)))


def _bound(identity: Identity, moment: datetime.datetime, names: Names, leaf: Leaf) -> Leaf:
    if not isinstance(leaf.value, Placeholder):
        return leaf
    subject = names.subject(leaf.column, leaf.column.name)
    value = value_of(leaf.value, identity, moment)

    def text(single: Any) -> str:
        kind, options = subject.field_type, subject.options
        try:
            return kind.text_form(options).to_text(kind.operand_node(options).deserialize(single))
        except (colander.Invalid, ValueError, TypeError):
            raise Unbound(leaf.value, f"is no value of {subject.name}") from None  # type: ignore[arg-type]

    if not operator_of(subject, leaf.operator).many:
        return replace(leaf, value=text(value))
    if type(value) is not list:
        raise Unbound(leaf.value, "is no list")
    return replace(leaf, value=tuple(text(single) for single in value))
