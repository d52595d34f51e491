"""Tables of PostgREST with keys of their own, for a service where every table is keyed by ``id``.

``by_id`` gives tables an id, and makes links by other keys links to it. ``AsKeyed`` stands before the service and
shows such tables as they were: ``users`` without an id, and ``messages.username`` as the text that is the user's key.
For that it writes the columns into ``select``, those of links as spreads (``...username(username)``), and keys of
linked rows into bodies as ``{"username": {"username": "supabot"}}``. Conditions and orders stay as they are: those on
links by such keys are not translated.
"""

import io
import json
import re
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from tests.clients.postgrest_spec.fixtures import Column, Fixtures

#: PostgreSQL's types that no field has -> the type in whose values theirs can be written
WRITTEN_AS = {"tsvector": "text"}


def by_id(fixtures: Fixtures) -> Fixtures:
    """The same tables, each keyed by an integer ``id``, which all links of one column name."""
    made = deepcopy(fixtures)
    for table in made.tables.values():
        for column in table.columns.values():
            column.type = WRITTEN_AS.get(column.type, column.type)
        if table.key != ["id"] and table.columns and not table.is_view:
            table.columns = {"id": Column("id", "int8", None, True, None, []), **table.columns}
            table.rows = [{"id": place, **row} for place, row in enumerate(table.rows, 1)]
            table.unique.append(table.key)
            table.key = ["id"]
    for name, table in made.tables.items():
        for column_name, (far, far_column, rule) in fixtures.tables[name].links.items():
            ids = {row[far_column]: row["id"] for row in made.tables[far].rows} if far_column != "id" else None
            near = _link_name(column_name, far)
            del table.links[column_name]
            table.links[near] = (far, "id", rule)
            known = table.columns[column_name]
            table.columns[near] = Column(near, "int8", None, known.required, None, [])
            if near != column_name:
                table.unique.append([near])
            for row in table.rows:
                row[near] = row[column_name] if ids is None else ids.get(row[column_name])
    return made


def _link_name(column: str, far: str) -> str:
    """An id that is a link as well has a field beside it for the link."""
    return f"{column}_{far}" if column == "id" else column


class AsKeyed:
    """
    :param app: the service, with the tables of ``by_id``
    :param fixtures: the tables as they were
    """

    def __init__(self, app: Any, fixtures: Fixtures, made: set[str]) -> None:
        self.app = app
        self.tables = {name: table for name, table in fixtures.tables.items() if name in made}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        name = unquote(environ["PATH_INFO"]).removeprefix("/rest/")
        if name in self.tables:
            environ = {**environ, "QUERY_STRING": self.query(name, environ)}
            if environ["REQUEST_METHOD"] in ("POST", "PATCH", "PUT"):
                body = self.body(name, environ["wsgi.input"].read())
                environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.app(environ, start_response)

    def query(self, name: str, environ: dict[str, Any]) -> str:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
        key, given = self.tables[name].key, {key for key, _ in pairs}
        if "select" not in given:
            pairs.append(("select", "*"))
        if "resolution=" in environ.get("HTTP_PREFER", "") and key != ["id"] and "on_conflict" not in given:
            pairs.append(("on_conflict", ",".join(key)))
        pairs = [(key, self.select(name, value) if key == "select" else value) for key, value in pairs]
        return urlencode(pairs, quote_via=quote)

    def select(self, name: str, text: str) -> str:
        """``select`` of a table, whose ``*`` is without the columns whose names other items have."""
        items = _split(text)
        named = {found[1] for item in items if (found := re.match(r"([^!().:]+)", item))}
        all_columns = [column for column in self.tables[name].columns if column not in named]
        wanted = [each for item in items for each in (all_columns if item == "*" else [item])]
        return ",".join(self.item(name, item) for item in wanted)

    def item(self, name: str, item: str) -> str:
        table = self.tables[name]
        embed = re.fullmatch(r"((?:\.\.\.|[^:.(]+:)?)([^!().]+)((?:![^!(]+)*)\((.*)\)", item, re.DOTALL)
        plain = re.fullmatch(r"(?:([^:(]+):)?([^:(.-]+)", item)
        if embed and (far := self.target(name, embed[2])) is not None and embed[4].strip():
            return f"{embed[1]}{embed[2]}{embed[3]}({self.select(far, embed[4])})"
        if plain and plain[2] in table.links and (key := table.links[plain[2]][1]) != "id":
            # By the name of the foreign key, because rows may be embedded by the column's name as well.
            return f"...{name}_{plain[2]}_fkey({plain[1] or plain[2]}:{key})"
        return item

    def target(self, name: str, wanted: str) -> str | None:
        """The table that an item of ``select`` embeds, by its name, a column or a foreign key of either side."""
        if wanted in self.tables:
            return wanted
        for far, table in self.tables.items():
            if far != name and wanted in table.constraints:
                return far
        links = self.tables[name].links
        column = self.tables[name].constraints.get(wanted, wanted)
        return links[column][0] if column in links else None

    def body(self, name: str, body: bytes) -> bytes:
        keys = {near: key for near, (_, key, _) in self.tables[name].links.items() if key != "id"}
        try:
            rows = json.loads(body)
        except ValueError:
            return body
        for row in rows if isinstance(rows, list) else [rows]:
            for near in keys.keys() & row.keys():
                row[near] = None if row[near] is None else {keys[near]: row[near]}
        return json.dumps(rows).encode()


def _split(text: str) -> list[str]:
    """What stands between commas outside of brackets and quotes."""
    parts, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == '"'
        depth += 0 if quoted else (character == "(") - (character == ")")
        if character == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
