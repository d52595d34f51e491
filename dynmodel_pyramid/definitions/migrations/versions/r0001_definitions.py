"""Definitions, their history and their trash."""

import secrets

import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    state = op.create_table(
        "_dynmodel_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("definitions", sa.BigInteger, nullable=False),
        sa.Column("access", sa.BigInteger, nullable=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        schema=schema,
    )
    op.bulk_insert(state, [{"id": 1, "definitions": 0, "access": 0, "stamp": secrets.token_hex(16)}])
    op.create_table(
        "_dynmodel_table",
        sa.Column("id", big, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("name_key", sa.Text),
        sa.Column("physical_name", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("name_key", name="_uq__dynmodel_table_name_key"),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "_dynmodel_change",
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("table_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("name_before", sa.Text),
        sa.Column("name_after", sa.Text),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text),
        sa.Column("document", sa.JSON, nullable=False),
        schema=schema,
    )
    op.create_index("_ix__dynmodel_change_table_id", "_dynmodel_change", ["table_id", "version"], schema=schema)
    op.create_table(
        "_dynmodel_trash",
        sa.Column("id", big, primary_key=True),
        sa.Column("table_id", sa.BigInteger, nullable=False),
        sa.Column("field_id", sa.Integer, nullable=False),
        sa.Column("physical_name", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_version", sa.BigInteger, nullable=False),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_index("_ix__dynmodel_trash_table_id", "_dynmodel_trash", ["table_id"], schema=schema)
