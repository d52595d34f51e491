"""One table with a field of each built-in type, with the same rows on both databases, and conditions run on it."""

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.queries.sql.subjects import Subject, of_field, of_reverse_side, of_system
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.strategies import drawn
from tests.every_type import written_types

_TEXTS = [
    "",
    " ",
    "a",
    "A",
    "ab",
    "aB",
    "Ab%c",
    "a_c",
    "a*c",
    "a?c",
    "[a]",
    "a\\c",
    "ä",
    "Ä",
    "ß",
    "K",
    "k",
    "x\ny",
    "🙂",
    "é",
]
#: Values at the edges, by type; those of Hypothesis come in besides.
EDGES: dict[str, list[Any]] = {
    "text": _TEXTS,
    "string": _TEXTS,
    "integer": [0, 1, -1, 2, 10, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)],
    "number": [0.0, 0.1, -0.1, 1.5, 1e16, 1e23, 5e-324, 1.7976931348623157e308, -1.5e308, 9007199254740992],
    "decimal": ["0.00", "0.01", "-0.01", "10.00", "9.99", "-9999999999999999.99", "9999999999999999.99"],
    "boolean": [True, False],
    "date": ["0001-01-01", "9999-12-31", "2024-02-29", "2026-01-31"],
    "datetime": ["0001-01-01T00:00:00Z", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000001Z",
    "9999-12-31T23:59:59.999999Z"],
    "time": ["00:00:00", "12:00:00", "12:00:00.500000", "23:59:59.999999"],
    "ip_address": ["0.0.0.0", "9.255.0.1", "10.0.0.1", "::", "::1", "2001:db8::1", "::ffff:10.0.0.1"],
    "tags": [[], ["a"], ["A"], ["a", "b"], ["b", "a"], ["a,b"], ['"', "\\"], ["{}"], ["null"], ["ä", "🙂"], ["1"]],
    "multi_choice": [[], ["a"], ["a", "b"], ["Z"], ["NULL", "a"]],
    "integer_range": ["empty", "(,)", "[1,10)", "[10,20)", "[5,)", "(,5)", "[1,2)", "[10,11)", "[-5,1)"],
    "date_range": ["empty", "(,)", "[2026-01-01,2026-02-01)", "[2026-02-01,2026-03-01)", "(,2026-01-15)",
    "[0001-01-01,)"],
    "datetime_range": [
        "empty",
        "(,)",
        "[2026-01-31T12:00:00Z,2026-01-31T13:00:00Z)",
        "(2026-01-31T12:00:00Z,2026-01-31T13:00:00Z]",
        "[2026-01-31T13:00:00Z,2026-01-31T13:00:00.500000Z]",
        "(2026-01-31T13:00:00Z,)",
        "(,2026-01-31T12:00:00Z)",
        "[2026-01-31T13:00:00Z,2026-01-31T13:00:00Z]",
    ],
    "json": [
        0, 1, 1.5, 1e23, 2**63 - 1, -0.0, "", "a", "ä", "1", True, False, [], {}, [1, 2], [2, 1], [1, 1.0], [[1]],
        [[1, 2], "x"],
        {"a": 1}, {"a": 1, "b": {"c": [1, 2, "x"], "d": None}}, {"b": 2, "a": 1}, {"a": "1"}, {"a": None},
        {"a": [1, {"b": 2}]},
        {"a": 1e23, "long": 1e-7, "é": "\u007f\n\"'"}, {"a": 10}, {"a": 9.5}, {"a": True},
        {'q"uote\\': 3, "0": "zero"}, [{"a": 1}],
        {"bb": 1, "a": 2, "c": 3, "aa": {}}, {"a": {"b": "x"}}, ["a", None, 3],
    ],
    "point": [{"longitude": 0, "latitude": 0}, {"longitude": 13.4, "latitude": 52.5}, {"longitude": 0, "latitude": 1}],
}  # fmt: skip
DRAWN = 8
ROWS = 45


