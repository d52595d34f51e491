"""The scopes of one attempt at a request: for each table, what its caller may do.

Compiled views are kept with the versions of their tables, by the grants that hold and the sizes of lists, and hold no
identity's values.
"""

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.access.caller import CONSOLE, Caller
from dynmodel_pyramid.access.compiling import RowCondition, compiled, slots_of
from dynmodel_pyramid.access.conditions import Condition, ConditionBroken, Placeholder
from dynmodel_pyramid.access.grants import Action, Grant
from dynmodel_pyramid.access.operands import (
    Literals,
    Parameters,
    Slot,
    padded,
    parameter_values,
    value_of,
)
from dynmodel_pyramid.access.scope import Permit, Scope
from dynmodel_pyramid.access.views import GrantedView, Reading, writable
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.queries.sql.views import Models, View, WholeTable

#: How many compiled views, and how many conditions' slots, one version of a table keeps.
MOST_KEPT = 64
_WRITES: tuple[Action, ...] = ("create", "update", "delete")


class Kept:
    """What is compiled for one version of a table; the least recently used are dropped.

    An entry holds for certain versions of the far tables that its conditions name.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[Any, tuple[Mapping[int, int], Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any, models: Models, make: Callable[[Models], Any]) -> Any:
        """
        :param models: of the attempt, which then proves the far tables
        :param make: makes the entry; it must look up far tables by the models that it gets
        """
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        if found is not None and all(_version(models, table_id) == version for table_id, version in found[0].items()):
            return found[1]
        seen = _Seen(models)
        entry = make(seen)
        with self._lock:
            self._entries[key] = (seen.close(), entry)
            while len(self._entries) > MOST_KEPT:
                self._entries.popitem(last=False)
        return entry


class _Seen:
    """The models of far tables that an entry was made with. It outlives the attempt that they came from."""

    def __init__(self, models: Models) -> None:
        self._models: Models | None = models
        self._seen: dict[int | str, Model | None] = {}

    def __call__(self, key: int | str) -> Model | None:
        if key not in self._seen and self._models is not None:
            self._seen[key] = self._models(key)
        return self._seen.get(key)

    def close(self) -> dict[int, int]:
        """Ask the attempt no more; -> the versions of the tables by their ids."""
        self._models = None
        return {model.definition.id: model.definition.version for model in self._seen.values() if model is not None}


def _version(models: Models, table_id: int) -> int | None:
    model = models(table_id)
    return None if model is None else model.definition.version


class Scopes:
    """
    :param models: gives the models of tables, from the caller's attempt
    :param caller: whose scopes they are
    """

    def __init__(self, models: Models, caller: Caller) -> None:
        self.models = models
        self.caller = caller
        self.are_whole = caller.is_admin
        #: Callers of one group mostly have the same views; None of those who may see everything.
        self.group = None if self.are_whole else (caller.identity.roles, caller.identity.narrowing)
        self.moment = datetime.datetime.now(datetime.UTC)
        self._scopes: dict[int, tuple[Model, Scope]] = {}

    def view(self, model: Model) -> View:
        return self.scope(model).view

    def scope(self, model: Model) -> Scope:
        """The caller's scope of a table."""
        if self.are_whole:
            return Scope(WholeTable(model))
        known = self._scopes.get(model.definition.id)
        if known is None or known[0] is not model:
            known = self._scopes[model.definition.id] = (model, self._made(model))
        return known[1]

    def values(self, model: Model, table_ids: Sequence[int] = ()) -> Mapping[str, Any]:
        """The values of the parameters of the views of a table and of far tables."""
        if self.are_whole:
            return {}
        values = dict(self.scope(model).values)
        for table_id in table_ids:
            far = self.models(table_id)
            if far is not None:
                values |= self.scope(far).values
        return values

    def _made(self, model: Model) -> Scope:
        table_id = model.definition.id
        identity, caller = self.caller.identity, self.caller
        if identity.is_admin and (identity.narrowing.tables is None or table_id in identity.narrowing.tables):
            # A narrowed token of an administrator.
            return Scope(WholeTable(model), permits={} if identity.narrowing.read_only else None)
        grants = caller.grants(table_id)
        kept = model.once(Kept, lambda model: Kept())
        readings: list[tuple[Grant, list[list[Any]]]] = []
        for grant in grants.read:
            held = self._held(kept, model, grant.rows)
            if held is not None:
                readings.append((grant, held))
        key = tuple((grant, tuple(padded(len(slot)) for slot in held)) for grant, held in readings)
        view: GrantedView = kept.get(("view", key), self.models, partial(self._compiled, model, key))
        values: dict[str, Any] = {}
        for number, (_, held) in enumerate(readings):
            values |= parameter_values(_prefix(table_id, number), held)
        permits = {action: tuple(self._permits(kept, model, grants.of(action))) for action in _WRITES}
        whole: View = WholeTable(model) if view.is_whole else view
        return Scope(whole, {} if view.is_whole else values, permits, bool(grants.read), not grants.is_empty)

    def _held(self, kept: Kept, model: Model, condition: Condition | None) -> list[list[Any]] | None:
        """The values of a condition's slots; None if one has none, or the condition names something that is gone: then
        the grant does not hold.
        """
        if condition is None:
            return []
        slots: tuple[Slot, ...] | None = kept.get(("slots", condition), self.models, partial(_slots, condition, model))
        if slots is None:
            return None
        held = [slot.values(self.caller.identity, self.moment) for slot in slots]
        return None if any(values is None for values in held) else [values for values in held if values is not None]

    def _compiled(self, model: Model, key: Any, models: Models) -> GrantedView:
        readings = []
        for number, (grant, sizes) in enumerate(key):
            condition: RowCondition | None = None
            if grant.rows is not None:
                condition = partial(
                    _with_parameters, grant.rows, model, models, _prefix(model.definition.id, number), sizes
                )
            readings.append(Reading(grant, condition))
        view = GrantedView(model, key, readings)
        view.source()  # notes the far tables of its conditions
        return view

    def _permits(self, kept: Kept, model: Model, grants: Sequence[Grant]) -> Sequence[Permit]:
        permits = []
        for grant in grants:
            before, after = self._held(kept, model, grant.rows), self._held(kept, model, grant.check)
            presets = self._presets(model, grant)
            if before is not None and after is not None and presets is not None:
                permits.append(
                    Permit(
                        grant,
                        writable(model, grant.fields),
                        self._with_literals(model, grant.rows, before),
                        self._with_literals(model, grant.check, after),
                        presets,
                    )
                )
        return permits

    def _with_literals(
        self, model: Model, condition: Condition | None, held: Sequence[Sequence[Any]]
    ) -> RowCondition | None:
        if condition is None:
            return None
        return lambda table: compiled(condition, model, self.models, table, Literals(held))

    def _presets(self, model: Model, grant: Grant) -> dict[str, Any] | None:
        """The stored values of a grant's presets by name; None if one has no value of the field's type."""
        presets = {}
        for field_id, value in grant.preset:
            field = model.definition.by_id.get(field_id)
            if field is None:
                return None
            if isinstance(value, Placeholder):
                value = value_of(value, self.caller.identity, self.moment)
                if value is None:
                    return None
            if value is not None:
                try:
                    value = model.field_types[field.type].schema_node(field.options).deserialize(value)
                except colander.Invalid:
                    return None
            presets[field.name] = value
        return presets


def _slots(condition: Condition, model: Model, models: Models) -> tuple[Slot, ...] | None:
    try:
        return slots_of(condition, model, models)
    except ConditionBroken:
        return None


def _prefix(table_id: int, number: int) -> str:
    """The prefix of the parameters of one grant's condition in the view of a table."""
    return f"_w{table_id}_{number}_"


def _with_parameters(
    condition: Condition, model: Model, models: Models, prefix: str, sizes: Sequence[int], table: sa.FromClause
) -> sa.ColumnElement[bool]:
    return compiled(condition, model, models, table, Parameters(prefix, sizes))


def console_scopes(models: Models) -> Scopes:
    """The scopes of scripts and of changes of definitions: everything, said by name."""
    return Scopes(models, CONSOLE)
