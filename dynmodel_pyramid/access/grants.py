"""Roles and grants as values. Tables and fields are named by their ids, so that renames change nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from dynmodel_pyramid.access.conditions import Condition, Placeholder
from dynmodel_pyramid.access.identity import ADMIN

Action = Literal["read", "create", "update", "delete"]
ACTIONS: tuple[Action, ...] = get_args(Action)
#: What a role may do with definitions; each includes the ones before it.
DEFINITIONS = ("none", "read", "write")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that a grant names.

    :param every: ``*``: all fields, those that come later included
    :param named: the ids of fields that are named besides
    :param without: the ids of fields that ``*`` leaves out
    """

    every: bool = True
    named: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()
    #: Whether the client gives ids to new rows: ``id`` is named.
    row_id: bool = False


ALL_FIELDS = Fields()


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant of one role for one action on one table.

    :param role: its role's name; ``number``: its place among the role's grants for the action
    :param fields: the fields that may be read, or written; of delete always all
    :param rows: the rows that it is for, as they are before; None for all
    :param check: of create and update: what a row has to be afterwards; None for anything. For update it is ``rows``
        unless the document says otherwise
    :param preset: of create and update: values by the ids of fields, JSON values or placeholders
    """

    role: str
    number: int
    fields: Fields = ALL_FIELDS
    rows: Condition | None = None
    check: Condition | None = None
    # JSON values may be lists and objects, which have no hash.
    preset: tuple[tuple[int, Any | Placeholder], ...] = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class TableGrants:
    """All grants on one table, by action."""

    read: tuple[Grant, ...] = ()
    create: tuple[Grant, ...] = ()
    update: tuple[Grant, ...] = ()
    delete: tuple[Grant, ...] = ()

    def of(self, action: Action) -> tuple[Grant, ...]:
        grants: tuple[Grant, ...] = getattr(self, action)
        return grants

    @property
    def is_empty(self) -> bool:
        return not (self.read or self.create or self.update or self.delete)


NO_GRANTS = TableGrants()


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of grants.

    :param tables: by the ids of tables; None stands for ``*``, all tables that have no entry here
    :param definitions: one of :data:`DEFINITIONS`
    """

    name: str
    label: str | None = None
    description: str | None = None
    tables: Mapping[int | None, TableGrants] = field(default_factory=dict)
    definitions: str = "none"

    def on(self, table_id: int) -> TableGrants:
        own = self.tables.get(table_id)
        return self.tables.get(None, NO_GRANTS) if own is None else own


@dataclass(frozen=True)
class Access:
    """All roles, as they are at one revision.

    :param stamp: the access stamp of that moment; empty where there is none
    """

    roles: Mapping[str, Role] = field(default_factory=dict)
    revision: int = 0
    stamp: str = ""

    def grants(self, roles: Iterable[str], table_id: int) -> TableGrants:
        """The grants of these roles together on a table, in the order of the roles' names."""
        merged: dict[Action, list[Grant]] = {action: [] for action in ACTIONS}
        for name in sorted(roles):
            role = self.roles.get(name)
            if role is not None:
                for action in ACTIONS:
                    merged[action] += role.on(table_id).of(action)
        return TableGrants(**{action: tuple(grants) for action, grants in merged.items()})

    def definitions(self, roles: Iterable[str]) -> str:
        """The most that these roles may do with definitions."""
        roles = frozenset(roles)
        if ADMIN in roles:
            return DEFINITIONS[-1]
        levels = [DEFINITIONS.index(self.roles[name].definitions) for name in roles if name in self.roles]
        return DEFINITIONS[max(levels, default=0)]

    @cached_property
    def named_tables(self) -> frozenset[int]:
        """The ids of all tables that some role names."""
        return frozenset(table_id for role in self.roles.values() for table_id in role.tables if table_id is not None)
