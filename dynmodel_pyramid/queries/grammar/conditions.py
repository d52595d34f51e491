"""Conditions and groups of them: ``not.eq(any).{a,b}``, ``in.(1,2)``, ``(a.eq.1,not.or(b.is.null,c.gt.2))``."""

import re
from collections.abc import Mapping

from dynmodel_pyramid.fields.operators import Syntax
from dynmodel_pyramid.queries.grammar.cursor import Cursor, unescape
from dynmodel_pyramid.queries.grammar.habits import condition_meant
from dynmodel_pyramid.queries.grammar.syntax import (
    IS_VALUES,
    LOGIC,
    QUANTIFIERS,
    Column,
    Condition,
    Filter,
    Group,
    Logic,
    Placeholder,
    Quantifier,
)

_OPERATOR = re.compile(r"([a-z][a-z0-9_]*)(?:\(([^()]*)\))?\.")
_LANGUAGE = re.compile(r"[0-9A-Za-z_$ \x80-\U0010ffff]+")
_GROUP = re.compile(r"[ \t]*(not\.)?(and|or)[ \t]*\(")
_RAW = re.compile(r"[^,)]*")
_IS_VALUE = re.compile(r"[A-Za-z_]*")
_ARRAY = re.compile(r"\{[^{}]*\}")
_SPACE = re.compile(r"\s*")
_PLACEHOLDER = re.compile(r"\{((?:user\.|(?:now|today|tomorrow|yesterday)\b)[^{}]*)\}")
_ARRAY_RAW = re.compile(r'[^"{},\\]*(?:\\.[^"{},\\]*)*', re.DOTALL)


def read_condition(cursor: Cursor, column: Column, *, nested: bool = False) -> Condition:
    """The condition after a column: ``not.eq.1``.

    ``nested``: inside a group, where quotes delimit a value and a comma or parenthesis ends it. At top level the value
    is the whole rest of the text.
    """
    cursor.count()
    negated = cursor.take("not.")
    operator, syntax, quantifier, language = read_operator(cursor)
    start = cursor.position
    if cursor.guard.rules.placeholders and (placeholder := _read_placeholder(cursor, nested)) is not None:
        return Condition(column, operator, placeholder, negated, quantifier, language)
    if syntax.many:
        value: str | tuple[str, ...] = _read_list(cursor)
    elif operator == "is":
        value = _read_is_value(cursor)
    else:
        value = _read_text(cursor, array=True) if nested else cursor.rest()
    if quantifier is not None and isinstance(value, str):  # an operator of lists is never quantified
        begun = start + 1 if nested and cursor.text.startswith('"', start) else start
        value = _read_array(Cursor(value, cursor.parameter, cursor.guard, cursor.part, begun))
    return Condition(column, operator, value, negated, quantifier, language)


def _read_placeholder(cursor: Cursor, nested: bool) -> Placeholder | None:
    match = _PLACEHOLDER.match(cursor.text, cursor.position)
    if match is None:
        return None
    end = match.end()
    if end < len(cursor.text) and not (nested and cursor.text[end] in ",)"):
        cursor.fault("nothing after the placeholder", at=end, hint="a placeholder is the whole value")
    cursor.position = end
    return Placeholder(match[1])


def read_operator(cursor: Cursor) -> tuple[str, Syntax, Quantifier | None, str | None]:
    """``fts(english).`` with the full stop: operator, its syntax, quantifier, language."""
    start = cursor.position
    operators = cursor.guard.rules.operators
    match = cursor.match(_OPERATOR)
    syntax = None if match is None else operators.get(match[1])
    if match is None or syntax is None:
        known = f"operators are {', '.join(sorted(operators))}; not. may stand before them"
        meant = condition_meant(cursor.text[start:], cursor.guard.rules)
        cursor.fault("an operator and a full stop", at=start, hint=f"{meant} {known}" if meant else known)
    operator, modifier = match.groups()
    if modifier is None:
        return operator, syntax, None, None
    if syntax.quantified:
        if modifier not in QUANTIFIERS:
            cursor.fault("any or all", at=match.start(2))
        return operator, syntax, QUANTIFIERS[modifier], None
    if syntax.searches:
        if not modifier.strip() or not _LANGUAGE.fullmatch(modifier):
            cursor.fault("a language", at=match.start(2))
        return operator, syntax, None, modifier.strip()
    hint = f"{operator} takes {syntax}; any or all follow {_of(operators, 'quantified')}"
    searching = _of(operators, "searches")
    hint += f", a language follows {searching}" if searching else ""
    cursor.fault("a full stop", at=match.start(2) - 1, hint=hint)


def _of(operators: Mapping[str, Syntax], modifier: str) -> str:
    """The names of the operators with such a modifier."""
    return " ".join(sorted(name for name, syntax in operators.items() if getattr(syntax, modifier)))


