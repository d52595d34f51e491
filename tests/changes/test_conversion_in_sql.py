"""Conversions inside the database give, value by value, what Python gives; which of the two did it does not show."""

import datetime
import os
from functools import partial
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from dynmodel_pyramid.changes.values.column_values import ColumnValues, SideTable
from dynmodel_pyramid.changes.values.conversion import Conversion, convert_values, converter, in_database
from dynmodel_pyramid.database import Database, Dialect
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.strategies import drawn
from dynmodel_pyramid.testing.strategies_structured import TEXTS
from dynmodel_pyramid.testing.values import identical
from tests.every_type import written_types

TYPES = FieldTypes()
TYPES.load_entry_points()

_PART = st.sampled_from([*"0123456789+- \n\t", "١", "½", "²", "00", "e", ".", "\u00a0", "TRUE", "t", "False", "F", "ſ"])
_DAYS = st.builds("{:04}-{:02}-{:02}".format, st.integers(0, 10_000), st.integers(0, 13), st.integers(0, 32))
#: Forms of values, and what becomes of them when a part is doubled, lost or replaced.
_WRITTEN = [
    "19.90", "-0.00", "+.5", "5.", "00012.50", "12.5%", "1e5", "1.5E-3", "0.1234567890123456", "9007199254740993",
    "1e+23", "123456789012345.6", "9999999999999999.99", "12:30", "23:59:59.999999", "24:00:00", "12:30:15.1234567",
    "2026-01-31T12:00:00Z", "2026-02-29 12:00:00.5z", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999-00:00",
    "2026-01-31T12:00:00+02:00", "f81d4fae-7dec-11d0-a765-00A0C91E6BF6", "#00fF80", "#00ff80cc", "red-shoes-2", "a",
    "ada.l+x@mail.example.org", "Ada@example.org", "ada@example.test", "a@xn--a.org", "a-b@b-c.d-e.org", "192.0.2.1",
    "::ffff:1.2.3.4", "https://example.org/a?b=c", "HTTP://example.org:99999", "mailto:a", '["a"]', "{a}", 'a"b',
    "a\\b",
]  # fmt: skip


@st.composite
def _near_misses(draw) -> str:
    text = draw(st.sampled_from(_WRITTEN))
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 3)))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2]) | _PART | _SIGN) + text[end:]
    return text


_SIGN = st.sampled_from([*'.:-@#%/?[]{}"\\TZ', "\u2028", "ı", "K", "０"])
HOSTILE_TEXTS = st.one_of(
    TEXTS,
    _near_misses(),
    _near_misses(),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-(10**17), 10**17, places=3).map(str),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.lists(_PART, max_size=8).map("".join),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["+", "-"]).flatmap(lambda sign: st.integers(0, 10**19).map(lambda number: f"{sign}{number:05}")),
    st.dates().map(str),
    _DAYS,
    st.sampled_from(["0300-02-29", "1900-02-29", "2000-02-29", "2023-02-30", "2026-04-31"]),
    st.sampled_from(["now", "2451545", "12:00", "2026-01-31T00:00", "-0001-01-01", "infinity", "epoch", "0000-01-01"]),
    st.sampled_from(["true", "True", "T", " f ", "yes", "on", "1", "0"]),
)
SOURCES = {
    "text": HOSTILE_TEXTS,
    "string": HOSTILE_TEXTS.map(lambda text: text[:255]),
    "integer": st.integers(-(2**63), 2**63 - 1) | st.integers(-1100, 1100),
    "boolean": st.booleans(),
    "date": st.dates(),
}
TARGETS = [
    ("text", {}),
    ("string", {}),
    ("string", {"min_length": 2, "max_length": 4}),
    ("string", {"pattern": "[0-9]+"}),
    ("string", {"choices": ["true", "1", "2026-01-31"]}),
    ("choice", {"choices": ["true", "1", "2026-01-31"]}),
    ("integer", {}),
    ("integer", {"min": -10, "max": 1000}),
    ("integer", {"choices": [0, 1, 7]}),
    ("boolean", {}),
    ("date", {}),
    ("date", {"min": "1999-12-31", "max": "2500-01-01"}),
    ("number", {}),
    ("number", {"min": 0, "max": 19.9}),
    ("number", {"choices": [1, 0.5, 19.9]}),
    ("decimal", {}),
    ("decimal", {"precision": 3, "scale": 3}),
    ("decimal", {"precision": 5, "scale": 0}),
    ("decimal", {"precision": 40, "scale": 20}),
    ("decimal", {"min": "-0.001", "max": "19.901"}),
    ("decimal", {"min": "1" + "0" * 20}),
    ("percent", {}),
    ("datetime", {}),
    ("datetime", {"timezone": "Europe/Berlin", "min": "2000-01-01T00:00:00Z", "max": "2026-01-31T12:00:00Z"}),
    ("time", {}),
    ("time", {"min": "12:30:00", "max": "12:30:15.2"}),
    ("uuid", {}),
    ("colour", {"alpha": True}),
    ("slug", {"max_length": 5}),
    ("email", {}),
    ("email", {"lowercase": True}),
    ("url", {}),
    ("url", {"schemes": ["mailto", "ftp", "http"], "max_length": 30}),
    ("ip_address", {}),
    ("tags", {"max_length": 4}),
    ("multi_choice", {"choices": ["true", "1", "[1]", " 1", 'a"b', "2026-01-31"]}),
    ("link", {"table": 1}),
    ("rating", {}),
]
#: How many values of each source; more are tried by setting the variable.
EXAMPLES = int(os.environ.get("DYNMODEL_CONVERSIONS", "300"))
EVERY = written_types()
_DRAWN: dict[str, list] = {}


