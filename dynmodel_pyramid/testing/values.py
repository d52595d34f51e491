"""JSON values that a field type must accept or refuse, and the comparison of JSON values."""

from typing import Any

#: Edge values of every JSON type. A validator must accept or refuse each, and never fail in another way.
HOSTILE: tuple[Any, ...] = (
    True,
    False,
    0,
    1,
    -1,
    1.0,
    1.5,
    -0.0,
    1e23,
    1.7976931348623157e308,
    5e-324,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63),
    -(2**63) - 1,
    10**30,
    10**400,
    "",
    " ",
    "x",
    "1",
    "true",
    "null",
    "2026-01-31",
    'it\'s 100 % \\ "ä" 🙂\n:name',
    "a\0b",
    "\ud800",
    "x" * 20_000,
    [],
    [[]],
    ["x", None],
    {},
    {"a": None},
    {"a": {"b": [1, "x"]}},
    {"\0": 1},
    ["\udfff"],
)


def nested(levels: int) -> list:
    """An array in an array, that many levels deep."""
    value: list = []
    for _ in range(levels - 1):
        value = [value]
    return value


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: ``1`` and ``1.0`` are, ``1`` and ``true`` are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        # An integer that a float is written out as is that float.
        return one == other or (float in (type(one), type(other)) and float(one) == float(other))
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    return one == other


def identical(one: Any, other: Any) -> bool:
    """Whether two Python values are identical: types and the sign of zero count."""
    return type(one) is type(other) and one == other and repr(one) == repr(other)
