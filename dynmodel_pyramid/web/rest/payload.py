"""Bodies -> documents of rows, as in PostgREST ("Tables and Views", Insert).

JSON, CSV and forms become documents of the same kind. Typing is lenient: a text that is not a value of the field is
read by the field's text form, and other values become their JSON text if the field wants a text. The row service
validates the result as strictly as ever.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from pyramid.request import Request

from dynmodel_pyramid.catalogue.references import reference_of
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.exchange.contents import Broken, Contents, RecordContents
from dynmodel_pyramid.exchange.documents import Documents, refuse_too_many_keys
from dynmodel_pyramid.exchange.formats import REST, Format
from dynmodel_pyramid.exchange.headers import header_of
from dynmodel_pyramid.exchange.key_columns import KeyColumn, key_columns, with_keys
from dynmodel_pyramid.exchange.plain_json import PlainObjects
from dynmodel_pyramid.exchange.typed import Digits, Typer, plain_value, typer_of
from dynmodel_pyramid.fields import Reference
from dynmodel_pyramid.hints import either, meant
from dynmodel_pyramid.queries import split
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.body import (
    body_file,
    longest_document,
    media_type_of,
    position_of,
    read_document,
    reading_of,
    refuse_parameters,
)
from dynmodel_pyramid.web.rest.errors import RestError, bad_body

JSON, CSV, FORM = "application/json", "text/csv", "application/x-www-form-urlencoded"
#: The media types of bodies that PostgREST has.
KINDS = (JSON, CSV, FORM)


def _no_constant(name: str) -> Any:
    raise bad_body("Empty or invalid json", f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    refuse_too_many_keys(pairs)
    return dict(pairs)


#: PostgreSQL's jsonb keeps the last of repeated keys, and so does this parser.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=Digits, parse_constant=_no_constant)
_PLAIN = PlainObjects(Digits, _no_constant, unique=False)


@dataclass(frozen=True, slots=True)
class Payload:
    """
    :param documents: the rows of a body, while it is read
    :param position: returns how far it is read
    :param told: what was guessed
    """

    documents: Iterator[dict[str, Any]]
    position: Callable[[], int]
    told: Mapping[str, str]


def each_document(request: Request, columns: Sequence[str] | None) -> Payload:
    """The rows of a body.

    :param columns: those of the parameter; without it all documents must have the same keys
    :raises RestError: the body is malformed (``PGRST102``)
    :raises Malformed: the same
    """
    opened: list[BinaryIO] = []

    def file() -> BinaryIO:
        opened.append(body_file(request))
        return opened[0]

    documents, told = _documents(request, columns, file)
    return Payload(documents, position_of(opened[0]) if opened else lambda: 0, told)


def read_documents(request: Request, columns: Sequence[str] | None) -> list[dict[str, Any]]:
    """The rows of a body, by :func:`each_document`."""
    documents, _ = _documents(request, columns, lambda: BytesIO(read_document(request)))
    return list(documents)


def _documents(
    request: Request, columns: Sequence[str] | None, file: Callable[[], BinaryIO]
) -> tuple[Iterator[dict[str, Any]], Mapping[str, str]]:
    kind = media_type_of(request) or JSON
    if kind not in KINDS:
        raise bad_body(f"Content-Type not acceptable: {kind}", hint=f"send {either(list(KINDS))}")
    csv: Format = request.registry.dynmodel_formats.of(CSV, REST)
    refuse_parameters(request, kind, KINDS, csv.parameters if kind == CSV else ())
    if kind == CSV and csv.read is not None:
        contents = csv.read(file(), reading_of(request, csv))
        return _of_csv(contents), contents.told
    if kind == FORM:
        return iter([_of_form(read_document(request))]), {}
    return _of_json(Documents(file(), longest_document(request), _DECODER, plain=_PLAIN), same_keys=columns is None), {}


def _of_json(documents: Documents, *, same_keys: bool) -> Iterator[dict[str, Any]]:
    keys = None
    for document in documents:
        if type(document) is not dict:
            if not documents.is_array:
                continue
            raise bad_body("All object keys must match")
        keys = document.keys() if keys is None else keys
        if same_keys and document.keys() != keys:
            raise bad_body("All object keys must match")
        yield document


def _of_form(body: bytes) -> dict[str, Any]:
    pairs = split(body.decode("latin-1"))
    document = dict(pairs)
    if len(document) != len(pairs):
        raise bad_body("a name stands twice in the form")
    return document


def _of_csv(contents: Contents) -> Iterator[dict[str, Any]]:
    """:raises Malformed: it is not CSV, or has a name twice"""
    assert isinstance(contents, RecordContents)  # as CSV is
    if not contents.names:
        raise bad_body("the body is not CSV", "want a line of names")
    names = [name or "" for name in header_of(contents.names)]
    for chunk in contents.chunks:
        for record in chunk:
            if isinstance(record, Broken):
                raise bad_body(record.detail)
            yield dict(zip(names, record, strict=True))


class Typing:
    """Converts documents to the types of a table's fields."""

    #: The key columns of a CSV, from its first record on.
    _keyed: dict[str, KeyColumn] | None = None

    def __init__(self, rows: Rows, columns: Sequence[str] | None, *, has_key_columns: bool = False) -> None:
        """
        :param columns: read only these fields
        :param has_key_columns: whether names such as ``carrier.code`` are keys of linked rows, as in CSV
        :raises RestError: one of them is not a field
        """
        self._rows, self._reader, self._model, self._columns = rows, rows.reader, rows.model, columns
        self._names = rows.former_names
        self._has_key_columns = has_key_columns
        self._typers: dict[str, Typer] = {}
        for name in columns or ():
            if name != "id" and not self._is_known(name):
                table = rows.model.definition.model_name
                message = f"Could not find the '{name}' column of '{table}' in the schema cache"
                raise RestError(400, "PGRST204", message, hint=meant(name, rows.names()))

    def _is_known(self, name: str) -> bool:
        name = self._names.get(name, name)
        return (name in self._reader.by_name or name in self._reader.given) and self._rows.exists(name)

    def typed(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with typed values, and only the keys of ``columns``."""
        if self._has_key_columns:
            if self._keyed is None:
                self._keyed = key_columns(self._rows, list(document))
            document = with_keys(document, self._keyed) if self._keyed else document
        members = document if self._columns is None else {k: v for k, v in document.items() if k in self._columns}
        typers, typed = self._typers, {}
        for name, value in members.items():
            typer = typers.get(name) or self._typer(name)
            typed[name] = value if type(value) in typer.kept else typer.read(value)
        return typed

    def _typer(self, name: str) -> Typer:
        try:
            return self._typers[name]
        except KeyError:
            typer = self._make(name)
            # Clients may send any number of names that are not fields.
            return self._typers.setdefault(name, typer) if name == "id" or self._is_known(name) else typer

    def filled(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document, with null for missing ones of ``columns``."""
        absent = [
            name
            for name in self._columns or ()
            if name not in document and self._names.get(name, name) not in self._reader.given
        ]
        return {**document, **dict.fromkeys(absent)}

    def _make(self, name: str) -> Typer:
        if name == "id":
            return Typer(_id)
        name = self._names.get(name, name)
        entry, field = self._reader.by_name.get(name), self._model.definition.by_name.get(name)
        if field is None or not self._is_known(name):
            return Typer(plain_value)
        field_type = self._model.field_types[field.type]
        # A client may send back a system value.
        node = field_type.schema_node(field.options) if entry is None else entry.node
        accepts = entry.accepts if entry is not None else lambda value: False
        typed = typer_of(field_type, field.options, node, accepts)
        reference = reference_of(field, self._model.field_types)
        return typed if reference is None else Typer(self._with_keys(typed.read, field, reference), typed.kept)

    def _with_keys(
        self, typed: Callable[[Any], Any], field: FieldDefinition, reference: Reference
    ) -> Callable[[Any], Any]:
        """Types the values of a link, and of the keys that objects in it are."""
        reader = self._rows.key_reader(field, reference)

        def member(name: str, value: Any) -> Any:
            known = None if reader is None else reader.member(name)
            if known is None:
                return plain_value(value)
            return typer_of(*known, known[0].operand_node(known[1]), lambda value: False).read(value)

        def link(value: Any) -> Any:
            if type(value) is dict:
                return {name: member(name, item) for name, item in value.items()}
            if type(value) is list and any(type(item) is dict for item in value):
                return [link(item) if type(item) is dict else plain_value(item) for item in value]
            return typed(value)

        return link


def _id(value: Any) -> Any:
    number = parse_id(value.strip()) if isinstance(value, str) else None
    return plain_value(value) if number is None else number
