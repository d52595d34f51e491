"""Values that a conversion could not convert."""

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.create_table(
        "_dynmodel_quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("table_id", sa.BigInteger, nullable=False),
        sa.Column("field_id", sa.Integer, nullable=False),
        sa.Column("row_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_index(
        "_ix__dynmodel_quarantine_table_id",
        "_dynmodel_quarantine",
        ["table_id", "field_id", "row_id"],
        schema=schema,
    )
