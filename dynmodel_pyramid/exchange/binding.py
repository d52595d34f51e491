"""What a file holds -> the documents of a table's rows: one path for the faces, the console and tables made of files.

Names find fields by their present and former names, and keys of linked rows (``carrier.code``); texts are read by the
fields' text forms, values by their types' rules (:mod:`~.typed`). Each document has the faults that this has found.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import colander
import orjson

from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import DynmodelError, Invalid, Malformed
from dynmodel_pyramid.exchange.contents import Broken, Contents, Record, RecordContents, Runs
from dynmodel_pyramid.exchange.headers import column_names, header_hint, name_of_place, plain_name
from dynmodel_pyramid.exchange.key_columns import KeyColumn, key_columns, with_keys
from dynmodel_pyramid.exchange.typed import is_number, plain_value, typer_of
from dynmodel_pyramid.fields.columns import Fast, Reader
from dynmodel_pyramid.fields.contract import FieldType, Options, TextForm
from dynmodel_pyramid.fields.types.geography import Point
from dynmodel_pyramid.fields.types.numbers import read_integer
from dynmodel_pyramid.hints import either, hint
from dynmodel_pyramid.rows.entries import Columns, Faults
from dynmodel_pyramid.rows.parts import Batch, Document, Item, Run
from dynmodel_pyramid.rows.reading import RowReader
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.written_rows import PART

#: Makes the JSON value of a cell that is not None; raises ValueError, or Malformed.
Cell = Callable[[Any], Any]
_UNCHANGED = TextForm().from_text


def documents_of(contents: Contents, rows: Rows, columns: Columns) -> Iterator[Item]:
    """The documents of a file while it is read: one by one, or those that stand together.

    :raises Malformed: the file is malformed, or names a field twice
    :raises Invalid: it names an unknown field
    """
    if isinstance(contents, RecordContents):
        yield from _of_records(contents, rows, columns)
        return
    place = None if contents.place is None else _point_field(contents.place, rows)
    if isinstance(contents.documents, Runs) and place is None:
        for run in contents.documents.runs:
            if Broken not in map(type, run):
                yield Run(run)
            else:
                yield from (broken_document(item) if type(item) is Broken else Document(item) for item in run)
        return
    for document in contents.documents:
        if place is not None and type(document) is dict and contents.place in document:
            document[place] = document.pop(contents.place)
        yield broken_document(document) if type(document) is Broken else Document(document)


def mapped(contents: Contents, columns: Sequence[str], sources: Mapping[str, str]) -> Contents:
    """The contents of a file under the names of fields.

    :param columns: the fields that are read; others are left out
    :param sources: the names that some of them have in the file; of a column without a name, that of its place
    """
    names = {sources.get(name, name): name for name in columns}
    if isinstance(contents, RecordContents):
        written = [name or name_of_place(place) for place, name in enumerate(contents.names, 1)]
        # A key of a link, ``carrier.code``, belongs to its field.
        keys = [name if name.rpartition(".")[0].strip('"') in names else None for name in written]
        found = [names.get(name, names.get(plain_name(name), key)) for name, key in zip(written, keys, strict=True)]
        return replace(contents, names=found, has_names=True)
    return replace(contents, documents=(_with_names(document, names) for document in contents.documents))


def _with_names(document: Any, names: Mapping[str, str]) -> Any:
    if type(document) is not dict:
        return document
    return {names[key]: value for key, value in document.items() if key in names}


def broken_document(broken: Broken) -> Document:
    """The document in the place of one that can't be read."""
    faults = Faults()
    faults.add(broken.pointer, broken.code, broken.detail, broken.hint)
    return Document(None, faults)


def _point_field(key: str, rows: Rows) -> str:
    """The field that takes the places of a file: the one of this name, or the only point.

    :raises Malformed: there is none, or there are several
    """
    types = rows.model.field_types
    points = [
        field.name
        for field in rows.model.definition.fields
        if rows.exists(field.name) and isinstance(types[field.type], Point)
    ]
    if key in points or len(points) == 1:
        return key if key in points else points[0]
    raise Malformed(
        "the table has several points" if points else "the table has no field of the type point",
        code="malformed_file",
        hint=f"name one: {key}={either(points)} behind the media type" if points else "add one, for the places",
    )


def _of_records(contents: RecordContents, rows: Rows, columns: Columns) -> Iterator[Item]:
    binding = Binding(contents, rows, columns)
    for chunk in contents.chunks:
        for start in range(0, len(chunk), PART):
            yield binding.batch(chunk[start : start + PART])


