"""A query as a JSON document -> :class:`Query`; for filters that are too long for an address.

Names and values need no percent-encoding, lists are arrays, and embedded relations are objects. Each text has the query
string's grammar. docs/queries.md describes the form.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from dynmodel_pyramid.fields.numerals import Rounded, whole
from dynmodel_pyramid.queries.errors import QueryError
from dynmodel_pyramid.queries.grammar.conditions import read_condition, read_item, read_operator
from dynmodel_pyramid.queries.grammar.cursor import Cursor
from dynmodel_pyramid.queries.grammar.levels import Levels
from dynmodel_pyramid.queries.grammar.orders import read_order, read_term
from dynmodel_pyramid.queries.grammar.parsing import LARGEST
from dynmodel_pyramid.queries.grammar.rules import Guard, Rules
from dynmodel_pyramid.queries.grammar.selects import read_item as read_select_item
from dynmodel_pyramid.queries.grammar.selects import read_select
from dynmodel_pyramid.queries.grammar.syntax import (
    IS_VALUES,
    JOINS,
    Column,
    Condition,
    Embed,
    Filter,
    Group,
    Logic,
    OrderTerm,
    Path,
    Query,
    SelectItem,
    Star,
)

Item = TypeVar("Item")

_LEVEL_KEYS = ("select", "where", "having", "order", "limit", "offset")
_KEYS = (*_LEVEL_KEYS, "after", "before", "search")
_EMBED_KEYS = ("embed", "spread", "alias", "hint", "join", *_LEVEL_KEYS)
#: Key -> how its items go together, and whether it is negated.
GROUPS: Mapping[str, tuple[Logic, bool]] = {
    "and": ("and", False),
    "or": ("or", False),
    "not.and": ("and", True),
    "not.or": ("or", True),
}


def read_document(document: object, rules: Rules) -> Query:
    """The query that a decoded JSON document asks for.

    :raises QueryError: the form or the grammar is wrong; ``parameter`` is a JSON pointer (RFC 6901)
    :raises QueryTooComplex: a guard of ``rules`` refuses it
    """
    reader = _Reader(rules)
    if not isinstance(document, dict):
        _fault("", "an object")
    _check_keys(document, _KEYS, "")
    select = reader.level(document, (), "")
    cursors = {name: _text(document[name], f"/{name}") for name in ("after", "before") if name in document}
    if len(cursors) == 2:
        raise QueryError("after and before contradict each other", parameter="/before")
    search = _text(document["search"], "/search") if "search" in document else None
    return Query(
        select, reader.levels.collected(), after=cursors.get("after"), before=cursors.get("before"), search=search
    )


def _fault(pointer: str, expected: str, hint: str | None = None) -> NoReturn:
    raise QueryError(f"want {expected}", parameter=pointer or "document", expected=expected, hint=hint)


def _under(pointer: str, key: str | int) -> str:
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _check_keys(document: dict[str, Any], known: tuple[str, ...], pointer: str) -> None:
    for key in document:
        if key not in known:
            raise QueryError(
                "unknown", parameter=_under(pointer, key), part="name", hint=f"known are {', '.join(known)}"
            )


def _text(value: object, pointer: str) -> str:
    if not isinstance(value, str) or not value:
        _fault(pointer, "a text that is not empty")
    return value


def _number(value: object, pointer: str) -> int:
    number = whole(value)
    if number is None or not 0 <= number <= LARGEST:
        _fault(pointer, "a whole number, 0 or above")
    return number


def _scalar(value: object, pointer: str, index: int | None = None) -> str:
    """The text of a value, as it would stand in a query string.

    :param index: of an item; then the pointer is that of its array
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Rounded):
        return value.text
    if isinstance(value, int | float):
        return repr(value)
    place = pointer if index is None else _under(pointer, index)
    _fault(place, "a text, a number, true or false", hint='null equals nothing: ask {"is": null}')


