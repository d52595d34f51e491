"""CSV files: the names and records in them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from dynmodel_pyramid.errors import UnsupportedParameter
from dynmodel_pyramid.exchange.contents import Broken, Chunk, Note, Reading, RecordContents, with_nulls
from dynmodel_pyramid.exchange.delimited import Record, read_chunks, write_record
from dynmodel_pyramid.exchange.detecting import detected
from dynmodel_pyramid.exchange.dialects import dialect_of, number_reader, told
from dynmodel_pyramid.exchange.headers import name_of_place, ragged_hint

#: The parameters that PostgREST's CSV has as well.
REST_PARAMETERS = ("charset", "header", "delimiter", "quote")


def read_csv(file: BinaryIO, reading: Reading) -> RecordContents:
    """The first line names the columns; an unquoted empty value is None. Empty lines at the end are skipped, unless
    there is only one column: then they are values.

    :raises Malformed: the file is not CSV
    :raises UnsupportedParameter: a parameter has a value that means nothing
    """
    dialect = dialect_of(reading.parameters)
    guesses = detected(file, dialect)
    dialect = dialect.of(guesses)
    note = _behind_names(reading.note) if reading.note is not None and dialect.has_header else reading.note
    names, others = _begun(read_chunks(file, reading.longest, dialect, note), lambda record: False)
    if not dialect.has_header:
        others = _after([names] if names else [], others)
        names = [name_of_place(place) for place in range(1, len(names) + 1)]
    plain = (dialect.decimal, dialect.thousands) == (".", "")
    return RecordContents(
        names,
        with_nulls(_records(names, others), dialect.nulls),
        is_text=True,
        has_names=dialect.has_header,
        numbers=None if plain else number_reader(dialect.decimal, dialect.thousands),
        code="malformed_csv",
        told=told(guesses),
    )


def read_rest_csv(file: BinaryIO, reading: Reading) -> RecordContents:
    """CSV as PostgREST reads it: ``NULL`` is null, nothing is the empty text. Empty lines are skipped.

    :raises: as :func:`read_csv`
    """
    dialect = dialect_of(reading.parameters)
    if not dialect.has_header:
        raise UnsupportedParameter("header=absent is not supported", hint="send CSV with a header line")
    guesses = detected(file, dialect)
    names, chunks = _begun(read_chunks(file, reading.longest, dialect.of(guesses)), _is_empty)
    return RecordContents(names, _rest_records(names, chunks), is_text=True, code="malformed_csv", told=told(guesses))


def _behind_names(note: Note) -> Note:
    """It passes over the first record."""
    is_first = True

    def later(line: int | None, text: str) -> None:
        nonlocal is_first
        if not is_first:
            note(line, text)
        is_first = False

    return later


def _is_empty(record: Record) -> bool:
    return record == [None]


def _begun(
    chunks: Iterator[list[Record]], is_passed_over: Callable[[Record], bool]
) -> tuple[Record, Iterator[list[Record]]]:
    """The first record that is not passed over, and the others; an empty one if there is none."""
    for chunk in chunks:
        for number, record in enumerate(chunk):
            if not is_passed_over(record):
                return record, _after(chunk[number + 1 :], chunks)
    return [], iter(())


def _after(rest: list[Record], chunks: Iterator[list[Record]]) -> Iterator[list[Record]]:
    if rest:
        yield rest
    yield from chunks


def _records(names: Sequence[str | None], chunks: Iterator[list[Record]]) -> Iterator[Chunk]:
    width, empty = len(names), 0
    for chunk in chunks:
        if not empty and all(len(record) == width for record in chunk):
            yield chunk
            continue
        checked: list[Record | Broken] = []
        for record in chunk:
            if record == [None] and width > 1:
                empty += 1
                continue
            checked.extend(_ragged([], names) for _ in range(empty))
            empty = 0
            checked.append(record if len(record) == width else _ragged(record, names))
        yield checked


def _ragged(record: Record, names: Sequence[str | None]) -> Broken:
    return Broken(
        f"{len(record)} values stand under {len(names)} names",
        hint=partial(ragged_hint, record, names),
        raw=write_record(record).rstrip("\r\n"),
    )


def _rest_records(names: Sequence[str | None], chunks: Iterator[list[Record]]) -> Iterator[Chunk]:
    width = len(names)
    for chunk in chunks:
        yield [
            [None if cell == "NULL" else cell or "" for cell in record]
            if len(record) == width
            else Broken("All lines must have same number of fields", "malformed_csv")
            for record in chunk
            if record != [None]
        ]
