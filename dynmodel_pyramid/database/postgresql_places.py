"""Tenants of PostgreSQL: a schema each, in one database, over the connections of the service.

Every statement names the schema of its tables. Nothing rests on ``search_path``, which is the session's: a proxy that
gives a session to another client after each transaction would take it along.
"""

import secrets
import time
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.places import Begin, Places
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.settings.values import is_tenant_name

#: The begin of the names of schemas that are being dropped; no tenant's name can lead to one.
_DROPPED = "_dropped_"
#: Tables, or sequences, that one transaction drops: each takes locks for itself and its indexes, and the server has
#: room for a few thousand.
_AT_ONCE = 50
#: Seconds for which a drop waits for requests that still use the tables.
_PATIENCE = 60.0

_EXISTS = sa.text(
    "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :schema AND c.relname = '_dynmodel_state')"
)
_NAMES = sa.text(
    "SELECT n.nspname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid "
    "WHERE starts_with(n.nspname, :begin) AND c.relname = '_dynmodel_state' ORDER BY n.nspname"
)
_SCHEMA = sa.text("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = :schema)")
_LEFT = sa.text("SELECT nspname FROM pg_catalog.pg_namespace WHERE starts_with(nspname, :begin)")
_PARTS = sa.text(
    "SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'S') ORDER BY c.relkind = 'S', c.oid LIMIT :most"
)
_PLAIN = {"no_parameters": True}


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
        with reading() as connection:
            return bool(connection.scalar(_EXISTS, {"schema": self.schema(name)}))

    def names(self, reading: Begin) -> Iterator[str]:
        begin = self.settings.tenant_schemas
        with reading() as connection:
            schemas = list(connection.scalars(_NAMES, {"begin": begin}))
        yield from sorted(name for name in (schema.removeprefix(begin) for schema in schemas) if is_tenant_name(name))

    def check(self, reading: Begin) -> None:
        with reading() as connection:
            connection.scalar(sa.select(1))

    def make_room(self, name: str, *, is_opened: bool) -> None:
        """A schema is made with its tables."""

    def create(self, name: str, fill: Callable[[Settings], None]) -> None:
        # One transaction makes the schema and all in it. A second one of the name waits for its lock, and is refused.
        fill(self.settings_of(name))

    def drop(self, reading: Begin, changing: Begin, name: str) -> None:
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
