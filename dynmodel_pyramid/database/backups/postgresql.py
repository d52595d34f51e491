"""pg_dump and pg_restore (PostgreSQL manual, "PostgreSQL Client Applications")."""

import datetime
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from dynmodel_pyramid.database.backups import NOT_KEPT, Saved, Watch, begin, finish
from dynmodel_pyramid.errors import ConfigurationProblem

#: The first bytes of an archive in the format "custom".
MAGIC = b"PGDMP"
#: Said when a restored database is not whole.
NOT_WHOLE = "drop the schema and restore again; somebody else may have written there"
#: Tables that pg_dump reads.
_TABLES = """
    SELECT relname, quote_ident(nspname) || '.' || quote_ident(relname)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relkind = 'r' ORDER BY relname
"""
_NAME = rb'(?:"(?:[^"]|"")+"|[a-z0-9_]+)'
_COPY = re.compile(rb"COPY (%s\.%s) \(" % (_NAME, _NAME))
_ENTRY = re.compile(r"^\d+; \d+ \d+ TABLE (\S+) _dynmodel_state ", re.MULTILINE)


class Tools:
    """The programs, called for one database.

    :param url: of the database
    :param schema: of all our tables
    """

    def __init__(self, url: sa.URL, schema: str) -> None:
        self.schema = schema
        self.dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        # Other users of the machine see the arguments of a command, but not its environment.
        self._shown = url.set(drivername="postgresql", password=None).render_as_string()
        self._environment = dict(os.environ)
        if url.password:
            self._environment["PGPASSWORD"] = str(url.password)

    def command(self, program: str, *arguments: str, connects: bool = True) -> list[str]:
        """
        :raises ConfigurationProblem: it is not installed
        """
        path = shutil.which(program)
        if path is None:
            raise ConfigurationProblem(
                f"{program} is not installed",
                hint="install PostgreSQL's client programs, of the server's version or a newer one;"
                " dynmodel-export makes a backup without them",
            )
        return [path, *([f"--dbname={self._shown}", "--no-password"] if connects else []), *arguments]

    def run(self, command: list[str]) -> str:
        """
        :raises ConfigurationProblem: with what the program said
        """
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment)
        if done.returncode:
            name = Path(command[0]).name
            raise ConfigurationProblem(f"{name}: {done.stderr.strip().removeprefix(f'{name}: ')}")
        return done.stdout

    @contextmanager
    def connected(self) -> Iterator["psycopg.Connection[Any]"]:
        """
        :raises ConfigurationProblem: for errors of the database
        """
        try:
            with psycopg.connect(self.dsn) as connection:
                yield connection
        except psycopg.Error as error:
            raise ConfigurationProblem(str(error).strip()) from error


def save(tools: Tools, target: Path, watch: Watch) -> Saved:
    """Dump the schema as of one moment; rows are read and written meanwhile, definitions do not change.

    :raises ConfigurationProblem: a program is missing or failed, or the archive is not whole
    """
    part = begin(target)
    try:
        with tools.connected() as connection:
            names = _lock(connection, tools.schema)
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
            rows = {}
            for number, (name, quoted) in enumerate(names):
                watch(number, 2 * len(names))
                statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(tools.schema, name))
                count = connection.execute(statement).fetchone()
                rows[quoted] = count[0] if count else 0
            saved = Saved(rows)
            assert snapshot is not None
            tools.run(
                tools.command(
                    *("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot[0]}"),
                    *(f"--schema={_pattern(tools.schema)}", f"--file={part}"),
                )
            )
        saved.refuse_differences(_rows(tools, part), NOT_KEPT)
        watch(1, 1)
        finish(part, target)
    finally:
        part.unlink(missing_ok=True)
    return saved


