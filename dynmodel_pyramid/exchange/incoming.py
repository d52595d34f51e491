"""The documents in a file that a client sent: rows, each with the faults that reading its text has found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import colander

from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import DynmodelError, Invalid, Malformed
from dynmodel_pyramid.exchange.delimited import Record, read_records
from dynmodel_pyramid.exchange.documents import parse_json, too_long
from dynmodel_pyramid.exchange.headers import column_names, header_hint, name_of_place, ragged_hint
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.types.numbers import read_integer
from dynmodel_pyramid.hints import Hint, hint
from dynmodel_pyramid.rows.entries import Columns, Faults
from dynmodel_pyramid.rows.imports import Document
from dynmodel_pyramid.rows.keys import LinkField
from dynmodel_pyramid.rows.reading import RowReader
from dynmodel_pyramid.rows.service import Rows


def read_ndjson(file: BinaryIO, longest: int) -> Iterator[Document]:
    """A document in each line (ndjson.org); empty lines are skipped.

    :raises TooLarge: a line is too long
    """
    while line := file.readline(longest + 2):
        text = line.strip(b" \t\r\n")
        if len(text) > longest:
            raise too_long(longest)
        if text:
            try:
                yield Document(parse_json(text))
            except Malformed as error:
                yield _broken(error.detail, _joined if b"}{" in text else None)


def read_csv(file: BinaryIO, rows: Rows, columns: Columns, longest: int) -> Iterator[Document]:
    """The first line names the fields (``headers``); values are in their types' text forms. Empty lines at the end are
    skipped, unless there is only one field: then they are values.

    :raises Malformed: the file is not CSV, or names a field twice
    :raises Invalid: the header names an unknown field
    """
    records = read_records(file, longest)
    header = next(records, [])
    try:
        names = column_names(header, rows.exists)
        named = [name for name in names if name is not None]
        keyed = key_columns(rows, named)
        by_name = _readers(rows, named, columns, keyed)
    except (Malformed, Invalid) as error:
        error.hint = header_hint(header, rows.exists, records) or error.hint
        raise
    nameless = _ignored if columns.names is not None else _refused
    readers = [(name, nameless if name is None else by_name[name]) for name in names]
    empty = 0
    for record in records:
        if record == [None] and len(names) > 1:
            empty += 1
            continue
        for _ in range(empty):
            yield _ragged([], names)
        empty = 0
        if len(record) != len(names):
            yield _ragged(record, names)
            continue
        document = _document(rows.reader, readers, record)
        if keyed:
            document.document = with_keys(document.document, keyed)
        yield document


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of a unique key of a linked table: ``carrier.code``.

    :param link: the link, as the header names it, and the field that it is
    :param type: the type of the far field ``member``, and its options
    """

    link: str
    field: str
    member: str
    type: tuple[FieldType, Options]


def key_columns(rows: Rows, names: Sequence[str]) -> dict[str, KeyColumn]:
    """The names in a header that are keys of linked rows. Each part may stand in double quotes.

    :raises Malformed: they name a link twice
    """
    keyed: dict[str, KeyColumn] = {}
    links = {field.name: (field, reference) for field, reference in rows.links.fields if not reference.many}
    seen = set(names)
    for name in names if links else ():
        if name == "id" or rows.exists(name):
            continue
        column = _key_column(rows, links, name)
        if column is None:
            continue
        place = (column.field, column.member)
        if column.link in seen or any((one.field, one.member) == place for one in keyed.values()):
            raise Malformed(
                f"the first line names {column.link!r} twice",
                code="malformed_csv",
                hint="a link is given by its id or by a key",
            )
        keyed[name] = column
    return keyed


def _key_column(rows: Rows, links: Mapping[str, LinkField], name: str) -> KeyColumn | None:
    dots = [place for place, character in enumerate(name) if character == "."]
    for dot in dots:
        link, member = _unquoted(name[:dot]), _unquoted(name[dot + 1 :])
        known = links.get(rows.former_names.get(link, link))
        reader = None if known is None else rows.key_reader(*known)
        type_ = None if reader is None else reader.member(member)
        if known is not None and type_ is not None:
            return KeyColumn(link, known[0].name, member, type_)
    return None


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if len(name) > 2 and name[0] == name[-1] == '"' else name


