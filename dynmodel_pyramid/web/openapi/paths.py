"""The paths of a document, of one caller, and the answers that several of their operations share."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.web.http.answers import encode
from dynmodel_pyramid.web.openapi.callers import Asked
from dynmodel_pyramid.web.openapi.of_identities import OF_IDENTITIES, OF_PROVIDER
from dynmodel_pyramid.web.openapi.of_rows import ACTIONS
from dynmodel_pyramid.web.openapi.of_service import OF_SERVICE, tables
from dynmodel_pyramid.web.openapi.of_tables import OF_TABLES
from dynmodel_pyramid.web.openapi.operations import OWN, Described, Operation, reference


@dataclass(frozen=True, slots=True)
class Part:
    """Members of ``paths`` and of ``components.responses``, without braces."""

    paths: bytes
    responses: bytes = b""


def members_of(document: Mapping[str, Any]) -> bytes:
    """The members of an object as JSON, without its braces."""
    return encode(document)[1:-1]


class Paths:
    """
    :param security: what most operations need
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.security: list[dict[str, list[str]]] = [{}] if asked.is_open else []
        self.security += [{"bearer": []}, {"session": []}]

    def of_rows(
        self,
        base: str,
        resources: Iterable[tuple[str, Described]],
        actions: Collection[str],
        parameters: tuple[str, ...],
        tag: str,
        prefix: str,
    ) -> Part:
        """Those of resources with rows.

        :param actions: what the caller may do with the rows
        """
        paths: dict[str, Any] = {}
        responses: dict[str, Any] = {}
        for resource, described in resources:
            operations = {
                method: operation
                for method, operation in described.operations.items()
                if ACTIONS[resource][method] in actions and self.asked.may(resource, method)
            }
            item = self._item(described, operations, parameters, tag, prefix)
            if item is not None:
                paths[base + described.path] = item
            for operation in operations.values():
                for status, answer in operation.answers.items():
                    if answer.shared:
                        responses.setdefault(prefix + answer.shared, answer.document(status))
        return Part(members_of(paths), members_of(responses))

    def below_table(self, base: str, name: str, parameters: tuple[str, ...]) -> Part:
        """Those of a definition.

        :param name: before the full stop in ids of operations
        """
        paths: dict[str, Any] = {}
        for resource, described in OF_TABLES.items():
            item = self._item(described, self._allowed(resource, described), parameters, described.tag, f"{name}.")
            if item is not None:
                paths[base + described.path] = item
        return Part(members_of(paths))

    def service(self) -> Part:
        """Those of the service itself, and those below any table but for rows."""
        settings = self.asked.attempt.database.settings
        known = {**OF_SERVICE, "Tables": tables(self.asked.formats), **OF_IDENTITIES}
        if settings.oidc_issuer:
            known |= OF_PROVIDER
        if not settings.page:
            del known["PageDocument"]
        paths: dict[str, Any] = {}
        for resource, described in known.items():
            item = self._item(described, self._allowed(resource, described), (), described.tag, f"{OWN}.")
            if item is not None:
                paths["/" + described.path] = item
        below = self.below_table("/table/{table}/", OWN, ("table",))
        return Part(b",".join(part for part in (members_of(paths), below.paths) if part))

    def _allowed(self, resource: str, described: Described) -> dict[str, Operation]:
        return {
            method: operation
            for method, operation in described.operations.items()
            if self.asked.may(resource, method) and self.asked.is_needed(operation.needs)
        }

    def _item(
        self,
        described: Described,
        operations: Mapping[str, Operation],
        parameters: tuple[str, ...],
        tag: str,
        prefix: str,
    ) -> dict[str, Any] | None:
        """The Path Item Object; None without operations."""
        if not operations:
            return None
        needed = [each for each in self.security if each]
        security = [{}, *needed] if described.is_open and not self.asked.is_open else None
        item: dict[str, Any] = {}
        if keys := (*parameters, *described.parameters):
            item["parameters"] = [reference("parameters", key) for key in keys]
        for method, operation in operations.items():
            id = f"{prefix}{described.prefix}{operation.id}"
            item[method.lower()] = operation.document(method, tag, prefix, id, security)
        return item
