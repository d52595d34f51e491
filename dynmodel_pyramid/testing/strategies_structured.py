"""Hypothesis strategies of JSON values of the structured types, valid under the options beside them."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from dynmodel_pyramid.fields.schema import INT64

#: Texts that both databases store: no NUL, no surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
KEYS = ("a", "b", "Z", "it's 50 %", "NULL", '{"ä\\,}', "🙂", ":x")
CHOICES = {"choices": [{"key": key, "label": None, "colour": None} for key in KEYS]}

_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_ATOMS = st.booleans() | st.integers(-INT64, INT64 - 1) | _FLOATS | TEXTS
JSON_VALUES = st.recursive(
    st.none() | _ATOMS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
).filter(lambda value: value is not None)


def _chosen(keys: list[str]) -> tuple[list[str], list[str]]:
    """The answer is in the order of the choices."""
    return keys, sorted(keys, key=KEYS.index)


#: Type -> a strategy of JSON values under its default options, or of pairs (value, answer); (options, strategy) where
#: it needs options.
STRATEGIES: dict[str, SearchStrategy | tuple[dict[str, Any], SearchStrategy | None]] = {
    "choice": (CHOICES, st.sampled_from(KEYS)),
    "multi_choice": (CHOICES, st.lists(st.sampled_from(KEYS), unique=True).map(_chosen)),
    "tags": st.lists(TEXTS.filter(lambda text: 0 < len(text) <= 100), unique=True, max_size=100),
    "json": JSON_VALUES,
    # Ids of rows and users, and system values, cannot be invented.
    "user": ({}, None),
    "link": ({"table": 1}, None),
    "links": ({"table": 1}, None),
    "autonumber": ({}, None),
    "created_time": ({}, None),
    "updated_time": ({}, None),
    "created_by": ({}, None),
    "updated_by": ({}, None),
}
