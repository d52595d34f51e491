"""Values of the types that were there first."""

import datetime

from hypothesis import strategies as st

#: Text that both databases store: no NUL, no lone surrogates.
STORABLE = st.characters(codec="utf-8", exclude_characters="\0")


def _instant(moment: datetime.datetime) -> str:
    return moment.isoformat() + "Z"


_SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(STORABLE, max_size=20),
)
_JSON = st.recursive(
    st.none() | _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(STORABLE, max_size=10), inner, max_size=4),
    max_leaves=8,
)

STRATEGIES = {
    "string": st.text(STORABLE, max_size=255),
    "text": st.text(STORABLE, max_size=1000),
    "boolean": st.booleans(),
    "json": _JSON.filter(lambda value: value is not None),  # null is no value of any type
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "date": st.dates().map(datetime.date.isoformat),
    "datetime": st.datetimes().map(_instant),
}