@pytest.fixture(scope="module", params=DATABASES)
def engine(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("conversion")) as made:
        database = Database(Settings(made))
        yield database.writer
        database.close()


def field(kind: str, options: dict) -> SimpleNamespace:
    return SimpleNamespace(name="value", type=kind, options=read_options(TYPES[kind], options))


def drawn_of(source: str) -> list:
    """Values of a source, the same on both databases."""
    if source not in _DRAWN:
        _DRAWN[source] = [value for value, _ in drawn(SOURCES[source], EXAMPLES)]
    return _DRAWN[source]


class Worked:
    """One table with the values of a source, and a column for each target."""

    def __init__(self, connection, source: str, targets: list[SimpleNamespace], values: list) -> None:
        context = SimpleNamespace(dialect=connection.dialect.name)
        self.connection, self.values, self.before = connection, values, field(source, {})
        old, *kinds = (TYPES[made.type].column(made.options, context).type for made in (self.before, *targets))
        new = [sa.Column(f"new{number}", kind) for number, kind in enumerate(kinds)]
        self.table = sa.Table(
            "conversion", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("old", old), *new,
            prefixes=["TEMPORARY"],
        )  # fmt: skip
        self.table.drop(connection, checkfirst=True)  # sqlite3 rolls no DDL back
        self.table.create(connection)
        connection.execute(sa.insert(self.table), [{"id": n, "old": value} for n, value in enumerate(values)])

    def check(self, number: int, after: SimpleNamespace) -> None:
        """Every value of the target is what Python gives, and so are the counts."""
        connection, table, before, dialect = self.connection, self.table, self.before, self.connection.dialect.name
        in_python, new = converter(TYPES, before, after), table.c[f"new{number}"]
        old_form, new_form = (TYPES[made.type].text_form(made.options) for made in (before, after))
        expression = in_database(TYPES, before, after, table.c.old, dialect)
        texts = None
        if expression is not None and new_form.sql_to_text is not None:
            texts = tuple(lambda value, form=form: form.sql_to_text(value, dialect) for form in (old_form, new_form))
        column_values = ColumnValues(after, table.c.old, before, table.c.old)
        how = Conversion(table, table.c.old, new.type, in_python, old_form.to_text, new_form.to_text, expression, texts)
        beside = SimpleNamespace(side_table=partial(Dialect.side_table, None))  # the table is a temporary one too
        side_table = partial(SideTable, connection, beside, table, number, new.type)
        converted = convert_values(connection, column_values, how, side_table)
        connection.execute(sa.update(table).values({new.name: converted.expression}))
        found = connection.scalars(sa.select(new).order_by(table.c.id)).all()
        changed, expected = 0, [in_python(value) for value in self.values]
        for value, got, (wanted, reason) in zip(self.values, found, expected, strict=True):
            assert identical(got, wanted), f"{value!r} became {after.type} {after.options} {got!r}, not {wanted!r}"
            changed += reason is None and new_form.to_text(wanted) != old_form.to_text(value)
        assert converted.lost.count == sum(reason is not None for _, reason in expected)
        assert converted.changed.count == changed


@pytest.mark.parametrize("source", SOURCES)
def test_agrees_with_python(engine, source):
    targets = [field(target, options) for target, options in TARGETS if source != target or options]
    with engine.connect() as connection:
        worked = Worked(connection, source, targets, drawn_of(source))
        for number, target in enumerate(targets):
            worked.check(number, target)
        for number in range(len(targets)):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS _aside_{number}"))
        connection.rollback()


