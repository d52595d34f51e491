"""``_search``: the rows whose display field is like what a person typed, the best first.

A row is found if every typed word begins a word of the field's text; where no words are typed, if the text begins with
what was typed. Best are texts that equal it, then those that begin with it, in order of the text. Case, and accents
where the field ignores them, make no difference. A field that is no text is searched by its text form, and the id where
no field stands for a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.database.expressions.base import BEGINNING
from dynmodel_pyramid.database.texts.word_queries import Word, joined
from dynmodel_pyramid.database.texts.words import words
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.operators import FTS, ILIKE
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.fields.sql.patterns import Manner, escaped
from dynmodel_pyramid.fields.sql.search import Wanted
from dynmodel_pyramid.queries.sql.casts import cast
from dynmodel_pyramid.queries.sql.comparisons import holds
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.ordering import Key
from dynmodel_pyramid.queries.sql.statements import cut
from dynmodel_pyramid.queries.sql.subjects import Subject, of_system

#: The most characters of the text.
LONGEST = 200
#: Ranks of texts that equal what was typed, or begin with it.
_BEGINNINGS = 2


@dataclass(frozen=True, slots=True)
class Search:
    """
    :param subject: the text that is searched
    :param ranks: conditions, the narrowest first: each includes those before it. A row has the first rank that holds
    """

    subject: Subject
    ranks: tuple[sa.ColumnElement[bool], ...]

    @property
    def is_indexed(self) -> bool:
        """Whether an index serves each rank."""
        return self.subject.manner.index is not None

    @property
    def found(self) -> sa.ColumnElement[bool]:
        return self.ranks[-1]

    @property
    def beginning(self) -> sa.ColumnElement[Any]:
        """What texts that begin with what was typed are sorted by."""
        folded = self.subject.manner.folded(self.subject.expression, self.subject.dialect)
        indexed = expressions_of(self.subject.dialect).beginning(folded)
        return sa.func.substr(folded, 1, BEGINNING, type_=folded.type) if indexed is None else indexed

    def keys(self, keys: Sequence[Key], *, is_ordered: bool) -> list[Key]:
        """The keys of the order of found rows.

        :param keys: those of the query, the id last
        :param is_ordered: whether the query says an order
        """
        numbers: list[sa.ColumnElement[int]] = [sa.literal_column(str(number)) for number in range(len(self.ranks))]
        rank = sa.case(*zip(self.ranks[:-1], numbers, strict=False), else_=numbers[-1])
        ranked = [Key(self.subject, rank, False, False, nullable=False)]
        if not is_ordered:
            text = sa.case((self.ranks[_BEGINNINGS - 1], self.beginning))
            ranked.append(Key(self.subject, text, False, False))
        return [*ranked, *keys]


@dataclass(frozen=True, slots=True)
class RankedRows:
    """The rows of a search.

    :param rows: selects all rows, in no order
    :param keys: those of the query, the id last
    :param is_ordered: whether the query says an order
    """

    search: Search
    rows: sa.Select[*tuple[Any, ...]]
    row_id: sa.ColumnElement[Any]
    keys: Sequence[Key]
    is_ordered: bool

    def best(self, limit: int) -> Sequence[sa.Select[*tuple[Any, ...]]]:
        """Statements to run one after the other until there are rows enough, each of one rank and the better ones.

        The ids of rows follow their values.
        """
        return [cut(self._best(rank, limit), limit, 0) for rank in range(len(self.search.ranks))]

    def _best(self, rank: int, limit: int) -> sa.Select[*tuple[Any, ...]]:
        found, rows = self.search.ranks[rank], self.rows.add_columns(self.row_id)
        if rank < _BEGINNINGS and not self.is_ordered:
            # The index of beginnings has this order.
            return rows.where(found).order_by(self.search.beginning, self.keys[0].clause())
        ids = self.rows.with_only_columns(self.row_id.label("id"), maintain_column_froms=True).where(found)
        first = expressions_of(self.search.subject.dialect).found_first(ids)
        if first is not None and not self.is_ordered:
            first = cut(first.order_by(*first.selected_columns), limit, 0)
        rows = rows.where(found if first is None else self.row_id.in_(first))
        return rows.order_by(*[key.clause() for key in self.keys])


def search_of(names: Names, text: str) -> Search:
    """
    :raises Malformed: the text is too long, or the display field's values have no text in SQL
    """
    text = text.strip()
    if not text or len(text) > LONGEST or UNSTORABLE.search(text):
        raise Malformed(
            f"_search: want a text of at most {LONGEST} characters that can be stored",
            code="invalid_parameter",
            parameter="_search",
        )
    subject = _subject(names)
    pattern = escaped(text)
    equal = holds(subject, ILIKE, pattern, names.guard)
    if not subject.manner.ignores_accents:
        # Folding keeps the length of a text, which costs less to look at.
        equal = sa.and_(sa.func.length(subject.expression) == len(text), equal)
    ranks = [equal, holds(subject, ILIKE, f"{pattern}%", names.guard)]
    typed = [Word(word, is_prefix=True) for word in words(subject.manner.fold(text))]
    if typed:
        ranks.append(holds(subject, FTS, Wanted(text, joined("&", typed)), names.guard))
    return Search(subject, tuple(map(names.budget.spend, ranks)))


def _subject(names: Names) -> Subject:
    """The display field as a text."""
    field = names.model.definition.display_field(names.view.may_read)
    if field is None:
        number = of_system(names.model, "id", names.table)
        return cast(replace(number, manner=Manner(names.model.table.schema)), "text")
    subject = names.subject_of(field)
    operators = subject.field_type.operators
    return subject if ILIKE in operators and FTS in operators else cast(subject, "text")
