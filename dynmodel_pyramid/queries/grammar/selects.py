"""``select``: fields, aggregates, embedded relations (PostgREST, "Vertical Filtering", "Resource Embedding")."""

import re

from dynmodel_pyramid.queries.grammar.cursor import AGGREGATE, Cursor
from dynmodel_pyramid.queries.grammar.syntax import AGGREGATES, JOINS, Embed, Field, Join, RowCount, SelectItem, Star

_SEPARATOR = re.compile(r"[ \t]*:(?!:)")


def read_select(cursor: Cursor, depth: int = 0) -> tuple[SelectItem, ...]:
    """A whole select, ``depth`` relations deep; an empty one selects nothing."""
    items = read_items(cursor, depth)
    cursor.expect_end("a comma or the end")
    return items


def read_items(cursor: Cursor, depth: int) -> tuple[SelectItem, ...]:
    """Items until the end or a closing parenthesis, ``depth`` relations deep."""
    cursor.skip_blanks()
    if cursor.at_end() or cursor.next_is(")"):
        return ()
    items = [read_item(cursor, depth)]
    while cursor.take(","):
        items.append(read_item(cursor, depth))
    return tuple(items)


def read_item(cursor: Cursor, depth: int) -> SelectItem:
    """One item, up to the comma, the closing parenthesis or the end after it."""
    cursor.count()
    cursor.skip_blanks()
    item = _read_item(cursor, depth)
    cursor.skip_blanks()
    return item


def _read_item(cursor: Cursor, depth: int) -> SelectItem:
    if cursor.take("*"):
        return Star()
    if cursor.take("..."):
        name, _ = cursor.name("the name of a relation")
        return _read_embed(cursor, name, None, depth, spread=True)
    expected = "*, the name of a field or of a relation, or count()"
    name, quoted = cursor.name(expected)
    alias = None
    if cursor.match(_SEPARATOR) is not None:
        alias = name
        name, quoted = cursor.name(expected)
    if cursor.next_is("("):
        if name == "count" and not quoted:
            return _read_row_count(cursor, alias)
        return _read_embed(cursor, name, alias, depth)
    if cursor.next_is("!"):
        return _read_embed(cursor, name, alias, depth)
    return _read_field(cursor, name, alias)


def _read_row_count(cursor: Cursor, alias: str | None) -> RowCount:
    if not cursor.take("()"):
        cursor.fault("() after count", hint='a relation of that name is "count"')
    return RowCount(alias, _read_cast(cursor))


def _read_field(cursor: Cursor, name: str, alias: str | None) -> Field:
    column = cursor.json_path(name)
    cast = _read_cast(cursor)
    if cursor.next_is("."):
        match = cursor.match(AGGREGATE)
        if match is None:
            cursor.fault(f"an aggregate: {', '.join(f'.{name}()' for name in AGGREGATES)}")
        return Field(column, alias, cast, match[1], _read_cast(cursor))
    return Field(column, alias, cast)


def _read_cast(cursor: Cursor) -> str | None:
    return cursor.word("the name of a type") if cursor.take("::") else None


def _read_embed(cursor: Cursor, name: str, alias: str | None, depth: int, *, spread: bool = False) -> Embed:
    hint: str | None = None
    join: Join | None = None
    while cursor.next_is("!"):
        start = cursor.position
        cursor.position += 1
        word, quoted = cursor.name("inner, left or a hint")
        if word in JOINS and not quoted:
            if join is not None:
                cursor.fault("one of !inner and !left", at=start)
            join = JOINS[word]
        elif hint is not None:
            cursor.fault("one hint", at=start)
        else:
            hint = word
    if not cursor.take("("):
        cursor.fault("(")
    cursor.guard.embed(depth + 1, cursor.parameter, cursor.part)
    items = read_items(cursor, depth + 1)
    if not cursor.take(")"):
        cursor.fault("a comma or )")
    return Embed(name, items, alias, hint, join, spread)