def pools() -> dict[str, tuple[dict[str, Any], list[Any]]]:
    """Type -> (options, values); None among them."""
    found = {}
    for name, (options, strategy) in written_types().items():
        # The first ones drawn are the simplest, over and over.
        made_up = list({repr(value): value for value, _ in drawn(strategy, 100)}.values())[-DRAWN:]
        values = [*EDGES.get(name, []), *made_up, None]
        found[name] = (options, values)
    return found


@dataclasses.dataclass
class Everything:
    """The table on both databases."""

    apps: dict[str, webtest.TestApp]
    models: dict[str, Model]
    #: Of the rows, in order of id from 1 on.
    rows: list[dict[str, Any]]

    def subject(self, database: str, name: str) -> Subject:
        model = self.models[database]
        if name in model.definition.by_name:
            return of_field(model, model.definition.by_name[name], model.table)
        side = next((side for side in model.definition.referrers if side.reverse == name), None)
        if side is None:
            return of_system(model, name, model.table)
        return of_reverse_side(model, side, model.table, None)

    def ids(self, database: str, condition: sa.ColumnElement[bool]) -> list[int]:
        table = self.models[database].table
        query = sa.select(table.c.id).where(condition).order_by(table.c.id)
        catalogue = self.apps[database].app.registry.dynmodel_catalogue
        with catalogue.database.reading() as connection:
            return connection.scalars(query).all()

    def values(self, database: str, made: sa.ColumnElement) -> list[Any]:
        table = self.models[database].table
        catalogue = self.apps[database].app.registry.dynmodel_catalogue
        with catalogue.database.reading() as connection:
            return connection.scalars(sa.select(made).select_from(table).order_by(table.c.id)).all()


@contextmanager
def everything(folder: Path) -> Iterator[Everything]:
    made = pools()
    fields = {f"{name}_": {"type": name, **options} for name, (options, _) in made.items()}
    fields |= {
        "link_": {"type": "link", "table": "Everything", "reverse": "linked"},
        "links_": {"type": "links", "table": "Everything", "reverse": "listed"},
        "long_": {"type": "decimal", "precision": 40, "scale": 10},
        "user_": "user",
    }
    longest = max(len(values) for _, values in made.values())
    count = max(ROWS, longest)
    rows = [
        {f"{name}_": values[(number * 7 + place) % len(values) if number >= len(values) else number]
         for place, (name, (_, values)) in enumerate(made.items())}
        for number in range(count)
    ]  # fmt: skip
    for number, row in enumerate(rows):
        row["user_"] = None if number % 6 == 0 else f"user:{number % 6}"
        row["long_"] = None if number % 5 == 0 else f"{(-1) ** number * number}.{number:010}"
    links = [
        {"id": number, "link_": None if number % 3 else 1 + number * 5 % count,
         "links_": [1 + number * step % count for step in range(1, 1 + number % 4)][::-1]}
        for number in range(1, count + 1)
    ]  # fmt: skip
    links = [{**each, "links_": list(dict.fromkeys(each["links_"]))} for each in links]
    apps, models = {}, {}
    with ExitStack() as stack:
        for database in DATABASES:
            settings = stack.enter_context(database_settings(database, folder))
            wsgi = dynmodel_pyramid.main({}, **settings)
            catalogue = wsgi.registry.dynmodel_catalogue
            stack.callback(catalogue.database.close)
            app = apps[database] = webtest.TestApp(wsgi)
            accounts = wsgi.registry.dynmodel_tenant.accounts
            with accounts.database.writer.begin() as connection:
                for number in range(5):
                    accounts.users.create(connection, name=f"User {number}")
            app.post_json("/table/", {"model_name": "Everything", "fields": fields}, status=201)
            app.post_json("/table/1/rows/", rows, status=201)
            for each in links:
                app.patch_json(f"/table/1/rows/{each['id']}/", {key: each[key] for key in ("link_", "links_")})
            models[database] = Attempt(catalogue).model(1)
        yield Everything(apps, models, [{**row, **each} for row, each in zip(rows, links, strict=True)])
