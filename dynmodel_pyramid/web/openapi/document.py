"""The documents: of one table, or of all with the service's other resources, made table by table in flat memory."""

import importlib.metadata
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.web.http.answers import RowsBody, encode
from dynmodel_pyramid.web.openapi import shared
from dynmodel_pyramid.web.openapi.callers import Asked
from dynmodel_pyramid.web.openapi.filters import filter_schema, filters
from dynmodel_pyramid.web.openapi.of_identities import OF_IDENTITIES, OF_PROVIDER
from dynmodel_pyramid.web.openapi.of_rows import ACTIONS, ANY_ROWS, RowSchemas, row_resources
from dynmodel_pyramid.web.openapi.of_service import OF_SERVICE, tables
from dynmodel_pyramid.web.openapi.of_tables import OF_TABLES
from dynmodel_pyramid.web.openapi.operations import OWN, Described, Operation, reference
from dynmodel_pyramid.web.openapi.rows import TableFields, ascii_name, component
from dynmodel_pyramid.web.openapi.schemas import FURTHER, SCHEMAS

VERSION = "3.1.1"
_DESCRIPTION = """\
Tables that are defined while the service runs. `docs/api.md` of the package tells what this description can't.

- Documents are JSON in UTF-8. Unknown members and parameters are refused, never ignored.
- Errors are problem documents (RFC 9457) with a stable `code`.
- Each path works without its last slash, too. HEAD works wherever GET does, OPTIONS everywhere.
- A query (`GET rows/`) has further parameters than are listed: conditions on rows of relations (`author.name=eq.Ada`)
  and on parts of json (`data->a=eq.1`).
- Bodies may be in gzip, zstd or brotli (`Content-Encoding`), and so are answers (`Accept-Encoding`)."""


