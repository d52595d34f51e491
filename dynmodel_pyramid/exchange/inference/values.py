"""The type of a column whose cells are values: those of JSON, of a spreadsheet, of Parquet."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from dynmodel_pyramid.exchange.inference.kinds import Clocks, Days, Found, Kind, Moments, Uuids, of_values
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.numerals import Rounded
from dynmodel_pyramid.fields.sql.exact import INTEGER_DIGITS, MAX_PRECISION
from dynmodel_pyramid.fields.types.temporal import zone_of

_INT64 = 2**63
#: Whole numbers up to this size are floats without loss.
_EXACT = 2**53
_MIDNIGHT = datetime.time()


class Values:
    """What was seen of the values of a column, by their Python types.

    :param types: the types that objects and arrays may have, from the narrowest to ``json``
    :param zone: the IANA name of the zone of local times
    :param become_texts: whether values of all types can be stored as texts: those of records, not those of JSON
    """

    def __init__(
        self,
        types: Mapping[str, tuple[FieldType, Options]],
        zone: str | None = None,
        *,
        become_texts: bool = False,
    ) -> None:
        self._become_texts = become_texts
        self._seen: set[type] = set()
        self._zone = zone
        self._texts: list[Kind] = [Days(), Moments(zone_of({"timezone": zone}), zone), Clocks(), Uuids()]
        self._structures: dict[str, Callable[[Any], bool]] = {name: of_values(*type_) for name, type_ in types.items()}
        self._fits = self._is_exact = self._are_midnights = True
        self._are_local = self._have_offsets = False
        self._whole = self._scale = 0
        self.note: str | None = None

    def look(self, values: Iterable[Any]) -> None:
        """:param values: without null"""
        for value in values:
            kind = type(value)
            self._seen.add(kind)
            look = _LOOKS.get(kind)
            if look is not None:
                look(self, value)
            elif isinstance(value, float):
                self._seen.add(float)

    def _look_text(self, value: str) -> None:
        if self._texts:
            self._texts = [kind for kind in self._texts if kind.takes(value)]

    def _look_integer(self, value: int) -> None:
        self._fits = self._fits and -_INT64 <= value < _INT64
        self._is_exact = self._is_exact and -_EXACT <= value <= _EXACT
        self._whole = max(self._whole, len(str(abs(value))) if abs(value) < 10**MAX_PRECISION else 2 * MAX_PRECISION)

    def _look_decimal(self, value: Decimal) -> None:
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):  # no finite number
            self._whole = 2 * MAX_PRECISION
            return
        self._scale = max(self._scale, -exponent)
        self._whole = max(self._whole, len(digits) + exponent)

    def _look_moment(self, value: datetime.datetime) -> None:
        if value.tzinfo is None:
            self._are_local = True
        else:
            self._have_offsets = True
        self._are_midnights = self._are_midnights and value.time() == _MIDNIGHT and value.tzinfo is None

    def _look_structure(self, value: Any) -> None:
        for name in list(self._structures):
            if not self._structures[name](value):
                del self._structures[name]

    def found(self) -> Found | None:
        """The type of the values; None: they are texts, or there are none."""
        seen = self._seen
        if not seen:
            return None
        if seen == {str}:
            return self._found_in_texts()
        found = self._found_in_values(seen)
        if found is None:
            self.note = "values of several types"
            return {"type": "string" if self._become_texts and not seen & {list, dict} else "json"}
        return found

    def _found_in_values(self, seen: set[type]) -> Found | None:
        if seen == {bool}:
            return {"type": "boolean"}
        if seen == {int} and self._fits:
            return {"type": "integer"}
        if float in seen and all(issubclass(kind, int | float) and kind is not bool for kind in seen):
            if Rounded in seen:
                self.note = "numbers with more digits than a number keeps: send them as texts for decimal"
            return {"type": "number"} if self._is_exact else None
        if Decimal in seen and seen <= {int, Decimal}:
            precision = self._whole + self._scale
            options = {"precision": max(precision, INTEGER_DIGITS), "scale": self._scale}
            return {"type": "decimal", **options} if precision <= MAX_PRECISION else None
        if seen <= {datetime.date, datetime.datetime}:
            return self._found_in_moments(seen)
        if seen == {datetime.time}:
            return {"type": "time"}
        if seen <= {list, dict} and self._structures:
            return {"type": next(iter(self._structures))}
        return None

    def _found_in_moments(self, seen: set[type]) -> Found | None:
        if datetime.datetime not in seen or self._are_midnights:
            return {"type": "date"}
        if not self._are_local and datetime.date not in seen:
            return {"type": "datetime"}
        if self._zone is not None:
            return {"type": "datetime", "timezone": self._zone}
        self.note = "times without an offset; say timezone= and whose local time they are for datetime"
        return {"type": "string"}

    def _found_in_texts(self) -> Found | None:
        for kind in self._texts:
            found = kind.found()
            if found is not None:
                return found
            self.note = kind.note
        return None


_LOOKS: dict[type, Callable[[Values, Any], None]] = {
    str: Values._look_text,
    int: Values._look_integer,
    Decimal: Values._look_decimal,
    datetime.datetime: Values._look_moment,
    list: Values._look_structure,
    dict: Values._look_structure,
}
