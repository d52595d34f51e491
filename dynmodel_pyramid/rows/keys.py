"""Links by a unique key of the far table instead of the id: ``{"carrier": {"code": "UA"}}``.

A document's object becomes a :class:`RowKey` when it is read, and the id of the far row in the transaction that writes.
Only far fields that the caller may read make a key, and only far rows that he may read are found: all others are as if
they did not exist.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import Scopes
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, ProblemSink, escape, faults
from dynmodel_pyramid.fields import Reference
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.fields.types.numbers import Integer
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.sql.subjects import plain
from dynmodel_pyramid.rows.aliases import aliases_of
from dynmodel_pyramid.rows.targets import Target, find_rows, uniquenesses_of

#: How many keys of the far table a hint names.
_TOLD = 10
LinkField = tuple[FieldDefinition, Reference]


@dataclass(frozen=True, slots=True)
class RowKey:
    """The row of the far table that a link names by a unique key.

    :param values: the values in the order of ``target.names``, as they are stored
    """

    target: Target
    values: tuple[Any, ...]

    @property
    def text(self) -> str:
        """The key as a message names it."""
        return key_text(self.target.names, self.values)

    @property
    def row(self) -> Mapping[str, Any]:
        return dict(zip(self.target.names, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class RowKeys:
    """A list of links, some of which are keys."""

    items: tuple[Any, ...]


#: A uniqueness, and for each of its fields the name that was sent, and what reads the value.
_Form = tuple[Target, tuple[tuple[str, colander.SchemaNode], ...]]


class KeyReader:
    """The unique keys by which a caller may name the rows of a linked table."""

    def __init__(self, scopes: Scopes, far: Model | None) -> None:
        self._far = far
        self._by_name: Mapping[str, FieldDefinition] = {}
        self._aliases: Mapping[str, str] = {}
        self._forms: dict[tuple[str, ...], _Form] = {}
        self.targets: list[Target] = []
        if far is None:
            return
        view = scopes.view(far)
        readable = {
            field.name: field
            for field in far.definition.fields
            if view.exists and view.may_read(field.name) and not field.write_only
        }
        self._by_name = readable
        self._aliases = {former: name for former, name in aliases_of(far).names.items() if name in readable}
        self.targets = [
            target for target in uniquenesses_of(far) if all(name in {*readable, "id"} for name in target.names)
        ]

    def member(self, name: str) -> tuple[FieldType, Options] | None:
        """The type of a far field that keys may have, and its options; None: there is none of that name."""
        if self._far is None:
            return None
        if name == "id":
            return plain(Integer)
        field = self._by_name.get(self._aliases.get(name, name))
        known = field is not None and any(field.name in target.names for target in self.targets)
        return (self._far.field_types[field.type], field.options) if field is not None and known else None

    def read(self, document: Mapping[str, Any], pointer: str, problems: ProblemSink) -> RowKey | None:
        """The key that an object is; None, with a fault, if it is none."""
        form = self._form(tuple(document))
        if form is None:
            problems.add(pointer, "not_a_key", self._choices())
            return None
        target, members = form
        values = []
        for name, node in members:
            try:
                values.append(_read(document[name], node))
            except colander.Invalid as error:
                for below, code, message in faults(error):
                    problems.add(f"{pointer}/{escape(name)}{below}", code, message)
                return None
        return RowKey(target, tuple(values))

    def _form(self, names: tuple[str, ...]) -> _Form | None:
        """The uniqueness that an object with these names is a key of."""
        if names in self._forms:
            return self._forms[names]
        present = {self._aliases.get(name, name): name for name in names}
        target = next((target for target in self.targets if set(target.names) == present.keys()), None)
        if target is None or len(present) < len(names):
            return None
        members = []
        for name in target.names:
            known = self.member(name)
            assert known is not None  # the target has it
            members.append((present[name], known[0].operand_node(known[1])))
        form = self._forms[names] = target, tuple(members)
        return form

    def _choices(self) -> str:
        known = [" and ".join(target.names) for target in self.targets[:_TOLD]] or ["id"]
        return f"want an id, or an object with a unique key of the table that is linked to: {', or '.join(known)}"


def _read(value: Any, node: colander.SchemaNode) -> Any:
    if value is None:
        raise colander.Invalid(node, "null is no key")
    if type(value) is str and UNSTORABLE.search(value):
        raise colander.Invalid(node, "no row has this text")
    return node.deserialize(value)


def read_keys(
    links: Sequence[LinkField],
    reader_of: Callable[[FieldDefinition, Reference], KeyReader | None],
    document: Any,
    pointer: str,
    problems: ProblemSink,
) -> Any:
    """The document, with keys in the place of the objects in its links.

    :param reader_of: gives the reader of a link; None: the link does not exist for the caller
    """
    if type(document) is not dict:
        return document
    read: dict[str, Any] | None = None
    for field, reference in links:
        name = field.name
        value: Any = document.get(name)
        is_list = reference.many and type(value) is list
        if not (type(value) is dict or (is_list and any(type(item) is dict for item in value))):
            continue
        reader = reader_of(field, reference)
        if reader is None:
            continue
        read = dict(document) if read is None else read
        below = f"{pointer}/{escape(name)}"
        if not is_list:
            read[name] = reader.read(value, below, problems) or UNREAD
            continue
        items = [
            reader.read(item, f"{below}/{number}", problems) or UNREAD if type(item) is dict else item
            for number, item in enumerate(value)
        ]
        read[name] = RowKeys(tuple(items))
    return document if read is None else read


#: In the place of an object that has a fault.
UNREAD = RowKey(Target(()), ())


def keys_in(value: Any) -> Iterator[RowKey]:
    """The keys in a link's value."""
    if type(value) is RowKey:
        yield value
    elif type(value) is RowKeys:
        for item in value.items:
            if type(item) is RowKey:
                yield item