def with_keys(document: dict[str, Any], keyed: Mapping[str, KeyColumn]) -> dict[str, Any]:
    """A record's values, with those of key columns as one object for each link; null if all of them are."""
    keys: dict[str, dict[str, Any]] = {}
    for name, column in keyed.items():
        if name in document:
            keys.setdefault(column.link, {})[column.member] = document.pop(name)
    return document | {
        link: None if all(value is None for value in key.values()) else key for link, key in keys.items()
    }


def _ragged(record: Record, names: Sequence[str | None]) -> Document:
    return _broken(f"{len(record)} values stand under {len(names)} names", partial(ragged_hint, record, names))


def _ignored(text: str) -> None:
    """The reader of a column without a name where the client names the columns that are read."""


def _refused(text: str) -> None:
    """The reader of a column without a name: its values must be empty."""
    if text:
        raise ValueError(f"this column has no name in the first line, and holds {text[:50]!r}")


def _name_hint(name: str) -> str:
    return f"give the table a field {name!r} for it, or leave it out: ?columns= and the names of the others"


def _joined() -> str:
    return "each document stands in a line of its own; curl -d strips line ends: use --data-binary @file"


def _broken(detail: str, hint: Hint | None = None) -> Document:
    faults = Faults()
    faults.add("", "malformed_line", detail, hint)
    return Document(None, faults)


def _document(
    reader: RowReader, readers: Sequence[tuple[str | None, Callable[[str], Any]]], record: Record
) -> Document:
    values, faults = {}, None
    for place, ((name, read), text) in enumerate(zip(readers, record, strict=True), 1):
        try:
            value = None if text is None else read(text)
            if name is not None:
                values[name] = value
        except (ValueError, Malformed) as error:
            faults = faults or Faults()
            if name is None:
                name = name_of_place(place)
                faults.add(f"/{name}", "unknown_field", str(error), partial(_name_hint, name))
                continue
            faults.add(f"/{escape(name)}", "invalid_format", str(error), partial(reader.text_hint, name, text or ""))
    return Document(values, faults)


def _readers(
    rows: Rows, names: list[str], columns: Columns, keyed: Mapping[str, KeyColumn]
) -> dict[str, Callable[[str], Any]]:
    """The reader of each field's texts; values of ignored fields stay texts."""
    problems, definition = Problems(), rows.model.definition
    aliases = rows.former_names
    readers: dict[str, Callable[[str], Any]] = {}
    for name in names:
        key = keyed.get(name)
        present = aliases.get(name, name) if key is None else key.field
        field = definition.by_name.get(present)
        if columns.names is not None and present not in columns.names:
            readers[name] = str
        elif key is not None:
            field_type, options = key.type
            readers[name] = _null_if_empty(field_type.text_form(options).from_text)
        elif present == "id":
            readers[name] = _null_if_empty(read_integer)
        elif not rows.exists(present):
            _add_unknown(problems, name, rows)
        elif field is not None:
            readers[name] = reader_of(rows.model.field_types[field.type], field.options)
        elif present in rows.reader.given:
            readers[name] = str
        else:
            _add_unknown(problems, name, rows)
    problems.raise_if_any()
    return readers


def _add_unknown(problems: Problems, name: str, rows: Rows) -> None:
    detail = "the table has no such field"
    problems.add(f"/{escape(name)}", "unknown_field", detail, hint(name, rows.names))


def reader_of(field_type: FieldType, options: Options) -> Callable[[str], Any]:
    """A function: a text of CSV -> the JSON value. Files with every value in quotes write null as ``""``; so the empty
    text is null, unless it can be a value of the field.
    """
    form = field_type.text_form(options)
    if form.keeps_empty:
        return form.from_text
    try:
        field_type.schema_node(options).deserialize(form.from_text(""))
    except (ValueError, colander.Invalid, DynmodelError):
        return _null_if_empty(form.from_text)
    return form.from_text


def _null_if_empty(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: read(text) if text else None