class Binding:
    """The columns of a file, bound to a table's fields.

    :param contents: of a file with names
    :raises Malformed: names are missing, or name a field twice
    :raises Invalid: they name an unknown field
    """

    def __init__(self, contents: RecordContents, rows: Rows, columns: Columns) -> None:
        self._row_reader: RowReader = rows.reader
        try:
            written = contents.names if contents.has_names else _names_by_place(contents, columns)
            #: The columns' names; None for one that has none, and whose place is no field's.
            self.names = column_names(written, rows.exists, contents.code)
            named = [name for name in self.names if name is not None]
            #: The columns that are keys of linked rows.
            self.keyed = key_columns(rows, named, contents.code)
            by_name = _readers(rows, named, columns, self.keyed, contents)
        except (Malformed, Invalid) as error:
            if contents.is_text:
                error.hint = header_hint(contents.names, rows.exists, contents.chunks) or error.hint
            raise
        nameless = _ignored if columns.names is not None else _refused
        #: The reader of each column; None: a cell is its value already.
        self.readers = [nameless if name is None else by_name[name] for name in self.names]
        self._named = named
        self._has_nameless = len(named) < len(self.names)

    def batch(self, chunk: Sequence[Record | Broken]) -> Batch:
        """Some records, with their values by columns if no record is broken and no cell has a fault."""
        columns = None
        if not self.keyed and not any(type(record) is Broken for record in chunk):
            values = self.values(chunk)
            if values is not None:
                columns = {name: column for name, column in zip(self.names, values, strict=True) if name is not None}
        return Batch(len(chunk), columns, lambda: self.documents(chunk))

    def documents(self, chunk: Sequence[Record | Broken]) -> Iterator[Document]:
        """The documents of some records: column by column, and one by one where a record is broken or a cell has a
        fault.
        """
        values = None if any(type(record) is Broken for record in chunk) else self.values(chunk)
        if values is None:
            for record in chunk:
                yield broken_document(record) if isinstance(record, Broken) else self._document(record)
            return
        names = self._named
        if self._has_nameless:
            values = [column for name, column in zip(self.names, values, strict=True) if name is not None]
        for record in zip(*values, strict=True):
            yield self._keyed(Document(dict(zip(names, record, strict=True))))

    def values(self, records: Sequence[Record | Broken]) -> list[Sequence[Any]] | None:
        """The values of records by column; None if a cell has a fault. No record is broken."""
        try:
            return [
                column if read is None else _read_column(read, column)
                for read, column in zip(self.readers, zip(*records, strict=True), strict=True)
            ]
        except (ValueError, Malformed):
            return None

    def _document(self, record: Record) -> Document:
        values, faults = {}, None
        for place, (name, read, cell) in enumerate(zip(self.names, self.readers, record, strict=True), 1):
            try:
                value = cell if cell is None or read is None else read(cell)
                if name is not None:
                    values[name] = value
            except (ValueError, Malformed) as error:
                faults = faults or Faults()
                if name is None:
                    name = name_of_place(place)
                    faults.add(f"/{name}", "unknown_field", str(error), partial(_name_hint, name))
                    continue
                near = partial(self._row_reader.text_hint, name, str(cell))
                faults.add(f"/{escape(name)}", "invalid_format", str(error), near)
        return self._keyed(Document(values, faults))

    def _keyed(self, document: Document) -> Document:
        if self.keyed:
            document.document = with_keys(document.document, self.keyed)
        return document


def _read_column(read: Cell, column: Sequence[Any]) -> Sequence[Any]:
    """:raises ValueError: a cell has a fault"""
    if isinstance(read, Reader):
        given = [cell for cell in column if cell is not None]
        values = read.many(given) if given else []
        if values is not None:
            source = iter(values)
            return values if len(given) == len(column) else [None if cell is None else next(source) for cell in column]
    return [None if cell is None else read(cell) for cell in column]


def _ignored(cell: Any) -> None:
    """The reader of a column without a name where the client names the columns that are read."""


def _refused(cell: Any) -> None:
    """The reader of a column without a name: its values must be empty."""
    if cell != "":
        raise ValueError(f"this column has no name in the first line, and holds {str(cell)[:50]!r}")


def _name_hint(name: str) -> str:
    return f"give the table a field {name!r} for it, or leave it out: ?columns= and the names of the others"


