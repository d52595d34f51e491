"""The definition of a table for the contents of a file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.contents import Broken, Chunk, Contents, RecordContents, with_nulls
from dynmodel_pyramid.exchange.headers import header_hint, name_of_place, plain_name
from dynmodel_pyramid.exchange.inference.columns import SAMPLE_LENGTH, Column, Guessing
from dynmodel_pyramid.exchange.inference.ids import Ids
from dynmodel_pyramid.exchange.inference.names import field_name
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.hints import meant

#: DocumentContents that are looked at together.
PART = 1000
#: The most columns of a file; no table has as many fields.
MOST_NAMES = 2_000
#: The types that objects and arrays may have, from the narrowest.
_STRUCTURES = ("point", "tags", "json")
#: Faulty documents whose details are told.
_SAMPLES = 5
ID = "id"


def guessing(field_types: FieldTypes, zone: str | None = None) -> Guessing:
    """How types are found, with these installed types."""
    types = {name: field_types[name] for name in _STRUCTURES}
    return Guessing({name: (type_, read_options(type_, {})) for name, type_ in types.items()}, zone)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What the client says of the columns.

    :param fields: by the names in the file: a type, an object as in a definition (with ``name``, to rename it), or None
        to leave the column out
    :param nulls: texts that stand for null
    """

    fields: Mapping[str, Any]
    nulls: frozenset[str] = frozenset()

    def of(self, column: Column, place: int, *, is_alone: bool) -> Any:
        """What is said of a column: by its own name or the plain one; by its place if it has none, or shares it."""
        name = column.name or ""
        by_name = self.fields.get(name, self.fields.get(plain_name(name), _NOTHING))
        return self.fields.get(name_of_place(place), by_name) if not (name and is_alone) else by_name


_NOTHING: dict[str, Any] = {}
NO_CORRECTIONS = Corrections({})


@dataclass(frozen=True, slots=True)
class Proposal:
    """The fields of a table for a file.

    :param fields: as in the document of a definition, in the file's order
    :param columns: for each column of the file, what it becomes, for the client
    :param names: the field for each column in the file's order, None: it is left out; of documents, by their keys
    :param told: what the reader has guessed
    """

    fields: dict[str, dict[str, Any]]
    columns: list[dict[str, Any]]
    names: Mapping[str, str | None] | Sequence[str | None]
    rows: int
    broken: int
    faults: list[str]
    told: Mapping[str, str]


def propose(
    contents: Contents,
    how: Guessing,
    corrections: Corrections = NO_CORRECTIONS,
    check: Callable[[], None] = lambda: None,
) -> Proposal:
    """Look at all of a file, once.

    :param check: called for each part; raises where the work is to end
    :raises TooLarge: more columns than any table has
    :raises Malformed: a correction names no column, or the file's values are not separated
    """
    seen: _Seen = _RecordsSeen(contents, how) if isinstance(contents, RecordContents) else _DocumentsSeen(how)
    if isinstance(contents, RecordContents):
        _refuse_unseparated(contents, corrections)
        for chunk in with_nulls(contents.chunks, corrections.nulls):
            check()
            seen.look(chunk)
    else:
        documents = iter(contents.documents)
        while part := list(islice(documents, PART)):
            check()
            seen.look(part)
    return _proposal(seen, corrections, contents.told)


def _refuse_unseparated(contents: RecordContents, corrections: Corrections) -> None:
    """Refuse a text whose lines are one column each, because other marks stand between its values."""
    name = contents.names[0] if len(contents.names) == 1 else None
    if contents.is_text and name is not None and set(";\t|") & set(name) and not corrections.fields:
        hint = header_hint(contents.names, lambda name: False, iter(()))
        raise Malformed(f"the file has one column, {name!r:.100}", code=contents.code, hint=hint)


def arranged(contents: Contents, proposal: Proposal, corrections: Corrections = NO_CORRECTIONS) -> Contents:
    """The contents of the same file, under the names of the fields, without the columns that are left out."""
    names = proposal.names
    if isinstance(contents, RecordContents):
        assert not isinstance(names, Mapping)
        places = [place for place, name in enumerate(names) if name is not None]
        chunks = _picked(with_nulls(contents.chunks, corrections.nulls), places, whole=len(places) == len(names))
        return replace(contents, names=[names[place] for place in places], chunks=chunks, types=None)
    assert isinstance(names, Mapping)
    return replace(contents, documents=_renamed(contents.documents, names))


def _picked(chunks: Iterator[Chunk], places: list[int], *, whole: bool) -> Iterator[Chunk]:
    for chunk in chunks:
        if whole:
            yield chunk
        else:
            yield [record if isinstance(record, Broken) else [record[place] for place in places] for record in chunk]


def _renamed(documents: Iterable[Any], names: Mapping[str, str | None]) -> Iterator[Any]:
    kept = {key: name for key, name in names.items() if name is not None}
    for document in documents:
        if type(document) is dict:
            document = {kept[key]: value for key, value in document.items() if key in kept}
        yield document


class _Seen:
    """The columns of a file, and how many rows it has."""

    is_text = False

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.rows = self.broken = 0
        self.faults: list[str] = []

    def look(self, part: Sequence[Any]) -> None:
        raise NotImplementedError

    def note(self, number: int, detail: str) -> None:
        self.broken += 1
        if len(self.faults) < _SAMPLES:
            self.faults.append(f"/{number}: {detail}")


