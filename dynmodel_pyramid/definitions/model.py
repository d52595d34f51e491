"""The definitions of a table, a field and an index as values: immutable, comparable, and storable as JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal, NamedTuple

#: The types of the field that stands for a row where the definition chooses none: the first field of the first type.
DISPLAY_TYPES = ("string", "text", "slug", "email", "url", "phone")


#: The types of values that :func:`same_json` compares without writing them.
_PLAIN = (str, int, bool, type(None))


def same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values; to Python 1 and true are equal."""
    if one is other:
        return True
    kind = type(one)
    if kind is type(other):
        if kind in _PLAIN:
            return bool(one == other)
        if kind is dict and one.keys() == other.keys() and all(_surely_same(one[key], other[key]) for key in one):
            return True
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _surely_same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and type(one) in _PLAIN and one == other)


class Alias(NamedTuple):
    """A former name of a field, and the time since when it is one (RFC 3339, in UTC)."""

    name: str
    deprecated_at: str


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field. ``column`` is its physical name; ``default`` is in JSON form and None for no default.

    Stored definitions of older releases lack members, so every member after ``options`` has a default. ``options`` are
    the type's own, in full form, as ``options_version`` of the type understood them; never change that dictionary.
    """

    id: int
    name: str
    type: str
    column: str
    options: Mapping[str, Any]
    options_version: int = 1
    required: bool = False
    unique: bool = False
    #: ``search`` is an index of words.
    index: bool | Literal["search"] = False
    default: Any = None
    label: str | None = None
    description: str | None = None
    #: One of :data:`dynmodel_pyramid.definitions.expressions.EXPRESSIONS`.
    default_expression: str | None = None
    unique_ignore_case: bool = False
    read_only: bool = False
    write_only: bool = False
    aliases: tuple[Alias, ...] = ()
    message: str | None = None
    #: The version of the table by which ``unique_ignore_case`` folds case; 0: ASCII alone.
    folding: int = 0

    @property
    def is_unique(self) -> bool:
        return self.unique or self.unique_ignore_case

    def same_content(self, other: "FieldDefinition") -> bool:
        return self is other or all(map(same_json, _members(self), _members(other)))

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "FieldDefinition":
        return cls(**{**document, "aliases": tuple(Alias(*alias) for alias in document.get("aliases", ()))})


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """An index, or a uniqueness rule, over one or several fields; ``fields`` are ids, each with its direction."""

    id: int
    name: str
    fields: tuple[tuple[int, bool], ...]
    unique: bool = False
    nulls_distinct: bool = True


@dataclass(frozen=True, slots=True)
class Referrer:
    """A field of some table whose values are ids of this table's rows, as this table must know it.

    So a table knows its reverse sides and the ``on_delete`` of links to it from its own definition alone. A change of
    such a link in another table raises this table's version. ``table`` and ``column`` are physical names; ``many`` says
    that the ids are kept in :func:`link_table`. ``reverse`` is the name of the reverse side, None if rows don't show
    it, and ``reverse_limit`` how many ids they show of it (:class:`~dynmodel_pyramid.fields.Reference`).
    """

    table_id: int
    field_id: int
    model_name: str
    field: str
    table: str
    column: str
    on_delete: str
    reverse: str | None = None
    many: bool = False
    reverse_limit: int | None = None


def link_table(table_id: int, field_id: int) -> str:
    """The physical name of the table that keeps a field's lists of references."""
    return f"_links_{table_id}_{field_id}"


@dataclass(frozen=True)
class TableDefinition:
    """One table at one version. Fields stand in their order; ``next_id`` is the next free number of a field or index.

    ``key`` is the type of the row's id. ``physical_name`` is the table's name in the database. ``referrers`` are the
    fields that refer to this table, its own among them, in order of table and field. ``pending`` are the constraints of
    the database that hold for new writes, and are still to be proven for existing rows. ``display`` is the id of the
    field that stands for a row in links and titles, None if it is chosen by its type (:meth:`display_field`).
    """

    id: int
    model_name: str
    version: int
    physical_name: str
    fields: tuple[FieldDefinition, ...]
    indexes: tuple[IndexDefinition, ...] = ()
    key: str = "integer"
    label: str | None = None
    description: str | None = None
    next_id: int = 1
    referrers: tuple[Referrer, ...] = ()
    pending: tuple[str, ...] = ()
    display: int | None = None

    @cached_property
    def by_name(self) -> dict[str, FieldDefinition]:
        return {field.name: field for field in self.fields}

    @cached_property
    def by_id(self) -> dict[int, FieldDefinition]:
        return {field.id: field for field in self.fields}

    def display_field(self, is_shown: Callable[[str], bool] = lambda name: True) -> FieldDefinition | None:
        """The field that stands for a row; None: its id does.

        :param is_shown: whether rows show a field, by its name
        """
        fields = [field for field in self.fields if not field.write_only and is_shown(field.name)]
        chosen = (field for field in fields if field.id == self.display)
        by_type = (field for name in DISPLAY_TYPES for field in fields if field.type == name)
        return next(chosen, None) or next(by_type, None)

    def to_stored(self) -> dict[str, Any]:
        """The JSON document that the system tables keep; :meth:`from_stored` reads it. Never change it."""
        # dataclasses.asdict copies all options as well, which takes 30 times as long.
        parts = {name: tuple(map(_stored, getattr(self, name))) for name in ("fields", "indexes", "referrers")}
        return {part.name: getattr(self, part.name) for part in fields(self)} | parts

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "TableDefinition":
        values = dict(document)
        values["fields"] = tuple(FieldDefinition.from_stored(field) for field in values["fields"])
        values["indexes"] = tuple(
            IndexDefinition(
                **{**index, "fields": tuple((number, descending) for number, descending in index["fields"])}
            )
            for index in values["indexes"]
        )
        values["referrers"] = tuple(Referrer(**referrer) for referrer in values.get("referrers", ()))
        values["pending"] = tuple(values.get("pending", ()))
        return cls(**values)

    def same_content(self, other: "TableDefinition") -> bool:
        """Whether the two differ in nothing that would make a new version."""
        if len(self.fields) != len(other.fields):
            return False
        if not all(map(FieldDefinition.same_content, self.fields, other.fields)):
            return False
        bare, other_bare = (
            json.dumps(replace(definition, version=0, next_id=0, fields=()).to_stored(), sort_keys=True)
            for definition in (self, other)
        )
        return bare == other_bare


#: All members of a field, in C: half of the time to compare two definitions was spent on getting them.
_members = attrgetter(*FieldDefinition.__slots__)


def _stored(part: FieldDefinition | IndexDefinition | Referrer) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__slots__}