@pytest.mark.parametrize(
    ("source", "target"),
    [(one, other) for one in ("integer", "boolean", "date") for other in ("text", "string")]
    + [("text", "integer"), ("text", "boolean"), ("text", "date"), ("string", "choice")],
)
def test_usual_values_are_converted_by_sql_alone(engine, source, target):
    usual = {
        ("text", "integer"): ["1", "-17", "+3", "007"],
        ("text", "boolean"): ["true", "f", "TRUE"],
        ("text", "date"): ["2024-02-29"],
        ("string", "choice"): ["a"],
        "integer": [0, -(2**63)],
        "boolean": [True, False],
        "date": [datetime.date(999, 1, 1)],
    }
    before, after = field(source, {}), field(target, {"choices": ["a", "b"]} if target == "choice" else {})
    in_python = converter(TYPES, before, after)
    dialect = engine.dialect.name
    kind = TYPES[source].column(before.options, SimpleNamespace(dialect=dialect)).type
    for value in usual.get((source, target)) or usual[source]:
        column = sa.select(sa.literal(value, kind).label("value")).subquery().c.value
        expression = in_database(TYPES, before, after, column, dialect)
        made = TYPES[target].column(after.options, SimpleNamespace(dialect=dialect)).type
        with engine.connect() as connection:
            assert connection.scalar(sa.select(sa.type_coerce(expression, made))) == in_python(value)[0]


@pytest.mark.parametrize("source", sorted(EVERY))
def test_every_type_becomes_every_type_as_in_python(engine, source):
    """What SQL gives is what Python gives; the rest is NULL, and Python does it."""
    dialect = engine.dialect.name
    context = SimpleNamespace(dialect=dialect)
    options, strategy = EVERY[source]
    before = field(source, options)
    node = TYPES[source].schema_node(before.options)
    values = [node.deserialize(value) for value, _ in drawn(strategy, 60)]
    table = sa.Table(
        "every", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("old", TYPES[source].column(before.options, context).type), prefixes=["TEMPORARY"],
    )  # fmt: skip
    with engine.connect() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(sa.insert(table), [{"id": n, "old": value} for n, value in enumerate(values)])
        for target, (its_options, _) in (EVERY | {"link": ({"table": 1}, None)}).items():
            after = field(target, its_options)
            in_python = converter(TYPES, before, after)
            expression = in_database(TYPES, before, after, table.c.old, dialect)
            if target == source or expression is None:
                continue
            kind = TYPES[target].column(after.options, context).type
            found = connection.execute(sa.select(table.c.id, sa.type_coerce(expression, kind))).all()
            for place, got in found:
                value = values[place]
                wanted, _ = in_python(value)
                assert got is None or identical(got, wanted), f"{value!r} became {target} {got!r}, not {wanted!r}"
        connection.rollback()


@pytest.mark.parametrize("value", [0.0, 0.5, -0.5, 1.0, -17.25, 123456.789, 1e8, 0.0001])
def test_usual_numbers_become_text_by_sql_alone(engine, value):
    column = sa.select(sa.literal(value, sa.Float(53)).label("value")).subquery().c.value
    expression = in_database(TYPES, field("number", {}), field("text", {}), column, engine.dialect.name)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(expression)) == repr(value)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("number", "-12.5"), ("decimal", "19.9"), ("percent", "12.5%"), ("datetime", "2026-01-31T12:00:00.5Z"),
        ("datetime", "2026-01-31"), ("time", "12:30"), ("uuid", "F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"),
        ("colour", "#00FF80"), ("slug", "red-shoes"), ("email", "ada@mail.example.org"), ("tags", "two words"),
        ("url", "https://example.org/a?b=c"), ("link", "17"),
    ],
)  # fmt: skip
def test_usual_texts_are_read_by_sql_alone(engine, target, text):
    before, after = field("text", {}), field(target, {"table": 1} if target == "link" else {})
    dialect = engine.dialect.name
    column = sa.select(sa.cast(sa.literal(text), sa.Text()).label("value")).subquery().c.value
    kind = TYPES[target].column(after.options, SimpleNamespace(dialect=dialect)).type
    expression = in_database(TYPES, before, after, column, dialect)
    with engine.connect() as connection:
        found = connection.scalar(sa.select(sa.type_coerce(expression, kind)))
    assert identical(found, converter(TYPES, before, after)(text)[0])