class _Reader:
    def __init__(self, rules: Rules) -> None:
        self.guard = Guard(rules)
        self.levels = Levels()
        self.paths: set[Path] = set()

    def cursor(self, value: object, pointer: str) -> Cursor:
        if not isinstance(value, str):
            _fault(pointer, "a text")
        return Cursor(value, pointer, self.guard)

    def whole(self, read: Callable[[Cursor], Item], value: object, pointer: str) -> Item:
        """The result of ``read``, which must read all of a text."""
        cursor = self.cursor(value, pointer)
        item = read(cursor)
        cursor.expect_end("the end")
        return item

    def level(self, document: dict[str, Any], path: Path, pointer: str) -> tuple[SelectItem, ...]:
        """Note the query's parts for the rows at ``path``; -> their select items."""
        if "where" in document:
            for item in self.where(document["where"], f"{pointer}/where"):
                self.levels.add_filter(path, item)
        if "having" in document:
            items = self.where(document["having"], f"{pointer}/having", measures=True)
            if not items:
                _fault(f"{pointer}/having", "a condition")
            self.levels.set_having(path, tuple(items))
        if "order" in document:
            self.levels.set_order(path, self.order(document["order"], f"{pointer}/order"))
        for name, put in (("limit", self.levels.set_limit), ("offset", self.levels.set_offset)):
            if name in document:
                self.guard.count(f"{pointer}/{name}")
                put(path, _number(document[name], f"{pointer}/{name}"))
        return self.select(document["select"], path, f"{pointer}/select") if "select" in document else (Star(),)

    def order(self, value: object, pointer: str) -> tuple[OrderTerm, ...]:
        if isinstance(value, list) and value:
            return tuple(self.whole(read_term, term, _under(pointer, i)) for i, term in enumerate(value))
        return read_order(self.cursor(value, pointer))

    def select(self, value: object, path: Path, pointer: str) -> tuple[SelectItem, ...]:
        if isinstance(value, str):
            return read_select(self.cursor(value, pointer), len(path))
        if not isinstance(value, list):
            _fault(pointer, "an array or a text")
        return tuple(self.select_item(item, path, _under(pointer, i)) for i, item in enumerate(value))

    def select_item(self, value: object, path: Path, pointer: str) -> SelectItem:
        if isinstance(value, dict):
            return self.embed(value, path, pointer)
        return self.whole(lambda cursor: read_select_item(cursor, len(path)), value, pointer)

    def embed(self, document: dict[str, Any], path: Path, pointer: str) -> Embed:
        _check_keys(document, _EMBED_KEYS, pointer)
        self.guard.count(pointer)
        self.guard.embed(len(path) + 1, pointer)
        spread = "spread" in document
        if spread == ("embed" in document):
            _fault(pointer, "one of embed and spread")
        if spread and "alias" in document:
            _fault(f"{pointer}/alias", "no alias", hint="what is spread has no name of its own")
        texts = {
            name: None if document.get(name) is None else _text(document[name], f"{pointer}/{name}")
            for name in ("embed", "spread", "alias", "hint", "join")
        }
        join = JOINS.get(texts["join"] or "")
        if join is None and texts["join"] is not None:
            _fault(f"{pointer}/join", "inner or left")
        relation = texts["spread"] if spread else texts["embed"]
        if relation is None:
            _fault(pointer, "the name of a relation")
        here = Embed(relation, (), texts["alias"], texts["hint"], join, spread)
        below = (*path, here.key)
        if below in self.paths:
            _fault(pointer, "another alias", hint=f"{here.key} is embedded twice")
        self.paths.add(below)
        items = self.level(document, below, pointer)
        return Embed(here.relation, items, here.alias, here.hint, here.join, spread)

    def where(self, value: object, pointer: str, depth: int = 0, *, measures: bool = False) -> list[Filter]:
        """The conditions that all must hold, ``depth`` groups deep; ``measures``: of groups."""
        if isinstance(value, str):
            return self.whole(lambda cursor: _read_items(cursor, depth, measures), value, pointer)
        if isinstance(value, dict):
            items: list[Filter] = []
            for key, item in value.items():
                items += self.entry(key, item, _under(pointer, key), depth, measures)
            return items
        if not isinstance(value, list) or depth:
            _fault(pointer, "an object or a text" if depth else "an object, an array or a text")
        items = []
        for i, element in enumerate(value):
            items += self.where(element, _under(pointer, i), depth + 1, measures=measures)
        return items

    def entry(self, key: str, value: object, pointer: str, depth: int, measures: bool) -> list[Filter]:
        if key in GROUPS:
            return [self.group(key, value, pointer, depth + 1, measures)]
        name = Cursor(key, pointer, self.guard, "name")
        column = name.measure() if measures else name.column()
        name.expect_end("-> or the end")
        if isinstance(value, str):
            return [self.whole(lambda cursor: read_condition(cursor, column), value, pointer)]
        if not isinstance(value, dict) or not value:
            _fault(pointer, 'an object of operators and values, or a text such as "eq.1"')
        return [self.condition(column, key, item, _under(pointer, key)) for key, item in value.items()]

    def group(self, key: str, value: object, pointer: str, depth: int, measures: bool) -> Group:
        self.guard.count(pointer)
        self.guard.nest(depth, pointer)
        operator, negated = GROUPS[key]
        if not isinstance(value, list) or not value:
            _fault(pointer, "an array of conditions")
        items: list[Filter] = []
        for i, element in enumerate(value):
            conditions = self.where(element, _under(pointer, i), depth, measures=measures)
            if not conditions:
                _fault(_under(pointer, i), "a condition")
            items.append(conditions[0] if len(conditions) == 1 else Group("and", tuple(conditions)))
        return Group(operator, tuple(items), negated)

    def condition(self, column: Column, key: str, value: object, pointer: str) -> Condition:
        self.guard.count(pointer)
        cursor = Cursor(f"{key}.", pointer, self.guard, "name")
        negated = cursor.take("not.")
        operator, syntax, quantifier, language = read_operator(cursor)
        cursor.expect_end("the end")
        if syntax.many or quantifier is not None:
            if not isinstance(value, list):
                _fault(pointer, "an array")
            self.guard.count_values(len(value), pointer)
            for _ in value if quantifier is not None else ():
                self.guard.count(pointer)
            texts: str | tuple[str, ...] = tuple(_scalar(element, pointer, i) for i, element in enumerate(value))
        elif operator == "is":
            texts = "null" if value is None else _scalar(value, pointer).lower()
            if texts not in IS_VALUES:
                _fault(pointer, "null, not_null, true, false or unknown")
        else:
            texts = _scalar(value, pointer)
        return Condition(column, operator, texts, negated, quantifier, language)


def _read_items(cursor: Cursor, depth: int, measures: bool) -> list[Filter]:
    """``a.eq.1,or(b.eq.2,c.is.null)``: the items in the parentheses of ``and=``."""
    items = [read_item(cursor, depth, measures=measures)]
    while cursor.take(","):
        items.append(read_item(cursor, depth, measures=measures))
    return items
