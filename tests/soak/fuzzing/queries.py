"""Query strings: what the grammar has, over the fields of a table; and broken ones."""

import random
from typing import Any
from urllib.parse import quote

from tests.soak.fuzzing.documents import NAMES
from tests.soak.fuzzing.values import broken, odd_text, text_of

OPERATORS = [
    "eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch", "in", "is", "isdistinct",
    "cs", "cd", "ov", "sl", "sr", "nxl", "nxr", "adj", "fts", "plfts", "phfts", "wfts",
]  # fmt: skip
CASTS = ["text", "integer", "bigint", "boolean", "date", "timestamptz", "double precision", "varchar", "json", "x"]
AGGREGATES = ["sum", "avg", "min", "max", "count"]
PATHS = ["->a", "->>a", "->a->0", "->-1", "->>0", "->a->b->>c", '->"q q"', "->99999999999", "->"]
SYSTEM = ["id", "_version", "_created", "_updated"]
NUMBERS = ["0", "1", "2", "3", "100", "1000", "1001", "-1", "", "x", "1e3", str(2**63), "9" * 25, "٣"]


class Queries:
    """Makes parts of queries over one table.

    :param relations: names by which it may embed others
    """

    def __init__(
        self,
        draw: random.Random,
        fields: dict[str, dict[str, Any]],
        relations: list[str],
        cursors: list[str],
        operators: dict[str, list[str]] | None = None,
    ):
        self.draw, self.fields, self.relations, self.cursors = draw, fields, relations, cursors
        self.operators = operators or {}

    def name(self) -> str:
        pick = self.draw.random()
        if self.fields and pick < 0.8:
            return self.quoted(self.draw.choice(list(self.fields)))
        if pick < 0.93:
            return self.draw.choice(SYSTEM)
        return self.quoted(self.draw.choice([*NAMES, *self.relations, odd_text(self.draw)]))

    def quoted(self, name: str) -> str:
        plain = name.isidentifier()
        return name if plain and self.draw.random() < 0.95 else '"' + name.replace('"', '\\"') + '"'

    def kind(self, name: str) -> str | None:
        return self.fields.get(name, {}).get("type", "integer")

    def column(self) -> str:
        name = self.name()
        path = self.draw.choice(PATHS) if self.draw.random() < (0.4 if self.kind(name) == "json" else 0.04) else ""
        return name + path

    def operator(self, kind: str | None) -> str:
        """Mostly one that the type takes."""
        known = self.operators.get(kind or "")
        return self.draw.choice(known if known and self.draw.random() < 0.9 else OPERATORS)

    def condition(self, column: str, nested: bool) -> str:
        """``not.eq.1``"""
        draw, kind = self.draw, self.kind(column)
        operator = self.operator(kind)
        prefix = "not." if draw.random() < 0.2 else ""

        def text() -> str:
            made = text_of(draw, kind)
            if operator in ("like", "ilike"):
                made = draw.choice([f"*{made[:5]}*", "*", "a*", made, "\\", "%_"])
            elif operator in ("match", "imatch"):
                made = draw.choice(["^a", "a|b", "(", "\\d+", "(a+)+b", "[a-z]{2}", made[:20], "\\1", "(?=a)"])
            return made

        if operator == "is":
            value = draw.choice(["null", "not_null", "true", "false", "unknown", "x", "NULL"])
        elif operator == "in":
            items = [text() for _ in range(draw.choice([0, 1, 2, 3, 30]))]
            value = "(" + ",".join(_delimited(draw, item) for item in items) + ")"
        elif draw.random() < 0.15:
            operator += draw.choice(["(any)", "(all)", "(any)", "(english)", "()", "(x)"])
            value = "{" + ",".join(_delimited(draw, text()) for _ in range(draw.choice([0, 1, 3, 20]))) + "}"
            value = _delimited(draw, value) if nested else value
        else:
            value = _delimited(draw, text()) if nested else text()
        return f"{prefix}{operator}.{value}"

    def group(self, depth: int = 0) -> str:
        draw = self.draw
        items = []
        for _ in range(draw.choice([1, 2, 2, 3])):
            if depth < draw.choice([1, 2, 25]) and draw.random() < 0.3:
                items.append(draw.choice(["or", "and", "not.or", "not.and"]) + self.group(depth + 1))
            else:
                column = self.column()
                items.append(f"{column}.{self.condition(column, True)}")
        return "(" + ",".join(items) + ")"

    def select(self, depth: int = 0) -> str:
        draw = self.draw
        return ",".join(self.item(depth) for _ in range(draw.choice([0, 1, 1, 2, 3])))

    def item(self, depth: int) -> str:
        draw = self.draw
        pick = draw.random()
        if pick < 0.15:
            return "*"
        if pick < 0.4 and depth < 3:
            relation = draw.choice(self.relations) if self.relations and draw.random() < 0.9 else self.name()
            alias = f"k{draw.randrange(9)}:" if draw.random() < 0.3 else ""
            hint = draw.choice(["", "", "", "!inner", "!left", f"!{self.name()}"])
            spread = "..." if draw.random() < 0.15 else ""
            return f"{spread}{'' if spread else alias}{relation}{hint}({self.select(depth + 1)})"
        if pick < 0.45:
            return draw.choice(["count()", "n:count()", "count()::text"])
        alias = f"x{draw.randrange(99)}:" if draw.random() < 0.3 else ""
        cast = f"::{draw.choice(CASTS)}" if draw.random() < 0.2 else ""
        aggregate = f".{draw.choice(AGGREGATES)}()" if draw.random() < 0.2 else ""
        cast_after = f"::{draw.choice(CASTS)}" if aggregate and draw.random() < 0.2 else ""
        return f"{alias}{self.column()}{cast}{aggregate}{cast_after}"

    def order(self) -> str:
        draw = self.draw
        terms = []
        for _ in range(draw.choice([1, 1, 2, 3])):
            term = self.column()
            if self.relations and draw.random() < 0.1:
                term = f"{draw.choice(self.relations)}({term})"
            modifiers = draw.choice(["", "", ".asc", ".desc", ".desc.nullslast", ".nullsfirst", ".x", ".asc.desc"])
            terms.append(term + modifiers)
        return ",".join(terms)

    def parameters(self) -> list[tuple[str, str]]:
        draw = self.draw
        made: list[tuple[str, str]] = []
        for _ in range(draw.choice([0, 1, 1, 2, 3])):
            column = self.column()
            made.append((column, self.condition(column, False)))
        if draw.random() < 0.15:
            made.append((draw.choice(["or", "and", "not.or", "not.and"]), self.group()))
        if draw.random() < 0.4:
            made.append(("select", self.select()))
        if draw.random() < 0.3:
            made.append(("order", self.order()))
        if draw.random() < 0.1:
            made.append(("having", self.group().replace(self.column(), draw.choice(["count()", "n.sum()", "count"]))))
        for name in ("limit", "offset"):
            if draw.random() < 0.2:
                made.append((name, draw.choice(NUMBERS)))
        if self.relations and draw.random() < 0.1:
            relation, column = draw.choice(self.relations), self.column()
            made.append(
                draw.choice(
                    [
                        (f"{relation}.order", self.order()),
                        (f"{relation}.limit", draw.choice(NUMBERS)),
                        (f"{relation}.{column}", self.condition(column, False)),
                        (relation, draw.choice(["is.null", "not.is.null", "eq.1"])),
                    ]
                )
            )
        if draw.random() < 0.08:
            cursor = draw.choice(self.cursors) if self.cursors and draw.random() < 0.8 else odd_text(draw)
            made.append((draw.choice(["_after", "_before"]), broken(draw, cursor) if draw.random() < 0.2 else cursor))
        if draw.random() < 0.1:
            names = ",".join(self.name() for _ in range(draw.choice([1, 2])))
            made.append((draw.choice(["columns", "on_conflict", "columns", "x", "apikey"]), names))
        draw.shuffle(made)
        return made

    def text(self) -> str:
        """A query string, percent-encoded."""
        draw = self.draw
        made = self.parameters()
        if made and draw.random() < 0.12:
            at = draw.randrange(len(made))
            name, text = made[at]
            made[at] = draw.choice([(broken(draw, name), text), (name, broken(draw, text)), (name, "")])
        if made and draw.random() < 0.03:
            made.append(draw.choice(made))
        return "&".join(f"{encoded(draw, name)}={encoded(draw, text)}" for name, text in made)


