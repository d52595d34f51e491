"""``count()``, ``price.sum()``, ``avg()``, ``min()``, ``max()`` (PostgREST, "Aggregate Functions").

Sums are exact on both databases, whatever the order of the rows: those of floats are sums of the decimal numbers that
the floats are written as. The average of exact decimals has six digits more than they have, rounded half away from
zero; of other numbers it is a float.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from dynmodel_pyramid.database.sqlite_sums import AVERAGE_DIGITS
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.exact import INTEGER_DIGITS, ExactDecimal
from dynmodel_pyramid.fields.numbers import Integer
from dynmodel_pyramid.fields.temporal import UTCDateTime
from dynmodel_pyramid.fields.text import Text
from dynmodel_pyramid.queries.casts import cast
from dynmodel_pyramid.queries.json_text import float_text, quoted
from dynmodel_pyramid.queries.outputs import Output, of_subject, of_text
from dynmodel_pyramid.queries.subjects import Subject, plain

_LARGEST = "1.7976931348623157e308"
#: Of these PostgreSQL has min() and max(); of others the first one in order is taken.
_ORDERED = (sa.Integer, sa.Numeric, sa.String, sa.Date, sa.DateTime, sa.Time, ExactDecimal, UTCDateTime)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate of a select; ``subject`` None: ``count()``, of rows."""

    name: str
    function: str
    subject: Subject | None
    cast: str | None

    def output(self, source: sa.ColumnElement | None, dialect: str) -> Output:
        """Its value over a group.

        :param source: the subject's expression, as a column of the rows that are grouped
        """
        if self.function == "count":
            counted = sa.func.count() if source is None else sa.func.count(source)
            made: Subject | Output = Subject(
                self.name, sa.type_coerce(counted, sa.BigInteger()), *plain(Integer), dialect
            )
        elif self.function in ("min", "max"):
            made = self._extreme(source, dialect)
        else:
            made = self._exact(source, dialect)
            if self.cast is None:
                return self._number(made, dialect)
        return of_subject(self.name, made if self.cast is None else cast(made, self.cast))

    def check(self) -> None:
        """
        :raises Malformed: the values have no such aggregate
        """
        subject = self.subject
        if subject is None or self.function == "count":
            known = subject is None or isinstance(subject.expression, sa.ColumnElement)
        elif self.function in ("min", "max"):
            known = is_sortable(subject.field_type) and isinstance(subject.expression, sa.ColumnElement)
        else:
            known = _kind(subject) is not None
        if not known:
            raise Malformed(
                f"select: {subject.name} has no {self.function}()",
                code="invalid_parameter",
                hint="sum and avg are of numbers, min and max of what has an order",
            )

    def _extreme(self, source: sa.ColumnElement, dialect: str) -> Subject:
        known, kind = self.subject, self.subject.expression.type
        if dialect == "sqlite" or isinstance(kind, _ORDERED):
            made = getattr(sa.func, self.function)(source, type_=kind)
        else:
            order = source.asc() if self.function == "min" else source.desc()
            every = sa.func.array_agg(sa.dialects.postgresql.aggregate_order_by(source, order), type_=sa.ARRAY(kind))
            made = sa.type_coerce(every.filter(source.is_not(None))[1], kind)
        return Subject(self.name, made, known.field_type, known.options, dialect)

    def _exact(self, source: sa.ColumnElement, dialect: str) -> Subject:
        """The number as text."""
        kind = _kind(self.subject)
        if dialect == "sqlite":
            function = sa.func.dynmodel_sum if self.function == "sum" else sa.func.dynmodel_avg
            stored = sa.type_coerce(source, sa.Text())
            made = function(stored, sa.literal(kind, sa.Text()), type_=sa.Text())
        else:
            made = _of_postgresql(self.function, source, kind)
        return Subject(self.name, made, *plain(Text), dialect)

    def _number(self, made: Subject, dialect: str) -> Output:
        kind, text = _kind(self.subject), made.expression
        if kind.startswith("decimal"):
            return of_text(self.name, quoted(text, dialect), digits=lambda: text)
        if kind == "integer" and self.function == "sum":
            return of_text(self.name, text)
        number = sa.cast(text, sa.Float(53)) if dialect == "postgresql" else text
        return of_text(self.name, float_text(number, dialect))


def _kind(subject: Subject) -> str | None:
    """How numbers are stored, for the functions that add them up; None for what is no number."""
    expression = subject.expression
    if not isinstance(expression, sa.ColumnElement):
        return None
    kind, told = expression.type, subject.field_type.json_schema(subject.options).get("type")
    if isinstance(kind, ExactDecimal):
        return f"decimal {kind.scale} {'text' if kind.precision > INTEGER_DIGITS else 'units'}"
    if isinstance(kind, sa.Float):
        return "float"
    return "integer" if isinstance(kind, sa.Integer) and told == "integer" else None


def _of_postgresql(function: str, source: sa.ColumnElement, kind: str) -> sa.ColumnElement:
    number = sa.cast(sa.cast(source, sa.Text()), sa.Numeric()) if kind == "float" else sa.cast(source, sa.Numeric())
    total, count = sa.func.sum(number, type_=sa.Numeric()), sa.func.count(source)
    if kind == "float":
        largest = sa.literal_column(f"'{_LARGEST}'::numeric", sa.Numeric())
        total = sa.case((sa.func.abs(total) <= largest, sa.cast(total, sa.Float(53))))
    if function == "sum":
        return sa.cast(total, sa.Text())
    if kind in ("float", "integer"):
        total = sa.cast(total, sa.Float(53))
        return sa.cast(total / sa.func.nullif(sa.cast(count, sa.Float(53)), sa.literal_column("0")), sa.Text())
    digits = int(kind.split()[1]) + AVERAGE_DIGITS
    size = sa.literal_column("1" + "0" * digits, sa.Numeric())
    unit = sa.literal_column("0." + "0" * (digits - 1) + "1", sa.Numeric())
    # div() cuts, without an error of its own: twice as much and one count more is rounding.
    twice = sa.func.abs(total, type_=sa.Numeric()) * size * sa.literal_column("2", sa.Numeric())
    units = sa.func.div(twice + count, count * sa.literal_column("2", sa.Numeric()), type_=sa.Numeric())
    return sa.cast(sa.func.sign(total, type_=sa.Numeric()) * units * unit, sa.Text())
