"""Text search: conditions on the words of texts.

Without a language, or with ``simple``, both databases find the same (:mod:`dynmodel_pyramid.database.texts`). Other
languages, with the stems of words, are PostgreSQL's (manual, chapter 12).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.database.texts.word_queries import Query, needed, resolved, written
from dynmodel_pyramid.database.texts.words import words
from dynmodel_pyramid.fields.sql.patterns import Manner

#: The configurations that every PostgreSQL has; further ones of a server are not used.
LANGUAGES = frozenset(
    "arabic armenian basque catalan danish dutch english finnish french german greek hindi hungarian indonesian irish "
    "italian lithuanian nepali norwegian portuguese romanian russian serbian simple spanish swedish tamil turkish "
    "yiddish".split()
)
#: The one that all databases have.
SIMPLE = "simple"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words that a text must have.

    :param text: the query as it was written
    :param sign: joins several words that stand in the place of one, as for ``resolved``
    """

    text: str
    query: Query
    sign: str = "<"

    def of(self, manner: Manner) -> Query | None:
        """The query with the words of a field's texts; None: it finds nothing."""
        return resolved(self.query, lambda text: words(manner.fold(text)), self.sign)


def reader(read: Callable[[str], Query], sign: str = "<") -> Callable[[str, Any], Wanted]:
    """What :attr:`Operator.read` wants.

    :param read: one of :mod:`dynmodel_pyramid.database.texts.word_query_reading`
    """
    return lambda text, read_value: Wanted(text, read(text), sign)


def condition(function: str) -> Callable[[sa.ColumnElement[Any], Any, str, Manner], sa.ColumnElement[bool]]:
    """The condition of an operator whose text is read by that function of PostgreSQL."""

    def make(
        left: sa.ColumnElement[Any], right: tuple[str | None, Wanted], dialect: str, manner: Manner
    ) -> sa.ColumnElement[bool]:
        language, wanted = right
        if language is None or language == SIMPLE:
            query = wanted.of(manner)
            text = "" if query is None else written(query)
            return expressions_of(dialect).has_words(left, text, manner.schema, accents=manner.ignores_accents)
        config = sa.cast(sa.literal(language), postgresql.REGCONFIG)
        vector = sa.func.to_tsvector(config, left, type_=postgresql.TSVECTOR)
        asked = getattr(sa.func, function)(config, sa.literal(wanted.text, sa.Text()), type_=postgresql.TSQUERY)
        return vector.bool_op("@@")(asked)

    return make


def near(right: tuple[str | None, Wanted], manner: Manner) -> str | None:
    """The words that are needed, for an index (:attr:`Operator.near`)."""
    language, wanted = right
    query = wanted.of(manner) if language in (None, SIMPLE) else None
    return None if query is None else needed(query)
