"""Tenants of PostgreSQL: a schema each, in one database, over the connections of the service.

Every statement names the schema of its tables. Nothing rests on ``search_path``, which is the session's: a proxy that
gives a session to another client after each transaction would take it along.

A schema says in its comment with which ``dynmodel.tenant_schemas`` it was made. So services that share a database don't
take each other's tenants for their own where one's prefix is the begin of another's. A schema without such a comment,
or with another begin, as after a rename, is whose prefix it has.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.places import Begin, Places
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.settings.values import is_tenant_name

#: The begin of the names of schemas that are being dropped; no tenant's name can lead to one.
_DROPPED = "_dropped_"
#: Tables, or sequences, that one transaction drops: each takes locks for itself and its indexes, and the server has
#: room for a few thousand.
_AT_ONCE = 50
#: Seconds for which a drop waits for requests that still use the tables.
_PATIENCE = 60.0

#: The comment of a tenant's schema: the prefix comes behind it.
_MARK = "tenant of dynmodel.tenant_schemas = "
#: Schemas with the system tables in them, whether they are this service's, and the prefix that they were made with.
_TENANTS = f"""
SELECT nspname, made_with,
  made_with IS NULL OR made_with = :begin OR NOT starts_with(nspname, made_with) AS is_own FROM (
  SELECT oid, nspname, substring(obj_description(oid, 'pg_namespace') FROM '^{_MARK}(.*)$') AS made_with
  FROM pg_catalog.pg_namespace) AS n
WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = '_dynmodel_state')"""
_ONE = sa.text(f"{_TENANTS} AND nspname = :schema")
_ALL = sa.text(f"{_TENANTS} AND starts_with(nspname, :begin) ORDER BY nspname")
_SCHEMA = sa.text("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = :schema)")
_LEFT = sa.text("SELECT nspname FROM pg_catalog.pg_namespace WHERE starts_with(nspname, :begin)")
_PARTS = sa.text(
    "SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'S') ORDER BY c.relkind = 'S', c.oid LIMIT :most"
)
_PLAIN = {"no_parameters": True}


def note_tenant(connection: sa.Connection, settings: Settings) -> None:
    """Say in a new tenant's schema with which prefix it was made."""
    schema, text = quote_identifier(settings.schema), f"{_MARK}{settings.tenant_schemas}"  # which has no quotes
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {schema} IS '{text}'", execution_options=_PLAIN)


class SchemaPlaces(Places):
    """See the module."""

    share_engine = True
    # 1 MB: the statements that SQLAlchemy keeps of it too.
    columns = 100

    def schema(self, name: str) -> str:
        return self.settings.tenant_schemas + name

    def settings_of(self, name: str) -> Settings:
        return self.settings.of_tenant(name, schema=self.schema(name))

    def exists(self, reading: Begin, name: str) -> bool:
        row = self._row(reading, name)
        return row is not None and bool(row.is_own)

    def _row(self, reading: Begin, name: str) -> sa.Row[*tuple[Any, ...]] | None:
        with reading() as connection:
            given = {"schema": self.schema(name), "begin": self.settings.tenant_schemas}
            return connection.execute(_ONE, given).first()

    def names(self, reading: Begin) -> Iterator[str]:
        begin = self.settings.tenant_schemas
        with reading() as connection:
            schemas = [row.nspname for row in connection.execute(_ALL, {"begin": begin}) if row.is_own]
        yield from sorted(name for name in (schema.removeprefix(begin) for schema in schemas) if is_tenant_name(name))

    def of_others(self, reading: Begin) -> Iterator[str]:
        with reading() as connection:
            rows = connection.execute(_ALL, {"begin": self.settings.tenant_schemas}).all()
        counts = Counter(row.made_with for row in rows if not row.is_own)
        for prefix, count in sorted(counts.items()):
            yield (
                f"{count} schemas that begin with {self.settings.tenant_schemas} are tenants of another service, with "
                f"dynmodel.tenant_schemas = {prefix}"
            )

    def check(self, reading: Begin) -> None:
        with reading() as connection:
            connection.scalar(sa.select(1))

    def make_room(self, name: str, *, is_opened: bool) -> None:
        """A schema is made with its tables."""

    def create(self, reading: Begin, name: str, fill: Callable[[Settings], None]) -> None:
        row = self._row(reading, name)
        if row is not None and not row.is_own:
            raise Conflict(
                f"the schema {self.schema(name)} is a tenant of another service, with dynmodel.tenant_schemas = "
                f"{row.made_with}",
                hint="take another name; or another dynmodel.tenant_schemas, which is not the begin of the other one",
            )
        # One transaction makes the schema and all in it. A second one of the name waits for its lock, and is refused.
        fill(self.settings_of(name))

    def drop(self, reading: Begin, changing: Begin, name: str) -> None:
        row = self._row(reading, name)
        if row is not None and not row.is_own:
            raise Conflict(f"the schema {self.schema(name)} is a tenant of another service")
        with changing() as connection:
            aside = f"{_DROPPED}{secrets.token_hex(4)}_{name[:40]}"
            if connection.scalar(_SCHEMA, {"schema": self.schema(name)}):
                before, after = quote_identifier(self.schema(name)), quote_identifier(aside)
                connection.exec_driver_sql(f"ALTER SCHEMA {before} RENAME TO {after}", execution_options=_PLAIN)
        with reading() as connection:
            left = list(connection.scalars(_LEFT, {"begin": _DROPPED}))
        for schema in left:
            self._destroy(changing, schema)

    def _destroy(self, changing: Begin, schema: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                with changing() as connection:
                    parts = connection.execute(_PARTS, {"schema": schema, "most": _AT_ONCE}).all()
                    for kind, name in parts:
                        statement = f"DROP {kind} IF EXISTS {quote_identifier(name, schema)} CASCADE"
                        connection.exec_driver_sql(statement, execution_options=_PLAIN)
                    if not parts:
                        statement = f"DROP SCHEMA IF EXISTS {quote_identifier(schema)} CASCADE"
                        connection.exec_driver_sql(statement, execution_options=_PLAIN)
                        return
            except sa.exc.DBAPIError as error:
                # Another drop may have been faster; requests that began before may hold locks.
                if getattr(error.orig, "sqlstate", None) not in ("55P03", "40P01", "42P01") or (
                    time.monotonic() > deadline
                ):
                    raise
