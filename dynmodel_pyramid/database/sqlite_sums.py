"""Exact sums and averages, in any order of the rows. SQLite's own are not exact.

Their argument ``kind`` says how numbers are stored: ``integer``, ``float``, ``decimal 2 units`` (whole numbers of the
smallest unit, two digits after the point) or ``decimal 2 text`` (digits in order, ``fields/sql/exact.py``). Results are
texts.
"""

import decimal
import sqlite3
from fractions import Fraction

from dynmodel_pyramid.database.sqlite_deadline import Deadline

#: How many more digits an average of decimals has than the decimals; docs/queries.md promises it.
AVERAGE_DIGITS = 6
_NINES = str.maketrans("0123456789", "9876543210")
_LARGEST = Fraction(decimal.Decimal("1.7976931348623157e308"))


class Sum:
    """``dynmodel_sum(value, kind)``"""

    def __init__(self) -> None:
        self.kind = ""
        self.total: int | Fraction = 0
        self.count = 0

    def step(self, value: int | float | str | None, kind: str) -> None:
        if value is None:
            return
        self.kind = kind
        self.count += 1
        if kind == "float":
            number = float(value)
            # From 1e15 on, PostgreSQL and Python write different digits where the shortest ones lie half-way between
            # two floats.
            self.total += Fraction(repr(number) if abs(number) < 1e15 else f"{number:.16e}")
        elif kind.endswith("text"):
            digits = str(value)
            self.total += -int(digits[1:].translate(_NINES)) if digits[0] == "0" else int(digits[1:])
        else:
            self.total += int(value)

    def finalize(self) -> str | None:
        if not self.count:
            return None
        if self.kind == "float":
            return self._as_float()
        if self.kind == "integer":
            return str(self.total)
        return _decimal(int(self.total), int(self.kind.split()[1]))

    def _as_float(self) -> str | None:
        return _written(float(self.total)) if -_LARGEST <= self.total <= _LARGEST else None


class Average(Sum):
    """``dynmodel_avg(value, kind)``"""

    def finalize(self) -> str | None:
        if not self.count:
            return None
        if self.kind == "float":
            total = self._as_float()
            return None if total is None else _written(float(total) / self.count)
        if self.kind == "integer":
            return repr(float(self.total) / self.count)
        units = (abs(self.total) * 10**AVERAGE_DIGITS * 2 + self.count) // (2 * self.count)
        return _decimal(-units if self.total < 0 else units, int(self.kind.split()[1]) + AVERAGE_DIGITS)


def _written(number: float) -> str:
    return repr(number + 0.0)  # makes zero of minus zero, which a small number may be rounded to


def _decimal(units: int, scale: int) -> str:
    digits = f"{abs(units):0{scale + 1}}"
    sign = "-" if units < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else sign + digits


def register(dbapi: sqlite3.Connection, deadline: Deadline) -> None:
    for name, kind in (("dynmodel_sum", Sum), ("dynmodel_avg", Average)):
        # typeshed knows of aggregates of one whole number alone.
        dbapi.create_aggregate(name, 2, _bounded(kind, deadline))  # type: ignore[arg-type]


def _bounded(kind: type[Sum], deadline: Deadline) -> type[Sum]:
    def step(self: Sum, value: int | float | str | None, how: str) -> None:
        deadline.check()
        kind.step(self, value, how)

    return type(kind.__name__, (kind,), {"step": step})
