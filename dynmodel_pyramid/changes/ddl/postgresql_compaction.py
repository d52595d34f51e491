"""The statements of a compaction on PostgreSQL (:mod:`dynmodel_pyramid.changes.compaction` says in what order).

PostgreSQL never uses the number of a dropped column again, so only another table can be without them. The copy of a
table is made by ``CREATE TABLE ... LIKE``, which takes over every column that is there, of whatever type, with
defaults, checks, storage, comments and statistics; the rest is taken from the system catalogues at the moment of the
swap. Names of checks and foreign keys are a table's own; indexes have names of their own until the swap.

Triggers note the ids of changed rows in a log. One statement makes one call, with all of its rows (``REFERENCING``).
"""

import json
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.identifiers import quote_identifier

#: The first key of the advisory lock that a step of a compaction holds; an arbitrary number.
LOCK_KEY = 0x64796E63
#: Which columns, constraints and indexes a table has, in which file: if it is another one, the copy is made anew.
_SHAPE = """
SELECT md5(concat_ws('|',
  (SELECT concat_ws(',', relfilenode, relpersistence, reltablespace, reloptions) FROM pg_class WHERE oid = :table),
  (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull,
       a.attgenerated, a.attidentity, pg_get_expr(d.adbin, d.adrelid)), ';' ORDER BY a.attnum)
   FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = :table AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT string_agg(concat_ws(',', conname, pg_get_constraintdef(oid)), ';' ORDER BY conname)
   FROM pg_constraint WHERE conrelid = :table AND contype IN ('c', 'p', 'u', 'x')),
  (SELECT string_agg(concat_ws(',', indexrelid, indisvalid, pg_get_indexdef(indexrelid)), ';' ORDER BY indexrelid)
   FROM pg_index WHERE indrelid = :table)))
"""
#: What depends on the table itself and can't be taken over: views, rules, policies, publications, functions.
_OBSTACLES = """
SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d
WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid = :table
       OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT reltype FROM pg_class WHERE oid = :table))
  AND d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_publication_rel'::regclass, 'pg_proc'::regclass)
UNION ALL SELECT 'row level security' FROM pg_class WHERE oid = :table AND relrowsecurity
UNION ALL SELECT 'inheritance' FROM pg_inherits WHERE :table IN (inhparent, inhrelid)
UNION ALL SELECT 'the identity column ' || attname FROM pg_attribute WHERE attrelid = :table AND attidentity <> ''
UNION ALL SELECT 'a replica identity by an index' FROM pg_class WHERE oid = :table AND relreplident = 'i'
ORDER BY 1
"""
_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = :table AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
#: The primary key first. ``text`` follows the table's name.
_INDEXES = """
SELECT i.indexrelid::bigint AS number, quote_ident(r.relname) AS name, i.indisunique AS is_unique,
  substr(pg_get_indexdef(i.indexrelid), length('CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
    || 'INDEX ' || quote_ident(r.relname) || ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(t.relname)) + 1)
    AS text,
  quote_ident(k.conname) AS constraint_name, pg_get_constraintdef(k.oid) AS constraint_text,
  obj_description(i.indexrelid, 'pg_class') AS comment
FROM pg_index i
JOIN pg_class r ON r.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = :table AND i.indisvalid ORDER BY NOT i.indisprimary, i.indexrelid
"""
#: Foreign keys from and to the table, with the tables that have them.
_KEYS = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(r.relname) AS place, r.oid = :table AS is_own,
  quote_ident(k.conname) AS name, pg_get_constraintdef(k.oid) AS text, k.convalidated AS is_proven,
  coalesce(obj_description(k.oid, 'pg_constraint'), '') = '_compact' AS is_ours
FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE k.contype = 'f' AND (k.conrelid = :table OR k.confrelid = :table) ORDER BY r.oid, k.conname
"""
#: Statements that give the copy, under the table's name, what the table had besides. ``%s`` is the name.
_CARRIED = """
SELECT format('ALTER TABLE %%s OWNER TO %I', pg_get_userbyid(relowner)) FROM pg_class
WHERE oid = :table AND pg_get_userbyid(relowner) <> current_user
UNION ALL
SELECT format('GRANT %s ON %%s TO %s%s', acl.privilege_type,
    CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
    CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class, aclexplode(relacl) acl WHERE oid = :table AND acl.grantee <> relowner
UNION ALL
SELECT format('GRANT %s (%I) ON %%s TO %s%s', acl.privilege_type, a.attname,
    CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
    CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_attribute a, aclexplode(a.attacl) acl WHERE a.attrelid = :table AND NOT a.attisdropped
UNION ALL
SELECT format('ALTER TABLE %%s ALTER COLUMN %I SET STATISTICS %s', attname, attstattarget) FROM pg_attribute
WHERE attrelid = :table AND attnum > 0 AND NOT attisdropped AND attstattarget >= 0
UNION ALL
SELECT 'ALTER TABLE %s REPLICA IDENTITY ' || CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END FROM pg_class
WHERE oid = :table AND relreplident IN ('f', 'n')
UNION ALL
SELECT format('COMMENT ON TABLE %%s IS %L', obj_description(:table, 'pg_class'))
"""
_TRIGGERS = """
SELECT quote_ident(tgname), pg_get_triggerdef(t.oid), tgenabled FROM pg_trigger t
WHERE tgrelid = :table AND NOT tgisinternal AND tgname NOT LIKE '\\_compact\\_%' ORDER BY tgname
"""
#: Sequences that would go with the table.
_SEQUENCES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname), quote_ident(a.attname) FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = :table
  AND d.deptype = 'a'
"""
_NOTE = """
CREATE OR REPLACE FUNCTION {log}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $note$
BEGIN
  IF TG_OP = 'INSERT' THEN INSERT INTO {log} SELECT id FROM new_rows;
  ELSIF TG_OP = 'DELETE' THEN INSERT INTO {log} SELECT id FROM old_rows;
  ELSIF TG_OP = 'UPDATE' THEN INSERT INTO {log} SELECT id FROM old_rows UNION SELECT id FROM new_rows;
  END IF;
  RETURN NULL;
END $note$
"""
_REFERENCING = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
}


class TableCopy:
    """The copy of one table, and the log of what changes meanwhile, in the caller's transaction.

    :param name: the table's physical name; None: only what is left of a compaction is of interest
    """

    def __init__(self, connection: sa.Connection, schema: str, table_id: int, name: str | None) -> None:
        self.connection = connection
        self._id = table_id
        self._schema = schema
        self.copy = quote_identifier(f"_compact_{table_id}", schema)
        self._log = quote_identifier(f"_compact_log_{table_id}", schema)
        self._name = name or ""
        self._table = "" if name is None else quote_identifier(name, schema)

    # Locks

    def claim(self, *, waits: bool = False) -> bool:
        """Keep others from this table's compaction until the transaction ends; -> whether nobody else is at it."""
        function = "pg_advisory_xact_lock" if waits else "pg_try_advisory_xact_lock"
        query = sa.text(f"SELECT {function}({LOCK_KEY}, hashtext(:key))")
        claimed = self.connection.execute(query, {"key": f"{self._schema}:{self._id}"}).scalar_one()
        return waits or bool(claimed)

    def hold(self) -> None:
        """Keep the table's shape as it is until the transaction ends, and others from the copy; rows are read and
        written. It is no statement that reads, so a transaction of one moment begins after it.
        """
        self._run(f"LOCK TABLE {self._table} IN ACCESS SHARE MODE")
        self._run(f"LOCK TABLE {self.copy} IN SHARE UPDATE EXCLUSIVE MODE")

    def push_vacuum_aside(self) -> None:
        """An automatic vacuum gives way to who waits for a second, so this waits before anybody else has to."""
        for name in (self.copy, self._table):
            self._run(f"LOCK TABLE {name} IN SHARE UPDATE EXCLUSIVE MODE")

    # What is there

    def state(self) -> dict[str, Any] | None:
        """What :meth:`note` has noted, as the copy's comment, which comes and goes with it; None: there is no copy."""
        number = self._number(self.copy)
        if number is None:
            return None
        text = self.connection.scalar(sa.text("SELECT obj_description(:table, 'pg_class')"), {"table": number})
        return json.loads(text or "{}") or {}

    def note(self, state: dict[str, Any]) -> None:
        text = json.dumps(state).replace("'", "''")
        self._run(f"COMMENT ON TABLE {self.copy} IS '{text}'")

    def shape(self) -> str:
        return str(self._scalar(_SHAPE))

    def notes_writes(self) -> bool:
        """Whether the log is there, and all triggers: one that was disabled, and enabled again, has missed writes."""
        query = (
            "SELECT count(*) FROM pg_trigger "
            "WHERE tgrelid = :table AND tgname LIKE '\\_compact\\_%' AND tgenabled = 'A'"
        )
        return self._number(self._log) is not None and bool(self._scalar(query) == len(_REFERENCING))

    def obstacles(self) -> list[str]:
        return list(self.connection.scalars(sa.text(_OBSTACLES), {"table": self._number(self._table)}))

    def can_note(self) -> bool:
        """Whether triggers can be made: only PL/pgSQL has them, and a database may be without it."""
        query = "SELECT count(*) FROM pg_language WHERE lanname = 'plpgsql' AND has_language_privilege(oid, 'USAGE')"
        return bool(self.connection.scalar(sa.text(query)))

    def figures(self) -> tuple[int, int, int]:
        """Rows by the planner's estimate, bytes of the table with its indexes, and indexes."""
        query = "SELECT greatest(reltuples, 0)::bigint, pg_total_relation_size(oid) FROM pg_class WHERE oid = :table"
        rows, size = self._rows(query)[0]
        return rows, size, len(self._rows(_INDEXES))

    def greatest_id(self) -> int:
        return self.connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) FROM {self._table}").scalar_one()

    # The copy

    def create(self) -> None:
        """The caller holds off writers, so that all later writes are noted."""
        self._run(f"DROP TABLE IF EXISTS {self.copy}")
        query = (
            "SELECT relpersistence, reloptions, quote_ident(spcname) FROM pg_class "
            "LEFT JOIN pg_tablespace s ON s.oid = reltablespace WHERE pg_class.oid = :table"
        )
        persistence, options, space = self._rows(query)[0]
        kind = "UNLOGGED " if persistence == "u" else ""
        parts = ("defaults", "constraints", "generated", "storage", "compression", "comments", "statistics")
        included = " ".join(f"INCLUDING {part}" for part in parts)
        settings = f" WITH ({', '.join(options)})" if options else ""
        place = f" TABLESPACE {space}" if space else ""
        self._run(f"CREATE {kind}TABLE {self.copy} (LIKE {self._table} {included}){settings}{place}")
        for (text,) in self._rows(
            "SELECT quote_ident(conname) FROM pg_constraint WHERE conrelid = :table AND contype = 'c' "
            "AND NOT convalidated"
        ):
            self._run(f"ALTER TABLE {self.copy} DROP CONSTRAINT {text}")
        if not self.notes_writes():
            self._drop_log()
            self._run(f"CREATE TABLE {self._log} (row_id bigint NOT NULL)")
            self._run(_NOTE.format(log=self._log))
            for event, tables in _REFERENCING.items():
                trigger = quote_identifier(f"_compact_{event.lower()}")
                self._run(
                    f"CREATE TRIGGER {trigger} AFTER {event} ON {self._table} {tables} "
                    f"FOR EACH STATEMENT EXECUTE FUNCTION {self._log}()"
                )
                self._run(f"ALTER TABLE {self._table} ENABLE ALWAYS TRIGGER {trigger}")
        else:
            self._run(f"DELETE FROM {self._log}")

    def add_rows(self, after: int, most: int, limit: int) -> tuple[int, int | None]:
        """Copy rows with ids above ``after``, up to ``most``; -> how many, and the last id."""
        columns = self._columns()
        query = (
            f"WITH added AS (INSERT INTO {self.copy} ({columns}) SELECT {columns} FROM {self._table} "
            f"WHERE id > {after} AND id <= {most} ORDER BY id LIMIT {limit} RETURNING id) "
            "SELECT count(*), max(id) FROM added"
        )
        count, last = self.connection.exec_driver_sql(query, execution_options={"no_parameters": True}).one()
        return count, last

    def waiting(self, most: int) -> int:
        """How many lines the log has, counted up to a number."""
        query = f"SELECT count(*) FROM (SELECT FROM {self._log} LIMIT {most}) AS lines"
        return self.connection.exec_driver_sql(query).scalar_one()

    def follow(self, limit: int | None = None) -> int:
        """Make the rows that the log names as they are in the table; -> how many lines it took.

        Without a limit all statements must see one moment, or nobody may write: then the copy has exactly the rows of
        that moment, and no unique rule is broken on the way, since what is stale goes before what is new comes. With a
        limit rows of different moments meet in the copy, so it must have no unique index yet but that of the ids.
        """
        some = "" if limit is None else f" WHERE ctid = ANY (ARRAY(SELECT ctid FROM {self._log} LIMIT {limit}))"
        ids = list(self.connection.exec_driver_sql(f"DELETE FROM {self._log}{some} RETURNING row_id").scalars())
        if ids:
            columns, rows = self._columns(), {"ids": sorted(set(ids))}
            added = f"INSERT INTO {self.copy} ({columns}) SELECT {columns} FROM {self._table}"
            for statement in (f"DELETE FROM {self.copy}", added):
                # Names may have the driver's sign of parameters.
                sql = statement.replace("%", "%%") + " WHERE id = ANY (%(ids)s)"
                self.connection.exec_driver_sql(sql, rows)
        return len(ids)

    def differs(self) -> bool:
        """Whether sums over all rows differ, in one moment."""
        sums = "SELECT count(*), coalesce(sum(id), 0), coalesce(sum(_version), 0) FROM "
        own, copied = (self.connection.exec_driver_sql(sums + name).one() for name in (self._table, self.copy))
        return tuple(own) != tuple(copied)

    def add_index(self) -> bool:
        """Build the next index, the primary key first; -> whether there was one to build."""
        query = "SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = :table"
        names = {name for (name,) in self._rows(query, self.copy)}
        for index in self._rows(_INDEXES):
            name = f"_compact_{self._id}_{index.number}"
            if name in names:
                continue
            if index.constraint_name is not None:
                name = quote_identifier(name)
                self._run(f"ALTER TABLE {self.copy} ADD CONSTRAINT {name} {index.constraint_text}")
            else:
                unique = "UNIQUE " if index.is_unique else ""
                self._run(f"CREATE {unique}INDEX {quote_identifier(name)} ON {self.copy}{index.text}")
            return True
        return False

    def analyze(self) -> None:
        self._run(f"ANALYZE {self.copy}")

    # The swap

    def swap(self) -> None:
        """Put the copy in the table's place. The caller has locked the table, and those that refer to it, exclusively.

        Foreign keys come back without a look at the rows, which obeyed them before (:meth:`prove`). The files of the
        old table are removed after the locks are released (PostgreSQL's ``CommitTransaction``).
        """
        indexes, keys, carried = self._rows(_INDEXES), self._rows(_KEYS), [row[0] for row in self._rows(_CARRIED)]
        triggers, sequences = self._rows(_TRIGGERS), self._rows(_SEQUENCES)
        unproven = self._rows(
            "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = :table AND contype = 'c' AND NOT convalidated"
        )
        self._drop_log()
        for key in keys:
            if not key.is_own:
                self._run(f"ALTER TABLE {key.place} DROP CONSTRAINT {key.name}")
        for sequence, column in sequences:
            self._run(f"ALTER SEQUENCE {sequence} OWNED BY {self.copy}.{column}")
        granted = self._rows(
            "SELECT DISTINCT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END "
            "FROM pg_class, aclexplode(relacl) acl WHERE oid = :table AND acl.grantee <> relowner",
            self.copy,
        )
        for (grantee,) in granted:  # by the schema's default privileges
            self._run(f"REVOKE ALL ON {self.copy} FROM {grantee}")
        self._run(f"DROP TABLE {self._table}")
        self._run(f"ALTER TABLE {self.copy} RENAME TO {quote_identifier(self._name)}")
        for index in indexes:
            name = f"_compact_{self._id}_{index.number}"
            if index.constraint_name is not None:
                renamed = f"RENAME CONSTRAINT {quote_identifier(name)} TO {index.constraint_name}"
                self._run(f"ALTER TABLE {self._table} {renamed}")
            else:
                self._run(f"ALTER INDEX {quote_identifier(name, self._schema)} RENAME TO {index.name}")
            if index.comment is not None:
                comment = index.comment.replace("'", "''")
                self._run(f"COMMENT ON INDEX {quote_identifier(self._schema)}.{index.name} IS '{comment}'")
        for name, text in unproven:
            self._run(f"ALTER TABLE {self._table} ADD CONSTRAINT {name} {text}")
        for key in keys:
            text = key.text.removesuffix(" NOT VALID")
            self._run(f"ALTER TABLE {key.place} ADD CONSTRAINT {key.name} {text} NOT VALID")
            if key.is_proven or key.is_ours:  # others have not been proven by anybody, and may be broken
                self._run(f"COMMENT ON CONSTRAINT {key.name} ON {key.place} IS '_compact'")
        for text in carried:
            self._run(text.replace("%s", self._table, 1))
        for name, text, enabled in triggers:
            self._run(text)
            if enabled != "O":
                how = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}[enabled]
                self._run(f"ALTER TABLE {self._table} {how} TRIGGER {name}")

    def unproven(self) -> list[tuple[str, str]]:
        """The foreign keys from and to the table that a swap has left to be proven: (quoted table, quoted name)."""
        return [(key.place, key.name) for key in self._rows(_KEYS) if key.is_ours]

    def prove(self, place: str, name: str) -> None:
        """Rows are read and written meanwhile."""
        self._run(f"ALTER TABLE {place} VALIDATE CONSTRAINT {name}")
        self._run(f"COMMENT ON CONSTRAINT {name} ON {place} IS NULL")

    # The end

    def is_noted(self) -> bool:
        """Whether writes of some table are noted in the log."""
        return self._number(self._log) is not None

    def drop(self) -> None:
        """Remove what a compaction has made. The caller has locked the table exclusively, if it is there."""
        self._run(f"DROP TABLE IF EXISTS {self.copy}")
        self._drop_log()

    def drop_triggers(self) -> None:
        """Note no more writes. The caller has locked the table exclusively."""
        self._run(f"DROP FUNCTION IF EXISTS {self._log}() CASCADE")

    def _drop_log(self) -> None:
        self.drop_triggers()
        self._run(f"DROP TABLE IF EXISTS {self._log}")

    # Statements

    def _columns(self) -> str:
        return ", ".join(quote_identifier(name) for (name,) in self._rows(_COLUMNS))

    def _run(self, statement: str) -> None:
        self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def _number(self, name: str) -> int | None:
        number: int | None = self.connection.scalar(sa.text("SELECT to_regclass(:name)::oid::bigint"), {"name": name})
        return number

    def _rows(self, query: str, name: str = "") -> list[sa.Row[*tuple[Any, ...]]]:
        return list(self.connection.execute(sa.text(query), {"table": self._number(name or self._table)}))

    def _scalar(self, query: str) -> Any:
        return self.connection.scalar(sa.text(query), {"table": self._number(self._table)})