def _delimited(draw: random.Random, text: str) -> str:
    if draw.random() < 0.1:
        return text
    needs = any(character in text for character in ',()"\\{} ') or not text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if needs else text


def encoded(draw: random.Random, text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    made = quote(raw, safe="().,:*!{}" if draw.random() < 0.9 else "")
    if draw.random() < 0.01:
        made = broken(draw, made).encode("ascii", "ignore").decode()
        made = "".join(character for character in made if " " < character < "\x7f" and character != "#")
    return made


def document(queries: Queries) -> Any:
    """A query as a JSON document."""
    draw = queries.draw

    def conditions(depth: int) -> Any:
        made: dict[str, Any] = {}
        for _ in range(draw.choice([1, 1, 2])):
            if depth < draw.choice([1, 2, 25]) and draw.random() < 0.3:
                made[draw.choice(["and", "or", "not.and", "not.or"])] = [conditions(depth + 1), conditions(depth + 1)]
                continue
            column = queries.column()
            kind = queries.kind(column)
            operator = draw.choice(["", "not."]) + queries.operator(kind) + draw.choice(["", "", "", "(any)"])
            text = text_of(draw, kind)
            many = operator.endswith((")", "in")) or draw.random() < 0.05
            made[column] = draw.choice(
                [{operator: [text, 1, True] if many else text}, queries.condition(column, False)]
            )
        return made

    def level(depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if draw.random() < 0.6:
            made["where"] = draw.choice([conditions(0), [conditions(0)], queries.group()[1:-1]])
        if draw.random() < 0.5:
            made["select"] = [selected(depth) for _ in range(draw.choice([1, 1, 2]))]
        if draw.random() < 0.3:
            made["order"] = draw.choice([queries.order(), [queries.column()], []])
        for name in ("limit", "offset"):
            if draw.random() < 0.3:
                made[name] = draw.choice([0, 1, 5, 1001, -1, "1", None, 2**63, 1.0])
        return made

    def selected(depth: int) -> Any:
        if queries.relations and depth < 3 and draw.random() < 0.4:
            key = draw.choice(["embed", "embed", "spread"])
            made = {key: draw.choice(queries.relations), **level(depth + 1)}
            if draw.random() < 0.4:
                made[draw.choice(["alias", "hint", "join"])] = draw.choice(["inner", "left", "k1", "a", None, 1, ""])
            return made
        return queries.item(3)

    made = level(0)
    if draw.random() < 0.1:
        made[draw.choice(["after", "before", "x"])] = draw.choice([*queries.cursors, "x", "", 1])
    return made
