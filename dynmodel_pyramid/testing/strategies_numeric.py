"""Hypothesis strategies: JSON values of the numeric and temporal types, valid under default options.

All are in the form of answers, so that an answer can be compared with the value that was sent.
"""

import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy.dialects.postgresql import Range

from dynmodel_pyramid.fields.sql.exact import from_units
from dynmodel_pyramid.fields.time_texts import write_datetime
from dynmodel_pyramid.fields.types.clock import write_duration
from dynmodel_pyramid.fields.types.ranges import SUBTYPES, canonical, write_range

_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_MOMENTS = st.datetimes(timezones=st.just(datetime.UTC))


def _decimals(precision: int, scale: int) -> SearchStrategy[str]:
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda units: from_units(units, scale))


def _degrees(most: int) -> SearchStrategy[float]:
    return st.floats(-most, most).map(_without_minus_zero)


def _without_minus_zero(value: float) -> float:
    return value + 0.0


def _duration(microseconds: int) -> str:
    return write_duration(datetime.timedelta(microseconds=microseconds))


def _ranges(kind: str, values: SearchStrategy, bounds: tuple[str, ...]) -> SearchStrategy[str]:
    def write(ends: list[Any], bounded: tuple[bool, bool], bounds: Any) -> str:
        lower, upper = (end if keep else None for end, keep in zip(sorted(ends), bounded, strict=True))
        return write_range(canonical(Range(lower, upper, bounds=bounds), SUBTYPES[kind]), SUBTYPES[kind])

    ends = st.lists(values, min_size=2, max_size=2)
    return st.builds(write, ends, st.tuples(st.booleans(), st.booleans()), st.sampled_from(bounds))


#: Type name -> values.
STRATEGIES: dict[str, SearchStrategy] = {
    "integer": _INTEGERS,
    "number": st.floats(allow_nan=False, allow_infinity=False).map(_without_minus_zero),
    "decimal": _decimals(18, 2),
    "percent": _decimals(7, 2),
    "currency": _decimals(18, 2),
    "rating": st.integers(1, 5),
    "date": st.dates().map(datetime.date.isoformat),
    "time": st.times().map(datetime.time.isoformat),
    "datetime": _MOMENTS.map(write_datetime),
    "duration": _INTEGERS.map(_duration),
    # Inclusive upper bounds are answered as exclusive ones, and the greatest value has no next value.
    "integer_range": _ranges("integer", _INTEGERS, ("[)",)),
    "date_range": _ranges("date", st.dates(), ("[)",)),
    "datetime_range": _ranges("datetime", _MOMENTS, ("[)", "(]", "()", "[]")),
    "point": st.fixed_dictionaries({"longitude": _degrees(180), "latitude": _degrees(90)}),
}
