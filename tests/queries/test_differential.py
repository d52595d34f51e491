"""Generated queries over linked tables with random rows: both databases answer byte for byte alike."""

import random
from contextlib import ExitStack
from urllib.parse import quote

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

SEED = 20261123
QUERIES = 100

PERSON = {
    "name": "string",
    "vip": "boolean",
    "score": "number",
    "born": "date",
    "data": "json",
    "boss": {"type": "link", "table": "Person", "reverse": "staff", "on_delete": "set_null"},
}
ITEM = {
    "owner": {"type": "link", "table": "Person", "reverse": "items"},
    "fans": {"type": "links", "table": "Person", "reverse": "likes"},
    "price": {"type": "decimal", "precision": 12, "scale": 2},
    "mass": {"type": "decimal", "precision": 30, "scale": 5},
    "n": "integer",
    "at": "datetime",
    "tags": "tags",
}
#: Field -> its table, values as a query has them.
VALUES = {
    "Person": {
        "id": ["1", "5", "17"],
        "name": ["", "a", "Ä", "b c", 'q"', "a,b", "ß"],
        "vip": ["true", "false"],
        "score": ["0", "0.1", "-2.5", "1e16", "6.016372131265698e+16"],
        "born": ["2000-02-29", "1999-12-31"],
        "boss": ["1", "2", "3"],
    },
    "Item": {
        "id": ["2", "9", "30"],
        "owner": ["1", "2", "3", "99"],
        "price": ["0.00", "-1.5", "10", "99.99"],
        "mass": ["0", "1234567890123456789.5", "-0.00001"],
        "n": ["0", "1", "-7", "9007199254740993"],
        "at": ["2026-01-31T12:00:00Z", "2000-01-01T00:00:00.000001Z"],
    },
}
#: Relation -> its table, whether there may be several rows.
RELATIONS = {
    "Person": {"boss": ("Person", False), "staff": ("Person", True), "items": ("Item", True), "likes": ("Item", True)},
    "Item": {"owner": ("Person", False), "fans": ("Person", True)},
}
NUMBERS = {"Person": ["score", "id"], "Item": ["price", "mass", "n"]}


def rows(make: random.Random) -> tuple[list[dict], list[dict]]:
    texts = ["", "a", "A", "Ä", "b c", 'q"', "a,b", "ß", "\u2028", "x\ty", "\x7f", "🚀", None]
    people = [
        {
            "id": number,
            "name": make.choice(texts),
            "vip": make.choice([True, False, None]),
            "score": make.choice([None, 0.1, 0.2, -2.5, 1e16, 6.016372131265698e16, 5e-324, 1e-5, -0.0, 1e22, 3.0]),
            "born": make.choice([None, "2000-02-29", "1999-12-31", "0001-01-01"]),
            "data": make.choice([None, {"a": 1}, {"a": "x"}, {"a": None}, [1, 2.5], "t", 10, 9, True]),
            "boss": make.choice([None, *range(1, number)]) if number > 1 else None,
        }
        for number in range(1, 26)
    ]
    items = [
        {
            "id": number,
            "owner": make.choice([None, *range(1, 26)]),
            "fans": make.sample(range(1, 26), make.randrange(4)),
            "price": make.choice([None, "0.00", "-1.50", "10.00", "99.99", "0.01"]),
            "mass": make.choice([None, "0.00000", "1234567890123456789.50000", "-0.00001", "7.00000"]),
            "n": make.choice([None, 0, 1, -7, 2**53 + 1, 2**63 - 1]),
            "at": make.choice([None, "2026-01-31T12:00:00Z", "2000-01-01T00:00:00.000001Z"]),
            "tags": make.choice([None, [], ["a"], ["a", "ä,"]]),
        }
        for number in range(1, 61)
    ]
    return people, items


