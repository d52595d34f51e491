"""Tables whose names are as people write them, with the same rows on both databases, and whole requests by chance.

For tests and for ``python -m tests.soak.alike``: what both databases answer is compared byte by byte.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.queries.tables import pools
from tests.soak.fuzzing.wire import Answer, Request, send

JSON = {"Content-Type": "application/json"}
#: Type -> the name of its field; another type's field is called ``type_``.
NAMES = {
    "string": "First name",
    "integer": 'the "n"',
    "decimal": "Preis %",
    "json": "a:b->c",
    "date": "born.on",
    "boolean": "is it?",
    "text": "order",
    "number": "x,y",
    "tags": "{t}",
    "datetime": "größe (m²)",
}
#: Values that are long or whose JSON text is no one's concern.
MOST = 60
ROWS = 40
CASTS = ("text", "int", "int8", "float8", "boolean", "date", "timestamptz")
AGGREGATES = ("sum", "avg", "min", "max", "count")
#: Numbers that requests and processes are told apart by.
UNLIKE = re.compile(rb'"request_id": "[0-9a-f]+"')
HEADERS = (
    "Content-Type", "Content-Range", "Content-Location", "Link", "Preference-Applied", "Proxy-Status", "ETag",
    "Location", "Definition-Version", "Definitions-Revision", "Vary", "Allow",
)  # fmt: skip


@dataclass
class Table:
    """What queries are made of.

    ``values``: field -> operands; ``operators``: field -> those that both databases have; ``sortable``: fields that
    rows can be sorted by; ``relations``: name -> (far table, whether there may be several rows).
    """

    name: str
    values: dict[str, list[str]] = field(default_factory=dict)
    operators: dict[str, list[str]] = field(default_factory=dict)
    sortable: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    relations: dict[str, tuple[str, bool]] = field(default_factory=dict)


@dataclass
class World:
    apps: dict[str, Any]
    tables: dict[str, Table]

    def both(self, request: Request) -> list[Answer]:
        return [send(self.apps[database], request) for database in DATABASES]

    def differences(self, request: Request) -> list[str]:
        """What is not alike in the two answers, by kind; an answer that is a failure of ours as well."""
        one, other = self.both(request)
        found = []
        if one.status != other.status:
            found.append(f"status {one.status} and {other.status}")
        elif one.status >= 500:
            found.append(f"status {one.status}")
        elif UNLIKE.sub(b"", one.body) != UNLIKE.sub(b"", other.body):
            found.append("body")
        found += [name for name in HEADERS if one.get(name) != other.get(name)]
        return found


def documented(made: World, request: Request) -> str | None:
    """The difference between the databases that docs/queries.md lists; None if it is another."""
    if request.method == "HEAD":  # it has no text, and no ranges (RFC 9110, 14.2)
        headers = {name: value for name, value in request.headers.items() if name != "Range"}
        request = replace(request, method="GET", headers=headers)
    one, other = made.both(request)
    told = one.body + other.body + f"{one.get('Proxy-Status')} {other.get('Proxy-Status')}".encode()
    if b"needs another database" in told or b"PGRST127" in told:
        return "an operator that one of the databases lacks"
    if b"is more than the database takes" in told:
        return "the largest statement"
    return None


def operand(value: Any) -> str:
    """A value as conditions have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "{" + ",".join(quoted(each) for each in value) + "}"
    return json.dumps(value, ensure_ascii=False)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def in_query(name: str) -> str:
    return name if re.fullmatch(r"[a-z_]+", name) and name not in ("order", "limit", "offset") else quoted(name)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Three tables on both databases: one with all types, and two that it is linked with."""
    with ExitStack() as stack:
        apps = {}
        for database in DATABASES:
            settings = stack.enter_context(database_settings(database, folder))
            apps[database] = dynmodel_pyramid.main({}, **settings)
            stack.callback(apps[database].registry.dynmodel_catalogue.database.close)
        made = World(apps, {})
        _fill(made)
        yield made


def _each(made: World, method: str, path: str, document: Any, status: int) -> None:
    for answer in made.both(Request(method, path, JSON, json.dumps(document).encode())):
        if answer.status != status:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")


def _fill(made: World) -> None:
    known = {name: (options, values[:MOST]) for name, (options, values) in pools().items()}
    names = {name: NAMES.get(name, f"{name}_") for name in known}
    shop, thing, owner, parent, fans = "Shop 1 & Co", "Thing?", "The owner", "up", "fans of it"
    shops = {"title": "string", "city": "string", "stars": "integer"}
    fields = {names[name]: {"type": name, **options} for name, (options, _) in known.items()}
    fields[owner] = {"type": "link", "table": shop, "reverse": "things"}
    fields[parent] = {"type": "link", "table": thing, "reverse": "below"}
    fields[fans] = {"type": "links", "table": shop, "reverse": "likes"}
    _each(made, "POST", "/table/", {"model_name": shop, "fields": shops}, 201)
    _each(made, "POST", "/table/", {"model_name": thing, "fields": fields}, 201)
    make = random.Random(7)
    rows = [
        {"title": make.choice(["a", "A", "ß", "x y", None]), "city": make.choice(["Ulm", "Köln", 'q"', ""]),
         "stars": make.choice([None, 1, 2, 3, 2**53 + 1])} for _ in range(12)
    ]  # fmt: skip
    _each(made, "POST", f"/table/{quote(shop)}/rows/", rows, 201)
    rows = []
    for number in range(1, ROWS + 1):
        row = {names[name]: make.choice(values) for name, (_, values) in known.items()}
        row[owner] = make.choice([None, *range(1, 13)])
        row[parent] = make.choice([None, *range(1, number)]) if number > 1 else None
        row[fans] = make.sample(range(1, 13), make.randrange(4))
        rows.append({"id": number, **row})
    _each(made, "POST", f"/table/{quote(thing)}/rows/", rows, 201)
    made.tables = {
        shop: Table(
            shop,
            {"id": ["1", "5"], "title": ["a", "ß", "x y"], "city": ["Ulm", 'q"', ""], "stars": ["1", "2"]},
            relations={"things": (thing, True), "likes": (thing, True)},
            numbers=["stars", "id"],
        ),
        thing: Table(
            thing,
            {
                names[name]: [operand(each) for each in values if each is not None]
                for name, (_, values) in known.items()
            },
            relations={owner: (shop, False), parent: (thing, False), fans: (shop, True), "below": (thing, True)},
            numbers=[names[name] for name in ("integer", "number", "decimal", "percent", "currency", "rating")],
            paths=[f"{in_query(names['json'])}{path}" for path in ("->a", "->>a", "->0", "->-1", "->b->c", "->b->>c")],
        ),
    }
    for name in (owner, parent):
        made.tables[thing].values[name] = ["1", "2", "9"]
    types = {names[name]: name for name in known} | {owner: "link", parent: "link", "id": "integer", "stars": "integer"}
    operators, sortable = _operators(made)
    for table in made.tables.values():
        table.operators = {name: operators[types.get(name, "string")] for name in table.values}
        table.sortable = [name for name in table.values if types.get(name, "string") in sortable]


def _operators(made: World) -> tuple[dict[str, list[str]], set[str]]:
    """Type -> operators that both databases have; and the types that rows can be sorted by."""
    both = [json.loads(answer.body) for answer in made.both(Request("GET", "/field-type/"))]
    one, other = ({each["name"]: [known["name"] for known in each["operators"]] for each in known} for known in both)
    sortable = {each["name"] for each in both[0] if each["sortable"]}
    return {name: [each for each in names if each in other[name]] for name, names in one.items()}, sortable


class Maker:
    """Requests by chance; the same ones for the same number."""

    def __init__(self, made: World, seed: int):
        self.world, self.seed = made, seed
        self.links: list[str] = []

    def request(self, number: int) -> Request:
        self.make = random.Random(self.seed * 1_000_003 + number)
        if self.links and self.make.random() < 0.15:
            return Request("GET", self.links.pop())
        table = self.make.choice(list(self.world.tables))
        parameters: list[tuple[str, str]] = []
        if self.make.random() < 0.75:
            select = self.level(self.world.tables[table], "", 0, parameters)
            parameters.append(("select", select))
        else:
            self.said(self.world.tables[table], "", parameters, True)
        return self.sent(table, parameters)

    def sent(self, table: str, parameters: list[tuple[str, str]]) -> Request:
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters)
        headers = {}
        if self.make.random() < 0.4:
            headers["Prefer"] = f"count={self.make.choice(['exact', 'exact', 'estimated'])}"
        if self.make.random() < 0.1:
            headers["Range"] = self.make.choice(["0-3", "2-", "5-4", "100-110"])
        face = self.make.random()
        path = quote(table, safe="")
        if face < 0.15:
            document = self.document(parameters)
            return Request("POST", f"/table/{path}/query/", {**JSON, **headers}, json.dumps(document).encode())
        accept = self.make.choice([None, None, None, "text/csv", "application/vnd.pgrst.object+json"])
        if accept and (face > 0.6 or accept == "text/csv"):
            headers["Accept"] = accept
        method = "HEAD" if self.make.random() < 0.03 else "GET"
        target = f"/table/{path}/rows/" if face < 0.6 else f"/rest/{path}"
        return Request(method, f"{target}?{query}" if query else target, headers)

    def document(self, parameters: list[tuple[str, str]]) -> dict[str, Any]:
        """The query as a document: texts of the grammar, and conditions of the table itself."""
        found: dict[str, Any] = {}
        where: list[str] = []
        for name, value in parameters:
            if name in ("select", "order"):
                found[name] = value
            elif name in ("limit", "offset"):
                found[name] = int(value)
            elif name.startswith(("and", "or", "not.")) and value.startswith("("):
                where.append(f"{name}{value}")
            elif "." not in re.sub(r'"(\\.|[^"])*"', "", name) and not re.match(r"(not\.)?(in|is)\.", value):
                head, operator, text = re.match(r"((?:not\.)?)([a-z]+(?:\([^)]*\))?)\.(.*)", value, re.DOTALL).groups()
                where.append(f"{name}.{head}{operator}.{quoted(text)}")
        if where:
            found["where"] = ",".join(where)
        return found

    # The parts of a query

    def parts(self, table: Table) -> tuple[str, str, str, str]:
        """Field, negation, operator and value."""
        name = self.make.choice(list(table.values))
        operator = self.make.choice(table.operators[name])
        value = self.make.choice(table.values[name] or [""])
        if operator == "in":
            chosen = self.make.sample(table.values[name], min(2, len(table.values[name])))
            value = "(" + ",".join(quoted(each) for each in chosen) + ")"
        elif operator == "is":
            value = self.make.choice(["null", "not_null", "NULL"])
        elif operator in ("like", "ilike"):
            value = self.make.choice(["*", "", value[:1] + "*", "*" + value[1:3] + "*", "_*"])
        elif operator in ("match", "imatch"):
            value = self.make.choice(["^a", "a$", "[a-c]+", ".", "^.?$", "b|c"])
        elif operator.endswith("fts"):
            value = self.make.choice(["a", "the a", "ab", "a b"])
        return in_query(name), self.make.choice(["", "", "not."]), operator, value

    def group(self, table: Table, depth: int = 0) -> str:
        parts = []
        for _ in range(self.make.randint(1, 3)):
            if depth < 2 and self.make.random() < 0.3:
                negation = self.make.choice(["", "not."])
                parts.append(negation + self.make.choice(["and", "or"]) + self.group(table, depth + 1))
                continue
            name, negation, operator, value = self.parts(table)
            value = value if operator in ("in", "is") else quoted(value)
            parts.append(f"{name}.{negation}{operator}.{value}")
        return "(" + ",".join(parts) + ")"

    def said(self, table: Table, path: str, query: list[tuple[str, str]], many: bool) -> None:
        """Conditions, order and part."""
        before = f"{path}." if path else ""
        for _ in range(self.make.choice([0, 0, 1, 1, 2])):
            name, negation, operator, value = self.parts(table)
            query.append((before + name, f"{negation}{operator}.{value}"))
        if self.make.random() < 0.2:
            query.append((before + self.make.choice(["and", "or", "not.and", "not.or"]), self.group(table)))
        if many and self.make.random() < 0.5:
            query.append((f"{before}order", self.order(table)))
        if many and self.make.random() < 0.4:
            query.append((f"{before}limit", str(self.make.randrange(6))))
        if many and self.make.random() < 0.15:
            query.append((f"{before}offset", str(self.make.randrange(4))))

    def order(self, table: Table) -> str:
        terms = [in_query(name) for name in self.make.sample(table.sortable, self.make.randint(1, 2))]
        if table.paths and self.make.random() < 0.2:
            terms[0] = self.make.choice(table.paths)
        return ",".join(
            f"{name}{self.make.choice(['', '.asc', '.desc'])}{self.make.choice(['', '', '.nullsfirst', '.nullslast'])}"
            for name in terms
        )

    def level(self, table: Table, path: str, depth: int, query: list[tuple[str, str]], many: bool = True) -> str:
        """What is selected; parameters go to ``query``."""
        if self.make.random() < 0.15:
            return self.groups(table, path, query)
        self.said(table, path, query, many)
        names = list(table.values)
        items = ["*"] if self.make.random() < 0.3 else []
        items += [in_query(name) for name in ([] if items else self.make.sample(names, min(len(names), 3)))]
        items += [f"p{n}:{each}" for n, each in enumerate(self.make.sample(table.paths, min(len(table.paths), 2)))]
        if self.make.random() < 0.3:
            items.append(f"c:{in_query(self.make.choice(names))}::{self.make.choice(CASTS[:1] * 4 + CASTS)}")
        known = (
            []
            if depth > 1
            else self.make.sample(list(table.relations), self.make.randrange(min(3, len(table.relations))))
        )
        for number, relation in enumerate(known):
            far, several = table.relations[relation]
            alias = f"r{depth}{number}"
            join = self.make.choice(["", "", "!inner", "!left"])
            inner = self.level(self.world.tables[far], f"{path}.{alias}" if path else alias, depth + 1, query, several)
            items.append(f"{alias}:{in_query(relation)}{join}({inner})")
            if self.make.random() < 0.15:
                query.append((f"{path}.{alias}" if path else alias, self.make.choice(["is.null", "not.is.null"])))
        return ",".join(items)

    def groups(self, table: Table, path: str, query: list[tuple[str, str]]) -> str:
        name, negation, operator, value = self.parts(table)
        query.append((f"{path}.{name}" if path else name, f"{negation}{operator}.{value}"))
        items = ["count()"] if self.make.random() < 0.5 else []
        for number, each in enumerate(self.make.sample(table.numbers, self.make.randint(1, 2))):
            cast = self.make.choice(["", "", "::text", "::int"])
            items.append(f"v{number}:{in_query(each)}.{self.make.choice(AGGREGATES)}(){cast}")
        by = [name for name in table.sortable if name != "id"]
        return ",".join(items + [in_query(each) for each in self.make.sample(by, self.make.randrange(3))])

    def answered(self, answer: Answer) -> None:
        """Links to further pages are followed later."""
        for match in re.findall(r"<([^>]*_(?:after|before)=[^>]*)>", answer.get("Link") or ""):
            self.links = [*self.links[-20:], re.sub(r"^https?://[^/]+", "", match)]


def search(made: World, seed: int, count: int, tell: Callable[[int, Request, list[str]], None]) -> tuple[int, int]:
    """:return: how many answers were 200 or 206, and how many of them were not empty"""
    maker = Maker(made, seed)
    good = full = 0
    for number in range(count):
        request = maker.request(number)
        found = made.differences(request)
        if found:
            tell(number, request, found)
            continue
        answer = send(made.apps[DATABASES[0]], request)
        maker.answered(answer)
        good += answer.status < 300
        full += answer.status < 300 and len(answer.body) > 20
    return good, full
