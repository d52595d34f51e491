"""Options as checks of the database: who writes by SQL meets the validators' rules."""

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.testing.driver import TableDriver

EDGE = 0.1 + 0.2
#: (type, options, key of the check, good values, bad values); the values are JSON, brought to their stored form by a
#: field of the type without these options.
BY_OPTION = [
    ("integer", {"min": -5}, "min", [-5, 2**63 - 1], [-6, -(2**63)]),
    ("integer", {"max": 10}, "max", [10, -(2**63)], [11]),
    ("integer", {"min": -(2**63), "max": 2**63 - 2}, "max", [-(2**63), 2**63 - 2], [2**63 - 1]),
    ("integer", {"choices": [1, -2]}, "choices", [1, -2], [2]),
    ("number", {"min": EDGE}, "min", [EDGE, 1e300], [0.3, -1e300]),
    ("number", {"max": 1.7976931348623155e308}, "max", [1.7976931348623155e308], [1.7976931348623157e308]),
    ("number", {"min": 5e-324}, "min", [5e-324, 1], [0, -5e-324]),
    ("number", {"max": -2.2250738585072014e-308}, "max", [-2.2250738585072014e-308], [-2.225073858507201e-308, 0]),
    ("number", {"choices": [EDGE, 1]}, "choices", [EDGE, 1], [0.3, 2]),
    ("decimal", {"min": "-0.5"}, "min", ["-0.50", "9.00"], ["-0.51"]),
    ("decimal", {"min": "0.005"}, "min", ["0.01"], ["0.00"]),
    ("decimal", {"max": "0.005"}, "max", ["0.00", "-1.00"], ["0.01"]),
    ("decimal", {"max": "10"}, "max", ["10.00", "-999.99"], ["10.01"]),
    ("percent", {"max": "100"}, "max", ["100.00"], ["100.01"]),
    ("currency", {"min": "0"}, "min", ["0.00"], ["-0.01"]),
    ("date", {"min": "2026-01-31"}, "min", ["2026-01-31", "9999-12-31"], ["2026-01-30", "0001-01-01"]),
    ("date", {"max": "2026-01-31"}, "max", ["2026-01-31"], ["2026-02-01"]),
    ("datetime", {"min": "2026-01-31T12:00:00+02:00"}, "min", ["2026-01-31T10:00:00Z"], ["2026-01-31T09:59:59.9Z"]),
    ("datetime", {"max": "2026-01-31T12:00:00Z"}, "max", ["2026-01-31T12:00:00Z"], ["2026-01-31T12:00:00.000001Z"]),
    ("time", {"min": "08:00:00"}, "min", ["08:00:00"], ["07:59:59.999999"]),
    ("time", {"max": "17:30:00"}, "max", ["17:30:00"], ["17:30:00.000001"]),
    ("duration", {"min": "PT0S", "max": "P1D"}, "max", ["PT0S", "P1D"], ["P1DT0.000001S"]),
    ("string", {"min_length": 2}, "min_length", ["ab", "🙂é"], ["a", "🙂", ""]),
    ("string", {"max_length": 2}, "max_length", ["🙂é", ""], ["abc"]),
    ("string", {"choices": ["it's 50 %", "b\\c", ":x"]}, "choices", ["it's 50 %", "b\\c", ":x"], ["", "b\\\\c"]),
    ("text", {"max_length": 3}, "max_length", ["a\nb"], ["abcd"]),
    ("slug", {"max_length": 3}, "max_length", ["a-b"], ["a-bc"]),
    ("url", {"max_length": 20}, "max_length", ["http://example.org"], ["http://example.org/abc"]),
    ("url", {"schemes": ["https"]}, "schemes", ["HTTPS://example.org"], ["http://example.org"]),
    ("email", {"lowercase": True}, "lowercase", ["ä@example.org"], ["Ada@example.org"]),
    ("ip_address", {"version": 4}, "version", ["192.0.2.1"], ["2001:db8::1"]),
    ("ip_address", {"version": 6}, "version", ["2001:db8::1"], ["192.0.2.1"]),
    ("tags", {"max_items": 2}, "max_items", [[], ["a,", '"']], [["a", "b", "c"]]),
]  # fmt: skip


