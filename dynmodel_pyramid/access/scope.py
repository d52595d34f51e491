"""What an identity may do with one version of a table. Every call of the row service and of the queries has one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynmodel_pyramid.access.compiling import RowCondition
from dynmodel_pyramid.access.grants import ACTIONS, Action, Grant
from dynmodel_pyramid.queries.sql.views import View


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """A grant to write that holds for the identity, with its values.

    :param names: the fields that it may be used to write, and ``id`` if new rows may have one from the client
    :param rows: the condition on rows before the write; None for all
    :param check: the condition on rows after it; None for anything
    :param presets: the stored values of fields that the grant itself sets
    """

    grant: Grant
    names: frozenset[str]
    rows: RowCondition | None = None
    check: RowCondition | None = None
    presets: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.grant.role}[{self.grant.number}]"


@dataclass(frozen=True, slots=True)
class Scope:
    """
    :param view: the rows and values that may be read
    :param values: the values of the view's parameters
    :param permits_of: gives the permits for an action, in their order; None: everything may be written
    :param may_read: whether the identity's roles have a grant to read, which may hold for no row
    :param has_grants: whether they have any grant on the table; else it does not exist for the identity
    """

    view: View
    values: Mapping[str, Any] = field(default_factory=dict)
    permits_of: Callable[[Action], tuple[Permit, ...]] | None = None
    may_read: bool = True
    has_grants: bool = True

    def of(self, action: Action) -> tuple[Permit, ...] | None:
        """The permits for an action; None: anything goes."""
        return None if self.permits_of is None else self.permits_of(action)

    def exists(self, name: str) -> bool:
        """Whether a field exists for the caller at all."""
        return any(self.knows(name, action) for action in ACTIONS)

    def knows(self, name: str, action: Action) -> bool:
        """Whether a field exists for the caller: it may be read, or written by that action."""
        if self.permits_of is None or self.view.may_read(name):
            return True
        return any(name in permit.names or name in permit.presets for permit in self.permits_of(action))
