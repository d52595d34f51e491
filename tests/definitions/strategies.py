"""Hypothesis strategies of definitions: as documents that nothing is wrong with."""

import string

from hypothesis import strategies as st

from dynmodel_pyramid.definitions.names import SYSTEM_COLUMNS

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
NAMES = st.one_of(
    st.sampled_from(["select", "İ", "ı", "é", "x" * 63, "变", "metadata"]),
    st.text(string.ascii_letters, min_size=1, max_size=4).filter(lambda name: name.casefold() not in SYSTEM_COLUMNS),
)
DEFAULTS = {
    "string": st.sampled_from(["", "x", "'\"\\%"]),
    "text": st.sampled_from(["", "x\ny"]),
    "number": st.sampled_from([0, 1.5, -1e300, 2**70]),
    "integer": st.sampled_from([0, -5, 2**63 - 1, 3.0]),
    "boolean": st.booleans(),
    "date": st.just("2026-01-31"),
    "datetime": st.just("2026-01-31T12:00:00+01:00"),
    "json": st.sampled_from([{}, [1, None], {"a": [True]}, "x", 0, False]),
}
OPTIONS = {
    "string": st.fixed_dictionaries({}, optional={"max_length": st.integers(20, 300), "min_length": st.just(0)}),
    "number": st.fixed_dictionaries({}, optional={"min": st.just(-1e308), "max": st.just(2**80)}),
    "integer": st.fixed_dictionaries({}, optional={"min": st.integers(-99, -5)}),
}


def field(kind: str):
    common = {
        "required": st.booleans(),
        "default": st.one_of(st.none(), DEFAULTS[kind]),
        "label": st.one_of(st.none(), TEXT),
        "description": TEXT,
        "position": st.integers(1, 9),
    }
    if kind != "json":
        common |= {"unique": st.booleans(), "index": st.booleans()}
    return st.builds(
        lambda common, own: {"type": kind, **common, **own},
        st.fixed_dictionaries({}, optional=common),
        OPTIONS.get(kind, st.just({})),
    )


FIELDS = st.dictionaries(NAMES, st.sampled_from(sorted(DEFAULTS)).flatmap(field), max_size=5).filter(
    lambda fields: len({name.casefold() for name in fields}) == len(fields)
)


@st.composite
def documents(draw):
    """A document that defines a table."""
    fields = draw(FIELDS)
    document = {"model_name": draw(NAMES), "fields": fields}
    sortable = [name for name, made in fields.items() if made["type"] != "json"]
    if sortable and draw(st.booleans()):
        parts = draw(st.lists(st.sampled_from(sortable), min_size=1, max_size=3, unique=True))
        document["unique"] = [{"fields": parts, "nulls_distinct": draw(st.booleans())}]
        document["indexes"] = [{"fields": [{"field": part, "descending": draw(st.booleans())} for part in parts]}]
    for name in ("label", "description"):
        if draw(st.booleans()):
            document[name] = draw(st.one_of(st.none(), TEXT))
    return document
