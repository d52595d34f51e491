"""The scopes of one attempt at a request: for each table, what its caller may do.

Compiled views are kept with the versions of their tables, by the grants that hold and the sizes of lists, and hold no
identity's values.
"""

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
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
#: For how many identities it keeps the values of a view's parameters.
MOST_OWN = 500
#: Identities whose claims are stored here, so that the access stamp covers them: their values are kept, too.
KEPT_KINDS = frozenset({"anonymous", "token", "user"})


class Kept:
    """What is compiled for one version of a table; the least recently used are dropped.

    An entry holds for certain versions of the far tables that its conditions name.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._entries: OrderedDict[Any, tuple[Mapping[int, int], Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self,
        key: Any,
        models: Models,
        make: Callable[["_Seen"], Any],
        keeps: Callable[[Any], bool] = lambda entry: True,
    ) -> Any:
        """
        :param models: of the attempt, which then proves the far tables
        :param make: makes the entry; it must look up far tables by the models that it gets
        :param keeps: whether the entry may be kept
        """
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        if found is not None and all(_version(models, table_id) == version for table_id, version in found[0].items()):
            return found[1]
        seen = _Seen(models)
        entry = make(seen)
        if not keeps(entry):
            return entry
        with self._lock:
            self._entries[key] = (seen.close(), entry)
            while len(self._entries) > self._most:
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
        """Ask the attempt no more; -> the versions of the tables."""
        self._models = None
        return self.versions()

    def versions(self) -> dict[int, int]:
        """Those of the tables so far, by their ids."""
        return {model.definition.id: model.definition.version for model in self._seen.values() if model is not None}


def _version(models: Models, table_id: int) -> int | None:
    model = models(table_id)
    return None if model is None else model.definition.version


def new_kept(model: Model) -> Kept:
    return Kept()


def _new_own(model: Model) -> Kept:
    return Kept(MOST_OWN)


def no_permits(action: Action) -> tuple[Permit, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class _OwnView:
    """A view with the values of one identity.

    :param lasts: whether the values are the same for the next request; those of ``{now}`` are not
    """

    view: View
    values: Mapping[str, Any]
    may_read: bool
    has_grants: bool
    lasts: bool


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
        self._scopes: dict[int, tuple[Model, Scope]] = {}

    @cached_property
    def moment(self) -> datetime.datetime:
        """The ``{now}`` of all conditions of the attempt."""
        return datetime.datetime.now(datetime.UTC)

    def view(self, model: Model) -> View:
        return self.scope(model).view

    def scope(self, model: Model) -> Scope:
        """The caller's scope of a table."""
        known = self._scopes.get(model.definition.id)
        if known is None or known[0] is not model:
            made = Scope(WholeTable(model)) if self.are_whole else self._made(model)
            known = self._scopes[model.definition.id] = (model, made)
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
        identity = self.caller.identity
        if identity.is_admin and (identity.narrowing.tables is None or table_id in identity.narrowing.tables):
            # A narrowed token of an administrator.
            return Scope(WholeTable(model), permits_of=no_permits if identity.narrowing.read_only else None)
        kept: Kept = model.once(Kept, new_kept)
        reading = self._reading(kept, model)
        permits: dict[Action, tuple[Permit, ...]] = {}

        def permits_of(action: Action) -> tuple[Permit, ...]:
            if action not in permits:
                grants = self.caller.grants(table_id).of(action)
                permits[action] = tuple(self._permits(kept, model, action, grants))
            return permits[action]

        return Scope(reading.view, reading.values, permits_of, reading.may_read, reading.has_grants)

    def _reading(self, kept: Kept, model: Model) -> "_OwnView":
        """The view and the values of its parameters, from those of earlier requests if possible."""
        identity = self.caller.identity
        if identity.kind not in KEPT_KINDS:
            return self._new_reading(kept, model)
        key = ("own", self.caller.stamp, identity.id, identity.roles, identity.narrowing)
        own: Kept = model.once(_OwnView, _new_own)
        return own.get(key, self.models, lambda models: self._new_reading(kept, model, models), lambda own: own.lasts)

    def _new_reading(self, kept: Kept, model: Model, models: Models | None = None) -> "_OwnView":
        """
        :param models: notes the far tables that the grants' conditions name
        """
        table_id, models = model.definition.id, models or self.models
        grants = self.caller.grants(table_id)
        readings: list[tuple[Grant, list[list[Any]]]] = []
        lasts = True
        for grant in grants.read:
            held = self._held(kept, model, grant.rows, models)
            lasts = lasts and (grant.rows is None or grant.rows.is_timeless)
            if held is not None:
                readings.append((grant, held))
        key = tuple((grant, tuple(padded(len(slot)) for slot in held)) for grant, held in readings)
        view: GrantedView = kept.get(("view", key), models, partial(self._compiled, model, key))
        values: dict[str, Any] = {}
        for number, (_, held) in enumerate(readings):
            values |= parameter_values(_prefix(table_id, number), held)
        whole = view.is_whole
        return _OwnView(
            WholeTable(model) if whole else view, {} if whole else values, bool(grants.read), not grants.is_empty, lasts
        )

    def _held(
        self, kept: Kept, model: Model, condition: Condition | None, models: Models | None = None
    ) -> list[list[Any]] | None:
        """The values of a condition's slots; None if one has none, or the condition names something that is gone: then
        the grant does not hold.
        """
        if condition is None:
            return []
        slots: tuple[Slot, ...] | None = kept.get(
            ("slots", condition), models or self.models, partial(_slots, condition, model)
        )
        if slots is None:
            return None
        held = [slot.values(self.caller.identity, self.moment) for slot in slots]
        return None if any(values is None for values in held) else [values for values in held if values is not None]

    def _compiled(self, model: Model, key: Any, models: _Seen) -> GrantedView:
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
        # Their columns are in its SQL.
        view.key = key, tuple(sorted(models.versions().items()))
        return view

    def _permits(self, kept: Kept, model: Model, action: Action, grants: Sequence[Grant]) -> Sequence[Permit]:
        permits = []
        for grant in grants:
            before, after = self._held(kept, model, grant.rows), self._held(kept, model, grant.check)
            presets = self._presets(model, grant)
            if before is not None and after is not None and presets is not None:
                # Whoever deletes rows writes no field: none exists for him by that.
                names = frozenset[str]() if action == "delete" else writable(model, grant.fields)
                permits.append(
                    Permit(
                        grant,
                        names,
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
            field_type = model.field_types[field.type]
            try:
                if isinstance(value, Placeholder):
                    value = value_of(value, field_type, field.options, self.caller.identity, self.moment)
                    if value is None:
                        return None
                if value is not None:
                    value = field_type.schema_node(field.options).deserialize(value)
            except (colander.Invalid, ValueError):
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
