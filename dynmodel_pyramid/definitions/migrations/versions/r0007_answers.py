"""Answers to requests with an Idempotency-Key, for their repetitions."""

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.create_table(
        "_dynmodel_answer",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rights", sa.String(64), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.JSON),
        sa.Column("body", sa.LargeBinary),
        sa.Column("size", sa.Integer, nullable=False),
        schema=schema,
    )
    op.create_index("_ix__dynmodel_answer_owner", "_dynmodel_answer", ["owner", "kept_at"], schema=schema)
    op.create_index("_ix__dynmodel_answer_kept_at", "_dynmodel_answer", ["kept_at"], schema=schema)