class Table:
    """A table of one field, written by SQL; ``free`` is the same without the options."""

    def __init__(self, app, kind: str, options: dict, free: dict | None = None):
        made = TableDriver(app, {"type": kind, **options})
        self.driver, self.catalogue = made, made.catalogue
        model = self.catalogue.models[made.model_name]
        field = model.__definition__.by_name["value"]
        self.name = f"_ck_{made.definition['id']}_{field.id}_"
        self.table = model.__table__
        field_type = self.catalogue.field_types[kind]
        self.node = field_type.schema_node(read_options(field_type, free or {}))

    def write(self, value) -> None:
        with self.catalogue.database.writer.begin() as connection:
            connection.execute(sa.insert(self.table).values(value=value))

    def refuses(self, value) -> str:
        """The key of the check that refuses it."""
        with pytest.raises(sa.exc.IntegrityError) as caught:
            self.write(value)
        failure = self.catalogue.database.failure(caught.value)
        assert failure.kind == "check"
        return failure.constraint.removeprefix(self.name)


@pytest.mark.parametrize(("kind", "options", "key", "good", "bad"), BY_OPTION, ids=str)
def test_what_the_option_forbids_is_refused(app, kind, options, key, good, bad):
    table = Table(app, kind, options)
    for value in good:
        table.driver.add_value(value)
        table.write(table.node.deserialize(value))
    table.write(None)
    free = {"schemes": ["http"]} if kind == "url" else {}
    table.node = Table(app, kind, {}, free).node
    assert [table.refuses(table.node.deserialize(value)) for value in bad] == [key] * len(bad)


def test_choices_are_checked(app, database):
    table = Table(app, "choice", {"choices": ["it's", "b%"]}, {"choices": ["it's", "b%"]})
    table.write("b%")
    assert table.refuses("c") == "choices"
    several = {"choices": ["it's", "b%"], "min_items": 1, "max_items": 1}
    table = Table(app, "multi_choice", several, several)
    table.write(["b%"])
    assert (table.refuses([]), table.refuses(["b%", "it's"])) == ("min_items", "max_items")
    if database == "postgresql":
        assert table.refuses(["c"]) == "choices"


def test_patterns_are_checked_on_postgresql(app, database):
    table = Table(app, "string", {"pattern": r"[A-Z]{2}-[0-9]+(%|'|\\)?$"})
    for text in ("AB-1", "AB-12%", "AB-1'", "AB-1\\"):
        table.driver.add_value(text)
    if database == "postgresql":
        assert {table.refuses(text) for text in ("AB-", "ab-1", "AB-1\n", "xAB-1")} == {"pattern"}
    else:
        table.write("AB-")


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("integer", ["x", 1.5]),
        ("rating", ["x"]),
        ("number", ["x"]),
        ("boolean", [2, "true"]),
        ("decimal", ["1.50", 1.5]),
        ("date", ["x", "2026-02-30", "2026-1-1", "12:00", "2026-01-31 12:00"]),
        ("time", ["x", "24:00:00.000000", "12:00:00", "12:00"]),
        ("datetime", ["x", "2026-01-31", "2026-01-31 12:00:00", "2026-02-30 12:00:00.000000"]),
        ("duration", ["P1D"]),
        ("text", [b"x"]),
    ],
)
def test_sqlite_keeps_the_stored_form(app, kind, bad):
    table = Table(app, kind, {})
    table.table = sa.table(table.table.name, sa.column("value"))
    assert {table.refuses(value) for value in bad} <= {"type"}
    table.write(None)


def test_a_check_that_a_request_meets_names_the_field(app, catalogue, monkeypatch):
    """The validator never lets it come to this: here it has other rules than the table."""
    kind = type(catalogue.field_types["integer"])
    node = kind.schema_node
    monkeypatch.setattr(kind, "schema_node", lambda self, options: node(self, {**options, "max": None}))
    answer = TableDriver(app, {"type": "integer", "max": 10}).add({"value": 11}, status=409)
    assert (answer["code"], answer["fields"]) == ("check_violation", ["value"])
