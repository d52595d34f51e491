"""Which requests of the specification can be asked of this service, and how they are written for it."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from tests.clients.postgrest_spec import comparing
from tests.clients.postgrest_spec.fixtures import Fixtures
from tests.clients.postgrest_spec.haskell import Pair, Quoted
from tests.clients.postgrest_spec.service import DIFFERENT, Service

#: what a whole file is about -> why its requests are not asked
FILES = {
    "RpcSpec.hs": "functions",
    "RpcPreRequestGucsSpec.hs": "functions",
    "ComputedRelsSpec.hs": "computed relations",
    "CorsSpec.hs": "another configuration (CORS for every origin)",
    "CustomMediaSpec.hs": "media types that the database makes",
    "PostGISSpec.hs": "PostGIS",
    "MultipleSchemaSpec.hs": "several schemas",
    "ExtraSearchPathSpec.hs": "search paths",
    "UnicodeSpec.hs": "a schema of another name",
    "QueryLimitedSpec.hs": "another configuration (db-max-rows)",
    "PlanSpec.hs": "plans, whose text is PostgreSQL's own",
    "PgSafeUpdateSpec.hs": "another configuration (pg-safeupdate)",
    "OpenApiSpec.hs": "documents that are judged by computations",
    "RootSpec.hs": "another configuration (db-root-spec)",
    "IgnorePrivOpenApiSpec.hs": "another configuration (openapi-mode)",
    "DisabledOpenApiSpec.hs": "another configuration (openapi-mode)",
    "ServerTimingSpec.hs": "another configuration (server-timing)",
    "RawOutputTypesSpec.hs": "functions",
    "ObservabilitySpec.hs": "another configuration (trace header)",
    "ConcurrentSpec.hs": "computations",
    "PreparedStatementsSpec.hs": "functions",
    "NoSuperuserSpec.hs": "functions",
    "AudienceJwtSecretSpec.hs": "another configuration (jwt-aud)",
    "AsymmetricJwtSpec.hs": "another configuration (jwt-secret)",
    "BinaryJwtSecretSpec.hs": "another configuration (jwt-secret)",
    "NoJwtSecretSpec.hs": "another configuration (jwt-secret)",
    "NoAnonSpec.hs": "another configuration (db-anon-role)",
    "JwtCacheSpec.hs": "another configuration (jwt-cache)",
    "AuthSpec.hs": "roles of the database",
}
#: the beginning of a place within a file -> why
PLACES = {
    ("AggregateFunctionsSpec.hs", "functions are disallowed"): "another configuration (db-aggregates-enabled)",
    ("DeleteSpec.hs", "table with limited privileges"): "roles of the database",
    ("InsertSpec.hs", "table with limited privileges"): "roles of the database",
    ("UpdateSpec.hs", "table with limited privileges"): "roles of the database",
    ("InsertSpec.hs", "Data representations"): "domains with casts of their own",
    ("QuerySpec.hs", "Data representations"): "domains with casts of their own",
    ("QuerySpec.hs", "data representations"): "domains with casts of their own",
    ("UpdateSpec.hs", "Data representations"): "domains with casts of their own",
    ("ErrorSpec.hs", "statement too complex"): "triggers",
    ("UpdateSpec.hs", "PATCH with ?columns parameter / ignores json keys"): "triggers",
    ("InsertSpec.hs", "inserts view default values"): "defaults of views",
    ("QuerySpec.hs", "cannot request a partition"): "partitions",
    ("QuerySpec.hs", "cannot request partitions"): "partitions",
    ("InsertSpec.hs", "inserts a row with all-default columns with prefer=rep"): "sequences",
    ("InsertSpec.hs", "into a table with auto-incrementing pk"): "sequences",
}
_WORDS = re.compile(r"[^\W\d]\w*")


class Mapping:
    def __init__(self, service: Service, fixtures: Fixtures):
        self.service, self.fixtures = service, fixtures
        self.views = {name for name, table in fixtures.tables.items() if table.is_view}
        #: names that mean something there and nothing here
        self.gone: dict[str, str] = dict.fromkeys(service.refused, "a table that is not here")
        self.gone.update(dict.fromkeys(fixtures.computed, "a computed column or relation"))
        #: name of a foreign key -> its tables and columns, where it is not the name that PostgreSQL gives: a hint there
        #: may be the key's name or the column's
        self.constraints: dict[str, list[tuple[str, str]]] = {}
        for table in fixtures.tables.values():
            for name, column in table.constraints.items():
                if column and name != f"{table.name}_{column}_fkey":
                    self.constraints.setdefault(name, []).append((table.name, column))
        for table in fixtures.tables.values():
            self.gone.update({name: "a key of several columns" for name, near in table.constraints.items() if not near})

    def why_not(self, pair: Pair) -> str | None:
        """Why a request can't be asked of this service; None if it can."""
        if pair.file in FILES:
            return FILES[pair.file]
        for (file, place), reason in PLACES.items():
            if pair.file == file and place in pair.place:
                return reason
        path, _, query = pair.target.partition("?")
        name = unquote(path.strip("/"))
        if name.startswith("rpc/"):
            return "functions"
        if name == "":
            return "the root's document"
        if any(key.lower() == "authorization" for key, _ in pair.headers):
            return "roles of the database"
        if any(key.lower() in ("accept-profile", "content-profile") for key, _ in pair.headers):
            return "several schemas"
        if name not in self.service.made:
            known = name in self.fixtures.named | set(self.fixtures.tables)
            return f"the table {name}" if known else None
        return self._words(pair, name, unquote(query.replace("+", " ")))

    def _words(self, pair: Pair, name: str, query: str) -> str | None:
        words = set(_WORDS.findall(query)) | set(re.findall(r'"((?:[^"\\]|\\.)*)"', query))
        sent = set(_keys(pair.body)) if pair.body else set()
        for word in sorted(words - {name}):
            if word in self.gone:
                return f"{self.gone[word]}: {word}"
            if word in self.views and re.search(rf"\b{word}\b\s*(!\w+)?\(", query):
                return f"relations of views: {word}"
        if name in self.views and re.search(r"[\w!]\((?!\))", query.partition("select=")[2].partition("&")[0]):
            return f"relations of views: {name}"
        tables = {name, *words} & set(self.service.made)
        if told := self._relations(tables, self._by_columns(f"/{name}?{query}")):
            return told
        for spread in re.findall(r"\.\.\.(\w+)\(\*", query):
            if "id" not in self.fixtures.tables[spread].columns:
                return f"a spread of all fields, the id among them: {spread}"
        if re.search(r"\bid=eq\.(0|-\d+)", query) or re.search(r'"id": (0|-\d)', pair.body or ""):
            return "an id below 1"
        for table in tables:
            lacking = self.service.lacking.get(table, set())
            for column in lacking:
                if column in words | sent:
                    return f"a column that is not here: {table}.{column}"
            for column in self.fixtures.tables[table].columns.values():
                if column.type in DIFFERENT and column.name in words | sent:
                    return f"a column of type {column.type}: {table}.{column.name}"
        return None

    def _relations(self, tables: set[str], query: str) -> str | None:
        """Foreign keys between the tables, or of a third table to two of them, that are no links here."""
        if not re.search(r"\w\(", query):
            return None
        for near in self.fixtures.tables.values():
            for column in near.links if near.name in tables else ():
                if f"link {column}" in self.service.lacking.get(near.name, ()) and re.search(
                    rf"\b{column}\s*[(!]", query
                ):
                    return f"a key that is no link to ids: {near.name}.{column}"
            lacking = {
                far
                for column, (far, *_) in near.links.items()
                if f"link {column}" in self.service.lacking.get(near.name, ())
            }
            far = (lacking | set(near.broad)) & tables
            if far and (near.name in tables or len(far) > 1):
                return f"a key that is no link to ids: {near.name} to {', '.join(sorted(far))}"
        return None

    def request(self, pair: Pair) -> tuple[str, str, dict[str, str], bytes | None]:
        """Method, target, headers and body as they are sent. What is written is rolled back, as it is there."""
        headers: dict[str, str] = {}
        for key, value in pair.headers:
            known = next((each for each in headers if each.lower() == key.lower()), key)
            headers[known] = f"{headers[known]}, {value}" if known in headers else value
        if pair.method in ("POST", "PATCH", "PUT", "DELETE") and "tx=" not in headers.get("Prefer", ""):
            headers["Prefer"] = ", ".join(filter(None, [headers.get("Prefer"), "tx=rollback"]))
        target = self._by_columns(pair.target)
        columns = self._columns(pair, headers)
        if columns:
            target += f"{'&' if '?' in target else '?'}select={','.join(columns)}"
        target = quote(target, safe="/?&=%:,.()*!<>;@+$'~[]{}|^`\\#\"-_")
        target = target.translate({ord(each): quote(each) for each in '"<>{}|^`\\#'})
        if "resolution=merge" in headers.get("Prefer", "") and "on_conflict" not in target and pair.method == "POST":
            key = self._key(pair)
            if key:
                target += f"{'&' if '?' in target else '?'}on_conflict={','.join(map(quote, key))}"
        body = pair.body.encode() if pair.body is not None else None
        return pair.method, f"/rest/{target.lstrip('/')}", headers, body

    def _by_columns(self, target: str) -> str:
        """The target with the columns of foreign keys instead of the keys' names."""
        path, _, query = target.partition("?")
        words = _WORDS.findall(query)
        tables = [path.strip("/"), *words]
        for name, places in self.constraints.items():
            if not re.search(rf"\b{re.escape(name)}\b", query):
                continue
            near, column = min(places, key=lambda place: tables.index(place[0]) if place[0] in tables else len(tables))
            far = f"{near}!{column}" if near != tables[0] and near not in words else column
            escaped = re.escape(name)
            query = re.sub(rf"(?<=!){escaped}\b", column, query)
            query = re.sub(rf"(?<=\w:){escaped}(?=[(!])", far, query)
            select = re.search(r"\bselect=[^&]*", query)
            if select:
                made = re.sub(rf"(?<=[=(, ]){escaped}(?=[(!])", f"{name}:{far}", select.group())
                query = query[: select.start()] + made + query[select.end() :]
        return f"{path}?{query}" if query else path

    def _columns(self, pair: Pair, headers: dict[str, str]) -> list[str]:
        """What ``select=*`` is there: for CSV, whose columns can't be left out afterwards."""
        table = self.service.made.get(comparing.name_of(pair))
        csv = headers.get("Accept", "").startswith("text/csv")
        if table is None or not csv or "select=" in pair.target or "id" in table.columns:
            return []
        return list(table.columns)

    def _key(self, pair: Pair) -> list[str]:
        """The primary key there, if it is another than the id."""
        table = self.service.made.get(comparing.name_of(pair))
        return [] if table is None or table.key == ["id"] else table.key

    def own_id(self, pair: Pair) -> bool:
        """Whether all tables that a request speaks of have an ``id`` of their own there."""
        words = {comparing.name_of(pair), *_WORDS.findall(unquote(pair.target))} & set(self.service.made)
        return all("id" in self.fixtures.tables[name].columns for name in words)

    def wanted(self, pair: Pair) -> Pair:
        """The pair without what is not here: columns of other types."""
        name = comparing.name_of(pair)
        if not isinstance(pair.wanted_body, Quoted):
            return pair
        lacking = self.service.lacking.get(name, set())
        document = _without(pair.wanted_body.value(), lacking)
        return replace(pair, wanted_body=Quoted(json.dumps(document)))


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, list):
        return [_without(each, names) for each in value]
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items() if key not in names}
    return value


def _keys(body: str) -> list[str]:
    try:
        document = json.loads(body)
    except ValueError:
        return _WORDS.findall(body.partition("\n")[0])
    rows = document if isinstance(document, list) else [document]
    return [key for row in rows if isinstance(row, dict) for key in row]