class _RecordsSeen(_Seen):
    def __init__(self, records: RecordContents, how: Guessing) -> None:
        super().__init__()
        if len(records.names) > MOST_NAMES:
            raise _too_many()
        self.is_text = records.is_text
        types = records.types or [None] * len(records.names)
        self.columns = [
            Column(
                name,
                how,
                is_text=records.is_text,
                declared=None if type_ is None else {"type": type_.name, **type_.options},
                numbers=records.numbers,
            )
            for name, type_ in zip(records.names, types, strict=True)
        ]
        _look_for_ids(self.columns)

    def look(self, part: Sequence[Any]) -> None:
        whole: list[Any] = []
        for number, record in enumerate(part, self.rows):
            if isinstance(record, Broken):
                self.note(number, record.detail)
            else:
                whole.append(record)
        self.rows += len(part)
        for column, cells in zip(self.columns, zip(*whole, strict=True), strict=False):
            column.look(cells)


class _DocumentsSeen(_Seen):
    def __init__(self, how: Guessing) -> None:
        super().__init__()
        self._how = how
        self._by_key: dict[str, Column] = {}
        #: The documents that were looked at so far.
        self._whole = 0

    def look(self, part: Sequence[Any]) -> None:
        whole: list[dict[str, Any]] = []
        for number, document in enumerate(part, self.rows):
            if type(document) is dict:
                whole.append(document)
            else:
                self.note(number, document.detail if isinstance(document, Broken) else "is no object")
        # Only the keys that are there: the time is bounded by the size of the file.
        cells: dict[str, list[Any]] = {}
        for document in whole:
            for key, value in document.items():
                cells.setdefault(key, []).append(value)
        for key in cells:
            if key not in self._by_key:
                self._add(key)
        self.rows += len(part)
        self._whole += len(whole)
        for key, column in self._by_key.items():
            column.look(cells.get(key, ()), missing=len(whole) - len(cells.get(key, ())))

    def _add(self, key: str) -> None:
        if len(self._by_key) == MOST_NAMES:
            raise _too_many()
        column = self._by_key[key] = Column(key, self._how, is_json=True)
        column.nulls = self._whole
        self.columns.append(column)
        if not self.rows:
            _look_for_ids(self.columns)


def _too_many() -> TooLarge:
    return TooLarge(f"the file has more than {MOST_NAMES} columns", hint="no table has as many fields")


def _look_for_ids(columns: list[Column]) -> None:
    """Let the first column that is called ``id`` look whether it has the rows' ids."""
    for column in columns:
        if column.name is not None and plain_name(column.name).casefold() == ID:
            column.ids = column.ids or Ids()
            return


def _proposal(seen: _Seen, corrections: Corrections, told: Mapping[str, str]) -> Proposal:
    fields: dict[str, dict[str, Any]] = {}
    columns: list[dict[str, Any]] = []
    names: list[str | None] = []
    taken, shared = _wanted_names(seen.columns, corrections), Counter(column.name for column in seen.columns)
    for place, column in enumerate(seen.columns, 1):
        said = corrections.of(column, place, is_alone=shared[column.name] == 1)
        # JSON may have names with lone surrogates, which no answer can have.
        shown = None if column.name is None else column.name.encode(errors="backslashreplace").decode()
        line: dict[str, Any] = {"name": shown, "field": None, "type": None, "nulls": column.nulls}
        if column.samples:
            line["samples"] = [sample_text(sample) for sample in column.samples]
        if column.distinct:
            line["distinct"] = sorted(sample_text(value) for value in column.distinct)
        columns.append(line)
        if said is None or (column.name is None and not column.has_values):
            line["note"] = "left out" if said is None else "left out: it has neither a name nor values"
            names.append(None)
            continue
        if column.ids is not None and said is _NOTHING and seen.rows:
            column.ids.finish()
            if column.ids.fault is None:
                names.append(ID)
                line.update(field=ID, note="the ids of the rows")
                continue
            line["note"] = f"no ids of rows: {column.ids.fault}"
        found = column.found()
        if column.almost is not None and found["type"] in ("string", "text"):
            line["almost"] = {"type": column.almost[0], "others": [sample_text(text) for text in column.almost[1]]}
        entry: dict[str, Any] = {"type": said} if isinstance(said, str) else dict(said)
        wanted = entry.pop("name", None)
        if "type" not in entry:
            entry = {**found, **entry}
            if column.note:
                line.setdefault("note", column.note)
        name = wanted if wanted is not None else field_name(column.name, place, taken)
        taken.add(name_key(name))
        fields[name] = entry
        names.append(name)
        line.update(field=name, type=entry["type"])
    is_keyed = isinstance(seen, _DocumentsSeen)
    by_key = {column.name or "": name for column, name in zip(seen.columns, names, strict=True)}
    return Proposal(fields, columns, by_key if is_keyed else names, seen.rows, seen.broken, seen.faults, told)


def sample_text(value: Any) -> str:
    """A value of a file, for people."""
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text[:SAMPLE_LENGTH].encode(errors="backslashreplace").decode()


def _wanted_names(columns: list[Column], corrections: Corrections) -> set[str]:
    """The keys of the names that the client gives to columns.

    :raises Malformed: there is no such column, or two get one name
    """
    known = {column.name or "" for column in columns} | {plain_name(column.name or "") for column in columns}
    known |= {name_of_place(place) for place in range(1, len(columns) + 1)}
    taken: set[str] = set()
    for column, said in corrections.fields.items():
        if column not in known:
            raise _refused(f"the file has no column {column[:63]!r}", meant(column, known))
        name = said.get("name") if type(said) is dict else None
        if name is None:
            continue
        if type(name) is not str or name_key(name) in taken:
            raise _refused(f"{column[:63]!r}: the name must be a text that no other column gets")
        taken.add(name_key(name))
    return taken


def _refused(detail: str, hint: str | None = None) -> Malformed:
    return Malformed(f"fields: {detail}", code="invalid_parameter", hint=hint, parameter="fields")
