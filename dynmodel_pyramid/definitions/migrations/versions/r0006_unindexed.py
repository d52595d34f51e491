"""SQLite: the notes of rows whose words are still to be indexed."""

import sqlalchemy as sa
from alembic import context, op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    if context.config.attributes["schema"] is not None:
        return  # PostgreSQL's indexes keep themselves
    op.create_table(
        "_dynmodel_unindexed",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("accents", sa.Integer, nullable=False),
        sa.Column("text", sa.Text),
    )
