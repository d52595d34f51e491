"""The values of a parsed query. Frozen and hashable, so that a query can be a key of a cache.

Values to compare with stay text here: only a field's type can read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: The values of ``is``, which the grammar itself knows: it also asks whether a row has embedded rows.
IS_VALUES = frozenset({"null", "not_null", "true", "false", "unknown"})
AGGREGATES = ("sum", "avg", "count", "max", "min")

Logic = Literal["and", "or"]
Quantifier = Literal["any", "all"]
Join = Literal["inner", "left"]
#: The words of the grammar that stand for these.
LOGIC: Mapping[str, Logic] = {"and": "and", "or": "or"}
QUANTIFIERS: Mapping[str, Quantifier] = {"any": "any", "all": "all"}
JOINS: Mapping[str, Join] = {"inner": "inner", "left": "left"}

#: The path from the queried table to embedded rows: aliases or names of relations. () is the queried table itself.
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field, or the value at a JSON path in it: ``data->a->>0``. A number in ``path`` is an index of an array.

    In ``order`` and ``having`` it may be an ``aggregate`` of these: ``price.sum()``. ``count()`` has an empty name.
    """

    name: str
    path: tuple[str | int, ...] = ()
    as_text: bool = False
    aggregate: str | None = None


@dataclass(frozen=True, slots=True)
class Star:
    """All fields."""


@dataclass(frozen=True, slots=True)
class Field:
    """``alias:column::cast.aggregate()::aggregate_cast``"""

    column: Column
    alias: str | None = None
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


@dataclass(frozen=True, slots=True)
class RowCount:
    """``alias:count()::cast``, the number of rows."""

    alias: str | None = None
    cast: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A relation by ids: the field that links, its table, and whether the link is followed backwards."""

    table_id: int
    field_id: int
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Embed:
    """``alias:relation!hint!join(items)``, or ``...relation(items)``: ``spread`` into the row that embeds.

    ``link`` names the relation in queries that programs make, and ``relation`` is then for errors only. No text gives
    it.
    """

    relation: str
    items: tuple["SelectItem", ...]
    alias: str | None = None
    hint: str | None = None
    join: Join | None = None
    spread: bool = False
    link: Link | None = None

    @property
    def key(self) -> str:
        """The name of the embedded rows in filters, order and limits."""
        return self.relation if self.alias is None else self.alias


SelectItem = Star | Field | RowCount | Embed


@dataclass(frozen=True, slots=True)
class Placeholder:
    """In conditions of grants, in the place of an operand: a value of the identity or of the moment.

    :param name: the words in the braces: ``user.claims.team``, ``now``
    """

    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """``column=not.operator(quantifier or language).value``

    ``value`` is a text; with a quantifier, or for an operator with a list, a tuple of texts; for ``is`` one of
    ``IS_VALUES``. A column without a JSON path may also name an embedded relation, whose existence ``is.null`` tests.
    Only conditions of grants have a :class:`Placeholder`; it stands for the whole value.
    """

    column: Column
    operator: str
    value: str | tuple[str, ...] | Placeholder
    negated: bool = False
    quantifier: Quantifier | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """``not.and(items)``: at least one item."""

    operator: Logic
    items: tuple["Filter", ...]
    negated: bool = False


Filter = Condition | Group


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """``relation(column).desc.nullsfirst``; ``nulls_first`` is None if the query does not say."""

    column: Column
    descending: bool = False
    nulls_first: bool | None = None
    relation: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """The parts of a query for the rows of one relation; all ``filters`` must hold, and all of ``having`` for its
    groups.
    """

    path: Path = ()
    filters: tuple[Filter, ...] = ()
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None
    offset: int = 0
    having: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. ``levels`` has the relations that the query mentions, each path once.

    ``columns`` and ``on_conflict`` are for writes; ``sources`` are the names that some of ``columns`` have in the body.
    ``after`` and ``before`` are cursors of pages, opaque here. ``search`` is what a person typed to find rows.
    """

    select: tuple[SelectItem, ...] = (Star(),)
    levels: tuple[Level, ...] = ()
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None
    after: str | None = None
    before: str | None = None
    sources: tuple[tuple[str, str], ...] = ()
    search: str | None = None

    @property
    def reading_only(self) -> Mapping[str, str]:
        """The parameters that only reading requests at ``/table/`` may have, by their names in query strings."""
        named = {"_after": self.after, "_before": self.before, "_search": self.search}
        return {name: value for name, value in named.items() if value is not None}

    def level(self, path: Path = ()) -> Level:
        return next((level for level in self.levels if level.path == path), Level(path))

    @property
    def root(self) -> Level:
        """The level of the queried table's own rows."""
        return self.level()
