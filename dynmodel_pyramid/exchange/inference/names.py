"""Names in files -> names that tables and fields may have."""

import unicodedata
from collections.abc import Container

from dynmodel_pyramid.definitions.names import LONGEST, field_name_fault, model_name_fault, name_key
from dynmodel_pyramid.exchange.headers import name_of_place, plain_name


def field_name(text: str | None, place: int, taken: Container[str]) -> str:
    """A valid name for a column, as near to its own as possible.

    :param place: where it stands, from 1, for a column without a name
    :param taken: the keys (:func:`dynmodel_pyramid.definitions.names.name_key`) of the names that other columns have
    """
    name = _mended(text or "")
    if field_name_fault(_numbered(name, 2)) is not None or not name:
        name = name_of_place(place)
    tried, number = name, 2
    while field_name_fault(tried) is not None or name_key(tried) in taken:
        tried, number = _numbered(name, number), number + 1
    return tried


def model_name(text: str) -> str | None:
    """A valid name for a table, such as that of a file without its suffix; None if nothing of it may be a name."""
    name = _mended(text.replace("/", " "))
    return name if name and model_name_fault(name) is None else None


def _mended(text: str) -> str:
    """One line of printable characters, short enough, without an underscore in front."""
    plain = plain_name("".join(" " if character in "\t\r\n" else character for character in text[: 4 * LONGEST]))
    letters = [letter for letter in plain if unicodedata.category(letter) not in _UNPRINTABLE]
    return _cut(plain_name("".join(letters).replace("__[", "[").lstrip("_ ")), LONGEST)


_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _cut(name: str, most: int) -> str:
    """The longest beginning of at most so many bytes of UTF-8, without half a character."""
    return name.encode()[:most].decode(errors="ignore").rstrip()


def _numbered(name: str, number: int) -> str:
    end = f"_{number}"
    return f"{_cut(name, LONGEST - len(end))}{end}"
