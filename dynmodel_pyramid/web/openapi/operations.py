"""What the descriptions say of operations: values that modules beside this one list, by the names of resources."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from dynmodel_pyramid.exchange.formats import Formats

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
#: Before the full stop in keys of schemas and ids of operations that are no table's.
OWN = "api"
#: The statuses of errors that any answer may have, and those of requests that write besides.
READING = (400, 401, 403, 404, 406, 408, 429, 500, 503, 504)
WRITING = (*READING, 409, 412, 413, 415, 422)
#: A key that stands in a reference as it is. Nearly all are so, and a description has a thousand references a table.
_PLAIN = re.compile(r"[\w.-]+", re.ASCII).fullmatch


def reference(part: str, key: str) -> dict[str, str]:
    """A reference within the document (RFC 6901, section 6)."""
    if not _PLAIN(key):
        key = quote(key.replace("~", "~0").replace("/", "~1"), safe="~.")
    return {"$ref": f"#/components/{part}/{key}"}


def schema(name: str) -> dict[str, str]:
    """A schema that is no table's: the keys of tables' have a table's name before the full stop."""
    return reference("schemas", f"{OWN}.{name}")


def many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": schema(name)}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of success.

    :param schema: of the document; None: there is no body
    :param headers: keys of ``components.headers``
    :param content: further media types with their schemas
    :param shared: of an answer that several operations have: its key among ``components.responses``, behind the prefix
        of the resource's ids
    """

    schema: Mapping[str, Any] | None = None
    headers: tuple[str, ...] = ()
    description: str = ""
    content: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    links: Mapping[str, Any] = field(default_factory=dict)
    shared: str = ""

    def document(self, status: int) -> dict[str, Any]:
        shown: dict[str, Any] = {"description": self.description or HTTPStatus(status).phrase}
        if self.headers:
            shown["headers"] = {name: reference("headers", name) for name in self.headers}
        content = {JSON: {"schema": self.schema}} if self.schema is not None else {}
        content |= {media_type: {"schema": schema} for media_type, schema in self.content.items()}
        if content:
            shown["content"] = content
        if self.links:
            shown["links"] = self.links
        return shown


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request.

    :param content: schemas by media type
    """

    content: Mapping[str, Mapping[str, Any]]
    required: bool = True
    description: str = ""

    def document(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"description": self.description} if self.description else {}
        shown["content"] = {media_type: {"schema": schema} for media_type, schema in self.content.items()}
        return {**shown, "required": self.required}


def files_of(
    formats: Formats, media_types: tuple[str, ...], types: Collection[str] | None = None
) -> dict[str, dict[str, Any]]:
    """The schemas of files with rows, by media type; JSON is described apart.

    :param types: the names of the types of a table's fields, some of which a format may need
    """
    files: dict[str, dict[str, Any]] = {}
    for media_type in media_types:
        format = formats[media_type]
        if media_type == JSON or (format.needs_type and types is not None and format.needs_type not in types):
            continue
        files[media_type] = {"type": "string"} if format.is_text and not media_type.endswith("json") else {}
    return files


def json_body(name: str, *, required: bool = True) -> Body:
    return Body({JSON: schema(name)}, required)


def merge_patch(name: str) -> Body:
    return Body({MERGE_PATCH: schema(name), JSON: schema(name)})


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a resource.

    :param id: ``operationId``; of a table's resources the beginning of it
    :param answers: of success, by status
    :param parameters: keys of ``components.parameters``
    :param errors: statuses of errors; None: the usual ones of the method
    :param needs: who may do it besides what the resource's permission says: administrators, or users as well
    :param problems: before the statuses in the keys of the answers to errors
    """

    id: str
    summary: str
    answers: Mapping[int, Answer]
    parameters: tuple[str, ...] = ()
    body: Body | None = None
    description: str = ""
    errors: tuple[int, ...] | None = None
    deprecated: bool = False
    problems: str = ""
    needs: Literal["admin", "user"] | None = None

    def document(
        self, method: str, tag: str, prefix: str, id: str, security: list[dict[str, list[str]]] | None
    ) -> dict[str, Any]:
        """The Operation Object.

        :param prefix: of the keys of shared answers
        :param security: what it needs, if that is not what most need
        """
        shown: dict[str, Any] = {"operationId": id, "tags": [tag], "summary": self.summary}
        if self.description:
            shown["description"] = self.description
        if self.deprecated:
            shown["deprecated"] = True
        parameters = [*self.parameters, "X-Request-Id"]
        shown["parameters"] = [reference("parameters", key) for key in parameters]
        if self.body is not None:
            shown["requestBody"] = self.body.document()
        errors = self.errors
        if errors is None:
            errors = READING if method == "GET" else WRITING
        responses = {
            str(status): reference("responses", prefix + answer.shared) if answer.shared else answer.document(status)
            for status, answer in self.answers.items()
        }
        responses |= {str(status): reference("responses", f"{self.problems}{status}") for status in sorted({*errors})}
        shown["responses"] = responses
        if security is not None:
            shown["security"] = security
        return shown


@dataclass(frozen=True, slots=True)
class Described:
    """The operations of a resource.

    :param path: below the root, or below ``/table/{id}/`` if the resource belongs to a table
    :param operations: by method
    :param parameters: keys of the parameters of the path
    :param prefix: of the ids of the operations
    :param is_open: a request needs no credential, whatever the access
    """

    path: str
    tag: str
    operations: Mapping[str, Operation]
    parameters: tuple[str, ...] = ()
    is_open: bool = False
    prefix: str = ""
