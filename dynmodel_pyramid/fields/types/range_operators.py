"""Operators of ranges (PostgreSQL manual, 9.20): the database's own if it has ranges, else made of the bounds in the
canonical text.

The range to compare with is known, so its bounds decide here which conditions SQL needs.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.operators import GT, GTE, IDENTITY, LT, LTE, Condition, Operator, bound
from dynmodel_pyramid.fields.sql import text_forms


class _Bounds:
    """The bounds of a range that is kept as text; missing bounds are null.

    Bounds compare as numbers or as texts. Without its Z the text of a point in time sorts as the time does: a fraction
    has six digits, or is left out.
    """

    def __init__(self, column: sa.ColumnElement[Any], dialect: str) -> None:
        text = sa.type_coerce(column, sa.Text())
        inner = sa.func.substr(text, 2, sa.func.length(text) - 2)
        comma = expressions_of(dialect).place_of(",", inner)
        kind: Any = column.type  # a RangeColumn of ``ranges``
        self.kind: str = kind.kind
        self.low = self._bound(sa.func.substr(inner, 1, comma - 1))
        self.high = self._bound(sa.func.substr(inner, comma + 1))
        self.includes_low = sa.func.substr(text, 1, 1) == "["
        self.includes_high = sa.func.substr(text, -1) == "]"
        self.empty = text == "empty"

    def _bound(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        bound_text = sa.func.nullif(sa.func.replace(text, "Z", "", type_=sa.Text()), "", type_=sa.Text())
        return sa.cast(bound_text, sa.BigInteger()) if self.kind == "integer" else bound_text

    def value(self, bound_: object, write: Callable[[object], str]) -> sa.ColumnElement[Any]:
        if self.kind == "integer":
            return sa.literal(bound_, sa.BigInteger())
        return sa.literal(write(bound_).replace("Z", ""), sa.Text())


def _beyond(
    known: sa.ColumnElement[Any], far: sa.ColumnElement[Any], touches: sa.ColumnElement[bool], *, above: bool
) -> sa.ColumnElement[bool]:
    """Whether an existing bound lies above (or below) another one, or, with ``touches``, on it."""
    further = known > far if above else known < far
    return sa.and_(known.is_not(None), sa.or_(further, sa.and_(known == far, touches)))


class _Comparison:
    """A range in SQL, ``a``, against a known one that is not empty; all methods give conditions."""

    def __init__(
        self, column: sa.ColumnElement[Any], wanted: Range[Any], write: Callable[[object], str], dialect: str
    ) -> None:
        self.a = _Bounds(column, dialect)
        self.low = None if wanted.lower is None else self.a.value(wanted.lower, write)
        self.high = None if wanted.upper is None else self.a.value(wanted.upper, write)
        self.with_low, self.with_high = wanted.bounds[0] == "[", wanted.bounds[1] == "]"

    @staticmethod
    def _when(condition: bool) -> sa.ColumnElement[bool]:
        return sa.true() if condition else sa.false()

    def begins_within(self) -> sa.ColumnElement[bool]:
        """The lower bound of a is not below that of b."""
        if self.low is None:
            return sa.true()
        touches = sa.or_(self._when(self.with_low), ~self.a.includes_low)
        return _beyond(self.a.low, self.low, touches, above=True)

    def ends_within(self) -> sa.ColumnElement[bool]:
        if self.high is None:
            return sa.true()
        touches = sa.or_(self._when(self.with_high), ~self.a.includes_high)
        return _beyond(self.a.high, self.high, touches, above=False)

    def begins_before(self) -> sa.ColumnElement[bool]:
        """The lower bound of a is not above that of b."""
        if self.low is None:
            return self.a.low.is_(None)
        touches = sa.or_(self.a.includes_low, self._when(not self.with_low))
        return sa.or_(self.a.low.is_(None), _beyond(self.a.low, self.low, touches, above=False))

    def ends_after(self) -> sa.ColumnElement[bool]:
        if self.high is None:
            return self.a.high.is_(None)
        touches = sa.or_(self.a.includes_high, self._when(not self.with_high))
        return sa.or_(self.a.high.is_(None), _beyond(self.a.high, self.high, touches, above=True))

    def left_of(self) -> sa.ColumnElement[bool]:
        if self.low is None:
            return sa.false()
        return _beyond(self.a.high, self.low, ~sa.and_(self.a.includes_high, self._when(self.with_low)), above=False)

    def right_of(self) -> sa.ColumnElement[bool]:
        if self.high is None:
            return sa.false()
        return _beyond(self.a.low, self.high, ~sa.and_(self.a.includes_low, self._when(self.with_high)), above=True)

    def low_less(self) -> sa.ColumnElement[bool]:
        """The lower bound of a comes before that of b: a missing one is the first, and one that is included comes
        before one that is not.
        """
        if self.low is None:
            return sa.false()
        touches = sa.and_(self.a.includes_low, self._when(not self.with_low))
        return sa.or_(self.a.low.is_(None), _beyond(self.a.low, self.low, touches, above=False))

    def low_equal(self) -> sa.ColumnElement[bool]:
        if self.low is None:
            return self.a.low.is_(None)
        included = self.a.includes_low if self.with_low else ~self.a.includes_low
        return sa.and_(self.a.low.is_not(None), self.a.low == self.low, included)

    def high_less(self) -> sa.ColumnElement[bool]:
        """The upper bound of a comes before that of b: a missing one is the last."""
        if self.high is None:
            return self.a.high.is_not(None)
        touches = sa.and_(~self.a.includes_high, self._when(self.with_high))
        return _beyond(self.a.high, self.high, touches, above=False)

    def less(self) -> sa.ColumnElement[bool]:
        return sa.or_(self.low_less(), sa.and_(self.low_equal(), self.high_less()))

    def adjacent(self) -> sa.ColumnElement[bool]:
        # Exactly one of two equal bounds is included.
        conditions = []
        if self.low is not None:
            one = ~self.a.includes_high if self.with_low else self.a.includes_high
            conditions.append(sa.and_(self.a.high.is_not(None), self.a.high == self.low, one))
        if self.high is not None:
            one = ~self.a.includes_low if self.with_high else self.a.includes_low
            conditions.append(sa.and_(self.a.low.is_not(None), self.a.low == self.high, one))
        return sa.or_(sa.false(), *conditions)


#: Name -> (PostgreSQL's sign, condition for ranges that aren't empty, for an empty a, for an empty b). For an empty b
#: it is True or False, or ``None``: whether a is empty, too.
_MADE = {
    "cs": ("@>", lambda it: sa.and_(it.begins_before(), it.ends_after()), False, True),
    "cd": ("<@", lambda it: sa.and_(it.begins_within(), it.ends_within()), True, None),
    "ov": ("&&", lambda it: ~sa.or_(it.left_of(), it.right_of()), False, False),
    "sl": ("<<", _Comparison.left_of, False, False),
    "sr": (">>", _Comparison.right_of, False, False),
    "nxr": ("&<", _Comparison.ends_within, False, False),
    "nxl": ("&>", _Comparison.begins_within, False, False),
    "adj": ("-|-", _Comparison.adjacent, False, False),
}


def _condition(name: str) -> Condition:
    sign, of_bounds, of_empty, with_empty = _MADE[name]

    def condition(left: sa.ColumnElement[Any], right: Range[Any], dialect: str) -> sa.ColumnElement[bool]:
        if expressions_of(dialect).has_ranges:
            return left.bool_op(sign)(sa.cast(bound(left, right), left.type))
        if right.empty:
            empty = _Bounds(left, dialect).empty if with_empty is None else _Comparison._when(with_empty)
            return text_forms.unless_null(left, empty)
        kind: Any = left.type  # a RangeColumn of ``ranges``
        it = _Comparison(left, right, kind.write_bound, dialect)
        asked = sa.or_(it.a.empty, of_bounds(it)) if of_empty else sa.and_(~it.a.empty, of_bounds(it))
        return text_forms.unless_null(left, asked)

    return condition


def _order(known: Operator, sign: str, *, equal: bool, negated: bool) -> Operator:
    """An operator of the order (PostgreSQL manual, 9.20, table 9.57): the empty range is the first, then lower bounds
    decide, then upper ones.

    :param equal: whether it is ``<=``, else it is ``<``; ``negated``: the opposite of that
    """

    def condition(left: sa.ColumnElement[Any], right: Range[Any], dialect: str) -> sa.ColumnElement[bool]:
        if expressions_of(dialect).has_ranges:
            return left.bool_op(sign)(sa.cast(bound(left, right), left.type))
        kind: Any = left.type  # a RangeColumn of ``ranges``
        if right.empty:
            asked = _Bounds(left, dialect).empty if equal else sa.false()
        else:
            it = _Comparison(left, right, kind.write_bound, dialect)
            less = sa.or_(it.less(), left == bound(left, right)) if equal else it.less()
            asked = sa.case((it.a.empty, sa.true()), else_=less)
        return text_forms.unless_null(left, sa.not_(asked) if negated else asked)

    return replace(known, condition=condition, sorts=False)


_ORDER = (
    _order(GT, ">", equal=True, negated=True),
    _order(GTE, ">=", equal=False, negated=True),
    _order(LT, "<", equal=False, negated=False),
    _order(LTE, "<=", equal=True, negated=False),
)
_WORDS = {
    "cs": "contains",
    "cd": "is contained in",
    "ov": "has something in common with",
    "sl": "lies before, without a common value",
    "sr": "lies after, without a common value",
    "nxr": "does not extend to the right of",
    "nxl": "does not extend to the left of",
    "adj": "is adjacent to",
}
#: The operators of range types.
RANGES: tuple[Operator, ...] = (
    *IDENTITY,
    *_ORDER,
    *(Operator(name, words, _condition(name)) for name, words in _WORDS.items()),
)
