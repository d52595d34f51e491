"""The parameters of a query -> :class:`Query`."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from dynmodel_pyramid.queries.errors import QueryError
from dynmodel_pyramid.queries.grammar.conditions import read_condition, read_group, read_having
from dynmodel_pyramid.queries.grammar.cursor import Cursor
from dynmodel_pyramid.queries.grammar.habits import name_meant
from dynmodel_pyramid.queries.grammar.levels import Levels
from dynmodel_pyramid.queries.grammar.orders import read_columns, read_names, read_order
from dynmodel_pyramid.queries.grammar.rules import Guard, Rules
from dynmodel_pyramid.queries.grammar.selects import read_select
from dynmodel_pyramid.queries.grammar.syntax import LOGIC, Logic, Path, Query

#: Parameters that are not filters, of the queried table and of embedded rows; a field of that name is quoted.
EVERYWHERE = frozenset({"order", "limit", "offset", "and", "or"})
#: A condition of groups if its value is in parentheses, else of a field of that name, as in PostgREST.
HAVING = "having"
#: Those of the queried table only.
AT_THE_ROOT = frozenset({"select", "columns", "on_conflict", "_after", "_before", "_search"})
LARGEST = 2**63 - 1
_QUOTES = 'a name with other characters stands in double quotes: "Price (EUR)"=gt.1'
_OPERATOR = re.compile(r"(?:not\.)?([a-z0-9_]+)[.(]")


def parse(parameters: Iterable[tuple[str, str]], rules: Rules) -> Query:
    """The query of these parameters.

    :raises QueryError: the grammar is broken; it names parameter and character
    :raises QueryTooComplex: a guard of ``rules`` refuses it
    """
    parser = _Parser(rules)
    for name, value in parameters:
        parser.guard.read(len(name) + len(value), name)
        parser.read(name, value)
    return parser.query()


def read_number(text: str, cursor: Cursor) -> int:
    """:raises QueryError: it is not a whole number of at least 0"""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST:
        cursor.fault("a whole number, 0 or above", at=0)
    return int(text)


class _Parser:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.guard = Guard(rules)
        self.levels = Levels()
        self.whole: dict[str, Any] = {}  # values of parameters that only the queried table has
        self.seen: set[tuple[Path, str]] = set()

    def read(self, name: str, value: str) -> None:
        key = Cursor(name, name, self.guard, "name")
        names, words = self._read_path(key)
        path = tuple(names[:-1])
        word = names[-1] if words[-1] else ""
        if not key.next_is("->"):
            if not key.at_end():
                key.fault("a full stop, -> or the end", hint=name_meant(name, value, self.rules) or _QUOTES)
            if word in LOGIC:
                return self._read_group(LOGIC[word], path, words, name, value)
            if word == HAVING and self._is_of_groups(name, value):
                return self._read_having(path, name, value)
            if word in EVERYWHERE:
                return self._read_page(word, path, name, value)
            if word in AT_THE_ROOT and not path:
                return self._read_whole(word, name, value)
        column = key.json_path(names[-1])
        key.expect_end("-> or the end", hint=_QUOTES)
        cursor = Cursor(value, name, self.guard)
        self.levels.add_filter(path, read_condition(cursor, column))
        cursor.expect_end("the end")

    def _read_path(self, key: Cursor) -> tuple[list[str], list[bool]]:
        """The names that make up a parameter's name, and for each whether it may be a word of the grammar."""
        names: list[str] = []
        words: list[bool] = []
        while not names or key.take("."):
            name, quoted = key.name("the name of a field or of a relation")
            names.append(name)
            words.append(not quoted)
            self.guard.embed(len(names) - 1, key.parameter, "name")
        return names, words

    def _read_group(self, operator: Logic, before: Path, words: list[bool], name: str, value: str) -> None:
        negations = [i for i, part in enumerate(before) if part == "not" and words[i]]
        if len(negations) > 1:
            raise QueryError("not stands twice", parameter=name, part="name", expected="not once")
        if not value and self.rules.lenient:
            return
        cursor = Cursor(value, name, self.guard)
        group = read_group(cursor, operator, bool(negations))
        cursor.expect_end("the end")
        self.levels.add_filter(tuple(part for i, part in enumerate(before) if i not in negations), group)

    def _is_of_groups(self, name: str, value: str) -> bool:
        if value.lstrip(" \t").startswith("("):
            return True
        match = _OPERATOR.match(value)
        if match is None or match[1] not in self.rules.operators:
            cursor = Cursor(value, name, self.guard)
            cursor.fault("conditions of groups, in parentheses", hint=f"{HAVING}=(count().gt.1)")
        return False

    def _read_having(self, path: Path, name: str, value: str) -> None:
        self._once(HAVING, path, name)
        cursor = Cursor(value, name, self.guard)
        self.levels.set_having(path, read_having(cursor))
        cursor.expect_end("the end")

    def _read_page(self, word: str, path: Path, name: str, value: str) -> None:
        self._once(word, path, name)
        if not value and self.rules.lenient:
            return
        cursor = Cursor(value, name, self.guard)
        if word == "order":
            self.levels.set_order(path, read_order(cursor))
            return
        cursor.count()
        if word == "limit":
            self.levels.set_limit(path, read_number(value, cursor))
        else:
            self.levels.set_offset(path, read_number(value, cursor))

    def _read_whole(self, word: str, name: str, value: str) -> None:
        self._once(word, (), name)
        cursor = Cursor(value, name, self.guard)
        if word == "columns":
            self.whole[word], self.whole["sources"] = read_columns(cursor, have_sources=not self.rules.lenient)
        elif word.startswith("_"):
            if not value:
                cursor.fault("a text to search for" if word == "_search" else "a cursor that an answer gave")
            self.whole[word.removeprefix("_")] = value
        else:
            read: Callable[[Cursor], tuple[Any, ...]] = read_select if word == "select" else read_names
            self.whole[word] = read(cursor)

    def _once(self, word: str, path: Path, name: str) -> None:
        if (path, word) in self.seen:
            raise QueryError("stands twice", parameter=name, part="name", expected="each of them once")
        self.seen.add((path, word))

    def query(self) -> Query:
        if "after" in self.whole and "before" in self.whole:
            raise QueryError("_after and _before contradict each other", parameter="_before", part="name")
        return Query(levels=self.levels.collected(), **self.whole)
