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
ALIAS_NAMES = st.text(string.ascii_lowercase, min_size=5, max_size=6).filter(lambda name: name not in SYSTEM_COLUMNS)
#: These names are no names of fields, which have four letters at most, or are listed above. An alias has the same
#: moment in all documents, or none: a document that names another one is refused.
ALIASES = st.lists(
    st.one_of(
        ALIAS_NAMES,
        st.builds(
            lambda name, moment: {"name": f"was_{name}", "deprecated_at": moment},
            ALIAS_NAMES,
            st.sampled_from(["2026-01-31T12:00:00Z", "2026-01-31T13:00:00.5+01:00"]),
        ),
    ),
    max_size=2,
)
EXPRESSIONS = {
    "string": ["now", "today", "uuid"],
    "text": ["now", "today", "uuid"],
    "date": ["today"],
    "datetime": ["now"],
    "json": ["now", "today", "uuid"],
}
OPTIONS = {
    "string": st.fixed_dictionaries({}, optional={"max_length": st.integers(40, 300), "min_length": st.just(0)}),
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
        "read_only": st.booleans(),
        "write_only": st.booleans(),
        "message": st.one_of(st.none(), st.text(string.printable, min_size=1, max_size=6)),
        "aliases": ALIASES,
    }
    if kind in ("string", "text"):
        common |= {"unique_ignore_case": st.booleans()}
    if kind in EXPRESSIONS:
        either = st.fixed_dictionaries({}, optional={"default": common.pop("default")}) | st.fixed_dictionaries(
            {"default_expression": st.sampled_from(EXPRESSIONS[kind])}
        )
    else:
        either = st.just({})
    if kind != "json":
        indexes = [False, True, "search"] if kind in ("string", "text") else [False, True]
        common |= {"unique": st.booleans(), "index": st.sampled_from(indexes)}
    return st.builds(
        lambda common, either, own: {"type": kind, **common, **either, **own},
        st.fixed_dictionaries({}, optional=common),
        either,
        OPTIONS.get(kind, st.just({})),
    )


def names_of_aliases(made: dict) -> list[str]:
    return [alias if isinstance(alias, str) else alias["name"] for alias in made.get("aliases", ())]


def without_clashes(fields: dict) -> bool:
    names = [name.casefold() for name in fields]
    names += [alias for made in fields.values() for alias in names_of_aliases(made)]
    return len(set(names)) == len(names) and not {"metadata", "select"} & set(names[len(fields) :])


FIELDS = st.dictionaries(NAMES, st.sampled_from(sorted(DEFAULTS)).flatmap(field), max_size=5).filter(without_clashes)


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
    shown = [name for name, made in fields.items() if not made.get("write_only")]
    if shown and draw(st.booleans()):
        document["display"] = draw(st.sampled_from(shown))
    for name in ("label", "description"):
        if draw(st.booleans()):
            document[name] = draw(st.one_of(st.none(), TEXT))
    return document
