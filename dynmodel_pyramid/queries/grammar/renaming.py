"""The names of the queried table's own fields in a query: collected, and exchanged for others."""

from collections.abc import Callable
from dataclasses import replace

from dynmodel_pyramid.queries.grammar.syntax import Column, Embed, Field, Filter, Group, Level, Query, SelectItem, Star

#: The new name of a name.
Rename = Callable[[str], str]


def renamed(query: Query, rename: Rename) -> Query:
    """The query with other names of fields, and of the links that it embeds. Names in far tables stay."""
    aliases = {item.alias for item in query.select if not isinstance(item, Star) and item.alias is not None}

    def of_relation(name: str) -> str:
        return name if name in aliases else rename(name)

    def of_column(column: Column) -> Column:
        return replace(column, name=rename(column.name)) if column.name else column

    def of_measure(column: Column) -> Column:
        return column if column.name in aliases else of_column(column)

    def of_item(item: SelectItem) -> SelectItem:
        if isinstance(item, Field):
            return replace(item, column=of_column(item.column))
        return replace(item, relation=rename(item.relation)) if isinstance(item, Embed) else item

    def of_filter(item: Filter, change: Callable[[Column], Column]) -> Filter:
        if isinstance(item, Group):
            return replace(item, items=tuple(of_filter(member, change) for member in item.items))
        return replace(item, column=change(item.column))

    def of_level(level: Level) -> Level:
        if level.path:
            return replace(level, path=(of_relation(level.path[0]), *level.path[1:]))
        return replace(
            level,
            filters=tuple(of_filter(item, of_column) for item in level.filters),
            having=tuple(of_filter(item, of_measure) for item in level.having),
            order=tuple(
                replace(term, column=of_measure(term.column))
                if term.relation is None
                else replace(term, relation=of_relation(term.relation))
                for term in level.order
            ),
        )

    return replace(query, select=tuple(map(of_item, query.select)), levels=tuple(map(of_level, query.levels)))


def names_in(query: Query) -> frozenset[str]:
    """The names that :func:`renamed` could exchange."""
    found: set[str] = set()

    def note(name: str) -> str:
        found.add(name)
        return name

    renamed(query, note)
    return frozenset(found)
