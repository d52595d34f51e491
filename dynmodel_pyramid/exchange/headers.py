"""The names in a file -> the names of its columns, as people's files have them."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from dynmodel_pyramid.errors import Malformed

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*", re.ASCII)
WANTED = "the first line must name the fields"


Names = Sequence[str | None]


def header_of(record: Names) -> Names:
    """The names in the first line of a CSV.

    :raises Malformed: a name stands there twice
    """
    seen: set[str | None] = set()
    for name in record:
        if name in seen:
            raise _twice(name, "malformed_csv")
        seen.add(name)
    return record


def _twice(name: str | None, code: str) -> Malformed:
    return Malformed(
        f"the first line names {name or 'an empty name'!r} twice",
        code=code,
        hint="each field stands there once: give the other column another name",
    )


def column_names(record: Names, exists: Callable[[str], bool], code: str = "malformed_csv") -> list[str | None]:
    """The names of the columns; None for one that has no name, and for whose place there is no field.

    A name that is no field's is read without blanks at its ends, with one blank for each run of white space, in normal
    form C: no field's name has the other forms. A column without a name, such as the index that R and pandas write, is
    ``column 1`` by its place, if there is such a field.

    :param code: of the error
    :raises Malformed: no column has a name, or two have the same
    """
    if not any(name and name.strip() for name in record):
        raise Malformed(WANTED, code=code, hint="for example id,name,price")
    names: list[str | None] = []
    for place, text in enumerate(record, 1):
        name: str | None = text or ""
        if not name or not exists(name):
            name = plain_name(name or "")
        if not name:
            name = name_of_place(place) if exists(name_of_place(place)) else None
        if name is not None and name in names:
            raise _twice(name, code)
        names.append(name)
    return names


def plain_name(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def name_of_place(place: int) -> str:
    """The name of a column without a name, from 1."""
    return f"column {place}"


def header_hint(header: Names, exists: Callable[[str], bool], records: Iterator[object]) -> str | None:
    """The mend of a file whose first line is refused because of how it was written or sent."""
    names = [name or "" for name in header]
    if len(names) == 1 and (mark := next((mark for mark in ";\t|" if mark in names[0]), None)):
        return f"values are separated by commas here, not by {mark!r}; or send text/csv; dialect=detect"
    if len(names) > 1 and next(records, None) is None:
        return "the file has one line only; curl -d strips line ends: use --data-binary @file"
    if any(map(_NUMBER.fullmatch, names)) and not any(map(exists, names)):
        return f"{WANTED}, such as id,name,price; this one has values: send text/csv; header=absent, and ?columns="
    return None


def ragged_hint(record: Names, names: Sequence[object]) -> str | None:
    """The mend of a record with too few or too many values."""
    if len(record) < len(names):
        return f"empty values count, too: each line has {len(names) - 1} commas"
    return "a value with a comma in it stands in quotes"
