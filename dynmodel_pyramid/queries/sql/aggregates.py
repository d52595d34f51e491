"""``count()``, ``price.sum()``, ``avg()``, ``min()``, ``max()`` (PostgREST, "Aggregate Functions").

Sums are exact on both databases, whatever the order of the rows: those of floats are sums of the decimal numbers that
the floats are written as. The average of exact decimals has six digits more than they have, rounded half away from
zero; of other numbers it is a float.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.sqlite_sums import AVERAGE_DIGITS
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.sql.exact import INTEGER_DIGITS, ExactDecimal
from dynmodel_pyramid.fields.types.numbers import Integer
from dynmodel_pyramid.fields.types.temporal import UTCDateTime
from dynmodel_pyramid.fields.types.text import Text, byte_order
from dynmodel_pyramid.queries.sql.casts import cast
from dynmodel_pyramid.queries.sql.json_text import float_text, quoted
from dynmodel_pyramid.queries.sql.outputs import Output, of_subject, of_text
from dynmodel_pyramid.queries.sql.subjects import Subject, plain

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

        :param value: the aggregate, as a column of the groups: SQLite takes none in a subquery
        """
        if self.function == "count":
            made = Subject(self.name, sa.type_coerce(value, sa.BigInteger()), *plain(Integer), dialect)
        elif self.function in ("min", "max"):
            value = sa.type_coerce(value, self.values.expression.type)
            made = Subject(self.name, value, self.values.field_type, self.values.options, dialect)
        else:
            made = Subject(self.name, sa.type_coerce(value, byte_order()), *plain(Text), dialect)
            if self.cast is None:
                return self._number(made, dialect)
        return of_subject(self.name, made if self.cast is None else cast(made, self.cast))

    def check(self) -> None:
        """
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
                f"select: {subject.name} has no {self.function}()",
                code="invalid_parameter",
                hint="sum and avg are of numbers, min and max of what has an order",
            )

    def _extreme(self, source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        kind = self.values.expression.type
        if dialect == "sqlite" or isinstance(kind, _ORDERED):
            made: sa.ColumnElement[Any] = getattr(sa.func, self.function)(source, type_=kind)
            return made
        order = source.asc() if self.function == "min" else source.desc()
        every = sa.func.array_agg(sa.dialects.postgresql.aggregate_order_by(source, order), type_=sa.ARRAY(kind))
        return sa.type_coerce(every.filter(source.is_not(None))[1], kind)

    def _exact(self, source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        """The number as text."""
        kind = self._kind
        if dialect != "sqlite":
            return _of_postgresql(self.function, source, kind)
        function = sa.func.dynmodel_sum if self.function == "sum" else sa.func.dynmodel_avg
        return function(sa.type_coerce(source, sa.Text()), sa.literal(kind, sa.Text()), type_=sa.Text())

    def _number(self, made: Subject, dialect: str) -> Output:
        kind, text = self._kind, made.expression
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


def _digits(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A float as the decimal number that it is written as; from 1e15 on, where ways to write differ, with 17 digits."""
    seventeen = sa.func.to_char(number, sa.literal_column(f"'9.{'9' * 16}EEEE'"))
    short = sa.func.abs(number) < sa.literal_column("1e15", sa.Float(53))
    return sa.cast(sa.case((short, sa.cast(number, sa.Text())), else_=seventeen), sa.Numeric())


def _of_postgresql(function: str, source: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
    number = _digits(source) if kind == "float" else sa.cast(source, sa.Numeric())
    total: sa.ColumnElement[Any] = sa.func.sum(number, type_=sa.Numeric())
    count = sa.func.count(source)
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
