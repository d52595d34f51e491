"""The settings of a parser: operators, limits, leniencies."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dynmodel_pyramid.fields.operators import Syntax
from dynmodel_pyramid.queries.errors import QueryTooComplex


@dataclass(frozen=True, slots=True)
class Rules:
    """The operators that a query may use, its limits, and how strictly it is read.

    ``operators`` are those of the installed field types (:attr:`FieldTypes.operators`), by their names;
    ``spellings`` are their other ones (:attr:`FieldTypes.spellings`), for hints.

    Each item of ``select``, ``order``, ``columns`` and ``on_conflict``, each condition, each value of one with ``any``
    or ``all``, each ``and`` and ``or``, each ``limit`` and ``offset`` and each step of a JSON path is an expression.
    ``values`` bounds the values of all lists together, ``size`` the characters of names and values. ``nesting`` bounds
    groups in groups and the steps of a JSON path, ``embedding`` relations in relations. ``lenient`` is for the face of
    PostgREST: an empty ``order=``, ``limit=``, ``offset=``, ``and=`` or ``or=`` is ignored, and a quote that does not
    delimit is an ordinary character. ``placeholders`` is for conditions of grants: ``{user.id}`` is a node, not a text.
    """

    operators: Mapping[str, Syntax] = field(kw_only=True)
    spellings: Mapping[str, Collection[str]] = field(default_factory=dict, kw_only=True)
    expressions: int = 1000
    nesting: int = 20
    embedding: int = 10
    lenient: bool = False
    values: int = 32_000
    size: int = 1_048_576
    placeholders: bool = False


class Guard:
    """Counts the parts of one query while it is read."""

    __slots__ = ("left", "rules", "size", "values")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.left = rules.expressions
        self.values = rules.values
        self.size = rules.size

    def count(self, parameter: str, part: str = "value") -> None:
        self.left -= 1
        if self.left < 0:
            raise QueryTooComplex(
                f"the query has more than {self.rules.expressions} expressions",
                parameter=parameter,
                part=part,
                hint="ask for less, or in several queries",
            )

    def read(self, characters: int, parameter: str) -> None:
        """:raises QueryTooComplex: the query's text is too long"""
        self.size -= characters
        if self.size < 0:
            raise QueryTooComplex(
                f"the query has more than {self.rules.size} characters",
                parameter=parameter,
                hint="ask in several queries",
            )

    def count_values(self, count: int, parameter: str, part: str = "value") -> None:
        """:raises QueryTooComplex: there are too many values in lists"""
        self.values -= count
        if self.values < 0:
            raise QueryTooComplex(
                f"the query has more than {self.rules.values} values in its lists",
                parameter=parameter,
                part=part,
                hint="ask in several queries",
            )

    def nest(self, depth: int, parameter: str, part: str = "value") -> None:
        """:raises QueryTooComplex: ``depth`` groups, or keys of a JSON path, are too many"""
        if depth > self.rules.nesting:
            raise QueryTooComplex(f"nested more than {self.rules.nesting} deep", parameter=parameter, part=part)

    def embed(self, depth: int, parameter: str, part: str = "value") -> None:
        """:raises QueryTooComplex: ``depth`` relations in one another are too many"""
        if depth > self.rules.embedding:
            raise QueryTooComplex(
                f"relations are embedded more than {self.rules.embedding} deep", parameter=parameter, part=part
            )
