"""A :class:`Query` -> parameters that parse to it."""

import re

from dynmodel_pyramid.queries.grammar.parsing import AT_THE_ROOT, EVERYWHERE, HAVING
from dynmodel_pyramid.queries.grammar.syntax import (
    Column,
    Condition,
    Embed,
    Field,
    Filter,
    Group,
    Level,
    OrderTerm,
    Path,
    Placeholder,
    Query,
    RowCount,
    SelectItem,
    Star,
)

_PLAIN = re.compile(r"(?:[0-9A-Za-z_$]|[^\x00-\x7f\s])+")
_PLAIN_KEY = re.compile(r"(?:[A-Za-z_]|[^\x00-\x7f\s])(?:[0-9A-Za-z_]|[^\x00-\x7f\s])*")
_PLAIN_VALUE = re.compile(r'[^,()"{}\\\s]+')
_ARRAY = re.compile(r"\{[^{}]*\}")
_PARAMETERS = EVERYWHERE | AT_THE_ROOT | {"not", HAVING}
_LOGIC = frozenset({"and", "or", "not"})
_JOINS = frozenset({"inner", "left"})


def print_query(query: Query) -> list[tuple[str, str]]:
    """Pairs of names and values, not yet percent-encoded."""
    pairs = []
    if query.select != (Star(),):
        pairs.append(("select", print_items(query.select)))
    for level in query.levels:
        pairs += _level(level)
    if query.columns is not None:
        sources = dict(query.sources)
        pairs.append(("columns", ",".join(_read_column(column, sources.get(column)) for column in query.columns)))
    if query.on_conflict is not None:
        pairs.append(("on_conflict", ",".join(map(print_name, query.on_conflict))))
    return pairs + list(query.reading_only.items())


def _read_column(name: str, source: str | None) -> str:
    return print_name(name) if source is None else f"{print_name(name)}:{print_name(source)}"


def print_items(items: tuple[SelectItem, ...]) -> str:
    return ",".join(_item(item) for item in items)


def parameter_name(name: str) -> str:
    """The name of the parameter with conditions on a field."""
    return print_name(name, _PARAMETERS)


def print_order(terms: tuple[OrderTerm, ...]) -> str:
    return ",".join(_term(term) for term in terms)


def _level(level: Level) -> list[tuple[str, str]]:
    before = _path(level.path)
    pairs = [_filter(before, item) for item in level.filters]
    if level.having:
        pairs.append((f"{before}{HAVING}", _items(Group("and", level.having))))
    if level.order:
        pairs.append((f"{before}order", print_order(level.order)))
    if level.limit is not None:
        pairs.append((f"{before}limit", str(level.limit)))
    if level.offset:
        pairs.append((f"{before}offset", str(level.offset)))
    return pairs


def _path(path: Path) -> str:
    return "".join(print_name(name, _PARAMETERS) + "." for name in path)


def _filter(before: str, item: Filter) -> tuple[str, str]:
    if isinstance(item, Group):
        return before + ("not." if item.negated else "") + item.operator, _items(item)
    return before + _column(item.column, _PARAMETERS), _operator(item) + _value(item)


def _items(group: Group) -> str:
    return "(" + ",".join(_nested(item) for item in group.items) + ")"


def _nested(item: Filter) -> str:
    if isinstance(item, Group):
        return ("not." if item.negated else "") + item.operator + _items(item)
    value = _value(item)
    if not _is_list(item) and not isinstance(item.value, Placeholder) and not _ARRAY.fullmatch(value):
        value = _text(value)
    return f"{_column(item.column, _LOGIC)}.{_operator(item)}{value}"


def _operator(condition: Condition) -> str:
    modifier = condition.quantifier or condition.language
    return ("not." if condition.negated else "") + condition.operator + (f"({modifier})" if modifier else "") + "."


def _value(condition: Condition) -> str:
    """The value as it stands at top level."""
    if isinstance(condition.value, Placeholder):
        return f"{{{condition.value.name}}}"
    if isinstance(condition.value, str):
        return condition.value
    if _is_list(condition):
        return "(" + ",".join(_text(value) for value in condition.value) + ")"
    return "{" + ",".join(_element(value) for value in condition.value) + "}"


def _is_list(condition: Condition) -> bool:
    """Whether the values are in parentheses, as for ``in``."""
    return condition.quantifier is None and isinstance(condition.value, tuple)


def _element(value: str) -> str:
    return quoted(value) if value.lower() == "null" else _text(value)


def _text(value: str) -> str:
    return value if _PLAIN_VALUE.fullmatch(value) else quoted(value)


def quoted(text: str) -> str:
    """A text in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def print_name(name: str, words: frozenset[str] = frozenset()) -> str:
    """A name, in quotes if it needs them; ``words`` are words that the grammar allows there."""
    return name if name not in words and _PLAIN.fullmatch(name) else quoted(name)


def _column(column: Column, words: frozenset[str] = frozenset()) -> str:
    if column.aggregate is not None and not column.name:
        return "count()"
    text = print_name(column.name, words)
    last = len(column.path) - 1
    for i, step in enumerate(column.path):
        arrow = "->>" if column.as_text and i == last else "->"
        text += arrow + (str(step) if isinstance(step, int) else _key(step))
    return text if column.aggregate is None else f"{text}.{column.aggregate}()"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else quoted(key)


def _term(term: OrderTerm) -> str:
    text = _column(term.column)
    if term.relation is not None:
        text = f"{print_name(term.relation)}({text})"
    if term.descending:
        text += ".desc"
    if term.nulls_first is not None:
        text += ".nullsfirst" if term.nulls_first else ".nullslast"
    return text


def _item(item: SelectItem) -> str:
    match item:
        case Star():
            return "*"
        case RowCount():
            return f"{_alias(item.alias)}count(){_cast(item.cast)}"
        case Field():
            aggregate = f".{item.aggregate}()" if item.aggregate else ""
            column = _column(item.column)
            return f"{_alias(item.alias)}{column}{_cast(item.cast)}{aggregate}{_cast(item.aggregate_cast)}"
        case Embed():
            before = "..." if item.spread else _alias(item.alias)
            hint = "" if item.hint is None else "!" + print_name(item.hint, _JOINS)
            join = "" if item.join is None else "!" + item.join
            return f"{before}{print_name(item.relation, frozenset({'count'}))}{hint}{join}({print_items(item.items)})"


def _alias(alias: str | None) -> str:
    return "" if alias is None else f"{print_name(alias)}:"


def _cast(cast: str | None) -> str:
    return "" if cast is None else f"::{cast}"
