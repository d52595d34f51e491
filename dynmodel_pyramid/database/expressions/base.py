"""The interface of all databases' expressions: capabilities, and SQL with one meaning."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.database.texts import functions

Column = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]

_ESCAPE = "\\"
#: How many characters of a text are in an index of beginnings.
BEGINNING = 100


class Expressions:
    """The expressions of one database; a subclass overrides those that differ from standard SQL.

    Instances have no state. If a capability is False, field types keep their values in a form that every database has,
    mostly as text.
    """

    #: The name of SQLAlchemy's dialect.
    name: str

    # Capabilities

    #: NUMERIC is exact. Else exact decimals are whole numbers of the smallest unit, or digits in order.
    has_exact_numbers = False
    #: Points in time have a type of their own. Else they are texts in UTC, with six digits of microseconds.
    has_moments = False
    #: There is a type for UUIDs.
    has_uuids = False
    #: There are arrays of texts, with ``<@`` in checks. Else they are JSON texts.
    has_arrays = False
    #: PostgreSQL's range types exist, with their operators (manual, 8.17 and 9.20). Else ranges are texts.
    has_ranges = False
    #: There is PostgreSQL's type ``inet`` with its functions (manual, 9.12). Else addresses are texts.
    has_addresses = False
    #: There are PostgreSQL's regular expressions (manual, 9.7.3), also in checks.
    has_regular_expressions = False
    #: Text search knows the stems of words in many languages.
    has_stems = False
    #: The collation in which texts compare as bytes; None: they do so by themselves.
    byte_collation: str | None = None
    #: The type of a column whose ids the database draws.
    row_id: type[sa.types.TypeEngine[Any]] = sa.BigInteger

    def json_type(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The type of JSON documents (:meth:`~sqlalchemy.types.TypeDecorator.load_dialect_impl`); a row's null is a
        null of the database.
        """
        return dialect.type_descriptor(sa.JSON(none_as_null=True))

    def json_written(self, value: Any) -> str:
        """The text of a JSON document in a statement."""
        return json.dumps(value)

    # Statements

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that can have ``on_conflict_do_update``."""
        raise NotImplementedError

    # Texts

    def by_bytes(self, text: Column) -> Column:
        """A text that compares and sorts as bytes."""
        return text if self.byte_collation is None else sa.collate(text, self.byte_collation)

    def lower(self, text: Column) -> Column:
        """Lower case of ASCII letters. It uses the collation of bytes: with a Turkish one PostgreSQL does not turn
        ``I`` into ``i``.
        """
        return sa.func.lower(self.by_bytes(text), type_=sa.Text())

    def has_words(self, text: Column, query: str, schema: str | None, *, accents: bool) -> Condition:
        """Whether a text has the words that a query asks for.

        :param query: as :func:`~dynmodel_pyramid.database.texts.word_queries.written` writes it
        :param schema: see :meth:`folded`
        :param accents: accents make no difference
        """
        raise NotImplementedError

    def word_vector(self, text: Column, schema: str | None, *, accents: bool) -> Column | None:
        """The words of a text for an index that serves :meth:`has_words`; None where triggers keep such an index."""
        return None

    def beginning(self, folded: Column) -> Column | None:
        """The first characters of a folded text, :data:`BEGINNING` of them, for an index that serves patterns with a
        fixed beginning; None where the index of words does.
        """
        return None

    def found_first(self, ids: sa.Select[Any]) -> sa.Select[Any] | None:
        """Ids that are found before rows are sorted and limited, because the planner may take an index of the order
        instead, and look at all rows; None where it never does.
        """
        return None

    def candidates(self, index: str, row_id: Column, query: str) -> Condition | None:
        """Whether a row may have the words that a query needs, by an index of words; None where :meth:`has_words` uses
        the index by itself. False for rows that are null.
        """
        return None

    def place_of(self, part: Any, text: Column) -> Column:
        """The position of a part in a text, counted from 1; 0 if it is not there."""
        raise NotImplementedError

    def text_before(self, part: str, text: Column) -> Column:
        """The text before a part, which must be there."""
        raise NotImplementedError

    def joined(self, texts: Column, separator: Column) -> Column:
        """An aggregate: all texts, in the order of the rows."""
        raise NotImplementedError

    def bounded(self, texts: sa.Subquery) -> sa.Subquery:
        """One column of texts, which fails while it is read if all of them are too large (``Failure``, ``too_large``).

        Here for a database that bounds a text while it joins it.
        """
        return texts

    def like(self, text: Column, pattern: str) -> Condition:
        """LIKE, with regard to case."""
        return text.like(sa.literal(pattern, text.type), escape=_ESCAPE)

    def folded(self, text: Column, schema: str | None, *, accents: bool = False) -> Column:
        """A text without case (:mod:`~dynmodel_pyramid.database.texts.folding`).

        :param schema: the one of all tables, which has the function
        :param accents: without accents, too
        """
        return ours(functions.FOLD_ACCENTS if accents else functions.FOLD, text, schema)

    def looks_like(self, text: Column, form: str) -> Condition:
        """Whether a whole text is of a form of plain characters and sets such as ``[0-9]``, without repetitions."""
        raise NotImplementedError

    def finds(self, text: Column, pattern: str) -> Condition:
        """Whether a part of a text matches a regular expression that all databases read alike."""
        raise NotImplementedError

    # Values and their texts

    def read_as(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        """The value of a text in the database's own form. It must be valid, or the statement ends."""
        raise NotImplementedError

    def constant(self, value: Any, kind: sa.types.TypeEngine[Any]) -> Column:
        """A value that has its type also alone in a condition."""
        raise NotImplementedError

    def kept_text(self, value: Column) -> Column:
        """The text of a value whose type has only one form of text, under any settings of the session."""
        raise NotImplementedError

    def read_moment(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        """The point in time of a text such as ``2026-01-31 12:00:00.000000`` in UTC."""
        raise NotImplementedError

    def read_uuid(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        """The UUID of a text; its digits may be capitals."""
        raise NotImplementedError

    def read_float(self, text: Column, is_good: Callable[[Column], Condition], pattern: str) -> Column:
        """The float of a text; NULL for texts that are not good, or don't match the pattern."""
        raise NotImplementedError

    def sure_float(self, text: Column) -> Column | None:
        """:meth:`read_float`, of texts that all are good; None if that would not be faster."""
        return None

    def rounded(self, digits: Column) -> Column:
        """The text of the whole number next to a decimal number in a text, half away from zero."""
        raise NotImplementedError

    def day_text(self, date: Column) -> Column:
        """``2026-01-31``"""
        raise NotImplementedError

    def time_text(self, time: Column) -> Column:
        """``12:00:00.000000``"""
        raise NotImplementedError

    def moment_text(self, moment: Column) -> Column:
        """``2026-01-31T12:00:00.000000``, in UTC."""
        raise NotImplementedError

    def float_text(self, number: Column) -> Column:
        """``repr`` of a float below 1e15."""
        raise NotImplementedError

    def decimal_text(self, number: Column, precision: int, scale: int, *, sortable: bool) -> Column:
        """The plain digits of an exact decimal, with all digits of its scale.

        :param sortable: whether it is kept as sortable text, if there are no exact numbers
        """
        raise NotImplementedError

    def exact_float(self, number: float) -> Column:
        """A float as a constant that the database does not round."""
        return sa.cast(sa.literal(number, sa.Float(53)), sa.Float(53))

    # Checks of the types of values, if the database lets a column hold values of other types; else None

    def holds(self, column: Column, storage_class: str) -> Condition | None:
        """:param storage_class: one of SQLite's (Datatypes In SQLite, 2)"""
        return None

    def holds_truth(self, column: Column) -> Condition | None:
        """The check of booleans."""
        return None

    def holds_time(self, column: Column, function: str, length: int) -> Condition | None:
        """The check of dates and times.

        :param function: SQLite's ``date``, ``time`` or ``datetime``
        :param length: the length of the function's output
        """
        return None

    def after_sort(self, value: Column, source: Column) -> Column:
        """A value that is made of ``source``, made after the rows are sorted and limited."""
        return value

    def sorted_apart(self, key: Column) -> Column:
        """The sort key of the first few of the rows that a condition finds by another index."""
        return key

    # Aggregates

    def extreme(self, function: str, source: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        """``min`` or ``max`` of values of a type for which the database may lack it."""
        raise NotImplementedError

    def exact_total(self, function: str, source: Column, kind: str) -> Column:
        """The text of a ``sum`` or an ``avg`` that does not depend on the order of the rows.

        :param kind: ``integer``, ``float``, or ``decimal`` with its scale and how it is kept: ``decimal 2 units``
        """
        raise NotImplementedError

    def total_as_float(self, total: Column) -> Column:
        """Such a text as a float."""
        raise NotImplementedError

    def exact_number(self, total: Column, digits: int, scale: int) -> Column:
        """Such a text in the stored form of an exact decimal (``fields/sql/exact.py``), to be compared."""
        raise NotImplementedError

    # JSON: texts as the encoder of rows writes them. All databases escape the characters that it escapes

    def json_string(self, text: Column) -> Column:
        """A text that is not null as a JSON string."""
        raise NotImplementedError

    def json_string_or_null(self, text: Column) -> Column:
        """A text as a JSON string; null stays null."""
        raise NotImplementedError

    def json_float(self, number: Column) -> Column:
        """A float with the fewest digits that identify it; with an exponent below 1e-5 and from 1e16 on."""
        raise NotImplementedError

    def json_array(self, value: Column) -> Column:
        """An aggregate: whole numbers as a JSON array, in the order of the rows."""
        raise NotImplementedError

    def json_items(self, array: Column) -> sa.TableValuedAlias:
        """The items of a JSON array of texts as rows: the columns ``value``, and ``key`` for its place."""
        raise NotImplementedError

    def json_value(self, document: Column) -> Column:
        """A value that is equal for equal documents."""
        raise NotImplementedError

    def json_constant(self, text: Column) -> Column:
        """The same for a constant, by its JSON text."""
        raise NotImplementedError

    def json_contains(self, document: Column, text: Column) -> Condition:
        """Whether a document contains the document in a text (PostgreSQL manual, 8.14.3)."""
        raise NotImplementedError

    def json_is_contained(self, document: Column, text: Column) -> Condition:
        """Whether a document is contained in the document in a text."""
        raise NotImplementedError

    def json_compares(self, document: Column, sign: str, text: Column) -> Condition:
        """Whether a number is less or greater than the number in a text; null for other documents."""
        raise NotImplementedError

    def json_number(self, document: Column) -> Column:
        """The sort key of numbers; null for other documents."""
        raise NotImplementedError

    def json_sort_text(self, document: Column) -> Column:
        """The sort key of all other documents."""
        raise NotImplementedError

    def json_part(self, document: Column, steps: Sequence[str | int], *, as_text: bool) -> Column:
        """The part of a document, or null: as JSON, or as the text of PostgreSQL's ``->>``."""
        raise NotImplementedError

    def json_texts(self, document: Column) -> Column:
        """All texts in a document, keys not among them, in lines; null for a null."""
        raise NotImplementedError

    def json_of(self, text: Column) -> Column:
        """The document of a JSON text; null for other texts, and for one that is nested too deeply."""
        raise NotImplementedError

    # Arrays of texts

    def array_length(self, array: Column) -> Column:
        """How many items an array has."""
        raise NotImplementedError

    def array_json(self, array: Column) -> Column:
        """The JSON text of an array."""
        raise NotImplementedError

    def array_of(self, text: Column, is_good: Condition) -> Column:
        """An array of one text; null if the text is not good, or if Python must make the array."""
        raise NotImplementedError

    def array_compares(self, array: Column, sign: str, items: Column) -> Condition:
        """Whether an array comes before another one (or after it): the first items that differ decide, by their bytes,
        then the number of items.
        """
        raise NotImplementedError

    def array_contains(self, array: Column, items: Column) -> Condition:
        """Whether an array has all items of another array; null where the array is null."""
        raise NotImplementedError

    def array_is_contained(self, array: Column, items: Column) -> Condition:
        """Whether an array has only items of another array."""
        raise NotImplementedError

    def array_overlaps(self, array: Column, items: Column) -> Condition:
        """Whether an array has an item of another array."""
        raise NotImplementedError


def ours(function: str, text: Column, schema: str | None) -> Column:
    """A function of this package: in the schema, or on the connection."""
    where = () if schema is None else (quoted_name(schema, quote=True),)
    # Of the kind of the text, so that its collation goes on.
    return sa.Function(function, text, packagenames=where, type_=text.type)
