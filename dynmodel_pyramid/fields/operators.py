"""The operators of queries, as values that field types declare: the question of each, and its condition in SQL.

A field type declares its operators (:attr:`FieldType.operators`); a plugin's type may declare a new one, or one of
these names with other SQL. The syntax of a name is the same for all types (:class:`Syntax`), and the registry of field
types has it for the parser. ``queries/sql/comparisons.py`` reads the texts and makes the condition.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import EXPRESSIONS
from dynmodel_pyramid.database.texts import word_query_reading
from dynmodel_pyramid.fields.sql import patterns, search

#: (the field in SQL, the value to compare with, the dialect's name) -> condition. It is null where the field is null.
Condition = Callable[..., sa.ColumnElement[bool]]
#: Text -> the field's stored value for it.
ReadValue = Callable[[str], Any]
#: The names that the grammar reads as operators.
_NAME = re.compile(r"(?!not\Z)[a-z][a-z0-9_]*")


def a_value(text: str, read: ReadValue) -> Any:
    """A value of the field."""
    return read(text)


def a_text(text: str, read: ReadValue) -> str:
    """The text as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Syntax:
    """How an operator is written in a query; without any of these it takes one value: ``neq.1``.

    :param many: it takes a list: ``in.(1,2)``
    :param quantified: it takes ``any`` or ``all`` with an array, too: ``eq(any).{1,2}``
    :param searches: it takes a language, too: ``fts(english).cat``
    """

    many: bool = False
    quantified: bool = False
    searches: bool = False

    def __str__(self) -> str:
        takes = "a list" if self.many else "one value"
        if self.quantified:
            return f"{takes}, or an array with any or all"
        return f"{takes}, with a language or without" if self.searches else takes


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator as it stands in a query string (PostgREST, "Operators").

    :param name: of lower-case letters, digits and ``_``; all types that declare it give it the same syntax
    :param description: its question, as the rest of a sentence that begins with the field
    :param condition: its SQL; a value must go into it as a bound parameter (:func:`bound`)
    :param read: turns a client's text into the value for ``condition``; its second argument is the function that reads
        a value of the field. It raises ``ValueError`` saying what is wanted
    :param many: whether it takes a list of texts; ``condition`` gets a list
    :param quantified: whether it takes ``any`` and ``all``
    :param searches: whether it takes a language; ``condition`` gets a pair (language or None, value)
    :param dialects: the databases that have it
    :param languages: the languages of a searching operator
    :param near: (what ``read`` gave, with the language if it takes one; the manner) -> the words that a text must have,
        as a query of an index of words, or None
    :param stems: those of them that only a database with stems of words has
    :param folds: ``condition`` gets how the field's texts are compared as a fourth argument
        (:class:`~dynmodel_pyramid.fields.sql.patterns.Manner`)
    :param sorts: whether rows can be sorted by fields whose type has it
    :param spellings: how other services write it, in lower case, for hints: ``>=``, ``ge``
    :param instead: for hints: a text that is no value of the field -> the condition that was probably meant
    :raises ValueError: the grammar cannot read the name or the syntax
    """

    name: str
    description: str
    condition: Condition
    read: Callable[[str, ReadValue], Any] = a_value
    many: bool = False
    quantified: bool = False
    searches: bool = False
    dialects: tuple[str, ...] = tuple(EXPRESSIONS)
    languages: frozenset[str] = search.LANGUAGES
    stems: frozenset[str] = frozenset()
    folds: bool = False
    near: Callable[[Any, patterns.Manner], str | None] | None = None
    sorts: bool = False
    spellings: tuple[str, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"the operator {self.name!r}: want a name of a to z, 0 to 9 and _ that is not 'not'")
        if self.quantified and (self.many or self.searches):
            raise ValueError(f"the operator {self.name!r}: with any and all it takes neither a list nor a language")

    @property
    def syntax(self) -> Syntax:
        return Syntax(self.many, self.quantified, self.searches)


def bound(left: sa.ColumnElement[Any], value: Any) -> sa.ColumnElement[Any]:
    """A value as a parameter of the field's own SQL type, in its stored form, so that indexes can be used.

    A parameter that gets its value later, as in conditions of grants, stays as it is.
    """
    return value if isinstance(value, sa.BindParameter) else sa.literal(value, left.type)


# Operators of all types

#: From this many values on, a list is one parameter. Statements with such a list are rendered each time they run.
_MANY = 100


def _eq(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return left == bound(left, right)


def _neq(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return left != bound(left, right)


def _in(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    # An empty list gives false, also for null, as PostgreSQL's = ANY('{}').
    if len(right) > _MANY and not isinstance(right[0], sa.BindParameter):
        # One parameter, expanded when the statement runs: an element for each value takes ten times as long.
        return left.in_(sa.bindparam(None, list(right), type_=left.type, expanding=True, unique=True))
    return left.in_([bound(left, value) for value in right]) if right else sa.false()


def _is_distinct(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    return left.is_distinct_from(bound(left, right))


def _words(*known: str) -> Callable[[str, ReadValue], str]:
    def read(text: str, read_value: ReadValue) -> str:
        if text.lower() not in known:
            raise ValueError(f"want {', '.join(known[:-1])} or {known[-1]}")
        return text.lower()

    return read


def _is(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
    wanted = {"null": None, "unknown": None, "not_null": None, "true": sa.true(), "false": sa.false()}[right]
    return left.is_not(None) if right == "not_null" else left.is_(wanted)


_IS_NULL = {"null": "is.null", "none": "is.null", "nil": "is.null", "": "is.null"}
EQ = Operator(
    "eq", "equals", _eq, quantified=True, spellings=("=", "==", "===", "equals", "equal", "exact"), instead=_IS_NULL
)
NEQ = Operator(
    "neq",
    "does not equal",
    _neq,
    spellings=("!=", "<>", "!==", "ne", "not_equal", "notequal", "not_equals"),
    instead=dict.fromkeys(_IS_NULL, "is.not_null"),
)
IN = Operator("in", "is one of a list", _in, many=True, spellings=("any", "oneof", "one_of"), instead=_IS_NULL)
IS = Operator("is", "is null or not_null", _is, _words("null", "not_null"), spellings=("isnull", "is_null"))
IS_TRUTH = Operator(
    "is",
    "is null, not_null, true, false or unknown",
    _is,
    _words("null", "not_null", "true", "false", "unknown"),
)
IS_DISTINCT = Operator("isdistinct", "differs, null being a value", _is_distinct)

# Order

GT = Operator(
    "gt",
    "is greater than",
    lambda left, right, dialect: left > bound(left, right),
    quantified=True,
    spellings=(">", "greater", "greater_than", "after"),
)
GTE = Operator(
    "gte",
    "is greater than or equal to",
    lambda left, right, dialect: left >= bound(left, right),
    quantified=True,
    spellings=(">=", "=>", "ge", "min", "from", "since"),
)
LT = Operator(
    "lt",
    "is less than",
    lambda left, right, dialect: left < bound(left, right),
    quantified=True,
    sorts=True,
    spellings=("<", "less", "less_than", "before"),
)
LTE = Operator(
    "lte",
    "is less than or equal to",
    lambda left, right, dialect: left <= bound(left, right),
    quantified=True,
    spellings=("<=", "=<", "le", "max", "until", "to"),
)

# Patterns of text, and words in it

LIKE = Operator(
    "like",
    "matches a pattern with * as wildcard",
    patterns.like,
    lambda text, read: patterns.checked(text),
    quantified=True,
    spellings=("contains", "startswith", "endswith"),
)
ILIKE = Operator(
    "ilike",
    "matches a pattern, ignoring case",
    patterns.ilike,
    lambda text, read: patterns.checked(text),
    quantified=True,
    folds=True,
    near=patterns.near,
    spellings=("icontains", "istartswith", "iendswith", "iexact"),
)
MATCH = Operator(
    "match",
    "matches a regular expression",
    patterns.match,
    lambda text, read: patterns.expression(text),
    quantified=True,
    spellings=("~", "regex", "regexp"),
)
IMATCH = Operator(
    "imatch",
    "matches a regular expression, ignoring case",
    patterns.match,
    lambda text, read: patterns.expression(text, ignore_case=True),
    quantified=True,
    spellings=("~*", "iregex"),
)
_STEMS = search.LANGUAGES - {search.SIMPLE}
FTS = Operator(
    "fts",
    "has the words that a query such as red & !blue asks for",
    search.condition("to_tsquery"),
    search.reader(word_query_reading.read_query),
    searches=True,
    stems=_STEMS,
    folds=True,
    near=search.near,
)
PLFTS = Operator(
    "plfts",
    "has all words of a text",
    search.condition("plainto_tsquery"),
    search.reader(word_query_reading.read_text, "&"),
    searches=True,
    stems=_STEMS,
    folds=True,
    near=search.near,
)
PHFTS = Operator(
    "phfts",
    "has the words of a text one after another",
    search.condition("phraseto_tsquery"),
    search.reader(word_query_reading.read_text),
    searches=True,
    stems=_STEMS,
    folds=True,
    near=search.near,
)
WFTS = Operator(
    "wfts",
    "has the words that a search engine's query asks for",
    search.condition("websearch_to_tsquery"),
    search.reader(word_query_reading.read_web),
    searches=True,
    stems=_STEMS,
    folds=True,
    near=search.near,
)

#: The operators of all types.
IDENTITY: tuple[Operator, ...] = (EQ, NEQ, IN, IS, IS_DISTINCT)
#: The operators of types with an order.
ORDERED: tuple[Operator, ...] = (*IDENTITY, GT, GTE, LT, LTE)
#: The operators of text types.
TEXTUAL: tuple[Operator, ...] = (*ORDERED, LIKE, ILIKE, MATCH, IMATCH, FTS, PLFTS, PHFTS, WFTS)