def restore(tools: Tools, source: Path, watch: Watch, *, replace: bool) -> Saved:
    """Restore a dump into its schema, in one transaction.

    :param replace: though the schema has our tables; it gets another name, and stays
    :raises ConfigurationProblem: the file is none, or of another schema; or the schema is in use
    """
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ConfigurationProblem(f"{source} is no archive of pg_dump")
    entry = _ENTRY.search(tools.run(tools.command("pg_restore", "--list", str(source), connects=False)))
    if entry is None:
        raise ConfigurationProblem(f"{source} is no backup of dynmodel_pyramid")
    if entry[1] != tools.schema:
        raise ConfigurationProblem(
            f"{source} is of the schema {entry[1]}, and the INI file names {tools.schema}",
            hint=f"set dynmodel.schema = {entry[1]}; another database may have it",
        )
    saved = Saved(_rows(tools, source))
    aside = _put_aside(tools, replace=replace)
    try:
        tools.run(
            tools.command(
                *("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
                # Not the entry that would create the schema, which every database has.
                *(["--schema=public"] if tools.schema == "public" else []),
                str(source),
            )
        )
    except BaseException:
        if aside:
            _rename(tools, aside, tools.schema)
        raise
    watch(1, 1)
    with tools.connected() as connection:
        found = {}
        for name, quoted in connection.execute(_TABLES, (tools.schema,)).fetchall():
            statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(tools.schema, name))
            count = connection.execute(statement).fetchone()
            found[quoted] = count[0] if count else 0
    saved.refuse_differences(found, f"the tables as they were are in the schema {aside}" if aside else NOT_WHOLE)
    return saved


def _lock(connection: "psycopg.Connection[Any]", schema: str) -> list[tuple[str, str]]:
    """Lock all tables against changes of definitions, then begin a moment; -> their names, plain and quoted.

    Under REPEATABLE READ the moment is that of the first query, so it comes after the locks (PostgreSQL manual, LOCK).
    A table that another transaction rewrites after the moment would look empty ("Caveats" of concurrency control).
    """
    while True:
        names = connection.execute(_TABLES, (schema,)).fetchall()
        connection.rollback()
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        tables = sql.SQL(", ").join(sql.Identifier(schema, name) for name, _ in names)
        if names:
            try:
                connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(tables))
            except (psycopg.errors.UndefinedTable, psycopg.errors.DeadlockDetected):  # a change was under way
                connection.rollback()
                continue
        if connection.execute(_TABLES, (schema,)).fetchall() == names:
            if not any(name == "_dynmodel_state" for name, _ in names):
                raise ConfigurationProblem(f"the schema {schema} has no tables of dynmodel_pyramid")
            return names
        connection.rollback()


def _rows(tools: Tools, archive: Path) -> dict[str, int]:
    """Rows by table, of all data in an archive: they are unpacked for it."""
    command = tools.command("pg_restore", "--data-only", "--file=-", str(archive), connects=False)
    rows: dict[str, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        table, count = None, 0
        for line in process.stdout:
            if table is None:
                if (copy := _COPY.match(line)) is not None:
                    table, count = copy[1].decode(), 0
            elif line == b"\\.\n":
                rows[table], table = count, None
            else:
                count += 1
        fault = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise ConfigurationProblem(f"{archive} can't be read: {fault}")
    return rows


def _pattern(schema: str) -> str:
    """In quotes no character of it is special (psql, "Patterns")."""
    return '"' + schema.replace('"', '""') + '"'


def _put_aside(tools: Tools, *, replace: bool) -> str | None:
    """Rename the schema, if it has our tables; -> its new name. An empty one is dropped, as the archive makes it."""
    with tools.connected() as connection:
        names = [name for name, _ in connection.execute(_TABLES, (tools.schema,)).fetchall()]
        there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (tools.schema,)).fetchone()
    if there is None or (not names and tools.schema == "public"):
        return None
    if not names:
        with tools.connected() as connection:
            connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(tools.schema)))
        return None
    if names and not replace:
        raise ConfigurationProblem(
            f"the schema {tools.schema} has tables already", hint="--replace puts the backup in its place"
        )
    if tools.schema == "public":
        raise ConfigurationProblem(
            "the schema public can't be replaced: others may use it", hint="restore into a new database"
        )
    # A name has 63 bytes, and what is beyond is cut off. By its begin it is no tenant's schema.
    aside = f"_{tools.schema[:39]}_before_{datetime.datetime.now():%Y%m%d_%H%M%S}"
    _rename(tools, tools.schema, aside)
    return aside


def _rename(tools: Tools, name: str, to: str) -> None:
    with tools.connected() as connection:
        connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))
