"""The documents: of one table, or of all with the service's other resources, made table by table in flat memory."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.web.http.answers import RowsBody, encode
from dynmodel_pyramid.web.openapi import shared
from dynmodel_pyramid.web.openapi.callers import Asked, package_version
from dynmodel_pyramid.web.openapi.filters import filter_schema, filters
from dynmodel_pyramid.web.openapi.of_rows import ANY_ROWS, further_resources
from dynmodel_pyramid.web.openapi.operations import OWN
from dynmodel_pyramid.web.openapi.paths import Part, Paths, members_of
from dynmodel_pyramid.web.openapi.rows import TableFields, ascii_name, component
from dynmodel_pyramid.web.openapi.schemas import FURTHER, SCHEMAS
from dynmodel_pyramid.web.openapi.templates import Templates

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
        self._paths = Paths(asked)
        self._templates = Templates(self._paths)

    def one(self, definition: TableDefinition) -> RowsBody:
        """The document of one table."""
        table = self._asked.fields(definition)
        base, name = f"/table/{segment(definition)}/", component(definition)
        rows = self._templates.of(table, segment(definition), self._links(table, alone=True), further=True)
        below = self._paths.below_table(base, name, ())
        return self._document([(table, rows), (None, below)], definition.label or definition.model_name, is_one=True)

    def all(self, definitions: Iterable[TableDefinition]) -> RowsBody:
        """The document of all tables, and of the service's other resources."""
        return self._document(self._all(definitions), "dynmodel_pyramid", is_one=False)

    def _all(self, definitions: Iterable[TableDefinition]) -> Iterator[tuple[TableFields | None, Part]]:
        yield None, self._paths.service()
        actions: set[str] = set()
        for definition in definitions:
            table = self._asked.fields(definition)
            actions |= table.rights.actions
            yield table, self._templates.of(table, segment(definition), self._links(table, alone=False), further=False)
        further = further_resources(ANY_ROWS, self._asked.formats)
        yield None, self._paths.of_rows("/table/{table}/", further, actions, ("table",), "Rows", f"{OWN}.")

    def _document(self, parts: Iterable[tuple[TableFields | None, Part]], title: str, *, is_one: bool) -> RowsBody:
        """
        :param parts: paths and shared answers, with the table that they are of
        :param is_one: whether only one table is described
        """
        head = {
            "openapi": VERSION,
            "info": {
                "title": title,
                "version": package_version(),
                "description": _DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            **({"servers": [{"url": self._asked.prefix}]} if self._asked.prefix else {}),
            "security": self._paths.security,
        }
        body = RowsBody(encode(head)[:-1] + b',"paths":{', b",", b"")
        schemas, parameters, responses = (RowsBody(b"", b",", b"") for _ in range(3))
        types: set[str] = {"integer"}
        for table, part in parts:
            for into, members in ((body, part.paths), (responses, part.responses)):
                if members:
                    into.add(members)
            if table is not None:
                schemas.add(members_of(table.schemas()))
                parameters.add(members_of(dict(filters(table))))
                types.update(field.type for field in table.definition.fields if field.type in table.types)
        dialect = self._asked.attempt.database.dialect.name
        own = {**SCHEMAS, **({} if is_one else FURTHER)}
        known = {f"filter.{name}": filter_schema(name, self._asked.types[name], dialect) for name in sorted(types)}
        schemas.add(members_of({**{f"{OWN}.{name}": schema for name, schema in own.items()}, **known}))
        parameters.add(members_of(shared.parameters(self._asked.formats)))
        responses.add(members_of(shared.error_responses(rest=not is_one)))
        rest = {"headers": shared.HEADERS, "securitySchemes": shared.SECURITY_SCHEMES}
        body.go_on(b'},"components":' + encode(rest)[:-1] + b',"responses":{', b"", b"")
        body.add_body(responses)
        body.go_on(b'},"schemas":{', b"", b"")
        body.add_body(schemas)
        body.go_on(b'},"parameters":{', b"", b"}}}")
        body.add_body(parameters)
        return body

    def _links(self, table: TableFields, *, alone: bool) -> dict[str, Any]:
        """From a row to the rows that it links to.

        :param alone: whether no other table is described
        """
        found: dict[str, Any] = {}
        for field in table.definition.fields if "read" in table.rights.actions else ():
            reference = reference_of(field, table.types)
            if reference is None or reference.many or field.write_only or not table.rights.reads(field.name):
                continue
            far = self._asked.names[reference.table] if reference.table is not None else ""
            is_own = reference.table == table.definition.id
            if far and (is_own or (not alone and self._asked.may_read(reference.table))):
                pointer = field.name.replace("~", "~0").replace("/", "~1")
                found[ascii_name(field.name, field.id)] = {
                    "operationId": f"{ascii_name(far, reference.table)}.get",
                    "parameters": {"row_id": f"$response.body#/{pointer}"},
                }
        return found


def segment(definition: TableDefinition) -> str:
    """The part of an address that stands for a table: its name, which is the same in other environments.

    Where the name has no address of its own below ``/table/``, it is the number.
    """
    name = definition.model_name
    if parse_id(name) is not None or "/" in name:
        return str(definition.id)
    return quote(name, safe="")
