"""PostgREST's tables as models of this service, with their rows, over HTTP alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.clients.postgrest_spec.fixtures import Column, Fixtures, Table
from tests.soak.fuzzing.wire import Answer, Request, send

JSON = {"Content-Type": "application/json"}
#: PostgreSQL's type -> a field's definition
TYPES: dict[str, Any] = {
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
    "text": "text",
    "name": "text",
    "varchar": "text",
    "bpchar": "text",
    "bool": "boolean",
    "float4": "number",
    "float8": "number",
    "numeric": "number",
    "money": "text",
    "json": "json",
    "jsonb": "json",
    "uuid": "uuid",
    "date": "date",
    "time": "time",
    "timestamp": {"type": "datetime", "timezone": "UTC"},
    "timestamptz": {"type": "datetime", "timezone": "UTC"},
    "interval": "duration",
    "inet": "ip_address",
    "int4range": "integer_range",
    "int8range": "integer_range",
    "numrange": "integer_range",
    "daterange": "date_range",
    "tsrange": {"type": "datetime_range", "timezone": "UTC"},
    "tstzrange": {"type": "datetime_range", "timezone": "UTC"},
    "_text": "tags",
    "_varchar": "tags",
    "_int4": "json",
    "_int8": "json",
    "xml": "text",
}
#: types whose values are not alike, so that requests for them can't be compared
DIFFERENT = {"money", "_int4", "_int8", "interval", "xml"}
#: defaults that are computed there
DEFAULTS = {("articles", "owner"): "postgrest_test_anonymous"}
_RULES = {"CASCADE": "cascade", "SET NULL": "set_null"}


@dataclass
class Service:
    """``refused``: name of a table -> why it is not here; ``lacking``: table -> columns that are not here."""

    app: Any
    made: dict[str, Table] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def ask(self, method: str, path: str, document: Any = None, **headers: str) -> Answer:
        body = None if document is None else json.dumps(document).encode()
        return send(self.app, Request(method, path, {**(JSON if body else {}), **headers}, body))

    def make(self, fixtures: Fixtures) -> None:
        for table in fixtures.tables.values():
            self._make(table, fixtures)
        for table in list(self.made.values()):
            self._link(table)
        filled: set[str] = set()
        later: list[tuple[str, dict[str, Any]]] = []
        for name in self._by_links():
            self._fill(self.made[name], filled, later)
            filled.add(name)
        for name, row in later:
            changed = {key: value for key, value in row.items() if key != "id"}
            self.ask("PATCH", f"/rest/{_quoted(name)}?id=eq.{row['id']}", changed)

    def _make(self, table: Table, fixtures: Fixtures) -> None:
        fields = {}
        if not table.columns:
            self.refused[table.name] = "no columns"
            return
        for column in table.columns.values():
            if column.name == "id" and column.type.startswith("int"):
                continue
            if column.name in table.links:
                continue  # afterwards, when all tables are there
            definition = _field(column, table)
            if definition is None:
                self.lacking.setdefault(table.name, set()).add(column.name)
            else:
                fields[column.name] = definition
        unique = [each for each in _broad(table) if not set(each["fields"]) - set(fields)]
        answer = self.ask("POST", "/table/", {"model_name": table.name, "fields": fields, "unique": unique})
        if answer.status != 201:
            self.refused[table.name] = json.loads(answer.body)["detail"]
            return
        self.made[table.name] = table

    def _link(self, table: Table) -> None:
        fields: dict[str, Any] = {}
        for name, (far, far_column, rule) in table.links.items():
            column = table.columns[name]
            if far in self.made and far_column == "id" and self.made[far].columns["id"].type.startswith("int"):
                fields[name] = {"type": "link", "table": far, "on_delete": _RULES.get(rule, "restrict")}
                if [name] in [table.key, *table.unique]:
                    fields[name]["unique"] = True
                if column.required:
                    fields[name]["required"] = True
            elif (definition := _field(column, table)) is not None:
                fields[name] = definition
                self.lacking.setdefault(table.name, set()).add(f"link {name}")
        if not fields:
            return
        unique = [each for each in _broad(table) if "id" not in each["fields"]]
        path = f"/table/{_quoted(table.name)}/"
        answer = self.ask("PATCH", path, {"fields": fields, "unique": unique}, **{"If-Match": "*"})
        if answer.status != 200:
            self.refused[table.name] = answer.body.decode()[:300]
            del self.made[table.name]

    def _by_links(self) -> list[str]:
        """Tables that are linked to come first."""
        order: list[str] = []

        def visit(name: str, above: tuple[str, ...]) -> None:
            if name in order or name in above or name not in self.made:
                return
            for far, _, _ in self.made[name].links.values():
                visit(far, (*above, name))
            order.append(name)

        for name in self.made:
            visit(name, ())
        return order

    def _fill(self, table: Table, filled: set[str], later: list[tuple[str, dict[str, Any]]]) -> None:
        """The rows, but for columns that are not here; links to what is not here yet are set ``later``."""
        gone = self.lacking.get(table.name, set())
        rows = [{key: value for key, value in row.items() if key not in gone} for row in table.rows]
        early = {key for key, (far, *_) in table.links.items() if far in self.made and far not in {*filled, table.name}}
        if early:
            later += [(table.name, {key: row[key] for key in ("id", *early)}) for row in rows]
            rows = [{**row, **dict.fromkeys(early)} for row in rows]
        if not rows:
            return
        answer = self.ask("POST", f"/rest/{_quoted(table.name)}", rows, Prefer="return=representation")
        if answer.status != 201:
            self.refused[table.name] = answer.body.decode()[:300]
            del self.made[table.name]
        else:
            self.rows[table.name] = json.loads(answer.body)

    def refill(self, name: str) -> None:
        """The rows as they were, after a request that was not rolled back."""
        path, rows = f"/rest/{_quoted(name)}", self.rows.get(name, [])
        ids = ",".join(str(row["id"]) for row in rows)
        answers = [self.ask("DELETE", f"{path}?id=not.in.({ids})" if ids else f"{path}?id=gt.0")]
        if rows:
            answers.append(self.ask("POST", path, rows, Prefer="resolution=merge-duplicates"))
        for answer in answers:
            if answer.status >= 300:
                raise AssertionError(f"{name} can't be restored: {answer.body!r}")


def _broad(table: Table) -> list[dict[str, Any]]:
    return [{"fields": each} for each in (table.key, *table.unique) if len(each) > 1]


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _field(column: Column, table: Table) -> dict[str, Any] | None:
    if column.choices:
        known: Any = {"type": "string", "choices": column.choices}
    else:
        known = TYPES.get(column.type)
    if known is None:
        return None
    definition = dict(known) if isinstance(known, dict) else {"type": known}
    if column.length:
        definition["max_length"] = column.length
    if column.required and column.name not in table.links:
        definition["required"] = True
    if [column.name] in [table.key, *table.unique]:
        definition["unique"] = True
    default = DEFAULTS.get((table.name, column.name), _default(column))
    if default is not None:
        definition["default"] = default
    return definition


def _default(column: Column) -> Any:
    """The default if it is a constant."""
    text = (column.default or "").partition("::")[0].strip("()")
    if text.startswith("'") and text.endswith("'"):
        text = text[1:-1].replace("''", "'")
        return json.loads(text) if column.type.startswith("json") else text
    try:
        return json.loads(text)
    except ValueError:
        return None