class Found:
    """The ids of the rows that keys name."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, RowKey], int] = {}

    def find(
        self, connection: sa.Connection, scopes: Scopes, field: FieldDefinition, far: Model | None, keys: set[RowKey]
    ) -> set[RowKey]:
        """Look for the rows; -> the keys without one."""
        if far is None:
            return keys
        source, values = scopes.view(far).source(), scopes.values(far)
        by_target: dict[Target, list[RowKey]] = {}
        for key in keys:
            by_target.setdefault(key.target, []).append(key)
        for target, alike in by_target.items():
            wanted = list(enumerate(key.row for key in alike))
            options = {"compiled_cache": far.compiled_cache if scopes.are_whole else None}
            for number, row_id in find_rows(connection, source, target, wanted, options, values).items():
                self._ids[field.name, alike[number]] = row_id
        return {key for key in keys if (field.name, key) not in self._ids}

    def add(self, field: FieldDefinition, key: RowKey, row_id: int) -> None:
        self._ids[field.name, key] = row_id

    def put(self, field: FieldDefinition, value: Any) -> Any:
        """The value of a link with ids in the place of keys. Keys without a row stay."""
        if type(value) is RowKey:
            return self._ids.get((field.name, value), value)
        if type(value) is RowKeys:
            return [self._ids.get((field.name, item), item) if type(item) is RowKey else item for item in value.items]
        return value


def resolve(
    connection: sa.Connection,
    scopes: Scopes,
    links: Sequence[LinkField],
    rows: Sequence[dict[str, Any]],
    pointers: Sequence[str],
    own: tuple[int, Iterable[tuple[int, Mapping[str, Any]]]] | None = None,
    copies: Iterable[dict[str, Any]] = (),
) -> None:
    """Put the ids of the far rows in the place of the keys in ``rows`` and in ``copies``, all of which are changed.

    :param pointers: those of ``rows``
    :param own: the id of the rows' own table, and new rows of it with their ids, which keys may name as well
    :raises Invalid: a key has no row, or a list has a row twice; with a pointer to it
    """
    problems, found, keyed = Problems(), Found(), []
    for field, reference in links:
        keys = {key for row in rows if (value := row.get(field.name)) is not None for key in keys_in(value)}
        if not keys:
            continue
        keyed.append((field, reference))
        missing = found.find(connection, scopes, field, scopes.models(reference.table), keys)
        if missing and own is not None and own[0] == reference.table:
            _find_own(found, field, missing, own[1])
    if not keyed:
        return
    for field, reference in keyed:
        for row, pointer in zip(rows, pointers, strict=True):
            if field.name in row:
                row[field.name] = value = found.put(field, row[field.name])
                _check(field, reference, value, f"{pointer}/{escape(field.name)}", problems)
    problems.raise_if_any()
    for row in copies:
        row.update({field.name: found.put(field, row[field.name]) for field, _ in keyed if field.name in row})


def _find_own(
    found: Found, field: FieldDefinition, missing: set[RowKey], rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> None:
    """Look for keys among the new rows of the request."""
    waiting: dict[Target, dict[Any, RowKey]] = {}
    for key in missing:
        waiting.setdefault(key.target, {})[key.target.folded(key.values)] = key
    for row_id, row in rows:
        for target, keys in waiting.items():
            given = row_id if target.names == ("id",) else None
            values = (given,) if given is not None else tuple(row.get(name) for name in target.names)
            try:
                known = keys.get(target.folded(values))
            except TypeError:  # a value that can't be hashed is no key
                continue
            if known is not None:
                found.add(field, known, row_id)


def _check(field: FieldDefinition, reference: Reference, value: Any, pointer: str, problems: Problems) -> None:
    items = value if reference.many and type(value) is list else [value]
    for number, item in enumerate(items):
        if type(item) is RowKey:
            below = f"/{number}" if reference.many else ""
            problems.add(f"{pointer}{below}", "unknown_row", field.message or missing_text(item.text))
    if reference.many and type(value) is list and len(set(items)) < len(items):
        problems.add(pointer, "duplicate_item", "has a row twice")


def key_text(names: Sequence[str], values: Sequence[Any]) -> str:
    """A key as messages name it."""
    texts = [repr(clip(value)) if isinstance(value, str) else clip(str(value)) for value in values]
    return " and ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))


def missing_text(key: str) -> str:
    return f"there is no row with {key} in the table that is linked to"