class Maker:
    """Queries by chance."""

    def __init__(self, make: random.Random):
        self.make = make

    def parts(self, table: str) -> tuple[str, str, str, str]:
        """Field, negation, operator and value."""
        field = self.make.choice(list(VALUES[table]))
        values = VALUES[table][field]
        operators = ["eq", "neq", "isdistinct", "in", "is"] + ([] if field == "vip" else ["gt", "gte", "lt", "lte"])
        operator = self.make.choice(operators)
        value = self.make.choice(values)
        if operator == "in":
            chosen = self.make.sample(values, min(2, len(values)))
            value = "(" + ",".join('"' + each.replace('"', '\\"') + '"' for each in chosen) + ")"
        elif operator == "is":
            value = self.make.choice(["null", "not_null"])
        return field, self.make.choice(["", "", "not."]), operator, value

    def condition(self, table: str) -> tuple[str, str]:
        field, negation, operator, value = self.parts(table)
        return field, f"{negation}{operator}.{value}"

    def group(self, table: str, depth: int = 0) -> str:
        parts = []
        for _ in range(self.make.randint(1, 3)):
            if depth < 2 and self.make.random() < 0.3:
                parts.append(
                    self.make.choice(["", "not."]) + self.make.choice(["and", "or"]) + self.group(table, depth + 1)
                )
                continue
            field, negation, operator, value = self.parts(table)
            if operator not in ("in", "is"):
                value = '"' + value.replace('"', '\\"') + '"'
            parts.append(f"{field}.{negation}{operator}.{value}")
        return "(" + ",".join(parts) + ")"

    def order(self, table: str) -> str:
        fields = self.make.sample([name for name in VALUES[table] if name != "vip"], self.make.randint(1, 2))
        return ",".join(
            name + self.make.choice(["", ".asc", ".desc"]) + self.make.choice(["", "", ".nullsfirst", ".nullslast"])
            for name in fields
        )

    def level(self, table: str, path: str, depth: int, query: list[tuple[str, str]], *, many: bool) -> str:
        """What is selected; parameters go to ``query``."""
        before = f"{path}." if path else ""
        if self.make.random() < 0.4:
            field, rest = self.condition(table)
            query.append((before + field, rest))
        if self.make.random() < 0.25:
            query.append((before + self.make.choice(["and", "or", "not.and", "not.or"]), self.group(table)))
        if many and depth and self.make.random() < 0.2:
            return self.groups(table, before, query)
        if many and self.make.random() < 0.4:
            query.append((f"{before}order", self.order(table)))
        if many and self.make.random() < 0.3:
            query.append((f"{before}limit", str(self.make.randrange(5))))
        if many and self.make.random() < 0.15:
            query.append((f"{before}offset", str(self.make.randrange(3))))
        fields = list(VALUES[table]) + (["tags", "fans"] if table == "Item" else ["data", "items"])
        items = ["*"] if self.make.random() < 0.3 else self.make.sample(fields, self.make.randint(1, 4))
        if self.make.random() < 0.3:
            items.append(f"c:{self.make.choice(NUMBERS[table])}::text")
        names = [] if depth > 2 else self.make.sample(list(RELATIONS[table]), self.make.randrange(3))
        for relation in names:
            far, several = RELATIONS[table][relation]
            alias = f"r{depth}{relation}"
            join = self.make.choice(["", "", "!inner", "!left"])
            items.append(f"{alias}:{relation}{join}({self.level(far, before + alias, depth + 1, query, many=several)})")
            if self.make.random() < 0.15:
                query.append((before + alias, self.make.choice(["is.null", "not.is.null"])))
        return ",".join(items)

    def groups(self, table: str, before: str, query: list[tuple[str, str]]) -> str:
        """What is selected of groups; their order, conditions and limit go to ``query``."""
        items = ["count()"] if self.make.random() < 0.5 else []
        for number, name in enumerate(self.make.sample(NUMBERS[table], self.make.randint(1, 2))):
            items.append(f"v{number}:{name}.{self.make.choice(['sum', 'avg', 'min', 'max', 'count'])}()")
        by = self.make.sample([name for name in VALUES[table] if name != "id"], self.make.randrange(3))
        known = ["v0", *by, "count()", f"{self.make.choice(NUMBERS[table])}.{self.make.choice(['sum', 'avg'])}()"]
        known = [name for name in known if name != "vip"]
        if self.make.random() < 0.5:
            terms = self.make.sample(known, self.make.randint(1, 2))
            query.append((f"{before}order", ",".join(term + self.make.choice(["", ".desc"]) for term in terms)))
        if self.make.random() < 0.4:
            conditions = ["count().lt.3", f"{known[-1]}.gt.0", f"{known[-1]}.lte.1", "v0.not.is.null", "v0.is.null"]
            query.append((f"{before}having", f"(or({','.join(self.make.sample(conditions, 2))}))"))
        if self.make.random() < 0.3:
            query.append((f"{before}limit", str(self.make.randint(1, 3))))
        return ",".join(items + by)

    def query(self) -> tuple[str, str]:
        table = self.make.choice(["Person", "Item"])
        parameters: list[tuple[str, str]] = []
        if self.make.random() < 0.2:
            field, rest = self.condition(table)
            parameters = [(field, rest)]
            parameters.append(("select", self.groups(table, "", parameters)))
        else:
            parameters.append(("select", self.level(table, "", 0, parameters, many=True)))
        return table, "&".join(f"{quote(name)}={quote(value)}" for name, value in parameters)


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    people, items = rows(random.Random(SEED))
    with ExitStack() as stack:
        made = {}
        for database in DATABASES:
            settings = stack.enter_context(database_settings(database, tmp_path_factory.mktemp(database)))
            wsgi = dynmodel_pyramid.main({}, **settings)
            stack.callback(wsgi.registry.dynmodel_catalogue.database.close)
            app = made[database] = webtest.TestApp(wsgi)
            app.post_json("/table/", {"model_name": "Person", "fields": PERSON}, status=201)
            app.post_json("/table/", {"model_name": "Item", "fields": ITEM}, status=201)
            app.post_json("/table/Person/rows/", people, status=201)
            app.post_json("/table/Item/rows/", items, status=201)
        yield made


def test_both_databases_answer_alike(apps):
    maker = Maker(random.Random(SEED))
    found = {}
    for number in range(QUERIES):
        table, query = maker.query()
        one, other = (apps[database].get(f"/table/{table}/rows/?{query}", expect_errors=True) for database in DATABASES)
        assert one.status_int == 200, (number, table, query, one.text[:500])
        assert (one.status_int, one.body) == (other.status_int, other.body), (number, table, query)
        assert one.headers.get("Link") == other.headers.get("Link"), (number, table, query)
        found[number] = len(one.body)
    # They are no empty answers mostly.
    assert sum(size > 50 for size in found.values()) > QUERIES / 4
