"""The parts of a table on PostgreSQL, from its system catalogues (manual, part VII, "System Catalogs")."""

from collections.abc import Sequence

import sqlalchemy as sa

from dynmodel_pyramid.database.identifiers import quote_identifier
from dynmodel_pyramid.database.things import NOT_VALID, Thing, Things, creations, foreign_key

#: The schema of temporary tables (manual, ``search_path``).
TEMPORARY = "pg_temp"

_COLUMNS = """
SELECT a.attname,
    format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || c.collname ELSE '' END
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || CASE WHEN s.relname IS NOT NULL THEN ' DEFAULT nextval(' || s.relname || ')'
            WHEN d.oid IS NULL THEN ''
            WHEN a.attgenerated = '' THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
            ELSE ' GENERATED ' || pg_get_expr(d.adbin, d.adrelid) END,
    s.relname, format_type(q.seqtypid, NULL)
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation c ON c.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
    AND p.refclassid = 'pg_class'::regclass AND p.refobjid IN (SELECT seqrelid FROM pg_sequence)
LEFT JOIN pg_class s ON s.oid = p.refobjid
LEFT JOIN pg_sequence q ON q.seqrelid = p.refobjid
WHERE a.attrelid = own.number AND a.attnum > 0 AND NOT a.attisdropped
"""

#: Without NOT NULL constraints, which are part of columns, and without triggers. A far table of another schema has the
#: schema in its name.
_CONSTRAINTS = """
SELECT k.contype, k.conname, k.convalidated, k.condeferrable, k.confdeltype,
    CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) WHEN 'f' THEN ''
                   ELSE pg_get_constraintdef(k.oid) END,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS n(number, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY n.place),
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS n(number, place)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number ORDER BY n.place),
    CASE WHEN f.relnamespace = r.relnamespace THEN f.relname::text ELSE f.oid::regclass::text END
FROM pg_constraint k
JOIN pg_class r ON r.oid = k.conrelid
LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE k.conrelid = own.number AND k.contype IN ('c', 'f', 'p', 'u', 'x')
"""

#: Without the indexes of constraints. pg_get_indexdef begins with names, which are cut off.
_INDEXES = """
SELECT r.relname, i.indisunique, i.indisvalid, pg_get_indexdef(i.indexrelid),
    quote_ident(r.relname) || ' ON '
    || CASE WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp' ELSE quote_ident(n.nspname) END
    || '.' || quote_ident(t.relname) || ' '
FROM pg_index i
JOIN pg_class r ON r.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE i.indrelid = own.number AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                                          AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))
"""
#: All in one statement: to ask for them one by one takes twice as long.
_THINGS = sa.text(f"""
SELECT own.number,
    (SELECT json_agg(part) FROM ({_COLUMNS}) AS part(name, text, sequence, kind)),
    (SELECT json_agg(part) FROM ({_CONSTRAINTS})
        AS part(kind, name, is_valid, is_deferrable, on_delete, text, own_columns, far_columns, far)),
    (SELECT json_agg(part) FROM ({_INDEXES}) AS part(name, is_unique, is_valid, text, beginning))
FROM (SELECT to_regclass(:name)::oid AS number) AS own
""")
_KINDS = {"c": "check", "p": "primary_key", "u": "unique", "x": "unique"}
_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def things(connection: sa.Connection, schema: str, table: str) -> Things:
    """The parts of a table; none if there is no such table."""
    name = quote_identifier(table, schema)
    number, columns, constraints, indexes = connection.execute(_THINGS, {"name": name}).one()
    if number is None:
        return {}
    parts = {Thing("table", ""): ""}
    for name, text, sequence, kind in map(dict.values, columns or ()):
        parts[Thing("column", name)] = text
        if sequence is not None:
            parts[Thing("sequence", sequence)] = kind
    for kind, name, is_valid, is_deferrable, on_delete, text, own, far_columns, far in map(
        dict.values, constraints or ()
    ):
        if kind == "f":
            thing, text = foreign_key(name, own, far, far_columns, _ON_DELETE[on_delete], is_deferrable)
        else:
            thing = Thing(_KINDS[kind], "" if kind == "p" else name)
        parts[thing] = text if is_valid else text + NOT_VALID
    for name, is_unique, is_valid, text, begin in map(dict.values, indexes or ()):
        text = ("UNIQUE " if is_unique else "") + (text.partition(begin)[2] or text)
        parts[Thing("index", name)] = text if is_valid else f"{text} INVALID"
    return parts


def promised_things(connection: sa.Connection, table: sa.Table, indexes: list[sa.Index]) -> Things:
    """The parts of a table that is made as a temporary one and undone. The sequence of its ids is only named.

    :param table: in the schema :data:`TEMPORARY`, without foreign keys: those of temporary tables lead to others
    """
    key = table.c.get("id")
    sequence = None
    if key is not None and isinstance(key.default, sa.Sequence):
        sequence, key.server_default = key.default, None
    undone = connection.begin_nested()
    try:
        for statement in creations(table, indexes):
            connection.execute(statement, execution_options={"compiled_cache": None})
        parts = dict(things(connection, TEMPORARY, table.name))
    finally:
        undone.rollback()
    if sequence is not None:
        parts[Thing("column", "id")] += f" DEFAULT nextval({sequence.name})"
        parts[Thing("sequence", str(sequence.name))] = "bigint"
    return parts


def relations(connection: sa.Connection, schema: str, beginnings: Sequence[str] = ()) -> set[Thing]:
    """The tables and sequences of a schema, or those whose names begin in one of these ways, by the index of names."""
    own = sa.table("pg_class", *map(sa.column, ("relname", "relkind", "relnamespace"))).c
    spaces = sa.table("pg_namespace", sa.column("oid"), sa.column("nspname")).c
    kind = sa.case((own.relkind == "S", "sequence"), else_="table")
    query = sa.select(kind, own.relname).where(own.relkind.in_(("r", "p", "v", "S")))
    query = query.where(own.relnamespace == sa.select(spaces.oid).where(spaces.nspname == schema).scalar_subquery())
    if beginnings:
        query = query.where(sa.or_(*(own.relname.startswith(begin, autoescape=True) for begin in beginnings)))
    return {Thing(kind, name) for kind, name in connection.execute(query)}


def last_id(connection: sa.Connection, schema: str, sequence: str) -> int | None:
    """The greatest number that a sequence has given; None if there is no such sequence."""
    name = quote_identifier(sequence, schema)
    if connection.scalar(sa.text("SELECT to_regclass(:name)::oid"), {"name": name}) is None:
        return None
    options = {"no_parameters": True}
    query = f"SELECT last_value, is_called FROM {name}"
    last, called = connection.exec_driver_sql(query, execution_options=options).one()
    return last if called else last - 1


def compactions(connection: sa.Connection, schema: str) -> dict[int, str]:
    """The comments of the copies that compactions make (:mod:`dynmodel_pyramid.changes.ddl.postgresql_compaction`)."""
    query = sa.text(
        "SELECT substr(c.relname, 10)::bigint, coalesce(obj_description(c.oid, 'pg_class'), '{}') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = :schema AND c.relkind = 'r' AND c.relname ~ '^_compact_[0-9]+$'"
    )
    return {row[0]: row[1] for row in connection.execute(query, {"schema": schema})}
