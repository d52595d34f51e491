"""The system tables, which store the definitions of users' tables (and :mod:`~.access_tables`).

A new database gets them as they are declared here, an older one by migrations (``definitions.upgrade``).

==========================  ==========================================================================================
``_dynmodel_state``         one row: the counters and the stamp that every change renews (the coherence protocol)
``_dynmodel_table``         one row a table: the current definition; dropped tables stay, with ``dropped_at``
``_dynmodel_change``        one row a table and version: the history, and the log from which caches catch up
``_dynmodel_trash``         one row a dropped field whose column is kept
``_dynmodel_quarantine``    one row a value that a conversion could not convert
``_dynmodel_counter``       one row a field that numbers its table's rows: the last number given
``_dynmodel_view``          one row a saved view of the rows of a table
``_dynmodel_answer``        one row a request with a key that was carried out: its answer, for repetitions
==========================  ==========================================================================================
"""

import sqlalchemy as sa

from dynmodel_pyramid.database.access_tables import AccessTables
from dynmodel_pyramid.database.expressions import ROW_ID

NAMING = {
    "ix": "_ix_%(table_name)s_%(column_0_name)s",
    "uq": "_uq_%(table_name)s_%(column_0_name)s",
}


class SystemTables:
    """The system tables in one schema (None on SQLite)."""

    def __init__(self, schema: str | None) -> None:
        self.metadata = metadata = sa.MetaData(schema=schema, naming_convention=NAMING)
        self.state = sa.Table(
            "_dynmodel_state",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("definitions", sa.BigInteger, nullable=False),
            sa.Column("access", sa.BigInteger, nullable=False),
            sa.Column("stamp", sa.String(32), nullable=False),
            sa.Column("access_stamp", sa.String(32), nullable=False),
        )
        self.table = sa.Table(
            "_dynmodel_table",
            metadata,
            # sqlite_autoincrement: the number of a dropped table is never given again.
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("version", sa.BigInteger, nullable=False),
            # The casefolded model name; null after the table is dropped, so that the name is free again.
            sa.Column("name_key", sa.Text, unique=True),
            sa.Column("physical_name", sa.Text, nullable=False),
            sa.Column("document", sa.JSON, nullable=False),
            sa.Column("dropped_at", sa.DateTime(timezone=True)),
            sqlite_autoincrement=True,
        )
        self.change = sa.Table(
            "_dynmodel_change",
            metadata,
            sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("table_id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("stamp", sa.String(32), nullable=False),
            sa.Column("version", sa.BigInteger, nullable=False),
            # Casefolded model names before and after; null where the table did not exist, or does not exist any more.
            sa.Column("name_before", sa.Text),
            sa.Column("name_after", sa.Text),
            sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("changed_by", sa.Text),
            sa.Column("document", sa.JSON, nullable=False),
            sa.Index("_ix__dynmodel_change_table_id", "table_id", "version"),
        )
        self.trash = sa.Table(
            "_dynmodel_trash",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("table_id", sa.BigInteger, nullable=False, index=True),
            sa.Column("field_id", sa.Integer, nullable=False),
            sa.Column("physical_name", sa.Text, nullable=False),
            sa.Column("document", sa.JSON, nullable=False),
            sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("dropped_version", sa.BigInteger, nullable=False),
            sqlite_autoincrement=True,
        )
        self.quarantine = sa.Table(
            "_dynmodel_quarantine",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("table_id", sa.BigInteger, nullable=False),
            sa.Column("field_id", sa.Integer, nullable=False),
            sa.Column("row_id", sa.BigInteger, nullable=False),
            # The version whose conversion failed, and the field's type before it.
            sa.Column("version", sa.BigInteger, nullable=False),
            sa.Column("type", sa.Text, nullable=False),
            # The value's text form.
            sa.Column("value", sa.Text, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
            sa.Index("_ix__dynmodel_quarantine_table_id", "table_id", "field_id", "row_id"),
            sqlite_autoincrement=True,
        )
        self.counter = sa.Table(
            "_dynmodel_counter",
            metadata,
            sa.Column("table_id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("field_id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("last", sa.BigInteger, nullable=False),
        )
        self.view = sa.Table(
            "_dynmodel_view",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("table_id", sa.BigInteger, nullable=False),
            # The identity to whom it belongs; empty: it is shared.
            sa.Column("owner", sa.Text, nullable=False),
            sa.Column("name_key", sa.Text, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            # The identity that made it.
            sa.Column("author", sa.Text),
            sa.Column("is_default", sa.Boolean, nullable=False),
            sa.Column("version", sa.BigInteger, nullable=False),
            sa.Column("document", sa.JSON, nullable=False),
            sa.Index("_ux__dynmodel_view", "table_id", "owner", "name_key", unique=True),
            sqlite_autoincrement=True,
        )
        self.answer = sa.Table(
            "_dynmodel_answer",
            metadata,
            # SHA-256 in hexadecimal digits: of identity and key, of the identity, of the request, of the identity's
            # rights.
            sa.Column("digest", sa.String(64), primary_key=True),
            sa.Column("owner", sa.String(64), nullable=False),
            sa.Column("fingerprint", sa.String(64), nullable=False),
            sa.Column("rights", sa.String(64), nullable=False),
            sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False, index=True),
            # Null only inside the transaction that writes the row.
            sa.Column("status", sa.Integer),
            # [["ETag", "\"1-1\""], ...]
            sa.Column("headers", sa.JSON),
            sa.Column("body", sa.LargeBinary),
            # Bytes of the body.
            sa.Column("size", sa.Integer, nullable=False),
            sa.Index("_ix__dynmodel_answer_owner", "owner", "kept_at"),
        )
        self.access = AccessTables(metadata)