def read_group(cursor: Cursor, operator: Logic, negated: bool, depth: int = 1, *, measures: bool = False) -> Group:
    """``(a.eq.1,b.eq.2)``, after the word that makes it a group."""
    cursor.count()
    cursor.guard.nest(depth, cursor.parameter, cursor.part)
    cursor.skip_blanks()
    if not cursor.take("("):
        cursor.fault("(")
    items = [read_item(cursor, depth, measures=measures)]
    while cursor.take(","):
        items.append(read_item(cursor, depth, measures=measures))
    if not cursor.take(")"):
        cursor.fault("a comma or )")
    cursor.skip_blanks()
    return Group(operator, tuple(items), negated)


def read_having(cursor: Cursor) -> tuple[Filter, ...]:
    """``(flights.gt.100,price.avg().lt.5)``: conditions of groups, all of which must hold."""
    return read_group(cursor, "and", False, measures=True).items


def read_item(cursor: Cursor, depth: int, *, measures: bool = False) -> Filter:
    """One item of a group that is ``depth`` groups deep: ``a.eq.1`` or ``not.or(...)``.

    ``measures``: of ``having``, where aggregates can be compared.
    """
    match = cursor.match(_GROUP)
    if match is not None:
        cursor.position -= 1
        return read_group(cursor, LOGIC[match[2]], match[1] is not None, depth + 1, measures=measures)
    column = cursor.measure() if measures else cursor.column()
    cursor.skip_blanks()
    if not cursor.take("."):
        cursor.fault("a full stop and an operator")
    return read_condition(cursor, column, nested=True)


def _read_list(cursor: Cursor) -> tuple[str, ...]:
    """``(a,"b,c")``; ``()`` is the empty list."""
    cursor.skip_blanks()
    if not cursor.take("("):
        cursor.fault("(")
    cursor.skip_blanks()
    if cursor.take(")"):
        cursor.skip_blanks()
        return ()
    values: list[str] = []
    while not values or cursor.take(","):
        cursor.count_value()
        values.append(_read_text(cursor))
    if not cursor.take(")"):
        cursor.fault("a comma or )")
    cursor.skip_blanks()
    return tuple(values)


def _read_is_value(cursor: Cursor) -> str:
    start = cursor.position
    value = cursor.taken(_IS_VALUE)[0].lower()
    if value not in IS_VALUES:
        cursor.fault("null, not_null, true, false or unknown", at=start)
    return value


def _read_text(cursor: Cursor, *, array: bool = False) -> str:
    """A value that ends at a comma or parenthesis, unless it is in quotes or, as an array, in braces.

    PostgREST reads a quote that does not delimit as a character of the value. That is rarely intended, so only a
    lenient parser does it.
    """
    start = cursor.position
    if cursor.next_is('"'):
        value = cursor.quoted()
        if value is not None and (cursor.at_end() or cursor.text[cursor.position] in ",)"):
            return value
        if not cursor.guard.rules.lenient:
            cursor.fault("a comma or )" if value is not None else "a closing quote", at=_end(cursor, value))
        cursor.position = start
    elif array and cursor.next_is("{"):
        match = cursor.match(_ARRAY)
        if match is not None:
            return match[0]
    value = cursor.taken(_RAW)[0]
    if not cursor.guard.rules.lenient and value[:1] in (" ", "\t") and value.lstrip(" \t")[:1] == '"':
        cursor.fault("the quote without a blank before it", at=start)
    return value


def _end(cursor: Cursor, value: str | None) -> int:
    return len(cursor.text) if value is None else cursor.position


def _read_array(array: Cursor) -> tuple[str, ...]:
    """The elements of ``{a,"b,c"}``, an array of one dimension (PostgreSQL's manual, 8.15.2)."""
    if not array.take("{"):
        array.fault("{ and }, with values between them")
    elements: list[str] = []
    array.match(_SPACE)
    if not array.take("}"):
        while not elements or array.take(","):
            array.count()
            array.count_value()
            elements.append(_read_element(array))
        if not array.take("}"):
            array.fault("a comma or }")
    array.expect_end("the end")
    return tuple(elements)


def _read_element(array: Cursor) -> str:
    array.match(_SPACE)
    start = array.position
    if array.next_is('"'):
        value = array.quoted()
        if value is None:
            array.fault("a closing quote", at=len(array.text))
        array.match(_SPACE)
        return value
    raw = array.taken(_ARRAY_RAW)[0]
    text = raw.rstrip()
    if (len(text) - len(text.rstrip("\\"))) % 2:  # an escaped blank is part of the value
        text = raw[: len(text) + 1]
    if not text:
        array.fault("a value", at=start, hint='an empty text is ""')
    if text.lower() == "null":
        array.fault("a value", at=start, hint='null equals nothing: ask is.null; the text is "null"')
    return unescape(text)