class Describer:
    """Writes the documents for one caller."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._security: list[dict[str, list[str]]] = [{}] if asked.is_open else []
        self._security += [{"bearer": []}, {"session": []}]

    def one(self, definition: TableDefinition) -> RowsBody:
        """The document of one table."""
        table, name = self._asked.fields(definition), definition.model_name
        base = f"/table/{segment(definition)}/"
        paths = {**self._rows(table, base), **self._below_table(base, component(definition), ())}
        return self._document([(table, paths)], definition.label or name, is_one=True)

    def all(self, definitions: Iterable[TableDefinition]) -> RowsBody:
        """The document of all tables, and of the service's other resources."""
        return self._document(self._all(definitions), "dynmodel_pyramid", is_one=False)

    def _all(self, definitions: Iterable[TableDefinition]) -> Iterator[tuple[TableFields | None, dict[str, Any]]]:
        yield None, self._service()
        actions: set[str] = set()
        for definition in definitions:
            table = self._asked.fields(definition)
            actions |= table.rights.actions
            yield table, self._rows(table, f"/table/{segment(definition)}/", alias=False)
        # The alias is described once, for all tables.
        alias = (each for each in row_resources(ANY_ROWS, self._asked.formats) if each[1].prefix)
        yield None, self._of_rows("/table/{table}/", alias, actions, ("table",), "Rows", f"{OWN}.")

    def _document(
        self, parts: Iterable[tuple[TableFields | None, dict[str, Any]]], title: str, *, is_one: bool
    ) -> RowsBody:
        """
        :param parts: tables with their paths; None for paths of no table
        :param is_one: whether only one table is described
        """
        head = {
            "openapi": VERSION,
            "info": {
                "title": title,
                "version": importlib.metadata.version("dynmodel_pyramid"),
                "description": _DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            **({"servers": [{"url": self._asked.prefix}]} if self._asked.prefix else {}),
            "security": self._security,
        }
        body = RowsBody(encode(head)[:-1] + b',"paths":{', b",", b"")
        schemas = RowsBody(b"", b",", b"")
        parameters = RowsBody(b"", b",", b"")
        types: set[str] = {"integer"}
        for table, paths in parts:
            add_members(body, paths)
            if table is not None:
                add_members(schemas, table.schemas())
                add_members(parameters, dict(filters(table)))
                types.update(field.type for field in table.definition.fields if field.type in table.types)
        dialect = self._asked.attempt.database.dialect.name
        own = {**SCHEMAS, **({} if is_one else FURTHER)}
        known = {f"filter.{name}": filter_schema(name, self._asked.types[name], dialect) for name in sorted(types)}
        add_members(schemas, {**{f"{OWN}.{name}": schema for name, schema in own.items()}, **known})
        add_members(parameters, shared.parameters(self._asked.formats))
        rest = {
            "headers": shared.HEADERS,
            "responses": shared.error_responses(rest=not is_one),
            "securitySchemes": shared.SECURITY_SCHEMES,
        }
        body.go_on(b'},"components":' + encode(rest)[:-1] + b',"schemas":{', b"", b"")
        body.add_body(schemas)
        body.go_on(b'},"parameters":{', b"", b"}}}")
        body.add_body(parameters)
        return body

    # Paths

    def _rows(self, table: TableFields, base: str, *, alias: bool = True) -> dict[str, Any]:
        name = component(table.definition)
        schemas = RowSchemas(
            part=reference("schemas", f"{name}.Part"),
            whole=reference("schemas", name),
            create=reference("schemas", f"{name}.Create"),
            replace=reference("schemas", f"{name}.Replace"),
            patch=reference("schemas", f"{name}.Patch"),
            filters=tuple(key for key, _ in filters(table)),
            types=frozenset(field.type for field in table.definition.fields),
            links=dict(self._links(table, alone=alias)),
            own=dict(_own_links(table)),
        )
        described = row_resources(schemas, self._asked.formats, alias=alias)
        return self._of_rows(base, described, table.rights.actions, (), table.definition.model_name, f"{name}.")

    def _links(self, table: TableFields, *, alone: bool) -> Iterator[tuple[str, Any]]:
        """From a row to the rows that it links to.

        :param alone: whether no other table is described
        """
        if "read" not in table.rights.actions:
            return
        for field in table.definition.fields:
            reference = reference_of(field, table.types)
            if reference is None or reference.many or field.write_only or not table.rights.reads(field.name):
                continue
            far = self._asked.names[reference.table] if reference.table is not None else ""
            is_own = reference.table == table.definition.id
            if far and (is_own or (not alone and self._asked.may_read(reference.table))):
                pointer = field.name.replace("~", "~0").replace("/", "~1")
                yield (
                    ascii_name(field.name, field.id),
                    {
                        "operationId": f"{ascii_name(far, reference.table)}.get",
                        "parameters": {"row_id": f"$response.body#/{pointer}"},
                    },
                )

    def _of_rows(
        self,
        base: str,
        resources: Iterable[tuple[str, Described]],
        actions: Collection[str],
        parameters: tuple[str, ...],
        tag: str,
        prefix: str,
    ) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for resource, described in resources:
            operations = {
                method: operation
                for method, operation in described.operations.items()
                if ACTIONS[resource][method] in actions and self._asked.may(resource, method)
            }
            item = self._item(described, operations, parameters, tag, prefix)
            if item is not None:
                paths[base + described.path] = item
        return paths

    def _below_table(self, base: str, name: str, parameters: tuple[str, ...]) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for resource, described in OF_TABLES.items():
            operations = self._allowed(resource, described)
            item = self._item(described, operations, parameters, described.tag, f"{name}.")
            if item is not None:
                paths[base + described.path] = item
        return paths

    def _service(self) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        described_ones = {**OF_SERVICE, "Tables": tables(self._asked.formats), **OF_IDENTITIES}
        if self._asked.attempt.database.settings.oidc_issuer:
            described_ones |= OF_PROVIDER
        if not self._asked.attempt.database.settings.page:
            del described_ones["PageDocument"]
        for resource, described in described_ones.items():
            item = self._item(described, self._allowed(resource, described), (), described.tag, f"{OWN}.")
            if item is not None:
                paths["/" + described.path] = item
        return {**paths, **self._below_table("/table/{table}/", OWN, ("table",))}

    def _allowed(self, resource: str, described: Described) -> dict[str, Operation]:
        return {
            method: operation
            for method, operation in described.operations.items()
            if self._asked.may(resource, method) and self._asked.is_needed(operation.needs)
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
        open = (
            [{}, *[each for each in self._security if each]] if described.is_open and not self._asked.is_open else None
        )
        item: dict[str, Any] = {}
        if keys := (*parameters, *described.parameters):
            item["parameters"] = [reference("parameters", key) for key in keys]
        for method, operation in operations.items():
            item[method.lower()] = operation.document(method, tag, f"{prefix}{described.prefix}{operation.id}", open)
        return item


def _own_links(table: TableFields) -> Iterator[tuple[str, Any]]:
    """From a new row to its operations."""
    needed = {"get": "read", "replace": "update", "patch": "update", "delete": "delete"}
    for name, action in needed.items():
        if action in table.rights.actions and "read" in table.rights.actions:
            id = f"{component(table.definition)}.{name}"
            yield name, {"operationId": id, "parameters": {"row_id": "$response.body#/id"}}


def segment(definition: TableDefinition) -> str:
    """The part of an address that stands for a table: its name, which is the same in other environments.

    Where the name has no address of its own below ``/table/``, it is the number.
    """
    name = definition.model_name
    if parse_id(name) is not None or "/" in name:
        return str(definition.id)
    return quote(name, safe="")


def add_members(body: RowsBody, members: Mapping[str, Any]) -> None:
    """Add the members of an object, without its braces."""
    if members:
        body.add(encode(members)[1:-1])
