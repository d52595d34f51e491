"""The documents in a file that was sent: rows, each with the faults that it has already as a text."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.delimited import read_records
from dynmodel_pyramid.fields.numbers import read_integer
from dynmodel_pyramid.rows.entries import Columns, Faults
from dynmodel_pyramid.rows.imports import Document
from dynmodel_pyramid.rows.service import Rows


def read_ndjson(file: BinaryIO, parse: Callable[[bytes], Any]) -> Iterator[Document]:
    """A document in each line (ndjson.org); empty lines are passed over.

    :param parse: reads one
    """
    for line in file:
        text = line.strip()
        if text:
            try:
                yield Document(parse(text))
            except Malformed as error:
                yield _broken(error.detail)


def read_csv(file: BinaryIO, rows: Rows, columns: Columns) -> Iterator[Document]:
    """The first line names the fields; values are in their types' text forms.

    :raises Malformed: it is no CSV, or names a field twice
    :raises Invalid: it names what is no field
    """
    records = read_records(file)
    header = next(records, [])
    names = [name for name in header if name is not None]
    if not names or len(names) < len(header) or len(set(names)) < len(names):
        raise Malformed(
            "the first line must name the fields, each once", code="malformed_csv", hint="for example id,name,price"
        )
    readers = _readers(rows, names, columns)
    for record in records:
        if len(record) != len(names):
            yield _broken(f"{len(record)} values stand under {len(names)} names")
        else:
            yield _document(readers, record)


def _broken(detail: str) -> Document:
    faults = Faults()
    faults.add("", "malformed_line", detail)
    return Document(None, faults)


def _document(readers: dict[str, Callable[[str], Any]], record: list[str | None]) -> Document:
    made, faults = {}, Faults()
    for (name, read), text in zip(readers.items(), record, strict=True):
        try:
            made[name] = None if text is None else read(text)
        except (ValueError, Malformed) as error:
            faults.add(f"/{escape(name)}", "invalid_format", str(error))
    return Document(made, faults)


def _readers(rows: Rows, names: list[str], columns: Columns) -> dict[str, Callable[[str], Any]]:
    """What reads the texts of each field; those that are passed over stay texts."""
    problems, definition = Problems(), rows.model.definition
    aliases = rows.reader.aliases.names
    readers: dict[str, Callable[[str], Any]] = {}
    for name in names:
        present = aliases.get(name, name)
        field = definition.by_name.get(present)
        if columns.names is not None and present not in columns.names:
            readers[name] = str
        elif present == "id":
            readers[name] = read_integer
        elif field is not None:
            readers[name] = rows.model.field_types[field.type].text_form(field.options).from_text
        elif present in rows.reader.given:
            readers[name] = str
        else:
            problems.add(f"/{escape(name)}", "unknown_field", "the table has no such field")
    problems.raise_if_any()
    return readers
