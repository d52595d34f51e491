"""``count()``, ``price.sum()``, ``avg()``, ``min()``, ``max()`` (PostgREST, "Aggregate Functions").

Sums are exact on both databases, in any order of the rows. A sum of floats is the sum of the decimal numbers that the
floats are written as. The average of exact decimals has six more digits than they have, rounded half away from zero;
the average of other numbers is a float.
"""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.database.sqlite_sums import AVERAGE_DIGITS
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.sql.exact import INTEGER_DIGITS, MAX_PRECISION, ExactDecimal
from dynmodel_pyramid.fields.types.decimals import Decimal
from dynmodel_pyramid.fields.types.numbers import Integer, Number
from dynmodel_pyramid.fields.types.temporal import UTCDateTime
from dynmodel_pyramid.fields.types.text import Text, byte_order
from dynmodel_pyramid.queries.sql.casts import cast
from dynmodel_pyramid.queries.sql.outputs import Output, of_subject, of_text
from dynmodel_pyramid.queries.sql.subjects import Subject, plain

#: Every database has min() and max() of these types.
_ORDERED = (sa.Integer, sa.Numeric, sa.String, sa.Date, sa.DateTime, sa.Time, ExactDecimal, UTCDateTime)


#: Enough for the sum of any number of the longest decimals, with the digits of an average.
_DIGITS = 2 * MAX_PRECISION + 40


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate of a select; ``subject`` None: ``count()``, of rows."""

    name: str
    function: str
    subject: Subject | None
    cast: str | None

    @property
    def values(self) -> Subject:
        """The subject of one that has any: of all but ``count()``."""
        assert self.subject is not None
        return self.subject

    @property
    def _kind(self) -> str:
        kind = _kind(self.values)
        assert kind is not None  # as check() has seen
        return kind

    def over(self, source: sa.ColumnElement[Any] | None, dialect: str) -> sa.ColumnElement[Any]:
        """The aggregate itself.

        :param source: the subject's expression, as a column of the rows that are grouped
        """
        if source is None:
            return sa.func.count()
        if self.function == "count":
            return sa.func.count(source)
        if self.function in ("min", "max"):
            return self._extreme(source, dialect)
        return self._exact(source, dialect)

    def output(self, value: sa.ColumnElement[Any], dialect: str) -> Output:
        """The answer.

        :param value: the aggregate, as a column of the groups: SQLite allows no aggregate in a subquery
        """
        if self.cast is None and self.function in ("sum", "avg"):
            return self._number(self._text(value, dialect), dialect)
        return of_subject(self.name, self.result(value, dialect))

    def result(self, value: sa.ColumnElement[Any], dialect: str) -> Subject:
        """The value to compare and to sort by.

        :param value: as for :meth:`output`
        """
        if self.function == "count":
            subject = Subject(self.name, sa.type_coerce(value, sa.BigInteger()), *plain(Integer), dialect)
        elif self.function in ("min", "max"):
            value = sa.type_coerce(value, self.values.expression.type)
            subject = replace(self.values, name=self.name, expression=value, row=None, shown=None)
        else:
            text = self._text(value, dialect)
            subject = text if self.cast is not None and self._is_exact else self._size(text)
        is_number = self.function in ("sum", "avg")
        return subject if self.cast is None else cast(subject, self.cast, is_number=is_number)

    def _text(self, value: sa.ColumnElement[Any], dialect: str) -> Subject:
        return Subject(self.name, sa.type_coerce(value, byte_order()), *plain(Text), dialect)

    @property
    def _is_exact(self) -> bool:
        """Whether a sum or an average is no float."""
        return self._kind.startswith("decimal") or (self._kind == "integer" and self.function == "sum")

    def _size(self, text: Subject) -> Subject:
        """The number that a text of :meth:`_exact` says."""
        kind, expressions = self._kind, expressions_of(text.dialect)
        if not self._is_exact:
            return Subject(self.name, expressions.total_as_float(text.expression), *plain(Number), text.dialect)
        scale = AVERAGE_DIGITS + (int(kind.split()[1]) if kind.startswith("decimal") else 0)
        number = expressions.exact_number(text.expression, _DIGITS, scale)
        options = {"precision": _DIGITS, "scale": scale, "min": None, "max": None}
        return Subject(
            self.name, sa.type_coerce(number, ExactDecimal(_DIGITS, scale)), plain(Decimal)[0], options, text.dialect
        )

    def check(self, parameter: str) -> None:
        """
        :param parameter: where the query has the aggregate
        :raises Malformed: the values have no such aggregate
        """
        subject = self.subject
        if subject is None:
            return
        if self.function == "count":
            known = isinstance(subject.expression, sa.ColumnElement)
        elif self.function in ("min", "max"):
            known = is_sortable(subject.field_type) and isinstance(subject.expression, sa.ColumnElement)
        else:
            known = _kind(subject) is not None
        if not known:
            raise Malformed(
                f"{parameter}: {subject.name} has no {self.function}()",
                code="invalid_parameter",
                parameter=parameter,
                hint="sum and avg are of numbers, min and max of what has an order",
            )

    def _extreme(self, source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        kind = self.values.expression.type
        if isinstance(kind, _ORDERED):
            extreme: sa.ColumnElement[Any] = getattr(sa.func, self.function)(source, type_=kind)
            return extreme
        return expressions_of(dialect).extreme(self.function, source, kind)

    def _exact(self, source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        """The number as text."""
        return expressions_of(dialect).exact_total(self.function, source, self._kind)

    def _number(self, subject: Subject, dialect: str) -> Output:
        kind, text = self._kind, subject.expression
        if kind.startswith("decimal"):
            return of_text(self.name, expressions_of(dialect).json_string_or_null(text), digits=lambda: text)
        if kind == "integer" and self.function == "sum":
            return of_text(self.name, text)
        expressions = expressions_of(dialect)
        return of_text(self.name, expressions.json_float(expressions.total_as_float(text)))


def _kind(subject: Subject) -> str | None:
    """How numbers are stored, for the functions that add them up; None for other values."""
    expression = subject.expression
    if not isinstance(expression, sa.ColumnElement):
        return None
    kind, json_type = expression.type, subject.field_type.json_schema(subject.options).get("type")
    if isinstance(kind, ExactDecimal):
        return f"decimal {kind.scale} {'text' if kind.precision > INTEGER_DIGITS else 'units'}"
    if isinstance(kind, sa.Float):
        return "float"
    return "integer" if isinstance(kind, sa.Integer) and json_type == "integer" else None
