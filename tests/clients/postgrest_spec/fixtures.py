"""The tables and rows of PostgREST's fixtures, as a PostgreSQL database has them after its SQL has run.

The SQL is run statement by statement in a database of its own; statements that fail (roles, extensions that are not
here) are left out. What is there then is read from the catalogue.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from dynmodel_pyramid.testing.databases import postgresql_url

SCHEMAS = ("test", "private", "public")
FILES = ("schema.sql", "data.sql")
_COPIES = re.compile(r"(^COPY [^;]* FROM STDIN[^;]*;\n.*?^\\\.\n)", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_NAMED = re.compile(r"^ *create (?:[a-z]+ )*(?:table|view) (?:\w+\.)?\"?([^\s(\"]+)", re.MULTILINE | re.IGNORECASE)


@dataclass
class Column:
    name: str
    type: str
    length: int | None
    required: bool
    default: str | None
    choices: list[str]


@dataclass
class Table:
    """``links``: column -> name of the far table, for keys of one column; ``broad``: names that keys of several
    columns make known, which no table of this service can have."""

    schema: str
    name: str
    is_view: bool
    columns: dict[str, Column] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)
    unique: list[list[str]] = field(default_factory=list)
    links: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    broad: list[str] = field(default_factory=list)
    #: name of a foreign key -> its column, or None if it has several
    constraints: dict[str, str | None] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    definition: str = ""


@dataclass
class Fixtures:
    tables: dict[str, Table]
    #: functions that take a row: computed columns and computed relations
    computed: set[str]
    #: names that the script makes tables and views of, whether or not the server could
    named: set[str]


def statements(text: str) -> Iterator[str]:
    """The statements of a script: what stands between semicolons outside of quotes, comments and bodies."""
    start = at = 0
    while at < len(text):
        rest = text[at:]
        end = at + 1
        if rest.startswith("--"):
            end = _after(text, "\n", at)
        elif rest.startswith("/*"):
            end = _after(text, "*/", at + 2)
        elif rest[0] in "'\"":
            end = _after(text, rest[0], at + 1)
        elif (
            rest[0] == "$" and (close := rest.find("$", 1)) > 0 and all(c.isalnum() or c == "_" for c in rest[1:close])
        ):
            mark = rest[: close + 1]
            end = _after(text, mark, at + len(mark)) if not text[at - 1 : at].isalnum() else at + 1
        elif rest[0] == ";":
            yield text[start:at]
            start = at + 1
        at = end
    yield text[start:]


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def load(folder: Path, files: tuple[str, ...] = FILES, schemas: tuple[str, ...] = SCHEMAS) -> Fixtures:
    """
    :param folder: ``test/spec/fixtures`` of a checkout of PostgREST
    :param files: scripts in it
    :param schemas: those whose tables are taken; of all but the first one only those that the first one shows as well
    """
    server = sa.make_url(postgresql_url())
    name = f"fixtures_{secrets.token_hex(4)}"
    administration = sa.create_engine(server, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = sa.create_engine(server.set(database=name), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for file in files:
                for part in _COPIES.split((folder / file).read_text()):
                    _run_part(connection, part)
            connection.exec_driver_sql("SET search_path = test, private, public")
            connection.exec_driver_sql("SET timezone = 'UTC'")
            named = set(_NAMED.findall((folder / files[0]).read_text()))
            return Fixtures(_tables(connection, schemas), _computed(connection, schemas), named)
    finally:
        engine.dispose()
        with administration.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        administration.dispose()


def _run_part(connection: sa.Connection, part: str) -> None:
    copied = _COPIES.fullmatch(part)
    if copied is None:
        for statement in statements(part):
            _run(connection, statement)
        return
    head, _, data = part.partition(";\n")
    with connection.connection.cursor() as cursor, cursor.copy(head.encode()) as copy:
        copy.write(data.removesuffix("\\.\n"))


def _run(connection: sa.Connection, statement: str) -> None:
    with suppress(psycopg.Error), connection.connection.cursor() as cursor:
        cursor.execute(statement.encode())  # bytes: psycopg looks for no placeholders


def _tables(connection: sa.Connection, schemas: tuple[str, ...]) -> dict[str, Table]:
    found: dict[str, Table] = {}
    inspector = sa.inspect(connection)
    kinds = connection.execute(
        sa.text("""
        SELECT n.nspname, c.relname, c.relkind, coalesce(pg_get_viewdef(c.oid), '') FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
        ORDER BY n.nspname = (:schemas)[1] DESC, c.relname"""),
        {"schemas": list(schemas)},
    )
    known = kinds.all()
    exposed = {name for schema, name, *_ in known if schema == schemas[0]}
    for schema, name, kind, definition in known:
        is_view = kind in ("v", "m")
        if name not in exposed:
            continue
        if name in found and not (found[name].is_view and not is_view):
            continue
        found[name] = Table(schema, name, is_view, definition=definition)
    for table in found.values():
        for row in connection.execute(_COLUMNS, {"schema": table.schema, "table": table.name}).mappings():
            table.columns[row["name"]] = Column(**row)
        if not table.is_view:
            _keys(table, inspector)
        _rows(table, connection)
    return found


def _keys(table: Table, inspector: sa.Inspector) -> None:
    table.key = inspector.get_pk_constraint(table.name, table.schema)["constrained_columns"]
    table.unique = [each["column_names"] for each in inspector.get_unique_constraints(table.name, table.schema)]
    for key in inspector.get_foreign_keys(table.name, table.schema):
        near, far = key["constrained_columns"], key["referred_columns"]
        table.constraints[key["name"] or ""] = near[0] if len(near) == 1 else None
        if len(near) == 1:
            rule = key["options"].get("ondelete", "NO ACTION")
            table.links[near[0]] = (key["referred_table"], far[0], rule)
        else:
            table.broad += [key["name"] or "", key["referred_table"]]


def _rows(table: Table, connection: sa.Connection) -> None:
    quoted = connection.dialect.identifier_preparer.quote
    name = f"{quoted(table.schema)}.{quoted(table.name)}"
    try:
        table.rows = list(
            connection.execute(
                sa.text(f"SELECT to_jsonb(whole_row.*) FROM {name} whole_row".replace(":", r"\:"))
            ).scalars()
        )
    except sa.exc.DBAPIError:
        table.columns = {}


def _computed(connection: sa.Connection, schemas: tuple[str, ...]) -> set[str]:
    return set(
        connection.execute(
            sa.text("""
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_type t ON t.oid = p.proargtypes[0]
        WHERE p.pronargs = 1 AND t.typtype = 'c' AND n.nspname = ANY(:schemas)"""),
            {"schemas": list(schemas)},
        ).scalars()
    )


_COLUMNS = sa.text("""
    SELECT a.attname AS name, t.typname AS type,
        CASE WHEN a.atttypmod > 4 AND t.typname IN ('bpchar', 'varchar') THEN a.atttypmod - 4 END AS length,
        a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS default,
        ARRAY(SELECT enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY enumsortorder) AS choices
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated = ''
    WHERE n.nspname = :schema AND c.relname = :table AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum""")
