"""What a description depends on besides definitions: who asks, and what is installed."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.grants import ACTIONS
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Forbidden, Unauthenticated
from dynmodel_pyramid.exchange.formats import Formats
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.web.http.methods import INTROSPECTABLES
from dynmodel_pyramid.web.http.permissions import Permission
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.identity.changing import own_user_id
from dynmodel_pyramid.web.openapi.rows import Rights, TableFields


@dataclass(frozen=True, slots=True)
class Asked:
    """
    :param prefix: the path under which the service is mounted, without the last slash
    :param resources: the methods of each resource class by its name, and who may call them
    :param is_open: whether this caller sends no credential
    """

    attempt: RequestAttempt
    types: FieldTypes
    formats: Formats
    prefix: str
    resources: Mapping[str, tuple[tuple[str, ...], Permission]]
    is_open: bool
    names: dict[int, str]

    def may(self, resource: str, method: str) -> bool:
        """Whether the caller may call a method, but for what grants say of a table."""
        methods, permission = self.resources.get(resource, ((), None))
        if method not in methods or permission is None:
            return False
        try:
            permission(self, SimpleNamespace(method=method))
        except (Unauthenticated, Forbidden):
            return False
        return True

    def is_needed(self, needs: str | None) -> bool:
        """Whether the caller is one of those that an operation is for."""
        caller = self.attempt.caller
        return needs is None or caller.is_admin or (needs == "user" and own_user_id(caller) is not None)

    def may_read(self, table_id: int) -> bool:
        """Whether the caller may read rows of a table."""
        scopes = self.attempt.scopes
        model = None if scopes.are_whole else self.attempt.model(table_id)
        return scopes.are_whole or (model is not None and scopes.scope(model).may_read)

    def fields(self, definition: TableDefinition) -> TableFields:
        """A table as the caller may see it; links to it need not look for its name again."""
        self.names[definition.id] = definition.model_name
        return TableFields(definition, self.types, self.names, self._rights(definition))

    def _rights(self, definition: TableDefinition) -> Rights:
        scopes = self.attempt.scopes
        model = None if scopes.are_whole else self.attempt.model(definition.id)
        if model is None:
            return Rights(frozenset(ACTIONS), False, lambda name: True, lambda name, action: True)
        scope = scopes.scope(model)
        actions: set[str] = {action for action in ACTIONS if action != "read" and scope.of(action) != ()}
        if scope.may_read:
            actions.add("read")

        def writes(name: str, action: Any) -> bool:
            permits = scope.of(action)
            return permits is None or any(name in permit.names for permit in permits)

        return Rights(frozenset(actions), scope.view.key is not None, scope.view.may_read, writes)


class Names(dict[int, str]):
    """The model names of tables by their ids, read when they are asked for."""

    def __init__(self, attempt: RequestAttempt) -> None:
        super().__init__()
        self._attempt = attempt

    def __missing__(self, number: int) -> str:
        with self._attempt.database.reading() as connection:
            _, definition = self._attempt.catalogue.store.by_id(connection, number)
        self[number] = "" if definition is None else definition.model_name
        return self[number]


@cache
def package_version() -> str:
    """Of the installed package, whose metadata are read once: it takes a millisecond."""
    return importlib.metadata.version("dynmodel_pyramid")


def of_caller(attempt: RequestAttempt, request: Request) -> Asked:
    told = [entry["introspectable"] for entry in request.registry.introspector.get_category(INTROSPECTABLES)]
    return Asked(
        attempt,
        attempt.catalogue.field_types,
        request.registry.dynmodel_formats,
        path(request).rstrip("/"),
        {each.title: (each["methods"], each["permission"]) for each in told},
        attempt.caller.identity.kind in ("anonymous", "open"),
        Names(attempt),
    )
