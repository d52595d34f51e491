"""Columns of a file that are keys of linked rows: ``carrier.code``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.rows.keys import LinkField
from dynmodel_pyramid.rows.service import Rows


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


def key_columns(rows: Rows, names: Sequence[str], code: str = "malformed_csv") -> dict[str, KeyColumn]:
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
                code=code,
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
