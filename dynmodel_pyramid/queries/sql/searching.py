"""``_search``: the rows whose display field is like what a person typed, the best first.

A row is found if every typed word begins a word of the field's text, or if the text begins with what was typed. Best
are texts that equal it, then those that begin with it. Case, and accents where the field ignores them, make no
difference. A field that is no text is searched by its text form, and the id where no field stands for a row.
"""

from dataclasses import dataclass, replace

import sqlalchemy as sa

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
from dynmodel_pyramid.queries.sql.subjects import Subject, of_system

#: The most characters of the text.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Search:
    """
    :param ranks: conditions, the best matches first; a row has the first rank that holds
    :param is_indexed: whether an index serves each of them
    """

    ranks: tuple[sa.ColumnElement[bool], ...]
    is_indexed: bool

    @property
    def found(self) -> sa.ColumnElement[bool]:
        return sa.or_(*self.ranks)

    @property
    def rank(self) -> sa.ColumnElement[int]:
        """The number of a found row's rank."""
        numbers: list[sa.ColumnElement[int]] = [sa.literal_column(str(number)) for number in range(len(self.ranks))]
        return sa.case(*zip(self.ranks[:-1], numbers, strict=False), else_=numbers[-1])

    def only(self, number: int) -> list[sa.ColumnElement[bool]]:
        """The conditions for the rows of one rank."""
        return [self.ranks[number], *(sa.not_(better) for better in self.ranks[:number])]


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
    ranks = [holds(subject, ILIKE, pattern, names.guard), holds(subject, ILIKE, f"{pattern}%", names.guard)]
    typed = [Word(word, is_prefix=True) for word in words(subject.manner.fold(text))]
    if typed:
        ranks.append(holds(subject, FTS, Wanted(text, joined("&", typed)), names.guard))
    return Search(tuple(map(names.budget.spend, ranks)), subject.manner.index is not None)


def _subject(names: Names) -> Subject:
    """The display field as a text."""
    field = names.model.definition.display_field(names.view.may_read)
    if field is None:
        number = of_system(names.model, "id", names.table)
        return cast(replace(number, manner=Manner(names.model.table.schema)), "text")
    subject = names.subject_of(field)
    operators = subject.field_type.operators
    return subject if ILIKE in operators and FTS in operators else cast(subject, "text")