def _readers(
    rows: Rows, names: list[str], columns: Columns, keyed: Mapping[str, KeyColumn], contents: RecordContents
) -> dict[str, Cell | None]:
    """The reader of each field's cells; cells of ignored fields stay as they are."""
    problems, definition = Problems(), rows.model.definition
    aliases, is_text = rows.former_names, contents.is_text
    readers: dict[str, Cell | None] = {}
    for name in names:
        key = keyed.get(name)
        present = aliases.get(name, name) if key is None else key.field
        field = definition.by_name.get(present)
        if columns.names is not None and present not in columns.names:
            readers[name] = None
        elif key is not None:
            field_type, options = key.type
            if is_text:
                readers[name] = _null_if_empty(field_type.text_form(options).from_text)
            else:
                readers[name] = _typed(field_type, options, field_type.operand_node(options))
        elif present == "id":
            readers[name] = _null_if_empty(read_integer) if is_text else _id
        elif not rows.exists(present):
            _add_unknown(problems, name, rows)
        elif field is not None:
            field_type = rows.model.field_types[field.type]
            readers[name] = field_reader(field_type, field.options, contents)
        elif present in rows.reader.given:
            readers[name] = None if is_text else plain_value
        else:
            _add_unknown(problems, name, rows)
    problems.raise_if_any()
    return readers


def field_reader(field_type: FieldType, options: Options, contents: RecordContents) -> Cell | None:
    """The reader of a field's cells; None: a cell is its value already."""
    if contents.is_text:
        read = reader_of(field_type, options)
        numbers = contents.numbers
        return read if numbers is None or not is_number(field_type, options) else _rewritten(numbers, read)
    typed = _typed(field_type, options)
    if not contents.has_text_forms:
        return typed
    read_text = reader_of(field_type, options) or _same
    return lambda cell: read_text(cell) if type(cell) is str else typed(cell)


def _same(text: str) -> str:
    return text


def _names_by_place(contents: RecordContents, columns: Columns) -> Sequence[str | None]:
    """The names of columns that have none in the file: those of ``columns``, in their order."""
    if columns.names is None:
        return contents.names
    if len(columns.names) != len(contents.names):
        raise Malformed(
            f"columns names {len(columns.names)} fields, and the first line has {len(contents.names)} values",
            code=contents.code,
            hint="name a field for each value, in the order of the file",
        )
    return columns.names


def _rewritten(numbers: Callable[[str], str], read: Cell | None) -> Cell:
    return numbers if read is None else lambda text: read(numbers(text))


def _add_unknown(problems: Problems, name: str, rows: Rows) -> None:
    detail = "the table has no such field"
    problems.add(f"/{escape(name)}", "unknown_field", detail, hint(name, rows.names))


def reader_of(field_type: FieldType, options: Options) -> Cell | None:
    """The reader of texts. Files with every value in quotes write null as ``""``; so the empty text is null, unless it
    can be a value of the field. None: a text is its own value.
    """
    form = field_type.text_form(options)
    own = None if form.from_text is _UNCHANGED else form.from_text
    if form.keeps_empty:
        return own
    try:
        field_type.schema_node(options).deserialize(form.from_text(""))
    except (ValueError, colander.Invalid, DynmodelError):
        return _null_if_empty(form.from_text)
    return own


def _null_if_empty(read: Callable[[str], Any]) -> Cell:
    def one(text: str) -> Any:
        return read(text) if text else None

    def many(texts: list[str]) -> list[Any] | None:
        if "" not in texts:
            return texts if read is _UNCHANGED else read.many(texts) if isinstance(read, Reader) else None
        return None

    return Reader(one, many)


def _typed(field_type: FieldType, options: Options, node: colander.SchemaNode | None = None) -> Cell:
    """The reader of values with types."""
    node = field_type.schema_node(options) if node is None else node
    fast = getattr(node, "fast_path", None)
    typer = typer_of(field_type, options, node, fast or (lambda value: False))
    kept, read = typer.kept, typer.read
    judge = fast.many if isinstance(fast, Fast) else lambda values: None

    def many(values: list[Any]) -> list[Any] | None:
        kinds = {*map(type, values)}
        if kinds <= kept or (kinds == {float} and judge(values) is not None):
            return values
        if str in kept and kinds == {Decimal}:
            return [f"{value:f}" for value in values]
        if str in kept and kinds in ({datetime.date}, {datetime.datetime}):
            texts = orjson.dumps(values, option=orjson.OPT_UTC_Z).decode()[2:-2].split('","')
            return texts if judge(texts) == values else None
        return None

    return Reader(lambda value: value if type(value) in kept else read(value), many)


def _id(value: Any) -> Any:
    if type(value) is str:
        return read_integer(value) if value else None
    return int(value) if type(value) is float and value.is_integer() else plain_value(value)
