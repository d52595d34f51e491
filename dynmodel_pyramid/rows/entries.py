"""The documents of an upsert, each validated both as a new row and as values for an existing one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import colander

from dynmodel_pyramid.definitions.problems import Problems, ProblemSink, escape, faults
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.hints import Hint, meant
from dynmodel_pyramid.rows.sent_names import SentNames, renamed
from dynmodel_pyramid.rows.service import NewRows, Rows


class Faults:
    """Faults that are found before it is known whether they count."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str, str, Hint | None]] = []

    @property
    def total(self) -> int:
        return len(self._found)

    def add(self, pointer: str, code: str, detail: str, hint: Hint | None = None) -> None:
        self._found.append((pointer, code, detail, hint))

    def tell(self, problems: ProblemSink, pointer: str = "") -> None:
        """
        :param pointer: the document's, if the faults' own pointers don't begin with it
        """
        for below, code, detail, hint in self._found:
            problems.add(f"{pointer}{below}", code, detail, hint)

    def __bool__(self) -> bool:
        return bool(self._found)


@dataclass(slots=True)
class Entry:
    """One document.

    :param document: with present names
    :param sent: the names that the client sent, by the present ones
    :param values: the values of a new row
    :param row: the same, with the client's id
    :param assigned: the values to assign to an existing row
    :param row_id: the id of the row that it has become
    :param presets: the fields of ``assigned`` whose values are a grant's
    """

    number: int
    pointer: str
    document: dict[str, Any]
    sent: dict[str, str]
    values: dict[str, Any]
    row: dict[str, Any]
    assigned: dict[str, Any]
    faults_if_new: Faults
    row_id: int | None = None
    presets: frozenset[str] = frozenset()

    @property
    def named(self) -> Collection[str]:
        return self.document.keys()

    @property
    def written_id(self) -> int:
        """``row_id``, when it has become a row."""
        assert self.row_id is not None
        return self.row_id

    def told(self, problems: ProblemSink) -> SentNames:
        """The collector of a value's faults."""
        return _Under(problems, self.pointer, self.sent)


class _Under(SentNames):
    """Problems that get the document's pointer as a prefix."""

    __slots__ = ()

    def add(self, pointer: str, code: str, detail: str, hint: Hint | None = None) -> None:
        super().add(f"{self.pointer}{pointer}", code, detail, hint)


class Columns:
    """The fields that are read of documents (PostgREST, "Tables and Views": Specifying Columns); None is all.

    :param missing_default: a field that a document leaves out gets its default instead of null
    :raises Malformed: a column is not a field
    """

    def __init__(self, rows: Rows, names: Sequence[str] | None = None, *, missing_default: bool = True) -> None:
        reader = rows.reader
        self._aliases = rows.former_names
        self.names = None if names is None else list(dict.fromkeys(self._aliases.get(name, name) for name in names))
        for name in self.names or ():
            if name != "id" and not rows.exists(name):
                raise Malformed(
                    f"columns: the table has no field {name[:63]!r}",
                    code="unknown_field",
                    hint=meant(name, rows.names()),
                    parameter="columns",
                )
        self._nulls = () if missing_default else [name for name in self.names or () if name in reader.by_name]

    def of(self, document: Any) -> Any:
        """The document with these columns only."""
        if self.names is None or type(document) is not dict:
            return document
        read = {key: value for key, value in document.items() if self._aliases.get(key, key) in self.names}
        there = {self._aliases.get(key, key) for key in read}
        return read | {name: None for name in self._nulls if name not in there}

    def of_columns(self, sent: Mapping[str, Sequence[Any]], count: int) -> dict[str, Sequence[Any]] | None:
        """The same for that many documents, by their values under each name; under present names. None if two names
        are the same field.
        """
        columns = {self._aliases.get(name, name): values for name, values in sent.items()}
        if len(columns) < len(sent):
            return None
        if self.names is None:
            return columns
        nulls = {name: [None] * count for name in self._nulls if name not in columns}
        return {name: values for name, values in columns.items() if name in self.names} | nulls


def read_new(rows: Rows, documents: Sequence[Any], columns: Columns, *, pointers: bool, first: int = 0) -> NewRows:
    """New rows, as :meth:`Rows.read` reads them, of these columns."""
    if columns.names is not None:
        documents = [columns.of(document) for document in documents]
    return rows.read(documents, pointers=pointers, first=first)


def read_entries(
    rows: Rows,
    documents: Sequence[Any],
    columns: Columns,
    *,
    pointers: bool,
    first: int = 0,
    known_by: Sequence[str] = (),
) -> list[Entry]:
    """
    :param known_by: the fields of the uniqueness by which existing rows are found
    :raises Invalid: with every fault that counts for new and for existing rows
    """
    reader, problems, moment = rows.reader, Problems(), now()
    if_absent, if_there = rows.rights("create"), rows.rights("update")
    system_fields = [rows.model.definition.by_name[name] for name in known_by if name in reader.given]
    system_nodes = {
        field.name: rows.model.field_types[field.type].schema_node(field.options) for field in system_fields
    }
    entries = []
    for number, document in enumerate(documents, first):
        pointer = f"/{number}" if pointers else ""
        document, sink = renamed(reader, rows.former_names, columns.of(document), pointer, problems)
        if type(document) is not dict:
            reader.part(document, pointer, problems, if_there)
            continue
        document = rows.with_keys(document, pointer, sink)
        sent = sink.sent if isinstance(sink, SentNames) else {}
        if_new = Faults()
        values = reader.whole(document, pointer, SentNames(if_new, pointer, sent), if_absent, moment)
        row_id = reader.given_id(document, pointer, problems, if_new)
        assigned = reader.part(document, pointer, sink, if_there) if if_new else values
        named = document if columns.names is None else [*document, *columns.names]
        for name in named:
            field = reader.by_name.get(name)
            if name not in document and field is not None and field.required and field.default is None:
                reader.add_fault(problems, pointer, name, "required", "is required")
        assigned = {
            name: assigned.get(name, values.get(name))
            for name in dict.fromkeys(named)
            if name in values and name not in reader.repeatable
        }
        row = {**values, "id": row_id}
        for name, node in system_nodes.items():
            row[name] = _known_value(node, document.get(name), f"{pointer}/{escape(sent.get(name, name))}", problems)
        entries.append(Entry(number, pointer, document, sent, values, row, assigned, if_new))
    problems.raise_if_any()
    return entries


def _known_value(node: colander.SchemaNode, value: Any, pointer: str, problems: ProblemSink) -> Any:
    """A system value in a document, by which an existing row is found; None if the document has none."""
    if value is None:
        return None
    try:
        return node.deserialize(value)
    except colander.Invalid as error:
        for below, code, message in faults(error):
            problems.add(f"{pointer}{below}", code, message)
        return None
