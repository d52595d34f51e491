"""Saved views of rows."""

import sqlalchemy as sa
from alembic import context, op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.create_table(
        "_dynmodel_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("table_id", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("author", sa.Text),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_index(
        "_ux__dynmodel_view", "_dynmodel_view", ["table_id", "owner", "name_key"], unique=True, schema=schema
    )
